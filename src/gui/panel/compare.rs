//! What the merge cost and what it did not: bytes by component, with one honest sentence.

use egui::{Color32, Rect, Ui, UiBuilder, pos2, vec2};
use egui_plot::{Bar, BarChart, Plot, PlotBounds};

use super::{
    perplexity::{measure_buttons_ui, perplexity_ui},
    screen_header::{inside, screen_header_ui},
};
use crate::{
    gui::{
        command::UiCommand,
        run::Finished,
        state::AppState,
        tokens::{Palette, Type, grid, ink_on, space},
        view::{Component, SizeBar, size_sentence},
        widget::{Align, hairline, panel_title_ui, sunken_text_ui, text_ui},
    },
    units,
};

/// One bar and how it is named.
struct ChartRow<'a> {
    name: &'static str,
    note: String,
    bar: &'a SizeBar,
    is_merged: bool,
}

/// The Compare screen.
pub(in crate::gui) fn compare_ui(
    ui: &mut Ui,
    rect: Rect,
    state: &AppState,
    done: &Finished,
    commands: &mut Vec<UiCommand>,
) {
    let palette = Palette::of(ui);
    let words = state.words();
    let subtitle = [(words.compare_subtitle, Type::BODY, palette.text_secondary)];
    let (line, body) = screen_header_ui(ui, rect, words.compare, &subtitle);
    measure_buttons_ui(ui, line, state, done, commands);
    let area = inside(body);
    let half = ((area.width() - grid::GAP) * 0.512).round();
    let rows = chart_rows(state, done);
    let size = Rect::from_min_size(area.min, vec2(half, 188.0 + rows.len() as f32 * 48.0));
    size_ui(ui, size, &rows, done, state);
    let right = Rect::from_min_max(pos2(size.right() + grid::GAP, area.top()), area.max);
    let table_height = grid::PANEL_TITLE + 26.0 + (Component::ALL.len() as f32 + 1.0) * grid::LIST_ROW;
    let table = Rect::from_min_size(right.min, vec2(right.width(), table_height));
    table_ui(ui, table, &rows, state);
    let perplexity = Rect::from_min_max(table.left_bottom() + vec2(0.0, grid::GAP), right.max);
    ui.scope_builder(UiBuilder::new().id_salt("perplexity").max_rect(perplexity), |ui| {
        perplexity_ui(ui, perplexity, state, done);
    });
}

fn chart_rows<'a>(state: &AppState, done: &'a Finished) -> Vec<ChartRow<'a>> {
    let words = state.words();
    let sizes = &done.sizes;
    let mut rows = vec![ChartRow {
        name: words.base,
        note: (words.as_stored)(&sizes.stored.dtype),
        bar: &sizes.stored,
        is_merged: false,
    }];
    if let Some(cast) = &sizes.cast {
        rows.push(ChartRow { name: words.base, note: (words.cast_to)(&cast.dtype), bar: cast, is_merged: false });
    }
    rows.push(ChartRow {
        name: words.merged_model,
        note: sizes.merged.dtype.clone(),
        bar: &sizes.merged,
        is_merged: true,
    });
    rows
}

/// The colour of a component's part of a bar; the smallest share the last one.
fn part_color(palette: &Palette, is_merged: bool, index: usize) -> Color32 {
    let parts = if is_merged { &palette.merged_parts } else { &palette.base_parts };
    parts.get(index).copied().unwrap_or(palette.stroke_strong)
}

fn size_ui(ui: &mut Ui, rect: Rect, rows: &[ChartRow<'_>], done: &Finished, state: &AppState) {
    let palette = Palette::of(ui);
    let words = state.words();
    let body = panel_title_ui(ui, rect, words.size, words.size_note);
    let inner = body.shrink2(vec2(space::S12, 0.0));
    let chart_height = 26.0 + rows.len() as f32 * 48.0;
    let chart = Rect::from_min_size(inner.min, vec2(inner.width(), chart_height));
    chart_ui(ui, chart, rows);
    let sentence = size_sentence(&done.sizes.stored, &done.sizes.merged, done.plan.dtype);
    let below = Rect::from_min_max(chart.left_bottom() + vec2(0.0, space::S12), inner.max);
    let sunken = sunken_text_ui(ui, below, &sentence);
    let legend = Rect::from_min_size(sunken.left_bottom() + vec2(0.0, space::S12), vec2(inner.width(), 18.0));
    legend_ui(ui, legend, palette);
}

fn legend_ui(ui: &mut Ui, rect: Rect, palette: &Palette) {
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

fn chart_ui(ui: &mut Ui, rect: Rect, rows: &[ChartRow<'_>]) {
    let palette = Palette::of(ui);
    let labels = 104.0;
    let totals = 84.0;
    let plot =
        Rect::from_min_max(pos2(rect.left() + labels, rect.top() + 22.0), pos2(rect.right() - totals, rect.bottom()));
    let most = rows.iter().map(|row| row.bar.total()).max().unwrap_or(1).max(1) as f64;
    let mut charts = Vec::new();
    for (index, row) in rows.iter().enumerate() {
        let mut start = 0.0;
        for (part, bytes) in row.bar.bytes.into_iter().enumerate() {
            let color = part_color(palette, row.is_merged, part);
            let name = Component::ALL[part].label();
            let bar = Bar::new(-(index as f64), bytes as f64).base_offset(start).width(0.72).horizontal();
            let bar = bar.fill(color).stroke(egui::Stroke::new(1.0, palette.panel)).name(name);
            charts.push(BarChart::new(name, vec![bar]).horizontal().color(color).allow_hover(false));
            start += bytes as f64;
        }
    }
    ui.scope_builder(UiBuilder::new().id_salt("size chart").max_rect(plot), |ui| {
        let count = rows.len() as f64;
        Plot::new("size")
            .show_axes(false)
            .show_grid(false)
            .show_background(false)
            .allow_zoom(false)
            .allow_drag(false)
            .allow_scroll(false)
            .allow_boxed_zoom(false)
            .show_x(false)
            .show_y(false)
            .width(plot.width())
            .height(plot.height())
            .set_margin_fraction(egui::Vec2::ZERO)
            .show(ui, |plot_ui| {
                plot_ui.set_plot_bounds(PlotBounds::from_min_max([0.0, 0.5 - count], [most, 0.5]));
                for chart in charts {
                    plot_ui.bar_chart(chart);
                }
            });
    });
    let height = plot.height() / rows.len() as f32;
    for (index, row) in rows.iter().enumerate() {
        let area =
            Rect::from_min_size(pos2(rect.left(), plot.top() + index as f32 * height), vec2(rect.width(), height));
        let name = Rect::from_min_size(area.min + vec2(0.0, height / 2.0 - 17.0), vec2(labels - 8.0, 18.0));
        text_ui(ui, name, Align::Left, row.name, Type::BODY_MEDIUM, palette.text);
        text_ui(ui, name.translate(vec2(0.0, 16.0)), Align::Left, &row.note, Type::CAPTION, palette.text_secondary);
        #[expect(clippy::cast_possible_truncation, reason = "a width on screen")]
        let width = |bytes: u64| (bytes as f64 / most) as f32 * plot.width();
        let mut left = plot.left();
        for (part, bytes) in row.bar.bytes.into_iter().enumerate() {
            let cell = Rect::from_min_size(pos2(left, area.top()), vec2(width(bytes), height));
            let text = units::bytes(bytes);
            if cell.width() > 52.0 {
                let ink = ink_on(part_color(palette, row.is_merged, part));
                text_ui(ui, cell, Align::Center, &text, Type::MONO_SMALL, ink);
            }
            if index == 0 && cell.width() > 40.0 {
                let label = Rect::from_min_size(pos2(left, rect.top() + 4.0), vec2(cell.width(), 16.0));
                text_ui(ui, label, Align::Center, Component::ALL[part].label(), Type::CAPTION, palette.text_secondary);
            }
            left = cell.right();
        }
        let total = Rect::from_min_size(pos2(left + space::S8, area.top()), vec2(totals, height));
        text_ui(ui, total, Align::Left, &units::bytes(row.bar.total()), Type::MONO, palette.text);
    }
}

fn table_ui(ui: &mut Ui, rect: Rect, rows: &[ChartRow<'_>], state: &AppState) {
    let palette = Palette::of(ui);
    let words = state.words();
    let body = panel_title_ui(ui, rect, words.bytes, words.size_note);
    let header = Rect::from_min_size(body.min, vec2(body.width(), 26.0));
    ui.painter().rect_filled(header.shrink2(vec2(1.0, 0.0)), 0.0, palette.app);
    hairline(ui, rect, header.top());
    hairline(ui, rect, header.bottom());
    let column = |row: Rect, index: usize| {
        let inner = row.shrink2(vec2(space::S12, 0.0));
        let width = (inner.width() - 130.0) / rows.len() as f32;
        Rect::from_min_size(pos2(inner.left() + 130.0 + index as f32 * width, row.top()), vec2(width, row.height()))
    };
    let inner = |row: Rect| row.shrink2(vec2(space::S12, 0.0));
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
