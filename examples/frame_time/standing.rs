//! The Merge screen of a merge that stands still: every frame paints the same, so that two builds can be compared by
//! the instructions they need.

use std::{sync::Arc, time::Duration};

use lorafuse::{
    gui::{AppCommand, AppState, JobKind, Phase, Problem, RunEvent, Running, Screen},
    job::{JobContext, Stage},
};

use crate::{Frames, large_model::LargeModel, window::Window};

/// Frames measured of it.
const FRAMES: usize = 1_000;

/// Prints what a frame of it costs.
pub fn measure() {
    let folder = tempfile::tempdir().unwrap();
    let (base, adapter) = (folder.path().join("large"), folder.path().join("large-adapter"));
    LargeModel { shards: 8, layers: 64, width: 64 }.write(&base, &adapter);
    let mut window = Window::new();
    window.open(base, adapter);
    let Phase::Planned(plan) = &window.app.state.phase else { unreachable!("`open` waits for the plan") };
    let (_tell, told) = crossbeam_channel::bounded(RunEvent::MOST_TOLD);
    let mut running = Running::new(Arc::clone(plan), told);
    running.tensors_done = 240;
    let names = (0..40).map(|layer| format!("model.layers.{layer}.mlp.down_proj.weight"));
    running.events =
        names.enumerate().map(|(at, name)| (Duration::from_secs(at as u64), RunEvent::TensorDone(name))).collect();
    for second in 0..20 {
        running.throughput.observe(running.started + Duration::from_secs(second), 300_000_000 * second);
    }
    let ctx = window.ctx();
    let state = &mut window.app.state;
    state.phase = Phase::Running(Box::new(running));
    let merge = |job: &JobContext| -> Result<(), Problem> {
        job.start_stage(Stage::Merging, 20_000_000);
        job.advance(13_000_000);
        job.set_current("model.layers.2.mlp.up_proj.weight");
        loop {
            std::thread::park();
        }
    };
    let ignore = |_: &mut AppState, _: &egui::Context, _: Result<(), Problem>| {};
    state.jobs.start(JobKind::Merge, &ctx, merge, ignore);
    window.app.ask(AppCommand::ShowScreen(Screen::Merge));
    window.run_until(|app| matches!(&app.state.phase, Phase::Running(running) if running.sample.bytes_done > 0));
    let mut frames = Frames::default();
    for _ in 0..FRAMES {
        frames.take(&mut window);
    }
    println!("Merge: {FRAMES} frames of a merge that stands still");
    frames.report();
}
