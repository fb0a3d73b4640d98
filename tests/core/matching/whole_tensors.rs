//! Tensors that an adapter brings whole, vocabularies that grow, and heads that share the embedding.

use lorafuse::{
    adapter::AdapterError,
    job::JobContext,
    merge::{self, MergeError},
    plan::{AdapterRequest, MergePlan, MergeRequest, PlanError},
};
use serde_json::{Value, json};

use crate::support::{
    self, FileBuilder, assert_close, golden, low_rank_element, noise, noise_at, proven, put, put_adapter, put_model,
    toy_config, toy_request, values,
};

/// Names as on the Hub's `gpt2`, and layouts with several embeddings, of which any may be the shared one.
#[test]
fn a_tied_embedding_is_never_changed_for_both_unnoticed() {
    let root = tempfile::tempdir().unwrap();
    let tied = json!({"model_type": "gpt2", "architectures": ["GPT2LMHeadModel"]});
    let lora = |module: &str| {
        FileBuilder::default().f32(&format!("base_model.model.{module}.lora_embedding_A"), &[2, 10], noise(10)).f32(
            &format!("base_model.model.{module}.lora_embedding_B"),
            &[4, 2],
            noise(11),
        )
    };
    let config = json!({"peft_type": "LORA", "r": 2, "lora_alpha": 2});
    put_model(root.path(), &tied, &FileBuilder::default().f32("wte.weight", &[10, 4], noise(1)));
    put_adapter(root.path(), "adapter", &config, &lora("wte"));
    let ours = proven(&toy_request(root.path()));
    let head = values(ours.tensor("lm_head.weight").unwrap());
    assert_close("lm_head.weight", &head, &(0..40).map(|index| noise_at(1, index)).collect::<Vec<_>>());

    let several = FileBuilder::default().f32("encoder.embed_tokens.weight", &[10, 4], noise(1)).f32(
        "decoder.embed_tokens.weight",
        &[10, 4],
        noise(2),
    );
    put_model(root.path(), &json!({"architectures": ["ToyForConditionalGeneration"]}), &several);
    put_adapter(root.path(), "adapter", &config, &lora("decoder.embed_tokens"));
    let error =
        MergePlan::new(&MergeRequest { output: root.path().join("other"), ..toy_request(root.path()) }).unwrap_err();
    assert!(error.to_string().contains("output head shares this embedding"), "{error}");
}

/// PEFT keeps the rows beneath every module that shares the embedding's weight, and the head's LoRA above them.
#[test]
fn new_rows_lie_beneath_what_a_tied_head_learned() {
    let root = tempfile::tempdir().unwrap();
    support::put_tied_rows(root.path());
    let ours = proven(&toy_request(root.path()));
    let row = |index: usize| match index / 4 {
        3 => noise_at(5, index % 4),
        7 => noise_at(5, 4 + index % 4),
        _ => noise_at(1, index),
    };
    let embedding: Vec<f64> = (0..40).map(row).collect();
    let head: Vec<f64> =
        (0..40).map(|index| row(index) + low_rank_element((10, 11), (2, 4), (index / 4, index % 4))).collect();
    for (name, expected) in [("transformer.wte.weight", embedding), ("lm_head.weight", head)] {
        assert_close(name, &values(ours.tensor(name).unwrap()), &expected);
    }
}

/// PEFT saves the embedding that was resized for new tokens beneath their rows, and both under the tied head's name too.
#[test]
fn new_tokens_bring_the_embedding_that_was_resized_for_them() {
    let root = tempfile::tempdir().unwrap();
    let config = json!({"model_type": "llama", "architectures": ["LlamaForCausalLM"], "tie_word_embeddings": true, "vocab_size": 10});
    put_model(root.path(), &config, &FileBuilder::default().f32("model.embed_tokens.weight", &[10, 4], noise(1)));
    let file = ["model.embed_tokens", "lm_head"].iter().fold(FileBuilder::default(), |file, module| {
        let key = |name: &str| format!("base_model.model.{module}.token_adapter.{name}");
        file.f32(&key("base_layer.weight"), &[12, 4], noise(2)).f32(&key("trainable_tokens_delta"), &[2, 4], noise(5))
    });
    let expected: Vec<f64> = (0..48)
        .map(|index| match index / 4 {
            row @ (3 | 11) => noise_at(5, index % 4 + if row == 3 { 0 } else { 4 }),
            _ => noise_at(2, index),
        })
        .collect();
    for (name, ids) in [("listed", json!([3, 11])), ("by-module", json!({"embed_tokens": [3, 11]}))] {
        put_adapter(root.path(), "adapter", &json!({"peft_type": "LORA", "trainable_token_indices": ids}), &file);
        let ours = proven(&MergeRequest { output: root.path().join(name), ..toy_request(root.path()) });
        assert_close(name, &values(ours.tensor("model.embed_tokens.weight").unwrap()), &expected);
        assert!(ours.tensor("lm_head.weight").is_none(), "it stays tied");
        assert_eq!(ours.config().get("vocab_size"), Some(&json!(12)));
    }
}

/// `ensure_weight_tying` saves what was trained whole under the other name too, as a plain copy.
#[test]
fn a_copy_of_what_was_trained_whole_keeps_the_tie() {
    let root = tempfile::tempdir().unwrap();
    let config = json!({"model_type": "llama", "architectures": ["LlamaForCausalLM"], "tie_word_embeddings": true});
    put_model(root.path(), &config, &FileBuilder::default().f32("model.embed_tokens.weight", &[10, 4], noise(1)));
    let config = json!({"peft_type": "LORA", "modules_to_save": ["embed_tokens"]});
    let copies = |head: usize| {
        FileBuilder::default().f32("base_model.model.model.embed_tokens.weight", &[10, 4], noise(2)).f32(
            "base_model.model.lm_head.weight",
            &[10, 4],
            noise(head),
        )
    };
    put_adapter(root.path(), "adapter", &config, &copies(2));
    let tied = proven(&toy_request(root.path()));
    assert!(tied.tensor("lm_head.weight").is_none());
    put_adapter(root.path(), "adapter", &config, &copies(1));
    let apart = proven(&MergeRequest { output: root.path().join("apart"), ..toy_request(root.path()) });
    assert_eq!(apart.config().get("tie_word_embeddings"), Some(&Value::Bool(false)));
}

/// ESM's default config has no vocabulary, so the table of classes takes what the class declares.
#[test]
fn a_tied_head_is_known_of_a_class_that_defaults_do_not_build() {
    let root = tempfile::tempdir().unwrap();
    let config = json!({"model_type": "esm", "architectures": ["EsmForMaskedLM"], "vocab_size": 10});
    let (embedding, head) = ("esm.embeddings.word_embeddings", "lm_head.decoder.weight");
    put_model(root.path(), &config, &FileBuilder::default().f32(&format!("{embedding}.weight"), &[10, 4], noise(1)));
    let key = |factor: &str| format!("base_model.model.{embedding}.lora_embedding_{factor}");
    let lora = FileBuilder::default().f32(&key("A"), &[2, 10], noise(10)).f32(&key("B"), &[4, 2], noise(11));
    put_adapter(root.path(), "adapter", &json!({"peft_type": "LORA", "r": 2, "lora_alpha": 2}), &lora);
    let ours = proven(&toy_request(root.path()));
    assert_close(
        head,
        &values(ours.tensor(head).unwrap()),
        &(0..40).map(|index| noise_at(1, index)).collect::<Vec<_>>(),
    );
}

/// NLLB's mixture scales nothing before its head, as T5 does, so the head may be apart.
#[test]
fn a_head_before_which_nothing_is_scaled_may_be_apart() {
    let root = tempfile::tempdir().unwrap();
    let config = json!({"model_type": "nllb-moe", "architectures": ["NllbMoeForConditionalGeneration"]});
    put_model(root.path(), &config, &FileBuilder::default().f32("model.shared.weight", &[10, 4], noise(1)));
    let key = |factor: &str| format!("base_model.model.lm_head.{factor}.weight");
    let lora = FileBuilder::default().f32(&key("lora_A"), &[2, 4], noise(10)).f32(&key("lora_B"), &[10, 2], noise(11));
    put_adapter(root.path(), "adapter", &json!({"peft_type": "LORA", "r": 2, "lora_alpha": 2}), &lora);
    let ours = proven(&toy_request(root.path()));
    let expected: Vec<f64> =
        (0..40).map(|index| noise_at(1, index) + low_rank_element((10, 11), (2, 4), (index / 4, index % 4))).collect();
    assert_close("head", &values(ours.tensor("lm_head.weight").unwrap()), &expected);
}

/// An encoder-decoder's names are those of the models that it is made of, whatever it has by default.
#[test]
fn a_decoder_of_any_type_has_its_own_names() {
    let root = tempfile::tempdir().unwrap();
    let config = json!({
        "model_type": "vision-encoder-decoder", "architectures": ["VisionEncoderDecoderModel"],
        "encoder": {"model_type": "vit"}, "decoder": {"model_type": "trocr"}
    });
    let embedding = "decoder.model.decoder.embed_tokens.weight";
    put_model(root.path(), &config, &FileBuilder::default().f32(embedding, &[10, 4], noise(1)));
    let key = |factor: &str| format!("base_model.model.decoder.output_projection.{factor}.weight");
    let lora = FileBuilder::default().f32(&key("lora_A"), &[2, 4], noise(10)).f32(&key("lora_B"), &[10, 2], noise(11));
    put_adapter(root.path(), "adapter", &json!({"peft_type": "LORA", "r": 2, "lora_alpha": 2}), &lora);
    let ours = proven(&toy_request(root.path()));
    let expected: Vec<f64> =
        (0..40).map(|index| noise_at(1, index) + low_rank_element((10, 11), (2, 4), (index / 4, index % 4))).collect();
    assert_close("head", &values(ours.tensor("decoder.output_projection.weight").unwrap()), &expected);
}

/// A resized embedding beside a head of the old size is no model.
#[test]
fn embedding_and_head_grow_together() {
    let root = tempfile::tempdir().unwrap();
    let base = FileBuilder::default().f32("model.embed_tokens.weight", &[10, 4], noise(1)).f32(
        "lm_head.weight",
        &[10, 4],
        noise(2),
    );
    put_model(root.path(), &toy_config(), &base);
    let config = json!({"peft_type": "LORA", "modules_to_save": ["embed_tokens", "lm_head"]});
    let embedding = FileBuilder::default().f32("base_model.model.model.embed_tokens.weight", &[12, 4], noise(3));
    put_adapter(root.path(), "adapter", &config, &embedding);
    let error = MergePlan::new(&toy_request(root.path())).unwrap_err();
    assert!(error.to_string().contains("resized the vocabulary to 12 rows"), "{error}");
    let both = embedding.f32("base_model.model.lm_head.weight", &[12, 4], noise(4));
    put_adapter(root.path(), "adapter", &config, &both);
    let ours = proven(&toy_request(root.path()));
    assert_eq!(ours.tensor("lm_head.weight").unwrap().shape(), [12, 4]);
}

#[test]
fn a_whole_module_is_not_merged_by_part() {
    let case = golden("llama-modules-to-save");
    let root = tempfile::tempdir().unwrap();
    let mut request = MergeRequest::new(case.join("base"), case.join("adapter"), root.path().join("merged"));
    request.adapters[0].strength = 0.5;
    let error = MergePlan::new(&request).unwrap_err();
    assert!(matches!(error, PlanError::PartialReplacement { .. }), "{error}");
    request.adapters[0].strength = 1.0;
    let plan = MergePlan::new(&request).unwrap();
    let labels: Vec<&str> =
        plan.steps().map(lorafuse::plan::TensorStep::label).filter(|label| *label == "replaced").collect();
    assert_eq!(labels.len(), 2);
    assert!(
        plan.warnings.iter().any(|warning| warning.to_string().contains("brings 2 tensors whole")),
        "{:?}",
        plan.warnings
    );
}

/// Two adapters that both bring a module whole contradict each other.
#[test]
fn a_module_is_replaced_by_one_adapter_only() {
    let case = golden("llama-modules-to-save");
    let root = tempfile::tempdir().unwrap();
    let mut request = MergeRequest::new(case.join("base"), case.join("adapter"), root.path().join("merged"));
    request.adapters.push(request.adapters[0].clone());
    let error = MergePlan::new(&request).unwrap_err();
    assert!(error.to_string().contains("given twice"), "{error}");
    // The same in a second folder, trained on.
    let other = root.path().join("other");
    for file in std::fs::read_dir(case.join("adapter")).unwrap().flatten() {
        let mut content = std::fs::read(file.path()).unwrap();
        if let Some(last) = content.last_mut().filter(|_| file.path().extension().is_some_and(|e| e == "safetensors")) {
            *last ^= 1;
        }
        put(&other.join(file.file_name()), content);
    }
    request.adapters[1].path = other;
    let error = MergePlan::new(&request).unwrap_err();
    assert!(error.to_string().contains("lands on the same base tensor"), "{error}");
}

/// A linear update of another adapter is added to the replaced weight: Δ₁ = R − W and Δ₂ sum up to R + Δ₂. One that
/// scales the weight has no meaning beneath a weight that replaces it.
#[test]
fn an_update_is_added_to_what_another_adapter_replaces() {
    let root = tempfile::tempdir().unwrap();
    let name = "model.layers.0.proj.weight";
    put_model(root.path(), &toy_config(), &FileBuilder::default().f32(name, &[6, 4], noise(1)));
    let whole = FileBuilder::default().f32("base_model.model.model.layers.0.proj.weight", &[6, 4], noise(2));
    put_adapter(root.path(), "whole", &json!({"peft_type": "LORA", "modules_to_save": ["proj"]}), &whole);
    let module = "base_model.model.model.layers.0.proj";
    let lora = FileBuilder::default().f32(&format!("{module}.lora_A.weight"), &[2, 4], noise(10)).f32(
        &format!("{module}.lora_B.weight"),
        &[6, 2],
        noise(11),
    );
    put_adapter(root.path(), "lora", &json!({"peft_type": "LORA", "r": 2, "lora_alpha": 2}), &lora);
    let ia3 = FileBuilder::default().f32(&format!("{module}.ia3_l"), &[6, 1], noise(12));
    put_adapter(root.path(), "ia3", &json!({"peft_type": "IA3", "feedforward_modules": []}), &ia3);
    let with = |names: [&str; 2]| MergeRequest {
        adapters: names.map(|name| AdapterRequest { path: root.path().join(name), strength: 1.0 }).to_vec(),
        ..toy_request(root.path())
    };
    let ours = values(proven(&with(["lora", "whole"])).tensor(name).unwrap());
    let expected: Vec<f64> =
        (0..24).map(|index| noise_at(2, index) + low_rank_element((10, 11), (2, 4), (index / 4, index % 4))).collect();
    assert_close(name, &ours, &expected);
    let error =
        MergePlan::new(&MergeRequest { output: root.path().join("other"), ..with(["ia3", "whole"]) }).unwrap_err();
    assert!(error.to_string().contains("lands on the same base tensor"), "{error}");
}

#[test]
fn a_head_that_the_base_lacks_is_added() {
    let root = tempfile::tempdir().unwrap();
    let name = "model.layers.0.proj.weight";
    put_model(root.path(), &toy_config(), &FileBuilder::default().f32(name, &[6, 4], noise(1)));
    let module = "base_model.model.model.layers.0.proj";
    let file = FileBuilder::default()
        .f32(&format!("{module}.lora_A.weight"), &[2, 4], noise(10))
        .f32(&format!("{module}.lora_B.weight"), &[6, 2], noise(11))
        .f32("base_model.model.score.modules_to_save.default.weight", &[3, 4], noise(12))
        .f32("base_model.model.score.original_module.weight", &[3, 4], noise(13));
    let config = json!({"peft_type": "LORA", "r": 2, "lora_alpha": 2, "task_type": "SEQ_CLS"});
    put_adapter(root.path(), "adapter", &config, &file);
    let request = toy_request(root.path());
    let plan = MergePlan::new(&request).unwrap();
    assert!(
        plan.warnings.iter().any(|warning| warning.to_string().contains("the base has no score.weight")),
        "{:?}",
        plan.warnings
    );
    assert!(plan.warnings.iter().any(|warning| warning.to_string().contains("untrained copy")), "{:?}", plan.warnings);
    assert_eq!(plan.bytes().added, 48);
    let ours = values(proven(&request).tensor("score.weight").unwrap());
    assert_close("score.weight", &ours, &(0..12).map(|index| noise_at(12, index)).collect::<Vec<_>>());
}

#[test]
fn new_rows_and_full_copies_must_be_finite_too() {
    for (name, shape) in
        [("embed_tokens.token_adapter.trainable_tokens_delta", [2, 4]), ("embed_tokens.weight", [10, 4])]
    {
        let root = tempfile::tempdir().unwrap();
        support::put_toy(root.path());
        let file = support::toy_adapter_file()
            .f32(&format!("base_model.model.model.{name}"), &shape, |index| if index == 5 { f32::NAN } else { 1.0 });
        let mut config = support::toy_adapter_config();
        config["trainable_token_indices"] = json!([3, 7]);
        put_adapter(root.path(), "adapter", &config, &file);
        let plan = MergePlan::new(&toy_request(root.path())).unwrap();
        let error = merge::run(&plan, &JobContext::unwatched()).unwrap_err();
        let MergeError::Adapter(AdapterError::NonFinite { tensors, .. }) = &error else { panic!("{error}") };
        assert!(tensors[0].ends_with(name), "{tensors:?}");
    }
}

#[test]
fn token_ids_must_agree_with_the_rows() {
    let root = tempfile::tempdir().unwrap();
    support::put_toy(root.path());
    let file =
        FileBuilder::default().f32("base_model.model.model.embed_tokens.trainable_tokens_delta", &[2, 4], noise(1));
    let open = |ids: Value| {
        put_adapter(root.path(), "adapter", &json!({"peft_type": "TRAINABLE_TOKENS", "token_indices": ids}), &file);
        MergePlan::new(&toy_request(root.path())).map(|_| ()).unwrap_err().to_string()
    };
    assert!(open(json!([1, 2, 3])).contains("3 token ids"), "{}", open(json!([1, 2, 3])));
    assert!(open(json!([1, 10])).contains("11 or more × 4"), "{}", open(json!([1, 10])));
}

/// transformers 4 builds these classes with one embedding module for encoder and decoder, and Bart's with one each.
#[test]
fn embeddings_that_an_earlier_release_joins_are_told() {
    let warned = |model_type: &str, class: &str, modules: &[&str]| {
        let root = tempfile::tempdir().unwrap();
        let base = FileBuilder::default().f32("model.shared.weight", &[10, 4], noise(1));
        put_model(root.path(), &json!({"model_type": model_type, "architectures": [class]}), &base);
        let factors = modules.iter().enumerate().fold(FileBuilder::default(), |file, (index, module)| {
            let (a, b) = if *module == "lm_head" {
                (("lora_A.weight", [2, 4]), ("lora_B.weight", [10, 2]))
            } else {
                (("lora_embedding_A", [2, 10]), ("lora_embedding_B", [4, 2]))
            };
            let key = |factor: &str| format!("base_model.model.{module}.{factor}");
            file.f32(&key(a.0), &a.1, noise(10 + index)).f32(&key(b.0), &b.1, noise(20 + index))
        });
        put_adapter(root.path(), "adapter", &json!({"peft_type": "LORA", "r": 2, "lora_alpha": 2}), &factors);
        let plan = MergePlan::new(&toy_request(root.path())).unwrap();
        plan.warnings.iter().any(|warning| warning.to_string().contains("on one embedding"))
    };
    let (encoder, decoder) = ("model.encoder.embed_tokens", "model.decoder.embed_tokens");
    for (model_type, class) in [
        ("pegasus", "PegasusForConditionalGeneration"),
        ("marian", "MarianMTModel"),
        ("blenderbot", "BlenderbotForConditionalGeneration"),
        ("mvp", "MvpForConditionalGeneration"),
    ] {
        assert!(warned(model_type, class, &[encoder, decoder]), "{class}");
        assert!(warned(model_type, class, &[decoder]), "{class}");
        assert!(warned(model_type, class, &[encoder, decoder, "lm_head"]), "{class}");
        assert!(!warned(model_type, class, &["lm_head"]), "{class}: both embeddings are still one");
    }
    assert!(!warned("bart", "BartForConditionalGeneration", &[encoder, decoder]));
}
