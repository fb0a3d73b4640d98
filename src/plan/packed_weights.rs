//! Which weights are packed again: those of the layers that bitsandbytes gets when transformers quantises the class.

use std::collections::BTreeSet;

use super::PlanError;
use crate::{
    adapter::Adapter,
    architecture::Architecture,
    checkpoint::{Checkpoint, LogicalTensor},
    matching::Matching,
    numeric::{BlockFormat, Encoding, FloatDtype, codec::Nf4Format},
};

/// The weights that are packed, and how.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct PackedWeights {
    pub format: Nf4Format,
    names: BTreeSet<String>,
}

impl PackedWeights {
    /// Chooses them by transformers' own rule, as data.
    ///
    /// # Errors
    /// A matrix of which the data does not say what it belongs to; a model without a layer to pack.
    pub fn choose(
        base: &Checkpoint,
        adapters: &[Adapter],
        matching: &Matching,
        format: Nf4Format,
    ) -> Result<Self, PlanError> {
        let architecture = Architecture::of(base);
        let added = matching.applied.iter().filter(|applied| base.tensor(&applied.tensor).is_none());
        let added = added.filter_map(|applied| Some((&applied.tensor, applied.source(base, adapters)?)));
        let is_matrix = |tensor: &LogicalTensor| tensor.shape().len() == 2;
        let (mut names, mut undecided) = (BTreeSet::new(), Vec::new());
        for (name, tensor) in base.tensors().iter().chain(added).filter(|(_, tensor)| is_matrix(tensor)) {
            match architecture.is_packed_layer(name) {
                Some(false) => {}
                Some(true) if FloatDtype::of(tensor.dtype()).is_some() && tensor.element_count() > 0 => {
                    names.insert(name.clone());
                }
                Some(true) | None => undecided.push(name.clone()),
            }
        }
        let class = || base.config().architecture().unwrap_or(base.config().model_type()).to_owned();
        if !undecided.is_empty() {
            return Err(PlanError::UndecidedLayers { class: class(), tensors: undecided });
        }
        if names.is_empty() {
            return Err(PlanError::NothingToPack { class: class() });
        }
        Ok(Self { format, names })
    }

    /// How `tensor` lies in the output, where it is one of them.
    pub fn encoding_of(&self, tensor: &str) -> Option<Encoding> {
        self.names.contains(tensor).then_some(Encoding::Block(BlockFormat::Nf4(self.format)))
    }
}
