//! A disk that takes less than it said, is too small, or fills up.
//!
//! A small disk is mounted, which needs an administrator: root, or somebody whom `sudo` asks no password.

use std::{fs::File, path::PathBuf, process::Command};

use lorafuse::{
    error::Hint as _,
    job::JobContext,
    merge::{self, MergeError},
    plan::{MergePlan, MergeRequest},
};

use super::{end, fixture, partial_of, signal, wait_until_it_writes};
use crate::{
    skip::skip,
    support::{listing, put, stderr},
};

/// A limit on the size of files stands for a file system that takes less than it said.
#[test]
fn a_write_that_fails_leaves_nothing_that_looks_like_a_model() {
    let fixture = fixture();
    let output = fixture.path("limited");
    let mut shell = Command::new("sh");
    let merge = fixture.merge_command(&output, "auto");
    // In blocks of 512 bytes: more than the first shard's header, less than the shard.
    shell.arg("-c").arg("trap '' XFSZ; ulimit -f 8192; exec \"$@\"").arg("sh").arg(merge.get_program());
    let ended = shell.args(merge.get_args()).output().unwrap();
    let message = stderr(&ended);
    assert_eq!(ended.status.code(), Some(1), "{message}");
    assert!(message.contains("error: a file of 24.7 MB is more than") && message.contains("\nhint: "), "{message}");
    fixture.assert_is_no_model(&output);
    assert!(!partial_of(&output).exists(), "a failed merge clears its folder");
}

/// A small file system of its own.
struct SmallDisk {
    point: PathBuf,
}

impl SmallDisk {
    /// `None`, and a skipped test, where nobody may mount one.
    fn mount(point: PathBuf, byte_count: u64) -> Option<Self> {
        std::fs::create_dir(&point).unwrap();
        let options = format!("size={byte_count},mode=777");
        let mut refusals = Vec::new();
        for mut mount in as_administrator("mount") {
            match mount.args(["-t", "tmpfs", "-o", &options, "lorafuse-test"]).arg(&point).output() {
                Ok(done) if done.status.success() => return Some(Self { point }),
                Ok(done) => refusals.push(stderr(&done).trim().to_owned()),
                Err(error) => refusals.push(error.to_string()),
            }
        }
        skip(&format!("no file system can be mounted here: {}", refusals.join("; ")));
        None
    }
}

impl Drop for SmallDisk {
    fn drop(&mut self) {
        let is_done = |umount: &mut Command| umount.arg(&self.point).status().is_ok_and(|status| status.success());
        as_administrator("umount").iter_mut().any(is_done);
    }
}

/// `program` as we are, and as root.
fn as_administrator(program: &str) -> [Command; 2] {
    let mut sudo = Command::new("sudo");
    sudo.args(["--non-interactive", program]);
    [Command::new(program), sudo]
}

#[test]
fn a_disk_that_is_too_small_is_noticed_before_anything_is_written() {
    let fixture = fixture();
    let Some(disk) = SmallDisk::mount(fixture.path("small"), 60_000_000) else { return };
    let output = disk.point.join("merged");
    let ended = end(fixture.merge(&output));
    let message = stderr(&ended);
    assert_eq!(ended.status.code(), Some(1), "{message}");
    assert!(message.contains("MB needed") && message.contains("60.0 MB free"), "{message}");
    assert!(message.contains("\nhint: "), "{message}");
    assert!(listing(&disk.point).is_empty(), "something was written");
}

#[test]
fn a_disk_that_fills_up_in_mid_merge_costs_the_merge_at_most() {
    let fixture = fixture();
    let Some(disk) = SmallDisk::mount(fixture.path("filling"), 180_000_000) else { return };
    let output = disk.point.join("merged");
    let mut child = fixture.merge(&output);
    assert!(wait_until_it_writes(&mut child, &output), "the merge ended before the disk could fill up");
    signal(&child, "STOP");
    let filler = disk.point.join("filler");
    let error = std::io::copy(&mut std::io::repeat(1), &mut File::create(&filler).unwrap()).unwrap_err();
    assert_eq!(error.kind(), std::io::ErrorKind::StorageFull);
    signal(&child, "CONT");
    let ended = end(child);
    if ended.status.success() {
        fixture.assert_is_whole(&output);
        return;
    }
    let message = stderr(&ended);
    assert_eq!(ended.status.code(), Some(1), "{message}");
    assert!(message.contains("\nhint: "), "{message}");
    fixture.assert_is_no_model(&output);
    std::fs::remove_file(&filler).unwrap();
    fixture.merge_whole(&output);
    fixture.assert_is_whole(&output);
}

#[test]
fn a_disk_that_fills_up_after_the_plan_says_how_much_is_missing() {
    let fixture = fixture();
    let Some(disk) = SmallDisk::mount(fixture.path("filled"), 180_000_000) else { return };
    let output = disk.point.join("merged");
    let plan = MergePlan::new(&MergeRequest::new(fixture.path("base"), fixture.path("adapter"), &output)).unwrap();
    put(&disk.point.join("other"), vec![0; 120_000_000]);
    let error = merge::run(&plan, &JobContext::unwatched()).unwrap_err();
    assert!(matches!(error, MergeError::DiskFull { needed, free, .. } if needed > free), "{error}");
    assert!(error.hint().is_some(), "{error}");
    assert_eq!(listing(&disk.point), ["other"]);
}
