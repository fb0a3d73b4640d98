//! Super-Tuning: values for the largest (or smallest) elements of a weight, listed by position, and in its variant Supra
//! a LoRA beside them (PEFT 0.21).

use std::{ops::Range, path::Path, sync::Arc};

use serde_json::Value;

use super::{
    factors::{Factors, misshapen, read_matrix, required},
    indices::{may_hold_indices, read_indices},
};
use crate::{
    adapter::{
        AdapterError, Content, ExpectedShape, Feature, Layer, Method, MethodSpec, Orientation, Part, Parts, PeftConfig,
        Placement, Precision, RefusalReason, RowUpdate, Scaling, Target, TargetUpdate, WayOut, method::largest,
    },
    checkpoint::LogicalTensor,
};

/// `supertuning_values`, `(n,)`.
const VALUES: Part = Part::parameter("supertuning_values");
/// `supertuning_indices`, `(n,)`: positions in the weight, row by row.
const INDICES: Part = Part::parameter("supertuning_indices");
/// `supertuning_lora_A.weight`, `(r, in)`.
const A: Part = Part::weight("supertuning_lora_A");
/// `supertuning_lora_B.weight`, `(out, r)`.
const B: Part = Part::weight("supertuning_lora_B");

/// Super-Tuning's names.
pub(super) const SPEC: MethodSpec = MethodSpec {
    peft_type: "SUPERTUNING",
    key_prefix: Some("supertuning_"),
    factors: &[VALUES, INDICES, A, B],
    shared_factors: &[],
    config_keys: &["lora_alpha", "lora_dropout", "r", "save_precomputed_indices", "select_top", "sparsity"],
    build: |config, _| Ok(Box::new(Supertuning { config })),
};

/// Super-Tuning as its config describes it.
#[derive(Debug)]
struct Supertuning {
    config: PeftConfig,
}

impl Method for Supertuning {
    fn spec(&self) -> &'static MethodSpec {
        &SPEC
    }

    fn name(&self) -> &'static str {
        if self.config.get("r").is_some() { "Supra" } else { "Super-Tuning" }
    }

    fn targets(&self, module: &str, mut parts: Parts, path: &Path) -> Result<Vec<Target>, AdapterError> {
        let values = required(&mut parts, VALUES, module, path)?;
        let Some(indices) = parts.remove(INDICES) else {
            return Err(AdapterError::Unsupported {
                feature: Feature::Method { name: self.name(), peft_type: SPEC.peft_type },
                reason: RefusalReason::IndicesNotSaved,
                way_out: WayOut::MergeWithPeft,
                path: path.to_owned(),
            });
        };
        if values.shape().len() != 1 || values.shape() != indices.shape() || !may_hold_indices(&indices) {
            return Err(misshapen(module, &[&values, &indices], path));
        }
        let mut tensors = vec![values, indices];
        let mut scaling = None;
        if self.config.get("r").is_some() {
            let (a, b) = (required(&mut parts, A, module, path)?, required(&mut parts, B, module, path)?);
            let (&[rank, _], &[_, b_rank]) = (a.shape(), b.shape()) else {
                return Err(misshapen(module, &[&a, &b], path));
            };
            if rank != b_rank {
                return Err(misshapen(module, &[&a, &b], path));
            }
            let found = self.config.scaling_by("lora_alpha", module, path)?;
            found.check_rank(module, rank, path)?;
            scaling = Some(found);
            tensors.extend([a, b]);
        }
        let sparsity = self.config.get("sparsity").and_then(Value::as_f64);
        Ok(vec![Target::weight(module, Arc::new(SuperUpdate { sparsity, scaling, tensors }))])
    }
}

#[derive(Debug)]
struct SuperUpdate {
    /// The share of elements that are not trained, where the config tells it.
    sparsity: Option<f64>,
    /// The scale of the LoRA beside the values.
    scaling: Option<Scaling>,
    /// Values and indices; A and B where there is a LoRA.
    tensors: Vec<LogicalTensor>,
}

impl SuperUpdate {
    /// Elements that PEFT trains in a weight of `element_count`.
    fn trained_count(&self, element_count: usize) -> usize {
        let count = self.tensors[0].element_count();
        #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "as PEFT counts them")]
        self.sparsity.map_or(count, |sparsity| (element_count as f64 * (1.0 - sparsity)) as usize)
    }

    /// Output and input features that the LoRA is for.
    fn features(&self) -> Option<(usize, usize)> {
        let [_, _, a, b] = self.tensors.as_slice() else { return None };
        Some((b.shape()[0], a.shape()[1]))
    }

    fn rows<T: Precision>(&self, placement: &Placement) -> Result<Arc<dyn RowUpdate<T>>, AdapterError> {
        let (out, inner) = placement.features();
        let places = read_indices(&self.tensors[1], out * inner)?;
        let values = T::all_of(self.tensors[0].read_all()?);
        let mut elements: Vec<(usize, T)> = places.into_iter().zip(values).collect();
        elements.sort_by_key(|(place, _)| *place);
        let low_rank = match (self.tensors.as_slice(), self.scaling) {
            ([_, _, a, b], Some(scaling)) => {
                let (a, b) = (read_matrix(a, scaling.rank)?, read_matrix(b, out)?);
                Some(Factors { b, a, scale: scaling.value() }.placed(placement))
            }
            _ => None,
        };
        Ok(Arc::new(SuperRows { elements, low_rank }))
    }
}

impl TargetUpdate for SuperUpdate {
    fn layer(&self) -> Layer {
        Layer::Fixed
    }

    fn fits(&self, shape: &[usize], orientation: Orientation) -> bool {
        let &[out, inner] = shape else { return false };
        orientation == Orientation::OutIn
            && self.trained_count(out.saturating_mul(inner)) == self.tensors[0].element_count()
            && self.features().is_none_or(|features| features == (out, inner))
    }

    fn expected_shape(&self) -> ExpectedShape {
        match self.features() {
            Some((out, inner)) => ExpectedShape::Exact(vec![out, inner]),
            None => ExpectedShape::MatrixFrom(self.tensors[0].element_count()),
        }
    }

    fn rank(&self) -> Option<usize> {
        self.scaling.map(|scaling| scaling.rank)
    }

    fn scaling(&self) -> Option<Scaling> {
        self.scaling
    }

    fn tensors(&self) -> &[LogicalTensor] {
        &self.tensors
    }

    /// Neither the values nor the LoRA.
    fn is_untrained(&self, contents: &[Content]) -> bool {
        let is_zero = |at: usize| contents.get(at).is_none_or(|content| content.is_zero);
        is_zero(0) && (is_zero(2) || is_zero(3))
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

struct SuperRows<T> {
    /// Positions in the weight, in order, with what is added there.
    elements: Vec<(usize, T)>,
    low_rank: Option<Arc<dyn RowUpdate<T>>>,
}

impl<T: Precision> RowUpdate<T> for SuperRows<T> {
    fn apply_rows(&self, rows: Range<usize>, tile: &mut [T]) {
        let columns = tile.len() / rows.len().max(1);
        let (first, end) = (rows.start * columns, rows.end * columns);
        if let Some(low_rank) = &self.low_rank {
            low_rank.apply_rows(rows, tile);
        }
        let start = self.elements.partition_point(|(place, _)| *place < first);
        for (place, value) in self.elements[start..].iter().take_while(|(place, _)| *place < end) {
            tile[place - first] += *value;
        }
    }

    fn magnitude_bound(&self, before: &[T], after: &[T]) -> f64 {
        let low_rank = self.low_rank.as_ref().map_or(0.0, |update| update.magnitude_bound(before, after));
        largest(before).max(largest(after)) + low_rank
    }
}
