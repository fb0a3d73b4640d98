//! Adapter keys as found in the wild, taken apart (spec sections 3.1 and 3.4).

use super::{Part, methods};

/// Segments that wrappers leave in a key wherever they wrapped a module.
const WRAPPER_SEGMENTS: [&str; 3] = ["_orig_mod", "_fsdp_wrapped_module", "_checkpoint_wrapped_module"];

/// What a key of an adapter file names.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum AdapterKey {
    /// A factor of a method, for a module.
    Factor {
        /// Path of the module in the base model; PEFT nests the factors of several parameters of one module by
        /// `base_layer` segments, which stay.
        module: String,
        /// Which factor.
        part: Part,
    },
    /// A factor that all modules share: no path stands before it.
    Shared {
        /// Which factor.
        part: Part,
    },
    /// A tensor under the base model's own name: a full copy or something unknown.
    Full {
        /// The base tensor that it would replace.
        parameter: String,
        /// What the key says about the copy.
        kind: CopyKind,
    },
}

/// What the key of a full copy says about it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum CopyKind {
    /// Nothing: the base model's own name.
    Plain,
    /// `modules_to_save`: a module that was trained whole.
    ModuleToSave,
    /// `base_layer`: the weight (an embedding) or bias beneath an adapted layer.
    BaseLayer,
    /// `original_module`: the untrained copy of a module that was trained whole.
    Original,
    /// `ln_tuning_layers`: a trained norm.
    TunedNorm,
}

/// Adapter names that may stand between a factor's name and its leaf.
const MAX_NAMES: usize = 2;

/// The module in which PEFT keeps the rows of trainable tokens, beneath the embedding's own name.
const TOKEN_ADAPTER: &str = "token_adapter";

/// Segments that say what a full copy is.
const COPY_MARKERS: [(&str, CopyKind); 4] = [
    ("original_module", CopyKind::Original),
    ("modules_to_save", CopyKind::ModuleToSave),
    ("ln_tuning_layers", CopyKind::TunedNorm),
    ("base_layer", CopyKind::BaseLayer),
];

impl AdapterKey {
    /// Takes `key` apart: wrapper prefixes, `base_model.model.` and adapter names (`.default.`) fall away.
    #[must_use]
    pub fn parse(key: &str) -> Self {
        let mut segments: Vec<&str> = key.split('.').filter(|segment| !WRAPPER_SEGMENTS.contains(segment)).collect();
        // What stands before PEFT's own prefix is the path of a wrapper around its model (`0.auto_model.` of
        // sentence-transformers, `pretrained_model.` of TRL).
        if let Some(at) = segments.windows(2).rposition(|pair| pair == ["base_model", "model"]) {
            segments.drain(..at + 2);
        }
        while segments.starts_with(&["module"]) {
            segments.remove(0);
        }
        let marker = segments.iter().position(|segment| methods::all_parts().any(|part| part.name() == *segment));
        let factor = marker.and_then(|at| Some((at, part_of(segments[at], &segments[at + 1..])?)));
        match factor {
            // The original of a module that is saved whole holds the layers that were adapted in it, untrained.
            Some(_) if segments.contains(&"original_module") => full_copy(&segments),
            Some((at, part)) if methods::is_shared(part) && matches!(segments[..at], [] | ["base_model"]) => {
                Self::Shared { part }
            }
            Some((at, part)) => {
                let module = &segments[..at];
                let module = module.strip_suffix(&[TOKEN_ADAPTER]).unwrap_or(module);
                Self::Factor { module: without_copies(module).join("."), part }
            }
            None => full_copy(&segments),
        }
    }
}

/// The part that `marker` and what follows it name; up to two adapter names may stand between.
fn part_of(marker: &str, tail: &[&str]) -> Option<Part> {
    let found = |part: Part| part.found(tail).filter(|(_, names)| names.len() <= MAX_NAMES).map(|(part, _)| part);
    methods::all_parts().filter(|part| part.name() == marker).find_map(found)
}

/// The path of an adapted layer that lies in a module which is saved whole, without the segments that say so.
fn without_copies<'k>(module: &[&'k str]) -> Vec<&'k str> {
    let follows_copy = |at: usize| at > 0 && module[at - 1] == "modules_to_save";
    let is_kept = |(at, segment): &(usize, &&str)| {
        **segment != "modules_to_save" && !(**segment == "default" && follows_copy(*at))
    };
    module.iter().enumerate().filter(is_kept).map(|(_, segment)| *segment).collect()
}

/// A key without a factor: what it replaces, with the segments that say what it is taken out.
fn full_copy(segments: &[&str]) -> AdapterKey {
    let found = |name: &str| COPY_MARKERS.iter().find(|(marker, _)| *marker == name).map(|(_, kind)| *kind);
    let kind = COPY_MARKERS.iter().find(|(marker, _)| segments.contains(marker)).map(|(_, kind)| *kind);
    let mut parameter: Vec<&str> = Vec::with_capacity(segments.len());
    let mut follows_marker = false;
    for (at, segment) in segments.iter().enumerate() {
        let is_adapter_name = follows_marker && *segment == "default";
        // Beneath the rows of trainable tokens lies the embedding that was resized for them.
        let is_token_adapter = *segment == TOKEN_ADAPTER && segments.get(at + 1) == Some(&"base_layer");
        let is_marker = is_token_adapter || found(segment).is_some();
        if !is_marker && !is_adapter_name {
            parameter.push(segment);
        }
        follows_marker = is_marker;
    }
    AdapterKey::Full { parameter: parameter.join("."), kind: kind.unwrap_or(CopyKind::Plain) }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn factor(module: &str, part: Part) -> AdapterKey {
        AdapterKey::Factor { module: module.to_owned(), part }
    }

    fn full(parameter: &str, kind: CopyKind) -> AdapterKey {
        AdapterKey::Full { parameter: parameter.to_owned(), kind }
    }

    #[test]
    fn keys_of_every_producer_name_the_same_module() {
        let module = "model.layers.0.self_attn.q_proj";
        for key in [
            "base_model.model.model.layers.0.self_attn.q_proj.lora_A.weight",
            "base_model.model.model.layers.0.self_attn.q_proj.lora_A.default.weight",
            "base_model.model.model.layers.0.self_attn.q_proj.lora_A.default.default.weight",
            "base_model.model.base_model.model.model.layers.0.self_attn.q_proj.lora_A.weight",
            "module.base_model.model.model.layers.0.self_attn.q_proj.lora_A.weight",
            "base_model.model._orig_mod.model.layers.0._checkpoint_wrapped_module.self_attn.q_proj.lora_A.weight",
            "model.layers.0.self_attn.q_proj.lora_A.my_adapter.weight",
            "0.auto_model.base_model.model.model.layers.0.self_attn.q_proj.lora_A.weight",
            "pretrained_model.base_model.model.model.layers.0.self_attn.q_proj.lora_A.default.weight",
        ] {
            assert_eq!(AdapterKey::parse(key), factor(module, Part::weight("lora_A")), "{key}");
        }
    }

    #[test]
    fn other_parts_and_full_tensors_are_told_apart() {
        let cases = [
            ("x.lora_B.bias", factor("x", Part::bias("lora_B"))),
            ("x.lora_embedding_A", factor("x", Part::parameter("lora_embedding_A"))),
            ("x.lora_embedding_B.default", factor("x", Part::parameter("lora_embedding_B"))),
            ("x.lora_magnitude_vector", factor("x", Part::parameter_or_weight("lora_magnitude_vector"))),
            ("x.lora_magnitude_vector.default.weight", factor("x", Part::parameter_or_weight("lora_magnitude_vector"))),
            ("x.lora_A.default", factor("x", Part::parameter("lora_A"))),
            ("x.lora_E", factor("x", Part::parameter("lora_E"))),
            ("x.experts.base_layer.lora_A.weight", factor("x.experts.base_layer", Part::weight("lora_A"))),
            ("x.token_adapter.trainable_tokens_delta", factor("x", Part::parameter("trainable_tokens_delta"))),
            ("x.trainable_tokens_delta.default", factor("x", Part::parameter("trainable_tokens_delta"))),
            ("x.oft_R.default.weight", factor("x", Part::weight("oft_R"))),
            ("x.peanut_encoders.default.2.weight", factor("x", Part::numbered_weight("peanut_encoders").at(2))),
            ("head.modules_to_save.dense.lora_A.weight", factor("head.dense", Part::weight("lora_A"))),
            ("head.modules_to_save.default.dense.lora_B.default.weight", factor("head.dense", Part::weight("lora_B"))),
            ("head.modules_to_save.lora_A.weight", factor("head", Part::weight("lora_A"))),
            ("head.original_module.dense.lora_A.weight", full("head.dense.lora_A.weight", CopyKind::Original)),
            ("head.modules_to_save.dense.base_layer.weight", full("head.dense.weight", CopyKind::ModuleToSave)),
            ("base_model.model.lm_head.weight", full("lm_head.weight", CopyKind::Plain)),
            ("x.base_layer.weight", full("x.weight", CopyKind::BaseLayer)),
            ("x.base_layer.bias", full("x.bias", CopyKind::BaseLayer)),
            ("x.token_adapter.base_layer.weight", full("x.weight", CopyKind::BaseLayer)),
            ("x.base_layer.token_adapter.base_layer.weight", full("x.weight", CopyKind::BaseLayer)),
            ("x.token_adapter.weight", full("x.token_adapter.weight", CopyKind::Plain)),
            ("head.modules_to_save.default.dense.weight", full("head.dense.weight", CopyKind::ModuleToSave)),
            ("head.modules_to_save.weight", full("head.weight", CopyKind::ModuleToSave)),
            ("head.original_module.weight", full("head.weight", CopyKind::Original)),
            ("norm.ln_tuning_layers.default.bias", full("norm.bias", CopyKind::TunedNorm)),
            ("x.lora_A.a.b.c.weight", full("x.lora_A.a.b.c.weight", CopyKind::Plain)),
            ("x.lora_C.weight", full("x.lora_C.weight", CopyKind::Plain)),
        ];
        for (key, expected) in cases {
            assert_eq!(AdapterKey::parse(key), expected, "{key}");
        }
    }
}
