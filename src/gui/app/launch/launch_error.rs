//! Why there is no window, and what to do about it.

use std::path::PathBuf;

use serde::{Serialize, Serializer};

use crate::message;

/// The variable that chooses a renderer, for a machine whose driver is at fault.
pub(in crate::gui) const RENDERER_VARIABLE: &str = "LORAFUSE_RENDERER";

/// Why no window could be opened, or why it ended.
#[derive(Debug, Serialize, thiserror::Error)]
#[error("{}", message::english(self))]
pub enum LaunchError {
    /// There is no X11 or Wayland session to open it in.
    NoDisplay {
        /// What the window system said.
        reason: String,
    },
    /// A library of the window system is not installed.
    NoLibrary {
        /// Its file name.
        name: String,
    },
    /// Neither renderer works.
    NoRenderer {
        /// What the last one said.
        reason: String,
    },
    /// The renderer failed while the window was open.
    RendererLost {
        /// What it said.
        reason: String,
    },
    /// `LORAFUSE_RENDERER` names none.
    UnknownRenderer {
        /// What was asked for.
        name: String,
    },
    /// A fault of the program ended the window.
    Fault {
        /// Where it is described.
        #[serde(serialize_with = "shown")]
        log: Option<PathBuf>,
    },
}

#[expect(clippy::ref_option, reason = "serde hands on references")]
fn shown<S: Serializer>(log: &Option<PathBuf>, serializer: S) -> Result<S::Ok, S::Error> {
    log.as_ref().map(|log| log.display().to_string()).serialize(serializer)
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
    use crate::error::Hint as _;

    #[test]
    fn a_missing_library_is_told_from_a_driver_that_fails() {
        let error = LaunchError::of_panic("Library libxkbcommon-x11.so could not be loaded.");
        assert_eq!(error.to_string(), "no window can be opened: libxkbcommon-x11.so is missing");
        assert!(error.hint().unwrap().contains("libxkbcommon-x11-0"));
        let error = LaunchError::of_panic("failed to find a matching configuration");
        assert!(matches!(error, LaunchError::NoRenderer { .. }), "{error}");
    }
}
