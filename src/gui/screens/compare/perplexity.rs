//! The panel about perplexity: how to measure it, how far that is, what came out and what follows from it.

use crate::gui::design::layout::rule::placed_ui;
use egui::{Rect, Ui, pos2, vec2};

use super::{
    command::CompareCommand,
    evaluation::{self, Texts},
    measured::Measured,
    perplexity_chart::{chart_height, legend_ui, scores_ui},
};
use crate::{
    gui::{
        app::{
            command::Command,
            jobs::{kind::JobKind, progress::Progress},
            merged_folder::MergedFolder,
            state::AppState,
        },
        design::{
            tokens::{Colors, Type, grid, space},
            widget::{ButtonLook, flowing_panel_ui, hairline, sunken_text_ui, wrapped_text_ui},
        },
        frame::{
            command_button::CommandButton,
            error_banner::error_banner_ui,
            progress_note::{moved_text, progress_note_ui},
        },
    },
    message::{Language, message},
};

/// The panel.
pub(in crate::gui) fn perplexity_ui(
    ui: &mut Ui,
    place: Rect,
    least_bottom: f32,
    state: &AppState,
    done: &MergedFolder,
    commands: &mut Vec<Command>,
) -> Rect {
    let words = state.words();
    flowing_panel_ui(ui, place, words.text("perplexity"), "", least_bottom, |ui, body| {
        let bar = Rect::from_min_max(place.min, pos2(place.right() - space::S12, body.top()));
        legend_ui(ui, bar, done, words);
        hairline(ui, Rect::from_min_size(place.min, vec2(place.width(), 1.0)), body.top());
        let inner = body.shrink2(vec2(space::S12, 0.0));
        if let Some(progress) = state.jobs.progress(JobKind::Evaluate) {
            return measuring_ui(ui, inner, progress, state, done);
        }
        match &done.evaluation {
            Some(Ok(measured)) => measured_ui(ui, inner, measured, state),
            Some(Err(problem)) => {
                let area = Rect::from_min_max(inner.min + vec2(0.0, space::S12), inner.max);
                let home = state.machine.home.as_deref();
                let banner = placed_ui(ui, area, |ui| error_banner_ui(ui, problem, home, words));
                buttons_ui(ui, banner.left_bottom() + vec2(0.0, space::S12), done, words, commands)
            }
            None => waiting_ui(ui, inner, done, words, commands),
        }
    })
}

/// How far the measurement is, and what it will cost.
fn measuring_ui(ui: &mut Ui, rect: Rect, progress: &Progress, state: &AppState, done: &MergedFolder) -> f32 {
    let words = state.words();
    let moved = moved_text(progress, state);
    let cost = progress
        .scoring_cost
        .map(|(tokens, models)| words.say(&message!("scoring-cost", tokens: tokens, models: models)));
    let dtype = done.sizes.merged.float_dtype;
    let names: Vec<String> = evaluation::models_of(done).iter().map(|(role, _)| role.name(words, dtype)).collect();
    let note =
        cost.into_iter().chain([words.say(&message!("measuring-note", names: &names))]).collect::<Vec<_>>().join(" ");
    let title = words.text("measuring");
    let placed =
        placed_ui(ui, rect, |ui| progress_note_ui(ui, &progress.sample, title, moved.as_deref(), &note, words));
    placed.bottom()
}

/// The ways to ask for a measurement, the first choice first.
fn measurements(done: &MergedFolder) -> Vec<CompareCommand> {
    let sample = (!done.sample_texts.is_empty()).then_some(CompareCommand::Measure(Texts::Sample));
    sample.into_iter().chain([CompareCommand::Measure(Texts::BuiltIn), CompareCommand::BrowseTexts]).collect()
}

fn waiting_ui(ui: &mut Ui, rect: Rect, done: &MergedFolder, words: Language, commands: &mut Vec<Command>) -> f32 {
    let colors = Colors::of(ui);
    let text = Rect::from_min_max(rect.min + vec2(0.0, space::S12), rect.max);
    let waits = if done.provenance.base.is_some() {
        words.text("perplexity-waits")
    } else {
        words.text("perplexity-waits-alone")
    };
    let height = wrapped_text_ui(ui, text, &[(waits, Type::BODY, colors.text_secondary)]);
    buttons_ui(ui, pos2(rect.left(), text.top() + height + space::S16), done, words, commands)
}

fn buttons_ui(ui: &mut Ui, min: egui::Pos2, done: &MergedFolder, words: Language, commands: &mut Vec<Command>) -> f32 {
    let mut left = min.x;
    for (index, command) in measurements(done).into_iter().enumerate() {
        let look = if index == 0 { ButtonLook::Primary } else { ButtonLook::Plain };
        let button = CommandButton::new(command, look);
        let size = vec2(button.width(ui, words), grid::PRIMARY_BUTTON);
        let place = Rect::from_min_size(pos2(left, min.y), size);
        button.show(ui, place, words, commands);
        left = place.right() + space::S8;
    }
    min.y + grid::PRIMARY_BUTTON + space::S16
}

/// The chart with its table, the honest sentences, and how it was measured.
fn measured_ui(ui: &mut Ui, rect: Rect, measured: &Measured, state: &AppState) -> f32 {
    let colors = Colors::of(ui);
    let words = state.words();
    let table = &measured.table;
    let chart = Rect::from_min_size(rect.min, vec2(rect.width(), chart_height(table)));
    scores_ui(ui, chart, table, words);
    let below = Rect::from_min_max(chart.left_bottom() + vec2(0.0, space::S8), rect.max);
    let summary = measured.summaries.iter().find(|summary| summary.language == state.language);
    let mut top = sunken_text_ui(ui, below, &table.story().map_or_else(String::new, |story| words.said(&story)))
        .bottom()
        + space::S12;
    for sentence in summary.map(|summary| summary.sentences.as_slice()).unwrap_or_default() {
        let mark = pos2(rect.left() + 5.0, top + 9.0);
        ui.painter().circle_filled(mark, 2.0, colors.text_secondary);
        let area = Rect::from_min_max(pos2(rect.left() + space::S16, top), rect.max);
        top += wrapped_text_ui(ui, area, &[(sentence, Type::BODY, colors.text)]) + space::S4;
    }
    top += space::S4;
    let weak = if table.has_weak_interval() { words.text("weak-interval") } else { "" };
    for note in [weak, words.as_line(&table.protocol).as_str()].into_iter().filter(|note| !note.is_empty()) {
        let area = Rect::from_min_max(pos2(rect.left(), top), rect.max);
        top += wrapped_text_ui(ui, area, &[(note, Type::CAPTION, colors.text_secondary)]) + space::S4;
    }
    top + space::S8
}
