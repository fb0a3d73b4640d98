//! LoRA on Linear layers and on GPT-2's `Conv1D`: Δ = s·B·A (Hu et al. 2021; spec section 2).

use std::{collections::BTreeMap, path::Path, sync::Arc};

use super::{AdapterError, Method, Orientation, Part, PeftConfig, RowUpdate, Scaling, TargetUpdate};
use crate::{checkpoint::LogicalTensor, numeric::LowRank};

/// LoRA, rsLoRA included, with per-module ranks and alphas.
#[derive(Debug)]
pub struct Lora {
    config: PeftConfig,
}

impl Lora {
    /// LoRA as `config` describes it.
    #[must_use]
    pub fn new(config: PeftConfig) -> Self {
        Self { config }
    }
}

impl Method for Lora {
    fn name(&self) -> &'static str {
        if self.config.uses_rslora() { "rsLoRA" } else { "LoRA" }
    }

    fn owns(&self, part: Part) -> bool {
        matches!(part, Part::LoraA | Part::LoraB)
    }

    fn target(
        &self,
        module: &str,
        mut parts: BTreeMap<Part, LogicalTensor>,
        path: &Path,
    ) -> Result<Arc<dyn TargetUpdate>, AdapterError> {
        let unpaired = |present, absent| AdapterError::Unpaired {
            module: module.to_owned(),
            present,
            absent,
            path: path.to_owned(),
        };
        let a = parts.remove(&Part::LoraA).ok_or_else(|| unpaired("lora_B", "lora_A"))?;
        let b = parts.remove(&Part::LoraB).ok_or_else(|| unpaired("lora_A", "lora_B"))?;
        let (&[rank, in_features], &[out_features, b_rank]) = (a.shape(), b.shape()) else {
            return Err(factor_shapes(module, &a, &b, path));
        };
        if rank != b_rank {
            return Err(factor_shapes(module, &a, &b, path));
        }
        a.float_dtype()?;
        b.float_dtype()?;
        let scaling = self.config.scaling_of(module, path)?;
        if scaling.rank != rank {
            return Err(AdapterError::RankMismatch {
                module: module.to_owned(),
                stored: rank,
                configured: scaling.rank,
                path: path.to_owned(),
            });
        }
        Ok(Arc::new(LoraUpdate { features: (out_features, in_features), scaling, factors: [a, b] }))
    }
}

fn factor_shapes(module: &str, a: &LogicalTensor, b: &LogicalTensor, path: &Path) -> AdapterError {
    let (a_shape, b_shape) = (a.shape().to_vec(), b.shape().to_vec());
    AdapterError::FactorShapes { module: module.to_owned(), a_shape, b_shape, path: path.to_owned() }
}

/// `lora_A` and `lora_B` of one module.
#[derive(Debug)]
struct LoraUpdate {
    features: (usize, usize),
    scaling: Scaling,
    factors: [LogicalTensor; 2],
}

impl TargetUpdate for LoraUpdate {
    fn features(&self) -> (usize, usize) {
        self.features
    }

    fn rank(&self) -> Option<usize> {
        Some(self.scaling.rank)
    }

    fn scaling(&self) -> Option<Scaling> {
        Some(self.scaling)
    }

    fn tensors(&self) -> &[LogicalTensor] {
        &self.factors
    }

    fn load(&self, orientation: Orientation) -> Result<Arc<dyn RowUpdate>, AdapterError> {
        let [a, b] = &self.factors;
        let (a, b) = (a.read_all()?, b.read_all()?);
        let (out_features, in_features) = self.features;
        let (rank, scale) = (self.scaling.rank, self.scaling.value());
        let update = match orientation {
            Orientation::OutIn => LowRank::new((out_features, in_features), rank, scale, b, a),
            Orientation::InOut => {
                let (left, right) = (transposed(&a, rank, in_features), transposed(&b, out_features, rank));
                LowRank::new((in_features, out_features), rank, scale, left, right)
            }
        };
        Ok(Arc::new(update))
    }
}

/// The transpose of a row-major `rows × columns` matrix.
fn transposed(values: &[f32], rows: usize, columns: usize) -> Vec<f32> {
    let mut out = Vec::with_capacity(values.len());
    for column in 0..columns {
        out.extend((0..rows).map(|row| values[row * columns + column]));
    }
    out
}
