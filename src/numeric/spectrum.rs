//! Singular values of a low-rank change, from its factors: two QR decompositions and an r × r matrix.

use super::LowRank;

/// Sweeps of rotations at most; a handful suffices for any matrix.
const MOST_SWEEPS: usize = 60;

/// Two columns count as orthogonal below this cosine.
const ORTHOGONAL: f64 = 1e-14;

/// The singular values of `scale · L·R`, the largest first; as many as its rank.
#[must_use]
pub fn singular_values(change: &LowRank) -> Vec<f64> {
    let ((rows, columns), rank) = (change.shape(), change.rank());
    let left: Vec<Vec<f64>> =
        (0..rank).map(|k| (0..rows).map(|row| f64::from(change.left()[row * rank + k])).collect()).collect();
    let right: Vec<Vec<f64>> = (0..rank)
        .map(|k| (0..columns).map(|column| f64::from(change.right()[k * columns + column])).collect())
        .collect();
    let (left, right) = (triangular(left), triangular(right));
    // L = Q·A and Rᵀ = P·B, so that L·R = Q·(A·Bᵀ)·Pᵀ has the singular values of A·Bᵀ, here as its columns.
    let mut product: Vec<Vec<f64>> = (0..rank)
        .map(|column| {
            let entry = |row: usize| (0..rank).map(|k| left[k][row] * right[k][column]).sum::<f64>();
            (0..rank).map(entry).collect()
        })
        .collect();
    orthogonalise(&mut product);
    let mut values: Vec<f64> = product.iter().map(|column| dot(column, column).sqrt() * change.scale().abs()).collect();
    values.sort_by(|a, b| b.total_cmp(a));
    values
}

fn dot(a: &[f64], b: &[f64]) -> f64 {
    a.iter().zip(b).map(|(a, b)| a * b).sum()
}

/// The triangular factor of the QR decomposition of `columns`, column by column.
fn triangular(mut columns: Vec<Vec<f64>>) -> Vec<Vec<f64>> {
    let rank = columns.len();
    let mut factor = vec![vec![0.0; rank]; rank];
    for k in 0..rank {
        let norm = dot(&columns[k], &columns[k]).sqrt();
        factor[k][k] = norm;
        if norm == 0.0 {
            continue;
        }
        let (done, rest) = columns.split_at_mut(k + 1);
        let unit: Vec<f64> = done[k].iter().map(|value| value / norm).collect();
        for (offset, column) in rest.iter_mut().enumerate() {
            let share = dot(&unit, column);
            factor[k + 1 + offset][k] = share;
            for (value, unit) in column.iter_mut().zip(&unit) {
                *value -= share * unit;
            }
        }
    }
    factor
}

/// Rotates pairs of columns until all are orthogonal (one-sided Jacobi); their lengths are the singular values.
fn orthogonalise(columns: &mut [Vec<f64>]) {
    for _ in 0..MOST_SWEEPS {
        let mut is_settled = true;
        for first in 0..columns.len() {
            for second in first + 1..columns.len() {
                let (a, b) = (dot(&columns[first], &columns[first]), dot(&columns[second], &columns[second]));
                let cross = dot(&columns[first], &columns[second]);
                if cross.abs() <= ORTHOGONAL * (a * b).sqrt() {
                    continue;
                }
                is_settled = false;
                let zeta = (b - a) / (2.0 * cross);
                let tangent = zeta.signum() / (zeta.abs() + zeta.hypot(1.0));
                let cosine = 1.0 / tangent.hypot(1.0);
                let sine = cosine * tangent;
                for row in 0..columns[first].len() {
                    let (x, y) = (columns[first][row], columns[second][row]);
                    columns[first][row] = cosine * x - sine * y;
                    columns[second][row] = sine * x + cosine * y;
                }
            }
        }
        if is_settled {
            break;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_diagonal_change_has_its_own_entries() {
        // 3 × 2 with 3 and 1 on the diagonal, times 2.
        let left = vec![3.0, 0.0, 0.0, 1.0, 0.0, 0.0];
        let change = LowRank::new((3, 2), 2, 2.0, left, vec![1.0, 0.0, 0.0, 1.0]);
        assert_eq!(singular_values(&change), [6.0, 2.0]);
    }

    #[test]
    fn energies_add_up_to_the_norm_whatever_the_factors() {
        let noise = |count: usize, seed: f32| -> Vec<f32> {
            (0..count).map(|index| ((index as f32 + seed) * 12.9898).sin() * 0.7).collect()
        };
        let mut right = noise(5 * 40, 3.0);
        // A rank that is not used, as B has it before training.
        right[40..80].fill(0.0);
        let change = LowRank::new((30, 40), 5, 0.5, noise(30 * 5, 1.0), right);
        let values = singular_values(&change);
        let energy: f64 = values.iter().map(|value| value * value).sum();
        assert!((energy.sqrt() - change.frobenius_norm()).abs() < 1e-6 * energy.sqrt(), "{values:?}");
        assert!(values[4] < 1e-9 * values[0] && values.is_sorted_by(|a, b| a >= b), "{values:?}");
    }
}
