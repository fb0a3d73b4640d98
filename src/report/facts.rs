//! What a filled well says about its folder.

use crate::{
    adapter::{Adapter, Scaling, Target},
    checkpoint::Checkpoint,
    numeric::Dtype,
    size::SizeBreakdown,
};

/// A model folder in one line.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ModelFacts {
    /// The folder's name.
    pub name: String,
    /// `architectures[0]`, or the model type.
    pub architecture: String,
    /// The dtype that holds most bytes, or how the weights are quantised.
    pub dtype: String,
    /// The dtype that holds most bytes once packed weights are unpacked: what a merge keeps.
    pub kept_dtype: String,
    /// Weights, however many of them are packed in one element.
    pub parameter_count: u64,
    /// Bytes of all tensors.
    pub byte_count: u64,
    /// Weight files.
    pub shard_count: usize,
    /// Tensors.
    pub tensor_count: usize,
}

impl ModelFacts {
    /// Reads them from an open checkpoint.
    #[must_use]
    pub fn of(checkpoint: &Checkpoint) -> Self {
        let config = checkpoint.config();
        let dtypes = checkpoint.dtypes_by_bytes();
        let kept = checkpoint.gguf().map(|origin| origin.dtype.stored());
        let kept = kept.or_else(|| dtypes.first().map(|(dtype, _)| *dtype));
        let kept_dtype = kept.map_or_else(String::new, |dtype| dtype.to_string());
        Self {
            name: crate::units::path::composed(&checkpoint.name()),
            architecture: config.architecture().unwrap_or(config.model_type()).to_owned(),
            dtype: match (checkpoint.gguf(), checkpoint.quantization()) {
                (Some(origin), _) => format!("GGUF {}", origin.file_type),
                (None, Some(quantization)) => quantization.method.name().to_owned(),
                (None, None) => kept_dtype.clone(),
            },
            kept_dtype,
            parameter_count: SizeBreakdown::stored(checkpoint).weight_count(),
            byte_count: checkpoint.byte_count(),
            shard_count: checkpoint.files().len(),
            tensor_count: checkpoint.tensors().len(),
        }
    }
}

/// An adapter folder in one line.
#[derive(Clone, Debug, PartialEq)]
pub struct AdapterFacts {
    /// The folder's name.
    pub name: String,
    /// `LoRA`, `DoRA` …
    pub method: &'static str,
    /// The rank, where all targets share one.
    pub rank: Option<usize>,
    /// The scale, where all targets share one.
    pub scaling: Option<Scaling>,
    /// The dtype of the first factor.
    pub dtype: Option<Dtype>,
    /// Elements.
    pub parameter_count: u64,
    /// Bytes of all tensors.
    pub byte_count: u64,
    /// Tensors.
    pub tensor_count: usize,
    /// Modules that it changes.
    pub target_count: usize,
    /// The base that it says it was trained on.
    pub trained_on: Option<String>,
}

impl AdapterFacts {
    /// Reads them from an open adapter.
    #[must_use]
    pub fn of(adapter: &Adapter) -> Self {
        let targets = adapter.targets();
        let factors = || targets.iter().flat_map(Target::tensors);
        Self {
            name: crate::units::path::composed(&adapter.name()),
            method: adapter.method_name(),
            rank: shared(targets.iter().map(Target::rank)),
            scaling: shared(targets.iter().map(Target::scaling)),
            dtype: factors().next().map(crate::checkpoint::LogicalTensor::dtype),
            parameter_count: adapter.parameter_count(),
            byte_count: adapter.tensors().into_iter().map(crate::checkpoint::LogicalTensor::byte_count).sum(),
            tensor_count: adapter.tensor_count(),
            target_count: targets.len(),
            trained_on: adapter.config().base_model().map(str::to_owned),
        }
    }
}

/// The value that all items have; `None` when they differ or one has none.
fn shared<T: PartialEq>(mut values: impl Iterator<Item = Option<T>>) -> Option<T> {
    let first = values.next()??;
    values.all(|value| value.as_ref() == Some(&first)).then_some(first)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ranks_are_named_only_when_all_agree() {
        assert_eq!(shared([Some(16), Some(16)].into_iter()), Some(16));
        assert_eq!(shared([Some(16), Some(8)].into_iter()), None);
        assert_eq!(shared([Some(16), None].into_iter()), None);
    }
}
