//! Small dense matrices: factors, rotations and Gram matrices, never base weights.

use std::ops::Range;

use super::{
    Element,
    gemm::{self, Shape},
};

/// A row-major matrix.
#[derive(Clone, Debug, PartialEq)]
pub struct Matrix<T> {
    rows: usize,
    columns: usize,
    values: Vec<T>,
}

impl<T: Element> Matrix<T> {
    /// Takes `rows · columns` values, row by row.
    ///
    /// # Panics
    /// If their number differs.
    #[must_use]
    pub fn new(rows: usize, columns: usize, values: Vec<T>) -> Self {
        assert_eq!(rows.checked_mul(columns), Some(values.len()), "a matrix has rows × columns values");
        Self { rows, columns, values }
    }

    /// Zeros.
    #[must_use]
    pub fn zeros(rows: usize, columns: usize) -> Self {
        Self { rows, columns, values: vec![T::ZERO; rows * columns] }
    }

    /// The identity.
    #[must_use]
    pub fn identity(size: usize) -> Self {
        let mut out = Self::zeros(size, size);
        for index in 0..size {
            out.values[index * size + index] = T::ONE;
        }
        out
    }

    /// Number of rows.
    #[must_use]
    pub fn rows(&self) -> usize {
        self.rows
    }

    /// Elements of a row.
    #[must_use]
    pub fn columns(&self) -> usize {
        self.columns
    }

    /// All values, row by row.
    #[must_use]
    pub fn values(&self) -> &[T] {
        &self.values
    }

    /// All values, to be changed.
    pub fn values_mut(&mut self) -> &mut [T] {
        &mut self.values
    }

    /// The values, row by row.
    #[must_use]
    pub fn into_values(self) -> Vec<T> {
        self.values
    }

    /// One row.
    #[must_use]
    pub fn row(&self, row: usize) -> &[T] {
        &self.values[row * self.columns..(row + 1) * self.columns]
    }

    /// Some rows, as a matrix of their own.
    #[must_use]
    pub fn row_range(&self, rows: Range<usize>) -> Self {
        let values = self.values[rows.start * self.columns..rows.end * self.columns].to_vec();
        Self { rows: rows.len(), columns: self.columns, values }
    }

    /// The transpose.
    #[must_use]
    pub fn transposed(&self) -> Self {
        let mut values = Vec::with_capacity(self.values.len());
        for column in 0..self.columns {
            values.extend((0..self.rows).map(|row| self.values[row * self.columns + column]));
        }
        Self { rows: self.columns, columns: self.rows, values }
    }

    /// `self · right`.
    ///
    /// # Panics
    /// If the inner dimensions differ.
    #[must_use]
    pub fn product(&self, right: &Self) -> Self {
        let mut out = Self::zeros(self.rows, right.columns);
        self.add_product(0..self.rows, right, T::ONE, &mut out.values);
        out
    }

    /// `out += scale · self[rows] · right`, row-major; the product is formed before it is scaled.
    ///
    /// # Panics
    /// If the inner dimensions differ or `out` has another length than the product.
    pub fn add_product(&self, rows: Range<usize>, right: &Self, scale: T, out: &mut [T]) {
        let left = &self.values[rows.start * self.columns..rows.end * self.columns];
        let left_shape = Shape { rows: rows.len(), columns: self.columns };
        let right_shape = Shape { rows: right.rows, columns: right.columns };
        gemm::add_product(scale, (left, left_shape), (&right.values, right_shape), out);
    }

    /// X with X·`self` = `right`, by Gauss–Jordan elimination with partial pivoting on the transposes; `None` where
    /// `self` is singular.
    ///
    /// # Panics
    /// If the matrices are not square and of one size.
    #[must_use]
    pub fn solve_left(&self, right: &Self) -> Option<Self> {
        let size = self.rows;
        assert!([self.columns, right.rows, right.columns].iter().all(|other| *other == size), "squares of one size");
        let (mut left, mut right) = (self.transposed(), right.transposed());
        for column in 0..size {
            let magnitude = |row: usize| left.values[row * size + column].to_f64().abs();
            let pivot = (column..size).max_by(|a, b| magnitude(*a).total_cmp(&magnitude(*b)))?;
            if magnitude(pivot) == 0.0 || !magnitude(pivot).is_finite() {
                return None;
            }
            left.swap_rows(column, pivot);
            right.swap_rows(column, pivot);
            let inverse = T::ONE / left.values[column * size + column];
            left.scale_row(column, inverse);
            right.scale_row(column, inverse);
            for row in (0..size).filter(|row| *row != column) {
                let factor = left.values[row * size + column];
                left.subtract_row(row, column, factor);
                right.subtract_row(row, column, factor);
            }
        }
        Some(right.transposed())
    }

    fn swap_rows(&mut self, a: usize, b: usize) {
        for column in 0..self.columns {
            self.values.swap(a * self.columns + column, b * self.columns + column);
        }
    }

    fn scale_row(&mut self, row: usize, factor: T) {
        for value in &mut self.values[row * self.columns..(row + 1) * self.columns] {
            *value *= factor;
        }
    }

    fn subtract_row(&mut self, row: usize, other: usize, factor: T) {
        for column in 0..self.columns {
            let subtrahend = self.values[other * self.columns + column] * factor;
            self.values[row * self.columns + column] += -subtrahend;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn matrix(rows: usize, columns: usize, values: &[f64]) -> Matrix<f64> {
        Matrix::new(rows, columns, values.to_vec())
    }

    #[test]
    fn products_and_transposes_agree_with_hand_arithmetic() {
        let a = matrix(2, 3, &[1.0, 2.0, 3.0, 4.0, 5.0, 6.0]);
        assert_eq!(a.product(&a.transposed()), matrix(2, 2, &[14.0, 32.0, 32.0, 77.0]));
        assert_eq!(a.row_range(1..2).row(0), [4.0, 5.0, 6.0]);
        let mut out = vec![1.0; 2];
        a.add_product(1..2, &matrix(3, 2, &[1.0, 0.0, 0.0, 1.0, 1.0, 1.0]), 2.0, &mut out);
        assert_eq!(out, [21.0, 23.0]);
    }

    #[test]
    fn a_solution_multiplies_back() {
        let a = matrix(3, 3, &[0.0, 2.0, 1.0, 1.0, 1.0, 0.5, 4.0, -1.0, 3.0]);
        let right = matrix(3, 3, &[1.0, 0.0, 2.0, 0.5, 1.0, -1.0, 3.0, 2.0, 0.0]);
        let solution = a.solve_left(&right).unwrap();
        for (found, expected) in solution.product(&a).values().iter().zip(right.values()) {
            assert!((found - expected).abs() < 1e-12);
        }
        assert_eq!(Matrix::zeros(2, 2).solve_left(&Matrix::<f64>::identity(2)), None);
    }
}
