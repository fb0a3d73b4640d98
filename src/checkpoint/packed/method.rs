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
    /// transformers' FP8, scales by blocks or by tensor.
    Fp8,
    /// FBGEMM's FP8, scales by output.
    FbgemmFp8,
    /// compressed-tensors, 8-bit floats.
    CompressedFloat,
    /// compressed-tensors, integers in a byte each.
    CompressedInt,
    /// compressed-tensors, integers of a few bits in words.
    CompressedPacked,
    /// compressed-tensors, NVFP4.
    CompressedNvfp4,
    /// compressed-tensors, MXFP4.
    CompressedMxfp4,
    /// `ModelOpt`, NVFP4.
    ModelOptNvfp4,
    /// `ModelOpt`, FP8.
    ModelOptFp8,
    /// MXFP4, as gpt-oss packs its experts.
    Mxfp4,
    /// GPTQ, of 2, 3, 4 or 8 bits.
    Gptq,
    /// AWQ, of 4 bits.
    Awq,
    /// torchao, integers in a byte each.
    TorchaoInt8,
    /// A GGUF file, ggml's blocks.
    Gguf,
}

impl QuantizationMethod {
    /// The class that a Linear layer becomes in PyTorch; `None` where it prints as before, or is no module of its own.
    #[must_use]
    pub fn linear_class(self) -> Option<&'static str> {
        match self {
            Self::Nf4 | Self::Fp4 => Some("Linear4bit"),
            Self::Int8 => Some("Linear8bitLt"),
            Self::Fp8 => Some("FP8Linear"),
            Self::FbgemmFp8 => Some("FbgemmFp8Linear"),
            _ => None,
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
            Self::Fp8 => "FP8",
            Self::FbgemmFp8 => "FBGEMM FP8",
            Self::CompressedFloat => "compressed-tensors FP8",
            Self::CompressedInt => "compressed-tensors int-quantized",
            Self::CompressedPacked => "compressed-tensors pack-quantized",
            Self::CompressedNvfp4 => "compressed-tensors NVFP4",
            Self::CompressedMxfp4 => "compressed-tensors MXFP4",
            Self::ModelOptNvfp4 => "ModelOpt NVFP4",
            Self::ModelOptFp8 => "ModelOpt FP8",
            Self::Mxfp4 => "MXFP4",
            Self::Gptq => "GPTQ",
            Self::Awq => "AWQ",
            Self::TorchaoInt8 => "torchao Int8",
            Self::Gguf => "GGUF",
        }
    }
}
