//! A decoder as data, and its layers on candle: RMS norms, grouped-query attention with rotary positions, a gated MLP.
//!
//! Everything is f32, whatever the dtype on disk.

mod attention;
mod config;
mod layer;
mod linear;
mod mlp;
mod rope;

pub(super) use self::{
    attention::KvCache,
    config::{Activation, AttentionConfig, DecoderConfig, MlpConfig, TensorNames},
    layer::Layer,
    linear::{Linear, LowRankBranch},
    rope::{RopeConfig, RopeScaling, RopeTable},
};
