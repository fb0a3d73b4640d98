//! From hidden states to -ln p, in chunks of tokens and of the vocabulary: neither all logits nor the whole head are
//! ever in memory.

use std::ops::Range;

use candle_core::Tensor;
use rayon::prelude::*;

use super::{
    EvalError,
    decoder::{Linear, LowRankBranch},
    divergence::{OnlineDivergence, PositionDivergence},
    log_sum_exp::OnlineLogSumExp,
    open_model::OpenModel,
    spare::SpareMatrices,
    values::values_of,
};
use crate::{
    job::JobContext,
    numeric::{TileShape, read_turned, row_tiles},
};

/// Elements of all heads held as f32: 67 MB.
const HEAD_ELEMENTS: usize = 1 << 24;

/// Logits of all models held at once: 17 MB.
const LOGIT_ELEMENTS: usize = 1 << 22;

/// The output head, or some of its rows.
#[derive(Debug)]
pub(super) struct OutputHead {
    pub linear: Linear,
    /// c in c·tanh(logits / c).
    pub logit_cap: Option<f64>,
}

/// Positions whose next token is scored by every model of a cohort.
#[derive(Debug)]
pub(super) struct ScoredPositions {
    /// For each model `positions × hidden`, after the final norm.
    hidden: Vec<Tensor>,
    targets: Vec<u32>,
    sums: Vec<PositionSums>,
}

/// What the logits at one position have come to.
#[derive(Clone, Debug)]
struct PositionSums {
    models: Vec<OnlineLogSumExp>,
    pairs: Vec<OnlineDivergence>,
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

    /// The part that gives the logits of these vocabulary entries; a tied head, which is the embedding seen across, is
    /// turned for it, into `spare` memory where there is some.
    fn entries(&self, entries: Range<usize>, spare: &SpareMatrices) -> Result<Self, EvalError> {
        let Linear { weight, branches, .. } = &self.linear;
        let weight = if weight.is_contiguous() {
            weight.narrow(1, entries.start, entries.len())?
        } else {
            let rows = weight.t()?.narrow(0, entries.start, entries.len())?;
            let (columns, values) = (rows.dim(1)?, values_of(&rows));
            let values = values.as_slice()?;
            spare.filled((columns, entries.len()), |turned| {
                read_turned((entries.len(), columns), turned, |strip, panel| {
                    panel.copy_from_slice(&values[strip.start * columns..strip.end * columns]);
                    Ok(())
                })
            })?
        };
        let branches = branches.iter().map(|branch| branch.outputs(entries.clone()));
        let branches = branches.collect::<candle_core::Result<_>>()?;
        Ok(Self { linear: Linear { weight, bias: None, branches }, logit_cap: self.logit_cap })
    }

    /// -ln p, in nats, of each of `targets` after its row of `hidden` (`tokens × hidden`, after the final norm).
    pub fn nll(&self, hidden: Tensor, targets: Vec<u32>) -> Result<Vec<f64>, EvalError> {
        let (columns, vocab_size) = self.linear.weight.dims2()?;
        let mut scored = ScoredPositions::new(vec![hidden], targets, 0);
        let spare = SpareMatrices::default();
        for entries in row_tiles(TileShape { rows: vocab_size, columns }, HEAD_ELEMENTS) {
            let part = [self.entries(entries.clone(), &spare)?];
            scored.add_logits(entries.start, &part, entries.len(), &[])?;
            spare.put(part.into_iter().map(|part| part.linear.weight));
        }
        Ok(scored.nll(0).collect())
    }
}

impl ScoredPositions {
    /// `targets` are the tokens that came after each row of every tensor of `hidden`.
    pub fn new(hidden: Vec<Tensor>, targets: Vec<u32>, pair_count: usize) -> Self {
        let models = vec![OnlineLogSumExp::new(); hidden.len()];
        let sums = PositionSums { models, pairs: vec![OnlineDivergence::default(); pair_count] };
        Self { sums: vec![sums; targets.len()], hidden, targets }
    }

    /// -ln p of each target by `model`, in nats.
    pub fn nll(&self, model: usize) -> impl Iterator<Item = f64> {
        self.sums.iter().map(move |sums| sums.models[model].nll())
    }

    /// How far the models of pair `index` are apart at each position.
    pub fn divergences(
        &self,
        index: usize,
        (reference, model): (usize, usize),
    ) -> impl Iterator<Item = PositionDivergence> {
        self.sums.iter().map(move |sums| sums.pairs[index].finish(&sums.models[reference], &sums.models[model]))
    }

    /// Takes the logits of the vocabulary entries from `first` on.
    fn add_logits(
        &mut self,
        first: usize,
        heads: &[OutputHead],
        row_count: usize,
        pairs: &[(usize, usize)],
    ) -> Result<(), EvalError> {
        let chunk_len = (LOGIT_ELEMENTS / (row_count * heads.len())).max(1);
        let chunks = self.sums.chunks_mut(chunk_len).zip(self.targets.chunks(chunk_len));
        for (index, (sums, targets)) in chunks.enumerate() {
            let project = |(hidden, head): (&Tensor, &OutputHead)| {
                let hidden = hidden.narrow(0, index * chunk_len, targets.len())?;
                head.forward(&hidden)
            };
            let logits = self.hidden.iter().zip(heads).map(project).collect::<candle_core::Result<Vec<_>>>()?;
            let values: Vec<_> = logits.iter().map(values_of).collect();
            let logits = values.iter().map(|values| values.as_slice()).collect::<candle_core::Result<Vec<_>>>()?;
            let positions = sums.par_iter_mut().zip(targets).enumerate();
            positions.for_each_init(Vec::new, |weights, (position, (sums, target))| {
                let row = |model: usize| &logits[model][position * row_count..(position + 1) * row_count];
                for model in 0..heads.len() {
                    let factor = sums.models[model].add(first, row(model), *target as usize, weights);
                    let of_model = sums.pairs.iter_mut().zip(pairs).filter(|(_, (reference, _))| *reference == model);
                    of_model.for_each(|(pair, (_, other))| pair.add(factor, weights, row(model), row(*other)));
                }
            });
        }
        Ok(())
    }
}

/// Reads every head once, side by side, and gives every position its logits.
pub(super) fn project(
    models: &[&OpenModel],
    pairs: &[(usize, usize)],
    batches: &mut [ScoredPositions],
    job: &JobContext,
) -> Result<(), EvalError> {
    let heads = models.iter().map(|model| Head::open(model)).collect::<Result<Vec<_>, _>>()?;
    let vocab_size = models.iter().map(|model| model.config.vocab_size).min().unwrap_or(0);
    // One row of each head, as if they were one.
    let columns = models.iter().map(|model| model.config.hidden_size).sum();
    let spare = SpareMatrices::default();
    for rows in row_tiles(TileShape { rows: vocab_size, columns }, HEAD_ELEMENTS) {
        let slices = heads.iter().map(|head| head.rows(rows.clone(), &spare)).collect::<Result<Vec<_>, _>>()?;
        for batch in &mut *batches {
            job.check_cancelled()?;
            batch.add_logits(rows.start, &slices, rows.len(), pairs)?;
        }
        spare.put(slices.into_iter().map(|slice| slice.linear.weight));
        job.advance(heads.iter().map(|head| head.row_byte_count * rows.len() as u64).sum());
    }
    Ok(())
}

/// A model's output head, read by rows.
struct Head<'a> {
    model: &'a OpenModel,
    name: String,
    branches: Vec<LowRankBranch>,
    row_byte_count: u64,
}

impl<'a> Head<'a> {
    fn open(model: &'a OpenModel) -> Result<Self, EvalError> {
        let OpenModel { weights, config } = model;
        let name = config.head();
        let branches = weights.branches(&name)?;
        let row_byte_count = weights.head_byte_count(config) / config.vocab_size as u64;
        Ok(Self { model, name, branches, row_byte_count })
    }

    fn rows(&self, rows: Range<usize>, spare: &SpareMatrices) -> Result<OutputHead, EvalError> {
        let branches = self.branches.iter().map(|branch| branch.outputs(rows.clone()));
        let branches = branches.collect::<candle_core::Result<_>>()?;
        let OpenModel { weights, config } = self.model;
        let linear = Linear { weight: weights.turned_rows(&self.name, rows, spare)?, bias: None, branches };
        Ok(OutputHead { linear, logit_cap: config.logit_cap })
    }
}
