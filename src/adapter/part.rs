//! The name of a factor: a segment of an adapter's key, and the leaf that follows it.

use std::fmt;

/// A factor of a method, by the name that PEFT gives it. Each method declares its own.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Part {
    name: &'static str,
    leaf: Leaf,
}

/// What follows the name of a factor.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Leaf {
    /// Nothing: the factor is a parameter of the module.
    Absent,
    /// `weight`: the factor is a layer.
    Weight,
    /// `bias`, of such a layer.
    Bias,
    /// Nothing, or `weight` as some releases of PEFT wrote it.
    AbsentOrWeight,
}

impl Part {
    /// A factor that is a parameter of the module: `lora_embedding_A`.
    #[must_use]
    pub const fn parameter(name: &'static str) -> Self {
        Self { name, leaf: Leaf::Absent }
    }

    /// A factor that is the weight of a layer: `lora_A.weight`.
    #[must_use]
    pub const fn weight(name: &'static str) -> Self {
        Self { name, leaf: Leaf::Weight }
    }

    /// A factor that is the bias of a layer: `lora_B.bias`.
    #[must_use]
    pub const fn bias(name: &'static str) -> Self {
        Self { name, leaf: Leaf::Bias }
    }

    /// A parameter that some releases of PEFT kept in a layer: `lora_magnitude_vector`.
    #[must_use]
    pub const fn parameter_or_weight(name: &'static str) -> Self {
        Self { name, leaf: Leaf::AbsentOrWeight }
    }

    /// The factor's name as PEFT spells it, without a leaf.
    #[must_use]
    pub fn name(self) -> &'static str {
        self.name
    }

    /// Whether a key that ends in `name` and then in `leaf` is this factor's.
    pub(super) fn is_named(self, name: &str, leaf: Option<&str>) -> bool {
        let has_leaf = match (self.leaf, leaf) {
            (Leaf::Absent | Leaf::AbsentOrWeight, None) => true,
            (Leaf::Weight | Leaf::AbsentOrWeight, Some(leaf)) => leaf == "weight",
            (Leaf::Bias, Some(leaf)) => leaf == "bias",
            (Leaf::Absent, Some(_)) | (Leaf::Weight | Leaf::Bias, None) => false,
        };
        self.name == name && has_leaf
    }
}

impl fmt::Display for Part {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.leaf {
            Leaf::Absent | Leaf::AbsentOrWeight => formatter.write_str(self.name),
            Leaf::Weight => write!(formatter, "{}.weight", self.name),
            Leaf::Bias => write!(formatter, "{}.bias", self.name),
        }
    }
}
