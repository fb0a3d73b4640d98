//! Layers of a fine-tuning method that a model still holds beside its weights: saved before they were merged, or shipped
//! with it.

use std::collections::BTreeSet;

use super::Checkpoint;

/// Segments that only the layers of PEFT and mlx-lm have, each whole: `q_lora_rank`, `kv_a_proj` and `time_maa_w1` are a model's own.
const LAYER_SEGMENTS: [&str; 22] = [
    "lora_A",
    "lora_B",
    "lora_E",
    "lora_embedding_A",
    "lora_embedding_B",
    "lora_magnitude_vector",
    "lora_a",
    "lora_b",
    "hada_w1_a",
    "hada_w1_b",
    "hada_w2_a",
    "hada_w2_b",
    "lokr_w1",
    "lokr_w1_a",
    "lokr_w2",
    "lokr_w2_a",
    "ia3_l",
    "oft_R",
    "oft_r",
    "trainable_tokens_delta",
    "modules_to_save",
    "original_module",
];

/// What PEFT puts before every name of a model that it wraps.
const WRAPPER: &str = "base_model.model.";

/// The names of adapters that Phi-4-multimodal switches by the kind of its input.
const SWITCHED: [&str; 2] = ["vision", "speech"];

/// Layers of a fine-tuning method among a model's weights.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Unmerged {
    /// The tensors that only such layers have, `base_layer` weights included.
    pub tensors: Vec<String>,
    /// Adapters that the model applies by the kind of its input, as Phi-4-multimodal does; empty where it has none.
    pub switched: Vec<String>,
}

impl Checkpoint {
    /// The layers of a fine-tuning method that lie among the weights; `None` where there are none.
    #[must_use]
    pub fn unmerged(&self) -> Option<Unmerged> {
        of_names(self.tensors().keys().map(String::as_str))
    }
}

fn of_names<'a>(names: impl Iterator<Item = &'a str>) -> Option<Unmerged> {
    let tensors: Vec<String> = names.filter(|name| is_of_layer(name)).map(str::to_owned).collect();
    let has = |adapter: &&str| tensors.iter().any(|name| name.split('.').any(|segment| segment == *adapter));
    let switched: BTreeSet<String> = SWITCHED.into_iter().filter(has).map(str::to_owned).collect();
    (!tensors.is_empty()).then(|| Unmerged { tensors, switched: switched.into_iter().collect() })
}

fn is_of_layer(name: &str) -> bool {
    // A layer called `base_layer` that holds others is a model's own (timm's DLA).
    let is_base_layer = name.rsplit_once('.').is_some_and(|(module, _)| module.ends_with(".base_layer"));
    // A part of a model may be wrapped as well (`language_model.base_model.model.…`, as InternVL saves it).
    let is_wrapped = name.match_indices(WRAPPER).any(|(at, _)| at == 0 || name.as_bytes()[at - 1] == b'.');
    is_base_layer || is_wrapped || name.split('.').any(|segment| LAYER_SEGMENTS.contains(&segment))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn layers_of_a_method_are_found_and_a_models_own_names_are_not() {
        for name in [
            "model.layers.0.q_proj.base_layer.weight",
            "model.layers.0.q_proj.lora_A.default.weight",
            "model.layers.0.q_proj.lora_B.weight",
            "model.embed_tokens.lora_embedding_A.default",
            "score.modules_to_save.default.weight",
            "score.original_module.weight",
            "model.layers.0.k_proj.ia3_l.default",
            "base_model.model.model.norm.weight",
            "language_model.base_model.model.model.norm.weight",
            "model.layers.0.q_proj.lora_a",
        ] {
            assert!(is_of_layer(name), "{name}");
        }
        for name in [
            "model.layers.0.self_attn.kv_a_proj_with_mqa.weight",
            "model.layers.0.self_attn.q_a_proj.weight",
            "rwkv.blocks.0.attention.time_maa_w1",
            "model.layers.0.attn.w_lora.lora.0.weight",
            "model.layers.0.self_attn.linear_q_adapter_list.0.0.weight",
            "backbone.base_layer.0.weight",
            "base_model.embed_tokens.weight",
            "my_base_model.model.norm.weight",
            "model.layers.0.lora_down.weight",
            "base_layer.weight",
        ] {
            assert!(!is_of_layer(name), "{name}");
        }
    }

    #[test]
    fn adapters_that_a_model_switches_are_named() {
        let names = ["a.lora_A.speech.weight", "a.lora_A.vision.weight", "a.base_layer.weight", "b.weight"];
        let unmerged = of_names(names.into_iter()).unwrap();
        assert_eq!((unmerged.tensors.len(), unmerged.switched.len()), (3, 2));
        assert!(of_names(["a.lora_A.default.weight"].into_iter()).unwrap().switched.is_empty());
        assert!(of_names(["a.weight", "speech.weight"].into_iter()).is_none());
    }
}
