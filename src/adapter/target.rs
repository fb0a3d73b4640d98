//! One parameter of the base that an adapter changes, and how the change lies on what is stored.

use std::{ops::Range, sync::Arc};

use super::{CopyKind, ExpectedShape, Orientation, Scaling, TargetUpdate};
use crate::{checkpoint::LogicalTensor, numeric::FloatDtype};

/// One parameter that an adapter changes.
#[derive(Clone, Debug)]
pub struct Target {
    /// Path of the module in the base model, as the adapter spells it.
    pub module: String,
    /// The module's parameter: `weight`, `bias`, or the name of expert weights.
    pub parameter: String,
    /// What is done to it.
    pub effect: Effect,
    /// Whether a base without this parameter is no mistake (IA³ scales a bias where there is one).
    pub is_optional: bool,
}

/// What is done to a parameter.
#[derive(Clone, Debug)]
pub enum Effect {
    /// Its values are computed from the base's.
    Update(Arc<dyn TargetUpdate>),
    /// The adapter's own tensor takes its place (spec section 2.10).
    Replace(Replacement),
}

/// A full tensor of an adapter.
#[derive(Clone, Debug)]
pub struct Replacement {
    tensors: [LogicalTensor; 1],
    /// What its key says about it.
    pub kind: CopyKind,
    /// Whether the module was trained whole, on a copy of its own; such a module (a classifier) may be new to the base.
    pub is_saved_whole: bool,
}

impl Replacement {
    /// The replacement by `tensor`.
    #[must_use]
    pub fn new(tensor: LogicalTensor, kind: CopyKind, is_saved_whole: bool) -> Self {
        Self { tensors: [tensor], kind, is_saved_whole }
    }

    /// The adapter's tensor.
    #[must_use]
    pub fn tensor(&self) -> &LogicalTensor {
        &self.tensors[0]
    }
}

impl Target {
    /// An update of `module.weight`.
    #[must_use]
    pub fn weight(module: &str, update: Arc<dyn TargetUpdate>) -> Self {
        Self::parameter(module, "weight", update)
    }

    /// An update of any parameter.
    #[must_use]
    pub fn parameter(module: &str, parameter: &str, update: Arc<dyn TargetUpdate>) -> Self {
        Self {
            module: module.to_owned(),
            parameter: parameter.to_owned(),
            effect: Effect::Update(update),
            is_optional: false,
        }
    }

    /// The parameter's full name, as the adapter spells it.
    #[must_use]
    pub fn name(&self) -> String {
        joined(&self.module, &self.parameter)
    }

    /// The update, where it is one.
    #[must_use]
    pub fn update(&self) -> Option<&Arc<dyn TargetUpdate>> {
        match &self.effect {
            Effect::Update(update) => Some(update),
            Effect::Replace(_) => None,
        }
    }

    /// The replacement, where it is one.
    #[must_use]
    pub fn replacement(&self) -> Option<&Replacement> {
        match &self.effect {
            Effect::Update(_) => None,
            Effect::Replace(replacement) => Some(replacement),
        }
    }

    /// The adapter tensors that this consumes, in the method's own order (`lora_A` before `lora_B`).
    #[must_use]
    pub fn tensors(&self) -> &[LogicalTensor] {
        match &self.effect {
            Effect::Update(update) => update.tensors(),
            Effect::Replace(replacement) => &replacement.tensors,
        }
    }

    /// The rank of the update, where it has one.
    #[must_use]
    pub fn rank(&self) -> Option<usize> {
        self.update().and_then(|update| update.rank())
    }

    /// The factor s and where it comes from, where the update has one.
    #[must_use]
    pub fn scaling(&self) -> Option<Scaling> {
        self.update().and_then(|update| update.scaling())
    }

    /// The shape that this is for, as messages show it.
    #[must_use]
    pub fn expected_shape(&self) -> ExpectedShape {
        match &self.effect {
            Effect::Update(update) => update.expected_shape(),
            Effect::Replace(replacement) => ExpectedShape::Exact(replacement.tensor().shape().to_vec()),
        }
    }
}

/// `module.parameter`; a parameter of the model itself has no module.
pub(crate) fn joined(module: &str, parameter: &str) -> String {
    if module.is_empty() { parameter.to_owned() } else { format!("{module}.{parameter}") }
}

/// How an update lies on a stored tensor.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Placement {
    /// Shape of the stored tensor.
    pub shape: Vec<usize>,
    /// Its dtype.
    pub dtype: FloatDtype,
    /// The order of its dimensions.
    pub orientation: Orientation,
    /// Which part of either lies on the other.
    pub window: Window,
    /// The parameter beside the tensor that the update asks for, where the base has it.
    pub companion: Option<Companion>,
}

/// A tensor of the base that an update reads beside the one that it changes.
#[derive(Clone, Debug)]
pub struct Companion {
    tensor: LogicalTensor,
}

impl Companion {
    /// `tensor` as it lies in the base.
    #[must_use]
    pub fn new(tensor: LogicalTensor) -> Self {
        Self { tensor }
    }

    /// The tensor.
    #[must_use]
    pub fn tensor(&self) -> &LogicalTensor {
        &self.tensor
    }
}

impl PartialEq for Companion {
    fn eq(&self, other: &Self) -> bool {
        let place = |it: &Self| (it.tensor.name().to_owned(), it.tensor.file().path().to_owned());
        place(self) == place(other)
    }
}

impl Eq for Companion {}

/// Which part of an update lies on which part of a tensor (experts and fused projections, spec section 2.8).
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Window {
    /// All of one on all of the other.
    Whole,
    /// The tensor is one expert's block of the update, some of its output features.
    TensorIsPart {
        /// The expert.
        expert: usize,
        /// Output features of the parameter that the tensor holds.
        out: Range<usize>,
    },
    /// The update is for one expert's block of the tensor, some of its output features.
    UpdateIsPart {
        /// The expert.
        expert: usize,
        /// Output features of the tensor that the update is for.
        out: Range<usize>,
    },
}

impl Placement {
    /// All of an update on all of a tensor of `shape`.
    #[must_use]
    pub fn whole(shape: &[usize], dtype: FloatDtype, orientation: Orientation) -> Self {
        Self { shape: shape.to_vec(), dtype, orientation, window: Window::Whole, companion: None }
    }

    /// Output and input features of a stored matrix, or of each of a stack.
    #[must_use]
    pub fn features(&self) -> (usize, usize) {
        let (rows, columns) = match self.shape.as_slice() {
            [.., rows, columns] => (*rows, *columns),
            [rows] => (*rows, 1),
            [] => (1, 1),
        };
        match self.orientation {
            Orientation::OutIn => (rows, columns),
            Orientation::InOut => (columns, rows),
        }
    }
}
