//! What happens to one output tensor.

use crate::{adapter::Orientation, checkpoint::LogicalTensor, matching::UpdateRef, numeric::Dtype};

/// One output tensor: where it comes from, what is done, where its bytes go.
#[derive(Clone, Debug)]
pub struct TensorStep {
    /// Its name, the same in base and output.
    pub name: String,
    /// The base tensor.
    pub source: LogicalTensor,
    /// Its dtype in the output.
    pub output_dtype: Dtype,
    /// Where it begins in the output file.
    pub offset: u64,
    /// Bytes that it takes there.
    pub byte_count: u64,
    /// What is done.
    pub action: Action,
}

/// What is done to a tensor.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Action {
    /// Its bytes are copied.
    Copy,
    /// It is rounded to another dtype.
    Convert,
    /// Updates are added in f32 and the sum is rounded once.
    Update {
        /// How the base stores the weight.
        orientation: Orientation,
        /// The updates, in the order of the adapters.
        updates: Vec<UpdateRef>,
    },
}

impl Action {
    /// Whether bytes stay as they are.
    #[must_use]
    pub fn is_copy(&self) -> bool {
        matches!(self, Self::Copy)
    }

    /// Whether an adapter changes the values.
    #[must_use]
    pub fn is_update(&self) -> bool {
        matches!(self, Self::Update { .. })
    }

    /// The action as reports name it.
    #[must_use]
    pub fn label(&self) -> &'static str {
        match self {
            Self::Copy => "copied",
            Self::Convert => "converted",
            Self::Update { .. } => "updated",
        }
    }
}
