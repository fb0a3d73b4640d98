//! Opening the window: wgpu first, OpenGL when that fails, and a useful error when there is no display at all.

use std::path::PathBuf;

use super::{LorafuseApp, Machine, UiCommand, WellKind, install_look, settings::Settings};
use crate::error::Hint;

/// The name under which desktops know the window.
const APP_ID: &str = "lorafuse";

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

/// Why no window could be opened.
#[derive(Debug, thiserror::Error)]
pub enum LaunchError {
    /// There is no X11 or Wayland session to open it in.
    #[error("no window can be opened: {reason}")]
    NoDisplay {
        /// What the window system said.
        reason: String,
    },
    /// Neither renderer works.
    #[error("no renderer works here: {reason}")]
    NoRenderer {
        /// What the last one said.
        reason: String,
    },
}

impl Hint for LaunchError {
    fn hint(&self) -> Option<String> {
        Some(match self {
            Self::NoDisplay { .. } => "run `lorafuse demo` to see the whole pipeline without a display".to_owned(),
            Self::NoRenderer { .. } => {
                "install a Vulkan or OpenGL driver, or run `lorafuse demo`, which needs neither".to_owned()
            }
        })
    }
}

/// Opens the window and returns when it is closed.
///
/// # Errors
/// No display, or no renderer that works on it.
pub fn run(paths: LaunchPaths) -> Result<(), LaunchError> {
    let first = open(paths.clone(), eframe::Renderer::Wgpu);
    match first {
        Ok(()) => Ok(()),
        Err(eframe::Error::Wgpu(_)) => open(paths, eframe::Renderer::Glow).map_err(|error| explained(&error)),
        Err(error) => Err(explained(&error)),
    }
}

fn explained(error: &eframe::Error) -> LaunchError {
    // The window system prefixes the place in its own source; what a user needs is the last part.
    let text = error.to_string();
    let reason = text.rsplit(": ").next().unwrap_or(&text).trim_end_matches('.').to_owned();
    match error {
        eframe::Error::Winit(_) | eframe::Error::WinitEventLoop(_) => LaunchError::NoDisplay { reason },
        _ => LaunchError::NoRenderer { reason },
    }
}

fn open(paths: LaunchPaths, renderer: eframe::Renderer) -> eframe::Result {
    let viewport = egui::ViewportBuilder::default()
        .with_title("Lorafuse")
        .with_app_id(APP_ID)
        .with_inner_size([1280.0, 800.0])
        .with_min_inner_size([900.0, 600.0])
        .with_drag_and_drop(true);
    let options = eframe::NativeOptions { viewport, renderer, ..eframe::NativeOptions::default() };
    let create = move |creation: &eframe::CreationContext<'_>| {
        install_look(&creation.egui_ctx);
        let mut app = LorafuseApp::new(Machine::detect());
        let settings = creation.storage.map(Settings::load).unwrap_or_default();
        settings.apply(&mut app.state, &creation.egui_ctx);
        let given =
            [(WellKind::Base, paths.base), (WellKind::Adapter, paths.adapter), (WellKind::Output, paths.output)];
        for (kind, path) in given {
            if let Some(path) = path {
                app.ask(UiCommand::EditPath(kind, path.to_string_lossy().into_owned()));
                app.ask(UiCommand::EnterPath(kind));
            }
        }
        Ok(Box::new(app) as Box<dyn eframe::App>)
    };
    eframe::run_native(APP_ID, options, Box::new(create))
}
