//! Which row of a tensor becomes which row of the output.

use super::Family;

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
    /// Row by row, from this one on.
    From(usize),
    /// The inverse of [`Self::Interleaved`].
    InHalves {
        /// Rows of a head, an even number.
        head_rows: usize,
    },
    /// The inverse of [`Self::ByPart`].
    ByGroup {
        /// Groups, each with one key and one value.
        groups: usize,
        /// Query heads of a group.
        queries: usize,
        /// Rows of a head.
        head_rows: usize,
    },
}

impl RowMap {
    /// Whether llama.cpp has the rows of `part` in another order than transformers.
    pub(super) fn is_reordered(family: Family, part: &str) -> bool {
        match family {
            Family::Llama | Family::Mixtral => matches!(part, "attn_q" | "attn_k"),
            Family::GptNeoX | Family::Falcon => part == "attn_qkv",
            _ => false,
        }
    }

    /// The order in which llama.cpp has the `rows` rows of `part`, in a model of so many heads; `None` where the rows
    /// are too few for them.
    pub(super) fn of_part(family: Family, part: &str, rows: usize, heads: usize, key_heads: usize) -> Option<Self> {
        let map = match family {
            _ if !Self::is_reordered(family, part) => Self::Same,
            Family::Llama | Family::Mixtral => {
                let heads = if part == "attn_q" { heads } else { key_heads };
                Self::Interleaved { head_rows: rows / heads }
            }
            _ => {
                let (groups, queries) = (key_heads, heads / key_heads);
                Self::ByPart { groups, queries, head_rows: rows / (groups * (queries + 2)) }
            }
        };
        match map {
            Self::Interleaved { head_rows: 0 } | Self::ByPart { head_rows: 0, .. } => None,
            map => Some(map),
        }
    }

    /// Whether `rows` are whole heads.
    pub(super) fn takes_whole_heads(self, rows: usize) -> bool {
        match self {
            Self::Interleaved { head_rows } => head_rows % 2 == 0 && rows.is_multiple_of(head_rows),
            Self::ByPart { groups, queries, head_rows } => rows == groups * (queries + 2) * head_rows,
            _ => true,
        }
    }

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
            Self::From(first) => first + row,
            Self::InHalves { head_rows } => {
                let (head, at, half) = (row / head_rows, row % head_rows, head_rows / 2);
                head * head_rows + if at < half { 2 * at } else { 2 * (at - half) + 1 }
            }
            Self::ByGroup { groups, queries, head_rows } => {
                let (head, at) = (row / head_rows, row % head_rows);
                let (group, place) = (head / (queries + 2), head % (queries + 2));
                let head = match place.checked_sub(queries) {
                    None => group * queries + place,
                    Some(part) => groups * (queries + part) + group,
                };
                head * head_rows + at
            }
        }
    }

    /// What takes every row back to where this map took it from; `None` where rows are left out.
    #[must_use]
    pub fn inverse(self) -> Option<Self> {
        match self {
            Self::Same => Some(Self::Same),
            Self::Interleaved { head_rows } => Some(Self::InHalves { head_rows }),
            Self::InHalves { head_rows } => Some(Self::Interleaved { head_rows }),
            Self::ByPart { groups, queries, head_rows } => Some(Self::ByGroup { groups, queries, head_rows }),
            Self::ByGroup { groups, queries, head_rows } => Some(Self::ByPart { groups, queries, head_rows }),
            Self::Half { .. } | Self::From(_) => None,
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
    fn an_inverse_takes_every_row_back() {
        let maps = [
            (RowMap::Same, 7),
            (RowMap::Interleaved { head_rows: 6 }, 18),
            (RowMap::ByPart { groups: 2, queries: 3, head_rows: 4 }, 40),
            (RowMap::ByPart { groups: 3, queries: 1, head_rows: 2 }, 18),
            (RowMap::ByPart { groups: 1, queries: 5, head_rows: 2 }, 14),
        ];
        for (map, rows) in maps {
            let inverse = map.inverse().unwrap();
            assert_eq!(inverse.inverse(), Some(map));
            for row in 0..rows {
                assert_eq!(map.source_row(inverse.source_row(row)), row, "{map:?}");
            }
        }
        assert_eq!(RowMap::Half { rows: 2, is_second: false }.inverse(), None);
        assert_eq!(sources(RowMap::From(3), 2), [3, 4]);
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
