//! The system's dialogs, each on a thread of its own, so that the window goes on behind it.

use std::path::{Path, PathBuf};

use egui::Context;

use super::{
    command::face::ScreenCommand,
    jobs::kind::JobKind,
    notice::{Notice, Tone},
    state::AppState,
};
use crate::{message::Problem, platform::FileDialogs};

/// Extensions of texts that a model can be measured on.
pub(in crate::gui) const TEXT_EXTENSIONS: [&str; 3] = ["txt", "md", "jsonl"];

/// A folder to be chosen.
pub(in crate::gui) struct FolderDialog {
    /// What it is called.
    pub(in crate::gui) title: &'static str,
    /// Where it starts.
    pub(in crate::gui) start: Option<PathBuf>,
    /// Whether the folder is not there yet.
    pub(in crate::gui) is_new: bool,
}

impl FolderDialog {
    /// Shows it; `take` gets the folder, unless the user chooses none.
    pub(in crate::gui) fn show(
        self,
        state: &mut AppState,
        ctx: &Context,
        take: impl FnOnce(&mut AppState, &Context, PathBuf) + 'static,
    ) {
        if !state.is_locked() {
            show(state, ctx, JobKind::ChooseFolder, move || self.choose(), take);
        }
    }

    fn choose(self) -> Option<PathBuf> {
        let mut dialog = rfd::FileDialog::new().set_title(self.title);
        if let Some(parent) = self.start.as_deref().and_then(Path::parent) {
            dialog = dialog.set_directory(parent);
        }
        if !self.is_new {
            return dialog.pick_folder();
        }
        let name = self.start.as_deref().and_then(Path::file_name).map(|name| name.to_string_lossy().into_owned());
        dialog.set_file_name(name.unwrap_or_else(|| "merged".to_owned())).save_file()
    }
}

/// Shows a dialog for texts; `take` gets them, unless the user chooses none.
pub(in crate::gui) fn choose_texts(
    state: &mut AppState,
    ctx: &Context,
    title: &'static str,
    take: impl FnOnce(&mut AppState, &Context, Vec<PathBuf>) + 'static,
) {
    let choose = move || rfd::FileDialog::new().set_title(title).add_filter("text", &TEXT_EXTENSIONS).pick_files();
    show(state, ctx, JobKind::ChooseTexts, choose, take);
}

/// Shows a dialog, unless one of its kind is open; `take` gets what is chosen in it.
fn show<T: Send + 'static>(
    state: &mut AppState,
    ctx: &Context,
    kind: JobKind,
    choose: impl FnOnce() -> Option<T> + Send + 'static,
    take: impl FnOnce(&mut AppState, &Context, T) + 'static,
) {
    let take = move |state: &mut AppState, ctx: &Context, chosen: Result<Option<T>, Problem>| {
        if let Ok(Some(chosen)) = chosen {
            take(state, ctx, chosen);
        }
    };
    if !state.jobs.is_running(kind) {
        state.jobs.start(kind, ctx, move |_| Ok(choose()), take);
    }
}

/// Says so where nothing here shows dialogs.
pub(in crate::gui) fn are_missing(state: &mut AppState, advice: &'static str) -> bool {
    let are_missing = state.file_dialogs == Some(FileDialogs::Missing);
    if are_missing {
        state.notice = Some(Notice::new(Tone::Caution, state.words().text(advice)));
    }
    are_missing
}

/// What a dialog is called: what its command does.
pub(in crate::gui) fn title(command: &impl ScreenCommand, state: &AppState) -> &'static str {
    command.face().map_or("", |face| face.tooltip_text(state.words()))
}
