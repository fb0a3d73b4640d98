//! The searches of ggml's k-quants for the scale and the minimum of a sub-block (`make_qkx2_quants`, `make_qx_quants`),
//! sixteen sub-blocks at a time: one in each lane, which keeps the order of its sums, so that the bits are ggml's.

#![expect(clippy::inline_always, reason = "only what is inlined is compiled with the instructions of a level")]

use crate::numeric::lanes::{Block, LANE_COUNT};

/// Adding it rounds an f32 below 2²² to an integer, to nearest even, in the low bits.
const ROUNDING: f32 = 12_582_912.0;

/// What ggml takes for nothing but zeros.
pub(super) const NEARLY_ZERO: f32 = 1e-15;

/// Values of sub-blocks: element `i` of the sub-block of each lane.
pub(super) type Turned<const N: usize> = [Block; N];

/// What a search found in each lane.
pub(super) struct Found {
    /// The scale.
    pub(super) scale: Block,
    /// The minimum, negated; zeros where a format has none.
    pub(super) min: Block,
    /// Codes are `round(iscale · (x − origin))`: what they were made with when they were kept.
    pub(super) iscale: Block,
    /// See `iscale`.
    pub(super) origin: Block,
}

/// ggml's `nearest_int`, wrapping as it does beyond 2²².
#[inline(always)]
#[expect(clippy::cast_possible_wrap, reason = "23 bits")]
pub(super) fn nearest(value: f32) -> i32 {
    (((value + ROUNDING).to_bits() & 0x007f_ffff) as i32).wrapping_sub(0x0040_0000)
}

/// Sub-blocks of `N` values that follow one another, side by side.
#[inline(always)]
pub(super) fn turned<const N: usize>(values: &[f32]) -> Turned<N> {
    let mut turned = [[0.0; LANE_COUNT]; N];
    for (lane, sub_block) in values.chunks_exact(N).enumerate() {
        for (row, value) in turned.iter_mut().zip(sub_block) {
            row[lane] = *value;
        }
    }
    turned
}

/// Codes from `low` to `high` of the sub-block in `lane`, by the scale and the minimum that its block holds; as the search
/// kept them where the scale came to nothing.
#[inline(always)]
pub(super) fn codes<const N: usize>(
    found: &Found,
    lane: usize,
    values: &[f32; N],
    (scale, min): (f32, f32),
    (low, high): (i32, i32),
) -> [i32; N] {
    let mut codes = [0; N];
    let pairs = codes.iter_mut().zip(values);
    if scale == 0.0 {
        let (iscale, origin) = (found.iscale[lane], found.origin[lane]);
        pairs.for_each(|(code, value)| *code = nearest(iscale * (value - origin)).clamp(low, high));
    } else {
        pairs.for_each(|(code, value)| *code = nearest((value + min) / scale).clamp(low, high));
    }
    codes
}

/// How [`scales_and_mins`] searches.
#[derive(Clone, Copy)]
pub(super) struct Steps {
    /// The largest code.
    pub(super) max_code: i32,
    /// What the first step adds to it.
    pub(super) first: f32,
    /// Steps of 0.1 after the first.
    pub(super) count: u8,
}

/// Scale and minimum of each sub-block, with weights that grow with the values.
#[inline(always)]
#[expect(clippy::cast_precision_loss, reason = "small integers")]
pub(super) fn scales_and_mins<const N: usize>(x: &Turned<N>, steps: Steps) -> Found {
    let zeros = [0.0; LANE_COUNT];
    let max_code = steps.max_code as f32;
    let mut squares = zeros;
    for row in x {
        for lane in 0..LANE_COUNT {
            squares[lane] += row[lane] * row[lane];
        }
    }
    let mut weights = [zeros; N];
    for (weights, row) in weights.iter_mut().zip(x) {
        for lane in 0..LANE_COUNT {
            weights[lane] = (squares[lane] / N as f32).sqrt() + row[lane].abs();
        }
    }
    let (mut min, mut max) = (x[0], x[0]);
    let (mut sum_w, mut sum_x) = (weights[0], zeros);
    for lane in 0..LANE_COUNT {
        sum_x[lane] = weights[0][lane] * x[0][lane];
    }
    for (w, x) in weights.iter().zip(x).skip(1) {
        for lane in 0..LANE_COUNT {
            min[lane] = if x[lane] < min[lane] { x[lane] } else { min[lane] };
            max[lane] = if x[lane] > max[lane] { x[lane] } else { max[lane] };
            sum_w[lane] += w[lane];
            sum_x[lane] += w[lane] * x[lane];
        }
    }
    let (mut iscale, mut scale, mut is_constant) = (zeros, zeros, [false; LANE_COUNT]);
    for lane in 0..LANE_COUNT {
        min[lane] = if min[lane] > 0.0 { 0.0 } else { min[lane] };
        is_constant[lane] = max[lane] == min[lane];
        iscale[lane] = max_code / (max[lane] - min[lane]);
        scale[lane] = 1.0 / iscale[lane];
    }
    let lowest = min;
    let mut best = zeros;
    for (w, x) in weights.iter().zip(x) {
        for lane in 0..LANE_COUNT {
            let code = nearest(iscale[lane] * (x[lane] - min[lane])).clamp(0, steps.max_code) as f32;
            let difference = scale[lane] * code + min[lane] - x[lane];
            best[lane] += w[lane] * (difference * difference);
        }
    }
    let (mut kept_iscale, mut kept_origin) = (iscale, min);
    let mut codes = [zeros; N];
    for step in 0..=steps.count {
        let aim = steps.first + 0.1 * f32::from(step) + max_code;
        for lane in 0..LANE_COUNT {
            iscale[lane] = aim / (max[lane] - min[lane]);
        }
        let (mut sum_l, mut sum_l2, mut sum_xl) = (zeros, zeros, zeros);
        for ((codes, w), x) in codes.iter_mut().zip(&weights).zip(x) {
            for lane in 0..LANE_COUNT {
                let code = nearest(iscale[lane] * (x[lane] - min[lane])).clamp(0, steps.max_code) as f32;
                codes[lane] = code;
                let weighted = w[lane] * code;
                sum_l[lane] += weighted;
                sum_l2[lane] += weighted * code;
                sum_xl[lane] += weighted * x[lane];
            }
        }
        let (mut try_scale, mut try_min, mut is_solved) = (zeros, zeros, [false; LANE_COUNT]);
        for lane in 0..LANE_COUNT {
            let determinant = sum_w[lane] * sum_l2[lane] - sum_l[lane] * sum_l[lane];
            is_solved[lane] = determinant > 0.0;
            let own_scale = (sum_w[lane] * sum_xl[lane] - sum_x[lane] * sum_l[lane]) / determinant;
            let own_min = (sum_l2[lane] * sum_x[lane] - sum_l[lane] * sum_xl[lane]) / determinant;
            let is_positive = own_min > 0.0;
            try_min[lane] = if is_positive { 0.0 } else { own_min };
            try_scale[lane] = if is_positive { sum_xl[lane] / sum_l2[lane] } else { own_scale };
        }
        let mut error = zeros;
        for ((codes, w), x) in codes.iter().zip(&weights).zip(x) {
            for lane in 0..LANE_COUNT {
                let difference = try_scale[lane] * codes[lane] + try_min[lane] - x[lane];
                error[lane] += w[lane] * (difference * difference);
            }
        }
        for lane in 0..LANE_COUNT {
            let is_better = is_solved[lane] && error[lane] < best[lane];
            best[lane] = if is_better { error[lane] } else { best[lane] };
            scale[lane] = if is_better { try_scale[lane] } else { scale[lane] };
            kept_iscale[lane] = if is_better { iscale[lane] } else { kept_iscale[lane] };
            kept_origin[lane] = if is_better { min[lane] } else { kept_origin[lane] };
            // The next step divides by the range to this minimum, as in ggml.
            min[lane] = if is_better { try_min[lane] } else { min[lane] };
        }
    }
    // Constant sub-blocks are settled before any step; the steps then had nothing to divide by.
    for lane in 0..LANE_COUNT {
        scale[lane] = if is_constant[lane] { 0.0 } else { scale[lane] };
        kept_iscale[lane] = if is_constant[lane] { 0.0 } else { kept_iscale[lane] };
        kept_origin[lane] = if is_constant[lane] { 0.0 } else { kept_origin[lane] };
        min[lane] = -(if is_constant[lane] { lowest[lane] } else { min[lane] });
    }
    Found { scale, min, iscale: kept_iscale, origin: kept_origin }
}

/// Scale of each sub-block for signed codes of `-half..half`, weighted with the squares of the values.
#[inline(always)]
#[expect(clippy::cast_precision_loss, reason = "small integers")]
pub(super) fn scales<const N: usize>(x: &Turned<N>, half: i32) -> Found {
    let zeros = [0.0; LANE_COUNT];
    let (mut peak, mut peak_magnitude) = (zeros, zeros);
    for row in x {
        for lane in 0..LANE_COUNT {
            let magnitude = row[lane].abs();
            let is_higher = magnitude > peak_magnitude[lane];
            peak_magnitude[lane] = if is_higher { magnitude } else { peak_magnitude[lane] };
            peak[lane] = if is_higher { row[lane] } else { peak[lane] };
        }
    }
    let (mut scale, mut best, mut kept_iscale, mut origin) = (zeros, zeros, zeros, zeros);
    for step in [0].into_iter().chain(-9..0).chain(1..=9_i8) {
        let aim = half as f32 + 0.1 * f32::from(step);
        let (mut iscale, mut sum_xl, mut sum_l2) = (zeros, zeros, zeros);
        for lane in 0..LANE_COUNT {
            iscale[lane] = -aim / peak[lane];
        }
        for x in x {
            for lane in 0..LANE_COUNT {
                let code = nearest(iscale[lane] * x[lane]).clamp(-half, half - 1) as f32;
                let weight = x[lane] * x[lane];
                sum_xl[lane] += weight * x[lane] * code;
                sum_l2[lane] += weight * code * code;
            }
        }
        for lane in 0..LANE_COUNT {
            let is_gain = sum_l2[lane] > 0.0 && sum_xl[lane] * sum_xl[lane] > best[lane] * sum_l2[lane];
            let is_better = is_gain || step == 0;
            let own_scale = if sum_l2[lane] == 0.0 { 0.0 } else { sum_xl[lane] / sum_l2[lane] };
            scale[lane] = if is_better { own_scale } else { scale[lane] };
            best[lane] = if is_better { own_scale * sum_xl[lane] } else { best[lane] };
            kept_iscale[lane] = if is_better { iscale[lane] } else { kept_iscale[lane] };
        }
    }
    for lane in 0..LANE_COUNT {
        let is_zero = peak_magnitude[lane] < NEARLY_ZERO;
        scale[lane] = if is_zero { 0.0 } else { scale[lane] };
        // ggml leaves the lowest code where there is nothing to encode.
        kept_iscale[lane] = if is_zero { 1.0 } else { kept_iscale[lane] };
        origin[lane] = if is_zero { 1e6 } else { 0.0 };
    }
    Found { scale, min: zeros, iscale: kept_iscale, origin }
}
