//! What was decided while an adapter was read, for the user to know.

use std::fmt;

use crate::{error::listed, numeric::Dtype, units};

/// Names of files that a note shows.
pub(crate) const FILES_SHOWN: usize = 4;

/// One decision; says itself in English.
#[derive(Clone, Debug, PartialEq)]
pub enum Note {
    /// Numbers or flags of the config that are written as text.
    ReadFromText {
        /// Their keys.
        keys: Vec<String>,
    },
    /// mlx-lm names a scale, PEFT a `lora_alpha` on a rank.
    MlxScale {
        /// The scale that the config names.
        scale: f64,
        /// scale · rank.
        alpha: f64,
        /// The rank.
        rank: u64,
    },
    /// The output projection of PyTorch's `MultiheadAttention`, whose update PEFT 0.15 to 0.21.2 adds twice.
    OutputProjectionTwice,
    /// The same from a later release, which adds it once.
    OutputProjectionOnce,
    /// An alpha beside mlx-lm's scale, which older releases multiplied in.
    MlxAlphaIgnored {
        /// The scale that is taken as it stands.
        scale: f64,
    },
    /// 8-bit floats, of which every value is read exactly.
    Float8 {
        /// How they are stored.
        dtype: Dtype,
        /// Tensors.
        tensor_count: usize,
    },
    /// A file beside the adapter's own whose tensors are taken as a part of it.
    AlsoRead {
        /// The file.
        file: String,
        /// Its tensors.
        tensor_count: usize,
    },
    /// Weights of a full model in the adapter's folder.
    FullWeights {
        /// The files.
        files: Vec<String>,
    },
    /// The adapter's own weights once more, in a form that loaders do not take.
    OtherForm {
        /// The files.
        files: Vec<String>,
    },
    /// Weights in formats or folders that are not read as a part of the adapter.
    NotRead {
        /// The files.
        files: Vec<String>,
    },
}

impl fmt::Display for Note {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::ReadFromText { keys } => {
                write!(
                    out,
                    "its config has {} as text; they are read as the numbers or flags that they spell",
                    keys.join(", ")
                )
            }
            Self::MlxScale { scale, alpha, rank } => {
                write!(out, "an mlx-lm adapter: scale {scale} read as lora_alpha {alpha} on rank {rank}")
            }
            Self::OutputProjectionTwice => out.write_str(
                "the change of MultiheadAttention's output projection counts twice, as PEFT 0.15 to 0.21.2 did in training and in merges",
            ),
            Self::OutputProjectionOnce => out.write_str(
                "the change of MultiheadAttention's output projection counts once: the adapter is from a later PEFT than 0.21.2, up to which it counted twice",
            ),
            Self::MlxAlphaIgnored { scale } => write!(
                out,
                "its config names an alpha too, which mlx-lm multiplied into the scale until June 2024 and ignores since; scale {scale} is taken as it stands"
            ),
            Self::Float8 { dtype, tensor_count } => {
                write!(
                    out,
                    "{} stored as {dtype}, every value of which is read exactly",
                    units::plural(*tensor_count, "tensor")
                )
            }
            Self::AlsoRead { file, tensor_count } => write!(
                out,
                "{file} lies beside the adapter's own weights; its {} read as a part of it",
                if *tensor_count == 1 { "1 tensor is".to_owned() } else { format!("{tensor_count} tensors are") },
            ),
            Self::FullWeights { files } => write!(
                out,
                "a full model lies in the adapter's folder ({}) and stays out: the merge is base plus adapter. Is it the model that the adapter was trained on? Then give it as the base. Is it the merge already, or was it trained whole? Then it needs no merge",
                listed(files, FILES_SHOWN),
            ),
            Self::OtherForm { files } => write!(
                out,
                "its folder holds its weights in another form too ({}), which loaders pass over and so does this merge",
                listed(files, FILES_SHOWN),
            ),
            Self::NotRead { files } => write!(
                out,
                "its folder holds weights that are not read as a part of it: {}",
                listed(files, FILES_SHOWN),
            ),
        }
    }
}
