//! What happens to one output tensor.

use super::{OutputTensor, nf4_tables::Nf4Tables};
use crate::{
    checkpoint::LogicalTensor,
    matching::UpdateRef,
    numeric::{BlockFormat, Dtype, Encoding, FloatDtype},
};

/// One output tensor: where it comes from, what is done, where its bytes go.
#[derive(Clone, Debug)]
pub struct TensorStep {
    /// Its name in the output; the same as in the base, unless it is new.
    pub name: String,
    /// Whose values it takes: the base tensor, the embedding that it shared, or a full tensor of an adapter.
    pub source: LogicalTensor,
    /// What it is to the base.
    pub role: Role,
    /// The dtype that its values are rounded to.
    pub output_dtype: Dtype,
    /// How they lie in the output.
    pub encoding: Encoding,
    /// Where it begins in the output file.
    pub offset: u64,
    /// Bytes that it takes there, with the tables behind its codes.
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
    /// The entries of the output file that it becomes, in their order there: itself, then the tables of its codes.
    #[must_use]
    pub fn outputs(&self) -> Vec<OutputTensor> {
        match (self.encoding, self.tables()) {
            (_, Some(tables)) => tables.outputs(),
            (encoding, None) => {
                let (shape, dtype) = (self.source.shape().to_vec(), self.output_dtype);
                let byte_count = encoding.byte_count(self.source.element_count() as u64);
                vec![OutputTensor { name: self.name.clone(), dtype, shape, byte_count }]
            }
        }
    }

    /// The tables behind its codes; `None` where it has none.
    #[must_use]
    pub fn tables(&self) -> Option<Nf4Tables<'_>> {
        let Encoding::Block(BlockFormat::Nf4(format)) = self.encoding else { return None };
        let dtype = FloatDtype::of(self.output_dtype)?;
        Some(Nf4Tables { name: &self.name, shape: self.source.shape(), dtype, format })
    }
}
