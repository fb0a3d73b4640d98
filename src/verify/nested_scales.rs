//! Scales that are packed too: their mean, the scales of their blocks and a code each, held against the range in which
//! every scale may lie.
//!
//! One scale that rounds the other way moves the mean, and with it every code near the middle of two; bitsandbytes sums the
//! mean in an order of its own, and finds codes in a table of 65,536 steps.

use crate::numeric::{
    FloatDtype,
    codec::{DYNAMIC_MAP, NESTED_BLOCK},
};

/// Half a step of the table in which codes are looked up, and the error of the f32 arithmetic before it.
const STEP_TOLERANCE: f64 = 1.0 / 65_535.0 + 1e-6;

/// Codes that stand for no scale within their range; `None` where the offset or a block's scale cannot be.
pub(super) fn wrong_count(codes: &[u8], absmax: &[f32], offset: f64, ranges: &[(f64, f64)]) -> Option<usize> {
    if codes.len() != ranges.len() || absmax.len() != ranges.len().div_ceil(NESTED_BLOCK) {
        return None;
    }
    let mean = |end: fn(&(f64, f64)) -> f64| ranges.iter().map(end).sum::<f64>() / ranges.len().max(1) as f64;
    let (least, largest) = (mean(|range| range.0), mean(|range| range.1));
    let ulp = FloatDtype::F32.ulp(largest);
    if !(least - ulp..=largest + ulp).contains(&offset) {
        return None;
    }
    let mut wrong = 0;
    for ((codes, ranges), absmax) in codes.chunks(NESTED_BLOCK).zip(ranges.chunks(NESTED_BLOCK)).zip(absmax) {
        // How far each scale lies from the offset.
        let distances = ranges.iter().map(|(least, largest)| (least - offset, largest - offset));
        let (nearest, furthest) = distances.clone().fold((0.0, 0.0), |(nearest, furthest): (f64, f64), (low, high)| {
            let spans_zero = low <= 0.0 && high >= 0.0;
            let smaller = if spans_zero { 0.0 } else { low.abs().min(high.abs()) };
            (nearest.max(smaller), furthest.max(low.abs().max(high.abs())))
        });
        let absmax = f64::from(*absmax);
        if !(nearest - 2.0 * ulp..=furthest + 2.0 * ulp).contains(&absmax) {
            return None;
        }
        // All scales are one: the offset stands for them, whatever the codes.
        if absmax > 0.0 {
            let is_wrong = |(code, (low, high))| !may_be(code, (low / absmax, high / absmax));
            wrong += codes.iter().copied().zip(distances).filter(|pair| is_wrong(*pair)).count();
        }
    }
    Some(wrong)
}

/// Whether a value of that range may get `code`.
fn may_be(code: u8, (low, high): (f64, f64)) -> bool {
    let value = |code: u8| f64::from(DYNAMIC_MAP[usize::from(code)]);
    let below = if code == 0 { f64::NEG_INFINITY } else { f64::midpoint(value(code - 1), value(code)) };
    let above = if code == u8::MAX { f64::INFINITY } else { f64::midpoint(value(code), value(code + 1)) };
    low - STEP_TOLERANCE <= above && high + STEP_TOLERANCE >= below
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::numeric::codec::NestedScales;

    fn scales() -> Vec<f32> {
        (0..700_u16).map(|index| 0.05 + 0.02 * (f32::from(index) * 0.37).sin()).collect()
    }

    fn ranges(scales: &[f32]) -> Vec<(f64, f64)> {
        scales.iter().map(|scale| (f64::from(*scale), f64::from(*scale))).collect()
    }

    #[test]
    fn what_packing_gives_is_right_and_one_code_scale_or_offset_is_not() {
        let scales = scales();
        let NestedScales { codes, absmax, offset, .. } = NestedScales::of(&scales);
        let (offset, ranges) = (f64::from(offset), ranges(&scales));
        assert_eq!(wrong_count(&codes, &absmax, offset, &ranges), Some(0));
        let mut damaged = codes.clone();
        damaged[300] = damaged[300].wrapping_add(2);
        assert_eq!(wrong_count(&damaged, &absmax, offset, &ranges), Some(1));
        let mut other = absmax.clone();
        other[1] *= 1.001;
        assert_eq!(wrong_count(&codes, &other, offset, &ranges), None);
        assert_eq!(wrong_count(&codes, &absmax, offset * 1.000_01, &ranges), None);
        assert_eq!(wrong_count(&codes[1..], &absmax, offset, &ranges), None);
    }

    #[test]
    fn a_scale_that_may_be_another_moves_the_rest_as_far_as_it_does() {
        let (scales, mut moved) = (scales(), scales());
        moved[5] *= 1.0 + 1.0 / 256.0;
        let NestedScales { codes, absmax, offset, .. } = NestedScales::of(&moved);
        let mut ranges = ranges(&scales);
        assert_eq!(wrong_count(&codes, &absmax, f64::from(offset), &ranges), None);
        ranges[5].1 = f64::from(moved[5]);
        assert_eq!(wrong_count(&codes, &absmax, f64::from(offset), &ranges), Some(0));
    }
}
