//! Uni-LoRA: the entries of A and B are entries of one trained vector, at places that were drawn, each scaled (Li et al.
//! 2025; PEFT 0.21).

use std::{path::Path, sync::Arc};

use super::{
    factors::{Factors, misshapen, required},
    indices::{may_hold_indices, read_indices},
};
use crate::{
    adapter::{
        AdapterError, Content, ExpectedShape, Feature, Method, MethodSpec, Orientation, Part, Parts, Placement,
        Precision, RefusalReason, RowUpdate, Target, TargetUpdate, WayOut,
    },
    checkpoint::LogicalTensor,
    numeric::Matrix,
};

/// `unilora_indices_A`, `(r, in)`.
const INDICES_A: Part = Part::parameter("unilora_indices_A");
/// `unilora_indices_B`, `(out, r)`.
const INDICES_B: Part = Part::parameter("unilora_indices_B");
/// `unilora_scales_A`, `(r, in)`.
const SCALES_A: Part = Part::parameter("unilora_scales_A");
/// `unilora_scales_B`, `(out, r)`.
const SCALES_B: Part = Part::parameter("unilora_scales_B");
/// `unilora_theta_d`, the vector.
const VECTOR: Part = Part::parameter("unilora_theta_d");

/// Uni-LoRA's names.
pub(super) const SPEC: MethodSpec = MethodSpec {
    peft_type: "UNILORA",
    key_prefix: Some("unilora_"),
    factors: &[INDICES_A, INDICES_B, SCALES_A, SCALES_B],
    shared_factors: &[VECTOR],
    config_keys: &["init_theta_d_bound", "proj_seed", "r", "save_indices", "theta_d_length", "unilora_dropout"],
    build: |config, path| {
        // Without them the file names no module.
        if config.flag("save_indices") {
            return Ok(Box::new(UniLora));
        }
        Err(AdapterError::Unsupported {
            feature: Feature::Method { name: "Uni-LoRA", peft_type: "UNILORA" },
            reason: RefusalReason::IndicesNotSaved,
            way_out: WayOut::MergeOrConvert,
            path: path.to_owned(),
        })
    },
};

/// Uni-LoRA; its file says all of it.
#[derive(Debug)]
struct UniLora;

impl Method for UniLora {
    fn spec(&self) -> &'static MethodSpec {
        &SPEC
    }

    fn name(&self) -> &'static str {
        "Uni-LoRA"
    }

    fn targets(&self, module: &str, mut parts: Parts, path: &Path) -> Result<Vec<Target>, AdapterError> {
        let absent = |part: Part| AdapterError::Unpaired {
            module: module.to_owned(),
            absent: part.name(),
            path: path.to_owned(),
        };
        let mut index = |part| parts.remove(part).ok_or_else(|| absent(part));
        let (indices_a, indices_b) = (index(INDICES_A)?, index(INDICES_B)?);
        let scales_a = required(&mut parts, SCALES_A, module, path)?;
        let scales_b = required(&mut parts, SCALES_B, module, path)?;
        let vector = parts.shared(VECTOR).ok_or_else(|| absent(VECTOR))?;
        vector.float_dtype()?;
        let tensors = [indices_a, indices_b, scales_a, scales_b, vector];
        let [indices_a, indices_b, scales_a, scales_b, _] = &tensors;
        let features = match (indices_a.shape(), indices_b.shape()) {
            (&[rank, inner], &[out, b_rank]) if rank == b_rank => Some((out, inner)),
            _ => None,
        };
        let is_paired = indices_a.shape() == scales_a.shape() && indices_b.shape() == scales_b.shape();
        let are_indices = may_hold_indices(indices_a) && may_hold_indices(indices_b);
        let Some(features) = features.filter(|_| is_paired && are_indices) else {
            return Err(misshapen(module, &tensors.iter().collect::<Vec<_>>(), path));
        };
        Ok(vec![Target::weight(module, Arc::new(UniLoraUpdate { features, tensors }))])
    }
}

#[derive(Debug)]
struct UniLoraUpdate {
    /// Output and input features.
    features: (usize, usize),
    /// Indices of A and B, scales of A and B, and the vector.
    tensors: [LogicalTensor; 5],
}

impl UniLoraUpdate {
    fn rows<T: Precision>(&self, placement: &Placement) -> Result<Arc<dyn RowUpdate<T>>, AdapterError> {
        let [indices_a, indices_b, scales_a, scales_b, vector] = &self.tensors;
        let vector = vector.read_all()?;
        let factor = |indices: &LogicalTensor, scales: &LogicalTensor| {
            let entries = read_indices(indices, vector.len())?.into_iter().zip(scales.read_all()?);
            let values = entries.map(|(place, scale)| vector[place] * scale).collect();
            Ok::<_, AdapterError>(Matrix::new(indices.shape()[0], indices.shape()[1], values))
        };
        let (a, b) = (factor(indices_a, scales_a)?, factor(indices_b, scales_b)?);
        Ok(Factors { b, a, scale: 1.0 }.placed(placement))
    }
}

impl TargetUpdate for UniLoraUpdate {
    fn fits(&self, shape: &[usize], orientation: Orientation) -> bool {
        shape == orientation.weight_shape(self.features)
    }

    fn expected_shape(&self) -> ExpectedShape {
        ExpectedShape::Exact(vec![self.features.0, self.features.1])
    }

    fn rank(&self) -> Option<usize> {
        Some(self.tensors[0].shape()[0])
    }

    fn tensors(&self) -> &[LogicalTensor] {
        &self.tensors
    }

    /// Indices may be zeros.
    fn is_untrained(&self, contents: &[Content]) -> bool {
        contents.last().is_some_and(|vector| vector.is_zero)
    }

    fn is_proven_by_loading(&self) -> bool {
        true
    }

    fn load(&self, placement: &Placement) -> Result<Arc<dyn RowUpdate>, AdapterError> {
        self.rows(placement)
    }

    fn load_f64(&self, placement: &Placement) -> Result<Arc<dyn RowUpdate<f64>>, AdapterError> {
        self.rows(placement)
    }
}
