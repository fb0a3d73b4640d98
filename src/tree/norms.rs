//! ‖Δ‖ of a module before any merge: from r × r Gram matrices, without forming the product.

use std::collections::BTreeMap;

use rayon::iter::{IntoParallelRefIterator as _, ParallelIterator as _};

use crate::{
    adapter::{Adapter, AdapterError},
    matching::{Applied, Matching, load_updates, module_of},
    numeric::{self, LowRank},
};

/// A number by module path.
pub type ChangeMap = BTreeMap<String, f64>;

/// The part of ‖Δ‖² that [`main_directions`] counts up to.
const MOST_ENERGY: f64 = 0.9;

/// ‖Δ‖ of every target; a factor that cannot be read leaves a gap, for the merge's scan will name it.
#[must_use]
pub fn delta_norms(matching: &Matching, adapters: &[Adapter], strengths: &[f64]) -> ChangeMap {
    let norms = matching.applied.par_iter().filter_map(|applied| {
        let norm = delta_norm(applied, adapters, strengths).ok().flatten()?;
        Some((module_of(&applied.tensor).to_owned(), norm))
    });
    norms.collect()
}

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

/// How many of these singular values, the largest first, hold 90 % of ‖Δ‖².
#[must_use]
pub fn main_directions(values: &[f64]) -> usize {
    let energy: f64 = values.iter().map(|value| value * value).sum();
    let mut held = 0.0;
    let enough = values.iter().position(|value| {
        held += value * value;
        held >= MOST_ENERGY * energy
    });
    enough.map_or(0, |index| index + 1)
}

fn summed(applied: &Applied, adapters: &[Adapter], strengths: &[f64]) -> Result<Option<LowRank>, AdapterError> {
    let updates = load_updates(&applied.updates, None, adapters, strengths)?;
    let low_ranks = updates.iter().map(|weighted| Some((weighted.update.as_low_rank()?, weighted.strength)));
    Ok(low_ranks.collect::<Option<Vec<_>>>().and_then(|low_ranks| LowRank::sum(&low_ranks)))
}

#[cfg(test)]
mod tests {
    use super::main_directions;

    #[test]
    fn few_directions_may_hold_most() {
        assert_eq!(main_directions(&[4.0, 1.0, 0.1]), 1);
        assert_eq!(main_directions(&[1.0, 1.0, 1.0, 1.0]), 4);
        assert_eq!(main_directions(&[]), 0);
    }
}
