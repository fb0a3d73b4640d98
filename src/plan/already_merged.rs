//! Whether the base holds an adapter's change already, as a merge of that adapter does.
//!
//! Weights and a change that has nothing to do with them are all but orthogonal: ⟨W, Δ⟩ / ⟨Δ, Δ⟩ is 0 within
//! rms(W) / ‖Δ‖. Where W = W₀ + Δ, it is 1 within that, and in every tensor alike. Only changes that add have such a trace.

use std::ops::Range;

use rayon::prelude::*;

use super::layout::Inputs;
use crate::{
    adapter::AdapterError,
    checkpoint::LogicalTensor,
    matching::{Applied, Origin, UpdateRef},
    numeric::TileShape,
};

/// Elements that are looked at of one tensor.
const TENSOR_ELEMENTS: usize = 1 << 16;

/// Tensors of the first look, which nearly always settles it, and of the second.
const LOOKS: [usize; 2] = [12, 96];

/// The part of a change from which on it counts as there: rounding to 16 bits keeps a third of a small one.
const LEAST_SHARE: f64 = 0.3;

/// More than this is no merge of the adapter, but a base that its change resembles.
const MOST_SHARE: f64 = 3.0;

/// Standard deviations from 0 that chance does not reach.
const CERTAIN: f64 = 8.0;

/// The part of all tensors that must say about the same.
const AGREEING: f64 = 0.9;

/// How much of its change the base holds already, where that is beyond chance.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Trace {
    /// ⟨W, Δ⟩ / ⟨Δ, Δ⟩ of all that was looked at; 1 for one merge at full strength.
    pub share: f64,
    /// Tensors that were looked at.
    pub tensor_count: usize,
}

/// The share in one tensor, and how far it strays by chance.
#[derive(Clone, Copy, Debug)]
struct Share {
    value: f64,
    deviation: f64,
}

/// Looks for the change of one adapter in the base; what cannot be read tells nothing here, and stops the merge itself.
pub(super) fn trace(inputs: Inputs<'_>, adapter: usize) -> Option<Trace> {
    let candidates: Vec<(&Applied, &UpdateRef)> = inputs
        .matching
        .applied
        .iter()
        .filter(|applied| applied.origin == Origin::Base)
        .filter_map(|applied| Some((applied, sole_update(inputs, applied, adapter)?)))
        .collect();
    for look in LOOKS {
        let step = candidates.len().div_ceil(look).max(1);
        // Reads that wait for the disk side by side: one after the other they are what a small merge waits for.
        let looked_at: Result<Vec<Option<Share>>, AdapterError> = candidates
            .par_iter()
            .step_by(step)
            .filter_map(|(applied, update)| Some(share(inputs, inputs.base.tensor(&applied.tensor)?, update)))
            .collect();
        let shares: Vec<Share> = looked_at.ok()?.into_iter().flatten().collect();
        let mean = mean(&shares)?;
        if is_there(mean, &shares) {
            return Some(Trace { share: mean.value, tensor_count: shares.len() });
        }
        let is_absent = mean.value + 3.0 * mean.deviation < LEAST_SHARE;
        if is_absent || can_stay_uncertain(mean, shares.len(), candidates.len().min(LOOKS[1])) {
            return None;
        }
    }
    None
}

/// Whether a mean of `later` tensors in place of `now` would still be within what chance reaches.
#[expect(clippy::cast_precision_loss, reason = "counts of tensors")]
fn can_stay_uncertain(mean: Share, now: usize, later: usize) -> bool {
    let deviation = mean.deviation * (now as f64 / later.max(1) as f64).sqrt();
    CERTAIN * deviation > MOST_SHARE
}

/// The only update of `adapter` on a tensor, where it adds.
fn sole_update<'a>(inputs: Inputs<'_>, applied: &'a Applied, adapter: usize) -> Option<&'a UpdateRef> {
    let mut own = applied.updates.iter().filter(|update| update.adapter == adapter);
    let only = own.next().filter(|_| own.next().is_none())?;
    only.target_in(inputs.adapters).update()?.is_additive().then_some(only)
}

/// Neighbouring rows in the middle of a matrix, in blocks of `block`: one read of the disk, not one for each place.
fn middle_rows(shape: TileShape, block: usize) -> Range<usize> {
    let blocks = shape.joined(block);
    let rows_in_block = shape.rows / blocks.rows.max(1);
    let count = (TENSOR_ELEMENTS / blocks.columns.max(1)).clamp(1, blocks.rows.max(1)).min(blocks.rows);
    let start = (blocks.rows - count) / 2;
    start * rows_in_block..(start + count) * rows_in_block
}

/// The share of the change in some rows of `stored`.
fn share(inputs: Inputs<'_>, stored: &LogicalTensor, update: &UpdateRef) -> Result<Option<Share>, AdapterError> {
    let update = update.load(inputs.adapters)?;
    if update.passes() > 1 {
        return Ok(None);
    }
    let shape = stored.tile_shape();
    let rows = middle_rows(shape, update.row_block());
    let mut weight = vec![0.0; rows.len() * shape.columns];
    stored.read_rows(rows.clone(), &mut weight)?;
    let mut change = vec![0.0; weight.len()];
    update.apply_rows(rows, &mut change);
    let (mut product, mut weight_square, mut change_square, mut count) = (0.0, 0.0, 0.0, 0.0);
    for (weight, change) in weight.iter().map(|w| f64::from(*w)).zip(change.iter().map(|d| f64::from(*d))) {
        product += weight * change;
        weight_square += weight * weight;
        change_square += change * change;
        count += 1.0;
    }
    let is_known = change_square > 0.0 && weight_square > 0.0 && f64::is_finite(product + weight_square);
    Ok(is_known
        .then(|| Share { value: product / change_square, deviation: (weight_square / count / change_square).sqrt() }))
}

/// The mean of shares, each counted by how little chance moves it.
fn mean(shares: &[Share]) -> Option<Share> {
    let weight = |share: &Share| share.deviation.powi(-2);
    let total: f64 = shares.iter().map(weight).sum();
    let sum: f64 = shares.iter().map(|share| weight(share) * share.value).sum();
    (total > 0.0).then(|| Share { value: sum / total, deviation: total.sqrt().recip() })
}

/// Whether `mean` is beyond chance and said by all tensors alike, which a likeness of W and Δ would not be.
fn is_there(mean: Share, shares: &[Share]) -> bool {
    let agrees = |share: &&Share| (share.value - mean.value).abs() < (4.0 * share.deviation).max(0.35 * mean.value);
    #[expect(clippy::cast_precision_loss, reason = "counts of tensors")]
    let agreeing = shares.iter().filter(agrees).count() as f64 / shares.len().max(1) as f64;
    (LEAST_SHARE..MOST_SHARE).contains(&mean.value) && mean.value > CERTAIN * mean.deviation && agreeing >= AGREEING
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rows_in_the_middle_are_whole_blocks_within_the_matrix() {
        let rows = |rows, columns, block| middle_rows(TileShape { rows, columns }, block);
        assert_eq!(rows(4096, 4096, 1), 2040..2056);
        assert_eq!(rows(10, 8, 1), 0..10, "all of a small one");
        assert_eq!(rows(64, 1 << 20, 1), 31..32, "one row at least");
        assert_eq!(rows(4096, 4096, 64), 2048 - 64..2048, "one block at least");
        assert_eq!(rows(0, 8, 1), 0..0);
    }

    #[test]
    fn a_second_look_is_spared_where_it_could_not_be_certain() {
        let mean = |deviation| Share { value: 1.0, deviation };
        assert!(can_stay_uncertain(mean(2.0), 12, 96));
        assert!(!can_stay_uncertain(mean(0.5), 12, 96));
        assert!(can_stay_uncertain(mean(0.5), 12, 12), "there are no more tensors");
    }

    #[test]
    fn a_change_counts_as_there_only_beyond_chance_and_in_every_tensor() {
        let shares = |values: &[f64], deviation| -> Vec<Share> {
            values.iter().map(|value| Share { value: *value, deviation }).collect()
        };
        let is_found = |shares: &[Share]| is_there(mean(shares).unwrap(), shares);
        assert!(is_found(&shares(&[1.02, 0.97, 1.0, 1.05], 0.05)));
        assert!(is_found(&shares(&[0.5, 0.52], 0.02)), "half of its strength");
        assert!(!is_found(&shares(&[0.05, -0.04, 0.02], 0.05)), "nothing there");
        assert!(!is_found(&shares(&[1.0, 1.1], 0.4)), "chance could do that");
        assert!(!is_found(&shares(&[3.0, -1.0, 1.5, 0.5], 0.05)), "a likeness, not a merge");
        assert!(!is_found(&shares(&[-1.0, -1.0], 0.02)), "the reverse is no merge");
    }
}
