//! What the workgroups counted, added up.

use crate::numeric::TileStats;

/// Bytes of a `Partial` in `merge.wgsl`.
pub(super) const PARTIAL_BYTES: usize = 7 * 4;

/// Adds the sums of workgroups to `stats`, in f64; `bytes` holds one `Partial` after the other.
///
/// The number of elements is not among them.
pub(super) fn add_partials(bytes: &[u8], stats: &mut TileStats) {
    for partial in bytes.as_chunks::<PARTIAL_BYTES>().0 {
        let words = partial.as_chunks::<4>().0;
        let word = |index: usize| u32::from_le_bytes(words[index]);
        let real = |index: usize| f32::from_le_bytes(words[index]);
        stats.changed_count += u64::from(word(0));
        stats.base_non_finite_count += u64::from(word(1));
        stats.output_non_finite_count += u64::from(word(2));
        stats.max_magnitude = stats.max_magnitude.max(real(3));
        stats.weight_square_sum += f64::from(real(4));
        stats.delta_square_sum += f64::from(real(5));
        stats.effect_delta_sum += f64::from(real(6));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn partials_add_up_field_by_field() {
        let partial = |count: u32, value: f32| {
            let counts = [count, count + 1, count + 2].map(u32::to_le_bytes);
            let sums = [value, 10.0 * value, 100.0 * value, -value].map(f32::to_le_bytes);
            [counts.concat(), sums.concat()].concat()
        };
        let mut stats = TileStats::default();
        add_partials(&[partial(1, 0.5), partial(10, 0.25)].concat(), &mut stats);
        let expected = TileStats {
            element_count: 0,
            changed_count: 11,
            base_non_finite_count: 13,
            output_non_finite_count: 15,
            max_magnitude: 0.5,
            weight_square_sum: 7.5,
            delta_square_sum: 75.0,
            effect_delta_sum: -0.75,
            ..TileStats::default()
        };
        assert_eq!(stats, expected);
    }
}
