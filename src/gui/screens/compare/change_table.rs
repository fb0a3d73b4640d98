//! How far the predictions of the models are apart, text by text.

use egui::{Rect, Ui, pos2, vec2};

use crate::{
    gui::{
        app::{command::Command, finished::Finished, state::AppState},
        design::{
            tokens::{Palette, Type, grid, space},
            widget::{Align, flowing_panel_ui, hairline, table_header, text_ui, wrapped_text_ui},
        },
    },
    report::ChangeTable,
};

/// Height of a line of the table.
const ROW: f32 = 24.0;

/// Width of a column of divergences, and of the shares with their intervals.
const NUMBER: f32 = 62.0;
const SHARE: f32 = 176.0;

/// The panel; nothing where no predictions can be compared.
pub(in crate::gui) fn change_table_ui(
    ui: &mut Ui,
    place: Rect,
    least_bottom: f32,
    state: &AppState,
    done: &Finished,
    _commands: &mut Vec<Command>,
) -> Rect {
    let words = state.words();
    let told = done.measured().and_then(|measured| {
        let told = measured.told.iter().find(|told| told.language == state.language)?;
        told.changes.as_ref()
    });
    let Some(table) = told else { return Rect::from_min_size(place.min, vec2(place.width(), 0.0)) };
    flowing_panel_ui(ui, place, words.change_amount, "", least_bottom, |ui, body| {
        let palette = Palette::of(ui);
        let header = table_header(ui, body);
        let titles = [words.mean_kl, words.median, "99 %", words.largest, words.same_top];
        for (cell, title) in cells(header).into_iter().skip(1).zip(titles) {
            text_ui(ui, cell, Align::Right, title, Type::CAPTION, palette.text_secondary);
        }
        let bottom = rows_ui(ui, Rect::from_min_max(header.left_bottom(), body.max), table);
        hairline(ui, header, bottom);
        let note = Rect::from_min_max(pos2(place.left() + space::S12, bottom + space::S8), place.max);
        let note = Rect::from_min_max(note.min, note.max - vec2(space::S12, 0.0));
        let runs = [(words.change_amount_note, Type::CAPTION, palette.text_secondary)];
        note.top() + wrapped_text_ui(ui, note, &runs) + space::S12
    })
}

/// Text, four divergences, share; the text takes what is left.
fn cells(row: Rect) -> [Rect; 6] {
    let inner = row.shrink2(vec2(space::S12, 0.0));
    let at = |from_right: f32, width: f32| {
        let right = inner.right() - from_right;
        Rect::from_min_max(pos2(right - width, row.top()), pos2(right, row.bottom()))
    };
    let number = |index: f32| at(SHARE + index * NUMBER, NUMBER);
    let text = Rect::from_min_max(inner.min, pos2(inner.right() - SHARE - 4.0 * NUMBER, row.bottom()));
    [text, number(3.0), number(2.0), number(1.0), number(0.0), at(0.0, SHARE)]
}

/// A line for each pair of models, and below it one for each text.
fn rows_ui(ui: &mut Ui, rect: Rect, table: &ChangeTable) -> f32 {
    let palette = Palette::of(ui);
    let mut top = rect.top();
    let mut pair = "";
    for cells_of_row in &table.rows {
        let [name, text, numbers @ ..] = cells_of_row.as_slice() else { continue };
        let line = |top: f32, height: f32| Rect::from_min_size(pos2(rect.left(), top), vec2(rect.width(), height));
        if name != pair {
            if top > rect.top() {
                hairline(ui, line(top, ROW), top);
            }
            let title = line(top, grid::LIST_ROW).shrink2(vec2(space::S12, 0.0));
            text_ui(ui, title, Align::Left, name, Type::BODY_MEDIUM, palette.text);
            (top, pair) = (title.bottom(), name);
        }
        let [text_cell, number_cells @ ..] = cells(line(top, ROW));
        let text = text.strip_suffix(".txt").unwrap_or(text);
        text_ui(ui, text_cell, Align::Left, text, Type::EVIDENCE, palette.text_secondary);
        for (cell, number) in number_cells.into_iter().zip(numbers) {
            text_ui(ui, cell, Align::Right, number, Type::MONO_SMALL, palette.text);
        }
        top += ROW;
    }
    top + space::S4
}
