//! Mistral: every layer sees at most `sliding_window` tokens back (Jiang et al. 2023).

use super::{Family, fields::Fields};
use crate::evaluate::{EvalError, decoder::DecoderConfig};

pub(super) const FAMILY: Family = Family { architecture: "MistralForCausalLM", model_type: "mistral", read };

fn read(fields: &Fields) -> Result<DecoderConfig, EvalError> {
    let mut config = fields.llama_like()?;
    let window = fields.optional_count("sliding_window")?;
    config.sliding_windows = fields.sliding_windows(window, config.layer_count(), 0)?;
    Ok(config)
}
