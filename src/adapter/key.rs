//! Adapter keys as found in the wild, taken apart (spec sections 3.1 and 3.4).

use std::fmt;

/// Segments that wrappers leave in a key wherever they wrapped a module.
const WRAPPER_SEGMENTS: [&str; 3] = ["_orig_mod", "_fsdp_wrapped_module", "_checkpoint_wrapped_module"];

/// What a key of an adapter file names.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum AdapterKey {
    /// A factor of a method, for a module.
    Factor {
        /// Path of the module in the base model.
        module: String,
        /// Which factor.
        part: Part,
    },
    /// A tensor under the base model's own name: a full copy or something unknown.
    Full {
        /// The base tensor that it would replace.
        parameter: String,
    },
}

/// The factors of the LoRA family.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Part {
    /// `lora_A.weight`, `(r, in)`.
    LoraA,
    /// `lora_B.weight`, `(out, r)`.
    LoraB,
    /// `lora_B.bias`, `(out,)`.
    LoraBBias,
    /// `lora_embedding_A`, `(r, num)`.
    LoraEmbeddingA,
    /// `lora_embedding_B`, `(dim, r)`.
    LoraEmbeddingB,
    /// `lora_magnitude_vector` of DoRA, `(out,)`.
    LoraMagnitude,
}

impl fmt::Display for Part {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(match self {
            Self::LoraA => "lora_A.weight",
            Self::LoraB => "lora_B.weight",
            Self::LoraBBias => "lora_B.bias",
            Self::LoraEmbeddingA => "lora_embedding_A",
            Self::LoraEmbeddingB => "lora_embedding_B",
            Self::LoraMagnitude => "lora_magnitude_vector",
        })
    }
}

impl AdapterKey {
    /// Takes `key` apart: wrapper prefixes, `base_model.model.` and adapter names (`.default.`) fall away.
    #[must_use]
    pub fn parse(key: &str) -> Self {
        let mut segments: Vec<&str> = key.split('.').filter(|segment| !WRAPPER_SEGMENTS.contains(segment)).collect();
        loop {
            if segments.starts_with(&["base_model", "model"]) {
                segments.drain(..2);
            } else if segments.starts_with(&["module"]) {
                segments.remove(0);
            } else {
                break;
            }
        }
        let marker = segments.iter().position(|segment| segment.starts_with("lora_"));
        let factor = marker.and_then(|at| Some((at, part_of(segments[at], &segments[at + 1..])?)));
        match factor {
            Some((at, part)) => Self::Factor { module: segments[..at].join("."), part },
            None => Self::Full { parameter: segments.join(".") },
        }
    }
}

/// The part that `marker` and what follows it name; up to two adapter names may stand between.
fn part_of(marker: &str, tail: &[&str]) -> Option<Part> {
    let (names, leaf) = match tail {
        [names @ .., leaf @ ("weight" | "bias")] => (names, Some(*leaf)),
        names => (names, None),
    };
    if names.len() > 2 {
        return None;
    }
    match (marker, leaf) {
        ("lora_A", Some("weight")) => Some(Part::LoraA),
        ("lora_B", Some("weight")) => Some(Part::LoraB),
        ("lora_B", Some("bias")) => Some(Part::LoraBBias),
        ("lora_embedding_A", None) => Some(Part::LoraEmbeddingA),
        ("lora_embedding_B", None) => Some(Part::LoraEmbeddingB),
        ("lora_magnitude_vector", None | Some("weight")) => Some(Part::LoraMagnitude),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn factor(module: &str, part: Part) -> AdapterKey {
        AdapterKey::Factor { module: module.to_owned(), part }
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
        ] {
            assert_eq!(AdapterKey::parse(key), factor(module, Part::LoraA), "{key}");
        }
    }

    #[test]
    fn other_parts_and_full_tensors_are_told_apart() {
        let cases = [
            ("x.lora_B.bias", factor("x", Part::LoraBBias)),
            ("x.lora_embedding_A", factor("x", Part::LoraEmbeddingA)),
            ("x.lora_embedding_B.default", factor("x", Part::LoraEmbeddingB)),
            ("x.lora_magnitude_vector", factor("x", Part::LoraMagnitude)),
            ("x.lora_magnitude_vector.default.weight", factor("x", Part::LoraMagnitude)),
            ("base_model.model.lm_head.weight", AdapterKey::Full { parameter: "lm_head.weight".into() }),
            ("x.lora_A.a.b.c.weight", AdapterKey::Full { parameter: "x.lora_A.a.b.c.weight".into() }),
            ("x.lora_C.weight", AdapterKey::Full { parameter: "x.lora_C.weight".into() }),
        ];
        for (key, expected) in cases {
            assert_eq!(AdapterKey::parse(key), expected, "{key}");
        }
    }
}
