//! Opening the window.

use std::{io::IsTerminal as _, path::PathBuf};

use egui::ViewportBuilder;

use super::{
    launch_error::LaunchError,
    renderers::{self, Place},
};
use crate::{
    error::Hint as _,
    gui::{
        app::{
            application::{LorafuseApp, install_look},
            machine::Machine,
            settings::Settings,
        },
        frame::wells::{command::WellsCommand, well::WellKind},
    },
};

/// Folders to put into the wells at the start.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct LaunchPaths {
    /// Base model.
    pub base: Option<PathBuf>,
    /// Adapter.
    pub adapter: Option<PathBuf>,
    /// Output.
    pub output: Option<PathBuf>,
}

/// Opens the window and returns when it is closed.
///
/// # Errors
/// No display, no renderer that works on it, or a fault while it was open.
pub fn run(paths: &LaunchPaths) -> Result<(), LaunchError> {
    let ended = renderers::open(&viewport(), Place::Remembered, &|creation| Ok(Box::new(app(creation, paths))));
    match &ended {
        Err(LaunchError::Fault { log: Some(log) }) => super::fault_window::show_from_a_new_process(log),
        Err(error @ (LaunchError::NoRenderer { .. } | LaunchError::NoLibrary { .. })) => show_message(error),
        _ => {}
    }
    ended
}

/// Says what a start from a menu would say to nobody, where the system shows messages without a renderer of ours.
fn show_message(error: &LaunchError) {
    if !std::io::stderr().is_terminal() {
        let text = [Some(error.to_string()), error.hint()].into_iter().flatten().collect::<Vec<_>>().join("\n\n");
        rfd::MessageDialog::new().set_title("Lorafuse").set_description(text).show();
    }
}

/// The main window, which is not open yet.
pub(in crate::gui) fn viewport() -> ViewportBuilder {
    ViewportBuilder::default()
        .with_title("Lorafuse")
        .with_inner_size([1280.0, 800.0])
        .with_min_inner_size([900.0, 600.0])
        .with_drag_and_drop(true)
}

/// The app as it was left, with `paths` in its wells.
pub(in crate::gui) fn app(creation: &eframe::CreationContext<'_>, paths: &LaunchPaths) -> LorafuseApp {
    install_look(&creation.egui_ctx);
    let mut app = LorafuseApp::new(Machine::detect());
    let settings = creation.storage.map(Settings::load).unwrap_or_default();
    settings.apply(&mut app.state, &creation.egui_ctx);
    let given = [(WellKind::Base, &paths.base), (WellKind::Adapter, &paths.adapter), (WellKind::Output, &paths.output)];
    for (kind, path) in given {
        if let Some(path) = path {
            app.ask(WellsCommand::EditPath(kind, path.to_string_lossy().into_owned()));
            app.ask(WellsCommand::EnterPath(kind));
        }
    }
    app
}
