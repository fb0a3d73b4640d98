//! Perplexity of the three models on each text: dots with whiskers, and the numbers beside them.

use egui::{Color32, Rect, Stroke, Ui, pos2, vec2};

use super::{command_button::CommandButton, mismatch::error_banner_ui};
use crate::{
    gui::{
        command::UiCommand,
        evaluation::Evaluation,
        run::Finished,
        state::AppState,
        tokens::{Palette, Type, grid, space},
        view::{PerplexityTable, Score, TextRow},
        widget::{Align, ButtonLook, hairline, panel_title_ui, text_ui, wrapped_text_ui},
        words::Words,
    },
    units,
};

/// Height of one model's line.
const LINE: f32 = 20.0;

/// The panel.
pub(super) fn perplexity_ui(ui: &mut Ui, rect: Rect, state: &AppState, done: &Finished) {
    let palette = Palette::of(ui);
    let words = state.words();
    let remark = match &done.evaluation {
        Evaluation::Running(measuring) => {
            let (at, of) = (measuring.sample.bytes_done, measuring.sample.bytes_total);
            format!("{} {}", words.measuring, (words.bytes_of)(&units::bytes(at), &units::bytes(of)))
        }
        _ => words.lower_is_better.to_owned(),
    };
    let body = panel_title_ui(ui, rect, words.perplexity, &remark);
    hairline(ui, rect, body.top());
    let inner = body.shrink2(vec2(space::S12, space::S8));
    match &done.evaluation {
        Evaluation::Done(measured) => {
            let table = &measured.table;
            scores_ui(ui, inner, table, words);
        }
        Evaluation::Failed(problem) => {
            error_banner_ui(ui, inner, problem, state.machine.home.as_deref());
        }
        Evaluation::Idle | Evaluation::Running(_) => {
            wrapped_text_ui(ui, inner, &[(words.perplexity_waits, Type::EVIDENCE, palette.text_secondary)]);
        }
    }
}

/// The ways to ask for a measurement, at the right of the screen's title line.
pub(super) fn measure_buttons_ui(
    ui: &mut Ui,
    line: Rect,
    state: &AppState,
    done: &Finished,
    commands: &mut Vec<UiCommand>,
) {
    let words = state.words();
    let is_running = matches!(done.evaluation, Evaluation::Running(_));
    let mut right = line.right();
    let mut asked = vec![UiCommand::BrowseTexts];
    if !done.sample_texts.is_empty() {
        asked.push(UiCommand::MeasurePerplexity(done.sample_texts.clone()));
    }
    for command in asked {
        let button = CommandButton::new(command, ButtonLook::Plain).enabled(!is_running);
        let size = vec2(button.width(ui, words), grid::BUTTON);
        let place = Rect::from_min_size(pos2(right - size.x, line.center().y - size.y / 2.0), size);
        button.show(ui, place, words, commands);
        right = place.left() - space::S8;
    }
}

/// All texts; returns where they end.
fn scores_ui(ui: &mut Ui, rect: Rect, table: &PerplexityTable, words: &Words) -> f32 {
    let palette = Palette::of(ui);
    let columns = Columns::new(rect);
    let header = Rect::from_min_size(rect.min, vec2(rect.width(), 16.0));
    for (area, title) in [
        (columns.value(header), words.perplexity),
        (columns.interval(header), words.interval),
        (columns.change(header), words.vs_base),
    ] {
        text_ui(ui, area, Align::Right, title, Type::CAPTION, palette.text_secondary);
    }
    let Some(scale) = LogScale::of(table, columns.plot(header)) else { return header.bottom() };
    let mut top = header.bottom() + space::S4;
    for (index, text) in table.texts.iter().enumerate() {
        if index > 0 {
            hairline(ui, rect, top);
        }
        top += 3.0;
        let area = Rect::from_min_size(pos2(rect.left(), top), vec2(rect.width(), LINE * text.scores.len() as f32));
        group_ui(ui, area, &columns, &scale, text, words);
        top = area.bottom() + 3.0;
    }
    let weak = if table.has_weak_interval() { words.weak_interval } else { "" };
    for note in [table.protocol.as_str(), weak].into_iter().filter(|note| !note.is_empty()) {
        let area = Rect::from_min_size(pos2(rect.left(), top + space::S4), vec2(rect.width(), 100.0));
        let note = crate::gui::view::upper_first(note);
        top += wrapped_text_ui(ui, area, &[(&note, Type::CAPTION, palette.text_secondary)]) + space::S4;
    }
    top
}

/// One text: a line for each model.
fn group_ui(ui: &mut Ui, rect: Rect, columns: &Columns, scale: &LogScale, text: &TextRow, words: &Words) {
    let palette = Palette::of(ui);
    let name = Rect::from_min_size(rect.min, vec2(columns.plot_left - rect.left() - space::S8, LINE));
    text_ui(ui, name, Align::Left, &text.name, Type::EVIDENCE, palette.text);
    let count = (words.tokens)(text.token_count);
    text_ui(ui, name.translate(vec2(0.0, 17.0)), Align::Left, &count, Type::CAPTION, palette.text_secondary);
    let base = text.scores.first().map_or(f64::NAN, |score| score.perplexity);
    let inks = [palette.base, palette.adapter, palette.merged];
    for (index, score) in text.scores.iter().enumerate() {
        let line = Rect::from_min_size(pos2(rect.left(), rect.top() + index as f32 * LINE), vec2(rect.width(), LINE));
        let ink = inks.get(index).copied().unwrap_or(palette.text);
        dot_ui(ui, line, scale, score, ink, index == 1);
        let value = score.perplexity;
        text_ui(ui, columns.value(line), Align::Right, &number(value), Type::MONO, palette.text);
        if let Some(interval) = score.interval {
            let text = format!("{} – {}", number(interval.low), number(interval.high));
            text_ui(ui, columns.interval(line), Align::Right, &text, Type::MONO_SMALL, palette.text_secondary);
        }
        if index > 0 {
            let change = (value / base - 1.0) * 100.0;
            let sign = if change < 0.0 { "−" } else { "+" };
            let text = format!("{sign}{:.1} %", change.abs());
            text_ui(ui, columns.change(line), Align::Right, &text, Type::MONO, palette.text);
        }
    }
}

/// A dot with its interval; base + adapter is hollow, so that it does not rest on colour alone.
fn dot_ui(ui: &Ui, line: Rect, scale: &LogScale, score: &Score, ink: Color32, is_hollow: bool) {
    let palette = Palette::of(ui);
    let y = line.center().y;
    if let Some(interval) = score.interval {
        let color = if interval.is_weak() { palette.stroke_strong } else { ink };
        let range = scale.at(interval.low)..=scale.at(interval.high);
        ui.painter().hline(range, y, Stroke::new(2.0, color));
    }
    let center = pos2(scale.at(score.perplexity), y);
    if is_hollow {
        ui.painter().circle(center, 4.0, palette.panel, Stroke::new(1.5, ink));
    } else {
        ui.painter().circle_filled(center, 4.5, ink);
    }
}

fn number(value: f64) -> String {
    if value < 100.0 { format!("{value:.2}") } else { format!("{value:.1}") }
}

struct Columns {
    plot_left: f32,
    right: f32,
}

impl Columns {
    fn new(rect: Rect) -> Self {
        Self { plot_left: rect.left() + 116.0, right: rect.right() }
    }

    fn at(&self, line: Rect, from_right: f32, width: f32) -> Rect {
        Rect::from_min_size(pos2(self.right - from_right - width, line.top()), vec2(width, line.height()))
    }

    fn change(&self, line: Rect) -> Rect {
        self.at(line, 0.0, 68.0)
    }

    fn interval(&self, line: Rect) -> Rect {
        self.at(line, 76.0, 108.0)
    }

    fn value(&self, line: Rect) -> Rect {
        self.at(line, 192.0, 60.0)
    }

    fn plot(&self, line: Rect) -> Rect {
        Rect::from_min_max(pos2(self.plot_left, line.top()), pos2(self.right - 264.0, line.bottom()))
    }
}

/// Places perplexities on a logarithmic axis that holds all of them.
struct LogScale {
    low: f64,
    high: f64,
    left: f32,
    width: f32,
}

impl LogScale {
    fn of(table: &PerplexityTable, plot: Rect) -> Option<Self> {
        let (low, high) = table.range()?;
        Some(Self { low: low / 1.05, high: high * 1.05, left: plot.left(), width: plot.width() })
    }

    #[expect(clippy::cast_possible_truncation, reason = "a place on screen")]
    fn at(&self, value: f64) -> f32 {
        let share = (value / self.low).ln() / (self.high / self.low).ln();
        self.left + share.clamp(0.0, 1.0) as f32 * self.width
    }
}
