//! What the Compare screen measures in the background.

use egui::Context;

use super::command::Texts;
use crate::{
    gui::app::{jobs::kind::JobKind, state::AppState},
    report::{Measured, Timed},
};

/// Measures perplexity on `texts`, in place of what was measured before.
pub(in crate::gui) fn measure(state: &mut AppState, ctx: &Context, texts: Texts) {
    let is_running = state.jobs.is_running(JobKind::Evaluate);
    let Some(done) = state.finished_mut().filter(|_| !is_running) else { return };
    done.evaluation = None;
    let files = match texts {
        Texts::BuiltIn => None,
        Texts::Sample => Some(done.sample_texts.clone()),
        Texts::Files(files) => Some(files),
    };
    let compared = done.compared_models();
    let dtype = done.sizes.merged.float_dtype;
    let evaluate = move |job: &_| Measured::of(compared, files.as_deref(), dtype, job);
    state.jobs.start(JobKind::Evaluate, ctx, evaluate, |state: &mut AppState, _, measured| {
        if let Some(done) = state.finished_mut() {
            done.evaluation = Some(measured);
        }
    });
}

/// Times the models, which answer the prompt if there is one.
pub(in crate::gui) fn measure_time(state: &mut AppState, ctx: &Context) {
    let is_running = state.jobs.is_running(JobKind::MeasureTime);
    let Some(program) = state.machine.program.clone() else { return };
    let Some(done) = state.finished_mut().filter(|_| !is_running) else { return };
    done.timing = None;
    let models = done.provenance.models();
    let sample_text = done.sample_texts.first().cloned();
    let prompt = Some(done.prompt.trim().to_owned()).filter(|prompt| !prompt.is_empty());
    let time = move |job: &_| Timed::of(models, sample_text, prompt, program, job);
    state.jobs.start(JobKind::MeasureTime, ctx, time, |state: &mut AppState, _, timed| {
        if let Some(done) = state.finished_mut() {
            done.timing = Some(timed);
        }
    });
}
