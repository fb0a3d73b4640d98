//! DeLoRA: ranks of unit length, scaled by one trained strength and by the norms that the weight's columns had: Δ = B ·
//! diag(λ / (r ‖a‖ ‖b‖)) · A ⊙ ‖w‖ (Bini et al. 2025; spec section 8).

use std::{path::Path, sync::Arc};

use super::{
    factors::{Factors, misshapen, read_matrix, required},
    product::{InputFeatures, Product, ProductUpdate},
};
use crate::{
    adapter::{AdapterError, Content, Method, MethodSpec, Part, Parts, PeftConfig, Target},
    checkpoint::LogicalTensor,
};

/// `delora_A`, `(r, in)`.
const A: Part = Part::parameter("delora_A");
/// `delora_B`, `(out, r)`.
const B: Part = Part::parameter("delora_B");
/// `delora_lambda`, `(1,)`.
const LAMBDA: Part = Part::parameter("delora_lambda");
/// `delora_w_norm`, `(in,)`: the norms of the columns of the weight that training began with.
const NORMS: Part = Part::parameter("delora_w_norm");

/// PEFT takes no rank for shorter than this.
const LEAST_NORM: f64 = 1e-4;

/// DeLoRA's names.
pub(super) const SPEC: MethodSpec = MethodSpec {
    peft_type: "DELORA",
    key_prefix: Some("delora_"),
    factors: &[A, B, LAMBDA, NORMS],
    shared_factors: &[],
    config_keys: &["delora_lambda", "lambda_pattern", "module_dropout", "r", "rank_pattern"],
    build: |config, _| Ok(Box::new(DeLora { config })),
};

/// DeLoRA.
#[derive(Debug)]
struct DeLora {
    config: PeftConfig,
}

impl Method for DeLora {
    fn spec(&self) -> &'static MethodSpec {
        &SPEC
    }

    fn name(&self) -> &'static str {
        "DeLoRA"
    }

    fn targets(&self, module: &str, mut parts: Parts, path: &Path) -> Result<Vec<Target>, AdapterError> {
        let a = required(&mut parts, A, module, path)?;
        let b = required(&mut parts, B, module, path)?;
        let lambda = required(&mut parts, LAMBDA, module, path)?;
        let norms = required(&mut parts, NORMS, module, path)?;
        let is_chained = match (a.shape(), b.shape()) {
            (&[rank, inner], &[_, b_rank]) => rank == b_rank && lambda.element_count() == 1 && norms.shape() == [inner],
            _ => false,
        };
        if !is_chained {
            return Err(misshapen(module, &[&a, &b, &lambda, &norms], path));
        }
        let (configured, stored) = (self.config.rank_of(module, path)?, a.shape()[0]);
        if configured != stored {
            return Err(AdapterError::RankMismatch {
                module: module.to_owned(),
                stored,
                configured,
                path: path.to_owned(),
            });
        }
        Ok(vec![Target::weight(module, Arc::new(ProductUpdate(DeLoraProduct { tensors: [a, b, lambda, norms] })))])
    }
}

#[derive(Debug)]
struct DeLoraProduct {
    /// A, B, the strength and the norms.
    tensors: [LogicalTensor; 4],
}

impl Product for DeLoraProduct {
    fn output_features(&self) -> usize {
        self.tensors[1].shape()[0]
    }

    fn input_features(&self) -> InputFeatures {
        InputFeatures::Exactly(self.tensors[0].shape()[1])
    }

    fn rank(&self) -> usize {
        self.tensors[0].shape()[0]
    }

    fn tensors(&self) -> &[LogicalTensor] {
        &self.tensors
    }

    fn is_untrained(&self, contents: &[Content]) -> bool {
        contents.iter().any(|content| content.is_zero)
    }

    fn factors(&self, _input_features: usize) -> Result<Factors, AdapterError> {
        let [a, b, lambda, norms] = &self.tensors;
        let rank = self.rank();
        let (mut a, mut b) = (read_matrix(a, rank)?, read_matrix(b, self.output_features())?);
        let length = |values: &mut dyn Iterator<Item = f32>| {
            values.map(|value| f64::from(value) * f64::from(value)).sum::<f64>().sqrt().max(LEAST_NORM)
        };
        let scales: Vec<f64> = (0..rank)
            .map(|index| {
                let a_length = length(&mut a.row(index).iter().copied());
                let b_length = length(&mut b.values().iter().skip(index).step_by(rank).copied());
                1.0 / (a_length * b_length)
            })
            .collect();
        let norms = norms.read_all()?;
        for row in a.values_mut().chunks_mut(norms.len().max(1)) {
            row.iter_mut().zip(&norms).for_each(|(value, norm)| *value *= norm);
        }
        for row in b.values_mut().chunks_mut(rank.max(1)) {
            #[expect(clippy::cast_possible_truncation, reason = "factors are f32")]
            row.iter_mut().zip(&scales).for_each(|(value, scale)| *value = (f64::from(*value) * scale) as f32);
        }
        let strength = lambda.read_all()?.first().copied().map_or(0.0, f64::from);
        Ok(Factors { b, a, scale: strength / rank.max(1) as f64 })
    }
}
