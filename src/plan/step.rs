//! What happens to one output tensor.

use crate::{checkpoint::LogicalTensor, matching::UpdateRef, numeric::Dtype};

/// One output tensor: where it comes from, what is done, where its bytes go.
#[derive(Clone, Debug)]
pub struct TensorStep {
    /// Its name in the output; the same as in the base, unless it is new.
    pub name: String,
    /// Whose values it takes: the base tensor, the embedding that it shared, or a full tensor of an adapter.
    pub source: LogicalTensor,
    /// What it is to the base.
    pub role: Role,
    /// Its dtype in the output.
    pub output_dtype: Dtype,
    /// Where it begins in the output file.
    pub offset: u64,
    /// Bytes that it takes there.
    pub byte_count: u64,
    /// What is done.
    pub action: Action,
}

/// What an output tensor is to the base.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Role {
    /// The base's tensor.
    Kept,
    /// A full tensor of an adapter in the place of the base's.
    Replaced,
    /// A tensor that the base does not have.
    Added,
}

/// What is done to a tensor.
#[derive(Clone, Debug, PartialEq)]
pub enum Action {
    /// Its bytes are copied.
    Copy,
    /// It is rounded to another dtype.
    Convert,
    /// Updates are added in f32 and the sum is rounded once.
    Update {
        /// The updates, in the order of the adapters.
        updates: Vec<UpdateRef>,
        /// What the sum is multiplied by before it is rounded.
        factor: Option<f64>,
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
}

impl TensorStep {
    /// What happens to the tensor, as reports name it.
    #[must_use]
    pub fn label(&self) -> &'static str {
        match (&self.action, self.role) {
            (Action::Update { .. }, _) => "updated",
            (_, Role::Replaced) => "replaced",
            (_, Role::Added) => "added",
            (Action::Copy, Role::Kept) => "copied",
            (Action::Convert, Role::Kept) => "converted",
        }
    }
}
