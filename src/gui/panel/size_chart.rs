//! Bytes by component: stacked bars with one honest sentence, and the table beside them.

use egui::{Color32, Rect, Stroke, Ui, pos2, vec2};
use egui_plot::{Bar, BarChart, PlotBounds};

use crate::{
    gui::{
        run::Finished,
        state::AppState,
        tokens::{Palette, Type, grid, ink_on, space},
        view::{ByteUnit, Component, SizeBar, SizeStory},
        widget::{Align, chart_ui, hairline, panel_title_ui, sunken_text_ui, table_header, text_ui, text_width},
    },
    units,
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
pub(super) struct SizeRow<'a> {
    name: &'static str,
    note: String,
    bar: &'a SizeBar,
    is_merged: bool,
}

impl<'a> SizeRow<'a> {
    /// Base as stored, base in the output dtype where that differs, merged.
    pub fn of(state: &AppState, done: &'a Finished) -> Vec<Self> {
        let words = state.words();
        let sizes = &done.sizes;
        let base = |bar: &'a SizeBar, note| SizeRow { name: words.base, note, bar, is_merged: false };
        let mut rows = vec![base(&sizes.stored, (words.as_stored)(&sizes.stored.dtype))];
        rows.extend(sizes.cast.as_ref().map(|cast| base(cast, (words.cast_to)(&cast.dtype))));
        let note = sizes.merged.dtype.clone();
        rows.push(SizeRow { name: words.merged_model, note, bar: &sizes.merged, is_merged: true });
        rows
    }
}

/// The colour of a component's part of a bar; what is left gets the last one.
fn part_color(palette: &Palette, is_merged: bool, index: usize) -> Color32 {
    let parts = if is_merged { &palette.merged_parts } else { &palette.base_parts };
    parts.get(index).copied().unwrap_or(palette.stroke_strong)
}

/// Height of the panel with the bars.
pub(super) fn size_chart_height(rows: &[SizeRow<'_>]) -> f32 {
    grid::PANEL_TITLE + NAMES + rows.len() as f32 * BAR + 112.0
}

/// The bars.
pub(super) fn size_chart_ui(ui: &mut Ui, rect: Rect, rows: &[SizeRow<'_>], done: &Finished, state: &AppState) {
    let words = state.words();
    let most = rows.iter().map(|row| row.bar.total()).max().unwrap_or(1).max(1);
    let unit = ByteUnit::of(most as f64);
    let body = panel_title_ui(ui, rect, words.size, &(words.size_note)(unit.name));
    let inner = body.shrink2(vec2(space::S12, 0.0));
    let chart = Rect::from_min_size(inner.min, vec2(inner.width(), NAMES + rows.len() as f32 * BAR));
    bars_ui(ui, chart, rows, unit);
    let story = SizeStory::new(&done.sizes.stored, &done.sizes.merged, done.plan.dtype);
    let below = Rect::from_min_max(chart.left_bottom() + vec2(0.0, space::S8), inner.max);
    let sunken = sunken_text_ui(ui, below, &(words.size_story)(&story));
    legend_ui(ui, Rect::from_min_size(sunken.left_bottom() + vec2(0.0, space::S12), vec2(inner.width(), 18.0)));
}

fn bars_ui(ui: &mut Ui, rect: Rect, rows: &[SizeRow<'_>], unit: ByteUnit) {
    let palette = Palette::of(ui);
    let plot =
        Rect::from_min_max(pos2(rect.left() + LABELS, rect.top() + NAMES), pos2(rect.right() - TOTALS, rect.bottom()));
    let most = rows.iter().map(|row| row.bar.total()).max().unwrap_or(1).max(1) as f64;
    let count = rows.len() as f64;
    let bounds = PlotBounds::from_min_max([0.0, 0.5 - count], [most, 0.5]);
    chart_ui(ui, "size", plot, bounds, [&[], &[]], |plot_ui| {
        for (index, row) in rows.iter().enumerate() {
            let mut start = 0.0;
            for (part, bytes) in row.bar.bytes.into_iter().enumerate() {
                let color = part_color(palette, row.is_merged, part);
                let name = Component::ALL[part].label();
                let bar = Bar::new(-(index as f64), bytes as f64).base_offset(start).width(0.7).horizontal();
                let bar = bar.fill(color).stroke(Stroke::new(1.0, palette.panel)).name(name);
                plot_ui.bar_chart(BarChart::new(name, vec![bar]).horizontal().color(color).allow_hover(false));
                start += bytes as f64;
            }
        }
    });
    #[expect(clippy::cast_possible_truncation, reason = "a scale for the screen")]
    let points_per_byte = plot.width() / most as f32;
    let labels = BarLabels { plot, unit, points_per_byte };
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
}

impl BarLabels {
    /// Name, the bytes of each part that has room for them, and the total; the first bar names the components.
    fn show(&self, ui: &mut Ui, area: Rect, row: &SizeRow<'_>, is_first: bool) {
        let palette = Palette::of(ui);
        let name = Rect::from_min_size(area.min + vec2(0.0, BAR / 2.0 - 17.0), vec2(LABELS - space::S8, 18.0));
        text_ui(ui, name, Align::Left, row.name, Type::BODY_MEDIUM, palette.text);
        text_ui(ui, name.translate(vec2(0.0, 16.0)), Align::Left, &row.note, Type::CAPTION, palette.text_secondary);
        let mut left = self.plot.left();
        for (part, bytes) in row.bar.bytes.into_iter().enumerate() {
            let cell = Rect::from_min_size(pos2(left, area.top()), vec2(self.points_per_byte * bytes as f32, BAR));
            let text = self.unit.number(bytes);
            if cell.width() > text_width(ui, &text, Type::MONO_SMALL) + 2.0 {
                let ink = ink_on(part_color(palette, row.is_merged, part));
                text_ui(ui, cell.expand2(vec2(2.0, 0.0)), Align::Center, &text, Type::MONO_SMALL, ink);
            }
            let label = Component::ALL[part].label();
            if is_first && cell.width() > text_width(ui, label, Type::CAPTION) {
                let place = Rect::from_min_size(pos2(left, self.plot.top() - 20.0), vec2(cell.width(), 18.0));
                text_ui(ui, place.expand2(vec2(2.0, 0.0)), Align::Center, label, Type::CAPTION, palette.text_secondary);
            }
            left = cell.right();
        }
        let total = Rect::from_min_size(pos2(left + space::S8, area.top()), vec2(TOTALS, BAR));
        text_ui(ui, total, Align::Left, &units::bytes(row.bar.total()), Type::MONO, palette.text);
    }
}

fn legend_ui(ui: &mut Ui, rect: Rect) {
    let palette = Palette::of(ui);
    let mut left = rect.left();
    for (index, component) in Component::ALL.into_iter().enumerate() {
        for (offset, is_merged) in [(0.0, false), (9.0, true)] {
            let swatch = Rect::from_center_size(pos2(left + 4.0 + offset, rect.center().y), vec2(8.0, 10.0));
            ui.painter().rect_filled(swatch, 1.0, part_color(palette, is_merged, index));
        }
        let area = Rect::from_min_size(pos2(left + 22.0, rect.top()), vec2(120.0, rect.height()));
        let text = text_ui(ui, area, Align::Left, component.label(), Type::CAPTION, palette.text_secondary);
        left = text.rect.right() + space::S16;
    }
}

/// Height that the table needs.
pub(super) fn size_table_height() -> f32 {
    grid::PANEL_TITLE + grid::PANEL_TABLE_HEADER + (Component::ALL.len() as f32 + 1.0) * grid::LIST_ROW
}

/// The numbers behind the bars, to the byte.
pub(super) fn size_table_ui(ui: &mut Ui, rect: Rect, rows: &[SizeRow<'_>], state: &AppState) {
    let palette = Palette::of(ui);
    let words = state.words();
    let body = panel_title_ui(ui, rect, words.bytes, words.bytes_note);
    let header = table_header(ui, body);
    let inner = |row: Rect| row.shrink2(vec2(space::S12, 0.0));
    let column = |row: Rect, index: usize| {
        let inner = inner(row);
        let width = (inner.width() - 116.0) / rows.len() as f32;
        Rect::from_min_size(pos2(inner.left() + 116.0 + index as f32 * width, row.top()), vec2(width, row.height()))
    };
    text_ui(ui, inner(header), Align::Left, words.component, Type::CAPTION, palette.text_secondary);
    for (index, row) in rows.iter().enumerate() {
        let title = format!("{} {}", row.name, row.bar.dtype);
        text_ui(ui, column(header, index), Align::Right, &title, Type::CAPTION, palette.text_secondary);
    }
    let lines = Component::ALL.iter().enumerate().map(|(part, component)| (component.label(), Some(part)));
    for (line, (label, part)) in lines.chain([(words.total, None)]).enumerate() {
        let top = header.bottom() + line as f32 * grid::LIST_ROW;
        let area = Rect::from_min_size(pos2(rect.left(), top), vec2(rect.width(), grid::LIST_ROW));
        if line > 0 {
            hairline(ui, rect, top);
        }
        let kind = if part.is_none() { Type::BODY_STRONG } else { Type::BODY };
        text_ui(ui, inner(area), Align::Left, label, kind, palette.text);
        for (index, row) in rows.iter().enumerate() {
            let bytes = part.map_or_else(|| row.bar.total(), |part| row.bar.bytes[part]);
            text_ui(ui, column(area, index), Align::Right, &units::count(bytes), Type::MONO, palette.text);
        }
    }
}
