//! The machine as the window sees it.

use std::path::PathBuf;

use crate::platform;

/// What the window takes from the machine; tests fix it so that pictures repeat.
#[derive(Clone, Debug)]
pub struct Machine {
    /// The user's folder, shown as `~`.
    pub home: Option<PathBuf>,
    /// Threads that a merge uses.
    pub thread_count: usize,
    /// Whether seconds, rates and free space are shown as measured or left out.
    pub shows_measurements: bool,
    /// Whether drivers are asked for GPUs to choose from.
    pub looks_for_gpus: bool,
    /// Whether folders can be dropped on the window: Wayland gives windows of this kind no drops.
    pub takes_drops: bool,
    /// The file that holds what was opened and merged before; without it that is forgotten at the end.
    pub history: Option<PathBuf>,
    /// The program itself, which loads models in processes of their own; without it, what needs that is left out.
    pub program: Option<PathBuf>,
}

impl Machine {
    /// This machine.
    #[must_use]
    pub fn detect() -> Self {
        Self {
            home: std::env::home_dir(),
            thread_count: std::thread::available_parallelism().map_or(1, std::num::NonZero::get),
            shows_measurements: true,
            looks_for_gpus: true,
            takes_drops: !(cfg!(target_os = "linux") && std::env::var_os("WAYLAND_DISPLAY").is_some()),
            history: platform::state_folder().map(|folder| folder.join("history.json")),
            program: std::env::current_exe().ok(),
        }
    }
}
