//! The program killed, interrupted, doubled and out of space in mid-merge: what it leaves is no model, and the next run
//! ends with the bytes of a run that nothing disturbed.

mod full_disk;
mod stopped;
#[path = "../../../../benches/support/synthetic.rs"]
#[expect(dead_code, reason = "the benchmark uses the rest")]
mod synthetic;

use std::{
    collections::BTreeMap,
    path::{Path, PathBuf},
    process::{Child, Command, Output, Stdio},
    sync::{Arc, Mutex, Weak},
    thread::sleep,
    time::{Duration, Instant},
};

use lorafuse::{numeric::FloatDtype, report::CARD_FILE};
use synthetic::{LlamaShape, Synthetic};

use crate::support::{listing, put, stderr};

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

fn files_of(folder: &Path) -> BTreeMap<String, Vec<u8>> {
    listing(folder).into_iter().map(|name| (name.clone(), std::fs::read(folder.join(name)).unwrap())).collect()
}

fn partial_of(output: &Path) -> PathBuf {
    output.with_file_name(format!("{}.partial", output.file_name().unwrap().display()))
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
