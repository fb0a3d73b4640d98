//! From hidden states to -ln p, in chunks of tokens and of the vocabulary: neither all logits nor the whole head are
//! ever in memory.

use candle_core::Tensor;
use rayon::prelude::*;

use super::{
    EvalError,
    decoder::{DecoderConfig, Linear, LowRankBranch},
    log_sum_exp::OnlineLogSumExp,
    weights::ModelWeights,
};
use crate::{
    job::JobContext,
    numeric::{TileShape, row_tiles},
};

/// Elements of the head held as f32: 67 MB.
const HEAD_ELEMENTS: usize = 1 << 24;

/// Logits held at once: 17 MB.
const LOGIT_ELEMENTS: usize = 1 << 22;

/// The output head, or some of its rows.
#[derive(Debug)]
pub(super) struct OutputHead {
    pub linear: Linear,
    /// c in c·tanh(logits / c).
    pub logit_cap: Option<f64>,
}

/// Positions whose next token is scored.
#[derive(Debug)]
pub(super) struct ScoredPositions {
    /// `positions × hidden`, after the final norm.
    hidden: Tensor,
    targets: Vec<u32>,
    sums: Vec<OnlineLogSumExp>,
}

impl OutputHead {
    /// `hidden` (`tokens × hidden`, after the final norm) → logits.
    pub fn forward(&self, hidden: &Tensor) -> candle_core::Result<Tensor> {
        let logits = self.linear.forward(hidden)?;
        match self.logit_cap {
            Some(cap) => (logits / cap)?.tanh()? * cap,
            None => Ok(logits),
        }
    }
}

impl ScoredPositions {
    /// `targets` are the tokens that came after each row of `hidden`.
    pub fn new(hidden: Tensor, targets: Vec<u32>) -> Self {
        let sums = vec![OnlineLogSumExp::new(); targets.len()];
        Self { hidden, targets, sums }
    }

    /// -ln p of each target, in nats.
    pub fn nll(&self) -> impl Iterator<Item = f64> {
        self.sums.iter().map(OnlineLogSumExp::nll)
    }

    /// Takes the logits of the vocabulary entries from `first` on.
    fn add_logits(&mut self, first: usize, head: &OutputHead, row_count: usize) -> Result<(), EvalError> {
        let chunk_len = (LOGIT_ELEMENTS / row_count).max(1);
        let chunks = self.sums.chunks_mut(chunk_len).zip(self.targets.chunks(chunk_len));
        for (index, (sums, targets)) in chunks.enumerate() {
            let hidden = self.hidden.narrow(0, index * chunk_len, sums.len())?;
            let logits = head.forward(&hidden)?.flatten_all()?.to_vec1::<f32>()?;
            sums.par_iter_mut()
                .zip(targets)
                .zip(logits.par_chunks(row_count))
                .for_each(|((sum, target), logits)| sum.add(first, logits, *target as usize));
        }
        Ok(())
    }
}

/// Reads the head once and gives every position its logits.
pub(super) fn project(
    weights: &ModelWeights,
    config: &DecoderConfig,
    batches: &mut [ScoredPositions],
    job: &JobContext,
) -> Result<(), EvalError> {
    let name = config.head();
    let branches = weights.branches(&name)?;
    let shape = TileShape { rows: config.vocab_size, columns: config.hidden_size };
    let row_byte_count = weights.head_byte_count(config) / config.vocab_size as u64;
    for rows in row_tiles(shape, HEAD_ELEMENTS) {
        let narrowed = |branch: &LowRankBranch| {
            let b = branch.b.narrow(0, rows.start, rows.len())?;
            Ok(LowRankBranch { a: branch.a.clone(), b, scale: branch.scale })
        };
        let branches = branches.iter().map(narrowed).collect::<candle_core::Result<_>>()?;
        let linear = Linear { weight: weights.rows(&name, rows.clone())?, bias: None, branches };
        let head = OutputHead { linear, logit_cap: config.logit_cap };
        for batch in &mut *batches {
            job.check_cancelled()?;
            batch.add_logits(rows.start, &head, rows.len())?;
        }
        job.advance(row_byte_count * rows.len() as u64);
    }
    Ok(())
}
