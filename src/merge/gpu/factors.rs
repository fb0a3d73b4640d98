//! The factors of one tensor on the device, uploaded once and used by all of its tiles.

use std::sync::Arc;

use super::{
    chunks::FactorGrid,
    context::Context,
    upload::{Upload, upload},
};
use crate::{
    merge::{TileJob, WeightedUpdate},
    numeric::LowRank,
};

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
        let left = grid.left_blocks().map(|rows| {
            let rows_of = |low_rank: &&LowRank| rows.start * low_rank.rank()..rows.end * low_rank.rank();
            let target = Upload { label: "left", float_count: rows.len() * depth };
            match low_ranks.as_slice() {
                [only] => upload(context, target, [&only.left()[rows_of(only)]]),
                several => {
                    let row_of = |row: usize| {
                        several.iter().map(move |part| &part.left()[row * part.rank()..(row + 1) * part.rank()])
                    };
                    upload(context, target, rows.clone().flat_map(row_of))
                }
            }
        });
        let left = left.collect();
        let right = grid.right_blocks().map(|block| {
            let target = Upload { label: "right", float_count: block.len() * depth };
            if block.len() == columns {
                return upload(context, target, low_ranks.iter().map(|low_rank| low_rank.right()));
            }
            let terms = low_ranks.iter().flat_map(|low_rank| low_rank.right().chunks(columns));
            upload(context, target, terms.map(|term| &term[block.clone()]))
        });
        let right = right.collect();
        Some(Self { updates: Arc::clone(&tile.updates), grid, depth, table: table(tile, &low_ranks), left, right })
    }
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
