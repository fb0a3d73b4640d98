//! `scripts/setup` on a machine whose package manager is busy: it waits and says for what, and gives up only where
//! waiting does not help.

use std::{
    os::unix::fs::{PermissionsExt as _, symlink},
    path::Path,
    process::{Command, Output},
};

use crate::support::{listing, put, repository};

/// What apt says while somebody else holds the lock of its lists.
const BUSY: &str = "E: Could not get lock /var/lib/apt/lists/lock. It is held by process 412 (apt-get)";

/// A machine of programs that only say so, on which much is missing. The first `failure_count` calls of apt-get fail and
/// say `failure`.
fn machine(failure_count: usize, failure: &str) -> tempfile::TempDir {
    let root = tempfile::tempdir().unwrap();
    let put_program = |name: &str, script: &str| {
        let path = root.path().join("bin").join(name);
        put(&path, format!("#!/bin/sh\n{script}\n"));
        std::fs::set_permissions(&path, std::fs::Permissions::from_mode(0o755)).unwrap();
    };
    put(&root.path().join("left"), format!("{failure_count}\n"));
    let folder = root.path().display();
    put_program(
        "apt-get",
        &format!(
            "echo \"$@\" >>'{folder}/calls'; read left <'{folder}/left'; [ $left -gt 0 ] || exit 0\n\
             echo $((left - 1)) >'{folder}/left'; echo '{failure}' >&2; exit 100"
        ),
    );
    put_program("sudo", "exec \"$@\"");
    put_program("sleep", &format!("echo \"$@\" >>'{folder}/pauses'"));
    put_program("cargo", "");
    for name in ["bash", "env", "grep", "id"] {
        let found =
            ["/usr/bin", "/bin"].map(|folder| Path::new(folder).join(name)).into_iter().find(|path| path.exists());
        symlink(found.unwrap(), root.path().join("bin").join(name)).unwrap();
    }
    root
}

fn setup(machine: &Path, patience_secs: usize) -> Output {
    let mut command = Command::new(repository().join("scripts/setup"));
    command.env("PATH", machine.join("bin")).env("LORAFUSE_SETUP_PATIENCE_SECS", patience_secs.to_string());
    command.output().unwrap()
}

fn lines(path: &Path) -> Vec<String> {
    std::fs::read_to_string(path).unwrap_or_default().lines().map(str::to_owned).collect()
}

#[test]
fn a_busy_package_manager_is_waited_for() {
    let machine = machine(3, BUSY);
    let output = setup(machine.path(), 600);
    let said = String::from_utf8_lossy(&output.stderr).into_owned();
    assert!(output.status.success(), "{said}");
    assert_eq!(said.matches(BUSY).count(), 1, "what it waits for is said once: {said}");
    assert!(said.contains("Waiting until another package manager is done"), "{said}");
    assert_eq!(lines(&machine.path().join("pauses")), ["5"; 3]);
    let calls = lines(&machine.path().join("calls"));
    assert_eq!(calls.len(), 5, "{calls:?}");
    assert!(calls[..4].iter().all(|call| call == "-qq update") && calls[4].contains("install -y"), "{calls:?}");
    assert!(calls[4].contains(" xvfb"), "{calls:?}");
}

#[test]
fn waiting_has_an_end() {
    let machine = machine(usize::MAX >> 1, BUSY);
    let output = setup(machine.path(), 0);
    let said = String::from_utf8_lossy(&output.stderr).into_owned();
    assert!(!output.status.success() && said.contains("kept waiting for 0 s") && said.contains(BUSY), "{said}");
}

#[test]
fn what_waiting_does_not_mend_is_said_at_once() {
    let machine = machine(1, "E: Could not open lock file /var/lib/apt/lists/lock - open (13: Permission denied)");
    let output = setup(machine.path(), 600);
    let said = String::from_utf8_lossy(&output.stderr).into_owned();
    assert!(!output.status.success() && said.contains("Permission denied"), "{said}");
    assert_eq!(lines(&machine.path().join("calls")), ["-qq update"]);
    assert!(!listing(machine.path()).contains(&"pauses".to_owned()));
}
