//! What an interrupted run had finished, so that the next one goes on from there.
//!
//! One JSON line binds the journal to inputs, options, device and kernel; one more follows for each finished tensor, or
//! for each tile of a GGUF file. A line is a claim, never trusted: the bytes are hashed again before they are kept.

use std::{
    collections::HashMap,
    fs::{File, OpenOptions},
    io::{BufRead as _, BufReader, Write as _},
    path::{Path, PathBuf},
};

use serde::{Deserialize, Serialize, de::DeserializeOwned};

use super::{MergeError, TensorRecord};
use crate::{
    checkpoint::Checkpoint,
    error::{IoAction, IoContext as _},
    job::JobContext,
    plan::{Action, MergePlan},
};

/// The journal's name in the work folder.
pub(super) const JOURNAL_FILE: &str = "lorafuse.journal";

/// Changes when the meaning of a journal does.
const FORMAT: u32 = 1;

/// Bytes hashed between two looks at the cancel flag.
const HASH_STEP_BYTES: usize = 4 << 20;

#[derive(Serialize, Deserialize)]
struct Binding {
    format: u32,
    fingerprint: String,
}

/// What a line claims to be finished.
pub(super) trait Claim: Serialize + DeserializeOwned {
    /// What it is about; no two claims of a journal are about one thing.
    fn key(&self) -> &str;
}

impl Claim for TensorRecord {
    fn key(&self) -> &str {
        &self.name
    }
}

/// An open journal, appended to as tensors are finished.
#[derive(Debug)]
pub(super) struct Journal<C = TensorRecord> {
    file: File,
    path: PathBuf,
    finished: HashMap<String, C>,
}

/// Whether the journal in `folder` belongs to a run with this fingerprint.
pub(super) fn is_bound_to(folder: &Path, fingerprint: &str) -> bool {
    let Ok(file) = File::open(folder.join(JOURNAL_FILE)) else { return false };
    let Some(Ok(line)) = BufReader::new(file).lines().next() else { return false };
    serde_json::from_str::<Binding>(&line)
        .is_ok_and(|binding| binding.format == FORMAT && binding.fingerprint == fingerprint)
}

impl<C: Claim> Journal<C> {
    /// Opens the journal in `folder`, or begins it.
    ///
    /// # Errors
    /// Whatever the system says.
    pub(super) fn open(folder: &Path, fingerprint: &str) -> Result<Self, MergeError> {
        let path = folder.join(JOURNAL_FILE);
        let finished = if is_bound_to(folder, fingerprint) { finished_in(&path)? } else { HashMap::new() };
        let file =
            OpenOptions::new().create(true).truncate(true).write(true).open(&path).at(IoAction::WriteJournal, &path)?;
        let mut journal = Self { file, path, finished: HashMap::new() };
        journal.append(&Binding { format: FORMAT, fingerprint: fingerprint.to_owned() })?;
        // Written anew, so that a line that a crash cut off does not swallow the next one.
        for record in finished.values() {
            journal.append(record)?;
        }
        journal.finished = finished;
        Ok(journal)
    }

    /// What the journal in `folder` claims, whatever it is bound to; `None` where there is none.
    pub(super) fn claims_in(folder: &Path) -> Option<HashMap<String, C>> {
        finished_in(&folder.join(JOURNAL_FILE)).ok()
    }

    /// What the interrupted run claims to have finished.
    pub(super) fn claim(&self, key: &str) -> Option<&C> {
        self.finished.get(key)
    }

    /// Adds what is finished.
    ///
    /// # Errors
    /// Whatever the system says.
    pub(super) fn record(&mut self, record: &C) -> Result<(), MergeError> {
        self.append(record)
    }

    fn append(&mut self, line: &impl Serialize) -> Result<(), MergeError> {
        let mut text = serde_json::to_string(line).unwrap_or_else(|error| unreachable!("plain data: {error}"));
        text.push('\n');
        self.file.write_all(text.as_bytes()).at(IoAction::WriteJournal, &self.path)?;
        Ok(())
    }
}

/// The complete lines after the binding; a crash may have cut off the last.
fn finished_in<C: Claim>(path: &Path) -> Result<HashMap<String, C>, MergeError> {
    let file = File::open(path).at(IoAction::ReadJournal, path)?;
    let lines = BufReader::new(file).lines().skip(1).map_while(Result::ok);
    let records = lines.map_while(|line| serde_json::from_str::<C>(&line).ok());
    Ok(records.map(|record| (record.key().to_owned(), record)).collect())
}

/// A hash of all that decides the output's bytes: the headers, sizes and times of the base's files, the adapters'
/// contents, the options, the output's layout, factors that the base's config asks for, and what computes.
///
/// # Errors
/// A file that cannot be read, or a cancelled job.
pub(super) fn fingerprint(plan: &MergePlan, kernel_name: &str, job: &JobContext) -> Result<String, MergeError> {
    let mut parts = Fingerprint::new(kernel_name);
    parts.add_inputs(plan, job)?;
    for shard in &plan.shards {
        parts.add(shard.file_name.as_bytes());
        parts.add(&shard.header);
    }
    Ok(parts.finish())
}

/// A hash in the making of all that decides an output's bytes.
pub(super) struct Fingerprint(blake3::Hasher);

impl Fingerprint {
    /// Of what `kernel_name` computes in this version.
    pub(super) fn new(kernel_name: &str) -> Self {
        let mut parts = Self(blake3::Hasher::new());
        parts.add(env!("CARGO_PKG_VERSION").as_bytes());
        parts.add(kernel_name.as_bytes());
        parts
    }

    /// Takes in `bytes`.
    pub(super) fn add(&mut self, bytes: &[u8]) {
        // With its length, so that no two lists of parts read the same.
        self.0.update(&(bytes.len() as u64).to_le_bytes());
        self.0.update(bytes);
    }

    /// Takes in the headers, sizes and times of a model's files.
    ///
    /// # Errors
    /// A file whose time cannot be read.
    pub(super) fn add_model(&mut self, model: &Checkpoint) -> Result<(), MergeError> {
        self.add(format!("{:?}", model.trained_quantization()).as_bytes());
        for file in model.files() {
            let metadata = file.handle().metadata().at(IoAction::ReadTimeOfChange, file.path())?;
            let modified = metadata.modified().at(IoAction::ReadTimeOfChange, file.path())?;
            self.add(file.name().as_bytes());
            self.add(file.header());
            self.add(format!("{} {modified:?}", metadata.len()).as_bytes());
        }
        Ok(())
    }

    /// Takes in what a merge reads and how it computes: base, adapters, options, and what each step does.
    ///
    /// # Errors
    /// A file that cannot be read, or a cancelled job.
    pub(super) fn add_inputs(&mut self, plan: &MergePlan, job: &JobContext) -> Result<(), MergeError> {
        let options = (&plan.strengths, plan.dtype, plan.requantize, plan.rounding, plan.tile_elements);
        self.add(format!("{options:?}").as_bytes());
        self.add_model(&plan.base)?;
        for adapter in &plan.adapters {
            let config_path = adapter.root().join(crate::adapter::CONFIG_FILE);
            // A LoRA file of llama.cpp is its own config.
            if !adapter.root().is_file() {
                self.add(&std::fs::read(&config_path).at(IoAction::ReadAdapterConfig, &config_path)?);
            }
            for file in adapter.files() {
                self.add(file.name().as_bytes());
                self.add(hash_range(file.handle(), file.path(), 0..file.byte_count(), job)?.as_bytes());
            }
        }
        for step in plan.steps() {
            self.add(step.label().as_bytes());
            if let Action::Update { factor: Some(factor), .. } = &step.action {
                self.add(&factor.to_le_bytes());
            }
        }
        Ok(())
    }

    /// The hash, in hexadecimal digits.
    pub(super) fn finish(self) -> String {
        self.0.finalize().to_hex().to_string()
    }
}

/// BLAKE3 of a range of a file.
///
/// # Errors
/// A file that cannot be read, or a cancelled job.
pub(super) fn hash_range(
    file: &File,
    path: &Path,
    range: std::ops::Range<u64>,
    job: &JobContext,
) -> Result<blake3::Hash, MergeError> {
    let mut hasher = blake3::Hasher::new();
    let mut buffer = Vec::new();
    let mut offset = range.start;
    while offset < range.end {
        job.check_cancelled()?;
        let step = usize::try_from(range.end - offset).map_or(HASH_STEP_BYTES, |left| left.min(HASH_STEP_BYTES));
        buffer.resize(step, 0);
        crate::platform::read_exact_at(file, &mut buffer, offset).at(IoAction::ReadBack, path)?;
        hasher.update(&buffer);
        offset += step as u64;
    }
    Ok(hasher.finalize())
}

#[cfg(test)]
#[expect(clippy::disallowed_methods, reason = "fixtures in temporary folders")]
mod tests {
    use super::*;
    use crate::plan::MergeRequest;

    #[test]
    fn a_journal_is_bound_to_the_factor_of_a_head() {
        let case = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/golden/t5-head");
        let output = tempfile::tempdir().unwrap();
        let request = MergeRequest::new(case.join("base"), case.join("adapter"), output.path().join("merged"));
        let mut plan = MergePlan::new(&request).unwrap();
        let bound = |plan: &MergePlan| fingerprint(plan, "CPU", &JobContext::unwatched()).unwrap();
        let before = bound(&plan);
        for step in plan.shards.iter_mut().flat_map(|shard| &mut shard.steps) {
            if let Action::Update { factor: Some(factor), .. } = &mut step.action {
                *factor *= 2.0;
            }
        }
        assert_ne!(bound(&plan), before);
    }

    #[test]
    fn a_journal_is_bound_to_what_the_trainer_saw() {
        let case = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/golden/llama-lora-bf16");
        let output = tempfile::tempdir().unwrap();
        let bound = |format: Option<&str>| {
            let request = MergeRequest {
                trained_quantization: format.map(|format| format.parse().unwrap()),
                ..MergeRequest::new(case.join("base"), case.join("adapter"), output.path().join("merged"))
            };
            fingerprint(&MergePlan::new(&request).unwrap(), "CPU", &JobContext::unwatched()).unwrap()
        };
        let all = [None, Some("nf4"), Some("nf4,double"), Some("nf4,block=128")].map(bound);
        assert!(all.iter().enumerate().all(|(index, one)| !all[..index].contains(one)));
    }

    fn record(name: &str) -> TensorRecord {
        TensorRecord {
            name: name.to_owned(),
            action: "updated".into(),
            device: Some("CPU".to_owned()),
            blake3: Some("00".repeat(32)),
            stats: Some(crate::numeric::TileStats { element_count: 3, delta_square_sum: 0.1, ..Default::default() }),
        }
    }

    #[test]
    fn a_cut_off_line_is_forgotten_and_the_rest_is_kept() {
        let folder = tempfile::tempdir().unwrap();
        let mut journal = Journal::<TensorRecord>::open(folder.path(), "a").unwrap();
        journal.record(&record("x")).unwrap();
        journal.record(&record("y")).unwrap();
        drop(journal);
        let path = folder.path().join(JOURNAL_FILE);
        let text = std::fs::read_to_string(&path).unwrap();
        std::fs::write(&path, &text[..text.len() - 5]).unwrap();

        let mut journal = Journal::<TensorRecord>::open(folder.path(), "a").unwrap();
        assert_eq!(journal.claim("x"), Some(&record("x")));
        assert_eq!(journal.claim("y"), None);
        journal.record(&record("z")).unwrap();
        drop(journal);
        let journal = Journal::<TensorRecord>::open(folder.path(), "a").unwrap();
        assert!(journal.claim("x").is_some() && journal.claim("z").is_some());
    }

    #[test]
    fn a_journal_of_another_run_is_not_used() {
        let folder = tempfile::tempdir().unwrap();
        Journal::<TensorRecord>::open(folder.path(), "a").unwrap().record(&record("x")).unwrap();
        assert!(is_bound_to(folder.path(), "a"));
        assert!(!is_bound_to(folder.path(), "b"));
        assert!(Journal::<TensorRecord>::open(folder.path(), "b").unwrap().claim("x").is_none());
        assert!(!is_bound_to(folder.path(), "a"));
    }
}
