//! Bytes by component, and the sentence that explains why a file got smaller.

use crate::{
    checkpoint::Checkpoint,
    numeric::{Dtype, FloatDtype},
    plan::{DtypePolicy, MergePlan},
    units,
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

    /// What a plan writes.
    #[must_use]
    pub fn planned(plan: &MergePlan) -> Self {
        let steps = plan.steps();
        Self::sum(steps.map(|step| (step.name.as_str(), step.source.element_count() as u64, step.output_dtype)))
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

/// Why `merged` has the size that it has, made from the numbers alone.
#[must_use]
pub fn size_sentence(base: &SizeBar, merged: &SizeBar, policy: DtypePolicy) -> String {
    let weights = if base.parameter_count == merged.parameter_count {
        format!("The same {} weights", units::count(merged.parameter_count))
    } else {
        let (from, to) = (units::count(base.parameter_count), units::count(merged.parameter_count));
        format!("{to} weights in place of {from}")
    };
    let bits = |bar: &SizeBar| (bar.total() as f64 * 8.0 / bar.parameter_count.max(1) as f64).round();
    let added = merged.parameter_count.saturating_sub(base.parameter_count);
    let merge = if added == 0 {
        "The merge itself added 0 bytes, and nothing was pruned.".to_owned()
    } else {
        format!("The merge added {} weights.", units::count(added))
    };
    match policy {
        DtypePolicy::Keep => {
            format!("{weights}, each in the dtype that the base has: the file keeps its size. {merge}")
        }
        DtypePolicy::Convert(_) if bits(base) == bits(merged) => {
            format!("{weights}, {} bits each as before: the file keeps its size. {merge}", bits(merged))
        }
        DtypePolicy::Convert(_) => {
            let ratio = merged.total() as f64 / base.total().max(1) as f64;
            let share = if (ratio - 0.5).abs() < 0.005 {
                "half the file".to_owned()
            } else {
                format!("{:.0} % of the file", ratio * 100.0)
            };
            format!("{weights}, {} bits each in place of {}: {share}. {merge}", bits(merged), bits(base))
        }
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
    fn the_sentence_says_what_halved() {
        let (base, merged) = (bar(Dtype::F32), bar(Dtype::BF16));
        let sentence = size_sentence(&base, &merged, DtypePolicy::Convert(FloatDtype::BF16));
        assert_eq!(
            sentence,
            "The same 1,000 weights, 16 bits each in place of 32: half the file. The merge itself added 0 bytes, and \
             nothing was pruned."
        );
        let kept = size_sentence(&base, &base, DtypePolicy::Keep);
        assert!(kept.contains("keeps its size"), "{kept}");
    }
}
