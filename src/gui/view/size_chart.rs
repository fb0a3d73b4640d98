//! Bytes by component, and why a file got smaller.

pub use crate::size::Component;
use crate::{checkpoint::Checkpoint, numeric::FloatDtype, plan::DtypePolicy, size::SizeBreakdown};

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
        Self::of(&SizeBreakdown::stored(checkpoint))
    }

    /// The base with every floating tensor in `dtype`.
    #[must_use]
    pub fn cast(base: &Checkpoint, dtype: FloatDtype) -> Self {
        Self::of(&SizeBreakdown::cast(base, dtype))
    }

    /// The sum of the parts.
    #[must_use]
    pub fn total(&self) -> u64 {
        self.bytes.iter().sum()
    }

    fn of(breakdown: &SizeBreakdown) -> Self {
        let names: Vec<String> = breakdown.dtypes().iter().map(|(dtype, _)| dtype.to_string()).collect();
        Self {
            bytes: Component::ALL.map(|component| breakdown.bytes_of(component)),
            parameter_count: breakdown.weight_count(),
            dtype: names.join(", "),
        }
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
    use crate::{
        numeric::Dtype,
        size::{SizeBreakdown, SizePart},
    };

    fn bar(dtype: Dtype) -> SizeBar {
        let part = |component, weight_count| SizePart {
            component,
            dtype,
            is_quantised: false,
            weight_count,
            byte_count: weight_count * dtype.bitsize() as u64 / 8,
        };
        SizeBar::of(&SizeBreakdown { parts: vec![part(Component::Embedding, 100), part(Component::Mlp, 900)] })
    }

    #[test]
    fn half_the_bits_are_half_the_file() {
        let (base, merged) = (bar(Dtype::F32), bar(Dtype::BF16));
        assert_eq!((base.bytes, base.dtype.as_str()), ([400, 0, 3600, 0, 0], "F32"));
        let story = SizeStory::new(&base, &merged, DtypePolicy::Convert(FloatDtype::BF16));
        assert!(story.is_half() && !story.is_dtype_kept);
        assert_eq!((story.base_bits, story.merged_bits, story.added_parameters()), (32.0, 16.0, 0));
        assert_eq!(SizeStory::new(&base, &base, DtypePolicy::Keep).ratio(), 1.0);
    }
}
