//! How the sums of an update become numbers of the output's dtype.

use serde::{Deserialize, Serialize};

use crate::numeric::Noise;

/// The rounding of updated tensors; all others are copied, or converted to nearest.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Rounding {
    /// Once, to nearest, ties to even.
    #[default]
    Nearest,
    /// To one of the two neighbours, the nearer one more often, so that a change far below a unit survives on average.
    /// Float32 is not affected.
    Stochastic {
        /// The seed; with the tensor's name and the element's place it decides everything.
        seed: u64,
    },
}

impl Rounding {
    /// The random words of the tensor called `name`; `None` where nothing is left to chance.
    #[must_use]
    pub fn noise(self, name: &str) -> Option<Noise> {
        match self {
            Self::Nearest => None,
            Self::Stochastic { seed } => Some(Noise::new(seed, name)),
        }
    }

    /// Whether chance has a part in it.
    #[must_use]
    pub fn is_stochastic(self) -> bool {
        matches!(self, Self::Stochastic { .. })
    }

    /// `to nearest`, `stochastic, seed 7`.
    #[must_use]
    pub fn label(self) -> String {
        match self {
            Self::Nearest => "to nearest, once".to_owned(),
            Self::Stochastic { seed } => format!("stochastic, seed {seed}"),
        }
    }
}
