//! A model whose weights can be read layer by layer.

use super::{decoder::DecoderConfig, weights::ModelWeights};

/// A model, ready to score.
#[derive(Debug)]
pub(super) struct OpenModel {
    pub weights: ModelWeights,
    pub config: DecoderConfig,
}
