//! W + Δ packed as NF4, and what that leaves of Δ.
//!
//! Two roundings, as bitsandbytes and transformers do it: the sum to the dtype that a loader would hold it in, then each
//! value to a code. What is left of Δ is told by packing W alike: a code that does not move has lost its change.

use rayon::{
    iter::{IndexedParallelIterator as _, ParallelIterator as _},
    slice::{ParallelSlice as _, ParallelSliceMut as _},
};

use super::{
    TileStats,
    codec::{FourBit, NF4, Nf4Encoder, NotFinite},
    narrow, widen,
};

/// Elements that one core takes at a time: whole blocks, whatever their size.
const CHUNK_ELEMENTS: usize = 1 << 14;

/// A run of whole blocks, or one that ends its tensor.
#[derive(Clone, Copy, Debug)]
pub struct PackedSum<'a> {
    /// How values become codes, and what they are rounded to first.
    pub encoder: Nf4Encoder,
    /// W.
    pub weight: &'a [f32],
    /// W + Δ.
    pub sum: &'a [f32],
}

impl PackedSum<'_> {
    /// Writes two codes to a byte of `codes` and one scale a block to `absmax`; what came of Δ where `learns`. The scales
    /// count as they are here, though they may be packed again.
    ///
    /// # Errors
    /// The first value that is NaN or infinite.
    ///
    /// # Panics
    /// If the slices do not belong to as many elements.
    pub fn write(&self, codes: &mut [u8], absmax: &mut [f32], learns: bool) -> Result<TileStats, NotFinite> {
        let Self { encoder, weight, sum } = *self;
        assert_eq!(weight.len(), sum.len(), "W and the sum must agree");
        assert_eq!(codes.len(), sum.len().div_ceil(2), "codes and elements must agree");
        assert_eq!(absmax.len(), sum.len().div_ceil(encoder.block), "scales and elements must agree");
        let chunks = (weight.par_chunks(CHUNK_ELEMENTS))
            .zip(sum.par_chunks(CHUNK_ELEMENTS))
            .zip(codes.par_chunks_mut(CHUNK_ELEMENTS / 2))
            .zip(absmax.par_chunks_mut(CHUNK_ELEMENTS / encoder.block));
        let stats = chunks.enumerate().map(|(index, (((weight, sum), codes), absmax))| {
            let stats = chunk(encoder, (weight, sum), (codes, absmax), learns);
            stats.map_err(|error| NotFinite { element: index * CHUNK_ELEMENTS + error.element, ..error })
        });
        // Summed in order, so that a second run gives the same bits.
        let mut all = TileStats::default();
        for stats in stats.collect::<Vec<_>>() {
            all.merge(&stats?);
        }
        Ok(all)
    }
}

fn chunk(
    encoder: Nf4Encoder,
    (weight, sum): (&[f32], &[f32]),
    (codes, absmax): (&mut [u8], &mut [f32]),
    learns: bool,
) -> Result<TileStats, NotFinite> {
    let mut bytes = vec![0; sum.len() * encoder.dtype.byte_count()];
    narrow(encoder.dtype, sum, &mut bytes);
    encoder.encode(&bytes, codes, absmax)?;
    if !learns {
        return Ok(TileStats::default());
    }
    let codec = FourBit { table: NF4, block: encoder.block, dtype: encoder.dtype };
    let (mut packed, mut packed_weight) = (vec![0.0; sum.len()], vec![0.0; sum.len()]);
    codec.decode(&(0..sum.len()), codes, absmax, &mut bytes);
    widen(encoder.dtype, &bytes, &mut packed);
    narrow(encoder.dtype, weight, &mut bytes);
    let (mut base_codes, mut base_absmax) = (vec![0; codes.len()], vec![0.0; absmax.len()]);
    encoder.encode(&bytes, &mut base_codes, &mut base_absmax)?;
    codec.decode(&(0..sum.len()), &base_codes, &base_absmax, &mut bytes);
    widen(encoder.dtype, &bytes, &mut packed_weight);
    let mut stats = TileStats::default();
    for index in 0..sum.len() {
        let (delta, effect) = (sum[index] - weight[index], packed[index] - packed_weight[index]);
        stats.delta_square_sum += f64::from(delta).powi(2);
        stats.effect_delta_sum += f64::from(effect) * f64::from(delta);
        stats.packing_error_square_sum += f64::from(packed[index] - sum[index]).powi(2);
    }
    let moved = |(code, base): (&u8, &u8)| u64::from((code ^ base) >> 4 != 0) + u64::from((code ^ base) & 15 != 0);
    stats.changed_count = codes.iter().zip(&base_codes).map(moved).sum();
    Ok(stats)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::numeric::FloatDtype;

    fn packed(weight: &[f32], sum: &[f32]) -> (Vec<u8>, Vec<f32>, TileStats) {
        let encoder = Nf4Encoder { block: 64, dtype: FloatDtype::BF16 };
        let (mut codes, mut absmax) = (vec![0; sum.len().div_ceil(2)], vec![0.0; sum.len().div_ceil(64)]);
        let stats = PackedSum { encoder, weight, sum }.write(&mut codes, &mut absmax, true).unwrap();
        (codes, absmax, stats)
    }

    /// Values on the grid of NF4, as a base that was packed has them.
    fn on_the_grid(count: usize) -> Vec<f32> {
        (0..count).map(|index| NF4[(index * 7 + index / 64) % 16] * 0.05).collect()
    }

    #[test]
    fn a_small_change_of_a_packed_base_moves_no_code_and_a_large_one_survives() {
        let weight = on_the_grid(CHUNK_ELEMENTS + 4_096);
        let changed = |part: f32| -> Vec<f32> {
            let sign = |index: usize| if (index / 3).is_multiple_of(2) { 1.0 } else { -1.0 };
            weight.iter().enumerate().map(|(index, value)| value + sign(index) * part * 0.05).collect()
        };
        let (_, _, small) = packed(&weight, &changed(0.01));
        assert_eq!(small.changed_count, 0);
        assert!(small.effect_delta_sum / (0.0005_f64.powi(2) * weight.len() as f64) < 0.2, "{small:?}");
        let (_, _, large) = packed(&weight, &changed(0.4));
        assert!(large.changed_count > weight.len() as u64 / 2, "{large:?}");
        assert!(large.effect_delta_sum / (0.02_f64.powi(2) * weight.len() as f64) > 0.5, "{large:?}");
    }

    #[test]
    fn pieces_of_any_length_give_the_bytes_of_the_whole() {
        let encoder = Nf4Encoder { block: 64, dtype: FloatDtype::BF16 };
        let sum: Vec<f32> = (0..3 * CHUNK_ELEMENTS + 77).map(|index| ((index * 37) as f32).sin()).collect();
        let (codes, absmax, _) = packed(&sum, &sum);
        let mut bytes = vec![0; sum.len() * 2];
        narrow(FloatDtype::BF16, &sum, &mut bytes);
        let (mut expected, mut scales) = (vec![0; codes.len()], vec![0.0; absmax.len()]);
        encoder.encode(&bytes, &mut expected, &mut scales).unwrap();
        assert_eq!((codes, absmax), (expected, scales));
    }

    #[test]
    fn a_value_that_is_no_number_is_found_at_its_place() {
        let mut sum = vec![1.0; 2 * CHUNK_ELEMENTS];
        sum[CHUNK_ELEMENTS + 70] = f32::NAN;
        let encoder = Nf4Encoder { block: 64, dtype: FloatDtype::BF16 };
        let (mut codes, mut absmax) = (vec![0; CHUNK_ELEMENTS], vec![0.0; sum.len() / 64]);
        let error = PackedSum { encoder, weight: &sum, sum: &sum }.write(&mut codes, &mut absmax, false).unwrap_err();
        assert_eq!(error.element, CHUNK_ELEMENTS + 70);
    }
}
