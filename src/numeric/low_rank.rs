//! Δ = scale · L·R, the form that every plain LoRA update takes.

use std::ops::Range;

use super::gemm::{self, Shape};

/// A row-major factor and its shape.
type Factor<'a> = (&'a [f32], Shape);

/// A low-rank change of a `rows × columns` matrix: `scale · left·right`.
///
/// For a Linear layer `left` is `lora_B` and `right` is `lora_A`; for GPT-2's `Conv1D`, whose weight is stored
/// `(in, out)`, they are `lora_Aᵀ` and `lora_Bᵀ` (spec section 2).
#[derive(Clone, Debug)]
pub struct LowRank {
    rows: usize,
    columns: usize,
    rank: usize,
    scale: f64,
    left: Vec<f32>,
    right: Vec<f32>,
}

impl LowRank {
    /// Takes `left` (`rows × rank`) and `right` (`rank × columns`), both row-major.
    ///
    /// # Panics
    /// If a factor has another length than its shape says.
    #[must_use]
    pub fn new(shape: (usize, usize), rank: usize, scale: f64, left: Vec<f32>, right: Vec<f32>) -> Self {
        let (rows, columns) = shape;
        assert_eq!(left.len(), rows * rank, "left must be rows × rank");
        assert_eq!(right.len(), rank * columns, "right must be rank × columns");
        Self { rows, columns, rank, scale, left, right }
    }

    /// Σ strength·Δ as one low-rank update (ranks add up); `None` for an empty list.
    ///
    /// # Panics
    /// If the updates are for matrices of different shapes.
    #[must_use]
    pub fn sum(updates: &[(&Self, f64)]) -> Option<Self> {
        let ((first, strength), rest) = updates.split_first()?;
        if rest.is_empty() {
            return Some(Self { scale: first.scale * strength, ..(*first).clone() });
        }
        assert!(rest.iter().all(|(update, _)| update.shape() == first.shape()), "updates must be for one matrix");
        let rank = updates.iter().map(|(update, _)| update.rank).sum();
        let mut left = Vec::with_capacity(first.rows * rank);
        for row in 0..first.rows {
            for (update, strength) in updates {
                #[expect(clippy::cast_possible_truncation, reason = "factors are f32")]
                let scale = (update.scale * strength) as f32;
                left.extend(update.left[row * update.rank..(row + 1) * update.rank].iter().map(|value| value * scale));
            }
        }
        let right = updates.iter().flat_map(|(update, _)| update.right.iter().copied()).collect();
        Some(Self::new(first.shape(), rank, 1.0, left, right))
    }

    /// `(rows, columns)` of the matrix that this changes.
    #[must_use]
    pub fn shape(&self) -> (usize, usize) {
        (self.rows, self.columns)
    }

    /// The factor s in Δ = s · L·R.
    #[must_use]
    pub fn scale(&self) -> f64 {
        self.scale
    }

    /// The rank r: columns of L, rows of R.
    #[must_use]
    pub fn rank(&self) -> usize {
        self.rank
    }

    /// L, `rows × rank`, row-major.
    #[must_use]
    pub fn left(&self) -> &[f32] {
        &self.left
    }

    /// R, `rank × columns`, row-major.
    #[must_use]
    pub fn right(&self) -> &[f32] {
        &self.right
    }

    /// Adds `strength · Δ[rows]` to `delta` (f32, row-major, `rows.len() × columns`).
    ///
    /// The product is formed first and scaled after, s rounded to f32 once, as PEFT does (spec section 1.3).
    pub fn accumulate_rows(&self, rows: Range<usize>, strength: f64, delta: &mut [f32]) {
        let (left, right) = self.factors(rows);
        gemm::add_product(self.scale_in_f32(strength), left, right, delta);
    }

    /// Writes `strength · Δ[rows]` over whatever `delta` held; otherwise as [`Self::accumulate_rows`].
    pub fn write_rows(&self, rows: Range<usize>, strength: f64, delta: &mut [f32]) {
        let (left, right) = self.factors(rows);
        gemm::set_product(self.scale_in_f32(strength), left, right, delta);
    }

    fn factors(&self, rows: Range<usize>) -> (Factor<'_>, Factor<'_>) {
        let left_shape = Shape { rows: rows.len(), columns: self.rank };
        let left = &self.left[rows.start * self.rank..rows.end * self.rank];
        ((left, left_shape), (&self.right, Shape { rows: self.rank, columns: self.columns }))
    }

    #[expect(clippy::cast_possible_truncation, reason = "PEFT multiplies by s in f32")]
    fn scale_in_f32(&self, strength: f64) -> f32 {
        (self.scale * strength) as f32
    }

    /// The same update in f64: the reference against which a merge is judged.
    #[must_use]
    pub fn to_f64(&self) -> LowRankF64 {
        let widen = |factor: &[f32]| factor.iter().map(|value| f64::from(*value)).collect::<Vec<_>>();
        LowRankF64::new(self.shape(), self.rank, self.scale, widen(&self.left), widen(&self.right))
    }

    /// ‖Δ‖ (Frobenius) from the two `rank × rank` Gram matrices: ‖L·R‖² = tr((LᵀL)(R·Rᵀ)).
    #[must_use]
    pub fn frobenius_norm(&self) -> f64 {
        let mut left_gram = vec![0.0_f64; self.rank * self.rank];
        for row in self.left.chunks(self.rank.max(1)) {
            for (i, a) in row.iter().enumerate() {
                for (j, b) in row.iter().enumerate() {
                    left_gram[i * self.rank + j] += f64::from(*a) * f64::from(*b);
                }
            }
        }
        let right_rows: Vec<&[f32]> = self.right.chunks(self.columns.max(1)).collect();
        let mut trace = 0.0;
        for (i, a) in right_rows.iter().enumerate() {
            for (j, b) in right_rows.iter().enumerate() {
                let dot: f64 = a.iter().zip(*b).map(|(x, y)| f64::from(*x) * f64::from(*y)).sum();
                trace += left_gram[i * self.rank + j] * dot;
            }
        }
        self.scale.abs() * trace.max(0.0).sqrt()
    }
}

/// [`LowRank`] in f64.
#[derive(Clone, Debug)]
pub struct LowRankF64 {
    columns: usize,
    rank: usize,
    scale: f64,
    left: Vec<f64>,
    right: Vec<f64>,
    magnitude_bound: f64,
}

impl LowRankF64 {
    /// Takes `left` (`rows × rank`) and `right` (`rank × columns`), both row-major.
    ///
    /// # Panics
    /// If a factor has another length than its shape says.
    #[must_use]
    pub fn new(shape: (usize, usize), rank: usize, scale: f64, left: Vec<f64>, right: Vec<f64>) -> Self {
        let (rows, columns) = shape;
        assert_eq!(left.len(), rows * rank, "left must be rows × rank");
        assert_eq!(right.len(), rank * columns, "right must be rank × columns");
        let largest_norm = |norms: &[f64]| norms.iter().copied().fold(0.0, f64::max).sqrt();
        let left_norms: Vec<f64> =
            left.chunks(rank.max(1)).map(|row| row.iter().map(|value| value * value).sum()).collect();
        let mut right_norms = vec![0.0; columns];
        for row in right.chunks(columns.max(1)) {
            for (norm, value) in right_norms.iter_mut().zip(row) {
                *norm += value * value;
            }
        }
        let magnitude_bound = scale.abs() * largest_norm(&left_norms) * largest_norm(&right_norms);
        Self { columns, rank, scale, left, right, magnitude_bound }
    }

    /// Adds `strength · Δ[rows]` to `out` (row-major, `rows.len() × columns`).
    pub fn accumulate_rows(&self, rows: Range<usize>, strength: f64, out: &mut [f64]) {
        let left_shape = Shape { rows: rows.len(), columns: self.rank };
        let left = &self.left[rows.start * self.rank..rows.end * self.rank];
        let right_shape = Shape { rows: self.rank, columns: self.columns };
        let scale = self.scale * strength;
        gemm::add_product(scale, (left, left_shape), (&self.right, right_shape), out);
    }

    /// A bound on Σ|s·l·r| of any element (Cauchy–Schwarz), to which the error of an f32 product is proportional.
    #[must_use]
    pub fn magnitude_bound(&self) -> f64 {
        self.magnitude_bound
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn sample() -> LowRank {
        let left: Vec<f32> = (0..10).map(|i| i as f32 * 0.25 - 1.0).collect();
        let right: Vec<f32> = (0..6).map(|i| 1.5 - i as f32 * 0.5).collect();
        LowRank::new((5, 3), 2, 2.0, left, right)
    }

    #[test]
    fn row_ranges_add_up_to_the_whole() {
        let update = sample();
        let mut whole = vec![0.0; 15];
        update.accumulate_rows(0..5, 0.5, &mut whole);
        let mut parts = vec![0.0; 15];
        update.accumulate_rows(0..2, 0.5, &mut parts[..6]);
        update.accumulate_rows(2..5, 0.5, &mut parts[6..]);
        assert_eq!(whole, parts);
    }

    #[test]
    fn norm_from_gram_matrices_is_the_norm_of_the_product() {
        let update = sample();
        let mut delta = vec![0.0; 15];
        update.accumulate_rows(0..5, 1.0, &mut delta);
        let direct = delta.iter().map(|value| f64::from(*value).powi(2)).sum::<f64>().sqrt();
        assert!((update.frobenius_norm() - direct).abs() < 1e-6 * direct);
    }

    #[test]
    fn a_sum_of_updates_is_one_update() {
        let (a, b) = (sample(), LowRank::new((5, 3), 1, 0.5, vec![1.0; 5], vec![2.0; 3]));
        let sum = LowRank::sum(&[(&a, 2.0), (&b, -1.0)]).unwrap();
        let (mut together, mut apart) = (vec![0.0; 15], vec![0.0; 15]);
        sum.accumulate_rows(0..5, 1.0, &mut together);
        a.accumulate_rows(0..5, 2.0, &mut apart);
        b.accumulate_rows(0..5, -1.0, &mut apart);
        for (x, y) in together.iter().zip(&apart) {
            assert!((x - y).abs() < 1e-5);
        }
        assert!(LowRank::sum(&[]).is_none());
    }

    #[test]
    fn f64_reference_agrees_and_its_bound_holds() {
        let update = sample();
        let reference = update.to_f64();
        let (mut single, mut double) = (vec![0.0_f32; 15], vec![0.0_f64; 15]);
        update.accumulate_rows(0..5, 1.0, &mut single);
        reference.accumulate_rows(0..5, 1.0, &mut double);
        for (a, b) in single.iter().zip(&double) {
            assert!((f64::from(*a) - b).abs() < 1e-6);
            assert!(b.abs() <= reference.magnitude_bound());
        }
    }
}
