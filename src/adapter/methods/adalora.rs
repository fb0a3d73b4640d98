//! AdaLoRA: Δ = B·(A ⊙ E) · alpha / (`init_r` + 10⁻⁵) (Zhang et al. 2023; spec section 8).

use std::{ops::Range, path::Path, sync::Arc};

use super::factors::{Factors, is_matrix_of, misshapen, read_matrix, required, reshaped};
use crate::{
    adapter::{
        AdapterError, ExpectedShape, Method, MethodSpec, Orientation, Part, Parts, PeftConfig, Placement, Precision,
        RowUpdate, Scaling, Target, TargetUpdate,
    },
    checkpoint::LogicalTensor,
};

/// `lora_A`, `(r, in)`.
const A: Part = Part::parameter("lora_A");
/// `lora_B`, `(out, r)`.
const B: Part = Part::parameter("lora_B");
/// `lora_E`, the singular values `(r, 1)`.
const E: Part = Part::parameter("lora_E");

/// AdaLoRA's names.
pub(super) const SPEC: MethodSpec = MethodSpec {
    peft_type: "ADALORA",
    key_prefix: Some("lora_"),
    factors: &[A, B, E],
    shared_factors: &[],
    config_keys: &[
        "beta1",
        "beta2",
        "deltaT",
        "init_r",
        "lora_alpha",
        "lora_dropout",
        "orth_reg_weight",
        "r",
        "rank_pattern",
        "target_r",
        "tfinal",
        "tinit",
        "total_step",
    ],
    build: |config, _| Ok(Box::new(AdaLora::new(config))),
};

/// PEFT adds this to the rank, so that a pruned rank of 0 divides nothing by 0.
const RANK_EPSILON: f64 = 1e-5;

/// AdaLoRA; its file holds the ranks that were left after pruning.
#[derive(Debug)]
pub struct AdaLora {
    config: PeftConfig,
}

impl AdaLora {
    /// AdaLoRA as `config` describes it.
    #[must_use]
    pub fn new(config: PeftConfig) -> Self {
        Self { config }
    }
}

impl Method for AdaLora {
    fn spec(&self) -> &'static MethodSpec {
        &SPEC
    }

    fn name(&self) -> &'static str {
        "AdaLoRA"
    }

    /// All ranks of a module may have been pruned away.
    fn may_be_empty(&self, shape: &[usize]) -> bool {
        matches!(*shape, [rows, columns] if (rows == 0) != (columns == 0))
    }

    fn targets(&self, module: &str, mut parts: Parts, path: &Path) -> Result<Vec<Target>, AdapterError> {
        let a = required(&mut parts, A, module, path)?;
        let b = required(&mut parts, B, module, path)?;
        let e = required(&mut parts, E, module, path)?;
        let (&[rank, inner], &[out, b_rank]) = (a.shape(), b.shape()) else {
            return Err(misshapen(module, &[&a, &b, &e], path));
        };
        if rank != b_rank || e.shape() != [rank, 1] {
            return Err(misshapen(module, &[&a, &b, &e], path));
        }
        let scaling = self.config.adalora_scaling(path)?;
        let update = AdaLoraUpdate { features: (out, inner), rank, scaling, tensors: [a, b, e] };
        Ok(vec![Target::weight(module, Arc::new(update))])
    }
}

#[derive(Debug)]
struct AdaLoraUpdate {
    features: (usize, usize),
    rank: usize,
    scaling: Scaling,
    /// A, B and the singular values E.
    tensors: [LogicalTensor; 3],
}

impl AdaLoraUpdate {
    fn rows<T: Precision>(&self, placement: &Placement) -> Result<Arc<dyn RowUpdate<T>>, AdapterError> {
        if self.rank == 0 {
            return Ok(Arc::new(Unchanged));
        }
        let [a, b, e] = &self.tensors;
        let (mut a, b) = (read_matrix(a, self.rank)?, read_matrix(b, self.features.0)?);
        let inner = self.features.1;
        for (row, singular_value) in a.values_mut().chunks_mut(inner.max(1)).zip(e.read_all()?) {
            for value in row {
                *value *= singular_value;
            }
        }
        let scale = self.scaling.alpha / (self.scaling.rank as f64 + RANK_EPSILON);
        let factors = Factors { b, a, scale };
        if placement.shape.len() == 2 {
            return Ok(factors.placed(placement));
        }
        Ok(reshaped(T::low_rank(factors.low_rank(Orientation::OutIn)), inner, placement))
    }
}

impl TargetUpdate for AdaLoraUpdate {
    fn fits(&self, shape: &[usize], orientation: Orientation) -> bool {
        match shape.len() {
            2 => shape == orientation.weight_shape(self.features),
            _ => is_matrix_of(self.features, shape, orientation),
        }
    }

    fn expected_shape(&self) -> ExpectedShape {
        ExpectedShape::Exact(vec![self.features.0, self.features.1])
    }

    fn rank(&self) -> Option<usize> {
        Some(self.rank)
    }

    fn scaling(&self) -> Option<Scaling> {
        Some(self.scaling)
    }

    fn tensors(&self) -> &[LogicalTensor] {
        &self.tensors
    }

    fn load(&self, placement: &Placement) -> Result<Arc<dyn RowUpdate>, AdapterError> {
        self.rows(placement)
    }

    fn load_f64(&self, placement: &Placement) -> Result<Arc<dyn RowUpdate<f64>>, AdapterError> {
        self.rows(placement)
    }
}

/// A module of which no rank was left.
struct Unchanged;

impl<T: Precision> RowUpdate<T> for Unchanged {
    fn apply_rows(&self, _rows: Range<usize>, _tile: &mut [T]) {}
}
