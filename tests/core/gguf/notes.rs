//! What a file cannot hold of a tokenizer is told, and only where it concerns the model.

use lorafuse::{checkpoint::gguf::GgufValue, gguf::ExportNote};
use serde_json::{Value, json};

use super::refusals::Model;

fn notes(case: &str, edit: impl Fn(&mut Model)) -> Vec<ExportNote> {
    let mut model = Model::new(case);
    edit(&mut model);
    model.export().unwrap().notes
}

/// The first added token with one more flag.
fn flagged(case: &str, index: usize, flag: &str) -> Vec<ExportNote> {
    notes(case, |model| model.tokenizer["added_tokens"][index][flag] = json!(true))
}

#[test]
fn flags_of_added_tokens_that_llama_cpp_does_not_know() {
    for flag in ["lstrip", "rstrip", "single_word"] {
        for (case, token) in [("llama-spm", "<|user|>"), ("llama-spm-json-only", "<|user|>"), ("gpt2", "<|endoftext|>")]
        {
            let index = if case == "gpt2" { 0 } else { 3 };
            let told = ExportNote::TokenFlags { tokens: vec![format!("{token} ({flag})")] };
            assert!(flagged(case, index, flag).contains(&told), "{case}: {flag}");
        }
    }
    // Where nothing is done to a text, it is as well looked for before as after.
    let told = ExportNote::TokenFlags { tokens: vec!["<|user|> (normalized)".to_owned()] };
    assert!(flagged("llama-spm", 3, "normalized").contains(&told));
    assert_eq!(flagged("gpt2", 0, "normalized"), []);
    assert_eq!(notes("gpt2", |_| {}), []);
}

#[test]
fn blanks_before_texts() {
    let scheme = |scheme: &str| {
        notes("llama-spm-json-only", |model| {
            model.tokenizer["normalizer"] = Value::Null;
            model.tokenizer["pre_tokenizer"] =
                json!({"type": "Metaspace", "replacement": "▁", "prepend_scheme": scheme, "split": false});
        })
    };
    assert_eq!(scheme("first"), [ExportNote::BlankBefore { is_first_only: true }]);
    assert_eq!(scheme("always"), [ExportNote::BlankBefore { is_first_only: false }]);
    assert_eq!(scheme("never"), []);
    assert_eq!(notes("llama-spm-json-only", |_| {}), []);
}

#[test]
fn characters_that_are_not_composed_and_runs_of_blanks() {
    for case in ["qwen2", "gpt_neox"] {
        assert_eq!(notes(case, |_| {}), [ExportNote::NotComposed], "{case}");
    }
    assert_eq!(notes("gemma3", |_| {}), [ExportNote::BlankTokens { tokens: vec!["▁▁".to_owned()] }]);
    assert_eq!(notes("gemma2", |_| {}), []);
}

#[test]
fn a_gemma_2_without_a_cap() {
    let told = notes("gemma2", |model| model.config["attn_logit_softcapping"] = Value::Null);
    assert_eq!(told, [ExportNote::CapForNone { cap: 4096.0 }]);
}

/// llama.cpp strips blanks behind special tokens of what is called Phi-3, and ends where such a model lacks `</s>`.
#[test]
fn a_model_is_called_phi_3_where_its_tokens_are() {
    let stripped = |model: &mut Model| {
        for token in model.tokenizer["added_tokens"].as_array_mut().unwrap() {
            let content = token["content"].as_str().unwrap();
            token["rstrip"] = (!["<unk>", "<s>", "<|endoftext|>"].contains(&content)).into();
        }
    };
    let called = |case: &str, edit: fn(&mut Model), is_stripped: bool| {
        let mut model = Model::new(case);
        edit(&mut model);
        if is_stripped {
            stripped(&mut model);
        }
        let export = model.export().unwrap();
        let name = export.header.get("general.name").cloned();
        let has_flags = export.notes.iter().any(|note| matches!(note, ExportNote::TokenFlags { .. }));
        let is_called = matches!(name, Some(GgufValue::String(name)) if name.contains("Phi-3"));
        (is_called, has_flags)
    };
    assert_eq!(called("phi3", |_| {}, true), (true, false));
    assert_eq!(called("phi3", |_| {}, false), (false, false));
    // One flag that Phi-3's own tokens do not have.
    let other: fn(&mut Model) = |model| model.tokenizer["added_tokens"][4]["rstrip"] = json!(true);
    assert_eq!(called("phi3", other, false), (false, true));
    assert_eq!(called("llama-spm", |_| {}, true), (false, true));
}
