//! A decoder as data: what a family fills in, and what checking, loading and counting walk through.

use std::path::Path;

use super::{AttentionSpec, LinearSpec, MlpSpec, NormSpec, RopeConfig, TensorNames, TensorSpec};
use crate::evaluate::EvalError;

/// A decoder: an embedding, layers that each add to a stream of hidden states, a norm and an output head.
#[derive(Clone, Debug)]
pub(in crate::evaluate) struct DecoderConfig {
    pub names: TensorNames,
    pub hidden_size: usize,
    pub vocab_size: usize,
    /// Tokens for which positions were trained.
    pub context_length: usize,
    pub embedding: EmbeddingSpec,
    /// The rotary positions that layers choose from; empty where positions are learned.
    pub ropes: Vec<RopeConfig>,
    pub layers: Vec<LayerSpec>,
    pub final_norm: NormSpec,
    /// Whether the embedding is also the output head.
    pub ties_embeddings: bool,
    /// c in c·tanh(logits / c) (Gemma 2).
    pub logit_cap: Option<f64>,
}

/// What becomes of the embedding's rows before the first layer.
#[derive(Clone, Debug, Default)]
pub(in crate::evaluate) struct EmbeddingSpec {
    /// They are multiplied by this.
    pub scale: Option<f32>,
    /// Rows of a second table are added.
    pub positions: Option<LearnedPositions>,
}

/// A table with a row for each position.
#[derive(Clone, Copy, Debug)]
pub(in crate::evaluate) struct LearnedPositions {
    /// The table's module.
    pub part: &'static str,
    /// Positions that have a row.
    pub count: usize,
    /// Rows before that of position 0.
    pub offset: usize,
}

/// One layer.
#[derive(Clone, Debug)]
pub(in crate::evaluate) struct LayerSpec {
    pub attention: AttentionSpec,
    pub mlp: MlpSpec,
    pub arrangement: Arrangement<NormSpec>,
}

/// How attention and MLP are put together; `N` is a norm, described or loaded.
#[derive(Clone, Debug)]
pub(in crate::evaluate) enum Arrangement<N> {
    /// h ← h + attention, then h ← h + MLP.
    Sequential { attention: NormsAround<N>, mlp: NormsAround<N> },
    /// h + attention(n(h)) + MLP(m(h)) (Wang and Komatsuzaki 2021); without a norm of its own, the MLP takes n(h).
    Parallel { attention: N, mlp: Option<N> },
}

/// Norms on the way into a block and out of it.
#[derive(Clone, Debug)]
pub(in crate::evaluate) struct NormsAround<N> {
    pub before: Option<N>,
    pub after: Option<N>,
}

impl<N> NormsAround<N> {
    /// A norm before the block alone.
    pub fn before(norm: N) -> Self {
        Self { before: Some(norm), after: None }
    }

    /// A norm after the block alone.
    pub fn after(norm: N) -> Self {
        Self { before: None, after: Some(norm) }
    }

    fn try_map<M, E>(&self, map: &mut impl FnMut(&N) -> Result<M, E>) -> Result<NormsAround<M>, E> {
        let before = self.before.as_ref().map(&mut *map).transpose()?;
        Ok(NormsAround { before, after: self.after.as_ref().map(&mut *map).transpose()? })
    }
}

impl<N> Arrangement<N> {
    /// The same arrangement of what `map` makes of each norm, in order.
    pub fn try_map<M, E>(&self, mut map: impl FnMut(&N) -> Result<M, E>) -> Result<Arrangement<M>, E> {
        Ok(match self {
            Self::Sequential { attention, mlp } => {
                Arrangement::Sequential { attention: attention.try_map(&mut map)?, mlp: mlp.try_map(&mut map)? }
            }
            Self::Parallel { attention, mlp } => {
                Arrangement::Parallel { attention: map(attention)?, mlp: mlp.as_ref().map(map).transpose()? }
            }
        })
    }

    fn norms(&self) -> impl Iterator<Item = &N> {
        let norms = match self {
            Self::Sequential { attention, mlp } => {
                [attention.before.as_ref(), attention.after.as_ref(), mlp.before.as_ref(), mlp.after.as_ref()]
            }
            Self::Parallel { attention, mlp } => [Some(attention), mlp.as_ref(), None, None],
        };
        norms.into_iter().flatten()
    }
}

impl LayerSpec {
    fn tensors(&self, prefix: &str) -> Vec<TensorSpec> {
        let mut tensors = self.attention.tensors(prefix);
        tensors.extend(self.mlp.tensors(prefix));
        tensors.extend(self.arrangement.norms().flat_map(|norm| norm.tensors(prefix)));
        tensors
    }
}

impl DecoderConfig {
    /// Every tensor of one layer.
    pub fn layer_tensors(&self, layer: usize) -> Vec<TensorSpec> {
        self.layers[layer].tensors(&self.names.layer(layer))
    }

    /// Every tensor outside of the layers.
    pub fn outer_tensors(&self) -> Vec<TensorSpec> {
        let table = vec![self.vocab_size, self.hidden_size];
        let mut tensors = vec![TensorSpec::other(self.names.embedding(), table)];
        if let Some(positions) = &self.embedding.positions {
            let shape = vec![positions.offset + positions.count, self.hidden_size];
            tensors.push(TensorSpec::other(self.names.positions(positions), shape));
        }
        tensors.extend(self.final_norm.tensors(self.names.root()));
        if !self.ties_embeddings {
            tensors.extend(LinearSpec::new(self.names.head, self.vocab_size, self.hidden_size).tensors(""));
        }
        tensors
    }

    /// The weight of the output head: the embedding's tensor where both are tied.
    pub fn head(&self) -> String {
        if self.ties_embeddings { self.names.embedding() } else { format!("{}.weight", self.names.head) }
    }

    /// Refuses a `window` of `text` for whose last tokens the model has learned no position; rotary ones never end.
    pub fn check_positions(&self, text: &str, window: usize, path: &Path) -> Result<(), EvalError> {
        let Some(LearnedPositions { count, .. }) = self.embedding.positions.filter(|learned| window > learned.count)
        else {
            return Ok(());
        };
        let (text, path) = (text.to_owned(), path.to_owned());
        Err(EvalError::TooFewPositions { text, window, position_count: count, path })
    }

    /// Changes every layer alike.
    pub fn with_layers(mut self, change: impl FnMut(&mut LayerSpec)) -> Self {
        self.layers.iter_mut().for_each(change);
        self
    }

    /// Gives each layer its window: how many tokens back it sees, itself included; `None` sees all.
    pub fn with_windows(mut self, windows: Vec<Option<usize>>) -> Self {
        for (layer, window) in self.layers.iter_mut().zip(windows) {
            layer.attention.sliding_window = window;
        }
        self
    }
}
