//! The sizes that every decoder has, under whatever keys.

use serde_json::Value;

use super::fields::Fields;
use crate::evaluate::{EvalError, Expected, decoder::Heads};

/// Sizes of a decoder.
#[derive(Clone, Copy, Debug)]
pub(super) struct Sizes {
    pub hidden: usize,
    pub vocab: usize,
    pub layers: usize,
    /// Tokens for which positions were trained.
    pub context: usize,
    pub heads: Heads,
}

/// How a family calls its sizes.
pub(super) struct SizeKeys {
    pub hidden: &'static str,
    pub layers: &'static str,
    pub heads: &'static str,
    pub context: &'static str,
}

/// The keys of most families.
pub(super) const USUAL_KEYS: SizeKeys = SizeKeys {
    hidden: "hidden_size",
    layers: "num_hidden_layers",
    heads: "num_attention_heads",
    context: "max_position_embeddings",
};

impl Sizes {
    /// Sizes of a decoder with as many heads of keys as of queries, all of them as wide as they are together.
    pub fn read(fields: &Fields, keys: &SizeKeys, default_context: Option<usize>) -> Result<Self, EvalError> {
        let (hidden, count) = (fields.count(keys.hidden)?, fields.count(keys.heads)?);
        if !hidden.is_multiple_of(count) {
            return Err(fields.bad_value(keys.heads, &Value::from(count), Expected::HiddenSizeDivisor));
        }
        Self::with_heads(fields, keys, default_context, Heads { count, kv_count: count, dim: hidden / count })
    }

    /// Sizes of a decoder with grouped queries: `num_key_value_heads`, and `head_dim` with a default of its own.
    pub fn read_grouped(fields: &Fields, default_head_dim: Option<usize>) -> Result<Self, EvalError> {
        let keys = &USUAL_KEYS;
        let (hidden, count) = (fields.count(keys.hidden)?, fields.count(keys.heads)?);
        let kv_count = fields.optional_count("num_key_value_heads")?.unwrap_or(count);
        if !count.is_multiple_of(kv_count) {
            let value = Value::from(kv_count);
            return Err(fields.bad_value("num_key_value_heads", &value, Expected::HeadCountDivisor));
        }
        let dim = match fields.optional_count("head_dim")?.or(default_head_dim) {
            Some(dim) => dim,
            None if hidden.is_multiple_of(count) => hidden / count,
            None => {
                let expected = Expected::HiddenSizeDivisorOrHeadDim;
                return Err(fields.bad_value(keys.heads, &Value::from(count), expected));
            }
        };
        Self::with_heads(fields, keys, None, Heads { count, kv_count, dim })
    }

    fn with_heads(
        fields: &Fields,
        keys: &SizeKeys,
        default_context: Option<usize>,
        heads: Heads,
    ) -> Result<Self, EvalError> {
        let context = match (fields.optional_count(keys.context)?, default_context) {
            (Some(context), _) | (None, Some(context)) => context,
            (None, None) => fields.count(keys.context)?,
        };
        Ok(Self {
            hidden: fields.count(keys.hidden)?,
            vocab: fields.count("vocab_size")?,
            layers: fields.layer_count(keys.layers)?,
            context,
            heads,
        })
    }
}
