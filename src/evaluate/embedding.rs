//! From token ids to hidden states: rows of the embedding, scaled where the family does that, with learned positions
//! where it has them.

use candle_core::{Device, Tensor};

use super::{EvalError, decoder::DecoderConfig, weights::ModelWeights};

/// The hidden states (`tokens × hidden`) of windows of `lengths`, one after another; only the rows at hand are read.
pub(super) fn embed(
    weights: &ModelWeights,
    config: &DecoderConfig,
    ids: &[u32],
    lengths: &[usize],
) -> Result<Tensor, EvalError> {
    let hidden = scaled(weights.gathered(&config.names.embedding(), ids)?, config)?;
    let Some(positions) = &config.embedding.positions else { return Ok(hidden) };
    let longest = lengths.iter().copied().max().unwrap_or(0);
    let table = weights.rows(&config.names.positions(positions), positions.offset..positions.offset + longest)?;
    let rows = lengths.iter().map(|len| table.narrow(0, 0, *len)).collect::<candle_core::Result<Vec<_>>>()?;
    Ok((hidden + Tensor::cat(&rows, 0)?)?)
}

/// The tables of a model in memory.
#[derive(Debug)]
pub(super) struct Embedding {
    /// `vocab × hidden`.
    pub table: Tensor,
    /// `positions × hidden`, from position 0 on.
    positions: Option<Tensor>,
}

impl Embedding {
    pub fn load(weights: &ModelWeights, config: &DecoderConfig) -> Result<Self, EvalError> {
        let positions = config.embedding.positions.map(|positions| {
            let rows = positions.offset..positions.offset + positions.count;
            weights.rows(&config.names.positions(&positions), rows)
        });
        Ok(Self { table: weights.all(&config.names.embedding())?, positions: positions.transpose()? })
    }

    /// The hidden states of `ids`, the first of them at position `start`.
    pub fn forward(&self, config: &DecoderConfig, ids: &[u32], start: usize) -> candle_core::Result<Tensor> {
        let rows = self.table.index_select(&Tensor::new(ids, &Device::Cpu)?, 0)?;
        let hidden = scaled(rows, config)?;
        self.positions.as_ref().map_or(Ok(hidden.clone()), |table| hidden + table.narrow(0, start, ids.len())?)
    }
}

fn scaled(hidden: Tensor, config: &DecoderConfig) -> candle_core::Result<Tensor> {
    config.embedding.scale.map_or(Ok(hidden.clone()), |scale| hidden * f64::from(scale))
}
