//! What was decided while an adapter was read, for the user to know.

use serde::Serialize;

use crate::{
    message::{self, said_in_english},
    numeric::Dtype,
};

/// One decision; a message.
#[derive(Clone, Debug, PartialEq, Serialize)]
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
        #[serde(serialize_with = "message::shown")]
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

said_in_english!(Note);
