//! The types that a file can have, and which type each of its tensors gets then: llama.cpp's mixtures, as data and rules.

use std::{fmt, str::FromStr};

use super::ExportError;
use crate::numeric::codec::GgmlType;

/// What a file is said to be; most of its weights have the type in its name.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum FileType {
    /// Single precision.
    F32,
    /// Half precision.
    F16,
    /// bfloat16.
    Bf16,
    /// 8.5 bits a value, as good as lossless.
    Q8_0,
    /// 4.5 bits, the oldest.
    Q4_0,
    /// 4.6 bits.
    Q4KS,
    /// 4.9 bits: what most people take.
    Q4KM,
    /// 5.6 bits.
    Q5KS,
    /// 5.7 bits.
    Q5KM,
    /// 6.6 bits.
    Q6K,
}

/// What rules ask of a model.
#[derive(Clone, Copy, Debug)]
pub struct MixtureModel<'a> {
    /// GGUF's name of the architecture.
    pub architecture: &'a str,
    /// Layers.
    pub layers: usize,
    /// Experts of a layer; 0 where there are none.
    pub experts: usize,
    /// Whether several query heads share a key and a value.
    pub has_grouped_heads: bool,
    /// Whether the output head is a tensor of its own.
    pub has_output: bool,
}

impl FileType {
    /// Every type, as they are offered.
    pub const ALL: [Self; 10] = [
        Self::Q8_0,
        Self::Q4KM,
        Self::Q5KM,
        Self::Q6K,
        Self::F16,
        Self::Bf16,
        Self::F32,
        Self::Q4KS,
        Self::Q5KS,
        Self::Q4_0,
    ];

    /// The name that file names carry.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::F32 => "F32",
            Self::F16 => "F16",
            Self::Bf16 => "BF16",
            Self::Q8_0 => "Q8_0",
            Self::Q4_0 => "Q4_0",
            Self::Q4KS => "Q4_K_S",
            Self::Q4KM => "Q4_K_M",
            Self::Q5KS => "Q5_K_S",
            Self::Q5KM => "Q5_K_M",
            Self::Q6K => "Q6_K",
        }
    }

    /// `general.file_type`.
    #[must_use]
    pub const fn number(self) -> u32 {
        match self {
            Self::F32 => 0,
            Self::F16 => 1,
            Self::Q4_0 => 2,
            Self::Q8_0 => 7,
            Self::Q4KS => 14,
            Self::Q4KM => 15,
            Self::Q5KS => 16,
            Self::Q5KM => 17,
            Self::Q6K => 18,
            Self::Bf16 => 32,
        }
    }

    /// The type of what no rule makes an exception of.
    const fn base(self) -> GgmlType {
        match self {
            Self::F32 => GgmlType::F32,
            Self::F16 => GgmlType::F16,
            Self::Bf16 => GgmlType::Bf16,
            Self::Q8_0 => GgmlType::Q8_0,
            Self::Q4_0 => GgmlType::Q4_0,
            Self::Q4KS | Self::Q4KM => GgmlType::Q4K,
            Self::Q5KS | Self::Q5KM => GgmlType::Q5K,
            Self::Q6K => GgmlType::Q6K,
        }
    }

    /// Values of a block of most weights.
    #[must_use]
    pub const fn block_len(self) -> usize {
        self.base().block_len()
    }

    /// The type of most weights, where rows of `columns` values are whole blocks of it.
    pub(super) fn fitting_type(self, columns: u64) -> GgmlType {
        fitting(self.base(), columns)
    }

    /// The type of the tensor `name` with `dims`, the length of a row first.
    #[must_use]
    pub fn tensor_type(self, name: &str, dims: &[u64], model: &MixtureModel<'_>) -> GgmlType {
        if is_single_precision(name, dims) {
            return GgmlType::F32;
        }
        let wanted = match self {
            Self::F32 | Self::F16 | Self::Bf16 => self.base(),
            Self::Q8_0 | Self::Q4_0 | Self::Q4KS | Self::Q4KM | Self::Q5KS | Self::Q5KM | Self::Q6K => {
                self.quantised_type(name, dims, model)
            }
        };
        fitting(wanted, dims[0])
    }

    fn quantised_type(self, name: &str, dims: &[u64], model: &MixtureModel<'_>) -> GgmlType {
        let base = self.base();
        let is_head = name == "output.weight" || name == "token_embd.weight" && !model.has_output;
        if is_head {
            let is_broken = !dims[0].is_multiple_of(base.block_len() as u64);
            let is_eight = self == Self::Q8_0 || model.architecture == "falcon" || is_broken;
            return if is_eight { GgmlType::Q8_0 } else { GgmlType::Q6K };
        }
        let Some((layer, part)) = layer_and_part(name) else { return base };
        let is_medium = matches!(self, Self::Q4KM | Self::Q5KM);
        let n = model.layers;
        let has_more = layer < n / 8 || layer >= 7 * n / 8 || (layer - n / 8) % 3 == 2;
        match part {
            "attn_v" | "attn_qkv" => {
                let chosen = match self {
                    _ if is_medium && has_more => GgmlType::Q6K,
                    Self::Q4KS if layer < 4 => GgmlType::Q5K,
                    _ => base,
                };
                let is_large = n == 80
                    && (model.architecture == "llama" && model.has_grouped_heads || model.architecture == "qwen2");
                match chosen {
                    _ if model.experts == 8 => GgmlType::Q8_0,
                    GgmlType::Q4K if is_large => GgmlType::Q5K,
                    chosen => chosen,
                }
            }
            "attn_k" if model.experts == 8 => GgmlType::Q8_0,
            "ffn_down" | "ffn_down_exps" => match (self, model.architecture == "falcon") {
                (Self::Q4KM, true) if layer < n / 16 => GgmlType::Q6K,
                (Self::Q4KM, true) if has_more => GgmlType::Q5K,
                (Self::Q4KM, true) => base,
                (Self::Q4KM | Self::Q5KM, _) if has_more => GgmlType::Q6K,
                (Self::Q4KS, false) if layer < n / 8 => GgmlType::Q5K,
                _ => base,
            },
            "attn_output" if model.experts == 8 && base == GgmlType::Q4K => GgmlType::Q5K,
            _ => base,
        }
    }
}

/// Whether a tensor is too small or too sensitive for anything but single precision.
fn is_single_precision(name: &str, dims: &[u64]) -> bool {
    let is_weight = name.ends_with(".weight") && !name.ends_with("_norm.weight");
    let is_kept = name.ends_with("ffn_gate_inp.weight") || name == "position_embd.weight" || name.starts_with("rope_");
    dims.len() < 2 || !is_weight || is_kept
}

/// `wanted`, or what ggml takes in its place where rows are no whole blocks.
fn fitting(wanted: GgmlType, columns: u64) -> GgmlType {
    let fits = |wanted: GgmlType| columns.is_multiple_of(wanted.block_len() as u64);
    let instead = match wanted {
        _ if fits(wanted) => wanted,
        GgmlType::Q4K => GgmlType::Q5_0,
        GgmlType::Q5K => GgmlType::Q5_1,
        GgmlType::Q6K => GgmlType::Q8_0,
        _ => GgmlType::F16,
    };
    if fits(instead) { instead } else { GgmlType::F16 }
}

/// `blk.3.attn_v.weight` is part `attn_v` of layer 3.
fn layer_and_part(name: &str) -> Option<(usize, &str)> {
    let (layer, part) = name.strip_prefix("blk.")?.split_once('.')?;
    Some((layer.parse().ok()?, part.strip_suffix(".weight")?))
}

impl fmt::Display for FileType {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(self.name())
    }
}

impl FromStr for FileType {
    type Err = ExportError;

    fn from_str(name: &str) -> Result<Self, ExportError> {
        let found = Self::ALL.into_iter().find(|known| known.name().eq_ignore_ascii_case(name));
        found.ok_or_else(|| ExportError::UnknownFileType {
            name: name.to_owned(),
            known: Self::ALL.map(Self::name).to_vec(),
        })
    }
}
