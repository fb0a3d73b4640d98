//! A merge at work: byte-true progress, throughput, what is left, the tensor in hand, Cancel.

use egui::{CornerRadius, Rect, Ui, UiBuilder, pos2, vec2};

use super::{
    command_button::CommandButton,
    screen_header::{inside, screen_header_ui},
};
use crate::{
    gui::{
        command::UiCommand,
        state::{AppState, Running},
        tokens::{Palette, Type, grid, space},
        view::split_unit,
        widget::{
            Align, ButtonLook, Icon, hairline, icon_ui, panel_frame, panel_title_ui, runs_ui, text_ui, text_width,
        },
    },
    job::Stage,
    units,
};

const STAGES: [Stage; 3] = [Stage::Merging, Stage::Syncing, Stage::Verifying];

/// The Merge screen during a run.
pub(in crate::gui) fn merge_running_ui(
    ui: &mut Ui,
    rect: Rect,
    state: &AppState,
    running: &Running,
    commands: &mut Vec<UiCommand>,
) {
    let words = state.words();
    let (line, body) = screen_header_ui(ui, rect, words.merging, &[]);
    let left = line.left() + text_width(ui, words.merging, Type::TITLE) + space::S24;
    stages_ui(ui, Rect::from_min_max(pos2(left, line.top()), line.max), state, running.stage);
    let label = if running.is_cancelling { words.cancelling } else { words.cancel };
    let button = CommandButton::new(UiCommand::CancelMerge, ButtonLook::Plain)
        .label(label)
        .with_shortcut()
        .enabled(!running.is_cancelling);
    let width = button.width(ui, words);
    let place = Rect::from_min_max(
        pos2(line.right() - width, line.center().y - grid::BUTTON / 2.0),
        pos2(line.right(), line.center().y + grid::BUTTON / 2.0),
    );
    button.show(ui, place, words, commands);
    let area = inside(body);
    let progress = Rect::from_min_size(area.min, vec2(area.width(), 142.0));
    progress_ui(ui, progress, state, running);
    let below = Rect::from_min_max(progress.left_bottom() + vec2(0.0, grid::GAP), area.max);
    let half = ((below.width() - grid::GAP) * 0.545).round();
    let shards = Rect::from_min_size(below.min, vec2(half, below.height()));
    shards_ui(ui, shards, state, running);
    let events = Rect::from_min_max(pos2(shards.right() + grid::GAP, below.top()), below.max);
    events_ui(ui, events, state, running);
}

fn stages_ui(ui: &mut Ui, rect: Rect, state: &AppState, current: Stage) {
    let palette = Palette::of(ui);
    let reached = STAGES.iter().position(|stage| *stage == current).unwrap_or(0);
    let mut left = rect.left();
    for (index, name) in state.words().stages.into_iter().enumerate() {
        let (icon, color, ink) = match index.cmp(&reached) {
            std::cmp::Ordering::Less => (Icon::Tick, palette.ok, palette.text_secondary),
            std::cmp::Ordering::Equal => (Icon::AtWork, palette.accent, palette.text),
            std::cmp::Ordering::Greater => (Icon::Waiting, palette.text_tertiary, palette.text_secondary),
        };
        icon_ui(ui, Rect::from_min_size(pos2(left, rect.top()), vec2(16.0, rect.height())), icon, color);
        let kind = if index == reached { Type::BODY_MEDIUM } else { Type::BODY };
        let area = Rect::from_min_size(pos2(left + 20.0, rect.top()), vec2(200.0, rect.height()));
        let text = text_ui(ui, area, Align::Left, name, kind, ink);
        left = text.rect.right() + space::S12;
        if index < 2 {
            let chevron = Rect::from_min_size(pos2(left - 4.0, rect.top()), vec2(16.0, rect.height()));
            icon_ui(ui, chevron, Icon::ChevronRight, palette.text_tertiary);
            left += 20.0;
        }
    }
}

fn progress_ui(ui: &mut Ui, rect: Rect, state: &AppState, running: &Running) {
    let palette = Palette::of(ui);
    let words = state.words();
    panel_frame(ui, rect);
    let inner = rect.shrink2(vec2(space::S16, space::S12));
    let sample = &running.sample;
    let share = if sample.bytes_total == 0 { 0.0 } else { sample.bytes_done as f64 / sample.bytes_total as f64 };
    let share = share.clamp(0.0, 1.0);
    let head = Rect::from_min_size(inner.min, vec2(inner.width(), 30.0));
    let percent = format!("{:.1} %", share * 100.0);
    let moved = (words.bytes_of)(&units::bytes(sample.bytes_done), &units::bytes(sample.bytes_total));
    let runs = [
        (percent.as_str(), Type::FIGURE, palette.text),
        ("   ", Type::BODY, palette.text),
        (moved.as_str(), Type::MONO, palette.text_secondary),
    ];
    runs_ui(ui, head, Align::Left, &runs);
    if !sample.current.is_empty() {
        let current = crate::gui::view::elide_middle(&sample.current, 64);
        let runs = [
            (words.now, Type::EVIDENCE, palette.text_secondary),
            ("  ", Type::EVIDENCE, palette.text),
            (current.as_str(), Type::MONO, palette.text),
        ];
        let area = Rect::from_min_max(pos2(inner.left() + 360.0, head.top()), head.max);
        runs_ui(ui, area, Align::Right, &runs);
    }
    let track = Rect::from_min_size(inner.min + vec2(0.0, 38.0), vec2(inner.width(), 10.0));
    bar_ui(ui, track, share, state.words().merging);
    let eta = running.rate.eta_secs(sample.bytes_total);
    let rate = running.rate.bytes_per_sec();
    #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "bytes per second, positive")]
    let rate = rate.map_or_else(|| "—".to_owned(), |rate| format!("{}/s", units::bytes(rate as u64)));
    let clock = |secs: Option<f64>| secs.map_or_else(|| "—".to_owned(), minutes);
    let shows = state.machine.shows_measurements;
    let hidden = |text: String| if shows { text } else { "—".to_owned() };
    let total = running.plan.steps().count();
    let figures = [
        (words.elapsed, hidden(minutes(running.started.elapsed().as_secs_f64()))),
        (words.left_about, hidden(clock(eta))),
        (words.throughput, hidden(rate)),
        (words.tensors_done, (words.bytes_of)(&running.tensors_done.to_string(), &total.to_string())),
    ];
    let width = inner.width() / figures.len() as f32;
    for (index, (label, value)) in figures.iter().enumerate() {
        let left = inner.left() + index as f32 * width;
        let upper = Rect::from_min_size(pos2(left, track.bottom() + 12.0), vec2(width - 8.0, 16.0));
        text_ui(ui, upper, Align::Left, label, Type::CAPTION_MEDIUM, palette.text_secondary);
        let lower = Rect::from_min_size(pos2(left, upper.bottom() + 2.0), vec2(width - 8.0, 28.0));
        let (number, unit) = split_unit(value);
        let runs = [
            (number, Type::FIGURE, palette.text),
            (" ", Type::BODY, palette.text_secondary),
            (unit, Type::BODY, palette.text_secondary),
        ];
        runs_ui(ui, lower, Align::Left, &runs[..if unit.is_empty() { 1 } else { 3 }]);
    }
}

/// `0:31`, `12:05`, `1:02:05`.
fn minutes(duration_secs: f64) -> String {
    #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "positive, far below 2^63 seconds")]
    let seconds = duration_secs.max(0.0).round() as u64;
    let (hours, minutes, seconds) = (seconds / 3600, seconds % 3600 / 60, seconds % 60);
    if hours > 0 { format!("{hours}:{minutes:02}:{seconds:02}") } else { format!("{minutes}:{seconds:02}") }
}

/// A progress bar that a screen reader can read.
fn bar_ui(ui: &mut Ui, rect: Rect, share: f64, label: &str) {
    let palette = Palette::of(ui);
    let response = ui.allocate_rect(rect, egui::Sense::hover());
    response.widget_info(|| {
        let mut info = egui::WidgetInfo::labeled(egui::Role::ProgressIndicator, true, label);
        info.value = Some(share * 100.0);
        info
    });
    let corner = CornerRadius::same(4);
    ui.painter().rect_filled(rect, corner, palette.stroke);
    #[expect(clippy::cast_possible_truncation, reason = "a width on screen")]
    let width = rect.width() * share as f32;
    if width >= 1.0 {
        ui.painter().rect_filled(
            Rect::from_min_size(rect.min, vec2(width, rect.height())),
            corner,
            palette.accent_fill,
        );
    }
}

fn shards_ui(ui: &mut Ui, rect: Rect, state: &AppState, running: &Running) {
    let palette = Palette::of(ui);
    let words = state.words();
    let shards = &running.plan.shards;
    let mut before = 0;
    let rows: Vec<(&str, u64, f64)> = shards
        .iter()
        .map(|shard| {
            let steps = shard.steps.len();
            let share = (running.tensors_done.saturating_sub(before)).min(steps) as f64 / steps.max(1) as f64;
            before += steps;
            (shard.file_name.as_str(), shard.byte_count, share)
        })
        .collect();
    let complete = rows.iter().filter(|(_, _, share)| *share >= 1.0).count();
    let remark = (words.bytes_of)(&complete.to_string(), &rows.len().to_string());
    let body = panel_title_ui(ui, rect, words.shards_title, &remark);
    hairline(ui, rect, body.top());
    let list = body.shrink2(vec2(1.0, 1.0));
    ui.scope_builder(UiBuilder::new().id_salt("shards").max_rect(list), |ui| {
        ui.set_clip_rect(list.intersect(ui.clip_rect()));
        ui.spacing_mut().item_spacing = egui::Vec2::ZERO;
        egui::ScrollArea::vertical().auto_shrink(false).show_rows(ui, 27.0, rows.len(), |ui, range| {
            for (name, byte_count, share) in &rows[range] {
                let (_, row) = ui.allocate_space(vec2(list.width(), 27.0));
                let (icon, color) = if *share >= 1.0 {
                    (Icon::Tick, palette.ok)
                } else if *share > 0.0 {
                    (Icon::AtWork, palette.accent)
                } else {
                    (Icon::Waiting, palette.text_tertiary)
                };
                let inner = row.shrink2(vec2(space::S12, 0.0));
                icon_ui(ui, Rect::from_min_size(inner.min - vec2(2.0, 0.0), vec2(16.0, row.height())), icon, color);
                let ink = if *share > 0.0 { palette.text } else { palette.text_tertiary };
                let area = Rect::from_min_max(inner.min + vec2(24.0, 0.0), pos2(inner.right() - 230.0, inner.bottom()));
                text_ui(ui, area, Align::Left, name, Type::MONO_SMALL, ink);
                let track = Rect::from_center_size(pos2(inner.right() - 150.0, row.center().y), vec2(120.0, 6.0));
                bar_ui(ui, track, *share, name);
                text_ui(ui, inner, Align::Right, &units::bytes(*byte_count), Type::MONO, palette.text_secondary);
                hairline(ui, row, row.bottom());
                ui.advance_cursor_after_rect(row);
            }
        });
    });
}

fn events_ui(ui: &mut Ui, rect: Rect, state: &AppState, running: &Running) {
    let palette = Palette::of(ui);
    let body = panel_title_ui(ui, rect, state.words().events, "");
    hairline(ui, rect, body.top());
    let list = body.shrink2(vec2(1.0, 1.0));
    ui.scope_builder(UiBuilder::new().id_salt("events").max_rect(list), |ui| {
        ui.set_clip_rect(list.intersect(ui.clip_rect()));
        ui.spacing_mut().item_spacing = egui::Vec2::ZERO;
        let count = running.events.len();
        egui::ScrollArea::vertical().auto_shrink(false).show_rows(ui, 27.0, count, |ui, range| {
            for (at, text) in running.events.iter().rev().skip(range.start).take(range.len()) {
                let (_, row) = ui.allocate_space(vec2(list.width(), 27.0));
                let inner = row.shrink2(vec2(space::S12, 0.0));
                let time = if state.machine.shows_measurements { minutes(at.as_secs_f64()) } else { String::new() };
                text_ui(ui, inner, Align::Left, &time, Type::MONO_SMALL, palette.text_tertiary);
                let area = Rect::from_min_max(inner.min + vec2(40.0, 0.0), inner.max);
                text_ui(ui, area, Align::Left, text, Type::EVIDENCE, palette.text_secondary);
                hairline(ui, row, row.bottom());
                ui.advance_cursor_after_rect(row);
            }
        });
    });
}

#[cfg(test)]
mod tests {
    use super::minutes;

    #[test]
    fn times_read_as_clocks() {
        assert_eq!(minutes(31.4), "0:31");
        assert_eq!(minutes(3725.0), "1:02:05");
    }
}
