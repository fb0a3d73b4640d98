//! What should be known of packed weights that are read, and stops nothing.

use serde::Serialize;

use crate::{
    message::{self, said_in_english},
    numeric::Dtype,
};

/// Where packed weights are read in one of two ways, or otherwise than the config says; a message.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub enum QuantizationNote {
    /// The states of bitsandbytes' weights describe them, whatever the config says.
    ConfigDiffers {
        /// A key of `quantization_config`.
        key: &'static str,
        /// What stands there.
        said: String,
        /// What the states say.
        found: String,
    },
    /// The shapes of weights that mlx-lm packed tell bits and group, whatever the config says of all.
    LayoutDiffers {
        /// Weights that the config does not name and that are packed otherwise.
        tensor_count: usize,
        /// What it says of all.
        said: String,
        /// What the shapes say.
        found: String,
    },
    /// States of float32, which a merge on a CPU leaves, in a model of 16 bits.
    RoundedStates {
        /// Weights.
        tensor_count: usize,
        /// The model's dtype, to which they are rounded.
        #[serde(serialize_with = "message::shown")]
        dtype: Dtype,
    },
    /// States of float32 in a model whose config has no dtype.
    WideStates {
        /// Weights.
        tensor_count: usize,
    },
    /// Fields of ones in `qzeros`: 0 for `AutoGPTQ` and `GPTQModel`, 2^bits for `ExLlama`'s kernels.
    WrappedZeros {
        /// Such fields.
        field_count: u64,
        /// Weights that have some.
        tensor_count: usize,
    },
}

said_in_english!(QuantizationNote);

#[cfg(test)]
mod tests {
    use super::*;
    use crate::message::assert_said;

    #[test]
    fn every_note_on_packed_weights_is_said_in_korean() {
        let text = str::to_owned;
        let cases: Vec<(QuantizationNote, &[&str])> = vec![
            (
                QuantizationNote::ConfigDiffers { key: "bnb_4bit_quant_type", said: text("fp4"), found: text("nf4") },
                &["bnb_4bit_quant_type", "fp4", "nf4"],
            ),
            (
                QuantizationNote::LayoutDiffers { tensor_count: 224, said: text("4"), found: text("8") },
                &["224개", "4", "8"],
            ),
            (QuantizationNote::RoundedStates { tensor_count: 224, dtype: Dtype::BF16 }, &["224개", "BF16"]),
            (QuantizationNote::WideStates { tensor_count: 224 }, &["224개", "float32"]),
            (QuantizationNote::WrappedZeros { field_count: 12, tensor_count: 3 }, &["12개", "3개"]),
        ];
        for (note, parts) in cases {
            assert_said(&note, parts);
        }
    }
}
