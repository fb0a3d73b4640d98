//! The factor s in Δ = s·B·A, and the numbers that it comes from (spec section 1.3).

use std::{fmt, path::Path};

use super::AdapterError;

/// `lora_alpha / r`, or `lora_alpha / √r` with rsLoRA (Kalajdzievski 2023).
#[derive(Clone, Copy, Debug, PartialEq, serde::Serialize)]
pub struct Scaling {
    /// `lora_alpha`, from the config or its `alpha_pattern`.
    pub alpha: f64,
    /// `r`, from the config or its `rank_pattern`; equal to the rank of the factors.
    pub rank: usize,
    /// Whether `use_rslora` is set.
    pub is_rank_stabilized: bool,
}

impl Scaling {
    /// s as PEFT computes it: in double precision.
    #[must_use]
    #[expect(clippy::cast_precision_loss, reason = "ranks are far below 2^53")]
    pub fn value(&self) -> f64 {
        let rank = self.rank as f64;
        self.alpha / if self.is_rank_stabilized { rank.sqrt() } else { rank }
    }
}

impl Scaling {
    /// Refuses factors of `module` whose rank is another: which one training divided by is unknown then.
    pub(super) fn check_rank(&self, module: &str, stored: usize, path: &Path) -> Result<(), AdapterError> {
        if self.rank == stored {
            return Ok(());
        }
        let (module, configured, path) = (module.to_owned(), self.rank, path.to_owned());
        Err(AdapterError::RankMismatch { module, stored, configured, path })
    }
}

impl fmt::Display for Scaling {
    /// `32/16 = 2`, `16/√64 = 2`.
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let root = if self.is_rank_stabilized { "√" } else { "" };
        let value = format!("{:.4}", self.value());
        let value = value.trim_end_matches('0').trim_end_matches('.');
        write!(formatter, "{}/{root}{} = {value}", self.alpha, self.rank)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_scale_shows_where_it_comes_from() {
        let plain = Scaling { alpha: 32.0, rank: 16, is_rank_stabilized: false };
        assert_eq!((plain.value(), plain.to_string()), (2.0, "32/16 = 2".to_owned()));
        let stabilized = Scaling { alpha: 16.0, rank: 64, is_rank_stabilized: true };
        assert_eq!((stabilized.value(), stabilized.to_string()), (2.0, "16/√64 = 2".to_owned()));
        assert_eq!(Scaling { alpha: 3.0, rank: 8, is_rank_stabilized: false }.to_string(), "3/8 = 0.375");
    }
}
