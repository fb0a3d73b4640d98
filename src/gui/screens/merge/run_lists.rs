//! The lists under a running merge: weight files and events.

use crate::gui::design::layout::rule::placed_ui;
use egui::{Rect, ScrollArea, Ui, UiBuilder, pos2, vec2};

use super::running::Running;
use crate::{
    gui::{
        app::state::AppState,
        design::{
            quantities::clock,
            tokens::{Colors, Type, space},
            widget::{Align, Icon, hairline, icon_ui, panel_title_ui, progress_bar_ui, text_ui},
        },
    },
    job::Stage,
    message::message,
    units,
};

/// Height of a line.
const ROW: f32 = 27.0;

/// A weight file and how much of it is written.
struct ShardRow<'a> {
    name: &'a str,
    byte_count: u64,
    share: f64,
}

/// Weight files are written one after another, so the bytes done say where each stands.
fn shard_rows(running: &Running) -> Vec<ShardRow<'_>> {
    let mut left = if running.stage == Stage::Merging { running.sample.bytes_done } else { u64::MAX };
    let row = |shard: &'_ crate::plan::OutputShard| {
        let byte_count: u64 = shard.steps.iter().map(|step| step.byte_count).sum();
        let done = left.min(byte_count);
        left -= done;
        (byte_count, done as f64 / byte_count.max(1) as f64)
    };
    let shares: Vec<(u64, f64)> = running.plan.shards.iter().map(row).collect();
    let rows = running.plan.shards.iter().zip(shares);
    rows.map(|(shard, (byte_count, share))| ShardRow { name: &shard.file_name, byte_count, share }).collect()
}

/// Every weight file and how much of it is written.
pub(in crate::gui) fn shards_ui(ui: &mut Ui, rect: Rect, state: &AppState, running: &Running) {
    let words = state.words();
    let rows = shard_rows(running);
    let complete = rows.iter().filter(|row| row.share >= 1.0).count();
    let remark = words.say(&message!("complete-of", complete: complete, total: rows.len()));
    let body = panel_title_ui(ui, rect, words.text("shards-title"), &remark);
    list_ui(ui, rect, body, "shards", rows.len(), |ui, index, row| shard_ui(ui, row, &rows[index]));
}

fn shard_ui(ui: &mut Ui, row: Rect, shard: &ShardRow<'_>) {
    let colors = Colors::of(ui);
    let (icon, color) = if shard.share >= 1.0 {
        (Icon::Tick, colors.ok)
    } else if shard.share > 0.0 {
        (Icon::AtWork, colors.accent)
    } else {
        (Icon::Waiting, colors.text_tertiary)
    };
    let inner = row.shrink2(vec2(space::S12, 0.0));
    icon_ui(ui, Rect::from_min_size(inner.min - vec2(2.0, 0.0), vec2(16.0, row.height())), icon, color);
    let track_width = if inner.width() < 480.0 { 60.0 } else { 120.0 };
    let track_right = inner.right() - 88.0;
    let ink = if shard.share > 0.0 { colors.text } else { colors.text_tertiary };
    let name_right = track_right - track_width - space::S12;
    let name = Rect::from_min_max(inner.min + vec2(24.0, 0.0), pos2(name_right, inner.bottom()));
    text_ui(ui, name, Align::Left, shard.name, Type::MONO_SMALL, ink);
    let track = Rect::from_min_max(
        pos2(track_right - track_width, row.center().y - 3.0),
        pos2(track_right, row.center().y + 3.0),
    );
    placed_ui(ui, track, |ui| progress_bar_ui(ui, track.height(), shard.share, shard.name));
    text_ui(ui, inner, Align::Right, &units::bytes(shard.byte_count), Type::MONO, colors.text_secondary);
}

/// What happened, the latest first.
pub(in crate::gui) fn events_ui(ui: &mut Ui, rect: Rect, state: &AppState, running: &Running) {
    let words = state.words();
    let id = if running.is_checking() { "tensors-compared" } else { "tensors-written" };
    let remark = words.say(&message!(id, count: running.tensors_done));
    let body = panel_title_ui(ui, rect, words.text("events"), &remark);
    let colors = Colors::of(ui);
    list_ui(ui, rect, body, "events", running.events.len(), |ui, index, row| {
        let Some((at, event)) = running.events.iter().rev().nth(index) else { return };
        let inner = row.shrink2(vec2(space::S12, 0.0));
        let time = if state.machine.shows_measurements { clock(at.as_secs_f64()) } else { String::new() };
        text_ui(ui, inner, Align::Left, &time, Type::MONO_SMALL, colors.text_tertiary);
        let area = Rect::from_min_max(inner.min + vec2(44.0, 0.0), inner.max);
        text_ui(ui, area, Align::Left, &words.said(event), Type::EVIDENCE, colors.text_secondary);
    });
}

/// A list of `count` rows of which only the visible ones are painted.
fn list_ui(ui: &mut Ui, panel: Rect, body: Rect, id: &str, count: usize, mut row_ui: impl FnMut(&mut Ui, usize, Rect)) {
    hairline(ui, panel, body.top());
    let list = body.shrink2(vec2(1.0, 1.0));
    ui.scope_builder(UiBuilder::new().id_salt(id).max_rect(list), |ui| {
        ui.set_clip_rect(list.intersect(ui.clip_rect()));
        ui.spacing_mut().item_spacing = egui::Vec2::ZERO;
        ScrollArea::vertical().auto_shrink(false).show_rows(ui, ROW, count, |ui, range| {
            for index in range {
                let (_, row) = ui.allocate_space(vec2(list.width(), ROW));
                row_ui(ui, index, row);
                hairline(ui, row, row.bottom());
                ui.advance_cursor_after_rect(row);
            }
        });
    });
}
