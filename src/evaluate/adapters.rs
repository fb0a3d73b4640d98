//! Adapters at run time: plain LoRA beside the linear layers of a decoder, never merged into them.

use std::path::Path;

use candle_core::{Device, Tensor};

use super::{
    EvalError, ModelSource,
    decoder::{DecoderConfig, LowRankBranch},
};
use crate::{
    adapter::{Adapter, Orientation, Target, Window},
    checkpoint::{Checkpoint, LogicalTensor},
    matching::{Applied, Matching, Origin, UpdateRef},
};

/// Methods whose update is s·B(Ax) and nothing else.
const PLAIN_METHODS: [&str; 2] = ["LoRA", "rsLoRA"];

/// Adapters, opened and matched with their base.
#[derive(Debug)]
pub(super) struct RuntimeAdapters {
    adapters: Vec<Adapter>,
    strengths: Vec<f64>,
    matching: Matching,
}

impl RuntimeAdapters {
    /// The adapters of `source`, none for a model as it is stored.
    pub fn open(source: &ModelSource, base: &Checkpoint) -> Result<Self, EvalError> {
        let requests = match source {
            ModelSource::Stored(_) | ModelSource::Cast { .. } | ModelSource::InMemory(_) => &[][..],
            ModelSource::WithAdapters { adapters, .. } => adapters,
        };
        let adapters =
            requests.iter().map(|request| Adapter::open_for(&request.path, base)).collect::<Result<Vec<_>, _>>()?;
        let strengths = requests.iter().map(|request| request.strength).collect();
        let matching = Matching::new(base, &adapters);
        Ok(Self { adapters, strengths, matching })
    }

    pub fn names(&self) -> impl Iterator<Item = String> {
        self.adapters.iter().map(Adapter::name)
    }

    /// Bytes of all their tensors.
    pub fn byte_count(&self) -> u64 {
        let factors = self.adapters.iter().flat_map(|adapter| {
            let factors = adapter.targets().iter().flat_map(Target::tensors);
            factors.chain(adapter.strays().iter().map(|stray| &stray.tensor))
        });
        factors.map(LogicalTensor::byte_count).sum()
    }

    /// Elements of all their tensors.
    pub fn parameter_count(&self) -> u64 {
        self.adapters.iter().map(Adapter::parameter_count).sum()
    }

    /// What they add to the linear layer with this weight.
    pub fn branches(&self, weight: &str) -> Result<Vec<LowRankBranch>, EvalError> {
        let Some(applied) = self.matching.applied_to(weight) else { return Ok(Vec::new()) };
        let branch = |update: &UpdateRef| {
            let target = update.target_in(&self.adapters);
            let ([a, b], Some(scaling)) = (target.tensors(), target.scaling()) else {
                return Err(self.not_plain(applied));
            };
            let factor = |tensor: &LogicalTensor| {
                Ok::<_, EvalError>(Tensor::from_vec(tensor.read_all()?, tensor.shape(), &Device::Cpu)?)
            };
            let scale = scaling.value() * self.strengths[update.adapter];
            Ok(LowRankBranch { a: factor(a)?, b: factor(b)?, scale })
        };
        applied.updates.iter().map(branch).collect()
    }

    /// Every adapter tensor has a place, and all of them are plain LoRA on linear layers of the decoder.
    pub fn check(&self, base: &Path, config: &DecoderConfig) -> Result<(), EvalError> {
        if self.adapters.is_empty() {
            return Ok(());
        }
        let Matching { set_aside, .. } = &self.matching;
        let total: usize = self.adapters.iter().map(Adapter::tensor_count).sum();
        let placed = self.matching.applied_tensor_count(&self.adapters);
        if placed + set_aside.len() != total || !self.matching.is_complete() {
            let problems = self.matching.misplaced_modules().collect();
            return Err(EvalError::AdapterDoesNotFit { placed, total, problems, path: base.to_owned() });
        }
        let linears = linear_weights(config);
        for applied in &self.matching.applied {
            let linear = linears.iter().find(|(name, _)| *name == applied.tensor);
            let is_plain = linear.is_some_and(|(_, orientation)| {
                applied.origin == Origin::Base
                    && applied.factor.is_none()
                    && applied.updates.iter().all(|update| self.is_plain(update, *orientation))
            });
            if !is_plain {
                return Err(self.not_plain(applied));
            }
        }
        Ok(())
    }

    /// Whether an update is two factors for all of a weight that is stored as `orientation` says.
    fn is_plain(&self, update: &UpdateRef, orientation: Orientation) -> bool {
        let target = update.target_in(&self.adapters);
        let dimensions: Vec<usize> = target.tensors().iter().map(|factor| factor.shape().len()).collect();
        let lies_whole = update.placement.window == Window::Whole && update.placement.orientation == orientation;
        let method = self.adapters[update.adapter].method_name();
        lies_whole && dimensions == [2, 2] && target.scaling().is_some() && PLAIN_METHODS.contains(&method)
    }

    fn not_plain(&self, applied: &Applied) -> EvalError {
        let first = applied.targets().next().and_then(|(adapter, _)| self.adapters.get(adapter));
        EvalError::AdapterMethod {
            method: first.map(Adapter::method_name),
            tensor: applied.tensor.clone(),
            path: first.map(|adapter| adapter.root().to_owned()).unwrap_or_default(),
        }
    }
}

/// The weights that a branch can stand beside: all linear layers, and an untied head.
fn linear_weights(config: &DecoderConfig) -> Vec<(String, Orientation)> {
    let layers = (0..config.layers.len()).flat_map(|layer| config.layer_tensors(layer));
    let tensors = config.outer_tensors().into_iter().chain(layers);
    tensors.filter_map(|tensor| Some((tensor.name, tensor.linear?))).collect()
}
