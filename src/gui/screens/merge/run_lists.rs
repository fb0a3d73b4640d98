//! The lists under a running merge: weight files and events.

use crate::{
    gui::{design::widget::progress_in_ui, prelude::*},
    merge::Running,
    units::quantity::clock,
};

/// Every weight file and how much of it is written.
pub(in crate::gui) fn shards_ui(ui: &mut Ui, height: f32, state: &AppState, running: &Running) {
    let words = state.words();
    let rows = running.shards();
    let complete = rows.iter().filter(|row| row.share >= 1.0).count();
    let remark = words.say(&message!("complete-of", complete: complete, total: rows.len()));
    let is_narrow = ui.available_width() < grid::NARROW / 2.0;
    let columns = [
        TableColumn::text("", space::S16),
        TableColumn::wide(""),
        TableColumn::text("", if is_narrow { grid::column::SHORT_BAR } else { grid::column::BAR }),
        TableColumn::number("", grid::column::WORD),
    ];
    list_ui(ui, height, words.text("shards-title"), &remark, &columns, rows.len(), |cells, index| {
        let shard = &rows[index];
        let (icon, ink, name_ink) = match shard.share {
            1.0.. => (Icon::Tick, Ink::Ok, Ink::Primary),
            share if share > 0.0 => (Icon::AtWork, Ink::Accent, Ink::Primary),
            _ => (Icon::Waiting, Ink::Tertiary, Ink::Tertiary),
        };
        cells.canvas(|ui, area| icon_ui(ui, area, icon, ink.color(ui)));
        cells.path(shard.name, name_ink);
        cells.canvas(|ui, area| progress_in_ui(ui, area, grid::PROGRESS, shard.share, shard.name));
        cells.number(&units::bytes(shard.byte_count), Ink::Secondary);
    });
}

/// What happened, the latest first.
pub(in crate::gui) fn events_ui(ui: &mut Ui, height: f32, state: &AppState, running: &Running) {
    let words = state.words();
    let id = if running.is_checking() { "tensors-compared" } else { "tensors-written" };
    let remark = words.say(&message!(id, count: running.tensors_done));
    let columns = [TableColumn::text("", grid::column::CLOCK), TableColumn::wide("")];
    list_ui(ui, height, words.text("events"), &remark, &columns, running.events.len(), |cells, index| {
        let Some((at, event)) = running.events.iter().rev().nth(index) else { return };
        let time = if state.machine.shows_measurements { clock(at.as_secs_f64()) } else { String::new() };
        cells.text(&time, Type::MONO_SMALL, Ink::Tertiary);
        cells.text(&words.said(event), Type::EVIDENCE, Ink::Secondary);
    });
}

/// A panel of this height with a list that scrolls.
fn list_ui(
    ui: &mut Ui,
    height: f32,
    title: &str,
    remark: &str,
    columns: &[TableColumn<'_>],
    count: usize,
    row: impl FnMut(&mut Cells<'_>, usize),
) {
    tall_ui(ui, height, |ui| {
        Surface::titled(title).remark(remark).filling().show(ui, |ui| {
            Table::new(title, columns).headless().scrolling().show(ui, count, row);
        });
    });
}
