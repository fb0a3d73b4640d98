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
    /// The matrix view of `shape`; a vector is n × 1, a scalar 1 × 1.
    #[must_use]
    pub fn of(shape: &[usize]) -> Self {
        match shape {
            [] => Self { rows: 1, columns: 1 },
            [rows] => Self { rows: *rows, columns: 1 },
            [rows @ .., columns] => Self { rows: rows.iter().product(), columns: *columns },
        }
    }
}

/// Cuts `rows` into consecutive ranges of at most `max_elements / columns` rows, at least one row each.
pub fn row_tiles(shape: TileShape, max_elements: usize) -> impl Iterator<Item = Range<usize>> {
    let TileShape { rows, columns } = shape;
    let step = (max_elements / columns.max(1)).max(1);
    (0..rows).step_by(step).map(move |start| start..(start + step).min(rows))
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
    fn any_shape_is_a_matrix() {
        assert_eq!(TileShape::of(&[]), TileShape { rows: 1, columns: 1 });
        assert_eq!(TileShape::of(&[7]), TileShape { rows: 7, columns: 1 });
        assert_eq!(TileShape::of(&[2, 3, 4]), TileShape { rows: 6, columns: 4 });
    }
}
