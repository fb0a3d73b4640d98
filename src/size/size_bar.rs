//! Bytes by component.

use super::{Component, SizeBreakdown};
use crate::{checkpoint::Checkpoint, numeric::FloatDtype};

/// One stacked bar.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct SizeBar {
    /// Bytes in the order of [`Component::ALL`].
    pub bytes: [u64; 5],
    /// The dtypes of each of them, most bytes first.
    pub dtypes: [String; 5],
    /// `F32`, or `BF16, F32` where it is mixed; most bytes first.
    pub dtype: String,
    /// The dtype of most bytes, where that is one that a merge can write.
    pub float_dtype: Option<FloatDtype>,
}

impl SizeBar {
    /// A checkpoint as it lies on disk.
    #[must_use]
    pub fn stored(checkpoint: &Checkpoint) -> Self {
        Self::of(&SizeBreakdown::stored(checkpoint))
    }

    /// The base with every floating tensor in `dtype`, packed ones unpacked where they are read.
    #[must_use]
    pub fn cast(base: &Checkpoint, dtype: FloatDtype) -> Self {
        Self::of(&match base.quantization() {
            Some(_) => SizeBreakdown::unpacked(base, dtype),
            None => SizeBreakdown::cast(base, dtype),
        })
    }

    /// The sum of the parts.
    #[must_use]
    pub fn total(&self) -> u64 {
        self.bytes.iter().sum()
    }

    /// Whether components differ in their dtypes.
    #[must_use]
    pub fn is_mixed(&self) -> bool {
        self.dtype.contains(',')
    }

    fn of(breakdown: &SizeBreakdown) -> Self {
        let names = |breakdown: &SizeBreakdown| -> String {
            let names: Vec<String> = breakdown.dtypes().iter().map(|(dtype, _)| dtype.to_string()).collect();
            names.join(", ")
        };
        let only = |component| SizeBreakdown {
            parts: breakdown.parts.iter().filter(|part| part.component == component).cloned().collect(),
        };
        Self {
            bytes: Component::ALL.map(|component| breakdown.bytes_of(component)),
            dtypes: Component::ALL.map(|component| names(&only(component))),
            dtype: names(breakdown),
            float_dtype: breakdown.dtypes().first().and_then(|(dtype, _)| FloatDtype::of(*dtype)),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{numeric::Dtype, size::SizePart};

    #[test]
    fn a_bar_keeps_the_dtypes_of_its_parts() {
        let part = |component, dtype: Dtype, weight_count| SizePart {
            component,
            dtype,
            is_quantised: false,
            weight_count,
            byte_count: weight_count * dtype.bitsize() as u64 / 8,
        };
        let parts = vec![part(Component::Embedding, Dtype::F32, 100), part(Component::Mlp, Dtype::BF16, 900)];
        let bar = SizeBar::of(&SizeBreakdown { parts });
        assert_eq!((bar.bytes, bar.dtype.as_str()), ([400, 0, 1800, 0, 0], "BF16, F32"));
        assert_eq!(bar.dtypes, ["F32", "", "BF16", "", ""]);
        assert!(bar.is_mixed() && bar.float_dtype == Some(FloatDtype::BF16));
    }
}
