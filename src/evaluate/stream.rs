//! The pass over the models of a cohort: layers outside, windows inside, so that each weight is read once for a group of
//! windows and only one layer is ever in memory. Their output heads are read side by side, to compare what they predict.

use candle_core::Tensor;

use super::{
    EvalError,
    decoder::{Layer, Norm, RotationTables},
    divergence::PositionDivergence,
    embedding,
    head::{self, ScoredPositions},
    open_model::OpenModel,
    spare::SpareMatrices,
    window::{Window, windows},
};
use crate::job::{Current, JobContext};

/// Tokens that pass through a layer at once; a single window may be longer.
const BATCH_TOKENS: usize = 1024;

/// How texts are cut and how much is held.
#[derive(Clone, Copy, Debug)]
pub(super) struct StreamOptions {
    pub window: usize,
    pub memory_budget_bytes: u64,
}

/// One window of one text.
#[derive(Clone, Debug)]
struct Segment {
    text: usize,
    window: Window,
}

/// Windows that pass through a layer together.
#[derive(Debug)]
struct Batch<'a> {
    segments: &'a [Segment],
    lengths: Vec<usize>,
    /// `tokens × hidden`.
    hidden: Tensor,
}

/// What the models of a cohort make of the texts, text by text.
#[derive(Debug)]
pub(super) struct Scores {
    /// For each model and text, -ln p of every token but the first.
    pub nll: Vec<Vec<Vec<f64>>>,
    /// For each pair and text, how far both are apart at these tokens.
    pub divergences: Vec<Vec<Vec<PositionDivergence>>>,
}

/// Bytes that [`score`] reads from disk.
pub(super) fn bytes_to_read(models: &[&OpenModel], texts: &[Vec<u32>], options: StreamOptions) -> u64 {
    let model_byte_count = |model: &&OpenModel| {
        let OpenModel { weights, config } = model;
        let layers: u64 = (0..config.layers.len()).map(|layer| weights.layer_byte_count(config, layer)).sum();
        layers + weights.head_byte_count(config)
    };
    let segments = segments(texts, options.window);
    let group_count = groups(&segments, models, options).len() as u64;
    group_count * models.iter().map(model_byte_count).sum::<u64>()
}

/// Scores `texts`, and compares the `pairs` of models, given as indices into `models`.
pub(super) fn score(
    models: &[&OpenModel],
    pairs: &[(usize, usize)],
    texts: &[Vec<u32>],
    options: StreamOptions,
    job: &JobContext,
) -> Result<Scores, EvalError> {
    let segments = segments(texts, options.window);
    let longest = segments.iter().map(|segment| segment.window.tokens.len()).max().unwrap_or(0);
    let tables = |model: &&OpenModel| RotationTables::new(&model.config.ropes, longest);
    let tables = models.iter().map(tables).collect::<Result<Vec<_>, _>>()?;
    let mut scores = Scores {
        nll: vec![vec![Vec::new(); texts.len()]; models.len()],
        divergences: vec![vec![Vec::new(); texts.len()]; pairs.len()],
    };
    for group in groups(&segments, models, options) {
        let mut hidden = Vec::with_capacity(models.len());
        for (model, tables) in models.iter().zip(&tables) {
            hidden.push(hidden_states(model, texts, group, tables, job)?);
        }
        let mut scored: Vec<ScoredPositions> = split(group, BATCH_TOKENS)
            .into_iter()
            .enumerate()
            .map(|(batch, segments)| {
                let hidden = hidden.iter().map(|batches| batches[batch].clone()).collect();
                ScoredPositions::new(hidden, targets(texts, segments), pairs.len())
            })
            .collect();
        drop(hidden);
        job.set_current(Current::OutputHeads);
        head::project(models, pairs, &mut scored, job)?;
        let texts = group.iter().flat_map(|segment| segment.window.scored.clone().map(|_| segment.text));
        for (model, of_model) in scores.nll.iter_mut().enumerate() {
            let nll = scored.iter().flat_map(|batch| batch.nll(model));
            texts.clone().zip(nll).for_each(|(text, nll)| of_model[text].push(nll));
        }
        for (index, (pair, of_pair)) in pairs.iter().zip(&mut scores.divergences).enumerate() {
            let divergences = scored.iter().flat_map(|batch| batch.divergences(index, *pair));
            texts.clone().zip(divergences).for_each(|(text, divergence)| of_pair[text].push(divergence));
        }
    }
    Ok(scores)
}

/// For each batch of a group, one model's states at the positions before scored tokens, after the final norm.
fn hidden_states(
    model: &OpenModel,
    texts: &[Vec<u32>],
    group: &[Segment],
    tables: &RotationTables,
    job: &JobContext,
) -> Result<Vec<Tensor>, EvalError> {
    let OpenModel { weights, config } = model;
    let (name, count) = (weights.name(), config.layers.len());
    let mut batches = split(group, BATCH_TOKENS)
        .into_iter()
        .map(|segments| Batch::embed(model, texts, segments))
        .collect::<Result<Vec<_>, _>>()?;
    let rotations = batches.iter().map(|batch| tables.for_windows(&batch.lengths)).collect::<Result<Vec<_>, _>>()?;
    let spare = SpareMatrices::default();
    for index in 0..count {
        job.check_cancelled()?;
        job.set_current(Current::Layer { model: name.clone(), number: index + 1, count });
        let layer = Layer::load(config, weights, index, &spare)?;
        let mut progress = Shares::new(weights.layer_byte_count(config, index), batches.len());
        for (batch, rotations) in batches.iter_mut().zip(&rotations) {
            job.check_cancelled()?;
            batch.hidden = layer.forward(&batch.hidden, &batch.lengths, rotations)?;
            job.advance(progress.next());
        }
        spare.put(layer.into_matrices());
    }
    let norm = weights.module(config.names.root(), &spare).norm(&config.final_norm)?;
    // Hidden states go as they are replaced by those that count.
    batches.into_iter().map(|batch| batch.scored(&norm)).collect()
}

/// The tokens that are scored.
fn targets(texts: &[Vec<u32>], segments: &[Segment]) -> Vec<u32> {
    segments.iter().flat_map(|segment| &texts[segment.text][segment.window.scored.clone()]).copied().collect()
}

impl<'a> Batch<'a> {
    fn embed(model: &OpenModel, texts: &[Vec<u32>], segments: &'a [Segment]) -> Result<Self, EvalError> {
        let tokens = segments.iter().flat_map(|segment| &texts[segment.text][segment.window.tokens.clone()]);
        let tokens: Vec<u32> = tokens.copied().collect();
        let lengths: Vec<usize> = segments.iter().map(|segment| segment.window.tokens.len()).collect();
        let hidden = embedding::embed(&model.weights, &model.config, &tokens, &lengths)?;
        Ok(Self { segments, lengths, hidden })
    }

    /// The positions before each scored token, after the final norm.
    fn scored(self, norm: &Norm) -> Result<Tensor, EvalError> {
        let mut parts = Vec::with_capacity(self.segments.len());
        let mut start = 0;
        for Segment { window, .. } in self.segments {
            let first = start + window.scored.start - 1 - window.tokens.start;
            parts.push(self.hidden.narrow(0, first, window.scored.len())?);
            start += window.tokens.len();
        }
        Ok(norm.forward(&Tensor::cat(&parts, 0)?)?)
    }
}

fn segments(texts: &[Vec<u32>], window: usize) -> Vec<Segment> {
    let of_text = |(text, ids): (usize, &Vec<u32>)| {
        windows(ids.len(), window).into_iter().map(move |window| Segment { text, window }).collect::<Vec<_>>()
    };
    texts.iter().enumerate().flat_map(of_text).collect()
}

/// Segments whose hidden states, those of all models, fit the budget together.
fn groups<'a>(segments: &'a [Segment], models: &[&OpenModel], options: StreamOptions) -> Vec<&'a [Segment]> {
    let token_byte_count = models.iter().map(|model| model.config.hidden_size as u64 * 4).sum::<u64>().max(1);
    let max_tokens = usize::try_from(options.memory_budget_bytes / token_byte_count).unwrap_or(usize::MAX);
    split(segments, max_tokens)
}

/// Runs of segments with at most `max_tokens` together, at least one segment each.
fn split(mut segments: &[Segment], max_tokens: usize) -> Vec<&[Segment]> {
    let mut runs = Vec::new();
    while !segments.is_empty() {
        let mut token_count = 0;
        let fitting = segments.iter().take_while(|segment| {
            token_count += segment.window.tokens.len();
            token_count <= max_tokens
        });
        let (run, rest) = segments.split_at(fitting.count().max(1));
        runs.push(run);
        segments = rest;
    }
    runs
}

/// A byte count handed out in equal parts that add up to it.
struct Shares {
    byte_count: u64,
    part_count: u64,
    given: u64,
}

impl Shares {
    fn new(byte_count: u64, part_count: usize) -> Self {
        Self { byte_count, part_count: part_count as u64, given: 0 }
    }

    fn next(&mut self) -> u64 {
        let until =
            |parts: u64| u64::try_from(u128::from(self.byte_count) * u128::from(parts) / u128::from(self.part_count));
        let share = until(self.given + 1).unwrap_or(0) - until(self.given).unwrap_or(0);
        self.given += 1;
        share
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn runs_keep_order_and_stay_within_the_limit() {
        let texts: Vec<Vec<u32>> = [9_usize, 2, 30, 1, 4].iter().map(|len| vec![0; *len]).collect();
        let segments = segments(&texts, 8);
        let runs = split(&segments, 10);
        assert_eq!(runs.iter().map(|run| run.len()).sum::<usize>(), segments.len());
        for run in &runs {
            let token_count: usize = run.iter().map(|segment| segment.window.tokens.len()).sum();
            assert!(run.len() == 1 || token_count <= 10);
        }
        assert!(split(&segments, 0).iter().all(|run| run.len() == 1), "a segment larger than the limit stands alone");
    }

    #[test]
    fn shares_add_up() {
        let mut shares = Shares::new(10, 3);
        assert_eq!([shares.next(), shares.next(), shares.next()], [3, 3, 4]);
    }
}
