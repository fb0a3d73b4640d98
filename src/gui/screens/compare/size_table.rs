//! The numbers behind the bars of the size chart, to the byte.

use egui::{Rect, Ui, pos2, vec2};

use super::size_chart::SizeRow;
use crate::{
    gui::{
        app::{command::Command, merged_folder::MergedFolder, state::AppState},
        design::{
            tokens::{Colors, Type, grid, space},
            widget::{Align, flowing_panel_ui, hairline, runs_ui, table_header, text_ui},
        },
    },
    size::Component,
    units,
};

/// Width of the names of the components.
const NAMES: f32 = 116.0;

/// The panel.
pub(in crate::gui) fn size_table_ui(
    ui: &mut Ui,
    place: Rect,
    least_bottom: f32,
    state: &AppState,
    done: &MergedFolder,
    _commands: &mut Vec<Command>,
) -> Rect {
    let words = state.words();
    let rows = SizeRow::of(state, done);
    flowing_panel_ui(ui, place, words.text("bytes"), words.text("bytes-note"), least_bottom, |ui, body| {
        let colors = Colors::of(ui);
        let header = table_header(ui, body);
        let inner = |row: Rect| row.shrink2(vec2(space::S12, 0.0));
        let column = |row: Rect, index: usize| {
            let inner = inner(row);
            let width = (inner.width() - NAMES) / rows.len() as f32;
            Rect::from_min_size(pos2(inner.left() + NAMES + index as f32 * width, row.top()), vec2(width, row.height()))
        };
        text_ui(ui, inner(header), Align::Left, words.text("component"), Type::CAPTION, colors.text_secondary);
        for (index, row) in rows.iter().enumerate() {
            text_ui(ui, column(header, index), Align::Right, &row.title(), Type::CAPTION, colors.text_secondary);
        }
        let lines = Component::ALL.iter().enumerate().map(|(part, component)| (words.said(component), Some(part)));
        let mut bottom = header.bottom();
        for (label, part) in lines.chain([(words.text("total").to_owned(), None)]) {
            let area = Rect::from_min_size(pos2(place.left(), bottom), vec2(place.width(), grid::LIST_ROW));
            if bottom > header.bottom() {
                hairline(ui, area, bottom);
            }
            let kind = if part.is_none() { Type::BODY_STRONG } else { Type::BODY };
            text_ui(ui, inner(area), Align::Left, &label, kind, colors.text);
            for (index, row) in rows.iter().enumerate() {
                let bytes = units::count(part.map_or_else(|| row.bar.total(), |part| row.bar.bytes[part]));
                // Where components differ in their dtypes, each number says its own.
                let dtype = part.filter(|_| row.bar.is_mixed()).map_or("", |part| row.bar.dtypes[part].as_str());
                let runs = [
                    (dtype, Type::CAPTION, colors.text_secondary),
                    ("  ", Type::CAPTION, colors.text_secondary),
                    (bytes.as_str(), Type::MONO, colors.text),
                ];
                runs_ui(ui, column(area, index), Align::Right, &runs[if dtype.is_empty() { 2 } else { 0 }..]);
            }
            bottom = area.bottom();
        }
        bottom
    })
}
