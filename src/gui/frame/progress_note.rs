//! How far a piece of work is: what it does, how much of it, what is at hand, and a note.

use crate::{
    gui::{app::jobs::progress::Progress, design::widget::progress_bar_ui, prelude::*},
    job::ProgressSample,
    message::Message,
};

/// How much of how much is done, and what time is left; `None` until that is known.
pub(in crate::gui) fn moved_text(progress: &Progress, state: &AppState) -> Option<String> {
    let (words, sample) = (state.words(), &progress.sample);
    let moved = words
        .say(&message!("bytes-of", done: units::bytes(sample.bytes_done), total: units::bytes(sample.bytes_total)));
    let left = progress.left_secs().filter(|_| state.machine.shows_measurements);
    let moved = left.map_or(moved.clone(), |left| {
        words.say(&message!("and-time-left", moved: &moved, left: Message::of(&units::RoughDuration::of(left))))
    });
    (sample.bytes_total > 0).then_some(moved)
}

/// Paints it across the available width.
pub(in crate::gui) fn progress_note_ui(
    ui: &mut Ui,
    sample: &ProgressSample,
    title: &str,
    moved: Option<&str>,
    note: &str,
    words: Language,
) {
    ui.add_space(space::S12);
    let mut row = Row::new(title, Type::BODY_MEDIUM, Ink::Primary).margins(0.0, 0.0);
    if let Some(moved) = moved {
        row = row.value(moved, Type::MONO, Ink::Secondary);
    }
    row.show(ui);
    ui.add_space(space::S8);
    // What cannot be counted has no share that is done.
    if sample.bytes_total > 0 {
        progress_bar_ui(ui, grid::PROGRESS, sample.bytes_done as f64 / sample.bytes_total as f64, title);
    } else {
        ui.add_space(grid::PROGRESS);
    }
    ui.add_space(space::S8);
    let current = if sample.current.is_empty() {
        words.text("opening").to_owned()
    } else {
        words.say(&Message::of(&sample.current))
    };
    path_ui(ui, &current, Type::MONO_SMALL, Ink::Secondary);
    ui.add_space(space::S12);
    if !note.is_empty() {
        paragraph_ui(ui, note, Type::EVIDENCE, Ink::Secondary);
        ui.add_space(space::S16);
    }
}
