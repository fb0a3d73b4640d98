//! Mistral: every layer sees at most `sliding_window` tokens back (Jiang et al. 2023).

use super::{
    Family,
    fields::Fields,
    layer_types::{self, LayerType},
    llama_like,
};
use crate::evaluate::{EvalError, decoder::DecoderConfig};

pub(super) const FAMILY: Family = Family { architecture: "MistralForCausalLM", model_type: "mistral", read };

fn read(fields: &Fields) -> Result<DecoderConfig, EvalError> {
    let config = llama_like::read(fields, llama_like::NORM_EPS)?;
    let types = layer_types::read_or(fields, config.layers.len(), |_| LayerType::Sliding)?;
    Ok(config.with_windows(layer_types::windows(&types, fields.optional_count("sliding_window")?)))
}
