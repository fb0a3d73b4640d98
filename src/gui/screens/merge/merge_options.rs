//! What is chosen on the Merge screen.

use crate::{
    merge::device::DeviceChoice,
    numeric::codec::Nf4Format,
    plan::{DtypePolicy, Rounding},
};

/// What the user chose on the Merge screen.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct MergeOptions {
    /// Output dtype.
    pub dtype: DtypePolicy,
    /// How weights are packed again.
    pub requantize: Option<Nf4Format>,
    /// Whether to merge though packing takes more than half of the change away.
    pub accepts_loss: bool,
    /// Factor on the adapter in the well.
    pub strength: f64,
    /// How updated tensors are rounded.
    pub rounding: Rounding,
    /// What computes; the plan is the same whatever it is.
    pub device: DeviceChoice,
    /// Whether the merged folder gets a model card.
    pub writes_card: bool,
}

impl Default for MergeOptions {
    fn default() -> Self {
        Self {
            dtype: DtypePolicy::Keep,
            requantize: None,
            accepts_loss: false,
            strength: 1.0,
            rounding: Rounding::Nearest,
            device: DeviceChoice::Auto,
            writes_card: true,
        }
    }
}
