//! What an interrupted run had finished, so that the next one goes on from there.
//!
//! One JSON line binds the journal to inputs, options, device and kernel; one more follows for each finished tensor.
//! A line is a claim, never trusted: the tensor's bytes are hashed again before they are kept.

use std::{
    collections::HashMap,
    fs::{File, OpenOptions},
    io::{BufRead as _, BufReader, Write as _},
    path::{Path, PathBuf},
};

use serde::{Deserialize, Serialize};

use super::{MergeError, TensorRecord};
use crate::{
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

/// An open journal, appended to as tensors are finished.
#[derive(Debug)]
pub(super) struct Journal {
    file: File,
    path: PathBuf,
    finished: HashMap<String, TensorRecord>,
}

impl Journal {
    /// Whether the journal in `folder` belongs to a run with this fingerprint.
    pub(super) fn is_bound_to(folder: &Path, fingerprint: &str) -> bool {
        let Ok(file) = File::open(folder.join(JOURNAL_FILE)) else { return false };
        let Some(Ok(line)) = BufReader::new(file).lines().next() else { return false };
        serde_json::from_str::<Binding>(&line)
            .is_ok_and(|binding| binding.format == FORMAT && binding.fingerprint == fingerprint)
    }

    /// Opens the journal in `folder`, or begins it.
    ///
    /// # Errors
    /// Whatever the system says.
    pub(super) fn open(folder: &Path, fingerprint: &str) -> Result<Self, MergeError> {
        let path = folder.join(JOURNAL_FILE);
        let finished = if Self::is_bound_to(folder, fingerprint) { finished_in(&path)? } else { HashMap::new() };
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
    pub(super) fn claims_in(folder: &Path) -> Option<HashMap<String, TensorRecord>> {
        finished_in(&folder.join(JOURNAL_FILE)).ok()
    }

    /// What the interrupted run claims to have finished.
    pub(super) fn claim(&self, tensor: &str) -> Option<&TensorRecord> {
        self.finished.get(tensor)
    }

    /// Adds a finished tensor.
    ///
    /// # Errors
    /// Whatever the system says.
    pub(super) fn record(&mut self, record: &TensorRecord) -> Result<(), MergeError> {
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
fn finished_in(path: &Path) -> Result<HashMap<String, TensorRecord>, MergeError> {
    let file = File::open(path).at(IoAction::ReadJournal, path)?;
    let lines = BufReader::new(file).lines().skip(1).map_while(Result::ok);
    let records = lines.map_while(|line| serde_json::from_str::<TensorRecord>(&line).ok());
    Ok(records.map(|record| (record.name.clone(), record)).collect())
}

/// A hash of all that decides the output's bytes: the headers, sizes and times of the base's files, the adapters'
/// contents, the options, the output's layout, factors that the base's config asks for, and what computes.
///
/// # Errors
/// A file that cannot be read, or a cancelled job.
pub(super) fn fingerprint(plan: &MergePlan, kernel_name: &str, job: &JobContext) -> Result<String, MergeError> {
    let mut hasher = blake3::Hasher::new();
    let mut add = |bytes: &[u8]| {
        // With its length, so that no two lists of parts read the same.
        hasher.update(&(bytes.len() as u64).to_le_bytes());
        hasher.update(bytes);
    };
    add(env!("CARGO_PKG_VERSION").as_bytes());
    add(kernel_name.as_bytes());
    let options = (&plan.strengths, plan.dtype, plan.requantize, plan.rounding, plan.tile_elements);
    add(format!("{options:?}").as_bytes());
    add(format!("{:?}", plan.base.trained_quantization()).as_bytes());
    for file in plan.base.files() {
        let metadata = file.handle().metadata().at(IoAction::ReadTimeOfChange, file.path())?;
        let modified = metadata.modified().at(IoAction::ReadTimeOfChange, file.path())?;
        add(file.name().as_bytes());
        add(file.header());
        add(format!("{} {modified:?}", metadata.len()).as_bytes());
    }
    for adapter in &plan.adapters {
        let config_path = adapter.root().join(crate::adapter::CONFIG_FILE);
        add(&std::fs::read(&config_path).at(IoAction::ReadAdapterConfig, &config_path)?);
        for file in adapter.files() {
            add(file.name().as_bytes());
            add(hash_range(file.handle(), file.path(), 0..file.byte_count(), job)?.as_bytes());
        }
    }
    for shard in &plan.shards {
        add(shard.file_name.as_bytes());
        add(&shard.header);
        for step in &shard.steps {
            add(step.label().as_bytes());
            if let Action::Update { factor: Some(factor), .. } = &step.action {
                add(&factor.to_le_bytes());
            }
        }
    }
    Ok(hasher.finalize().to_hex().to_string())
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
        let mut journal = Journal::open(folder.path(), "a").unwrap();
        journal.record(&record("x")).unwrap();
        journal.record(&record("y")).unwrap();
        drop(journal);
        let path = folder.path().join(JOURNAL_FILE);
        let text = std::fs::read_to_string(&path).unwrap();
        std::fs::write(&path, &text[..text.len() - 5]).unwrap();

        let mut journal = Journal::open(folder.path(), "a").unwrap();
        assert_eq!(journal.claim("x"), Some(&record("x")));
        assert_eq!(journal.claim("y"), None);
        journal.record(&record("z")).unwrap();
        drop(journal);
        let journal = Journal::open(folder.path(), "a").unwrap();
        assert!(journal.claim("x").is_some() && journal.claim("z").is_some());
    }

    #[test]
    fn a_journal_of_another_run_is_not_used() {
        let folder = tempfile::tempdir().unwrap();
        Journal::open(folder.path(), "a").unwrap().record(&record("x")).unwrap();
        assert!(Journal::is_bound_to(folder.path(), "a"));
        assert!(!Journal::is_bound_to(folder.path(), "b"));
        assert!(Journal::open(folder.path(), "b").unwrap().claim("x").is_none());
        assert!(!Journal::is_bound_to(folder.path(), "a"));
    }
}
