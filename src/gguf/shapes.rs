//! Which tensors a file must have, and of which shape the config says they are.

use serde_json::Value;

use super::{ExportError, Family, hyperparameters::feed_forward, settings::Settings};

/// The sizes that shapes are made of.
#[derive(Debug)]
pub(super) struct Shapes {
    family: Family,
    hidden: u64,
    context: u64,
    query: u64,
    key: u64,
    head: u64,
    feed_forward: u64,
    expert_feed_forward: u64,
    experts: u64,
}

impl Shapes {
    pub(super) fn of(family: Family, settings: &Settings<'_>) -> Result<Self, ExportError> {
        let head = u64::from(settings.head_dim()?);
        let feed_forward = u64::from(feed_forward(family, settings)?);
        let expert_feed_forward = match family {
            Family::Qwen3Moe => u64::from(settings.needed_count(&["moe_intermediate_size"], None)?),
            _ => feed_forward,
        };
        Ok(Self {
            family,
            hidden: u64::from(settings.hidden()?),
            context: u64::from(settings.context()?),
            query: u64::from(settings.heads()?) * head,
            key: u64::from(settings.key_heads()?) * head,
            head,
            feed_forward,
            expert_feed_forward,
            experts: u64::from(settings.experts()?),
        })
    }

    /// Dimensions, innermost first, of the tensor `name` of the file in a model of `vocabulary` tokens; `None` for factors of rotations.
    pub(super) fn dims(&self, name: &str, vocabulary: u64) -> Option<Vec<u64>> {
        let (module, suffix) = name.rsplit_once('.')?;
        let part = module.rsplit_once('.').map_or(module, |(_, part)| part);
        let hidden = self.hidden;
        let matrix = match part {
            "token_embd" | "output" => vec![hidden, vocabulary],
            "position_embd" => vec![hidden, self.context],
            "output_norm" | "attn_norm" | "attn_norm_2" | "ffn_norm" | "post_attention_norm" | "post_ffw_norm" => {
                return Some(vec![hidden]);
            }
            "attn_q_norm" | "attn_k_norm" => {
                let of_all = if part == "attn_q_norm" { self.query } else { self.key };
                return Some(match self.family {
                    Family::Olmo2 => vec![of_all],
                    Family::StableLm => vec![self.head, of_all / self.head],
                    _ => vec![self.head],
                });
            }
            "attn_q" => vec![hidden, self.query],
            "attn_k" | "attn_v" => vec![hidden, self.key],
            "attn_qkv" => vec![hidden, self.query + 2 * self.key],
            "attn_output" => vec![self.query, hidden],
            "ffn_up" if self.family == Family::Phi3 => vec![hidden, 2 * self.feed_forward],
            "ffn_gate" | "ffn_up" => vec![hidden, self.feed_forward],
            "ffn_down" => vec![self.feed_forward, hidden],
            "ffn_gate_inp" => vec![hidden, self.experts],
            "ffn_gate_exps" | "ffn_up_exps" => vec![hidden, self.expert_feed_forward, self.experts],
            "ffn_down_exps" => vec![self.expert_feed_forward, hidden, self.experts],
            _ => return None,
        };
        Some(if suffix == "bias" { vec![matrix[1]] } else { matrix })
    }
}

/// Tensors that a reader looks for: outside of layers, and in the first one beside its weights.
pub(super) fn needed(family: Family) -> Vec<String> {
    let mut names = vec!["token_embd.weight".to_owned(), "output_norm.weight".to_owned()];
    if family.has_layer_norms() {
        names.push("output_norm.bias".to_owned());
    }
    if family == Family::Gpt2 {
        names.push("position_embd.weight".to_owned());
    }
    let biased: &[&str] = match family {
        Family::Gpt2 | Family::GptNeoX | Family::Qwen2 => family.biased_parts(),
        Family::StableLm | Family::Falcon => &["attn_norm"],
        _ => &[],
    };
    names.extend(biased.iter().map(|part| format!("blk.0.{part}.bias")));
    names
}

/// Tensors of a layer that are there where the config asks for them, and only there.
pub(super) struct Switch {
    /// The key, and what it is.
    pub(super) key: (&'static str, Value),
    /// Whether that asks for them.
    pub(super) is_on: bool,
    /// Their names in a layer.
    pub(super) names: &'static [&'static str],
}

/// What the config of the family's models may ask for.
pub(super) fn switches(family: Family, settings: &Settings<'_>) -> Result<Vec<Switch>, ExportError> {
    let flag = |key, names| {
        let is_on = settings.flag(key, false)?;
        Ok::<_, ExportError>(Switch { key: (key, is_on.into()), is_on, names })
    };
    let attention = &["attn_q.bias", "attn_k.bias", "attn_v.bias", "attn_output.bias"];
    Ok(match family {
        Family::Llama => vec![
            flag("attention_bias", attention)?,
            flag("mlp_bias", &["ffn_gate.bias", "ffn_up.bias", "ffn_down.bias"])?,
        ],
        Family::Mixtral => vec![flag("attention_bias", attention)?],
        Family::StableLm => {
            let is_parallel = settings.flag("use_parallel_residual", false)?;
            vec![
                flag("use_qkv_bias", &["attn_q.bias", "attn_k.bias", "attn_v.bias"])?,
                flag("qk_layernorm", &["attn_q_norm.weight", "attn_k_norm.weight"])?,
                Switch {
                    key: ("use_parallel_residual", is_parallel.into()),
                    is_on: !is_parallel,
                    names: &["ffn_norm.weight", "ffn_norm.bias"],
                },
            ]
        }
        Family::Falcon => {
            let count = settings.parallel_norms()?;
            let key = ("num_ln_in_parallel_attn", count.into());
            vec![Switch { key, is_on: count == 2, names: &["attn_norm_2.weight", "attn_norm_2.bias"] }]
        }
        _ => Vec::new(),
    })
}
