//! OFT: W' = W·Rᵀ, or W·R of an embedding, with R block-diagonal and orthogonal, from skew-symmetric Q by the Cayley
//! transform (Qiu et al. 2023; spec section 8).

use std::{path::Path, sync::Arc};

use serde_json::Value;

use super::{
    factors::{misshapen, required},
    gathered::gathered,
    rotation::{RotatedRows, Transform, project, skew},
};
use crate::{
    adapter::{
        AdapterError, ExpectedShape, Feature, Layer, Method, MethodSpec, Orientation, Part, Parts, PeftConfig,
        Placement, Precision, RefusalReason, RowUpdate, Target, TargetUpdate, WayOut,
    },
    checkpoint::LogicalTensor,
    numeric::Matrix,
};

/// `oft_R.weight`, `(blocks, b(b−1)/2)`.
const BLOCKS: Part = Part::weight("oft_R");
/// `oft_embedding_R.weight`, the same of an embedding, whose rows it turns.
const EMBEDDING_BLOCKS: Part = Part::weight("oft_embedding_R");
/// `oft_r` of OFT before PEFT 0.16, `(blocks, b, b)`.
const OLD_BLOCKS: Part = Part::parameter("oft_r");

/// OFT's names.
pub(super) const SPEC: MethodSpec = MethodSpec {
    peft_type: "OFT",
    key_prefix: Some("oft_"),
    factors: &[BLOCKS, EMBEDDING_BLOCKS, OLD_BLOCKS],
    shared_factors: &[],
    config_keys: &[
        "block_share",
        "coft",
        "eps",
        "module_dropout",
        "num_cayley_neumann_terms",
        "oft_block_size",
        "r",
        "use_cayley_neumann",
    ],
    build: |config, _| Ok(Box::new(Oft::new(config))),
};

/// Terms of the Neumann series where the config does not say.
const DEFAULT_TERMS: u64 = 5;

/// The norm to which constrained OFT projects where the config does not say.
const DEFAULT_EPSILON: f64 = 6e-5;

/// OFT as PEFT has it since 0.16.
#[derive(Debug)]
pub struct Oft {
    config: PeftConfig,
}

impl Oft {
    /// OFT as `config` describes it.
    #[must_use]
    pub fn new(config: PeftConfig) -> Self {
        Self { config }
    }

    fn transform(&self) -> Transform {
        if self.config.get("use_cayley_neumann").and_then(Value::as_bool) == Some(false) {
            return Transform::Exact;
        }
        let terms = self.config.get("num_cayley_neumann_terms").and_then(Value::as_u64).unwrap_or(DEFAULT_TERMS);
        // 0.16 and 0.17, which write no version, doubled the last term as well.
        let halves_last_term = self.config.is_from_peft(0, 18);
        Transform::Neumann { terms, halves_last_term }
    }
}

impl Method for Oft {
    fn spec(&self) -> &'static MethodSpec {
        &SPEC
    }

    fn name(&self) -> &'static str {
        "OFT"
    }

    fn targets(&self, module: &str, mut parts: Parts, path: &Path) -> Result<Vec<Target>, AdapterError> {
        if parts.contains(OLD_BLOCKS) {
            return Err(AdapterError::Unsupported {
                feature: Feature::OldOft,
                reason: RefusalReason::OldBlocks,
                way_out: WayOut::MergeWithPeft015,
                path: path.to_owned(),
            });
        }
        let side = if parts.contains(EMBEDDING_BLOCKS) { Side::Embedding } else { Side::Inputs };
        let part = if side == Side::Embedding { EMBEDDING_BLOCKS } else { BLOCKS };
        let tensor = required(&mut parts, part, module, path)?;
        let &[block_count, entries] = tensor.shape() else { return Err(misshapen(module, &[&tensor], path)) };
        let block_size = (2..=entries + 1).find(|size| size * (size - 1) / 2 >= entries).unwrap_or(0);
        if block_size * block_size.saturating_sub(1) / 2 != entries {
            return Err(misshapen(module, &[&tensor], path));
        }
        let epsilon = self.config.get("eps").and_then(Value::as_f64).unwrap_or(DEFAULT_EPSILON);
        let update = OftUpdate {
            side,
            blocks: (block_count, block_size),
            is_shared: self.config.flag("block_share"),
            constraint: self.config.flag("coft").then_some(epsilon),
            transform: self.transform(),
            tensors: [tensor],
        };
        Ok(vec![Target::weight(module, Arc::new(update))])
    }
}

/// What is turned.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Side {
    /// The inputs of a layer, and so the rows of its weight the other way round.
    Inputs,
    /// The rows of an embedding.
    Embedding,
}

#[derive(Debug)]
struct OftUpdate {
    side: Side,
    /// Number and size of the blocks.
    blocks: (usize, usize),
    /// Whether one block serves all features.
    is_shared: bool,
    /// The norm to which blocks are projected (constrained OFT).
    constraint: Option<f64>,
    transform: Transform,
    tensors: [LogicalTensor; 1],
}

impl OftUpdate {
    /// R of every block.
    fn rotations(&self) -> Result<Vec<Matrix<f64>>, AdapterError> {
        let (count, size) = self.blocks;
        let entries: Vec<f64> = self.tensors[0].read_all()?.into_iter().map(f64::from).collect();
        let blocks = entries.chunks((entries.len() / count.max(1)).max(1));
        let rotation = |entries: &[f64]| {
            let mut skew = skew(entries, size);
            if let Some(epsilon) = self.constraint {
                project(&mut skew, epsilon / (count as f64).sqrt());
            }
            self.transform.rotation(&skew).ok_or_else(|| AdapterError::NonFinite {
                tensors: vec![self.tensors[0].name().to_owned()],
                path: self.tensors[0].file().path().to_owned(),
            })
        };
        blocks.map(rotation).collect()
    }

    fn rows<T: Precision>(&self, placement: &Placement) -> Result<Arc<dyn RowUpdate<T>>, AdapterError> {
        let rotations = self.rotations()?;
        let rows = match self.side {
            Side::Inputs => RotatedRows::of_rotations(&rotations),
            Side::Embedding => RotatedRows::of_transposes(&rotations),
        };
        let columns = placement.shape.iter().skip(1).product();
        Ok(gathered(Arc::new(rows), columns, placement))
    }
}

impl TargetUpdate for OftUpdate {
    fn layer(&self) -> Layer {
        Layer::Fixed
    }

    /// A matrix, or the kernel of a two-dimensional convolution.
    fn fits(&self, shape: &[usize], orientation: Orientation) -> bool {
        let (count, size) = self.blocks;
        let [_, inner @ ..] = shape else { return false };
        let is_layer = inner.len() == 1 || (inner.len() == 3 && self.side == Side::Inputs);
        let inner: usize = inner.iter().product();
        let fits = if self.is_shared { inner.is_multiple_of(size) } else { inner == count * size };
        orientation == Orientation::OutIn && is_layer && fits
    }

    fn expected_shape(&self) -> ExpectedShape {
        let (count, size) = self.blocks;
        if self.is_shared {
            ExpectedShape::MatrixInputsMultiple(size)
        } else {
            ExpectedShape::MatrixInputs(count * size)
        }
    }

    fn tensors(&self) -> &[LogicalTensor] {
        &self.tensors
    }

    fn is_additive(&self) -> bool {
        false
    }

    fn load(&self, placement: &Placement) -> Result<Arc<dyn RowUpdate>, AdapterError> {
        self.rows(placement)
    }

    fn load_f64(&self, placement: &Placement) -> Result<Arc<dyn RowUpdate<f64>>, AdapterError> {
        self.rows(placement)
    }
}
