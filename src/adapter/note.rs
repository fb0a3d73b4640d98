//! What was decided while an adapter was read, for the user to know.

use std::fmt;

/// One decision; says itself in English.
#[derive(Clone, Debug, PartialEq)]
pub enum Note {
    /// mlx-lm names a scale, PEFT a `lora_alpha` on a rank.
    MlxScale {
        /// The scale that the config names.
        scale: f64,
        /// scale · rank.
        alpha: f64,
        /// The rank.
        rank: u64,
    },
    /// An alpha beside mlx-lm's scale, which older releases multiplied in.
    MlxAlphaIgnored {
        /// The scale that is taken as it stands.
        scale: f64,
    },
}

impl fmt::Display for Note {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::MlxScale { scale, alpha, rank } => {
                write!(out, "an mlx-lm adapter: scale {scale} read as lora_alpha {alpha} on rank {rank}")
            }
            Self::MlxAlphaIgnored { scale } => write!(
                out,
                "its config names an alpha too, which mlx-lm multiplied into the scale until June 2024 and ignores since; scale {scale} is taken as it stands"
            ),
        }
    }
}
