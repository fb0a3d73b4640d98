//! Matrices turned while they are read. A product with many tokens packs its weights first, and packs rows that lie in
//! the order of the product twice as fast as those that lie across it; stored weights (`out × in`) lie across.

#![expect(clippy::inline_always, reason = "only what is inlined is compiled with the instructions of a level")]

use std::ops::Range;

use rayon::prelude::*;

use super::{CpuLevel, lanes::Lanes, level::LaneLoop};

/// Rows and columns of a block: one cache line each way.
const BLOCK: usize = 16;

/// Elements that one thread reads before it turns them: 2 MB, most of which stay in its cache.
const STRIP_ELEMENTS: usize = 1 << 19;

/// Rows that it turns at the least: they lie side by side in what it writes, and a system writes short runs slowly.
const STRIP_ROWS: usize = 4 * BLOCK;

/// Fills `turned` (`columns × rows`) with the columns of a matrix of `rows × columns`, of which `read` gives the rows
/// that it is asked for.
///
/// # Errors
/// What `read` returns.
pub(crate) fn read_turned<E: Send>(
    (rows, columns): (usize, usize),
    turned: &mut [f32],
    read: impl Fn(Range<usize>, &mut [f32]) -> Result<(), E> + Sync,
) -> Result<(), E> {
    if rows == 0 || columns == 0 {
        return Ok(());
    }
    let strip_rows = (STRIP_ELEMENTS / columns).next_multiple_of(BLOCK).max(STRIP_ROWS);
    let level = CpuLevel::detected();
    // Side by side, and each thread from the disk to the end: nobody waits for the others to have read.
    strips(turned, rows, strip_rows).into_par_iter().enumerate().try_for_each_init(
        Vec::new,
        |panel, (index, mut turned)| {
            let first = index * strip_rows;
            let strip = first..rows.min(first + strip_rows);
            panel.resize(strip.len() * columns, 0.0);
            read(strip, panel)?;
            level.run(Turn { panel, columns, turned: &mut turned });
            Ok(())
        },
    )
}

/// The rows of `turned`, each `rows` long, cut after every `strip_rows`: all first pieces, all second ones, and so on.
fn strips(turned: &mut [f32], rows: usize, strip_rows: usize) -> Vec<Vec<&mut [f32]>> {
    let column_count = turned.len() / rows;
    let empty = || Vec::with_capacity(column_count);
    let mut strips: Vec<Vec<&mut [f32]>> = std::iter::repeat_with(empty).take(rows.div_ceil(strip_rows)).collect();
    for row in turned.chunks_exact_mut(rows) {
        row.chunks_mut(strip_rows).zip(&mut strips).for_each(|(piece, strip)| strip.push(piece));
    }
    strips
}

/// Rows of `columns` values, on their way to being columns.
struct Turn<'a, 'b> {
    panel: &'a [f32],
    columns: usize,
    /// A piece for each column, as long as there are rows.
    turned: &'a mut [&'b mut [f32]],
}

impl LaneLoop for Turn<'_, '_> {
    type Output = ();

    #[inline(always)]
    fn run<L: Lanes>(self, _lanes: L) {
        let Self { panel, columns, turned } = self;
        // Along what is written: all rows of a few columns, then the next columns; the other way takes twice as long.
        for (block_column, turned) in turned.chunks_mut(BLOCK).enumerate() {
            for (block_row, rows) in panel.chunks(BLOCK * columns).enumerate() {
                turn_block(rows, columns, block_column * BLOCK, turned, block_row * BLOCK);
            }
        }
    }
}

/// Turns up to `BLOCK` rows of up to `BLOCK` columns from `column` on, to `first` of each piece of `turned`.
#[inline(always)]
fn turn_block(rows: &[f32], columns: usize, column: usize, turned: &mut [&mut [f32]], first: usize) {
    let (height, width) = (rows.len() / columns, turned.len());
    if (height, width) == (BLOCK, BLOCK) {
        // Through a copy that is in order: lines whose distance is a power of two push each other out of the cache. All
        // lengths are known here, so that a line is one register.
        let mut block = [[0.0_f32; BLOCK]; BLOCK];
        for (line, stored) in block.iter_mut().zip(rows.chunks_exact(columns)) {
            *line = *stored[column..column + BLOCK].as_array::<BLOCK>().expect("a whole line");
        }
        for (piece, line) in turned.iter_mut().zip(turned_block(block)) {
            *piece[first..first + BLOCK].as_mut_array::<BLOCK>().expect("a whole line") = line;
        }
    } else {
        for (index, piece) in turned.iter_mut().enumerate() {
            for (row, value) in piece[first..first + height].iter_mut().enumerate() {
                *value = rows[row * columns + column + index];
            }
        }
    }
}

/// Rows for columns, by exchanging blocks of 8 × 8 off the diagonal, within each block those of 4 × 4, and so on: every
/// step is a shuffle of two registers, twice as fast as value by value.
#[inline(always)]
fn turned_block(mut block: [[f32; BLOCK]; BLOCK]) -> [[f32; BLOCK]; BLOCK] {
    exchange::<8>(&mut block);
    exchange::<4>(&mut block);
    exchange::<2>(&mut block);
    exchange::<1>(&mut block);
    block
}

#[inline(always)]
fn exchange<const SIDE: usize>(block: &mut [[f32; BLOCK]; BLOCK]) {
    for row in 0..BLOCK {
        if row & SIDE != 0 {
            continue;
        }
        let (upper, lower) = (block[row], block[row + SIDE]);
        for column in 0..BLOCK {
            if column & SIDE == 0 {
                block[row][column] = upper[column];
                block[row + SIDE][column] = upper[column + SIDE];
            } else {
                block[row][column] = lower[column - SIDE];
                block[row + SIDE][column] = lower[column];
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn turned(rows: usize, columns: usize) -> Vec<f32> {
        let mut turned = vec![-1.0; rows * columns];
        let read = |strip: Range<usize>, panel: &mut [f32]| {
            let values = (strip.start * columns..strip.end * columns).map(|index| index as f32);
            panel.iter_mut().zip(values).for_each(|(to, from)| *to = from);
            Ok::<_, ()>(())
        };
        read_turned((rows, columns), &mut turned, read).unwrap();
        turned
    }

    fn assert_turned(rows: usize, columns: usize) {
        for (index, value) in turned(rows, columns).iter().enumerate() {
            assert_eq!(*value, (index % rows * columns + index / rows) as f32, "{rows} × {columns}, {index}");
        }
    }

    proptest! {
        #[test]
        fn every_value_changes_row_for_column(rows in 0_usize..70, columns in 0_usize..150) {
            assert_turned(rows, columns);
        }
    }

    #[test]
    fn strips_meet() {
        // Three strips, the last of them cut short, and columns that no block ends with.
        assert_turned(2 * STRIP_ROWS + 7, STRIP_ELEMENTS / STRIP_ROWS + 5);
    }

    #[test]
    fn what_cannot_be_read_is_an_error() {
        assert_eq!(read_turned((40, 3), &mut [0.0; 120], |_, _| Err("gone")), Err("gone"));
    }
}
