//! Whether two entries give the same weight: then what training did to a tied weight under one name it did to the other.

use super::{Applied, source_of};
use crate::{
    adapter::{Adapter, Target},
    checkpoint::{Checkpoint, CheckpointError, LogicalTensor},
    numeric::row_tiles,
};

/// Elements compared at once.
const COMPARED_ELEMENTS: usize = 1 << 20;

/// Whether both entries give the same weight: equal copies, equal rows, or factors that are each other's transposes
/// (`ensure_weight_tying`).
pub(super) fn says_the_same(
    embedding: &Applied,
    head: &Applied,
    base: &Checkpoint,
    adapters: &[Adapter],
) -> Result<bool, CheckpointError> {
    let source = |entry: &Applied| source_of(&entry.origin, &entry.tensor, base, adapters);
    let (Some(embedding_source), Some(head_source)) = (source(embedding), source(head)) else { return Ok(false) };
    if embedding.updates.len() != head.updates.len() || !are_equal(embedding_source, head_source)? {
        return Ok(false);
    }
    for (embedding, head) in embedding.updates.iter().zip(&head.updates) {
        let (embedding_target, head_target) = (embedding.target_in(adapters), head.target_in(adapters));
        let is_same = embedding.adapter == head.adapter && are_same_change(embedding_target, head_target)?;
        if !is_same {
            return Ok(false);
        }
    }
    Ok(true)
}

fn are_same_change(embedding: &Target, head: &Target) -> Result<bool, CheckpointError> {
    match (embedding.tensors(), head.tensors()) {
        ([rows], [other_rows]) => {
            let ids =
                |target: &Target| target.update().and_then(|update| update.new_token_ids().map(<[usize]>::to_vec));
            Ok(ids(embedding).is_some() && ids(embedding) == ids(head) && are_equal(rows, other_rows)?)
        }
        ([embedding_a, embedding_b], [head_a, head_b]) => {
            let is_alike = are_equal(embedding_a, head_a)? && are_equal(embedding_b, head_b)?;
            let is_turned = are_transposed(embedding_b, head_a)? && are_transposed(embedding_a, head_b)?;
            Ok(embedding.scaling() == head.scaling() && (is_alike || is_turned))
        }
        _ => Ok(false),
    }
}

fn are_transposed(left: &LogicalTensor, right: &LogicalTensor) -> Result<bool, CheckpointError> {
    let (&[rows, columns], &[other_rows, other_columns]) = (left.shape(), right.shape()) else { return Ok(false) };
    if (rows, columns) != (other_columns, other_rows) {
        return Ok(false);
    }
    let (left, right) = (left.read_all()?, right.read_all()?);
    Ok((0..rows).all(|row| (0..columns).all(|column| left[row * columns + column] == right[column * rows + row])))
}

/// Whether both hold the same values in one shape.
pub(super) fn are_equal(left: &LogicalTensor, right: &LogicalTensor) -> Result<bool, CheckpointError> {
    if left.shape() != right.shape() {
        return Ok(false);
    }
    let shape = left.tile_shape();
    for rows in row_tiles(shape, COMPARED_ELEMENTS) {
        let count = rows.len() * shape.columns;
        let (mut a, mut b) = (vec![0.0; count], vec![0.0; count]);
        left.read_rows(rows.clone(), &mut a)?;
        right.read_rows(rows, &mut b)?;
        if a != b {
            return Ok(false);
        }
    }
    Ok(true)
}
