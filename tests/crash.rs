//! The program killed, cancelled, run twice or out of disk: never a folder that loads as a model and is not one, and
//! every later run ends with the bytes of an undisturbed one.
//!
//! `LORAFUSE_CRASH_ROUNDS` sets how many kills; a quick few by default.

#![cfg(unix)]
#![expect(clippy::unwrap_used, reason = "a test that cannot go on should say where")]

mod common;

use std::{
    path::{Path, PathBuf},
    process::{Child, Command, Stdio},
    thread::sleep,
    time::{Duration, Instant},
};

use common::{FileBuilder, listing, noise, put};
use lorafuse::{
    checkpoint::Checkpoint,
    error::Hint as _,
    job::JobContext,
    merge::{self, MergeError},
    plan::{MergePlan, MergeRequest},
};
use serde_json::json;

const LAYER_COUNT: usize = 12;

/// 12 layers of 1024 × 1024 in three files, with an untouched embedding: 67 MB.
fn put_model(root: &Path) {
    let mut adapter = FileBuilder::default();
    let mut weight_map = serde_json::Map::new();
    for shard in 0..3 {
        let file_name = format!("model-{:05}-of-00003.safetensors", shard + 1);
        let mut file = FileBuilder::default();
        if shard == 0 {
            file = file.f32("model.embed_tokens.weight", &[4_096, 1_024], noise(1));
            weight_map.insert("model.embed_tokens.weight".to_owned(), json!(file_name));
        }
        for layer in (0..LAYER_COUNT).filter(|layer| layer % 3 == shard) {
            let module = format!("model.layers.{layer}.proj");
            file = file.f32(&format!("{module}.weight"), &[1_024, 1_024], noise(2 + layer));
            weight_map.insert(format!("{module}.weight"), json!(file_name));
            let key = |part: &str| format!("base_model.model.{module}.{part}.weight");
            adapter = adapter.f32(&key("lora_A"), &[8, 1_024], noise(20 + layer)).f32(
                &key("lora_B"),
                &[1_024, 8],
                noise(40 + layer),
            );
        }
        put(&root.join("base").join(&file_name), file.build());
    }
    let index = json!({"metadata": {}, "weight_map": weight_map});
    put(&root.join("base/model.safetensors.index.json"), index.to_string());
    put(&root.join("base/config.json"), "{}");
    put(&root.join("adapter/adapter_config.json"), json!({"peft_type": "LORA", "r": 8, "lora_alpha": 8}).to_string());
    put(&root.join("adapter/adapter_model.safetensors"), adapter.build());
}

fn merge_command(root: &Path, output: &str) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_lorafuse"));
    command.current_dir(root).args(["merge", "base", "adapter", "-o", output]);
    command
}

fn start(root: &Path, output: &str) -> Child {
    merge_command(root, output).stdout(Stdio::null()).stderr(Stdio::null()).spawn().unwrap()
}

fn run(root: &Path, output: &str) -> Duration {
    let started = Instant::now();
    let output = merge_command(root, output).output().unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    started.elapsed()
}

/// `kill -INT`, by the shell's own command, which every system has.
fn interrupt(child: &Child) {
    Command::new("sh").args(["-c", &format!("kill -INT {}", child.id())]).status().unwrap();
}

fn assert_same_files(left: &Path, right: &Path) {
    assert_eq!(listing(left), listing(right));
    for name in listing(left) {
        let (left, right) = (std::fs::read(left.join(&name)).unwrap(), std::fs::read(right.join(&name)).unwrap());
        assert!(left == right, "{name} differs");
    }
}

/// Neither the output nor the work folder is a model, unless it is the finished one.
fn assert_no_half_model(root: &Path) {
    for name in ["merged", "merged.partial"] {
        let folder = root.join(name);
        // Between the naming of the config and the rename of the folder the model is whole, and so are its bytes.
        if Checkpoint::open(&folder).is_ok() {
            assert_eq!(listing(&folder).iter().filter(|name| name.ends_with(".safetensors")).count(), 3);
            for file in listing(&folder).iter().filter(|name| name.ends_with(".safetensors")) {
                assert!(
                    std::fs::read(folder.join(file)).unwrap() == std::fs::read(root.join("whole").join(file)).unwrap()
                );
            }
        }
    }
}

/// Deterministic fractions in 0..1.
fn fractions(seed: u64) -> impl Iterator<Item = f64> {
    let mut state = seed;
    std::iter::repeat_with(move || {
        state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (state >> 11) as f64 / (1_u64 << 53) as f64
    })
}

/// Starts a merge, stops it in some way at a random moment, and lets the next run finish.
fn disturb(rounds: usize, seed: u64, stop: impl Fn(&mut Child)) -> usize {
    let root = tempfile::tempdir().unwrap();
    let root = root.path();
    put_model(root);
    run(root, "whole");
    let duration = run(root, "again");
    assert_same_files(&root.join("whole"), &root.join("again"));
    let mut disturbed = 0;
    for fraction in fractions(seed).take(rounds) {
        let mut child = start(root, "merged");
        sleep(duration.mul_f64(fraction));
        stop(&mut child);
        child.wait().unwrap();
        assert_no_half_model(root);
        // A kill between the rename and the end of the process finds the work done, perhaps with the lock in it.
        std::fs::remove_file(root.join("merged/lorafuse.lock")).ok();
        if !root.join("merged").exists() {
            disturbed += 1;
            run(root, "merged");
        }
        assert_same_files(&root.join("merged"), &root.join("whole"));
        assert!(!root.join("merged.partial").exists());
        std::fs::remove_dir_all(root.join("merged")).unwrap();
    }
    disturbed
}

fn rounds() -> usize {
    std::env::var("LORAFUSE_CRASH_ROUNDS").ok().and_then(|text| text.parse().ok()).unwrap_or(6)
}

#[test]
fn a_killed_merge_leaves_no_model_and_the_next_run_ends_with_the_same_bytes() {
    let killed = disturb(rounds(), 1, |child| child.kill().unwrap());
    println!("{killed} of {} were killed in mid-merge", rounds());
    assert!(killed > 0);
}

#[test]
fn an_interrupted_merge_says_so_and_the_next_run_ends_with_the_same_bytes() {
    let interrupted = disturb(rounds(), 2, |child| {
        interrupt(child);
        let status = child.wait().unwrap();
        // Before the handler stands, the signal itself ends the process.
        assert!(matches!(status.code(), Some(0 | 130) | None), "{status}");
    });
    println!("{interrupted} of {} were interrupted in mid-merge", rounds());
    assert!(interrupted > 0);
}

#[test]
fn a_second_process_on_the_same_output_is_refused() {
    let root = tempfile::tempdir().unwrap();
    let root = root.path();
    put_model(root);
    let plan =
        MergePlan::new(&MergeRequest::new(root.join("base"), root.join("adapter"), root.join("merged"))).unwrap();
    let held = merge::OutputFolder::create(&plan.output, "another process").unwrap();
    let output = merge_command(root, "merged").output().unwrap();
    let message = String::from_utf8(output.stderr).unwrap();
    assert_eq!(output.status.code(), Some(1), "{message}");
    assert!(message.contains("another process is merging into this output"), "{message}");
    drop(held);
    run(root, "merged");
}

/// A file system in memory, gone with the value.
struct SmallDisk(PathBuf);

impl SmallDisk {
    /// `None` where this user may not mount.
    fn mount(folder: &Path, byte_count: usize) -> Option<Self> {
        let size = format!("size={byte_count}");
        let status = Command::new("mount")
            .args(["-t", "tmpfs", "-o", &size, "tmpfs"])
            .arg(folder)
            .stderr(Stdio::null())
            .status();
        status.is_ok_and(|status| status.success()).then(|| Self(folder.to_owned()))
    }
}

impl Drop for SmallDisk {
    fn drop(&mut self) {
        Command::new("umount").arg("-l").arg(&self.0).status().ok();
    }
}

#[test]
fn a_full_disk_says_how_much_is_missing_and_leaves_no_model() {
    let root = tempfile::tempdir().unwrap();
    let (root, disk) = (root.path(), root.path().join("disk"));
    put_model(root);
    std::fs::create_dir(&disk).unwrap();
    let Some(_mounted) = SmallDisk::mount(&disk, 100 << 20) else {
        println!("skipped: this user may not mount a small file system");
        return;
    };
    let request = MergeRequest::new(root.join("base"), root.join("adapter"), disk.join("merged"));
    let plan = MergePlan::new(&request).unwrap();
    // Somebody else fills the disk after the plan was made.
    put(&disk.join("other"), vec![0; 50 << 20]);
    let error = merge::run(&plan, &JobContext::unwatched()).unwrap_err();
    assert!(matches!(error, MergeError::DiskFull { needed, free, .. } if needed > free), "{error}");
    assert!(error.to_string().contains("more needed") && error.hint().is_some(), "{error}");
    assert_eq!(listing(&disk), ["other"]);

    let output = merge_command(root, "disk/merged").output().unwrap();
    let message = String::from_utf8(output.stderr).unwrap();
    assert_eq!(output.status.code(), Some(1));
    assert!(message.contains("the disk is too full") && message.contains("free"), "{message}");
    assert_eq!(listing(&disk), ["other"]);
}
