//! The methods of quantisation that are read.

use serde::Serialize;

/// How weights were packed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum QuantizationMethod {
    /// bitsandbytes, 4-bit normal floats.
    Nf4,
    /// bitsandbytes, 4-bit float.
    Fp4,
    /// bitsandbytes, LLM.int8.
    Int8,
    /// MLX, integers of 1 to 8 bits with a scale and a bias for each group.
    MlxAffine,
    /// MLX, 4-bit floats with powers of two as scales.
    MlxMxfp4,
    /// MLX, 8-bit floats with powers of two as scales.
    MlxMxfp8,
    /// MLX, 4-bit floats with 8-bit floats as scales.
    MlxNvfp4,
}

impl QuantizationMethod {
    /// The class that a Linear layer becomes in PyTorch; `None` where it prints as before, or is no module of its own.
    #[must_use]
    pub fn linear_class(self) -> Option<&'static str> {
        match self {
            Self::Nf4 | Self::Fp4 => Some("Linear4bit"),
            Self::Int8 => Some("Linear8bitLt"),
            Self::MlxAffine | Self::MlxMxfp4 | Self::MlxMxfp8 | Self::MlxNvfp4 => None,
        }
    }

    /// The name by which people know it.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Nf4 => "bitsandbytes NF4",
            Self::Fp4 => "bitsandbytes FP4",
            Self::Int8 => "bitsandbytes LLM.int8",
            Self::MlxAffine => "MLX affine",
            Self::MlxMxfp4 => "MLX mxfp4",
            Self::MlxMxfp8 => "MLX mxfp8",
            Self::MlxNvfp4 => "MLX nvfp4",
        }
    }
}
