//! Where a program keeps what a user may look at but never has to: logs, and what was done before.

use std::{ffi::OsString, path::PathBuf};

/// The folder of our logs and history, which may not exist yet; `None` where the system names no place for it.
#[must_use]
pub fn state_folder() -> Option<PathBuf> {
    folder_of(|name| std::env::var_os(name).filter(|value| !value.is_empty()), std::env::home_dir())
}

/// The same for any environment.
fn folder_of(variable: impl Fn(&str) -> Option<OsString>, home: Option<PathBuf>) -> Option<PathBuf> {
    if cfg!(windows) {
        return Some(PathBuf::from(variable("LOCALAPPDATA")?).join("Lorafuse"));
    }
    if cfg!(target_os = "macos") {
        return Some(home?.join("Library/Logs/Lorafuse"));
    }
    // A relative path is to be ignored, says the specification of the variable.
    let state = variable("XDG_STATE_HOME").map(PathBuf::from).filter(|path| path.is_absolute());
    Some(state.or_else(|| home.map(|home| home.join(".local/state")))?.join("lorafuse"))
}

#[cfg(all(test, target_os = "linux"))]
mod tests {
    use super::*;

    #[test]
    fn the_variable_wins_over_the_home_folder_and_a_relative_one_counts_for_nothing() {
        let home = || Some(PathBuf::from("/home/someone"));
        assert_eq!(folder_of(|_| None, home()), Some("/home/someone/.local/state/lorafuse".into()));
        assert_eq!(folder_of(|_| Some("/state".into()), home()), Some("/state/lorafuse".into()));
        assert_eq!(folder_of(|_| Some("state".into()), home()), Some("/home/someone/.local/state/lorafuse".into()));
        assert_eq!(folder_of(|_| None, None), None);
    }
}
