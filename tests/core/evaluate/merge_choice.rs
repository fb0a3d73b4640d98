//! Into which base an adapter belongs: the packed one that training saw, or its 16-bit original.

use std::path::{Path, PathBuf};

use lorafuse::{checkpoint::Checkpoint, numeric::codec::Nf4Format, plan::MergeRequest};
use serde_json::Value;

use crate::support::{
    FileBuilder,
    evaluation::{numbers, read_json},
    lorafuse, merged, noise, put, repository, stderr, values,
};

fn packed(part: &str) -> PathBuf {
    repository().join("tests/golden-quant/bnb-nf4").join(part)
}

/// A plain model of the packed one's shape in float32 or bfloat16, its weights `spread` times noise away from what those
/// stand for.
fn put_original(folder: &Path, spread: f32, dtype: &str) {
    let base = Checkpoint::open(&packed("base")).unwrap();
    let mut file = FileBuilder::default();
    for (index, (name, tensor)) in base.tensors().iter().enumerate() {
        let (values, noise) = (values(tensor), noise(index));
        #[expect(clippy::cast_possible_truncation, reason = "they were bfloat16")]
        let value = move |at: usize| values[at] as f32 + spread * noise(at);
        file = if dtype == "float32" {
            file.f32(name, tensor.shape(), value)
        } else {
            let upper_half = |at: usize| value(at).to_le_bytes()[2..].to_vec();
            let bytes = (0..tensor.element_count()).flat_map(upper_half).collect();
            file.raw(name, "BF16", tensor.shape(), bytes)
        };
    }
    put(&folder.join("model.safetensors"), file.build());
    let mut config = read_json(&packed("base/config.json"));
    config["dtype"] = dtype.into();
    config.as_object_mut().unwrap().remove("quantization_config");
    put(&folder.join("config.json"), config.to_string());
}

/// Ids in no order, enough of them to conclude from.
fn put_tokens(path: &Path) {
    let ids: Vec<u64> = (0..5_000_u64).map(|at| at.wrapping_mul(at).wrapping_mul(2_654_435_761) >> 7).collect();
    put(path, serde_json::to_string(&ids.iter().map(|id| id % 96).collect::<Vec<_>>()).unwrap());
}

fn arguments(extra: &[&str]) -> Vec<String> {
    let adapter = packed("adapter").to_string_lossy().into_owned();
    let common = ["compare", "--base", "original", "--adapter", &adapter, "--tokens", "ids.json", "--window", "256"];
    common.iter().chain(extra).map(|argument| (*argument).to_owned()).collect()
}

fn run(root: &Path, extra: &[&str]) -> std::process::Output {
    let arguments = arguments(extra);
    lorafuse(root, &arguments.iter().map(String::as_str).collect::<Vec<_>>())
}

/// What the comparison says of an original that lies `spread` away.
fn compared(spread: f32) -> Value {
    let root = tempfile::tempdir().unwrap();
    put_original(&root.path().join("original"), spread, "float32");
    put_tokens(&root.path().join("ids.json"));
    let base = packed("base").to_string_lossy().into_owned();
    let output = run(root.path(), &["--packed-base", &base, "--json"]);
    assert!(output.status.success(), "{}", stderr(&output));
    serde_json::from_slice(&output.stdout).unwrap()
}

fn sentences(document: &Value) -> Vec<&str> {
    document["conclusions"].as_array().unwrap().iter().map(|sentence| sentence.as_str().unwrap()).collect()
}

#[test]
fn the_merge_into_what_training_saw_is_closer_and_the_difference_has_its_interval() {
    let document = compared(0.02);
    let (models, closeness) = (document["models"].as_array().unwrap(), &document["closeness"]);
    assert_eq!(
        [0, 1, 2].map(|model| models[model]["kind"].as_str().unwrap()),
        ["with_adapters", "in_memory", "in_memory"]
    );
    assert_eq!(["trained", "own_merge", "other_merge"].map(|key| closeness[key].as_u64().unwrap()), [0, 1, 2]);
    assert_eq!([1, 2].map(|model| models[model]["dtype"].as_str().unwrap()), ["BF16", "BF16"], "rounded alike");

    let mean = |key: &str| closeness["all"][key]["mean"].as_f64().unwrap();
    assert!(mean("own_kl") < 1e-3 && mean("other_kl") > 10.0 * mean("own_kl"), "{closeness:#}");
    assert!((mean("kl") - (mean("other_kl") - mean("own_kl"))).abs() < 1e-12);
    let interval = &closeness["all"]["kl"]["interval"];
    let ends = ["low", "high"].map(|end| interval[end].as_f64().unwrap());
    assert!(0.0 < ends[0] && ends[0] < mean("kl") && mean("kl") < ends[1], "{interval}");

    let nll = [1, 2].map(|model| numbers(&models[model]["texts"][0]["nll"]));
    let difference = nll[1].iter().zip(&nll[0]).map(|(other, own)| other - own).sum::<f64>() / nll[0].len() as f64;
    assert!((mean("nll") - difference).abs() < 1e-12, "{} and {difference}", mean("nll"));

    let said = sentences(&document);
    let closer = "merged into the packed base is closer to packed base + adapter than merged into the original: KL ";
    assert!(said.iter().any(|sentence| sentence.starts_with(closer)), "{said:#?}");
    let scores = "merged into the original against merged into the packed base: perplexity ";
    assert!(said.iter().any(|sentence| sentence.starts_with(scores)), "{said:#?}");
    assert!(said.iter().all(|sentence| !sentence.contains("verify the folder")), "{said:#?}");
}

#[test]
fn what_the_trainer_packed_while_loading_needs_no_folder() {
    let root = tempfile::tempdir().unwrap();
    put_original(&root.path().join("original"), 0.02, "bfloat16");
    put_tokens(&root.path().join("ids.json"));
    let output = run(root.path(), &["--as-trained", "nf4,double", "--json"]);
    assert!(output.status.success(), "{}", stderr(&output));
    let document: Value = serde_json::from_slice(&output.stdout).unwrap();
    let mean = |key: &str| document["closeness"]["all"][key]["mean"].as_f64().unwrap();
    assert!(mean("own_kl") < 1e-3 && mean("other_kl") > 3.0 * mean("own_kl"), "{:#}", document["closeness"]);
    let said = sentences(&document);
    assert!(said.iter().any(|sentence| sentence.starts_with("merged into the packed base is closer")), "{said:#?}");

    put_original(&root.path().join("original"), 0.02, "float32");
    let output = run(root.path(), &["--as-trained", "nf4"]);
    assert_eq!(output.status.code(), Some(1), "bitsandbytes packs the 16-bit weights that transformers loads");
    assert!(stderr(&output).contains("16"), "{}", stderr(&output));
}

#[test]
fn two_equal_merges_cannot_be_told_apart() {
    let document = compared(0.0);
    let said = sentences(&document);
    let open = "It cannot be told which of merged into the packed base and merged into the original is closer";
    assert!(said.iter().any(|sentence| sentence.starts_with(open)), "{said:#?}");
    assert_eq!(document["closeness"]["all"]["kl"]["mean"], 0.0);
}

#[test]
fn a_packed_base_that_holds_the_adapter_already_is_told_as_a_merge_tells_it() {
    let root = tempfile::tempdir().unwrap();
    put_original(&root.path().join("original"), 0.02, "float32");
    put_tokens(&root.path().join("ids.json"));
    merged(&MergeRequest {
        requantize: Some(Nf4Format::default()),
        ..MergeRequest::new(packed("base"), packed("adapter"), root.path().join("again"))
    });
    let told = |base: &str| {
        stderr(&run(root.path(), &["--packed-base", base])).contains("the base holds this adapter's change already")
    };
    assert!(told("again"));
    assert!(!told(&packed("base").to_string_lossy()));
}

#[test]
fn the_tables_name_the_three_models_and_a_base_of_the_wrong_kind_is_refused() {
    let root = tempfile::tempdir().unwrap();
    put_original(&root.path().join("original"), 0.02, "float32");
    put_tokens(&root.path().join("ids.json"));
    let base = packed("base").to_string_lossy().into_owned();
    let output = run(root.path(), &["--packed-base", &base]);
    let text = String::from_utf8(output.stdout).unwrap();
    for part in [
        "packed base + adapter → merged into the packed base",
        "packed base + adapter → merged into the original",
        "closer to packed base + adapter",
        "KL, merged into the original",
    ] {
        assert!(text.contains(part), "{part} in {text}");
    }

    let plain = run(root.path(), &["--packed-base", "original"]);
    assert_eq!(plain.status.code(), Some(2));
    assert!(stderr(&plain).contains("holds no packed weights"), "{}", stderr(&plain));
    // This adapter names the packed base, which lies beside it; a copy of it elsewhere names it in vain.
    assert!(run(root.path(), &[]).status.success());
    for file in ["adapter_config.json", "adapter_model.safetensors"] {
        put(&root.path().join("lone").join(file), std::fs::read(packed("adapter").join(file)).unwrap());
    }
    let args = ["compare", "--base", "original", "--adapter", "lone", "--tokens", "ids.json"];
    let nothing = lorafuse(root.path(), &args);
    assert_eq!(nothing.status.code(), Some(2));
    assert!(stderr(&nothing).contains("names no packed base that this machine has"), "{}", stderr(&nothing));
}
