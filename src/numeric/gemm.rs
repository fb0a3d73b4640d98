//! The one place that hands pointers to the `gemm` crate.

use std::sync::Once;

/// How a row-major matrix lies in a slice.
#[derive(Clone, Copy, Debug)]
pub(super) struct Shape {
    pub rows: usize,
    pub columns: usize,
}

impl Shape {
    fn len(self) -> usize {
        self.rows.checked_mul(self.columns).expect("matrix fits in memory")
    }
}

/// Output rows from which on `gemm` copies the right factor into the order in which it is read. By default it does so
/// from 48 rows on; with fewer it reads columns a page apart, of which the cache holds few (measured: 2.5 times slower
/// at rank 256).
const MIN_BLOCKS_TO_PACK: usize = 2;

/// `out += scale · left·right`, all row-major; the product is formed before it is scaled.
///
/// # Panics
/// If the shapes do not chain or a slice has another length than its shape.
pub(super) fn add_product<T: Real>(scale: T, left: (&[T], Shape), right: (&[T], Shape), out: &mut [T]) {
    multiply(scale, left, right, out, true);
}

/// `out = scale · left·right`, whatever `out` held; otherwise as [`add_product`].
///
/// # Panics
/// As [`add_product`].
pub(super) fn set_product<T: Real>(scale: T, left: (&[T], Shape), right: (&[T], Shape), out: &mut [T]) {
    multiply(scale, left, right, out, false);
}

fn multiply<T: Real>(
    scale: T,
    (left, left_shape): (&[T], Shape),
    (right, right_shape): (&[T], Shape),
    out: &mut [T],
    reads_out: bool,
) {
    static PACKING: Once = Once::new();
    PACKING.call_once(|| gemm::set_lhs_packing_threshold_single_thread(MIN_BLOCKS_TO_PACK));
    let (rows, depth, columns) = (left_shape.rows, left_shape.columns, right_shape.columns);
    assert_eq!(depth, right_shape.rows, "inner dimensions must agree");
    assert_eq!(left.len(), left_shape.len(), "left slice and shape must agree");
    assert_eq!(right.len(), right_shape.len(), "right slice and shape must agree");
    assert_eq!(out.len(), Shape { rows, columns }.len(), "out slice and shape must agree");
    let stride = |columns: usize| isize::try_from(columns).expect("a slice is at most isize::MAX long");

    #[expect(unsafe_code, reason = "`gemm` takes pointers; a safe product is several times slower")]
    // SAFETY: the asserts above prove that every (row, column) reached through the row-major strides below lies inside
    // its slice; `out` is borrowed mutably, so it overlaps neither input.
    unsafe {
        gemm::gemm(
            rows,
            columns,
            depth,
            out.as_mut_ptr(),
            1,
            stride(columns),
            reads_out,
            left.as_ptr(),
            1,
            stride(depth),
            right.as_ptr(),
            1,
            stride(columns),
            T::ONE,
            scale,
            false,
            false,
            false,
            gemm::Parallelism::None,
        );
    }
}

/// An element type that `gemm` multiplies; sealed, for the crate computes by type id.
pub trait Real: Copy + 'static {
    /// 1.
    const ONE: Self;
}

impl Real for f32 {
    const ONE: Self = 1.0;
}

impl Real for f64 {
    const ONE: Self = 1.0;
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn multiplies_row_major_scales_and_adds() {
        let left = [1.0_f32, 2.0, 3.0, 4.0, 5.0, 6.0];
        let right = [1.0_f32, 0.0, 0.0, 1.0];
        let mut out = [10.0_f32; 6];
        let shapes = (Shape { rows: 3, columns: 2 }, Shape { rows: 2, columns: 2 });
        add_product(2.0, (&left, shapes.0), (&right, shapes.1), &mut out);
        assert_eq!(out, [12.0, 14.0, 16.0, 18.0, 20.0, 22.0]);
    }

    #[test]
    fn setting_is_adding_to_zero() {
        for (rows, depth, columns) in
            [(1, 1, 1), (1, 5, 40), (7, 1, 33), (9, 2, 17), (40, 3, 1), (30, 16, 100), (5, 0, 3)]
        {
            let factor = |len: usize, seed: f32| (0..len).map(|i| (i as f32 * seed).sin()).collect::<Vec<_>>();
            let (left, right) = (factor(rows * depth, 0.7), factor(depth * columns, 1.3));
            let shapes = (Shape { rows, columns: depth }, Shape { rows: depth, columns });
            let (mut added, mut set) = (vec![0.0_f32; rows * columns], vec![f32::NAN; rows * columns]);
            add_product(-0.3, (&left, shapes.0), (&right, shapes.1), &mut added);
            set_product(-0.3, (&left, shapes.0), (&right, shapes.1), &mut set);
            assert_eq!(added, set, "{rows} × {depth} × {columns}");
        }
    }

    #[test]
    #[should_panic(expected = "inner dimensions")]
    fn refuses_shapes_that_do_not_chain() {
        let shapes = (Shape { rows: 1, columns: 2 }, Shape { rows: 3, columns: 1 });
        add_product(1.0, (&[0.0_f32; 2], shapes.0), (&[0.0; 3], shapes.1), &mut [0.0]);
    }
}
