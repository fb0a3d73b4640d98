//! The way on from what has been read: where the merge goes and the button that starts it, or where its result is.

use crate::units::path::display_path;
use crate::{
    gui::{
        app::state::Phase,
        prelude::*,
        screens::merge::command::{MergeCommand, is_startable},
    },
    plan::{DtypeOption, DtypePolicy},
};

/// Height that it takes.
const HEIGHT: f32 = Type::BODY.line_height + space::S12 + grid::PRIMARY_BUTTON;

/// Paints it at the foot of a side.
pub(in crate::gui) fn next_step_foot_ui(ui: &mut Ui, state: &AppState, commands: &mut Vec<Command>) {
    foot_ui(ui, "next step", HEIGHT + 2.0 * space::S12, |ui| {
        inset_ui(ui, space::S12, space::S12, |ui| next_step_ui(ui, state, commands));
    });
}

fn next_step_ui(ui: &mut Ui, state: &AppState, commands: &mut Vec<Command>) {
    let words = state.words();
    let start = start_label(state);
    let (verb, button) = match &state.phase {
        Phase::Running(_) => {
            let button = CommandButton::new(AppCommand::ShowScreen(Screen::Merge), ButtonLook::Plain);
            (None, button.label(words.text("see-merge")))
        }
        Phase::Done(done) => {
            let verb = if done.made.is_some() { "merged-to" } else { "found-in" };
            let button = CommandButton::new(AppCommand::ShowScreen(Screen::Compare), ButtonLook::Plain);
            (Some(verb), button.label(words.text("see-compare")))
        }
        Phase::Idle | Phase::Opening | Phase::Planned(_) | Phase::Failed(_) => {
            let button = CommandButton::new(MergeCommand::Start, ButtonLook::Primary);
            (Some("creates"), button.label(&start).with_shortcut().enabled(is_startable(state)))
        }
    };
    let output = state.wells.output.path.as_ref().zip(verb);
    ui.allocate_ui_with_layout(
        vec2(ui.available_width(), Type::BODY.line_height),
        egui::Layout::left_to_right(egui::Align::Center),
        |ui| {
            ui.set_min_size(ui.available_size());
            if let Some((output, verb)) = output {
                label_ui(ui, words.text(verb), Type::CAPTION, Ink::Secondary);
                let path = display_path(output, state.machine.home.as_deref());
                path_ui(ui, &path, Type::MONO_SMALL, Ink::Primary);
            }
        },
    );
    ui.add_space(space::S12);
    button.height(grid::PRIMARY_BUTTON).wide().add(ui, words, commands);
}

/// What the merge would make.
fn start_label(state: &AppState) -> String {
    let words = state.words();
    let inspection = state.inspection.as_ref();
    let base = inspection.and_then(|inspection| inspection.base.open());
    if state.options.requantize.is_some() {
        return words.say(&message!("merge-to", dtype: "NF4"));
    }
    let is_chosen = |option: &&DtypeOption| option.policy == state.options.dtype && option.requantize.is_none();
    let chosen = inspection.and_then(|inspection| inspection.dtype_options.iter().find(is_chosen));
    match (chosen.map_or(state.options.dtype, |option| option.written), base) {
        (DtypePolicy::Convert(dtype), _) => words.say(&message!("merge-to", dtype: dtype.stored().to_string())),
        (DtypePolicy::Keep, Some(base)) => words.say(&message!("merge-keeping", dtype: &base.kept_dtype)),
        (DtypePolicy::Keep, None) => words.text("merge").to_owned(),
    }
}
