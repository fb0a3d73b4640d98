//! Quantised bases against the libraries that write them: the weights, a merge into them, and what the model says.

use std::{
    collections::BTreeMap,
    fs,
    path::{Path, PathBuf},
};

use lorafuse::{
    checkpoint::Checkpoint,
    evaluate::{EvalError, EvalText, ModelSource},
    plan::{MergePlan, MergeRequest},
};
use serde::Deserialize;
use sha2::{Digest as _, Sha256};

use crate::support::{
    FileBuilder, bytes,
    equality::verifies,
    evaluation::{NLL_TOLERANCE, cases, evaluated, ids, max_difference, numbers, read_json},
    lorafuse, merged, put, put_toy, repository, stderr,
};

/// A tensor of the dequantised model, as the library has it.
#[derive(Deserialize)]
struct Reference {
    dtype: String,
    shape: Vec<usize>,
    sha256: String,
}

impl Reference {
    fn digest(&self) -> Vec<u8> {
        let byte = |start| u8::from_str_radix(&self.sha256[start..start + 2], 16).unwrap();
        (0..self.sha256.len()).step_by(2).map(byte).collect()
    }
}

fn case(name: &str) -> PathBuf {
    repository().join("tests/golden-quant").join(name)
}

/// The cases, each with what the library says of it.
fn all() -> Vec<(String, serde_json::Value)> {
    let cases = cases(&case(""));
    assert_eq!(cases.len(), 16);
    cases
}

#[test]
fn every_weight_is_what_its_own_library_makes_of_it() {
    for (name, _) in all() {
        let base = Checkpoint::open(&case(&name).join("base")).unwrap();
        assert!(base.quantization().is_some(), "{name}");
        let expected: BTreeMap<String, Reference> =
            serde_json::from_value(read_json(&case(&name).join("dequantized.json"))).unwrap();
        let names: Vec<&String> = expected.keys().collect();
        assert_eq!(base.tensors().keys().collect::<Vec<_>>(), names, "{name}");
        for (tensor, reference) in expected {
            let ours = base.tensor(&tensor).unwrap();
            assert_eq!(ours.dtype().name(), reference.dtype, "{name}: {tensor}");
            assert_eq!(ours.shape(), reference.shape, "{name}: {tensor}");
            assert_eq!(Sha256::digest(bytes(&base, &tensor)).as_slice(), reference.digest(), "{name}: {tensor}");
        }
    }
}

#[test]
fn rows_read_apart_are_those_of_the_whole() {
    for (name, _) in all() {
        let base = Checkpoint::open(&case(&name).join("base")).unwrap();
        for tensor in base.tensors().values() {
            let (whole, shape) = (bytes(&base, tensor.name()), tensor.tile_shape());
            let row_byte_count = shape.columns * tensor.dtype().bitsize() / 8;
            for start in [0, 1, shape.rows / 3, shape.rows - 1] {
                for end in [start, start + 1, (start + 7).min(shape.rows), shape.rows] {
                    if end > shape.rows {
                        continue;
                    }
                    let mut rows = vec![0; (end - start) * row_byte_count];
                    tensor.read_row_bytes(start..end, &mut rows).unwrap();
                    let expected = &whole[start * row_byte_count..end * row_byte_count];
                    assert_eq!(rows, expected, "{name}: {}, rows {start} to {end}", tensor.name());
                }
            }
        }
    }
}

#[test]
fn a_merge_is_that_into_the_dequantised_model_and_is_proven() {
    for (name, _) in all() {
        let folder = tempfile::tempdir().unwrap();
        let [output, plain, plain_output] = ["merged", "plain", "plain-merged"].map(|part| folder.path().join(part));
        let request = MergeRequest::new(case(&name).join("base"), case(&name).join("adapter"), output.clone());
        merged(&request);
        verifies(&request);
        let result = Checkpoint::open(&output).unwrap();
        assert!(result.quantization().is_none() && result.config().quantization().is_none(), "{name}");
        write_plain(&Checkpoint::open(&request.base).unwrap(), &plain);
        merged(&MergeRequest { base: plain, output: plain_output.clone(), ..request });
        let expected = Checkpoint::open(&plain_output).unwrap();
        assert!(result.tensors().keys().eq(expected.tensors().keys()), "{name}");
        assert_eq!(result.config().text().as_str(), expected.config().text().as_str(), "{name}");
        for tensor in result.tensors().keys() {
            assert_eq!(bytes(&result, tensor), bytes(&expected, tensor), "{name}: {tensor}");
        }
    }
}

#[test]
fn base_merge_and_adapter_at_run_time_say_what_the_library_says() {
    for (name, expected) in all() {
        let (base, adapter) = (case(&name).join("base"), case(&name).join("adapter"));
        let request = MergeRequest::new(base.clone(), adapter, PathBuf::from("unused"));
        let sources = [
            ("dequantized", ModelSource::Stored(base.clone())),
            ("merged", ModelSource::InMemory(request.clone())),
            (
                "dequantized_plus_adapter",
                ModelSource::WithAdapters { base, trained_quantization: None, adapters: request.adapters },
            ),
        ];
        let (models, sources): (Vec<_>, Vec<_>) = sources.into_iter().unzip();
        let report = match evaluated(sources, vec![EvalText::tokens("ids", ids(&case(&name)))]) {
            // No decoder of ours computes this architecture, quantised or not.
            Err(EvalError::Architecture { .. }) => continue,
            report => report.unwrap(),
        };
        for (model, evaluated) in models.into_iter().zip(&report.models) {
            let difference = max_difference(&evaluated.texts[0].nll, &numbers(&expected[model]["nll"]));
            println!("{name}, {model}: {difference:.1e}");
            assert!(difference <= NLL_TOLERANCE, "{name}, {model}: {difference}");
        }
    }
}

#[test]
fn plan_and_inspect_say_what_the_config_has_otherwise_than_the_states_and_verify_that_a_folder_is_packed() {
    let root = tempfile::tempdir().unwrap();
    let base = root.path().join("base");
    let read = |name: &str| fs::read(case("bnb-nf4/base").join(name)).unwrap();
    put(&base.join("model.safetensors"), read("model.safetensors"));
    let config = String::from_utf8(read("config.json")).unwrap();
    assert!(config.contains(r#""bnb_4bit_quant_type": "nf4""#), "{config}");
    put(&base.join("config.json"), config.replace(r#""nf4""#, r#""fp4""#));
    let adapter = case("bnb-nf4/adapter").to_string_lossy().into_owned();
    for arguments in [vec!["merge", "base", &adapter, "-o", "merged", "--dry-run"], vec!["inspect", "base"]] {
        let run = lorafuse(root.path(), &arguments);
        assert!(run.status.success(), "{}", stderr(&run));
        let said = format!("{}{}", String::from_utf8_lossy(&run.stdout), stderr(&run));
        assert!(said.contains("bnb_4bit_quant_type: fp4") && said.contains("nf4"), "{arguments:?}: {said}");
    }
    let verify = lorafuse(root.path(), &["verify", "base"]);
    let said = format!("{}{}", String::from_utf8_lossy(&verify.stdout), stderr(&verify));
    assert!(said.contains("the weights are packed (bitsandbytes NF4)"), "{said}");
}

#[test]
fn the_card_says_that_the_base_was_packed_and_inspect_fails_where_it_is_not_read() {
    let root = tempfile::tempdir().unwrap();
    let [base, adapter] = ["base", "adapter"].map(|part| case("bnb-nf4").join(part).to_string_lossy().into_owned());
    let merge = lorafuse(root.path(), &["merge", &base, &adapter, "-o", "merged"]);
    assert!(merge.status.success(), "{}", stderr(&merge));
    let card = fs::read_to_string(root.path().join("merged/README.md")).unwrap();
    assert!(card.contains("| Dtype | bfloat16, unpacked from bitsandbytes NF4 |"), "{card}");

    put_toy(root.path());
    put(&root.path().join("base/config.json"), r#"{"quantization_config": {"quant_method": "hqq"}}"#);
    let inspect = lorafuse(root.path(), &["inspect", "base", "adapter"]);
    assert_eq!(inspect.status.code(), Some(1), "the shapes fit, and still nothing can be merged");
    assert!(stderr(&inspect).contains("quantised by hqq"), "{}", stderr(&inspect));
}

#[test]
fn experts_that_mlx_lm_stacks_are_refused_by_their_name() {
    let root = tempfile::tempdir().unwrap();
    put_toy(root.path());
    let config = serde_json::json!({
        "model_type": "qwen3_moe", "architectures": ["Qwen3MoeForCausalLM"], "hidden_size": 64,
        "quantization": {"group_size": 64, "bits": 4},
    });
    let experts = "model.layers.0.mlp.switch_mlp.up_proj";
    let file = FileBuilder::default()
        .raw(&format!("{experts}.weight"), "U32", &[2, 4, 8], vec![0; 256])
        .raw(&format!("{experts}.scales"), "BF16", &[2, 4, 1], vec![0; 16])
        .raw(&format!("{experts}.biases"), "BF16", &[2, 4, 1], vec![0; 16]);
    put(&root.path().join("base/config.json"), config.to_string());
    put(&root.path().join("base/model.safetensors"), file.build());
    let request = MergeRequest::new(root.path().join("base"), root.path().join("adapter"), root.path().join("merged"));
    let error = MergePlan::new(&request).map(drop).unwrap_err().to_string();
    assert!(error.contains("mlx-lm with the experts of qwen3_moe stacked as switch_mlp"), "{error}");
}

/// Writes the model's tensors as the files of a model that was never quantised.
fn write_plain(model: &Checkpoint, folder: &Path) {
    let tensors = model.tensors().values().fold(FileBuilder::default(), |file, tensor| {
        file.raw(tensor.name(), tensor.dtype().name(), tensor.shape(), bytes(model, tensor.name()))
    });
    put(&folder.join("model.safetensors"), tensors.build());
    put(&folder.join("config.json"), model.config().text().as_str());
}
