//! What a well or a drop needs a person for: said at the top of whatever screen is shown, with the ways out as buttons.

use std::path::PathBuf;

use super::{command::WellsCommand, well::WellKind};
use crate::{
    adapter::{FolderContents, UnknownFolder},
    checkpoint::folder_name,
    gui::{
        app::{
            inspection::{RefusedOutput, Slot},
            state::Phase,
        },
        frame::error_banner::error_banner_with_buttons_ui,
        prelude::*,
    },
    message::{Message, Problem},
    units::path::composed,
};

/// Folders that are offered by name; a trainer may leave hundreds.
const MOST_CHOICES: usize = 8;

/// A way out of a trouble.
pub(in crate::gui) struct WayOut {
    command: Command,
    label: String,
    look: ButtonLook,
    icon: Option<Icon>,
}

impl WayOut {
    fn new(command: WellsCommand, label: impl Into<String>) -> Self {
        Self { command: command.into(), label: label.into(), look: ButtonLook::Plain, icon: None }
    }

    fn primary(self) -> Self {
        Self { look: ButtonLook::Primary, ..self }
    }

    fn icon(self, icon: Icon) -> Self {
        Self { icon: Some(icon), ..self }
    }

    /// The button that takes it.
    pub fn button(&self) -> CommandButton<'_> {
        let button = CommandButton::new(self.command.clone(), self.look).label(&self.label);
        match self.icon {
            Some(icon) => button.icon(icon),
            None => button,
        }
    }
}

/// Paints what there is, above the screen.
pub(in crate::gui) fn troubles_ui(ui: &mut Ui, state: &AppState, commands: &mut Vec<Command>) {
    for (problem, ways_out) in troubles(state) {
        ui.add_space(space::S12);
        let buttons = ways_out.iter().map(WayOut::button).collect();
        let home = state.machine.home.as_deref();
        inset_ui(ui, space::S16, 0.0, |ui| {
            error_banner_with_buttons_ui(ui, &problem, home, buttons, state.words(), commands);
        });
    }
}

fn troubles(state: &AppState) -> Vec<(Problem, Vec<WayOut>)> {
    let words = state.words();
    let dropped = state.unknown_drop.as_ref().map(|dropped| dropped_trouble(dropped, words));
    let inspection = state.inspection.as_ref();
    let refused = inspection.and_then(|inspection| inspection.refused_output.as_ref());
    let refused = refused.filter(|_| matches!(state.phase, Phase::Idle)).map(|refused| output_trouble(refused, words));
    // Without a tree the screen itself is about what does not open.
    let adapter = inspection.filter(|inspection| inspection.tree.is_some()).and_then(|inspection| {
        let Slot::Failed(problem) = &inspection.adapter else { return None };
        Some((problem.clone(), ways_out(WellKind::Adapter, &inspection.adapter_choices, words)))
    });
    [dropped, refused, adapter].into_iter().flatten().collect()
}

/// The folders that may have been meant in place of what lies in the well, and the dialog.
pub(in crate::gui) fn ways_out(kind: WellKind, choices: &[PathBuf], words: Language) -> Vec<WayOut> {
    let choose = match kind {
        WellKind::Adapter => words.text("choose-another-adapter"),
        WellKind::Base | WellKind::Output => words.text("choose-another-base"),
    };
    let named = choices.iter().take(MOST_CHOICES).map(|path| {
        let name = composed(&folder_name(path));
        WayOut::new(WellsCommand::Fill(kind, path.clone()), name)
    });
    named.chain([WayOut::new(WellsCommand::Browse(kind), choose).icon(Icon::Folder)]).collect()
}

fn output_trouble(refused: &RefusedOutput, words: Language) -> (Problem, Vec<WayOut>) {
    let other = refused.other.as_ref().map(|other| {
        let name = composed(&folder_name(other));
        WayOut::new(WellsCommand::Fill(WellKind::Output, other.clone()), name).primary()
    });
    let elsewhere = WayOut::new(WellsCommand::Browse(WellKind::Output), words.text("another-place")).icon(Icon::Folder);
    (refused.problem.clone(), other.into_iter().chain([elsewhere]).collect())
}

/// What was dropped and has no well of its own.
fn dropped_trouble(dropped: &UnknownFolder, words: Language) -> (Problem, Vec<WayOut>) {
    let UnknownFolder { path, contents } = dropped;
    let what = Message::of(contents);
    let problem = Problem { hint: what.hint(), what, path: Some(path.to_string_lossy().into_owned()) };
    let mut ways_out = Vec::new();
    match contents {
        FolderContents::Nothing => {
            let command = WellsCommand::Fill(WellKind::Output, path.clone());
            ways_out.push(WayOut::new(command, words.text("merge-into-it")).icon(Icon::Folder));
        }
        FolderContents::Below { models, adapters } => {
            if let ([model], [adapter]) = (models.as_slice(), adapters.as_slice()) {
                let both = WellsCommand::Drop(vec![path.join(model), path.join(adapter)]);
                ways_out.push(WayOut::new(both, words.text("open-both")).primary());
            }
            let below =
                [(WellKind::Base, words.text("base"), models), (WellKind::Adapter, words.text("adapter"), adapters)];
            for (kind, well, names) in below {
                ways_out.extend(names.iter().take(MOST_CHOICES).map(|name| {
                    WayOut::new(
                        WellsCommand::Fill(kind, path.join(name)),
                        words.say(&message!("put-into", name: composed(name), well: well)),
                    )
                }));
            }
        }
        FolderContents::File | FolderContents::Other { .. } => {}
    }
    ways_out.push(WayOut::new(WellsCommand::ForgetDrop, words.text("close")));
    (problem, ways_out)
}
