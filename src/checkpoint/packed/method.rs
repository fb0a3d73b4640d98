//! The methods of quantisation that are read.

use serde::Serialize;

/// How weights were packed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum QuantizationMethod {
    /// bitsandbytes, 4-bit NormalFloat.
    Nf4,
    /// bitsandbytes, 4-bit float.
    Fp4,
    /// bitsandbytes, LLM.int8.
    Int8,
}

impl QuantizationMethod {
    /// The class that a Linear layer becomes in PyTorch; `None` where it prints as before, or is no module of its own.
    #[must_use]
    pub fn linear_class(self) -> Option<&'static str> {
        match self {
            Self::Nf4 | Self::Fp4 => Some("Linear4bit"),
            Self::Int8 => Some("Linear8bitLt"),
        }
    }

    /// The name by which people know it.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Nf4 => "bitsandbytes NF4",
            Self::Fp4 => "bitsandbytes FP4",
            Self::Int8 => "bitsandbytes LLM.int8",
        }
    }
}
