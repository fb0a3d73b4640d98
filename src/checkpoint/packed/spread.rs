//! How many weights share a scale.

use super::{PackedError, store::Bytes};
use crate::numeric::codec::BlockGrid;

/// The weights of a matrix, or of each of a stack of them, that share a scale.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Spread {
    /// All of a matrix.
    Tensor,
    /// Those of a row.
    Row,
    /// Those of a column.
    Column,
    /// So many of a row; every group is whole.
    Group(usize),
    /// Blocks of so many rows and columns; the last ones may be partial.
    Block(usize, usize),
}

impl Spread {
    /// The grid of the scales of a weight of `shape`.
    pub fn grid(self, shape: &[usize]) -> BlockGrid {
        let (rows, columns) = match self {
            Self::Tensor => (usize::MAX, usize::MAX),
            Self::Row => (1, usize::MAX),
            Self::Column => (usize::MAX, 1),
            Self::Group(columns) => (1, columns),
            Self::Block(rows, columns) => (rows, columns),
        };
        BlockGrid::over(shape, rows, columns)
    }

    /// The shapes in which the scales of a weight of `shape` are stored, the usual one first.
    pub fn shapes(self, shape: &[usize]) -> Vec<Vec<usize>> {
        let grid = self.grid(shape);
        let [stack @ .., _, columns] = shape else { return vec![vec![1]] };
        let over = |last: [usize; 2]| [stack, &last].concat();
        match self {
            Self::Tensor if stack.is_empty() => vec![vec![1], vec![], vec![1, 1]],
            Self::Tensor => vec![over([1, 1]), stack.to_vec()],
            Self::Column => vec![over([1, *columns]), over([*columns, 1])],
            Self::Row | Self::Group(_) | Self::Block(..) => vec![over([grid.down(), grid.across()])],
        }
    }

    /// Whether scales of the shape `scales` are those of a weight of `shape`.
    pub fn fits(self, shape: &[usize], scales: &[usize]) -> bool {
        let is_whole = match (self, shape) {
            (Self::Group(group), [.., columns]) => columns.is_multiple_of(group),
            _ => true,
        };
        is_whole && self.shapes(shape).iter().any(|known| known == scales)
    }

    /// The `scales` of a weight of `shape`, where they are as many as it has.
    pub fn checked(self, shape: &[usize], scales: Bytes) -> Result<Bytes, PackedError> {
        if self.fits(shape, &scales.shape) {
            return Ok(scales);
        }
        match self {
            Self::Group(group) if !shape.last().is_some_and(|columns| columns.is_multiple_of(group)) => {
                Err(PackedError::StateSays { tensor: scales.name, key: "group_size", said: group.to_string() })
            }
            _ => scales.shaped(&self.shapes(shape).remove(0)),
        }
    }
}
