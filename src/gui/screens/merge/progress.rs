//! A merge at work: byte-true progress, throughput, what is left, the tensor in hand, Cancel.

use std::cmp::Ordering;

use super::{
    command::MergeCommand,
    run_lists::{events_ui, shards_ui},
    throughput_chart::throughput_ui,
};
use crate::{
    gui::{
        design::widget::{elided_middle, icon_ui, progress_bar_ui},
        prelude::*,
    },
    job::Stage,
    merge::Running,
    message::Message,
    units::quantity::{clock, split_unit},
};

/// The Merge screen during a run.
pub(in crate::gui) fn merge_running_ui(ui: &mut Ui, state: &AppState, running: &Running, commands: &mut Vec<Command>) {
    let words = state.words();
    let title = |ui: &mut Ui| {
        let title = if running.is_checking() { "checking" } else { "merging" };
        label_ui(ui, words.text(title), Type::TITLE, Ink::Primary);
        ui.add_space(space::S8);
        stages_ui(ui, words, running);
    };
    page_title_line_ui(ui, title, |ui| {
        CommandButton::new(MergeCommand::Cancel, ButtonLook::Plain)
            .label(words.text(if running.is_cancelling { "cancelling" } else { "cancel" }))
            .with_shortcut()
            .enabled(!running.is_cancelling)
            .add(ui, words, commands);
    });
    page_body_ui(ui, "merge running", |ui| {
        Surface::plain().show(ui, |ui| inset_ui(ui, space::S16, space::S12, |ui| progress_ui(ui, state, running)));
        ui.add_space(grid::GAP);
        // Left out where the window is low.
        if ui.available_height() > grid::THROUGHPUT + grid::GAP + grid::LEAST_LIST {
            throughput_ui(ui, state, running);
            ui.add_space(grid::GAP);
        }
        let height = ui.available_height().max(grid::LEAST_LIST);
        let shards = |ui: &mut Ui, (): &mut ()| shards_ui(ui, height, state, running);
        beside_ui(ui, grid::GAP, &mut (), shards, |ui, ()| events_ui(ui, height, state, running));
    });
}

fn stages_ui(ui: &mut Ui, words: Language, running: &Running) {
    let icon = |ui: &mut Ui, icon: Icon, ink: Ink| {
        let area = spot(ui, vec2(space::S16, space::S16));
        icon_ui(ui, area, icon, ink.color(ui));
    };
    // Merging, syncing, checking.
    let reached = if running.is_checking() { 2 } else { usize::from(running.stage == Stage::Syncing) };
    for (index, name) in ["stage-merge", "stage-sync", "stage-verify"].into_iter().enumerate() {
        if index > 0 {
            icon(ui, Icon::ChevronRight, Ink::Tertiary);
        }
        let (shape, shape_ink, kind, ink) = match index.cmp(&reached) {
            Ordering::Less => (Icon::Tick, Ink::Ok, Type::BODY, Ink::Secondary),
            Ordering::Equal => (Icon::AtWork, Ink::Accent, Type::BODY_MEDIUM, Ink::Primary),
            Ordering::Greater => (Icon::Waiting, Ink::Tertiary, Type::BODY, Ink::Secondary),
        };
        icon(ui, shape, shape_ink);
        label_ui(ui, words.text(name), kind, ink);
    }
}

fn progress_ui(ui: &mut Ui, state: &AppState, running: &Running) {
    let words = state.words();
    let sample = &running.sample;
    let share = (sample.bytes_done as f64 / sample.bytes_total.max(1) as f64).clamp(0.0, 1.0);
    // What cannot be counted has no share that is done.
    let is_counted = sample.bytes_total > 0;
    let done = |ui: &mut Ui| {
        let mut moved = words
            .say(&message!("bytes-of", done: units::bytes(sample.bytes_done), total: units::bytes(sample.bytes_total)));
        if running.is_checking() {
            moved = words.say(&message!("bytes-read", moved: &moved));
        }
        let percent = format!("{:.1} %   ", 100.0 * share);
        if is_counted {
            spans_ui(ui, &[(&percent, Type::FIGURE, Ink::Primary), (&moved, Type::MONO, Ink::Secondary)]);
        }
    };
    let at_hand = |ui: &mut Ui| _ = (!sample.current.is_empty()).then(|| current_ui(ui, state, running));
    Sides::new().height(Type::FIGURE.line_height).shrink_right().show(ui, done, at_hand);
    ui.add_space(space::S8);
    if is_counted {
        let label = words.text(if running.is_checking() { "checking" } else { "merging" });
        progress_bar_ui(ui, grid::BAR, share, label);
    } else {
        ui.add_space(grid::BAR);
    }
    ui.add_space(space::S12);
    ui.columns_const(|columns: &mut [Ui; 4]| {
        for (ui, (label, value)) in columns.iter_mut().zip(figures(state, running)) {
            label_ui(ui, words.text(label), Type::CAPTION_MEDIUM, Ink::Secondary);
            let (number, unit) = split_unit(&value);
            let unit = if unit.is_empty() { String::new() } else { format!(" {unit}") };
            spans_ui(ui, &[(number, Type::FIGURE, Ink::Primary), (&unit, Type::BODY, Ink::Secondary)]);
        }
    });
}

/// What is at hand, at the right end of its line.
fn current_ui(ui: &mut Ui, state: &AppState, running: &Running) {
    let now = format!("{}  ", state.words().text("now"));
    let name = state.words().say(&Message::of(&running.sample.current));
    let room = ui.available_width() - text_width(ui, &now, Type::EVIDENCE) - 1.0;
    let shown = elided_middle(ui, &name, Type::MONO, room);
    hinted_ui(ui, &[(&now, Type::EVIDENCE, Ink::Secondary), (&shown, Type::MONO, Ink::Primary)], &name);
}

/// Label and value of each figure; `—` for what is not known.
fn figures(state: &AppState, running: &Running) -> [(&'static str, String); 4] {
    let known =
        |value: Option<String>| value.filter(|_| state.machine.shows_measurements).unwrap_or_else(|| "—".to_owned());
    #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "bytes per second, positive")]
    let rate = running.rate.bytes_per_sec().map(|rate| format!("{}/s", units::bytes(rate as u64)));
    let total = state.inspection.as_ref().map_or(0, |inspection| inspection.plan_totals.tensor_count);
    let done = running.tensors_done.min(total);
    let tensors = message!("bytes-of", done: done.to_string(), total: total.to_string());
    [
        ("elapsed", known(Some(clock(running.started.elapsed().as_secs_f64())))),
        ("left-about", known(running.rate.eta_secs(running.sample.bytes_total).map(clock))),
        ("throughput", known(rate)),
        (if running.is_checking() { "tensors-checked" } else { "tensors-done" }, state.words().say(&tensors)),
    ]
}
