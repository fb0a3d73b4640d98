//! Carries out what is asked of the Compare screen.

use egui::Context;

use super::{
    command::{CompareCommand, Texts},
    jobs::{measure, measure_time},
};
use crate::{
    gui::app::{
        dialogs,
        jobs::kind::JobKind,
        notice::{Notice, Tone},
        state::AppState,
    },
    report::comparison_markdown,
};

/// Measures, or stops measuring.
pub(in crate::gui) fn carry_out(state: &mut AppState, ctx: &Context, command: CompareCommand) {
    match command {
        CompareCommand::Measure(texts) => measure(state, ctx, texts),
        CompareCommand::BrowseTexts => browse_texts(state, ctx),
        CompareCommand::CancelMeasurement => state.jobs.forget(JobKind::Evaluate),
        CompareCommand::EditPrompt(prompt) => {
            if let Some(done) = state.finished_mut() {
                done.prompt = prompt;
            }
        }
        CompareCommand::ShowChangeNumbers(shows) => state.shows_change_numbers = shows,
        CompareCommand::MeasureTime => measure_time(state, ctx),
        CompareCommand::CancelTiming => state.jobs.forget(JobKind::MeasureTime),
        CompareCommand::CopyTables => {
            if let Some(done) = state.finished() {
                ctx.copy_text(comparison_markdown(done, state.words()));
                state.notice = Some(Notice::new(Tone::Neutral, state.words().text("copied-table")));
            }
        }
    }
}

/// Chooses texts to measure perplexity on.
fn browse_texts(state: &mut AppState, ctx: &Context) {
    if dialogs::are_missing(state, "no-file-dialog") || state.finished().is_none() {
        return;
    }
    let title = state.words().text("measure-on-texts");
    dialogs::choose_texts(state, ctx, title, |state, ctx, texts| measure(state, ctx, Texts::Files(texts)));
}
