//! A target as a correct merge has it before any rounding but that of float32: rows computed in f64 as they are read.

use std::{
    fmt,
    ops::Range,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

use super::super::{Reference, RoundingPolicy, agreement::PRODUCT_TOLERANCE, exact::Exact};
use crate::{
    checkpoint::{CheckpointError, ComputedRows, LogicalTensor, Storage, WeightFile},
    job::JobContext,
    numeric::FloatDtype,
};

/// One target.
pub(super) struct ExactRows {
    reference: Arc<Reference>,
    /// The target, for its name and shape.
    target: LogicalTensor,
    source: LogicalTensor,
    exact: Mutex<Option<Arc<Exact>>>,
    /// The largest error of a value that a merge in f32 may have, of the rows read so far.
    tolerance: Mutex<f64>,
}

impl ExactRows {
    /// The target of that name and shape; `None` where the reference has no values for it.
    pub(super) fn new(target: &LogicalTensor, reference: &Arc<Reference>) -> Option<Arc<Self>> {
        let source = reference.source_of(target)?.clone();
        Some(Arc::new(Self {
            reference: Arc::clone(reference),
            target: target.clone(),
            source,
            exact: Mutex::new(None),
            tolerance: Mutex::new(0.0),
        }))
    }

    /// The same as a tensor of the model, in float32.
    pub(super) fn tensor(self: &Arc<Self>) -> LogicalTensor {
        let storage = Storage::Computed(Arc::clone(self) as Arc<dyn ComputedRows>);
        LogicalTensor::new(
            self.target.name().to_owned(),
            self.target.shape().to_vec(),
            FloatDtype::F32.stored(),
            storage,
        )
    }

    /// What a value of a merge in f32 may differ by, of all rows that were read.
    pub(super) fn tolerance(&self) -> f64 {
        *locked(&self.tolerance)
    }

    fn exact(&self) -> Result<Arc<Exact>, CheckpointError> {
        if let Some(exact) = &*locked(&self.exact) {
            return Ok(Arc::clone(exact));
        }
        // Not under the lock: loading may run on the pool, whose threads come here.
        let exact = Exact::new(&self.target, &self.reference, &JobContext::unwatched())
            .map_err(|error| self.not_computed(&error))?
            .ok_or_else(|| self.not_computed(&"base and adapter have no values for it"))?;
        Ok(Arc::clone(locked(&self.exact).insert(Arc::new(exact))))
    }

    fn not_computed(&self, problem: &impl fmt::Display) -> CheckpointError {
        CheckpointError::NotComputed {
            tensor: self.target.name().to_owned(),
            problem: problem.to_string(),
            path: self.reference.base.root().to_owned(),
        }
    }
}

impl fmt::Debug for ExactRows {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.debug_struct("ExactRows").field("target", &self.target).finish_non_exhaustive()
    }
}

impl ComputedRows for ExactRows {
    fn file(&self) -> &Arc<dyn WeightFile> {
        self.source.file()
    }

    fn forget(&self) {
        *locked(&self.exact) = None;
    }

    #[expect(clippy::cast_possible_truncation, reason = "rounded to what a merge computes in")]
    fn read_row_bytes(&self, rows: Range<usize>, bytes: &mut [u8]) -> Result<(), CheckpointError> {
        let exact = self.exact()?;
        let shape = self.target.tile_shape();
        let block = exact.row_block();
        let whole = rows.start / block * block..rows.end.next_multiple_of(block).min(shape.rows);
        let skipped = (rows.start - whole.start) * shape.columns;
        let tile = exact.rows(whole, RoundingPolicy::Once).map_err(|error| self.not_computed(&error))?;
        let mut tolerance = locked(&self.tolerance);
        *tolerance = tolerance.max(PRODUCT_TOLERANCE * tile.magnitude_bound);
        for (bytes, value) in bytes.as_chunks_mut::<4>().0.iter_mut().zip(&tile.values[skipped..]) {
            *bytes = (*value as f32).to_le_bytes();
        }
        Ok(())
    }
}

/// A lock whose holder never panics.
fn locked<T>(lock: &Mutex<T>) -> MutexGuard<'_, T> {
    lock.lock().unwrap_or_else(PoisonError::into_inner)
}
