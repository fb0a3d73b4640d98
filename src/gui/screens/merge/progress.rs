//! A merge at work: byte-true progress, throughput, what is left, the tensor in hand, Cancel.

use crate::gui::design::layout::rule::placed_ui;
use egui::{Rect, Ui, pos2, vec2};

use super::command::MergeCommand;
use super::{
    run_lists::{events_ui, shards_ui},
    running::Running,
    throughput_chart::throughput_ui,
};
use crate::{
    gui::{
        app::{command::Command, state::AppState},
        design::{
            quantities::{clock, split_unit},
            screen_header::{at_right, inside, screen_header_ui},
            tokens::{Colors, Type, grid, space},
            widget::{
                Align, ButtonLook, Icon, elided_middle, icon_ui, panel_frame, progress_bar_ui, runs_ui, text_ui,
                text_width,
            },
        },
        frame::command_button::CommandButton,
    },
    job::Stage,
    message::{Message, message},
    units,
};

/// Height of the progress panel.
const PROGRESS: f32 = 142.0;

/// Height of the throughput chart, left out where the window is low.
const THROUGHPUT: f32 = 172.0;

/// Height that shards and events keep.
const LEAST_LISTS: f32 = 160.0;

/// The Merge screen during a run.
pub(in crate::gui) fn merge_running_ui(ui: &mut Ui, state: &AppState, running: &Running, commands: &mut Vec<Command>) {
    let rect = ui.max_rect();
    let words = state.words();
    let title = if running.is_checking() { words.text("checking") } else { words.text("merging") };
    let (line, body) = screen_header_ui(ui, rect, title, &[]);
    let left = line.left() + text_width(ui, title, Type::TITLE) + space::S24;
    stages_ui(ui, Rect::from_min_max(pos2(left, line.top()), line.max), state, running);
    let label = if running.is_cancelling { words.text("cancelling") } else { words.text("cancel") };
    let button = CommandButton::new(MergeCommand::Cancel, ButtonLook::Plain)
        .label(label)
        .with_shortcut()
        .enabled(!running.is_cancelling);
    let width = button.width(ui, words);
    button.show(ui, at_right(line, vec2(width, grid::BUTTON)), words, commands);
    let area = inside(body);
    let progress = Rect::from_min_size(area.min, vec2(area.width(), PROGRESS));
    progress_ui(ui, progress, state, running);
    let mut below = Rect::from_min_max(progress.left_bottom() + vec2(0.0, grid::GAP), area.max);
    if below.height() > THROUGHPUT + LEAST_LISTS {
        let chart = Rect::from_min_size(below.min, vec2(below.width(), THROUGHPUT));
        throughput_ui(ui, chart, state, running);
        below.min.y = chart.bottom() + grid::GAP;
    }
    let half = ((below.width() - grid::GAP) * 0.545).round();
    let shards = Rect::from_min_size(below.min, vec2(half, below.height()));
    shards_ui(ui, shards, state, running);
    let events = Rect::from_min_max(pos2(shards.right() + grid::GAP, below.top()), below.max);
    events_ui(ui, events, state, running);
}

fn stages_ui(ui: &mut Ui, rect: Rect, state: &AppState, running: &Running) {
    let colors = Colors::of(ui);
    // Merging, syncing, checking.
    let reached = if running.is_checking() { 2 } else { usize::from(running.stage == Stage::Syncing) };
    let mut left = rect.left();
    for (index, name) in ["stage-merge", "stage-sync", "stage-verify"].into_iter().enumerate() {
        let (icon, color, ink) = match index.cmp(&reached) {
            std::cmp::Ordering::Less => (Icon::Tick, colors.ok, colors.text_secondary),
            std::cmp::Ordering::Equal => (Icon::AtWork, colors.accent, colors.text),
            std::cmp::Ordering::Greater => (Icon::Waiting, colors.text_tertiary, colors.text_secondary),
        };
        icon_ui(ui, Rect::from_min_size(pos2(left, rect.top()), vec2(16.0, rect.height())), icon, color);
        let kind = if index == reached { Type::BODY_MEDIUM } else { Type::BODY };
        let area = Rect::from_min_size(pos2(left + 20.0, rect.top()), vec2(200.0, rect.height()));
        let text = text_ui(ui, area, Align::Left, state.words().text(name), kind, ink);
        left = text.rect.right() + space::S12;
        if index < 2 {
            let chevron = Rect::from_min_size(pos2(left - 4.0, rect.top()), vec2(16.0, rect.height()));
            icon_ui(ui, chevron, Icon::ChevronRight, colors.text_tertiary);
            left += 20.0;
        }
    }
}

fn progress_ui(ui: &mut Ui, rect: Rect, state: &AppState, running: &Running) {
    let colors = Colors::of(ui);
    let words = state.words();
    panel_frame(ui, rect);
    let inner = rect.shrink2(vec2(space::S16, space::S12));
    let sample = &running.sample;
    let share = if sample.bytes_total == 0 { 0.0 } else { sample.bytes_done as f64 / sample.bytes_total as f64 };
    let share = share.clamp(0.0, 1.0);
    let head = Rect::from_min_size(inner.min, vec2(inner.width(), 30.0));
    let is_check = running.is_checking();
    let percent = format!("{:.1} %", share * 100.0);
    let mut moved = words
        .say(&message!("bytes-of", done: units::bytes(sample.bytes_done), total: units::bytes(sample.bytes_total)));
    if is_check {
        moved = words.say(&message!("bytes-read", moved: &moved));
    }
    let is_counted = sample.bytes_total > 0;
    let runs = [
        (percent.as_str(), Type::FIGURE, colors.text),
        ("   ", Type::BODY, colors.text),
        (moved.as_str(), Type::MONO, colors.text_secondary),
    ];
    // What cannot be counted has no share that is done.
    let moved_right =
        if is_counted { runs_ui(ui, head, Align::Left, &runs).rect.right() } else { head.left() - space::S24 };
    if !sample.current.is_empty() {
        let area = Rect::from_min_max(pos2(moved_right + space::S24, head.top()), head.max);
        let room = area.width() - text_width(ui, words.text("now"), Type::EVIDENCE) - space::S12;
        let current = elided_middle(ui, &words.say(&Message::of(&sample.current)), Type::MONO, room);
        let runs = [
            (words.text("now"), Type::EVIDENCE, colors.text_secondary),
            ("  ", Type::EVIDENCE, colors.text),
            (current.as_str(), Type::MONO, colors.text),
        ];
        runs_ui(ui, area, if is_counted { Align::Right } else { Align::Left }, &runs);
    }
    let track = Rect::from_min_size(inner.min + vec2(0.0, 38.0), vec2(inner.width(), 10.0));
    if is_counted {
        let label = if is_check { words.text("checking") } else { words.text("merging") };
        placed_ui(ui, track, |ui| progress_bar_ui(ui, track.height(), share, label));
    }
    let eta = running.rate.eta_secs(sample.bytes_total);
    let rate = running.rate.bytes_per_sec();
    #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "bytes per second, positive")]
    let rate = rate.map_or_else(|| "—".to_owned(), |rate| format!("{}/s", units::bytes(rate as u64)));
    let left = |secs: Option<f64>| secs.map_or_else(|| "—".to_owned(), clock);
    let shows = state.machine.shows_measurements;
    let hidden = |text: String| if shows { text } else { "—".to_owned() };
    let total = state.inspection.as_ref().map_or(0, |inspection| inspection.plan_totals.tensor_count);
    let figures = [
        (words.text("elapsed"), hidden(clock(running.started.elapsed().as_secs_f64()))),
        (words.text("left-about"), hidden(left(eta))),
        (words.text("throughput"), hidden(rate)),
        (
            if is_check { words.text("tensors-checked") } else { words.text("tensors-done") },
            words.say(
                &message!("bytes-of", done: running.tensors_done.min(total).to_string(), total: total.to_string()),
            ),
        ),
    ];
    let width = inner.width() / figures.len() as f32;
    for (index, (label, value)) in figures.iter().enumerate() {
        let left = inner.left() + index as f32 * width;
        let upper = Rect::from_min_size(pos2(left, track.bottom() + 12.0), vec2(width - 8.0, 16.0));
        text_ui(ui, upper, Align::Left, label, Type::CAPTION_MEDIUM, colors.text_secondary);
        let lower = Rect::from_min_size(pos2(left, upper.bottom() + 2.0), vec2(width - 8.0, 28.0));
        let (number, unit) = split_unit(value);
        let runs = [
            (number, Type::FIGURE, colors.text),
            (" ", Type::BODY, colors.text_secondary),
            (unit, Type::BODY, colors.text_secondary),
        ];
        runs_ui(ui, lower, Align::Left, &runs[..if unit.is_empty() { 1 } else { 3 }]);
    }
}
