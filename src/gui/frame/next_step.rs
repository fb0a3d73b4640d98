//! The way on from what has been read: where the merge goes and the button that starts it, or where its result is.

use egui::{Rect, Ui, pos2, vec2};

use super::command_button::CommandButton;
use crate::{
    gui::{
        app::{
            command::{Command, of_app::AppCommand},
            screen::Screen,
            state::{AppState, Phase},
        },
        design::{
            path_text::display_path,
            tokens::{Colors, Type, grid, space},
            widget::{Align, ButtonLook, elided_middle, runs_ui, text_width},
        },
        screens::merge::command::MergeCommand,
    },
    message::message,
    plan::DtypePolicy,
};

/// Height that it takes.
pub(in crate::gui) const HEIGHT: f32 = grid::PRIMARY_BUTTON + 30.0;

/// Fills the bottom of `rect`.
pub(in crate::gui) fn next_step_ui(ui: &mut Ui, rect: Rect, state: &AppState, commands: &mut Vec<Command>) {
    let words = state.words();
    let button = Rect::from_min_max(pos2(rect.left(), rect.bottom() - grid::PRIMARY_BUTTON), rect.max);
    let line = Rect::from_min_size(pos2(rect.left(), button.top() - 30.0), vec2(rect.width(), 18.0));
    match &state.phase {
        Phase::Running(_) => {
            let command = AppCommand::ShowScreen(Screen::Merge);
            CommandButton::new(command, ButtonLook::Plain)
                .label(words.text("see-merge"))
                .show(ui, button, words, commands);
        }
        Phase::Done(done) => {
            output_ui(
                ui,
                line,
                state,
                if done.made.is_some() { words.text("merged-to") } else { words.text("found-in") },
            );
            let command = AppCommand::ShowScreen(Screen::Compare);
            CommandButton::new(command, ButtonLook::Plain)
                .label(words.text("see-compare"))
                .show(ui, button, words, commands);
        }
        Phase::Idle | Phase::Opening | Phase::Planned(_) | Phase::Failed(_) => {
            output_ui(ui, line, state, words.text("creates"));
            CommandButton::new(MergeCommand::Start, ButtonLook::Primary)
                .label(&start_label(state))
                .with_shortcut()
                .enabled(matches!(state.phase, Phase::Planned(_)))
                .show(ui, button, words, commands);
        }
    }
}

fn output_ui(ui: &mut Ui, line: Rect, state: &AppState, verb: &str) {
    let colors = Colors::of(ui);
    let Some(output) = &state.wells.output.path else { return };
    let path = display_path(output, state.machine.home.as_deref());
    let room = line.width() - text_width(ui, verb, Type::CAPTION) - space::S12;
    let path = elided_middle(ui, &path, Type::MONO_SMALL, room);
    let runs = [
        (verb, Type::CAPTION, colors.text_secondary),
        ("  ", Type::CAPTION, colors.text),
        (path.as_str(), Type::MONO_SMALL, colors.text),
    ];
    runs_ui(ui, line, Align::Left, &runs);
}

/// What the merge would make.
fn start_label(state: &AppState) -> String {
    let words = state.words();
    let base = state.inspection.as_ref().and_then(|inspection| inspection.base.open());
    match (state.options.dtype, base) {
        (DtypePolicy::Convert(dtype), _) => words.say(&message!("merge-to", dtype: dtype.stored().to_string())),
        (DtypePolicy::Keep, Some(base)) => words.say(&message!("merge-keeping", dtype: &base.dtype)),
        (DtypePolicy::Keep, None) => words.text("merge").to_owned(),
    }
}
