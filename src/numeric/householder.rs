//! Orthonormal bases with the signs that LAPACK gives them.

use super::Matrix;

/// Q of the QR decomposition of `matrix` (rows ≥ columns) by Householder reflections as LAPACK's `geqrf` and `orgqr`
/// make them, signs included: `torch.linalg.qr(matrix)[0]`.
#[must_use]
pub fn householder_basis(matrix: &Matrix<f64>) -> Matrix<f64> {
    let (rows, columns) = (matrix.rows(), matrix.columns());
    let mut work = matrix.transposed();
    let mut reflections: Vec<(Vec<f64>, f64)> = Vec::with_capacity(columns);
    for step in 0..columns {
        let column = &work.values()[step * rows + step..(step + 1) * rows];
        let (head, tail) = column.split_first().unwrap_or((&0.0, &[]));
        let tail_norm = tail.iter().map(|value| value * value).sum::<f64>().sqrt();
        // A column that has nothing left to reflect keeps its sign.
        let (direction, factor) = if tail_norm == 0.0 {
            (vec![0.0; column.len()], 0.0)
        } else {
            let beta = -head.hypot(tail_norm).copysign(*head);
            let scaled = tail.iter().map(|value| value / (head - beta));
            (std::iter::once(1.0).chain(scaled).collect(), (beta - head) / beta)
        };
        for other in step..columns {
            let start = other * rows + step;
            reflect(&direction, factor, &mut work.values_mut()[start..start + rows - step]);
        }
        reflections.push((direction, factor));
    }
    let mut basis = Matrix::zeros(columns, rows);
    for column in 0..columns {
        basis.values_mut()[column * rows + column] = 1.0;
        for (step, (direction, factor)) in reflections.iter().enumerate().rev() {
            let start = column * rows + step;
            reflect(direction, *factor, &mut basis.values_mut()[start..start + rows - step]);
        }
    }
    basis.transposed()
}

/// `values −= factor · direction · (directionᵀ · values)`.
fn reflect(direction: &[f64], factor: f64, values: &mut [f64]) {
    let share: f64 = direction.iter().zip(&*values).map(|(a, b)| a * b).sum();
    for (value, direction) in values.iter_mut().zip(direction) {
        *value -= factor * share * direction;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn matrix(rows: usize, columns: usize, values: &[f64]) -> Matrix<f64> {
        Matrix::new(rows, columns, values.to_vec())
    }

    /// `torch.linalg.qr` of the same matrices.
    #[test]
    fn bases_have_the_signs_of_lapack() {
        let found = householder_basis(&matrix(3, 2, &[1.0, 2.0, -2.0, 0.5, 2.0, -1.0]));
        let expected = [
            -0.333_333_333_333_333_3,
            -0.931_271_854_652_156_4,
            0.666_666_666_666_666_6,
            -0.122_535_770_348_968,
            -0.666_666_666_666_666_6,
            0.343_100_156_977_110_2,
        ];
        for (found, expected) in found.values().iter().zip(expected) {
            assert!((found - expected).abs() < 1e-12, "{found} {expected}");
        }
        // Already triangular: nothing to reflect, so the signs stay.
        assert_eq!(householder_basis(&matrix(2, 2, &[3.0, 1.0, 0.0, 2.0])).values(), [1.0, 0.0, 0.0, 1.0]);
    }

    #[test]
    fn a_basis_is_orthonormal_and_spans_the_columns() {
        let values: Vec<f64> = (0..28).map(|index| f64::from(index * 5 % 13) - 6.0 + f64::from(index).sin()).collect();
        let original = matrix(7, 4, &values);
        let basis = householder_basis(&original);
        let gram = basis.transposed().product(&basis);
        for (value, expected) in gram.values().iter().zip(Matrix::<f64>::identity(4).values()) {
            assert!((value - expected).abs() < 1e-12);
        }
        let projected = basis.product(&basis.transposed().product(&original));
        for (value, expected) in projected.values().iter().zip(original.values()) {
            assert!((value - expected).abs() < 1e-10);
        }
    }
}
