//! From the name of a tensor in transformers to its place in a GGUF file.

use super::Family;

/// Where a tensor goes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Destination {
    /// Nowhere: it is no part of a text model, or follows from the config.
    Skipped,
    /// A tensor of its own.
    Whole { name: String, layer: Option<usize>, part: &'static str, is_bias: bool },
    /// One of a stack: an expert, or the norm of a head.
    Stacked { layer: usize, part: &'static str, index: usize },
    /// All experts, gate above up in each.
    GatesAndUps { layer: usize },
    /// All experts' last matrices.
    Downs { layer: usize },
}

/// Parts of multimodal models that have no text in them.
const OTHER_SENSES: [&str; 5] =
    ["vision_tower.", "multi_modal_projector.", "vision_model.", "audio_tower.", "embed_vision."];

/// Buffers that old releases stored.
const BUFFERS: [&str; 4] = [".rotary_emb.inv_freq", ".masked_bias", ".attn.bias", ".attention.bias"];

/// The name that the text model has for it.
fn text_name(family: Family, name: &str) -> Option<String> {
    let inner = name.strip_prefix("model.").unwrap_or(name);
    if OTHER_SENSES.iter().any(|sense| inner.starts_with(sense)) {
        return None;
    }
    if matches!(family, Family::Gpt2 | Family::Falcon) {
        return Some(name.strip_prefix("transformer.").unwrap_or(name).to_owned());
    }
    if let Some(rest) = name.strip_prefix("model.language_model.") {
        return Some(format!("model.{rest}"));
    }
    Some(name.strip_prefix("language_model.").unwrap_or(name).to_owned())
}

/// Where the tensor `name` goes; `None` where the family has no place for it.
pub(super) fn destination(family: Family, name: &str) -> Option<Destination> {
    let Some(name) = text_name(family, name) else { return Some(Destination::Skipped) };
    if BUFFERS.iter().any(|buffer| name.ends_with(buffer)) {
        return Some(Destination::Skipped);
    }
    if let Some(rest) = name.strip_prefix(family.layer_prefix()) {
        return in_layer(family, rest);
    }
    let (module, suffix) = name.rsplit_once('.')?;
    let (_, part) = family.top_names().iter().find(|(known, _)| *known == module)?;
    if family.ignores_head() && *part == "output" {
        return Some(Destination::Skipped);
    }
    let may_be_biased = *part == "output_norm" && family.has_layer_norms();
    is_placed(suffix, may_be_biased).then(|| Destination::Whole {
        name: format!("{part}.{suffix}"),
        layer: None,
        part,
        is_bias: suffix == "bias",
    })
}

fn in_layer(family: Family, rest: &str) -> Option<Destination> {
    let (layer, rest) = rest.split_once('.')?;
    let layer: usize = layer.parse().ok()?;
    if family.has_experts()
        && let Some(found) = expert(family, layer, rest)
    {
        return Some(found);
    }
    if family == Family::StableLm
        && let Some(found) = head_norm(layer, rest)
    {
        return Some(found);
    }
    let (module, suffix) = rest.rsplit_once('.')?;
    let (_, part) = family.layer_names().iter().find(|(known, _)| *known == module)?;
    is_placed(suffix, family.biased_parts().contains(part)).then(|| Destination::Whole {
        name: format!("blk.{layer}.{part}.{suffix}"),
        layer: Some(layer),
        part,
        is_bias: suffix == "bias",
    })
}

fn is_placed(suffix: &str, may_be_biased: bool) -> bool {
    suffix == "weight" || suffix == "bias" && may_be_biased
}

/// Experts on their own, or stacked as transformers 5 holds them.
fn expert(family: Family, layer: usize, rest: &str) -> Option<Destination> {
    let inner = rest.strip_prefix("block_sparse_moe.experts.").or_else(|| rest.strip_prefix("mlp.experts."))?;
    match inner {
        "gate_up_proj" => return Some(Destination::GatesAndUps { layer }),
        "down_proj" => return Some(Destination::Downs { layer }),
        _ => {}
    }
    let (expert, module) = inner.split_once('.')?;
    let module = module.strip_suffix(".weight")?;
    let (_, part) = family.expert_names().iter().find(|(known, _)| *known == module)?;
    Some(Destination::Stacked { layer, part, index: expert.parse().ok()? })
}

/// The norm that a head of StableLM has of its own.
fn head_norm(layer: usize, rest: &str) -> Option<Destination> {
    let (part, rest) = [("q_layernorm", "attn_q_norm"), ("k_layernorm", "attn_k_norm")]
        .into_iter()
        .find_map(|(name, part)| Some((part, rest.strip_prefix("self_attn.")?.strip_prefix(name)?)))?;
    let index = rest.strip_prefix(".norms.")?.strip_suffix(".weight")?.parse().ok()?;
    Some(Destination::Stacked { layer, part, index })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn whole(family: Family, name: &str) -> Option<String> {
        match destination(family, name)? {
            Destination::Whole { name, .. } => Some(name),
            other => panic!("{name}: {other:?}"),
        }
    }

    #[test]
    fn names_follow_the_family() {
        let cases = [
            (Family::Llama, "model.layers.3.self_attn.q_proj.weight", "blk.3.attn_q.weight"),
            (Family::Llama, "model.layers.3.self_attn.q_proj.bias", "blk.3.attn_q.bias"),
            (Family::Gemma3, "model.language_model.layers.0.mlp.up_proj.weight", "blk.0.ffn_up.weight"),
            (Family::Gemma3, "language_model.model.norm.weight", "output_norm.weight"),
            (Family::Gemma2, "model.layers.1.post_attention_layernorm.weight", "blk.1.post_attention_norm.weight"),
            (Family::Gpt2, "transformer.h.0.attn.c_attn.bias", "blk.0.attn_qkv.bias"),
            (Family::Gpt2, "h.0.ln_1.weight", "blk.0.attn_norm.weight"),
            (Family::GptNeoX, "embed_out.weight", "output.weight"),
            (Family::Mixtral, "model.layers.0.block_sparse_moe.gate.weight", "blk.0.ffn_gate_inp.weight"),
            (Family::Olmo2, "model.layers.1.post_attention_layernorm.weight", "blk.1.post_attention_norm.weight"),
            (Family::StableLm, "model.norm.bias", "output_norm.bias"),
            (Family::Falcon, "transformer.h.0.ln_attn.bias", "blk.0.attn_norm_2.bias"),
            (Family::Falcon, "transformer.h.0.ln_mlp.weight", "blk.0.attn_norm.weight"),
            (Family::Gemma3, "lm_head.weight", "output.weight"),
        ];
        for (family, name, expected) in cases {
            assert_eq!(whole(family, name).as_deref(), Some(expected), "{name}");
        }
    }

    #[test]
    fn what_has_no_slot_has_no_place() {
        for (family, name) in [
            (Family::Qwen3, "model.layers.0.self_attn.q_proj.bias"),
            (Family::Llama, "model.layers.0.self_attn.q_norm.weight"),
            (Family::Llama, "score.weight"),
            (Family::Falcon, "transformer.h.0.self_attention.dense.bias"),
            (Family::StableLm, "model.layers.0.self_attn.q_layernorm.norms.0.bias"),
            (Family::Qwen3Moe, "model.layers.0.mlp.shared_expert.up_proj.weight"),
        ] {
            assert_eq!(destination(family, name), None, "{name}");
        }
    }

    #[test]
    fn buffers_and_other_senses_are_left_out() {
        for (family, name) in [
            (Family::Gpt2, "h.3.attn.bias"),
            (Family::GptNeoX, "gpt_neox.layers.0.attention.masked_bias"),
            (Family::Llama, "model.layers.0.self_attn.rotary_emb.inv_freq"),
            (Family::Gemma3, "model.vision_tower.blocks.0.weight"),
            (Family::Gemma3, "multi_modal_projector.mm_input_projection_weight"),
            (Family::Gemma2, "lm_head.weight"),
        ] {
            assert_eq!(destination(family, name), Some(Destination::Skipped), "{name}");
        }
    }
}
