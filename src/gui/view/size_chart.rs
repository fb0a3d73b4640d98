//! Bytes by component, and why a file got smaller.

use crate::{
    checkpoint::Checkpoint,
    numeric::{Dtype, FloatDtype},
    plan::DtypePolicy,
};

/// Parts of a model that people ask about.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
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

    /// As the charts name it.
    #[must_use]
    pub fn label(self) -> &'static str {
        match self {
            Self::Embedding => "embed_tokens",
            Self::Attention => "attention",
            Self::Mlp => "mlp",
            Self::Head => "lm_head",
            Self::Other => "norms, other",
        }
    }
}

/// One stacked bar.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct SizeBar {
    /// Bytes in the order of [`Component::ALL`].
    pub bytes: [u64; 5],
    /// Elements of all tensors.
    pub parameter_count: u64,
    /// `F32`, or `BF16, F32` where it is mixed; most bytes first.
    pub dtype: String,
}

impl SizeBar {
    /// A checkpoint as it lies on disk.
    #[must_use]
    pub fn stored(checkpoint: &Checkpoint) -> Self {
        let tensors = checkpoint.tensors().values();
        Self::sum(tensors.map(|tensor| (tensor.name(), tensor.element_count() as u64, tensor.dtype())))
    }

    /// The base with every floating tensor in `dtype`.
    #[must_use]
    pub fn cast(base: &Checkpoint, dtype: FloatDtype) -> Self {
        Self::sum(base.tensors().values().map(|tensor| {
            let cast = FloatDtype::of(tensor.dtype()).map_or(tensor.dtype(), |_| dtype.stored());
            (tensor.name(), tensor.element_count() as u64, cast)
        }))
    }

    /// The sum of the parts.
    #[must_use]
    pub fn total(&self) -> u64 {
        self.bytes.iter().sum()
    }

    fn sum<'a>(tensors: impl Iterator<Item = (&'a str, u64, Dtype)>) -> Self {
        let mut bar = Self::default();
        let mut dtypes = std::collections::BTreeMap::new();
        for (name, element_count, dtype) in tensors {
            let byte_count = element_count * dtype.bitsize() as u64 / 8;
            let place = Component::ALL.iter().position(|component| *component == Component::of(name)).unwrap_or(4);
            bar.bytes[place] += byte_count;
            bar.parameter_count += element_count;
            *dtypes.entry(dtype).or_insert(0) += byte_count;
        }
        let mut dtypes: Vec<(Dtype, u64)> = dtypes.into_iter().collect();
        dtypes.sort_by_key(|(_, byte_count)| std::cmp::Reverse(*byte_count));
        bar.dtype = dtypes.iter().map(|(dtype, _)| dtype.to_string()).collect::<Vec<_>>().join(", ");
        bar
    }
}

/// Why a merged file has the size that it has: the facts, for each language to put into a sentence.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct SizeStory {
    /// Weights of the base.
    pub base_parameters: u64,
    /// Weights of the merged model.
    pub merged_parameters: u64,
    /// Bits of a weight of the base, on average.
    pub base_bits: f64,
    /// Bits of a weight of the merged model, on average.
    pub merged_bits: f64,
    /// Whether the dtypes of the base were kept.
    pub is_dtype_kept: bool,
}

impl SizeStory {
    /// The story of `base` and `merged`.
    #[must_use]
    pub fn new(base: &SizeBar, merged: &SizeBar, policy: DtypePolicy) -> Self {
        let bits = |bar: &SizeBar| (bar.total() as f64 * 8.0 / bar.parameter_count.max(1) as f64).round();
        Self {
            base_parameters: base.parameter_count,
            merged_parameters: merged.parameter_count,
            base_bits: bits(base),
            merged_bits: bits(merged),
            is_dtype_kept: policy == DtypePolicy::Keep,
        }
    }

    /// Weights that the merge added.
    #[must_use]
    pub fn added_parameters(&self) -> u64 {
        self.merged_parameters.saturating_sub(self.base_parameters)
    }

    /// Size of the merged file as a part of the base's.
    #[must_use]
    pub fn ratio(&self) -> f64 {
        let size = |parameters: u64, bits: f64| parameters as f64 * bits;
        size(self.merged_parameters, self.merged_bits) / size(self.base_parameters, self.base_bits).max(1.0)
    }

    /// Whether it is half of it.
    #[must_use]
    pub fn is_half(&self) -> bool {
        (self.ratio() - 0.5).abs() < 0.005
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn bar(dtype: Dtype) -> SizeBar {
        let names = [("model.embed_tokens.weight", 100), ("model.layers.0.mlp.up_proj.weight", 900)];
        SizeBar::sum(names.iter().map(|(name, count)| (*name, *count, dtype)))
    }

    #[test]
    fn tensors_are_sorted_into_components() {
        assert_eq!(Component::of("model.layers.0.self_attn.q_proj.weight"), Component::Attention);
        assert_eq!(Component::of("transformer.h.3.mlp.c_fc.weight"), Component::Mlp);
        assert_eq!(Component::of("model.norm.weight"), Component::Other);
        assert_eq!(Component::of("lm_head.weight"), Component::Head);
        assert_eq!(bar(Dtype::F32).bytes, [400, 0, 3600, 0, 0]);
    }

    #[test]
    fn half_the_bits_are_half_the_file() {
        let (base, merged) = (bar(Dtype::F32), bar(Dtype::BF16));
        let story = SizeStory::new(&base, &merged, DtypePolicy::Convert(FloatDtype::BF16));
        assert!(story.is_half() && !story.is_dtype_kept);
        assert_eq!((story.base_bits, story.merged_bits, story.added_parameters()), (32.0, 16.0, 0));
        assert_eq!(SizeStory::new(&base, &base, DtypePolicy::Keep).ratio(), 1.0);
    }
}
