//! Why there is no window, and what to do about it.

use std::path::PathBuf;

use crate::error::Hint;

/// The variable that chooses a renderer, for a machine whose driver is at fault.
pub(in crate::gui) const RENDERER_VARIABLE: &str = "LORAFUSE_RENDERER";

/// Why no window could be opened, or why it ended.
#[derive(Debug, thiserror::Error)]
pub enum LaunchError {
    /// There is no X11 or Wayland session to open it in.
    #[error("no window can be opened: {reason}")]
    NoDisplay {
        /// What the window system said.
        reason: String,
    },
    /// A library of the window system is not installed.
    #[error("no window can be opened: {name} is missing")]
    NoLibrary {
        /// Its file name.
        name: String,
    },
    /// Neither renderer works.
    #[error("no renderer works here: {reason}")]
    NoRenderer {
        /// What the last one said.
        reason: String,
    },
    /// The renderer failed while the window was open.
    #[error("the renderer failed: {reason}")]
    RendererLost {
        /// What it said.
        reason: String,
    },
    /// `LORAFUSE_RENDERER` names none.
    #[error("`{name}` is no renderer")]
    UnknownRenderer {
        /// What was asked for.
        name: String,
    },
    /// A fault of the program ended the window.
    #[error("a fault of Lorafuse's own ended the window")]
    Fault {
        /// Where it is described.
        log: Option<PathBuf>,
    },
}

impl Hint for LaunchError {
    fn hint(&self) -> Option<String> {
        Some(match self {
            Self::NoDisplay { .. } => "run `lorafuse demo` to see the whole pipeline without a display".to_owned(),
            Self::NoLibrary { .. } => {
                "install it (Debian: libxkbcommon-x11-0, libx11-6, libwayland-client0), or run `lorafuse demo`, which \
                 needs no display"
                    .to_owned()
            }
            Self::NoRenderer { .. } => {
                "install a Vulkan or OpenGL driver (Debian: mesa-vulkan-drivers, libgl1-mesa-dri with libegl1), or run \
                 `lorafuse demo`, which needs neither"
                    .to_owned()
            }
            Self::RendererLost { .. } => {
                format!("start again with {RENDERER_VARIABLE}=glow; a merge goes on where it stopped")
            }
            Self::UnknownRenderer { .. } => format!("set {RENDERER_VARIABLE} to wgpu or glow, or leave it unset"),
            Self::Fault { log: Some(log) } => format!("please report it; the log is {}", log.display()),
            Self::Fault { log: None } => "please report it; no log could be written".to_owned(),
        })
    }
}

impl LaunchError {
    /// What eframe's error means, before or after the window was there.
    pub(in crate::gui) fn of(error: &eframe::Error, has_started: bool) -> Self {
        // The window system prefixes the place in its own source; what a user needs is the last part.
        let text = error.to_string();
        let reason = text.rsplit(": ").next().unwrap_or(&text).trim_end_matches('.').to_owned();
        match error {
            _ if has_started => Self::RendererLost { reason },
            eframe::Error::Winit(_) | eframe::Error::WinitEventLoop(_) => Self::NoDisplay { reason },
            // Its own words are "not found".
            eframe::Error::NoGlutinConfigs(..) => Self::NoRenderer { reason: "no driver answers".to_owned() },
            _ => Self::NoRenderer { reason },
        }
    }

    /// What a panic means before the window was there.
    pub(in crate::gui) fn of_panic(text: &str) -> Self {
        // "Library libxkbcommon-x11.so could not be loaded." is how the keyboard's loader ends.
        match text.strip_prefix("Library ").and_then(|rest| rest.strip_suffix(" could not be loaded.")) {
            Some(name) => Self::NoLibrary { name: name.to_owned() },
            None => Self::NoRenderer { reason: text.to_owned() },
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_missing_library_is_told_from_a_driver_that_fails() {
        let error = LaunchError::of_panic("Library libxkbcommon-x11.so could not be loaded.");
        assert_eq!(error.to_string(), "no window can be opened: libxkbcommon-x11.so is missing");
        assert!(error.hint().unwrap().contains("libxkbcommon-x11-0"));
        let error = LaunchError::of_panic("failed to find a matching configuration");
        assert!(matches!(error, LaunchError::NoRenderer { .. }), "{error}");
    }
}
