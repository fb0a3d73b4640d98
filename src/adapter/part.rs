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
    /// One of several tensors of the factor: `osf_svd_params.U_low`.
    Member(&'static str),
    /// A place in a list of parameters, which a declaration leaves open: `tinylora_v.0`.
    Number(Option<u16>),
    /// A place in a list of layers, and `weight`: `peanut_encoders.0.weight`.
    NumberAndWeight(Option<u16>),
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

    /// One of several tensors that a factor consists of: `osf_svd_params.U_low`.
    #[must_use]
    pub const fn member(name: &'static str, member: &'static str) -> Self {
        Self { name, leaf: Leaf::Member(member) }
    }

    /// A factor that is a list of parameters: `tinylora_v.0`.
    #[must_use]
    pub const fn numbered(name: &'static str) -> Self {
        Self { name, leaf: Leaf::Number(None) }
    }

    /// A factor that is a list of layers: `peanut_encoders.0.weight`.
    #[must_use]
    pub const fn numbered_weight(name: &'static str) -> Self {
        Self { name, leaf: Leaf::NumberAndWeight(None) }
    }

    /// The entry of a list that stands at `number`.
    #[must_use]
    pub fn at(self, number: u16) -> Self {
        let leaf = match self.leaf {
            Leaf::Number(_) => Leaf::Number(Some(number)),
            Leaf::NumberAndWeight(_) => Leaf::NumberAndWeight(Some(number)),
            leaf => leaf,
        };
        Self { leaf, ..self }
    }

    /// The factor as a method declares it, whatever its place in a list.
    #[must_use]
    pub fn declared(self) -> Self {
        let leaf = match self.leaf {
            Leaf::Number(_) => Leaf::Number(None),
            Leaf::NumberAndWeight(_) => Leaf::NumberAndWeight(None),
            leaf => leaf,
        };
        Self { leaf, ..self }
    }

    /// The factor's name as PEFT spells it, without a leaf.
    #[must_use]
    pub fn name(self) -> &'static str {
        self.name
    }

    /// The factor of this declaration that a key names whose segments after the factor's name are `tail`, with those
    /// that are left over: names of adapters.
    pub(super) fn found<'a>(self, tail: &'a [&'a str]) -> Option<(Self, &'a [&'a str])> {
        let without = |leaf: &str| tail.split_last().filter(|(last, _)| **last == leaf).map(|(_, rest)| rest);
        let numbered = |tail: &'a [&'a str]| {
            let (last, rest) = tail.split_last()?;
            Some((self.at(last.parse().ok()?), rest))
        };
        let plain = || Some(tail).filter(|tail| !matches!(tail.last(), Some(&("weight" | "bias"))));
        match self.leaf {
            Leaf::Absent => Some((self, plain()?)),
            Leaf::Weight => Some((self, without("weight")?)),
            Leaf::Bias => Some((self, without("bias")?)),
            Leaf::AbsentOrWeight => Some((self, without("weight").or_else(plain)?)),
            Leaf::Member(member) => Some((self, without(member)?)),
            Leaf::Number(_) => numbered(tail),
            Leaf::NumberAndWeight(_) => numbered(without("weight")?),
        }
    }
}

impl fmt::Display for Part {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.leaf {
            Leaf::Absent | Leaf::AbsentOrWeight | Leaf::Number(None) | Leaf::NumberAndWeight(None) => {
                formatter.write_str(self.name)
            }
            Leaf::Weight => write!(formatter, "{}.weight", self.name),
            Leaf::Bias => write!(formatter, "{}.bias", self.name),
            Leaf::Member(member) => write!(formatter, "{}.{member}", self.name),
            Leaf::Number(Some(number)) => write!(formatter, "{}.{number}", self.name),
            Leaf::NumberAndWeight(Some(number)) => write!(formatter, "{}.{number}.weight", self.name),
        }
    }
}
