//! Which row of a tensor becomes which row of the output.

/// A permutation or a cut of rows.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum RowMap {
    /// Row by row, from the first on.
    Same,
    /// Within each head, the rows of both halves by turns: rotations of neighbours in place of rotations of halves.
    Interleaved {
        /// Rows of a head, an even number.
        head_rows: usize,
    },
    /// From the queries, the key and the value of each group of heads to all queries, all keys, all values.
    ByPart {
        /// Groups, each with one key and one value.
        groups: usize,
        /// Query heads of a group.
        queries: usize,
        /// Rows of a head.
        head_rows: usize,
    },
    /// One half of each expert.
    Half {
        /// Rows of a half.
        rows: usize,
        /// Whether it is the second one.
        is_second: bool,
    },
}

impl RowMap {
    /// The row of the tensor that becomes `row`.
    #[must_use]
    pub fn source_row(self, row: usize) -> usize {
        match self {
            Self::Same => row,
            Self::Interleaved { head_rows } => {
                let (head, at) = (row / head_rows, row % head_rows);
                head * head_rows + at % 2 * (head_rows / 2) + at / 2
            }
            Self::ByPart { groups, queries, head_rows } => {
                let (head, at) = (row / head_rows, row % head_rows);
                let (group, place) = match head.checked_sub(groups * queries) {
                    None => (head / queries, head % queries),
                    Some(head) => (head % groups, queries + head / groups),
                };
                (group * (queries + 2) + place) * head_rows + at
            }
            Self::Half { rows, is_second } => (row / rows * 2 + usize::from(is_second)) * rows + row % rows,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn sources(map: RowMap, rows: usize) -> Vec<usize> {
        (0..rows).map(|row| map.source_row(row)).collect()
    }

    #[test]
    fn every_map_takes_the_rows_that_it_says() {
        assert_eq!(sources(RowMap::Same, 3), [0, 1, 2]);
        assert_eq!(sources(RowMap::Interleaved { head_rows: 4 }, 8), [0, 2, 1, 3, 4, 6, 5, 7]);
        let by_part = RowMap::ByPart { groups: 2, queries: 1, head_rows: 2 };
        assert_eq!(sources(by_part, 12), [0, 1, 6, 7, 2, 3, 8, 9, 4, 5, 10, 11]);
        let grouped = RowMap::ByPart { groups: 2, queries: 3, head_rows: 1 };
        assert_eq!(sources(grouped, 10), [0, 1, 2, 5, 6, 7, 3, 8, 4, 9]);
        let one_group = RowMap::ByPart { groups: 1, queries: 3, head_rows: 1 };
        assert_eq!(sources(one_group, 5), [0, 1, 2, 3, 4]);
        assert_eq!(sources(RowMap::Half { rows: 2, is_second: true }, 4), [2, 3, 6, 7]);
        assert_eq!(sources(RowMap::Half { rows: 2, is_second: false }, 4), [0, 1, 4, 5]);
    }
}
