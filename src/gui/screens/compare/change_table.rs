//! How far the predictions of the models are apart: the chart, and behind a button its numbers, text by text.

use egui::{Rect, Ui, pos2, vec2};

use super::{change_chart::change_chart_ui, command::CompareCommand};
use crate::{
    gui::{
        app::{command::Command, merged_folder::MergedFolder, state::AppState},
        design::{
            tokens::{Colors, Type, grid, space},
            widget::{Align, ButtonLook, flowing_panel_ui, hairline, table_header, text_ui, wrapped_text_ui},
        },
        frame::command_button::CommandButton,
    },
    message::Language,
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
    done: &MergedFolder,
    commands: &mut Vec<Command>,
) -> Rect {
    let words = state.words();
    let shown = done.measured().and_then(|measured| {
        let summary = measured.summaries.iter().find(|summary| summary.language == state.language)?;
        Some((measured, summary.changes.as_ref()?))
    });
    let Some((measured, table)) = shown else { return Rect::from_min_size(place.min, vec2(place.width(), 0.0)) };
    flowing_panel_ui(ui, place, words.text("change-amount"), "", least_bottom, |ui, body| {
        let colors = Colors::of(ui);
        hairline(ui, Rect::from_min_size(place.min, vec2(place.width(), 1.0)), body.top());
        let inner = body.shrink2(vec2(space::S12, 0.0));
        let dtype = done.sizes.merged.float_dtype;
        let mut bottom = change_chart_ui(ui, inner, measured, dtype, state) + space::S4;
        for note in [words.text("change-chart-note"), words.text("change-amount-note")] {
            let area = Rect::from_min_max(pos2(inner.left(), bottom), inner.max);
            bottom += wrapped_text_ui(ui, area, &[(note, Type::CAPTION, colors.text_secondary)]) + space::S4;
        }
        let button =
            CommandButton::new(CompareCommand::ShowChangeNumbers(!done.shows_change_numbers), ButtonLook::Small);
        let size = vec2(button.width(ui, words), grid::SMALL_BUTTON);
        button.show(ui, Rect::from_min_size(pos2(inner.left(), bottom + space::S4), size), words, commands);
        bottom += size.y + space::S12;
        if done.shows_change_numbers {
            bottom = numbers_ui(ui, Rect::from_min_max(pos2(body.left(), bottom), body.max), table, words);
        }
        bottom
    })
}

/// The numbers that the chart is drawn from; returns the bottom.
fn numbers_ui(ui: &mut Ui, body: Rect, table: &ChangeTable, words: Language) -> f32 {
    let colors = Colors::of(ui);
    let header = table_header(ui, body);
    let titles = [words.text("mean-kl"), words.text("median"), "99 %", words.text("largest"), words.text("same-top")];
    for (cell, title) in cells(header).into_iter().skip(1).zip(titles) {
        text_ui(ui, cell, Align::Right, title, Type::CAPTION, colors.text_secondary);
    }
    rows_ui(ui, Rect::from_min_max(header.left_bottom(), body.max), table)
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
    let colors = Colors::of(ui);
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
            text_ui(ui, title, Align::Left, name, Type::BODY_MEDIUM, colors.text);
            (top, pair) = (title.bottom(), name);
        }
        let [text_cell, number_cells @ ..] = cells(line(top, ROW));
        let text = text.strip_suffix(".txt").unwrap_or(text);
        text_ui(ui, text_cell, Align::Left, text, Type::EVIDENCE, colors.text_secondary);
        for (cell, number) in number_cells.into_iter().zip(numbers) {
            text_ui(ui, cell, Align::Right, number, Type::MONO_SMALL, colors.text);
        }
        top += ROW;
    }
    top + space::S4
}
