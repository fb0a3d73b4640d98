//! What a well or a drop needs a person for: said at the top of whatever screen is shown, with the ways out as buttons.

use std::{
    borrow::Cow,
    path::{Path, PathBuf},
};

use super::{command::WellsCommand, well::WellKind};
use crate::{
    adapter::{FolderContents, UnknownFolder},
    checkpoint::folder_name,
    gui::{
        app::{
            inspection::{RefusedOutput, Slot},
            state::Phase,
        },
        frame::error_banner::error_banner_ui,
        prelude::*,
    },
    message::{Message, Problem},
    units::path::composed,
};

/// Folders that are offered by name; a trainer may leave hundreds.
const MOST_CHOICES: usize = 8;

/// What is said, with the ways out as buttons.
type Trouble = (Problem, Vec<CommandButton<'static>>);

/// Paints what there is, above the screen.
pub(in crate::gui) fn troubles_ui(ui: &mut Ui, state: &AppState, commands: &mut Vec<Command>) {
    for (problem, ways_out) in troubles(state) {
        ui.add_space(space::S12);
        inset_ui(ui, space::S16, 0.0, |ui| error_banner_ui(ui, state, &problem, ways_out, commands));
    }
}

fn troubles(state: &AppState) -> Vec<Trouble> {
    let words = state.words();
    let dropped = state.unknown_drop.as_ref().map(|dropped| dropped_trouble(dropped, words));
    let inspection = state.inspection.as_deref();
    let refused = inspection.and_then(|inspection| inspection.refused_output.as_ref());
    let refused = refused.filter(|_| matches!(state.phase, Phase::Idle)).map(|refused| output_trouble(refused, words));
    // Without a tree the screen itself is about what does not open.
    let adapter = inspection.filter(|inspection| inspection.tree.is_some()).and_then(|inspection| {
        let Slot::Failed(problem) = &inspection.adapter else { return None };
        Some((problem.clone(), ways_out(WellKind::Adapter, &inspection.adapter_choices, words)))
    });
    [dropped, refused, adapter].into_iter().flatten().collect()
}

fn plain(command: WellsCommand, label: impl Into<Cow<'static, str>>) -> CommandButton<'static> {
    CommandButton::new(command, ButtonLook::Plain).label(label)
}

fn primary(command: WellsCommand, label: impl Into<Cow<'static, str>>) -> CommandButton<'static> {
    CommandButton::new(command, ButtonLook::Primary).label(label)
}

/// What the button for `path` says.
fn name(path: &Path) -> String {
    composed(&folder_name(path))
}

/// The folders that may have been meant in place of what lies in the well, and the dialog.
pub(in crate::gui) fn ways_out(kind: WellKind, choices: &[PathBuf], words: Language) -> Vec<CommandButton<'static>> {
    let choose = match kind {
        WellKind::Adapter => words.text("choose-another-adapter"),
        WellKind::Base | WellKind::Output => words.text("choose-another-base"),
    };
    let named = choices.iter().take(MOST_CHOICES);
    let named = named.map(|path| plain(WellsCommand::Fill(kind, path.clone()), name(path)));
    named.chain([plain(WellsCommand::Browse(kind), choose).icon(Icon::Folder)]).collect()
}

fn output_trouble(refused: &RefusedOutput, words: Language) -> Trouble {
    let other = refused.other.as_ref();
    let other = other.map(|other| primary(WellsCommand::Fill(WellKind::Output, other.clone()), name(other)));
    let elsewhere = plain(WellsCommand::Browse(WellKind::Output), words.text("another-place")).icon(Icon::Folder);
    (refused.problem.clone(), other.into_iter().chain([elsewhere]).collect())
}

/// What was dropped and has no well of its own.
fn dropped_trouble(dropped: &UnknownFolder, words: Language) -> Trouble {
    let UnknownFolder { path, contents } = dropped;
    let what = Message::of(contents);
    let problem = Problem { hint: what.hint(), what, path: Some(path.to_string_lossy().into_owned()) };
    let mut ways_out = Vec::new();
    match contents {
        FolderContents::Nothing => {
            let into_it = WellsCommand::Fill(WellKind::Output, path.clone());
            ways_out.push(plain(into_it, words.text("merge-into-it")).icon(Icon::Folder));
        }
        FolderContents::Below { models, adapters } => {
            if let ([model], [adapter]) = (models.as_slice(), adapters.as_slice()) {
                let both = WellsCommand::Drop(vec![path.join(model), path.join(adapter)]);
                ways_out.push(primary(both, words.text("open-both")));
            }
            for (kind, well, names) in [(WellKind::Base, "base", models), (WellKind::Adapter, "adapter", adapters)] {
                ways_out.extend(names.iter().take(MOST_CHOICES).map(|name| {
                    let label = message!("put-into", name: composed(name), well: words.text(well));
                    plain(WellsCommand::Fill(kind, path.join(name)), words.say(&label))
                }));
            }
        }
        FolderContents::File | FolderContents::Other { .. } => {}
    }
    ways_out.push(plain(WellsCommand::ForgetDrop, words.text("close")));
    (problem, ways_out)
}
