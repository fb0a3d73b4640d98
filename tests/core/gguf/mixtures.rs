//! Which type each tensor of real models gets, in seven kinds of files: as llama.cpp's quantisation decides.

#![expect(clippy::cast_possible_truncation, reason = "small numbers of a test")]

use lorafuse::gguf::{FileType, MixtureModel};
use serde_json::Value;

use crate::support::repository;

/// The type of `layer` in a table's entry: one name, or the first layer's with the layers of every other.
fn expected(entry: &Value, layer: usize) -> &str {
    let Value::Array(parts) = entry else { return entry.as_str().unwrap() };
    let others = parts[1].as_object().unwrap();
    let is_other = |layers: &Value| layers.as_array().unwrap().contains(&layer.into());
    others.iter().find(|(_, layers)| is_other(layers)).map_or(parts[0].as_str().unwrap(), |(name, _)| name)
}

#[test]
fn every_tensor_gets_the_type_that_llama_cpp_gives_it() {
    let text = std::fs::read_to_string(repository().join("tests/golden-gguf/mixtures.json")).unwrap();
    let models: serde_json::Map<String, Value> = serde_json::from_str(&text).unwrap();
    let (mut checked, mut cases) = (0, 0);
    for (name, model) in &models {
        let layers = model["layers"].as_u64().unwrap() as usize;
        let mixture = MixtureModel {
            architecture: model["arch"].as_str().unwrap(),
            layers,
            experts: model["experts"].as_u64().unwrap() as usize,
            has_grouped_heads: model["gqa"].as_u64().unwrap() > 1,
            has_output: !model["tied"].as_bool().unwrap(),
        };
        for (file_type, table) in model["types"].as_object().unwrap() {
            let parsed: FileType = file_type.to_lowercase().parse().unwrap();
            for (pattern, entry) in table.as_object().unwrap() {
                let dims: Vec<u64> = serde_json::from_value(model["shapes"][pattern].clone()).unwrap();
                let count = if pattern.contains("{i}") { layers } else { 1 };
                for layer in 0..count {
                    let tensor = pattern.replace("{i}", &layer.to_string());
                    let found = parsed.tensor_type(&tensor, &dims, &mixture);
                    // llama.cpp leaves these as it finds them, and found half precision; written anew they are single.
                    let is_kept =
                        ["ffn_gate_inp.weight", "position_embd.weight"].iter().any(|kept| tensor.ends_with(kept));
                    let expected = if is_kept { "F32" } else { expected(entry, layer) };
                    assert_eq!(found.name(), expected, "{name}, {file_type}: {tensor}");
                    checked += 1;
                }
            }
            cases += 1;
        }
    }
    assert_eq!((cases, checked > 25_000), (105, true), "{checked} types");
}

#[test]
fn names_of_file_types_are_read_in_any_case() {
    for file_type in FileType::ALL {
        assert_eq!(file_type.name().to_lowercase().parse::<FileType>().unwrap(), file_type);
    }
    let error = "iq2_xs".parse::<FileType>().unwrap_err().to_string();
    assert!(error.contains("iq2_xs") && error.contains("Q4_K_M"), "{error}");
}
