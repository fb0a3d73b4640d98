//! The attention of a layer as data.

use super::{HeadNormsSpec, Heads, LinearSpec, Qkv, TensorSpec};

/// Causal attention by names, shapes and numbers.
#[derive(Clone, Debug)]
pub(in crate::evaluate) struct AttentionSpec {
    pub qkv: Qkv<LinearSpec>,
    pub output: LinearSpec,
    pub heads: Heads,
    pub head_norms: Option<HeadNormsSpec>,
    /// What the products of q and k are multiplied by.
    pub scale: f64,
    /// c in c·tanh(scores / c) (Gemma 2).
    pub score_cap: Option<f64>,
    /// Which of the decoder's rotary positions; `None` where positions are learned.
    pub rope: Option<usize>,
    /// How many tokens back a query sees, itself included; `None` sees all.
    pub sliding_window: Option<usize>,
}

impl AttentionSpec {
    /// Attention with the first rotary positions, scores by 1/√dim, no head norms and no window.
    pub fn new(qkv: Qkv<LinearSpec>, output: LinearSpec, heads: Heads) -> Self {
        let scale = (heads.dim as f64).sqrt().recip();
        Self { qkv, output, heads, head_norms: None, scale, score_cap: None, rope: Some(0), sliding_window: None }
    }

    /// Says which projections have biases.
    pub fn set_bias(&mut self, on_qkv: bool, on_output: bool) {
        self.qkv = self.qkv.biased(on_qkv);
        self.output.has_bias = on_output;
    }

    pub fn tensors(&self, prefix: &str) -> Vec<TensorSpec> {
        let linears = self.qkv.parts().into_iter().chain([&self.output]);
        let mut tensors: Vec<TensorSpec> = linears.flat_map(|linear| linear.tensors(prefix)).collect();
        tensors.extend(self.head_norms.iter().flat_map(|norms| norms.tensors(prefix, self.heads)));
        tensors
    }
}
