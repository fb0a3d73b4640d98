//! One decoder layer: norms around attention and MLP, each added to the stream.

use candle_core::{Result, Tensor};

use super::{
    DecoderConfig, RopeTable,
    attention::{Attention, KvCache},
    mlp::GatedMlp,
};
use crate::evaluate::{EvalError, weights::ModelWeights};

/// A layer, loaded.
#[derive(Debug)]
pub(in crate::evaluate) struct Layer {
    attention: Attention,
    mlp: GatedMlp,
    input_norm: Tensor,
    post_attention_norm: Tensor,
    norm_eps: f32,
}

impl Layer {
    /// Loads layer `index` as f32.
    pub fn load(config: &DecoderConfig, weights: &ModelWeights, index: usize) -> std::result::Result<Self, EvalError> {
        #[expect(clippy::cast_possible_truncation, reason = "the norm works in f32")]
        let norm_eps = config.norm_eps as f32;
        let (attention, mlp) = (&config.attention, &config.mlp);
        let name = |part: &str| weights.names().in_layer(index, part);
        let linear = |part: &str, has_bias: bool| weights.linear(&name(part), has_bias);
        let head_norms = if attention.has_head_norms {
            let norm = |part: &str| weights.all(&name(part));
            Some((norm("self_attn.q_norm.weight")?, norm("self_attn.k_norm.weight")?, norm_eps))
        } else {
            None
        };
        Ok(Self {
            attention: Attention {
                q: linear("self_attn.q_proj", attention.has_qkv_bias)?,
                k: linear("self_attn.k_proj", attention.has_qkv_bias)?,
                v: linear("self_attn.v_proj", attention.has_qkv_bias)?,
                output: linear("self_attn.o_proj", attention.has_output_bias)?,
                head_norms,
                head_count: attention.head_count,
                kv_head_count: attention.kv_head_count,
                head_dim: attention.head_dim,
                sliding_window: config.sliding_windows.get(index).copied().flatten(),
            },
            mlp: GatedMlp {
                gate: linear("mlp.gate_proj", mlp.has_bias)?,
                up: linear("mlp.up_proj", mlp.has_bias)?,
                down: linear("mlp.down_proj", mlp.has_bias)?,
                activation: mlp.activation,
            },
            input_norm: weights.all(&name("input_layernorm.weight"))?,
            post_attention_norm: weights.all(&name("post_attention_layernorm.weight"))?,
            norm_eps,
        })
    }

    /// `hidden` (`tokens × hidden`) holds windows of `lengths`, one after another.
    pub fn forward(&self, hidden: &Tensor, lengths: &[usize], rope: &RopeTable) -> Result<Tensor> {
        self.around(hidden, |inputs| self.attention.forward(inputs, lengths, rope))
    }

    /// `hidden` continues the tokens in `cache`, which takes them in.
    pub fn forward_cached(&self, hidden: &Tensor, rope: &RopeTable, cache: &mut KvCache) -> Result<Tensor> {
        self.around(hidden, |inputs| self.attention.forward_cached(inputs, rope, cache))
    }

    /// Attention and MLP, each after a norm and added to the stream.
    fn around(&self, hidden: &Tensor, attend: impl FnOnce(&Tensor) -> Result<Tensor>) -> Result<Tensor> {
        let norm = |hidden: &Tensor, weight: &Tensor| candle_nn::ops::rms_norm(hidden, weight, self.norm_eps);
        let hidden = (hidden + attend(&norm(hidden, &self.input_norm)?)?)?;
        let change = self.mlp.forward(&norm(&hidden, &self.post_attention_norm)?)?;
        hidden + change
    }
}
