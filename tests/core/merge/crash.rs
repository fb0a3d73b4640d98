//! The program killed, interrupted, doubled and out of space in mid-merge: what it leaves is no model, and the next run
//! ends with the bytes of a run that nothing disturbed.
//!
//! `LORAFUSE_CRASH_ROUNDS` sets how many kills are tried.

#[path = "../../../benches/support/synthetic.rs"]
#[expect(dead_code, reason = "the benchmark uses the rest")]
mod synthetic;

use std::{
    collections::BTreeMap,
    fs::File,
    path::{Path, PathBuf},
    process::{Child, Command, Output, Stdio},
    sync::{Arc, Mutex, Weak},
    thread::sleep,
    time::{Duration, Instant},
};

use lorafuse::{
    error::Hint as _,
    job::JobContext,
    merge::{self, MergeError},
    numeric::FloatDtype,
    plan::{MergePlan, MergeRequest},
    report::CARD_FILE,
};
use synthetic::{LlamaShape, Synthetic};

use crate::support::{listing, put};

/// 88 MB in four shards, adapters of rank 8 on 84 modules.
const MODEL: Synthetic = Synthetic {
    shape: LlamaShape {
        name: "crash",
        hidden: 512,
        intermediate: 1408,
        layers: 12,
        heads: 8,
        key_value_heads: 2,
        vocabulary: 8192,
        is_tied: false,
    },
    dtype: FloatDtype::BF16,
    rank: 8,
    max_shard_bytes: 25_000_000,
    saves_embedding: false,
};

/// The kills of a run of the suite.
const DEFAULT_ROUNDS: u64 = 8;

/// Longer than any step here takes.
const PATIENCE: Duration = Duration::from_mins(2);

/// Inputs, and what an undisturbed merge of them gives.
struct Fixture {
    folder: tempfile::TempDir,
    files: BTreeMap<String, Vec<u8>>,
    duration: Duration,
}

/// Made once for all tests that run at a time, and cleared away by the last of them.
fn fixture() -> Arc<Fixture> {
    static SHARED: Mutex<Weak<Fixture>> = Mutex::new(Weak::new());
    let mut shared = SHARED.lock().unwrap();
    if let Some(fixture) = shared.upgrade() {
        return fixture;
    }
    let fixture = Arc::new(Fixture::new());
    *shared = Arc::downgrade(&fixture);
    fixture
}

impl Fixture {
    fn new() -> Self {
        let folder = tempfile::tempdir_in(env!("CARGO_TARGET_TMPDIR")).unwrap();
        MODEL.write(folder.path()).unwrap();
        put(&folder.path().join("base/tokenizer.json"), "{}");
        let mut fixture = Self { folder, files: BTreeMap::new(), duration: Duration::ZERO };
        let whole = fixture.path("whole");
        let started = Instant::now();
        fixture.merge_whole(&whole);
        fixture.duration = started.elapsed();
        fixture.files = files_of(&whole);
        std::fs::remove_dir_all(whole).unwrap();
        fixture
    }

    fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    fn merge_command(&self, output: &Path, io: &str) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_lorafuse"));
        command.arg("merge").arg(self.path("base")).arg(self.path("adapter")).arg("--output").arg(output);
        command.args(["--device", "cpu", "--io", io]);
        command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped());
        command
    }

    /// Starts a merge.
    fn merge(&self, output: &Path) -> Child {
        self.merge_with(output, "auto")
    }

    fn merge_with(&self, output: &Path, io: &str) -> Child {
        self.merge_command(output, io).spawn().unwrap()
    }

    /// Merges to the end.
    fn merge_whole(&self, output: &Path) {
        let done = end(self.merge(output));
        assert!(done.status.success(), "{}", stderr(&done));
    }

    /// The finished model is there to the byte.
    fn assert_is_whole(&self, folder: &Path) {
        let files = files_of(folder);
        // The card is written once the folder has its name; a kill may come before it, never inside it.
        let is_due = |name: &String| name != CARD_FILE || files.contains_key(name);
        for (name, expected) in self.files.iter().filter(|(name, _)| is_due(name)) {
            assert!(files.get(name) == Some(expected), "{name} differs in {}", folder.display());
        }
    }

    /// Nothing takes what an interrupted merge left for a model: no output, and beside it no config and no weights that
    /// are not whole. Between the last renames all of it is whole already.
    fn assert_is_no_model(&self, output: &Path) {
        assert!(!output.exists(), "an interrupted merge has its name already");
        let partial = partial_of(output);
        if !partial.exists() {
            return;
        }
        if partial.join("config.json").exists() {
            self.assert_is_whole(&partial);
        }
        for name in listing(&partial).into_iter().filter(|name| name.ends_with(".safetensors")) {
            let is_whole = std::fs::read(partial.join(&name)).unwrap() == self.files[&name];
            assert!(is_whole, "{name} has its name before it is whole");
        }
    }

    /// Kills a merge after a share of the time that it takes undisturbed; whether it was at work then.
    fn kill_after(&self, output: &Path, io: &str, share: f64) -> bool {
        let mut child = self.merge_with(output, io);
        sleep(self.duration.mul_f64(share));
        child.kill().unwrap();
        let ended = end(child);
        if output.exists() {
            // It was quicker than the kill, or the kill came after the last rename.
            self.assert_is_whole(output);
            std::fs::remove_dir_all(output).unwrap();
            return false;
        }
        assert!(!ended.status.success(), "it ended well without an output: {}", stderr(&ended));
        self.assert_is_no_model(output);
        partial_of(output).exists()
    }
}

/// Waits for the end, which must come.
fn end(mut child: Child) -> Output {
    let started = Instant::now();
    while child.try_wait().unwrap().is_none() {
        if started.elapsed() > PATIENCE {
            child.kill().unwrap();
            panic!("the program hangs: {}", stderr(&child.wait_with_output().unwrap()));
        }
        sleep(Duration::from_millis(2));
    }
    child.wait_with_output().unwrap()
}

fn stderr(output: &Output) -> String {
    String::from_utf8_lossy(&output.stderr).into_owned()
}

fn files_of(folder: &Path) -> BTreeMap<String, Vec<u8>> {
    listing(folder).into_iter().map(|name| (name.clone(), std::fs::read(folder.join(name)).unwrap())).collect()
}

fn partial_of(output: &Path) -> PathBuf {
    output.with_file_name(format!("{}.partial", output.file_name().unwrap().display()))
}

fn rounds() -> u64 {
    std::env::var("LORAFUSE_CRASH_ROUNDS").ok().and_then(|text| text.parse().ok()).unwrap_or(DEFAULT_ROUNDS)
}

/// Sends a signal by its name.
fn signal(child: &Child, name: &str) {
    let status = Command::new("sh").arg("-c").arg(format!("kill -{name} {}", child.id())).status().unwrap();
    assert!(status.success(), "kill -{name}");
}

/// Waits until a merge to `output` writes its first shard; false if it ended before.
fn wait_until_it_writes(child: &mut Child, output: &Path) -> bool {
    let partial = partial_of(output);
    let started = Instant::now();
    while child.try_wait().unwrap().is_none() {
        let names = std::fs::read_dir(&partial).into_iter().flatten().flatten().map(|entry| entry.file_name());
        if names.into_iter().any(|name| name.to_string_lossy().ends_with(".part")) {
            return true;
        }
        assert!(started.elapsed() < PATIENCE, "the merge does not begin");
        sleep(Duration::from_millis(1));
    }
    false
}

/// A number from 0 to 1 that follows from `round` alone.
fn fraction(round: u64) -> f64 {
    let mut bits = round.wrapping_add(1).wrapping_mul(0x9e37_79b9_7f4a_7c15);
    bits = (bits ^ (bits >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    (bits >> 11) as f64 / (1_u64 << 53) as f64
}

#[test]
fn a_killed_merge_leaves_no_model_and_the_next_run_completes_it() {
    let rounds = rounds();
    let fixture = fixture();
    let output = fixture.path("killed");
    let mut hit_count = 0;
    for round in 0..rounds {
        // The run that goes on may take another way to the disk than the killed one.
        let io = ["direct", "cached", "auto"][usize::try_from(round % 3).unwrap()];
        hit_count += u64::from(fixture.kill_after(&output, io, fraction(2 * round)));
        // Every other time the run after it is killed too, while it takes over what the first one left.
        if round % 2 == 1 {
            hit_count += u64::from(fixture.kill_after(&output, "cached", fraction(2 * round + 1)));
        }
        fixture.merge_whole(&output);
        fixture.assert_is_whole(&output);
        assert!(!partial_of(&output).exists());
        assert_eq!(listing(&output), fixture.files.keys().cloned().collect::<Vec<_>>());
        std::fs::remove_dir_all(&output).unwrap();
    }
    println!("{hit_count} of {} kills came in mid-merge", rounds + rounds / 2);
    assert!(hit_count > rounds / 4, "only {hit_count} kills came in mid-merge: this no longer tests anything");
}

#[test]
fn an_interrupted_merge_ends_with_130_and_the_next_run_completes_it() {
    let fixture = fixture();
    let output = fixture.path("interrupted");
    let mut hit_count = 0;
    for round in 0..rounds().max(6) {
        let mut child = fixture.merge_with(&output, ["cached", "direct"][usize::try_from(round % 2).unwrap()]);
        if wait_until_it_writes(&mut child, &output) {
            sleep(fixture.duration.mul_f64(0.5 * fraction(round)));
            signal(&child, "INT");
        }
        let ended = end(child);
        if !ended.status.success() {
            assert_eq!(ended.status.code(), Some(130), "{}", stderr(&ended));
            assert!(stderr(&ended).contains("cancelled"), "{}", stderr(&ended));
            fixture.assert_is_no_model(&output);
            hit_count += 1;
            fixture.merge_whole(&output);
        }
        fixture.assert_is_whole(&output);
        assert!(!partial_of(&output).exists());
        std::fs::remove_dir_all(&output).unwrap();
    }
    println!("{hit_count} of {} interrupts came in mid-merge", rounds().max(6));
    assert!(hit_count > 0, "no interrupt came in mid-merge");
}

#[test]
fn a_second_process_on_the_same_output_is_refused_and_harms_nothing() {
    let fixture = fixture();
    let output = fixture.path("doubled");
    let mut first = fixture.merge(&output);
    assert!(wait_until_it_writes(&mut first, &output), "the merge ended before it could be doubled");
    signal(&first, "STOP");
    let second = end(fixture.merge(&output));
    signal(&first, "CONT");
    assert_eq!(second.status.code(), Some(1), "{}", stderr(&second));
    assert!(stderr(&second).contains("another process is merging into this output"), "{}", stderr(&second));
    let first = end(first);
    assert!(first.status.success(), "{}", stderr(&first));
    fixture.assert_is_whole(&output);
}

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

/// A small file system of its own; `None`, with the reason printed, where that is not allowed.
struct SmallDisk {
    point: PathBuf,
}

impl SmallDisk {
    #[expect(clippy::print_stdout, reason = "a test that is skipped says why")]
    fn mount(point: PathBuf, byte_count: u64) -> Option<Self> {
        std::fs::create_dir(&point).unwrap();
        let mut mount = Command::new("mount");
        mount.args(["-t", "tmpfs", "-o", &format!("size={byte_count}"), "lorafuse-test"]).arg(&point);
        match mount.output() {
            Ok(done) if done.status.success() => Some(Self { point }),
            Ok(done) => {
                println!("skipped: no file system can be mounted here: {}", stderr(&done).trim());
                None
            }
            Err(error) => {
                println!("skipped: there is no `mount` here: {error}");
                None
            }
        }
    }
}

impl Drop for SmallDisk {
    fn drop(&mut self) {
        Command::new("umount").arg(&self.point).status().ok();
    }
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
