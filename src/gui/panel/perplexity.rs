//! The panel about perplexity: how to measure it, how far that is, and what came out.

use egui::{Rect, Ui, pos2, vec2};

use super::{
    command_button::CommandButton,
    error_banner::error_banner_ui,
    perplexity_chart::{chart_height, legend_ui, scores_ui},
};
use crate::{
    gui::{
        command::UiCommand,
        evaluation::{Evaluation, Measured, Measuring},
        run::Finished,
        state::AppState,
        tokens::{Palette, Type, grid, space},
        view::{elide_middle, upper_first},
        widget::{
            Align, ButtonLook, hairline, panel_title_ui, progress_bar_ui, scrolled_ui, sunken_text_ui, text_ui,
            wrapped_text_ui,
        },
        words::Words,
    },
    units,
};

/// Height of the sentence, the protocol and the remark on weak intervals.
const NOTES: f32 = 172.0;

/// Height that the panel needs.
pub(super) fn least_height(done: &Finished) -> f32 {
    match &done.evaluation {
        Evaluation::Done(measured) => {
            let most_texts = measured.table.texts.len().min(5);
            grid::PANEL_TITLE + chart_height(most_texts) + NOTES
        }
        _ => 200.0,
    }
}

/// The panel.
pub(super) fn perplexity_ui(ui: &mut Ui, rect: Rect, state: &AppState, done: &Finished, commands: &mut Vec<UiCommand>) {
    let words = state.words();
    let body = panel_title_ui(ui, rect, words.perplexity, "");
    let bar = Rect::from_min_max(rect.min, pos2(rect.right() - space::S12, body.top()));
    legend_ui(ui, bar, done, words);
    hairline(ui, rect, body.top());
    let inner = body.shrink2(vec2(space::S12, 0.0));
    match &done.evaluation {
        Evaluation::Done(measured) => {
            let height = chart_height(measured.table.texts.len()) + NOTES;
            scrolled_ui(ui, "perplexity", body.shrink2(vec2(1.0, 1.0)), height, |ui, area| {
                let area = area.shrink2(vec2(space::S12 - 1.0, 0.0));
                measured_ui(ui, area, measured, words);
            });
        }
        Evaluation::Failed(problem) => {
            let area = inner.shrink2(vec2(0.0, space::S12));
            error_banner_ui(ui, area, problem, state.machine.home.as_deref());
        }
        Evaluation::Running(measuring) => measuring_ui(ui, inner, measuring, words),
        Evaluation::Idle => waiting_ui(ui, inner, done, words, commands),
    }
}

/// The ways to ask for a measurement, the first choice first.
fn measurements(done: &Finished) -> Vec<UiCommand> {
    let sample = (!done.sample_texts.is_empty()).then(|| UiCommand::MeasurePerplexity(done.sample_texts.clone()));
    sample.into_iter().chain([UiCommand::BrowseTexts]).collect()
}

/// Other texts, or an end to the measurement, at the right of the screen's title line.
pub(super) fn measure_buttons_ui(
    ui: &mut Ui,
    line: Rect,
    state: &AppState,
    done: &Finished,
    commands: &mut Vec<UiCommand>,
) {
    let words = state.words();
    let asked = match done.evaluation {
        Evaluation::Running(_) => vec![UiCommand::CancelMeasurement],
        Evaluation::Done(_) | Evaluation::Failed(_) => vec![UiCommand::BrowseTexts],
        Evaluation::Idle => return,
    };
    let mut right = line.right();
    for command in asked {
        let button = CommandButton::new(command, ButtonLook::Plain);
        let size = vec2(button.width(ui, words), grid::BUTTON);
        let place = Rect::from_min_size(pos2(right - size.x, line.center().y - size.y / 2.0), size);
        button.show(ui, place, words, commands);
        right = place.left() - space::S8;
    }
}

fn waiting_ui(ui: &mut Ui, rect: Rect, done: &Finished, words: &Words, commands: &mut Vec<UiCommand>) {
    let palette = Palette::of(ui);
    let text = Rect::from_min_max(rect.min + vec2(0.0, space::S12), rect.max);
    let height = wrapped_text_ui(ui, text, &[(words.perplexity_waits, Type::BODY, palette.text_secondary)]);
    let top = text.top() + height + space::S16;
    let mut left = rect.left();
    for (index, command) in measurements(done).into_iter().enumerate() {
        let look = if index == 0 { ButtonLook::Primary } else { ButtonLook::Plain };
        let button = CommandButton::new(command, look);
        let size = vec2(button.width(ui, words), grid::PRIMARY_BUTTON);
        let place = Rect::from_min_size(pos2(left, top), size);
        button.show(ui, place, words, commands);
        left = place.right() + space::S8;
    }
}

fn measuring_ui(ui: &mut Ui, rect: Rect, measuring: &Measuring, words: &Words) {
    let palette = Palette::of(ui);
    let sample = &measuring.sample;
    let line = |top: f32| Rect::from_min_size(rect.min + vec2(0.0, top), vec2(rect.width(), 18.0));
    text_ui(ui, line(space::S12), Align::Left, words.measuring, Type::BODY_MEDIUM, palette.text);
    if sample.bytes_total > 0 {
        let moved = (words.bytes_of)(&units::bytes(sample.bytes_done), &units::bytes(sample.bytes_total));
        text_ui(ui, line(space::S12), Align::Right, &moved, Type::MONO, palette.text_secondary);
    }
    let track = Rect::from_min_size(rect.min + vec2(0.0, 38.0), vec2(rect.width(), 8.0));
    progress_bar_ui(ui, track, sample.bytes_done as f64 / sample.bytes_total.max(1) as f64, words.measuring);
    let current = if sample.current.is_empty() { words.opening.to_owned() } else { elide_middle(&sample.current, 64) };
    text_ui(ui, line(54.0), Align::Left, &current, Type::MONO_SMALL, palette.text_secondary);
    let note = Rect::from_min_max(rect.min + vec2(0.0, 84.0), rect.max);
    wrapped_text_ui(ui, note, &[(words.measuring_note, Type::EVIDENCE, palette.text_secondary)]);
}

/// The chart with its table, the honest sentence, and how it was measured.
fn measured_ui(ui: &mut Ui, rect: Rect, measured: &Measured, words: &Words) {
    let palette = Palette::of(ui);
    let table = &measured.table;
    let chart = Rect::from_min_size(rect.min, vec2(rect.width(), chart_height(table.texts.len())));
    scores_ui(ui, chart, table, words);
    let below = Rect::from_min_max(chart.left_bottom() + vec2(0.0, space::S8), rect.max);
    let mut top = sunken_text_ui(ui, below, &(words.perplexity_story)(table)).bottom() + space::S8;
    let weak = if table.has_weak_interval() { words.weak_interval } else { "" };
    for note in [weak, table.protocol.as_str()].into_iter().filter(|note| !note.is_empty()) {
        let area = Rect::from_min_max(pos2(rect.left(), top), rect.max);
        let note = upper_first(note);
        top += wrapped_text_ui(ui, area, &[(&note, Type::CAPTION, palette.text_secondary)]) + space::S4;
    }
}
