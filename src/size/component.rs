//! The parts of a model that people ask about, by the names of tensors.

use serde::Serialize;

use crate::message::said_in_english;

/// A part of a model that people ask about; a message, as charts and tables name it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Component {
    /// The input embedding.
    Embedding,
    /// Everything inside attention.
    Attention,
    /// Everything inside the feed-forward block, experts included.
    Mlp,
    /// The output head.
    Head,
    /// Norms, biases and everything else.
    Other,
}

said_in_english!(Component);

impl Component {
    /// In the order of the bars.
    pub const ALL: [Self; 5] = [Self::Embedding, Self::Attention, Self::Mlp, Self::Head, Self::Other];

    /// Which part a tensor belongs to, by its name.
    #[must_use]
    pub fn of(tensor: &str) -> Self {
        let has = |parts: &[&str]| tensor.split('.').any(|segment| parts.contains(&segment));
        if has(&["embed_tokens", "wte", "wpe", "word_embeddings", "embed_in", "embed_positions"]) {
            Self::Embedding
        } else if has(&["lm_head", "embed_out"]) {
            Self::Head
        } else if has(&["self_attn", "attn", "attention", "self_attention", "linear_attn", "mixer"]) {
            Self::Attention
        } else if has(&["mlp", "feed_forward", "block_sparse_moe", "experts", "ffn"]) {
            Self::Mlp
        } else {
            Self::Other
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tensors_are_sorted_into_components() {
        assert_eq!(Component::of("model.layers.0.self_attn.q_proj.weight"), Component::Attention);
        assert_eq!(Component::of("model.layers.0.mlp.up_proj.weight.nested_absmax"), Component::Mlp);
        assert_eq!(Component::of("transformer.h.3.mlp.c_fc.weight"), Component::Mlp);
        assert_eq!(Component::of("model.norm.weight"), Component::Other);
        assert_eq!(Component::of("lm_head.weight"), Component::Head);
    }
}
