//! The factors of one tensor on the device, uploaded once and used by all of its tiles.

use std::{ops::Range, sync::Arc};

use super::{chunks::FactorGrid, context::Context, upload::upload};
use crate::{adapter::WeightedUpdate, merge::TileJob, numeric::LowRank};

/// Updates that the shader takes at once (`Params.updates` in `merge.wgsl`).
pub(super) const MOST_UPDATES: usize = 16;

/// L and R of all updates of a tensor, joined along the depth: L is `rows × Σ rank`, R is `Σ rank × columns`.
pub(super) struct Factors {
    updates: Arc<[WeightedUpdate]>,
    /// How they are cut into buffers.
    pub grid: FactorGrid,
    /// Σ rank.
    pub depth: usize,
    /// For each update: begin and end in the depth, the bits of its scale, nothing.
    pub table: Vec<[u32; 4]>,
    /// Blocks of L.
    pub left: Vec<wgpu::Buffer>,
    /// Blocks of R.
    pub right: Vec<wgpu::Buffer>,
}

impl Factors {
    /// Whether these are the factors of `tile`.
    pub(super) fn belong_to(&self, tile: &TileJob) -> bool {
        // The clone keeps the list alive, so no other can have its address.
        Arc::ptr_eq(&self.updates, &tile.updates)
    }

    /// Uploads the factors of `tile`; `None` where the device cannot take them.
    pub(super) fn upload(context: &Context, tile: &TileJob) -> Option<Self> {
        let low_ranks = low_ranks(tile)?;
        let (rows, columns) = low_ranks[0].shape();
        let depth = low_ranks.iter().map(|low_rank| low_rank.rank()).sum();
        let grid = FactorGrid::new(rows, columns, depth, context.limits)?;
        let left = grid.left_blocks().map(|rows| upload_left(context, &low_ranks, rows)).collect();
        let right = grid.right_blocks().map(|columns| upload_right(context, &low_ranks, columns)).collect();
        Some(Self { updates: Arc::clone(&tile.updates), grid, depth, table: table(tile, &low_ranks), left, right })
    }
}

/// These rows of every L, side by side.
fn upload_left(context: &Context, low_ranks: &[&LowRank], rows: Range<usize>) -> wgpu::Buffer {
    let rows_of = |part: &LowRank, rows: Range<usize>| rows.start * part.rank()..rows.end * part.rank();
    let float_count = low_ranks.iter().map(|part| rows.len() * part.rank()).sum();
    if let [only] = low_ranks {
        return upload(context, "left", float_count, [&only.left()[rows_of(only, rows)]]);
    }
    let row = |row: usize| low_ranks.iter().map(move |part| &part.left()[rows_of(part, row..row + 1)]);
    upload(context, "left", float_count, rows.flat_map(row))
}

/// These columns of every R, one below the other.
fn upload_right(context: &Context, low_ranks: &[&LowRank], columns: Range<usize>) -> wgpu::Buffer {
    let float_count = low_ranks.iter().map(|part| part.rank() * columns.len()).sum();
    let all_columns = low_ranks[0].shape().1;
    if columns.len() == all_columns {
        return upload(context, "right", float_count, low_ranks.iter().map(|part| part.right()));
    }
    let terms = low_ranks.iter().flat_map(|part| part.right().chunks(all_columns));
    upload(context, "right", float_count, terms.map(|term| &term[columns.clone()]))
}

/// The updates of a tile where all of them are low-rank and few enough; they agree with the tile's shape and have a
/// rank.
pub(super) fn low_ranks(tile: &TileJob) -> Option<Vec<&LowRank>> {
    if tile.updates.is_empty() || tile.updates.len() > MOST_UPDATES {
        return None;
    }
    let low_ranks: Option<Vec<&LowRank>> = tile.updates.iter().map(|weighted| weighted.update.as_low_rank()).collect();
    low_ranks.filter(|low_ranks| {
        let shape = low_ranks[0].shape();
        let agree = low_ranks.iter().all(|low_rank| low_rank.shape() == shape && low_rank.rank() > 0);
        agree && shape.1 == tile.columns && tile.rows.end <= shape.0
    })
}

fn table(tile: &TileJob, low_ranks: &[&LowRank]) -> Vec<[u32; 4]> {
    let mut start = 0;
    let rows = low_ranks.iter().zip(tile.updates.iter()).map(|(low_rank, weighted)| {
        let end = start + u32::try_from(low_rank.rank()).expect("factors fit a buffer");
        #[expect(clippy::cast_possible_truncation, reason = "the scale is rounded to f32 once, as on the CPU")]
        let scale = (low_rank.scale() * weighted.strength) as f32;
        let row = [start, end, scale.to_bits(), 0];
        start = end;
        row
    });
    rows.collect()
}
