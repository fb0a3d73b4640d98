//! A decoder as data, and its layers on candle.
//!
//! A family fills a [`DecoderConfig`] with the parts that are here; no layer knows which family it is of. Everything is
//! f32, whatever the dtype on disk.

mod activation;
mod attention;
mod attention_spec;
mod config;
mod experts;
mod gating;
mod head_norms;
mod layer;
mod linear;
mod masked_softmax;
mod mlp;
mod names;
mod norm;
mod qkv;
mod rope;
mod rotation;

pub(super) use self::{
    activation::Activation,
    attention::KvCache,
    attention_spec::AttentionSpec,
    config::{Arrangement, DecoderConfig, EmbeddingSpec, LayerSpec, LearnedPositions, NormsAround},
    experts::{ExpertStorage, ExpertsSpec},
    head_norms::{HeadNormsSpec, NormScope},
    layer::Layer,
    linear::{Linear, LinearSpec, LowRankBranch},
    mlp::{GateUp, GatedMlp, MlpSpec, PlainMlp},
    names::{TensorNames, TensorSpec},
    norm::{Norm, NormKind, NormSpec, NormStyle},
    qkv::{Heads, Qkv, QkvLayout},
    rope::{RopeConfig, RopeScaling},
    rotation::{Rotation, RotationTables},
};
