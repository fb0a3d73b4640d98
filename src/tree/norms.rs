//! ‖Δ‖ of a module before any merge: from r × r Gram matrices, without forming the product.

use crate::{
    adapter::{Adapter, AdapterError},
    matching::{Applied, load_updates},
    numeric::{self, LowRank},
};

/// ‖Σ strength·Δ‖ (Frobenius) of all updates on one tensor; `None` when there is none or one of them is not low-rank.
///
/// # Errors
/// Factors that cannot be read.
pub fn delta_norm(applied: &Applied, adapters: &[Adapter], strengths: &[f64]) -> Result<Option<f64>, AdapterError> {
    Ok(summed(applied, adapters, strengths)?.map(|sum| sum.frobenius_norm()))
}

/// The singular values of Σ strength·Δ, the largest first; `None` as for [`delta_norm`].
///
/// # Errors
/// As [`delta_norm`].
pub fn singular_values(
    applied: &Applied,
    adapters: &[Adapter],
    strengths: &[f64],
) -> Result<Option<Vec<f64>>, AdapterError> {
    Ok(summed(applied, adapters, strengths)?.map(|sum| numeric::singular_values(&sum)))
}

fn summed(applied: &Applied, adapters: &[Adapter], strengths: &[f64]) -> Result<Option<LowRank>, AdapterError> {
    let updates = load_updates(&applied.updates, None, adapters, strengths)?;
    let low_ranks = updates.iter().map(|weighted| Some((weighted.update.as_low_rank()?, weighted.strength)));
    Ok(low_ranks.collect::<Option<Vec<_>>>().and_then(|low_ranks| LowRank::sum(&low_ranks)))
}
