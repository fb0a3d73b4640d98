//! How a merge rounded: once, or more often than it had to. Tools differ, and a folder is judged by its own way.

use serde::Serialize;

use super::{
    agreement::{Agreement, Observed, PRODUCT_TOLERANCE},
    exact_tile::ExactTile,
};
use crate::{
    message::said_in_english,
    numeric::{FloatDtype, Noise},
};

/// A merge of which more than this part lies further away than a rounding can lead has another cause.
const MOST_WRONG: u64 = 10;

/// What is rounded, and when; a message.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum RoundingPolicy {
    /// W + Δ, once.
    #[default]
    Once,
    /// Δ to the stored dtype, then the sum: PEFT on embeddings and experts in 16 bits.
    DeltaFirst,
    /// W to the stored dtype, then the sum: a base that was loaded in another dtype.
    BaseFirst,
    /// Both, then the sum.
    BothFirst,
    /// Half of Δ to the stored dtype, the sum, and the sum with the other half: PEFT on the output projection of
    /// `MultiheadAttention`, to which it adds its update twice.
    InHalves,
    /// PEFT's methods that it computes in the weight's own dtype (HiRA, C³A, RoAd): every step rounded to it.
    InOwnDtype,
    /// W + Δ, once, then each value to a code of NF4: the way of bitsandbytes and transformers.
    Packed,
    /// W + Δ, once, to the neighbour that seed, name and place decide.
    Stochastic,
}

said_in_english!(RoundingPolicy);

impl RoundingPolicy {
    /// The policies of other tools, tried in this order where one rounding does not explain what is stored.
    pub(super) const OTHERS: [Self; 3] = [Self::DeltaFirst, Self::BaseFirst, Self::BothFirst];

    /// Compares the tile `stored`, of which the first element is number `first_element` of its tensor.
    pub(super) fn compare(
        self,
        dtype: FloatDtype,
        stored: &[f64],
        tile: &ExactTile,
        (noise, first_element): (Option<Noise>, u64),
    ) -> Agreement {
        let mut agreement = Agreement::default();
        for (index, (stored, (value, source))) in stored.iter().zip(tile.values.iter().zip(&tile.source)).enumerate() {
            let base = dtype.round_to_nearest(*source);
            let half = (value - source) / 2.0;
            let exact = match self {
                Self::Once | Self::Stochastic | Self::InOwnDtype | Self::Packed => *value,
                Self::DeltaFirst => source + dtype.round_to_nearest(value - source),
                Self::BaseFirst => base + (value - source),
                Self::InHalves => dtype.round_to_nearest(source + dtype.round_to_nearest(half)) + half,
                Self::BothFirst => base + dtype.round_to_nearest(value - source),
            };
            let random = noise.map(|noise| noise.word(first_element + index as u64));
            let round = |value| match random {
                Some(random) => dtype.round_by_chance(value, random),
                None => dtype.round_to_nearest(value),
            };
            let (delta_bound, expected) = (tile.magnitude_bound, round(exact));
            let tolerance = PRODUCT_TOLERANCE * delta_bound;
            let is_expected = *stored == expected;
            let within =
                if is_expected { (expected, expected) } else { (round(exact - tolerance), round(exact + tolerance)) };
            agreement.observe(dtype, Observed { stored: *stored, exact, expected, within, delta_bound, base });
        }
        agreement
    }

    /// Whether another rounding might explain what one rounding does not.
    pub(super) fn may_be_other(agreement: &Agreement) -> bool {
        !agreement.is_correct()
            && agreement.non_finite_count == 0
            && agreement.wrong_count <= agreement.element_count / MOST_WRONG
    }
}
