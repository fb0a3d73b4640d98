//! What the merge cost and what it did not: bytes, perplexity, the amount of change, time, answers.

use super::{
    answers::answers_ui,
    change_amount::{change_amount_ui, changes_of},
    command::{CompareCommand, Texts},
    perplexity::perplexity_ui,
    size_chart::size_chart_ui,
    size_table::size_table_ui,
    time::time_ui,
    verdict::compare_verdict_ui,
};
use crate::gui::prelude::*;

/// The Compare screen.
pub(in crate::gui) fn compare_ui(ui: &mut Ui, state: &AppState, done: &MergedFolder, commands: &mut Vec<Command>) {
    let words = state.words();
    let subtitle = (words.text("compare-subtitle"), Type::BODY, Ink::Secondary);
    page_title_ui(ui, words.text("compare"), &[subtitle], |ui| buttons_ui(ui, state, done, commands));
    page_body_ui(ui, "compare", |ui| {
        compare_verdict_ui(ui, state, done);
        ui.add_space(grid::GAP);
        // In the order of the questions: why the size, what time; as good as before, how much changed.
        let costs_ui = |ui: &mut Ui, commands: &mut Vec<Command>| {
            size_chart_ui(ui, state, done);
            ui.add_space(grid::GAP);
            size_table_ui(ui, state, done);
            ui.add_space(grid::GAP);
            time_ui(ui, state, done, commands);
            ui.add_space(grid::GAP);
            answers_ui(ui, state, done);
        };
        let is_narrow = ui.available_width() < grid::NARROW;
        let last = |surface: Surface<'static>| if is_narrow { surface } else { surface.filling() };
        let quality_ui = |ui: &mut Ui, commands: &mut Vec<Command>| {
            let changes = changes_of(state, done);
            let surface = Surface::titled(words.text("perplexity"));
            perplexity_ui(ui, if changes.is_none() { last(surface) } else { surface }, state, done, commands);
            let Some(changes) = changes else { return };
            ui.add_space(grid::GAP);
            let surface = last(Surface::titled(words.text("change-amount")));
            change_amount_ui(ui, surface, changes, state, done, commands);
        };
        if is_narrow {
            quality_ui(ui, commands);
            ui.add_space(grid::GAP);
            return costs_ui(ui, commands);
        }
        columns_ui(ui, commands, costs_ui, quality_ui);
    });
}

/// Other texts, or an end to the measurement, and the table to paste, from right to left.
fn buttons_ui(ui: &mut Ui, state: &AppState, done: &MergedFolder, commands: &mut Vec<Command>) {
    let words = state.words();
    let button = |command| CommandButton::new(command, ButtonLook::Plain);
    if state.jobs.is_running(JobKind::Evaluate) {
        return button(CompareCommand::CancelMeasurement).add(ui, words, commands);
    }
    if done.evaluation.is_some() {
        button(CompareCommand::BrowseTexts).add(ui, words, commands);
        button(CompareCommand::Measure(Texts::BuiltIn)).add(ui, words, commands);
    }
    if done.measured().is_some() {
        button(CompareCommand::CopyTables).with_icon().add(ui, words, commands);
    }
}
