//! One adapter given twice: a slip that would merge its change twice.

use super::PlanError;
use crate::{
    adapter::{Adapter, AdapterError, Target},
    checkpoint::{CheckpointError, LogicalTensor},
};

/// Bytes of a tensor that are compared at once.
const COMPARED_BYTES: u64 = 4 << 20;

/// Refuses two adapters that are one folder, or hold the same tensors.
///
/// # Errors
/// Such a pair, or a read that fails.
pub(super) fn check(adapters: &[Adapter]) -> Result<(), PlanError> {
    for (index, second) in adapters.iter().enumerate() {
        for first in &adapters[..index] {
            if is_same_file(first, second) || holds_the_same(first, second).map_err(AdapterError::from)? {
                let (adapter, path) = (first.root().to_owned(), second.root().to_owned());
                return Err(PlanError::AdapterTwice { adapter, path });
            }
        }
    }
    Ok(())
}

fn is_same_file(first: &Adapter, second: &Adapter) -> bool {
    match (first.root().canonicalize(), second.root().canonicalize()) {
        (Ok(first_root), Ok(second_root)) => {
            let names =
                |adapter: &Adapter| adapter.files().iter().map(|file| file.name().to_owned()).collect::<Vec<_>>();
            first_root == second_root && names(first) == names(second)
        }
        _ => false,
    }
}

/// Whether both change the same parameters by the same factors, whatever their files call them.
fn holds_the_same(first: &Adapter, second: &Adapter) -> Result<bool, CheckpointError> {
    let is_like = |(a, b): (&Target, &Target)| {
        a.name() == b.name()
            && a.tensors().len() == b.tensors().len()
            && a.tensors().iter().zip(b.tensors()).all(|(a, b)| a.shape() == b.shape() && a.dtype() == b.dtype())
    };
    let (ours, theirs) = (first.targets(), second.targets());
    if ours.len() != theirs.len() || ours.is_empty() || !ours.iter().zip(theirs).all(is_like) {
        return Ok(false);
    }
    for (ours, theirs) in ours.iter().zip(theirs) {
        for (ours, theirs) in ours.tensors().iter().zip(theirs.tensors()) {
            if !is_equal(ours, theirs)? {
                return Ok(false);
            }
        }
    }
    Ok(true)
}

/// Whether two tensors of one shape and dtype hold the same bytes.
fn is_equal(first: &LogicalTensor, second: &LogicalTensor) -> Result<bool, CheckpointError> {
    let row_count = first.tile_shape().rows;
    let row_bytes = (first.byte_count() / (row_count.max(1) as u64)).max(1);
    let step = usize::try_from((COMPARED_BYTES / row_bytes).max(1)).unwrap_or(1);
    let mut start = 0;
    while start < row_count {
        let rows = start..(start + step).min(row_count);
        let byte_count = usize::try_from(row_bytes).unwrap_or(usize::MAX).saturating_mul(rows.len());
        let (mut ours, mut theirs) = (vec![0; byte_count], vec![0; byte_count]);
        first.read_row_bytes(rows.clone(), &mut ours)?;
        second.read_row_bytes(rows.clone(), &mut theirs)?;
        if ours != theirs {
            return Ok(false);
        }
        start = rows.end;
    }
    Ok(true)
}
