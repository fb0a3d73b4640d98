//! How far a piece of work is: what it does, how much of it, what is at hand, and a note.

use egui::{Rect, Ui, vec2};

use crate::{
    gui::{
        app::{jobs::progress::Progress, state::AppState},
        design::{
            tokens::{Colors, Type, space},
            widget::{Align, elided_middle, progress_bar_ui, text_ui, wrapped_text_ui},
        },
    },
    job::ProgressSample,
    message::{Language, Message, message},
    units,
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

/// Paints it from the top of `rect`; returns its bottom.
pub(in crate::gui) fn progress_note_ui(
    ui: &mut Ui,
    rect: Rect,
    sample: &ProgressSample,
    title: &str,
    moved: Option<&str>,
    note: &str,
    words: Language,
) -> f32 {
    let colors = Colors::of(ui);
    let line = |top: f32| Rect::from_min_size(rect.min + vec2(0.0, top), vec2(rect.width(), 18.0));
    text_ui(ui, line(space::S12), Align::Left, title, Type::BODY_MEDIUM, colors.text);
    if let Some(moved) = moved {
        text_ui(ui, line(space::S12), Align::Right, moved, Type::MONO, colors.text_secondary);
    }
    let track = Rect::from_min_size(rect.min + vec2(0.0, 38.0), vec2(rect.width(), 8.0));
    // What cannot be counted has no share that is done.
    if sample.bytes_total > 0 {
        progress_bar_ui(ui, track, sample.bytes_done as f64 / sample.bytes_total as f64, title);
    }
    let current = if sample.current.is_empty() {
        words.text("opening").to_owned()
    } else {
        words.say(&Message::of(&sample.current))
    };
    let current = elided_middle(ui, &current, Type::MONO_SMALL, rect.width());
    text_ui(ui, line(54.0), Align::Left, &current, Type::MONO_SMALL, colors.text_secondary);
    if note.is_empty() {
        return line(54.0).bottom() + space::S12;
    }
    let area = Rect::from_min_max(rect.min + vec2(0.0, 84.0), rect.max);
    let height = wrapped_text_ui(ui, area, &[(note, Type::EVIDENCE, colors.text_secondary)]);
    area.top() + height + space::S16
}
