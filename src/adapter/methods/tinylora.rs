//! TinyLoRA: Δ = B·(Σ vᵢ·Pᵢ)·A, where A and B are the base's largest singular vectors, the Pᵢ are random and only v, which
//! modules may share, is trained (PEFT 0.21; like LoRA-XS, Bałazy et al. 2024).

use std::{path::Path, sync::Arc};

use super::factors::{matrix_product, misshapen, read_matrix, required};
use crate::{
    adapter::{
        AdapterError, Content, ExpectedShape, Feature, Method, MethodSpec, Orientation, Part, Parts, Placement,
        Precision, RefusalReason, RowUpdate, Target, TargetUpdate, WayOut,
    },
    checkpoint::LogicalTensor,
    numeric::Matrix,
};

/// `tinylora_A`, `(r, in)`, or `(r, dim)` of an embedding.
const A: Part = Part::parameter("tinylora_A");
/// `tinylora_B`, `(out, r)`, or `(num, r)` of an embedding.
const B: Part = Part::parameter("tinylora_B");
/// `tinylora_P`, the random matrices `(u, r, r)`.
const PROJECTIONS: Part = Part::parameter("tinylora_P");
/// `tinylora_v.N`, the trained vectors `(u,)`, one for each group of modules.
const VECTORS: Part = Part::numbered("tinylora_v");

/// TinyLoRA's names.
pub(super) const SPEC: MethodSpec = MethodSpec {
    peft_type: "TINYLORA",
    key_prefix: Some("tinylora_"),
    factors: &[A, B, PROJECTIONS],
    shared_factors: &[VECTORS],
    config_keys: &["init_v_bound", "projection_seed", "r", "save_projection", "tinylora_dropout", "u", "weight_tying"],
    build: |_, _| Ok(Box::new(TinyLora)),
};

/// TinyLoRA; its file says all of it, where all modules share one vector.
#[derive(Debug)]
struct TinyLora;

impl TinyLora {
    fn refused(reason: RefusalReason, path: &Path) -> AdapterError {
        AdapterError::Unsupported {
            feature: Feature::Method { name: "TinyLoRA", peft_type: SPEC.peft_type },
            reason,
            way_out: WayOut::MergeOrConvert,
            path: path.to_owned(),
        }
    }
}

impl Method for TinyLora {
    fn spec(&self) -> &'static MethodSpec {
        &SPEC
    }

    fn name(&self) -> &'static str {
        "TinyLoRA"
    }

    fn targets(&self, module: &str, mut parts: Parts, path: &Path) -> Result<Vec<Target>, AdapterError> {
        let a = required(&mut parts, A, module, path)?;
        let b = required(&mut parts, B, module, path)?;
        let projections = parts.remove(PROJECTIONS);
        let projections = projections.ok_or_else(|| Self::refused(RefusalReason::ProjectionNotSaved, path))?;
        if parts.shared(VECTORS.at(1)).is_some() {
            return Err(Self::refused(RefusalReason::ModuleOrder, path));
        }
        let vector = parts.shared(VECTORS.at(0)).ok_or_else(|| AdapterError::Unpaired {
            module: module.to_owned(),
            absent: VECTORS.name(),
            path: path.to_owned(),
        })?;
        let tensors = [a, b, projections, vector];
        let [a, b, projections, vector] = &tensors;
        for tensor in [projections, vector] {
            tensor.float_dtype()?;
        }
        let (&[rank, inner], &[out, b_rank]) = (a.shape(), b.shape()) else {
            return Err(misshapen(module, &tensors.iter().collect::<Vec<_>>(), path));
        };
        if rank != b_rank || projections.shape() != [vector.element_count(), rank, rank] {
            return Err(misshapen(module, &tensors.iter().collect::<Vec<_>>(), path));
        }
        Ok(vec![Target::weight(module, Arc::new(TinyLoraUpdate { features: (out, inner), rank, tensors }))])
    }
}

#[derive(Debug)]
struct TinyLoraUpdate {
    /// Output and input features; rows and columns of an embedding.
    features: (usize, usize),
    rank: usize,
    /// A, B, the Pᵢ and v.
    tensors: [LogicalTensor; 4],
}

impl TinyLoraUpdate {
    fn rows<T: Precision>(&self, placement: &Placement) -> Result<Arc<dyn RowUpdate<T>>, AdapterError> {
        let [a, b, projections, vector] = &self.tensors;
        let widened = |tensor: &LogicalTensor, rows: usize| {
            let matrix = read_matrix(tensor, rows)?;
            let (rows, columns) = (matrix.rows(), matrix.columns());
            let values = matrix.into_values().into_iter().map(f64::from).collect();
            Ok::<_, AdapterError>(Matrix::<f64>::new(rows, columns, values))
        };
        let vector = widened(vector, 1)?;
        let mixed = vector.product(&widened(projections, vector.columns())?);
        let mixed = Matrix::new(self.rank, self.rank, mixed.into_values());
        let right = mixed.product(&widened(a, self.rank)?);
        Ok(matrix_product((widened(b, self.features.0)?, right), 1.0, placement.orientation))
    }
}

impl TargetUpdate for TinyLoraUpdate {
    fn fits(&self, shape: &[usize], orientation: Orientation) -> bool {
        shape == orientation.weight_shape(self.features)
    }

    fn expected_shape(&self) -> ExpectedShape {
        ExpectedShape::Exact(vec![self.features.0, self.features.1])
    }

    fn rank(&self) -> Option<usize> {
        Some(self.rank)
    }

    fn tensors(&self) -> &[LogicalTensor] {
        &self.tensors
    }

    fn is_untrained(&self, contents: &[Content]) -> bool {
        contents.last().is_some_and(|vector| vector.is_zero)
    }

    fn load(&self, placement: &Placement) -> Result<Arc<dyn RowUpdate>, AdapterError> {
        self.rows(placement)
    }

    fn load_f64(&self, placement: &Placement) -> Result<Arc<dyn RowUpdate<f64>>, AdapterError> {
        self.rows(placement)
    }
}
