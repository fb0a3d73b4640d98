//! A whole model in memory, for what a stream cannot show: seconds of a forward pass, and answers to a prompt.

use std::time::Instant;

use candle_core::Tensor;
use serde::{Deserialize, Serialize};

use super::{
    EvalError, ModelSource,
    decoder::{DecoderConfig, KvCache, Layer, Linear, Norm, RotationTables},
    embedding::Embedding,
    head::OutputHead,
    spare::SpareMatrices,
    tokens,
    weights::ModelWeights,
};
use crate::{
    checkpoint::Checkpoint,
    job::{JobContext, Stage},
};

/// A model, loaded as float32.
#[derive(Debug)]
pub struct ResidentModel {
    /// Headers alone, and the side files that go with them.
    checkpoint: Checkpoint,
    name: String,
    config: DecoderConfig,
    embedding: Embedding,
    layers: Vec<Layer>,
    norm: Norm,
    head: OutputHead,
    stop_ids: Vec<u32>,
}

/// What a model takes in memory, and how much it can read.
#[derive(Clone, Copy, Debug)]
pub(super) struct Needs {
    /// Four bytes for each of its parameters.
    pub byte_count: u64,
    /// Positions that it has learned, where it has learned any.
    pub position_count: Option<usize>,
}

/// A greedy continuation of a prompt.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Answer {
    /// The new text.
    pub text: String,
    /// Its tokens, a final stop token left out.
    pub ids: Vec<u32>,
    /// Tokens of the prompt.
    pub prompt_tokens: usize,
    /// Seconds from the prompt's first layer to the last token.
    pub duration_secs: f64,
}

/// The likeliest tokens after some others.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Continuation {
    /// The tokens, a final stop token left out.
    pub ids: Vec<u32>,
    /// Seconds from the first layer to each token, a stop token included: the first of them reads what came before.
    pub token_secs: Vec<f64>,
}

impl ResidentModel {
    /// Loads `source` as float32; progress counts the bytes of its layers and tables.
    ///
    /// # Errors
    /// As [`super::run`] for the model.
    pub fn load(source: &ModelSource, job: &JobContext) -> Result<Self, EvalError> {
        let (weights, config) = ModelWeights::open(source)?;
        let head_byte_count = weights.head_byte_count(&config);
        let layer_byte_count: u64 =
            (0..config.layers.len()).map(|layer| weights.layer_byte_count(&config, layer)).sum();
        job.start_stage(Stage::Evaluating, head_byte_count + layer_byte_count);
        job.set_current(weights.name());
        let embedding = Embedding::load(&weights, &config)?;
        let head_name = config.head();
        // Every layer stays.
        let fresh = SpareMatrices::default();
        // A tied head is the embedding, held once.
        let weight = if config.ties_embeddings {
            embedding.table.t()?
        } else {
            weights.turned_rows(&head_name, 0..config.vocab_size, &fresh)?
        };
        let linear = Linear { weight, bias: None, branches: weights.branches(&head_name)? };
        job.advance(head_byte_count);
        let mut layers = Vec::with_capacity(config.layers.len());
        for layer in 0..config.layers.len() {
            job.check_cancelled()?;
            layers.push(Layer::load(&config, &weights, layer, &fresh)?);
            job.advance(weights.layer_byte_count(&config, layer));
        }
        Ok(Self {
            name: weights.name(),
            norm: weights.module(config.names.root(), &fresh).norm(&config.final_norm)?,
            head: OutputHead { linear, logit_cap: config.logit_cap },
            stop_ids: weights.stop_ids(),
            checkpoint: weights.into_checkpoint(),
            config,
            embedding,
            layers,
        })
    }

    /// What [`Self::load`] would take, from headers alone.
    ///
    /// # Errors
    /// As [`Self::load`].
    pub(super) fn needs(source: &ModelSource) -> Result<Needs, EvalError> {
        let (weights, config) = ModelWeights::open(source)?;
        let position_count = config.embedding.positions.map(|positions| positions.count);
        Ok(Needs { byte_count: weights.parameter_count() * 4, position_count })
    }

    /// The folder's name, and those of its adapters.
    #[must_use]
    pub fn name(&self) -> &str {
        &self.name
    }

    /// Seconds of one forward pass over `ids`, down to the logits of the last position.
    ///
    /// # Errors
    /// No ids, ids outside of the vocabulary, or more of them than the model has positions.
    pub fn forward_secs(&self, ids: &[u32]) -> Result<f64, EvalError> {
        self.check_ids(ids)?;
        let tables = RotationTables::new(&self.config.ropes, ids.len())?;
        let started = Instant::now();
        self.last_logits(ids, 0, &tables, &mut self.caches())?;
        Ok(started.elapsed().as_secs_f64())
    }

    /// -ln p, in nats, of each of `ids` but the first, given all before it.
    ///
    /// # Errors
    /// As [`Self::forward_secs`].
    pub fn nll(&self, ids: &[u32]) -> Result<Vec<f64>, EvalError> {
        self.check_ids(ids)?;
        let before = &ids[..ids.len() - 1];
        if before.is_empty() {
            return Ok(Vec::new());
        }
        let tables = RotationTables::new(&self.config.ropes, before.len())?;
        let hidden = self.hidden_states(before, 0, &tables, &mut self.caches())?;
        self.head.nll(self.norm.forward(&hidden)?, ids[1..].to_vec())
    }

    /// Continues `prompt` as [`Self::continue_greedily`] does; the prompt is taken as it is, without a chat template.
    ///
    /// # Errors
    /// No tokenizer, a prompt without tokens or with more of them than the model has positions, or a cancelled job.
    pub fn answer(&self, prompt: &str, max_tokens: usize, job: &JobContext) -> Result<Answer, EvalError> {
        let root = self.checkpoint.side_root();
        let prompt_ids = tokens::encode(&tokens::open(root)?, prompt, &root.join(tokens::TOKENIZER_FILE))?;
        let Continuation { ids, token_secs } = self.continue_greedily(&prompt_ids, max_tokens, job)?;
        let text = tokens::decode(root, &ids)?;
        Ok(Answer { text, ids, prompt_tokens: prompt_ids.len(), duration_secs: token_secs.iter().sum() })
    }

    /// Continues `prompt` with the likeliest token, again and again, until a stop token, `max_tokens` or the last of the
    /// positions that the model has learned.
    ///
    /// # Errors
    /// No ids, ids outside of the vocabulary, more of them than the model has positions, or a cancelled job.
    pub fn continue_greedily(
        &self,
        prompt: &[u32],
        max_tokens: usize,
        job: &JobContext,
    ) -> Result<Continuation, EvalError> {
        self.check_ids(prompt)?;
        // Learned positions end; an answer ends with them.
        let last_position = self.config.embedding.positions.map_or(usize::MAX, |positions| positions.count);
        let position_count = prompt.len().saturating_add(max_tokens).min(last_position);
        let max_tokens = position_count - prompt.len();
        let tables = RotationTables::new(&self.config.ropes, position_count)?;
        let mut caches = self.caches();
        let (mut next, mut seen) = (prompt.to_vec(), 0);
        let mut continuation = Continuation::default();
        while continuation.ids.len() < max_tokens {
            job.check_cancelled()?;
            let started = Instant::now();
            let logits = self.last_logits(&next, seen, &tables, &mut caches)?;
            let id = logits.argmax(0)?.to_scalar::<u32>()?;
            continuation.token_secs.push(started.elapsed().as_secs_f64());
            if self.stop_ids.contains(&id) {
                break;
            }
            seen += next.len();
            continuation.ids.push(id);
            next = vec![id];
        }
        Ok(continuation)
    }

    fn caches(&self) -> Vec<KvCache> {
        vec![KvCache::default(); self.layers.len()]
    }

    /// The logits after the last of `ids`, which follow the `seen` tokens in `caches`.
    fn last_logits(
        &self,
        ids: &[u32],
        seen: usize,
        tables: &RotationTables,
        caches: &mut [KvCache],
    ) -> candle_core::Result<Tensor> {
        let last = self.hidden_states(ids, seen, tables, caches)?.narrow(0, ids.len() - 1, 1)?;
        self.head.forward(&self.norm.forward(&last)?)?.squeeze(0)
    }

    /// What the last layer makes of `ids`, which follow the `seen` tokens in `caches`: `tokens × hidden`.
    fn hidden_states(
        &self,
        ids: &[u32],
        seen: usize,
        tables: &RotationTables,
        caches: &mut [KvCache],
    ) -> candle_core::Result<Tensor> {
        let rotations = tables.at(seen, ids.len())?;
        let mut hidden = self.embedding.forward(&self.config, ids, seen)?;
        for (layer, cache) in self.layers.iter().zip(caches) {
            hidden = layer.forward_cached(&hidden, &rotations, cache)?;
        }
        Ok(hidden)
    }

    fn check_ids(&self, ids: &[u32]) -> Result<(), EvalError> {
        let (text, vocab_size) = ("the prompt".to_owned(), self.config.vocab_size);
        if ids.is_empty() {
            return Err(EvalError::NothingToScore { text, token_count: 0 });
        }
        if let Some(id) = ids.iter().copied().find(|id| *id as usize >= vocab_size) {
            return Err(EvalError::TokenOutsideVocab { text, id, vocab_size, path: self.checkpoint.root().to_owned() });
        }
        self.config.check_positions(&text, ids.len(), self.checkpoint.root())
    }
}
