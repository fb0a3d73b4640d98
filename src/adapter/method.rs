//! What a fine-tuning method must tell the rest of the house.

use std::{collections::BTreeMap, fmt, ops::Range, path::Path, sync::Arc};

use super::{AdapterError, Part, Scaling};
use crate::{checkpoint::LogicalTensor, numeric::LowRank};

/// A method (LoRA, DoRA, LoHa …): the keys that it owns and how they become an update. One file each.
pub trait Method: fmt::Debug + Send + Sync {
    /// The method as people name it.
    fn name(&self) -> &'static str;

    /// Whether a factor of this kind belongs to the method.
    fn owns(&self, part: Part) -> bool;

    /// Checks the factors of one module and joins them to an update.
    ///
    /// # Errors
    /// Factors that are missing or do not fit together or the config; `path` is the file, for the message.
    fn target(
        &self,
        module: &str,
        parts: BTreeMap<Part, LogicalTensor>,
        path: &Path,
    ) -> Result<Arc<dyn TargetUpdate>, AdapterError>;
}

/// One module that an adapter changes.
#[derive(Clone, Debug)]
pub struct Target {
    /// Path in the base model, as the adapter spells it.
    pub module: String,
    /// What is done to its weight.
    pub update: Arc<dyn TargetUpdate>,
}

/// What an adapter does to one weight, described from headers alone.
pub trait TargetUpdate: fmt::Debug + Send + Sync {
    /// `(out_features, in_features)` of the layer.
    fn features(&self) -> (usize, usize);

    /// The rank of the update, for methods that have one.
    fn rank(&self) -> Option<usize>;

    /// The factor s and where it comes from, for methods that have one.
    fn scaling(&self) -> Option<Scaling>;

    /// The adapter tensors that this update consumes, in the method's own order (`lora_A` before `lora_B`).
    fn tensors(&self) -> &[LogicalTensor];

    /// Reads the factors.
    ///
    /// # Errors
    /// A read that fails or a dtype that is no float.
    fn load(&self, orientation: Orientation) -> Result<Arc<dyn RowUpdate>, AdapterError>;
}

/// How the base stores the weight of a layer.
#[derive(Clone, Copy, Debug, PartialEq, Eq, serde::Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Orientation {
    /// `(out, in)`, as `nn.Linear` does.
    OutIn,
    /// `(in, out)`, as GPT-2's `Conv1D` does.
    InOut,
}

impl Orientation {
    /// The stored shape of a layer with these features.
    #[must_use]
    pub fn weight_shape(self, (out_features, in_features): (usize, usize)) -> [usize; 2] {
        match self {
            Self::OutIn => [out_features, in_features],
            Self::InOut => [in_features, out_features],
        }
    }
}

/// A loaded update: transforms row tiles of W in f32, for not every method adds a delta.
pub trait RowUpdate: Send + Sync {
    /// Passes over all rows of W: the last transforms, any before it only observe (DoRA on an embedding needs two).
    fn passes(&self) -> usize {
        1
    }

    /// Looks at `tile` (`rows` of W) in a pass before the last.
    fn observe_rows(&self, _rows: Range<usize>, _tile: &[f32]) {}

    /// Transforms `tile` (`rows` of W, row-major) in place.
    fn apply_rows(&self, rows: Range<usize>, tile: &mut [f32]);

    /// The update as W + s·L·R where it has that form, which GEMM and the GPU take directly.
    fn as_low_rank(&self) -> Option<&LowRank> {
        None
    }
}

impl RowUpdate for LowRank {
    fn apply_rows(&self, rows: Range<usize>, tile: &mut [f32]) {
        self.accumulate_rows(rows, 1.0, tile);
    }

    fn as_low_rank(&self) -> Option<&LowRank> {
        Some(self)
    }
}
