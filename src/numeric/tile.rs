//! Row tiles: a matrix cut into runs of whole rows that fit a buffer of our choosing.

use std::ops::Range;

/// Rows and columns of a tensor seen as a matrix: the last dimension is the columns, all others are rows; a vector is
/// one column, so that it may be cut anywhere.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct TileShape {
    /// Number of rows.
    pub rows: usize,
    /// Elements of one row.
    pub columns: usize,
}

impl TileShape {
    /// The matrix view of `shape`; a vector is n × 1, a scalar 1 × 1, a tensor without elements has no rows.
    #[must_use]
    pub fn of(shape: &[usize]) -> Self {
        match shape {
            _ if shape.contains(&0) => Self { rows: 0, columns: 1 },
            [] => Self { rows: 1, columns: 1 },
            [rows] => Self { rows: *rows, columns: 1 },
            [rows @ .., columns] => Self { rows: rows.iter().product(), columns: *columns },
        }
    }

    /// The same elements with `count` rows joined to one, where they divide.
    #[must_use]
    pub fn joined(self, count: usize) -> Self {
        if count == 0 || !self.rows.is_multiple_of(count) {
            return self;
        }
        Self { rows: self.rows / count, columns: self.columns.saturating_mul(count) }
    }

    /// The same elements in rows of whole bytes, where one has `bit_count` bits: rows that end within a byte are joined
    /// with those after them.
    #[must_use]
    pub fn in_whole_bytes(self, bit_count: usize) -> Self {
        let bits_over = (self.columns % 8) * (bit_count % 8) % 8;
        // 8 / gcd(8, bits over): as many rows as end with a byte.
        let joined = if bits_over == 0 { 1 } else { 8 >> bits_over.trailing_zeros() };
        Self { rows: self.rows / joined, columns: self.columns * joined }
    }
}

/// Cuts `rows` into consecutive ranges of at most `max_elements / columns` rows, at least one row each.
pub fn row_tiles(shape: TileShape, max_elements: usize) -> impl Iterator<Item = Range<usize>> {
    let TileShape { rows, columns } = shape;
    let step = (max_elements / columns.max(1)).max(1);
    (0..rows).step_by(step).map(move |start| start..(start + step).min(rows))
}

/// Cuts `rows` as [`row_tiles`] does, but only between blocks of `block` rows, at least one block each.
pub fn block_tiles(shape: TileShape, block: usize, max_elements: usize) -> impl Iterator<Item = Range<usize>> {
    let blocks = shape.joined(block);
    let rows_in_block = shape.rows / blocks.rows.max(1);
    row_tiles(blocks, max_elements).map(move |tile| tile.start * rows_in_block..tile.end * rows_in_block)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn tiles_cover_every_row_once(rows in 0_usize..500, columns in 0_usize..50, max_elements in 0_usize..2_000) {
            let mut next = 0;
            for tile in row_tiles(TileShape { rows, columns }, max_elements) {
                prop_assert_eq!(tile.start, next);
                prop_assert!(tile.end > tile.start);
                prop_assert!(tile.len() == 1 || tile.len() * columns <= max_elements);
                next = tile.end;
            }
            prop_assert_eq!(next, rows);
        }
    }

    #[test]
    fn tiles_of_blocks_end_with_a_block() {
        let tiles =
            |rows, block, elements| block_tiles(TileShape { rows, columns: 4 }, block, elements).collect::<Vec<_>>();
        assert_eq!(tiles(12, 3, 16), [0..3, 3..6, 6..9, 9..12], "four rows would fit, three are a block");
        assert_eq!(tiles(12, 3, 24), [0..6, 6..12]);
        assert_eq!(tiles(12, 6, 1), [0..6, 6..12], "a block is never cut");
        assert_eq!(tiles(4, 1, 8), [0..2, 2..4]);
        assert!(tiles(0, 3, 8).is_empty());
    }

    #[test]
    fn any_shape_is_a_matrix() {
        assert_eq!(TileShape::of(&[]), TileShape { rows: 1, columns: 1 });
        assert_eq!(TileShape::of(&[7]), TileShape { rows: 7, columns: 1 });
        assert_eq!(TileShape::of(&[2, 3, 4]), TileShape { rows: 6, columns: 4 });
    }

    #[test]
    fn a_tensor_without_elements_has_no_rows_to_walk() {
        for shape in [&[0][..], &[0, 4], &[4, 0], &[usize::MAX, 0], &[0, usize::MAX]] {
            assert_eq!(row_tiles(TileShape::of(shape), 1).count(), 0, "{shape:?}");
        }
    }

    #[test]
    fn rows_of_packed_elements_end_with_a_byte() {
        let whole = |rows, columns, bit_count| TileShape { rows, columns }.in_whole_bytes(bit_count);
        assert_eq!(whole(6, 3, 16), TileShape { rows: 6, columns: 3 });
        assert_eq!(whole(6, 4, 4), TileShape { rows: 6, columns: 4 });
        assert_eq!(whole(6, 3, 4), TileShape { rows: 3, columns: 6 });
        assert_eq!(whole(8, 5, 1), TileShape { rows: 1, columns: 40 });
        assert_eq!(whole(4, 3, 6), TileShape { rows: 1, columns: 12 });
    }
}
