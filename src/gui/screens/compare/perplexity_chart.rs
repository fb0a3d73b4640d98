//! Perplexity of the three models on each text: dots with whiskers on one logarithmic axis, the numbers beside them.

use egui::{Color32, Rect, Stroke, Ui, pos2, vec2};
use egui_plot::{Line, MarkerShape, PlotBounds, PlotPoints, PlotUi, Points};

use crate::{
    gui::{
        app::merged_folder::MergedFolder,
        design::{
            scale::log_marks,
            tokens::{Colors, Type, space},
            widget::{Align, chart_ui, hairline, text_ui, text_width},
        },
    },
    message::{Language, message},
    report::{ModelRole, PerplexityTable, Score, TextRow, percent_change},
};

/// Height of one model's line.
const LINE: f32 = 22.0;

/// Space above and below the lines of a text.
const MARGIN: f32 = 5.0;

/// Height of the column titles.
const HEADER: f32 = 24.0;

/// Height of the axis under the chart.
const AXIS: f32 = 22.0;

/// The axis spans at least this ratio, so that a difference of a percent looks like one.
const LEAST_RATIO: f64 = 1.5;

/// Lines of a name with its two remarks.
const NAME_LINES: usize = 3;

/// Height of the chart of `table`.
pub(in crate::gui) fn chart_height(table: &PerplexityTable) -> f32 {
    HEADER + table.texts.len() as f32 * group_height(table) + AXIS
}

fn group_height(table: &PerplexityTable) -> f32 {
    table.roles.len().max(NAME_LINES) as f32 * LINE + 2.0 * MARGIN
}

/// The colour of a model, the same on every chart.
pub(in crate::gui) fn ink(colors: &Colors, role: ModelRole) -> Color32 {
    match role {
        ModelRole::Base | ModelRole::Rounded => colors.base,
        ModelRole::RunTime => colors.adapter,
        ModelRole::Merged => colors.merged,
    }
}

/// What each dot stands for, from the right end of `bar`.
pub(in crate::gui) fn legend_ui(ui: &mut Ui, bar: Rect, done: &MergedFolder, words: Language) {
    let colors = Colors::of(ui);
    let stored = done.sizes.stored.as_ref();
    let base = stored.map(|bar| (ModelRole::Base, format!("{} {}", words.text("base"), bar.dtype)));
    let has_adapter = stored.is_some() && !done.provenance.adapters.is_empty();
    let run_time = has_adapter.then(|| (ModelRole::RunTime, words.text("base-and-adapter").to_owned()));
    let merged = (ModelRole::Merged, format!("{} {}", words.text("merged-model"), done.sizes.merged.dtype));
    let mut right = bar.right();
    for (role, name) in std::iter::once(merged).chain(run_time).chain(base) {
        let width = text_width(ui, &name, Type::CAPTION);
        let area = Rect::from_min_max(pos2(right - width - 2.0, bar.top()), pos2(right, bar.bottom()));
        text_ui(ui, area, Align::Right, &name, Type::CAPTION, colors.text_secondary);
        let center = pos2(area.left() - 8.0, bar.center().y);
        ui.painter().circle_filled(center, 4.5, ink(colors, role));
        if role == ModelRole::RunTime {
            ui.painter().circle_filled(center, 3.0, colors.panel);
        }
        right = center.x - 4.5 - space::S12;
    }
}

/// The chart and its table.
pub(in crate::gui) fn scores_ui(ui: &mut Ui, rect: Rect, table: &PerplexityTable, words: Language) {
    let colors = Colors::of(ui);
    let columns = Columns { rect };
    let header = Rect::from_min_size(rect.min, vec2(rect.width(), HEADER));
    for (area, title) in [
        (columns.value(header), words.text("perplexity-column")),
        (columns.interval(header), words.text("interval")),
        (columns.change(header), words.text("vs-base")),
    ] {
        text_ui(ui, area, Align::Right, title, Type::CAPTION, colors.text_secondary);
    }
    let groups = Rect::from_min_max(header.left_bottom(), rect.max - vec2(0.0, AXIS));
    dots_ui(ui, &columns, groups, table, words);
    for (index, text) in table.texts.iter().enumerate() {
        let top = groups.top() + index as f32 * group_height(table);
        if index > 0 {
            hairline(ui, rect, top);
        }
        let area =
            Rect::from_min_size(pos2(rect.left(), top + MARGIN), vec2(rect.width(), table.roles.len() as f32 * LINE));
        numbers_ui(ui, &columns, area, text, words);
    }
}

/// Every dot of every text, on the axis that they share; the y axis counts points from the top.
fn dots_ui(ui: &mut Ui, columns: &Columns, groups: Rect, table: &PerplexityTable, words: Language) {
    let colors = Colors::of(ui);
    let Some((low, high)) = axis_range(table) else { return };
    let plot = columns.plot(groups);
    let marks = log_marks(low, high);
    let x_marks: Vec<f64> = marks.iter().map(|mark| mark.log10()).collect();
    let bounds = PlotBounds::from_min_max([low.log10(), -f64::from(plot.height())], [high.log10(), 0.0]);
    let transform = chart_ui(ui, "perplexity dots", plot, bounds, [&x_marks, &[]], |plot_ui| {
        for (index, text) in table.texts.iter().enumerate() {
            let top = index as f32 * group_height(table) + MARGIN;
            group_dots(plot_ui, colors, text, &table.roles, |line| -f64::from(top + (line as f32 + 0.5) * LINE));
        }
    });
    ui.painter().hline(plot.x_range(), plot.bottom(), Stroke::new(1.0, colors.stroke_strong));
    let axis = Rect::from_min_size(groups.left_bottom() + vec2(0.0, 2.0), vec2(groups.width(), AXIS - 2.0));
    for mark in marks {
        let x = transform.position_from_point_x(mark.log10());
        let area = Rect::from_center_size(pos2(x, axis.center().y), vec2(48.0, axis.height()));
        text_ui(ui, area, Align::Center, &axis_number(mark), Type::MONO_SMALL, colors.text_secondary);
    }
    let note = Rect::from_min_max(pos2(plot.right() + space::S12, axis.top()), axis.max);
    text_ui(ui, note, Align::Right, words.text("lower-is-better"), Type::CAPTION, colors.text_secondary);
}

/// Whiskers and dots of one text, and the base's value carried down beside the others.
fn group_dots(
    plot_ui: &mut PlotUi<'_>,
    colors: &Colors,
    text: &TextRow,
    roles: &[ModelRole],
    y: impl Fn(usize) -> f64,
) {
    let id = |what: &str, model: usize| format!("{} {what} {model}", text.name);
    if let Some(base) = text.scores.first() {
        let x = base.perplexity.log10();
        let line = Line::new(id("base", 0), PlotPoints::from(vec![[x, y(0)], [x, y(text.scores.len() - 1)]]));
        plot_ui.line(line.color(colors.stroke_strong).width(1.0).allow_hover(false));
    }
    for (model, (score, role)) in text.scores.iter().zip(roles).enumerate() {
        let (at, color) = ([score.perplexity.log10(), y(model)], ink(colors, *role));
        if let Some(interval) = score.interval {
            let color = if interval.is_weak() { colors.text_disabled } else { color };
            let ends = PlotPoints::from(vec![[interval.low.log10(), at[1]], [interval.high.log10(), at[1]]]);
            plot_ui.line(Line::new(id("interval", model), ends).color(color).width(2.0).allow_hover(false));
        }
        let mut dot = |what: &str, color: Color32, radius: f32| {
            let points = Points::new(id(what, model), PlotPoints::from(vec![at])).shape(MarkerShape::Circle);
            plot_ui.points(points.color(color).radius(radius).allow_hover(false));
        };
        dot("dot", color, 4.5);
        // Base + adapter is hollow, so that it does not rest on colour alone.
        if *role == ModelRole::RunTime {
            dot("hole", colors.panel, 3.0);
        }
    }
}

/// All numbers with a margin.
fn axis_range(table: &PerplexityTable) -> Option<(f64, f64)> {
    let (low, high) = table.range()?;
    let widening = (LEAST_RATIO / (high / low)).max(1.0).sqrt() * 1.06;
    Some((low / widening, high * widening))
}

/// Name and numbers of one text, a line for each model.
fn numbers_ui(ui: &mut Ui, columns: &Columns, rect: Rect, text: &TextRow, words: Language) {
    let colors = Colors::of(ui);
    let name = Rect::from_min_size(rect.min, vec2(columns.names() - space::S8, LINE));
    text_ui(ui, name, Align::Left, &text.name, Type::BODY_MEDIUM, colors.text);
    let count = words.say(&message!("tokens", count: text.token_count));
    text_ui(ui, name.translate(vec2(0.0, 19.0)), Align::Left, &count, Type::CAPTION, colors.text_secondary);
    let blocks = text.scores.first().and_then(|score| score.interval).map(|interval| interval.block_count);
    let blocks = blocks
        .map_or_else(|| words.text("no-interval").to_owned(), |count| words.say(&message!("blocks", count: count)));
    text_ui(ui, name.translate(vec2(0.0, 36.0)), Align::Left, &blocks, Type::CAPTION, colors.text_secondary);
    let base = text.scores.first().map_or(f64::NAN, |score| score.perplexity);
    for (model, score) in text.scores.iter().enumerate() {
        let top = rect.top() + model as f32 * LINE;
        let line = Rect::from_min_size(pos2(rect.left(), top), vec2(rect.width(), LINE));
        score_ui(ui, columns, line, score);
        if model > 0 {
            let change = percent_change(score.perplexity / base);
            text_ui(ui, columns.change(line), Align::Right, &change, Type::MONO, colors.text);
        }
    }
}

fn score_ui(ui: &mut Ui, columns: &Columns, line: Rect, score: &Score) {
    let colors = Colors::of(ui);
    text_ui(ui, columns.value(line), Align::Right, &number(score.perplexity), Type::MONO, colors.text);
    let interval = score
        .interval
        .map_or_else(|| "—".to_owned(), |interval| format!("{} – {}", number(interval.low), number(interval.high)));
    text_ui(ui, columns.interval(line), Align::Right, &interval, Type::MONO_SMALL, colors.text_secondary);
}

/// One decimal, two below ten: more would be noise.
fn number(value: f64) -> String {
    if value < 10.0 { format!("{value:.2}") } else { format!("{value:.1}") }
}

fn axis_number(value: f64) -> String {
    if value < 10.0 && value.fract() != 0.0 { format!("{value:.1}") } else { format!("{value:.0}") }
}

/// Names, chart and numbers from left to right.
struct Columns {
    rect: Rect,
}

impl Columns {
    /// Width of the names.
    fn names(&self) -> f32 {
        (self.rect.width() * 0.2).clamp(112.0, 160.0)
    }

    fn place(&self, line: Rect, from_right: f32, width: f32) -> Rect {
        Rect::from_min_size(pos2(self.rect.right() - from_right - width, line.top()), vec2(width, line.height()))
    }

    fn change(&self, line: Rect) -> Rect {
        self.place(line, 0.0, 64.0)
    }

    fn interval(&self, line: Rect) -> Rect {
        self.place(line, 70.0, 106.0)
    }

    fn value(&self, line: Rect) -> Rect {
        self.place(line, 182.0, 62.0)
    }

    fn plot(&self, groups: Rect) -> Rect {
        let left = self.rect.left() + self.names();
        Rect::from_min_max(pos2(left, groups.top()), pos2(self.rect.right() - 254.0, groups.bottom()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::evaluate::Protocol;

    #[test]
    fn a_small_difference_does_not_fill_the_axis() {
        let score = |perplexity| Score { perplexity, interval: None };
        let text = TextRow {
            name: "text".to_owned(),
            token_count: 3,
            scores: vec![score(100.0), score(101.0), score(101.0)],
            pair: None,
        };
        let (low, high) = axis_range(&PerplexityTable {
            protocol: Protocol { window: 512, stride: 256 },
            roles: Vec::new(),
            texts: vec![text],
        })
        .unwrap();
        assert!(high / low >= LEAST_RATIO && low < 100.0 && high > 101.0, "{low} to {high}");
    }
}
