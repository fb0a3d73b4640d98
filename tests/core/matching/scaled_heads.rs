//! Heads that T5's classes scale only while they are tied: what each config of a base asks for, and what is refused.

use std::path::PathBuf;

use lorafuse::{
    checkpoint::Checkpoint,
    plan::{MergePlan, MergeRequest, PlanError},
};
use serde_json::{Value, json};

use crate::support::{FileBuilder, bytes, equality::verifies, golden, merged, noise, put, values};

const HEAD: &str = "lm_head.weight";
const TIED: &str = "tie_word_embeddings";
const SCALED: &str = "scale_decoder_outputs";

/// A T5 of width 24, of which the golden case trains the head.
struct Base {
    root: tempfile::TempDir,
    config: Value,
    weights: FileBuilder,
}

impl Base {
    fn new() -> Self {
        let base = golden("t5-head").join("base");
        let model = Checkpoint::open(&base).unwrap();
        let weights = model.tensors().values().fold(FileBuilder::default(), |builder, tensor| {
            builder.raw(tensor.name(), "F32", tensor.shape(), bytes(&model, tensor.name()))
        });
        let config = serde_json::from_str(&std::fs::read_to_string(base.join("config.json")).unwrap()).unwrap();
        Self { root: tempfile::tempdir().unwrap(), config, weights }
    }

    /// Sets keys of the config; null takes one out.
    fn with(mut self, keys: &Value) -> Self {
        let config = self.config.as_object_mut().unwrap();
        for (key, value) in keys.as_object().unwrap() {
            config.remove(key);
            if !value.is_null() {
                config.insert(key.clone(), value.clone());
            }
        }
        self
    }

    fn request(&self, adapter: PathBuf) -> MergeRequest {
        let base = self.root.path().join("base");
        put(&base.join("config.json"), self.config.to_string());
        put(&base.join("model.safetensors"), self.weights.build());
        MergeRequest::new(base, adapter, self.root.path().join("merged"))
    }

    /// Merges the golden adapter, which `verify` must pass, and compares the head with `factor` · (W + Δ).
    fn merges_times(&self, factor: f64) -> Checkpoint {
        let request = self.request(golden("t5-head").join("adapter"));
        merged(&request);
        verifies(&request);
        let reference = Checkpoint::open(&golden("t5-head").join("merged")).unwrap();
        let output = Checkpoint::open(&request.output).unwrap();
        let share = factor / 24_f64.powf(-0.5);
        let (ours, expected) = (values(output.tensor(HEAD).unwrap()), values(reference.tensor(HEAD).unwrap()));
        for (ours, expected) in ours.iter().zip(expected) {
            assert!((ours - share * expected).abs() < 1e-6, "{ours} and {share} times {expected}");
        }
        output
    }
}

#[test]
fn the_scale_is_the_one_of_the_config() {
    let scale = 24_f64.powf(-0.5);
    for (keys, factor) in [
        (json!({}), scale),
        (json!({SCALED: null}), scale),
        (json!({SCALED: null, TIED: null}), scale),
        // As transformers 5 saves a T5 1.1, whose head it scales nothing before.
        (json!({SCALED: false}), 1.0),
    ] {
        let base = Base::new().with(&keys);
        let output = base.merges_times(factor);
        assert_eq!(output.config().get(TIED), Some(&Value::Bool(false)), "{keys}");
        let is_said = base.config.get(SCALED).is_some();
        assert_eq!(output.config().get(SCALED), is_said.then_some(&Value::Bool(false)), "{keys}");
        for name in ["encoder.embed_tokens.weight", "decoder.embed_tokens.weight"] {
            assert!(output.tensor(name).is_none(), "{name} is written though it stays one with the others");
        }
    }
}

#[test]
fn a_head_of_its_own_keeps_its_scale() {
    let shared = Base::new().weights;
    let model = Checkpoint::open(&golden("t5-head").join("base")).unwrap();
    let copy = shared.raw(HEAD, "F32", &[40, 24], bytes(&model, "shared.weight"));
    // T5 1.1: untied, with a head on the disk, before which nothing is scaled.
    let base = Base { weights: copy.clone(), ..Base::new().with(&json!({SCALED: null, TIED: false})) };
    let output = base.merges_times(1.0);
    assert_eq!(output.config().get(SCALED), None);
    // A copy on the disk of what is tied.
    Base { weights: copy, ..Base::new() }.merges_times(24_f64.powf(-0.5));
}

#[test]
fn the_plan_says_what_the_head_is_multiplied_by() {
    let plan = MergePlan::new(&Base::new().request(golden("t5-head").join("adapter"))).unwrap();
    let said: Vec<String> = plan.warnings.iter().map(ToString::to_string).collect();
    let words = ["shared.weight and lm_head.weight share one tensor", "by 0.204124 only while they are tied"];
    assert!(said.iter().any(|said| words.iter().all(|word| said.contains(word))), "{said:#?}");
}

/// transformers 5 never scales mT5 and always UDOP, whatever transformers 4 does.
#[test]
fn classes_on_which_transformers_disagrees_are_refused() {
    for (model_type, class) in [("mt5", "MT5"), ("udop", "Udop")] {
        let class = format!("{class}ForConditionalGeneration");
        let base = Base::new().with(&json!({"model_type": model_type, "architectures": [class]}));
        refused(&base.request(golden("t5-head").join("adapter")), &["lm_head.weight"]);
    }
}

#[test]
fn embeddings_that_differ_from_each_other_are_refused() {
    let root = tempfile::tempdir().unwrap();
    let prefix = "base_model.model.encoder.embed_tokens";
    let file = FileBuilder::default().f32(&format!("{prefix}.lora_embedding_A"), &[2, 40], noise(1)).f32(
        &format!("{prefix}.lora_embedding_B"),
        &[24, 2],
        noise(2),
    );
    put(&root.path().join("adapter_model.safetensors"), file.build());
    let config = json!({"peft_type": "LORA", "r": 2, "lora_alpha": 4, "target_modules": ["embed_tokens"]});
    put(&root.path().join("adapter_config.json"), config.to_string());
    refused(&Base::new().request(root.path().to_owned()), &["decoder.embed_tokens.weight"]);
}

/// Refused because the class has as one what training took apart, with the names of the others.
fn refused(request: &MergeRequest, others: &[&str]) {
    let error = MergePlan::new(request).unwrap_err();
    assert!(matches!(error, PlanError::DoesNotFit { .. }), "{error}");
    let said = error.to_string();
    assert!(said.contains("the model's class has them as one"), "{said}");
    assert!(others.iter().all(|other| said.contains(other)), "{said}");
}
