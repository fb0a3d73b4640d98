//! Which tensors of a shard are complete, and what their passes learned.

use std::path::Path;

use super::super::{MergeError, TensorRecord, journal::Journal};
use crate::{
    job::{JobContext, JobEvent, JobWarning},
    numeric::TileStats,
    plan::{OutputShard, TensorStep},
};

/// The state of every step of one shard.
pub struct ShardTally<'a> {
    shard: &'a OutputShard,
    journal: &'a mut Journal,
    steps: Vec<StepState>,
    /// Whether tensors are hashed and their statistics kept.
    pub(super) keeps_evidence: bool,
}

enum StepState {
    /// Nothing of it is handed to the writers yet, or what was does not count.
    Pending,
    Underway(Box<Underway>),
    Complete(TensorRecord),
}

#[derive(Default)]
struct Underway {
    byte_count: u64,
    stats: TileStats,
    hasher: blake3::Hasher,
}

impl<'a> ShardTally<'a> {
    /// Every step pending, but for those without bytes.
    pub fn new(shard: &'a OutputShard, journal: &'a mut Journal) -> Self {
        Self { shard, journal, steps: shard.steps.iter().map(|_| StepState::Pending).collect(), keeps_evidence: true }
    }

    /// The steps that are not complete, in file order; what was begun of them begins anew.
    pub fn pending(&mut self) -> Vec<usize> {
        let mut pending = Vec::new();
        for (index, state) in self.steps.iter_mut().enumerate() {
            if !matches!(state, StepState::Complete(_)) {
                *state = StepState::Pending;
                pending.push(index);
            }
        }
        pending
    }

    /// The journal of the merge.
    pub fn journal(&self) -> &Journal {
        self.journal
    }

    /// Counts a step as complete without doing it: an earlier run or the file system did.
    ///
    /// # Errors
    /// A journal that cannot be written.
    pub fn complete(&mut self, index: usize, record: TensorRecord) -> Result<(), MergeError> {
        if self.journal.claim(&record.name).is_none() {
            self.journal.record(&record)?;
        }
        self.steps[index] = StepState::Complete(record);
        Ok(())
    }

    /// The records of all steps, in file order.
    ///
    /// # Errors
    /// A journal that cannot be written.
    pub fn into_records(mut self, job: &JobContext) -> Result<Vec<TensorRecord>, MergeError> {
        for index in 0..self.steps.len() {
            // Tensors without elements pass through no stage.
            if self.shard.steps[index].byte_count == 0 && !matches!(self.steps[index], StepState::Complete(_)) {
                self.begin(index, job);
                self.complete_if_done(index, "", job)?;
            }
        }
        let records = self.steps.into_iter().filter_map(|state| match state {
            StepState::Complete(record) => Some(record),
            StepState::Pending | StepState::Underway(_) => None,
        });
        Ok(records.collect())
    }

    /// Marks a step as under way and names it as the tensor at work.
    pub(super) fn begin(&mut self, index: usize, job: &JobContext) {
        if matches!(self.steps[index], StepState::Pending) {
            job.set_current(self.shard.steps[index].name.as_str());
            self.steps[index] = StepState::Underway(Box::default());
        }
    }

    /// Bytes of a step that were handed to the writers.
    pub(super) fn byte_count_so_far(&self, index: usize) -> u64 {
        match &self.steps[index] {
            StepState::Underway(underway) => underway.byte_count,
            StepState::Pending | StepState::Complete(_) => 0,
        }
    }

    /// Adds computed bytes, in file order, and what was learned of them.
    pub(super) fn add_computed(&mut self, index: usize, bytes: &[u8], stats: &TileStats) {
        if let StepState::Underway(underway) = &mut self.steps[index] {
            if self.keeps_evidence {
                underway.hasher.update(bytes);
            }
            underway.stats.merge(stats);
            underway.byte_count += bytes.len() as u64;
        }
    }

    /// Adds bytes that stay as they are.
    pub(super) fn add_copied(&mut self, index: usize, byte_count: u64) {
        if let StepState::Underway(underway) = &mut self.steps[index] {
            underway.byte_count += byte_count;
        }
    }

    /// Judges and records a step once all of its bytes are handed to the writers.
    ///
    /// # Errors
    /// A base that is not finite where an update lands, a result that does not fit its dtype, a journal that cannot be
    /// written.
    pub(super) fn complete_if_done(&mut self, index: usize, device: &str, job: &JobContext) -> Result<(), MergeError> {
        let step = &self.shard.steps[index];
        let StepState::Underway(underway) = &self.steps[index] else { return Ok(()) };
        if underway.byte_count < step.byte_count {
            return Ok(());
        }
        let record = if step.action.is_copy() {
            copied(step)
        } else {
            judge(step, &underway.stats, job)?;
            TensorRecord {
                name: step.name.clone(),
                action: step.label().into(),
                device: Some(device.to_owned()),
                blake3: self.keeps_evidence.then(|| underway.hasher.finalize().to_hex().to_string()),
                stats: self.keeps_evidence.then_some(underway.stats),
            }
        };
        self.complete(index, record)?;
        job.send(JobEvent::TensorDone { name: step.name.clone() });
        Ok(())
    }
}

/// The record of a step that copies.
pub fn copied(step: &TensorStep) -> TensorRecord {
    TensorRecord { name: step.name.clone(), action: step.label().into(), device: None, blake3: None, stats: None }
}

/// Whether what came out may be kept.
fn judge(step: &TensorStep, stats: &TileStats, job: &JobContext) -> Result<(), MergeError> {
    if step.action.is_update() && stats.base_non_finite_count > 0 {
        return Err(MergeError::BaseNotFinite {
            tensor: step.name.clone(),
            element_count: stats.base_non_finite_count,
            path: source_path(step).to_owned(),
        });
    }
    if stats.output_non_finite_count > stats.base_non_finite_count {
        return Err(MergeError::Overflow {
            tensor: step.name.clone(),
            element_count: stats.output_non_finite_count - stats.base_non_finite_count,
            max_magnitude: stats.max_magnitude,
            dtype: step.output_dtype,
        });
    }
    if stats.base_non_finite_count > 0 {
        job.send(JobEvent::Warning(JobWarning::BaseNotFinite { tensor: step.name.clone() }));
    }
    Ok(())
}

fn source_path(step: &TensorStep) -> &Path {
    step.source.file().path()
}
