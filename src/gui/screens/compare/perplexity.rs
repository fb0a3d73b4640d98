//! The panel about perplexity: how to measure it, how far that is, what came out and what follows from it.

use super::{
    command::{CompareCommand, Texts},
    perplexity_chart::{legend_ui, scores_ui},
};
use crate::{
    gui::{
        app::jobs::progress::Progress,
        frame::{
            error_banner::error_banner_ui,
            progress_note::{moved_text, progress_note_ui},
        },
        prelude::*,
    },
    report::Measured,
};

/// What stands in the panel `surface`.
pub(in crate::gui) fn perplexity_ui(
    ui: &mut Ui,
    surface: Surface<'_>,
    state: &AppState,
    done: &MergedFolder,
    commands: &mut Vec<Command>,
) {
    let words = state.words();
    let legend = |ui: &mut Ui| legend_ui(ui, done, words);
    surface.show_with(ui, legend, |ui| {
        if let Some(progress) = state.jobs.progress(JobKind::Evaluate) {
            rule_ui(ui);
            return inset_ui(ui, space::S12, 0.0, |ui| measuring_ui(ui, progress, state, done));
        }
        if let Some(Ok(measured)) = &done.evaluation {
            return measured_ui(ui, measured, state);
        }
        rule_ui(ui);
        inset_ui(ui, space::S12, space::S12, |ui| {
            if let Some(Err(problem)) = &done.evaluation {
                error_banner_ui(ui, state, problem, Vec::new(), commands);
            } else {
                let waits = if done.provenance.base.is_some() { "perplexity-waits" } else { "perplexity-waits-alone" };
                paragraph_ui(ui, words.text(waits), Type::BODY, Ink::Secondary);
                twin_ui(ui, done, words);
            }
            ui.add_space(space::S12);
            buttons_ui(ui, done, words, commands);
        });
    });
}

/// What the twin of the base adds to a measurement, or that it would.
fn twin_ui(ui: &mut Ui, done: &MergedFolder, words: Language) {
    let Some(twin) = &done.twin else { return };
    let adds = words.text(if twin.path.is_some() { "twin-is-measured" } else { "twin-is-wanted" });
    ui.add_space(space::S8);
    paragraph_ui(ui, &format!("{} {adds}", words.as_sentence(twin)), Type::BODY, Ink::Secondary);
}

/// How far the measurement is, and what it will cost.
fn measuring_ui(ui: &mut Ui, progress: &Progress, state: &AppState, done: &MergedFolder) {
    let words = state.words();
    let moved = moved_text(progress, state);
    let cost = progress
        .scoring_cost
        .map(|(tokens, models)| words.say(&message!("scoring-cost", tokens: tokens, models: models)));
    let dtype = done.sizes.merged.float_dtype;
    let compared = done.compared_models();
    let names: Vec<String> = compared.models.iter().map(|(role, _)| role.name(words, dtype)).collect();
    let note =
        cost.into_iter().chain([words.say(&message!("measuring-note", names: &names))]).collect::<Vec<_>>().join(" ");
    progress_note_ui(ui, &progress.sample, words.text("measuring"), moved.as_deref(), &note, words);
}

/// The ways to ask for a measurement, the first choice first.
fn buttons_ui(ui: &mut Ui, done: &MergedFolder, words: Language, commands: &mut Vec<Command>) {
    let sample = (!done.sample_texts.is_empty()).then_some(CompareCommand::Measure(Texts::Sample));
    let ways = sample.into_iter().chain([CompareCommand::Measure(Texts::BuiltIn), CompareCommand::BrowseTexts]);
    ui.spacing_mut().item_spacing.y = space::S8;
    ui.horizontal_wrapped(|ui| {
        for (index, command) in ways.enumerate() {
            let look = if index == 0 { ButtonLook::Primary } else { ButtonLook::Plain };
            CommandButton::new(command, look).height(grid::PRIMARY_BUTTON).add(ui, words, commands);
        }
    });
}

/// The chart with its table, the honest sentences, and how it was measured.
fn measured_ui(ui: &mut Ui, measured: &Measured, state: &AppState) {
    let words = state.words();
    let table = &measured.table;
    scores_ui(ui, table, words);
    inset_ui(ui, space::S12, space::S8, |ui| {
        sunken_ui(ui, &table.story().map_or_else(String::new, |story| words.said(&story)));
        ui.add_space(space::S12);
        for sentence in measured.summary(words).iter().flat_map(|summary| &summary.sentences) {
            point_ui(ui, sentence);
        }
        let weak = if table.has_weak_interval() { words.text("weak-interval") } else { "" };
        for note in [weak, words.as_line(&table.protocol).as_str()].into_iter().filter(|note| !note.is_empty()) {
            ui.add_space(space::S4);
            paragraph_ui(ui, note, Type::CAPTION, Ink::Secondary);
        }
    });
}

/// One point of a list.
fn point_ui(ui: &mut Ui, text: &str) {
    ui.horizontal_top(|ui| {
        let mark = spot(ui, vec2(space::S8, Type::BODY.line_height));
        ui.painter().circle_filled(mark.center(), 2.0, Ink::Secondary.color(ui));
        paragraph_ui(ui, text, Type::BODY, Ink::Primary);
    });
    ui.add_space(space::S4);
}
