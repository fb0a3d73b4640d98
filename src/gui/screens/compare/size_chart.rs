//! Bytes by component: stacked bars, and the sentences that explain them.

use egui::{Color32, Rect, Stroke, Ui, pos2, vec2};
use egui_plot::{Bar, BarChart, PlotBounds};

use crate::{
    gui::{
        app::{command::Command, merged_folder::MergedFolder, state::AppState},
        design::{
            scale::ByteUnit,
            tokens::{Colors, Type, ink_on, space},
            widget::{Align, chart_ui, flowing_panel_ui, prose_ui, sunken_text_ui, text_ui, text_width},
        },
    },
    message::{Language, message},
    size::{Component, SizeBar, SizeFact},
    units::{self, unbroken},
};

/// Height of one bar with its margins.
const BAR: f32 = 48.0;

/// Height of the component names above the first bar.
const NAMES: f32 = 24.0;

/// Width of the names of the models.
const LABELS: f32 = 104.0;

/// Width that the totals need behind the longest bar.
const TOTALS: f32 = 84.0;

/// One bar and how it is named.
pub(in crate::gui) struct SizeRow<'a> {
    name: &'static str,
    note: String,
    pub bar: &'a SizeBar,
    is_merged: bool,
}

impl<'a> SizeRow<'a> {
    /// Base as stored, base in the output dtype where that differs, merged.
    pub fn of(state: &AppState, done: &'a MergedFolder) -> Vec<Self> {
        let words = state.words();
        let sizes = &done.sizes;
        let base = |bar: &'a SizeBar, note| SizeRow { name: words.text("base"), note, bar, is_merged: false };
        let mut rows: Vec<Self> = Vec::new();
        rows.extend(
            sizes.stored.as_ref().map(|stored| base(stored, words.say(&message!("as-stored", dtype: &stored.dtype)))),
        );
        rows.extend(sizes.cast.as_ref().map(|cast| base(cast, words.say(&message!("cast-to", dtype: &cast.dtype)))));
        let note = sizes.merged.dtype.clone();
        rows.push(SizeRow { name: words.text("merged-model"), note, bar: &sizes.merged, is_merged: true });
        rows
    }

    /// The model and its dtypes, for the title of a column.
    pub fn title(&self) -> String {
        format!("{} {}", self.name, self.bar.dtype)
    }
}

/// The colour of a component's part of a bar; what is left gets the last one.
pub(in crate::gui) fn part_color(colors: &Colors, is_merged: bool, index: usize) -> Color32 {
    let parts = if is_merged { &colors.merged_parts } else { &colors.base_parts };
    parts.get(index).copied().unwrap_or(colors.stroke_strong)
}

/// The panel.
pub(in crate::gui) fn size_chart_ui(
    ui: &mut Ui,
    place: Rect,
    least_bottom: f32,
    state: &AppState,
    done: &MergedFolder,
    _commands: &mut Vec<Command>,
) -> Rect {
    let words = state.words();
    let rows = SizeRow::of(state, done);
    let most = rows.iter().map(|row| row.bar.total()).max().unwrap_or(1).max(1);
    let unit = ByteUnit::of(most as f64);
    flowing_panel_ui(
        ui,
        place,
        words.text("size"),
        &words.say(&message!("size-note", unit: unit.name)),
        least_bottom,
        |ui, body| {
            let inner = body.shrink2(vec2(space::S12, 0.0));
            let chart = Rect::from_min_size(inner.min, vec2(inner.width(), NAMES + rows.len() as f32 * BAR));
            bars_ui(ui, chart, &rows, unit, words);
            let legend = Rect::from_min_size(chart.left_bottom() + vec2(0.0, space::S4), vec2(inner.width(), 18.0));
            legend_ui(ui, legend, words);
            sentences_ui(ui, Rect::from_min_max(legend.left_bottom() + vec2(0.0, space::S8), inner.max), state, done)
        },
    )
}

/// Why the file has the size that it has, then what is worth knowing of each model; returns the bottom.
fn sentences_ui(ui: &mut Ui, rect: Rect, state: &AppState, done: &MergedFolder) -> f32 {
    let colors = Colors::of(ui);
    let words = state.words();
    let sizes = &done.sizes;
    let mut top = rect.top();
    let between: Vec<String> =
        sizes.between.iter().map(|fact| unbroken(&words.as_sentence(&fact.sentence()))).collect();
    if !between.is_empty() {
        top = sunken_text_ui(ui, rect, &between.join(" ")).bottom() + space::S8;
    }
    let of = |name: &'static str, facts: &'_ [SizeFact]| -> Vec<String> {
        facts.iter().map(|fact| unbroken(&format!("{name}: {}", words.as_sentence(&fact.sentence())))).collect()
    };
    for note in
        of(words.text("base"), &sizes.of_base).into_iter().chain(of(words.text("merged-model"), &sizes.of_merged))
    {
        let area = Rect::from_min_max(pos2(rect.left(), top), rect.max);
        top += prose_ui(ui, area, &note, Type::CAPTION, colors.text_secondary) + space::S4;
    }
    top + space::S8
}

fn bars_ui(ui: &mut Ui, rect: Rect, rows: &[SizeRow<'_>], unit: ByteUnit, words: Language) {
    let colors = Colors::of(ui);
    let plot =
        Rect::from_min_max(pos2(rect.left() + LABELS, rect.top() + NAMES), pos2(rect.right() - TOTALS, rect.bottom()));
    let most = rows.iter().map(|row| row.bar.total()).max().unwrap_or(1).max(1) as f64;
    let count = rows.len() as f64;
    let bounds = PlotBounds::from_min_max([0.0, 0.5 - count], [most, 0.5]);
    chart_ui(ui, "size", plot, bounds, [&[], &[]], |plot_ui| {
        for (index, row) in rows.iter().enumerate() {
            let mut start = 0.0;
            for (part, bytes) in row.bar.bytes.into_iter().enumerate() {
                let color = part_color(colors, row.is_merged, part);
                let name = Component::ALL[part].to_string();
                let bar = Bar::new(-(index as f64), bytes as f64).base_offset(start).width(0.7).horizontal();
                let bar = bar.fill(color).stroke(Stroke::new(1.0, colors.panel)).name(&name);
                plot_ui.bar_chart(BarChart::new(name, vec![bar]).horizontal().color(color).allow_hover(false));
                start += bytes as f64;
            }
        }
    });
    #[expect(clippy::cast_possible_truncation, reason = "a scale for the screen")]
    let points_per_byte = plot.width() / most as f32;
    let labels = BarLabels { plot, unit, points_per_byte, words };
    for (index, row) in rows.iter().enumerate() {
        let top = plot.top() + index as f32 * BAR;
        let area = Rect::from_min_size(pos2(rect.left(), top), vec2(rect.width(), BAR));
        labels.show(ui, area, row, index == 0);
    }
}

/// What is written on and beside the bars.
struct BarLabels {
    plot: Rect,
    unit: ByteUnit,
    points_per_byte: f32,
    words: Language,
}

impl BarLabels {
    /// Name, the bytes of each part that has room for them, and the total; the first bar names the components.
    fn show(&self, ui: &mut Ui, area: Rect, row: &SizeRow<'_>, is_first: bool) {
        let colors = Colors::of(ui);
        let name = Rect::from_min_size(area.min + vec2(0.0, BAR / 2.0 - 17.0), vec2(LABELS - space::S8, 18.0));
        text_ui(ui, name, Align::Left, row.name, Type::BODY_MEDIUM, colors.text);
        text_ui(ui, name.translate(vec2(0.0, 16.0)), Align::Left, &row.note, Type::CAPTION, colors.text_secondary);
        let mut left = self.plot.left();
        for (part, bytes) in row.bar.bytes.into_iter().enumerate() {
            let cell = Rect::from_min_size(pos2(left, area.top()), vec2(self.points_per_byte * bytes as f32, BAR));
            let text = self.unit.number(bytes);
            if cell.width() > text_width(ui, &text, Type::MONO_SMALL) + 2.0 {
                let ink = ink_on(part_color(colors, row.is_merged, part));
                text_ui(ui, cell.expand2(vec2(2.0, 0.0)), Align::Center, &text, Type::MONO_SMALL, ink);
            }
            let label = self.words.said(&Component::ALL[part]);
            if is_first && cell.width() > text_width(ui, &label, Type::CAPTION) {
                let place = Rect::from_min_size(pos2(left, self.plot.top() - 20.0), vec2(cell.width(), 18.0));
                text_ui(ui, place.expand2(vec2(2.0, 0.0)), Align::Center, &label, Type::CAPTION, colors.text_secondary);
            }
            left = cell.right();
        }
        let total = Rect::from_min_size(pos2(left + space::S8, area.top()), vec2(TOTALS, BAR));
        text_ui(ui, total, Align::Left, &units::bytes(row.bar.total()), Type::MONO, colors.text);
    }
}

fn legend_ui(ui: &mut Ui, rect: Rect, words: Language) {
    let colors = Colors::of(ui);
    let mut left = rect.left();
    for (index, component) in Component::ALL.into_iter().enumerate() {
        for (offset, is_merged) in [(0.0, false), (9.0, true)] {
            let swatch = Rect::from_center_size(pos2(left + 4.0 + offset, rect.center().y), vec2(8.0, 10.0));
            ui.painter().rect_filled(swatch, 1.0, part_color(colors, is_merged, index));
        }
        let area = Rect::from_min_size(pos2(left + 22.0, rect.top()), vec2(120.0, rect.height()));
        let text = text_ui(ui, area, Align::Left, &words.said(&component), Type::CAPTION, colors.text_secondary);
        left = text.rect.right() + space::S16;
    }
}
