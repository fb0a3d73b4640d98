//! Carries out what is asked of the Compare screen.

use egui::Context;

use super::{command::CompareCommand, evaluation::Evaluation, timing::Timing};
use crate::gui::{
    app::{
        jobs::workers::{self, Workers},
        notice::{Notice, Tone},
        state::AppState,
    },
    screens::report::documents::comparison_markdown,
};

/// Measures, or stops measuring.
pub(in crate::gui) fn carry_out(state: &mut AppState, workers: &mut Workers, ctx: &Context, command: CompareCommand) {
    match command {
        CompareCommand::Measure(texts) => workers::measure(state, ctx, texts),
        CompareCommand::BrowseTexts => workers::browse_texts(state, workers, ctx),
        CompareCommand::CancelMeasurement => {
            state.finished_mut().into_iter().for_each(|done| done.evaluation = Evaluation::Idle);
        }
        CompareCommand::EditPrompt(prompt) => {
            state.finished_mut().into_iter().for_each(|done| done.prompt.clone_from(&prompt));
        }
        CompareCommand::MeasureTime => workers::measure_time(state, ctx),
        CompareCommand::CancelTiming => {
            state.finished_mut().into_iter().for_each(|done| done.timing = Timing::Idle);
        }
        CompareCommand::CopyTables => {
            if let Some(done) = state.finished() {
                ctx.copy_text(comparison_markdown(done, state.words()));
                state.notice = Some(Notice::new(Tone::Neutral, state.words().copied_table));
            }
        }
    }
}
