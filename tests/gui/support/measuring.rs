//! A measurement that stands still, so that it can be looked at as long as it takes.

use std::{path::Path, time::Duration};

use egui_kittest::Harness;
use lorafuse::{
    gui::{AppState, JobKind, LorafuseApp, Phase, Problem, Progress},
    job::{Current, JobContext, JobEvent, Stage},
};

use super::wait_until;

/// Bytes that it has read, and that it will have read.
const BYTES: (u64, u64) = (20_300_000, 58_400_000);

/// Puts an evaluation of the merged folder in place of what is there, in the middle of its second model.
pub fn show_measurement(harness: &mut Harness<'_, LorafuseApp>) {
    let ctx = harness.ctx.clone();
    let state = &mut harness.state_mut().state;
    let Phase::Done(done) = &mut state.phase else { panic!("nothing is merged") };
    let name = |path: &Path| path.file_name().unwrap().to_string_lossy().into_owned();
    let model =
        format!("{} + {}", name(done.provenance.base.as_ref().unwrap()), name(&done.provenance.adapters[0].path));
    // A control for the rounding, where there was one.
    let model_count = if done.sizes.cast.is_some() { 4 } else { 3 };
    done.evaluation = None;
    let measurement = move |job: &JobContext| {
        job.start_stage(Stage::Evaluating, BYTES.1);
        job.send(JobEvent::ScoringCost { token_count: 12_429 * model_count as u64, model_count });
        job.set_current(Current::Layer { model, number: 3, count: 4 });
        job.advance(BYTES.0);
        while job.check_cancelled().is_ok() {
            std::thread::sleep(Duration::from_millis(20));
        }
        Ok(())
    };
    let ignore = |_: &mut AppState, _: &egui::Context, _: Result<(), Problem>| {};
    state.jobs.start(JobKind::Evaluate, &ctx, measurement, ignore);
    wait_until(harness, "the numbers", |app| {
        let is_there = |progress: &Progress| progress.sample.bytes_done == BYTES.0 && progress.scoring_cost.is_some();
        app.state.jobs.progress(JobKind::Evaluate).is_some_and(is_there)
    });
}
