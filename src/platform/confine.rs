//! A process that may open one folder and nothing else, where the kernel knows how (Landlock, Linux 5.13 or later).

use std::path::Path;

use crate::message::said_in_english;

/// What keeps this process to a folder.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Confinement {
    /// The kernel: any other file or folder is refused.
    Kernel,
    /// Nothing, for this reason.
    Nothing {
        /// Why not.
        reason: Unconfined,
    },
}

/// Why the kernel keeps a process to nothing; a message.
#[derive(Clone, Debug, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
pub enum Unconfined {
    /// It cannot, or may not.
    NoLandlock,
    /// It would not.
    Refused {
        /// The library's words.
        said: String,
    },
    /// No other system has a call for it that every process may make.
    OtherSystem,
}

said_in_english!(Unconfined);

/// Lets this thread, and all threads that it starts from now on, read what lies below `folder` and open nothing else.
///
/// It cannot be taken back. A file is judged by where it really lies, so a link out of the folder leads nowhere.
#[cfg(target_os = "linux")]
#[must_use]
pub fn confine_to(folder: &Path) -> Confinement {
    use landlock::RulesetStatus;
    match with_landlock(folder) {
        Ok(RulesetStatus::FullyEnforced | RulesetStatus::PartiallyEnforced) => Confinement::Kernel,
        Ok(RulesetStatus::NotEnforced) => Confinement::Nothing { reason: Unconfined::NoLandlock },
        Err(error) => Confinement::Nothing { reason: Unconfined::Refused { said: error.to_string() } },
    }
}

/// See above; no other system has a call for it that every process may make.
#[cfg(not(target_os = "linux"))]
#[must_use]
pub fn confine_to(_folder: &Path) -> Confinement {
    Confinement::Nothing { reason: Unconfined::OtherSystem }
}

#[cfg(target_os = "linux")]
fn with_landlock(folder: &Path) -> Result<landlock::RulesetStatus, Box<dyn std::error::Error>> {
    use landlock::{
        ABI, Access as _, AccessFs, AccessNet, PathBeneath, PathFd, Ruleset, RulesetAttr as _, RulesetCreatedAttr as _,
    };
    // Version 4 knows the network too; older kernels enforce what they know, which is the files in any case.
    let known = ABI::V4;
    let reading = AccessFs::ReadFile | AccessFs::ReadDir;
    let ruleset = Ruleset::default()
        .handle_access(AccessFs::from_all(known))?
        .handle_access(AccessNet::from_all(known))?
        .create()?
        .add_rule(PathBeneath::new(PathFd::new(folder)?, reading))?;
    Ok(ruleset.restrict_self()?.ruleset)
}

#[cfg(test)]
#[expect(clippy::disallowed_methods, reason = "fixtures in temporary folders")]
mod tests {
    use super::*;

    #[test]
    fn a_confined_thread_reads_the_folder_and_nothing_beside_it() {
        let root = tempfile::tempdir().unwrap();
        let (inside, outside) = (root.path().join("inside"), root.path().join("outside"));
        for folder in [&inside, &outside] {
            std::fs::create_dir(folder).unwrap();
            std::fs::write(folder.join("file"), "x").unwrap();
        }
        // A thread of its own: the rest of the tests stays free.
        let confined = std::thread::Builder::new().name("confined".to_owned()).spawn(move || {
            let confinement = confine_to(&inside);
            (confinement, std::fs::read(inside.join("file")).is_ok(), std::fs::read(outside.join("file")).is_ok())
        });
        let (confinement, reads_inside, reads_outside) = confined.unwrap().join().unwrap();
        assert!(reads_inside);
        match confinement {
            Confinement::Kernel => assert!(!reads_outside),
            Confinement::Nothing { reason: Unconfined::OtherSystem } => {}
            Confinement::Nothing { reason } => crate::skip::skip(&reason.to_string()),
        }
    }
}
