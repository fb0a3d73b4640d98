//! Whether this system can show a dialog that chooses folders.

use std::{
    env,
    ffi::OsStr,
    path::{Path, PathBuf},
};

use serde::Serialize;

/// What shows dialogs.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum FileDialogs {
    /// The system itself: Windows and macOS.
    System,
    /// The desktop's portal, over D-Bus.
    Portal,
    /// The program `zenity`.
    Zenity,
    /// Nothing: paths can be pasted and folders dropped.
    Missing,
}

impl FileDialogs {
    /// As far as can be told without showing one.
    #[must_use]
    pub fn detect() -> Self {
        if cfg!(any(windows, target_os = "macos")) {
            return Self::System;
        }
        Surroundings::of_this_process().dialogs()
    }

    /// What they are called.
    #[must_use]
    pub fn label(self) -> &'static str {
        match self {
            Self::System => "the system's",
            Self::Portal => "the desktop's portal",
            Self::Zenity => "zenity",
            Self::Missing => "none",
        }
    }
}

/// What the answer depends on.
struct Surroundings {
    has_session_bus: bool,
    has_bus_library: bool,
    data_folders: Vec<PathBuf>,
    program_folders: Vec<PathBuf>,
}

impl Surroundings {
    fn of_this_process() -> Self {
        let folders = |variable: &str, usual: &str| -> Vec<PathBuf> {
            let value = env::var_os(variable).filter(|value| !value.is_empty()).unwrap_or_else(|| usual.into());
            env::split_paths(&value).collect()
        };
        let mut data_folders = folders("XDG_DATA_DIRS", "/usr/local/share:/usr/share");
        let own = env::var_os("XDG_DATA_HOME").filter(|value| !value.is_empty()).map(PathBuf::from);
        data_folders.extend(own.or_else(|| env::home_dir().map(|home| home.join(".local/share"))));
        let socket = env::var_os("XDG_RUNTIME_DIR").map(|folder| Path::new(&folder).join("bus"));
        Self {
            has_session_bus: env::var_os("DBUS_SESSION_BUS_ADDRESS").is_some_and(|address| !address.is_empty())
                || socket.is_some_and(|socket| socket.exists()),
            has_bus_library: super::is_library_installed("libdbus-1.so.3"),
            data_folders,
            program_folders: folders("PATH", ""),
        }
    }

    fn dialogs(&self) -> FileDialogs {
        if self.has_session_bus && self.has_bus_library && self.has_portal() {
            FileDialogs::Portal
        } else if self.program_folders.iter().any(|folder| folder.join("zenity").is_file()) {
            FileDialogs::Zenity
        } else {
            FileDialogs::Missing
        }
    }

    /// The portal can be started, and one of its desktops can choose files.
    fn has_portal(&self) -> bool {
        let service = "dbus-1/services/org.freedesktop.portal.Desktop.service";
        let is_startable = self.data_folders.iter().any(|folder| folder.join(service).is_file());
        let desktops = self.data_folders.iter().map(|folder| folder.join("xdg-desktop-portal/portals"));
        is_startable
            && desktops.flat_map(|folder| std::fs::read_dir(folder).into_iter().flatten().flatten()).any(|entry| {
                let path = entry.path();
                path.extension() == Some(OsStr::new("portal"))
                    && std::fs::read_to_string(path).is_ok_and(|text| text.contains("portal.FileChooser"))
            })
    }
}

#[cfg(test)]
#[expect(clippy::disallowed_methods, reason = "fixtures in temporary folders")]
mod tests {
    use super::*;

    #[test]
    fn a_portal_needs_a_bus_a_service_and_a_desktop_and_zenity_stands_in() {
        let root = tempfile::tempdir().unwrap();
        let (data, programs) = (root.path().join("share"), root.path().join("bin"));
        for folder in ["dbus-1/services", "xdg-desktop-portal/portals"] {
            std::fs::create_dir_all(data.join(folder)).unwrap();
        }
        std::fs::create_dir(&programs).unwrap();
        let around = |has_session_bus| Surroundings {
            has_session_bus,
            has_bus_library: true,
            data_folders: vec![data.clone()],
            program_folders: vec![programs.clone()],
        };
        assert_eq!(around(true).dialogs(), FileDialogs::Missing);
        std::fs::write(programs.join("zenity"), "").unwrap();
        assert_eq!(around(true).dialogs(), FileDialogs::Zenity);
        std::fs::write(data.join("dbus-1/services/org.freedesktop.portal.Desktop.service"), "").unwrap();
        assert_eq!(around(true).dialogs(), FileDialogs::Zenity, "no desktop of it chooses files");
        let desktop = "[portal]\nInterfaces=org.freedesktop.impl.portal.FileChooser;\n";
        std::fs::write(data.join("xdg-desktop-portal/portals/gtk.portal"), desktop).unwrap();
        assert_eq!(around(true).dialogs(), FileDialogs::Portal);
        assert_eq!(around(false).dialogs(), FileDialogs::Zenity);
    }
}
