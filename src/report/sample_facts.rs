//! What the built-in sample is, read from its headers.

use super::{AdapterFacts, ModelFacts};
use crate::{
    adapter::Adapter, checkpoint::Checkpoint, message::Problem, numeric::FloatDtype, sample::Sample, size::SizeBar,
};

/// The sample in three lines.
#[derive(Clone, Debug, PartialEq)]
pub struct SampleFacts {
    /// The base.
    pub base: ModelFacts,
    /// The adapter.
    pub adapter: AdapterFacts,
    /// Bytes of the merged tensors as bf16.
    pub merged_bytes: u64,
}

impl SampleFacts {
    /// Opens the sample.
    ///
    /// # Errors
    /// The sample is not installed or does not open.
    pub fn read() -> Result<Self, Problem> {
        let sample = Sample::find().map_err(|error| Problem::of(&error))?;
        let base = Checkpoint::open(&sample.base()).map_err(|error| Problem::of(&error))?;
        let adapter = Adapter::open(&sample.adapter()).map_err(|error| Problem::of(&error))?;
        Ok(Self {
            base: ModelFacts::of(&base),
            adapter: AdapterFacts::of(&adapter),
            merged_bytes: SizeBar::cast(&base, FloatDtype::BF16).total(),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::SampleFacts;

    #[test]
    fn the_sample_is_there_and_halves_in_bf16() {
        let facts = SampleFacts::read().unwrap();
        assert_eq!(facts.merged_bytes * 2, facts.base.byte_count);
        assert_eq!((facts.adapter.rank, facts.adapter.target_count), (Some(16), 28));
    }
}
