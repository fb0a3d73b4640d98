//! VeRA: random projections that all modules share, scaled by two trained vectors: Δ = (λb ⊙ B)·(λd ⊙ A) (Kopiczko et
//! al. 2024; spec section 8). PVeRA draws λd from a distribution, of which a merge takes the mean.

use std::{path::Path, sync::Arc};

use super::{
    factors::{Factors, misshapen, required},
    product::{InputFeatures, Product, ProductUpdate},
};
use crate::{
    adapter::{AdapterError, Content, Feature, Method, MethodSpec, Part, Parts, RefusalReason, Target, WayOut},
    checkpoint::LogicalTensor,
    numeric::Matrix,
};

/// `vera_lambda_b`, `(out,)`.
const LAMBDA_B: Part = Part::parameter("vera_lambda_b");
/// `vera_lambda_d`, `(r,)`.
const LAMBDA_D: Part = Part::parameter("vera_lambda_d");
/// `base_model.vera_A`, `(r, largest in)`.
const A: Part = Part::parameter("vera_A");
/// `base_model.vera_B`, `(largest out, r)`.
const B: Part = Part::parameter("vera_B");

/// VeRA's names.
pub(super) const SPEC: MethodSpec = MethodSpec {
    peft_type: "VERA",
    key_prefix: Some("vera_"),
    factors: &[LAMBDA_B, LAMBDA_D],
    shared_factors: &[A, B],
    config_keys: &["d_initial", "projection_prng_key", "r", "save_projection", "vera_dropout"],
    build: |_, _| {
        Ok(Box::new(Vera { spec: &SPEC, name: "VeRA", parts: [LAMBDA_B, LAMBDA_D, A, B], keeps_spread: false }))
    },
};

/// `pvera_lambda_b`, `(out,)`.
const P_LAMBDA_B: Part = Part::parameter("pvera_lambda_b");
/// `pvera_lambda_d`, `(2r,)`: means, then spreads.
const P_LAMBDA_D: Part = Part::parameter("pvera_lambda_d");
/// `base_model.pvera_A`, `(2r, largest in)`.
const P_A: Part = Part::parameter("pvera_A");
/// `base_model.pvera_B`, `(largest out, r)`.
const P_B: Part = Part::parameter("pvera_B");

/// PVeRA's names.
pub(super) const P_SPEC: MethodSpec = MethodSpec {
    peft_type: "PVERA",
    key_prefix: Some("pvera_"),
    factors: &[P_LAMBDA_B, P_LAMBDA_D],
    shared_factors: &[P_A, P_B],
    config_keys: &[
        "d_initial",
        "generator_seed",
        "projection_prng_key",
        "pvera_dropout",
        "r",
        "sample_at_inference",
        "save_projection",
    ],
    build: |_, _| {
        let parts = [P_LAMBDA_B, P_LAMBDA_D, P_A, P_B];
        Ok(Box::new(Vera { spec: &P_SPEC, name: "PVeRA", parts, keeps_spread: true }))
    },
};

/// VeRA or PVeRA.
#[derive(Debug)]
struct Vera {
    spec: &'static MethodSpec,
    name: &'static str,
    /// λb, λd, A and B.
    parts: [Part; 4],
    /// Whether the second half of λd and A is for the spread of what is drawn.
    keeps_spread: bool,
}

impl Method for Vera {
    fn spec(&self) -> &'static MethodSpec {
        self.spec
    }

    fn name(&self) -> &'static str {
        self.name
    }

    fn targets(&self, module: &str, mut parts: Parts, path: &Path) -> Result<Vec<Target>, AdapterError> {
        let [b_scales, a_scales, a, b] = self.parts;
        let b_scales = required(&mut parts, b_scales, module, path)?;
        let a_scales = required(&mut parts, a_scales, module, path)?;
        let (Some(a), Some(b)) = (parts.shared(a), parts.shared(b)) else {
            return Err(AdapterError::Unsupported {
                feature: Feature::Method { name: self.name, peft_type: self.spec.peft_type },
                reason: RefusalReason::ProjectionNotSaved,
                way_out: WayOut::MergeOrConvert,
                path: path.to_owned(),
            });
        };
        a.float_dtype()?;
        b.float_dtype()?;
        let halves = if self.keeps_spread { 2 } else { 1 };
        let is_chained = match (a_scales.shape(), b_scales.shape(), a.shape(), b.shape()) {
            (&[scaled], &[out], &[a_rank, _], &[most_out, rank]) => {
                scaled == a_rank && scaled == rank * halves && out <= most_out
            }
            _ => false,
        };
        if !is_chained {
            return Err(misshapen(module, &[&b_scales, &a_scales, &a, &b], path));
        }
        let rank = b.shape()[1];
        Ok(vec![Target::weight(
            module,
            Arc::new(ProductUpdate(VeraProduct { rank, tensors: [b_scales, a_scales, a, b] })),
        )])
    }
}

#[derive(Debug)]
struct VeraProduct {
    rank: usize,
    /// λb, λd, A and B.
    tensors: [LogicalTensor; 4],
}

impl Product for VeraProduct {
    fn output_features(&self) -> usize {
        self.tensors[0].element_count()
    }

    fn input_features(&self) -> InputFeatures {
        InputFeatures::UpTo(self.tensors[2].tile_shape().columns)
    }

    fn rank(&self) -> usize {
        self.rank
    }

    fn tensors(&self) -> &[LogicalTensor] {
        &self.tensors
    }

    /// λb starts at zero.
    fn is_untrained(&self, contents: &[Content]) -> bool {
        contents.iter().take(2).any(|content| content.is_zero)
    }

    fn factors(&self, input_features: usize) -> Result<Factors, AdapterError> {
        let [b_scales, a_scales, a, b] = &self.tensors;
        let out = self.output_features();
        let most_inputs = a.tile_shape().columns;
        let mut a_values = vec![0.0; self.rank * most_inputs];
        a.read_rows(0..self.rank, &mut a_values)?;
        let mut b_values = vec![0.0; out * self.rank];
        b.read_rows(0..out, &mut b_values)?;
        let scaled = |row: &[f32], scale: f32| row.iter().map(|value| value * scale).collect::<Vec<f32>>();
        let a_rows = a_values.chunks(most_inputs.max(1)).map(|row| &row[..input_features]);
        let a = a_rows.zip(a_scales.read_all()?).flat_map(|(row, scale)| scaled(row, scale)).collect();
        let b_rows = b_values.chunks(self.rank.max(1));
        let b = b_rows.zip(b_scales.read_all()?).flat_map(|(row, scale)| scaled(row, scale)).collect();
        Ok(Factors { b: Matrix::new(out, self.rank, b), a: Matrix::new(self.rank, input_features, a), scale: 1.0 })
    }
}
