//! What the merge cost and what it did not: bytes by component, perplexity by text.

use egui::{Rect, Ui, pos2, vec2};

use super::{
    perplexity::{least_height, measure_buttons_ui, perplexity_ui},
    screen_header::{inside, screen_header_ui},
    size_chart::{SizeRow, size_chart_height, size_chart_ui, size_table_height, size_table_ui},
};
use crate::gui::{
    command::UiCommand,
    run::Finished,
    state::AppState,
    tokens::{Palette, Type, grid, space},
    widget::scrolled_ui,
};

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
    let rows = SizeRow::of(state, done);
    let (chart, table) = (size_chart_height(&rows), size_table_height());
    let margins = 2.0 * space::S16;
    let is_narrow = rect.width() < grid::NARROW;
    let sizes = chart + grid::GAP + table;
    let needed =
        margins + if is_narrow { sizes + grid::GAP + least_height(done) } else { sizes.max(least_height(done)) };
    scrolled_ui(ui, "compare", body, needed, |ui, body| {
        let area = inside(body);
        let width = if is_narrow { area.width() } else { ((area.width() - grid::GAP) * 0.49).round() };
        let chart = Rect::from_min_size(area.min, vec2(width, chart));
        size_chart_ui(ui, chart, &rows, done, state);
        let table_bottom = if is_narrow { chart.bottom() + grid::GAP + table } else { area.bottom() };
        let table_top = chart.left_bottom() + vec2(0.0, grid::GAP);
        let table = Rect::from_min_max(table_top, pos2(chart.right(), table_bottom));
        size_table_ui(ui, table, &rows, state);
        let perplexity_min = if is_narrow {
            table.left_bottom() + vec2(0.0, grid::GAP)
        } else {
            chart.right_top() + vec2(grid::GAP, 0.0)
        };
        perplexity_ui(ui, Rect::from_min_max(perplexity_min, area.max), state, done, commands);
    });
}
