//! Families and variants of decoders against what transformers computes, and what of them is refused by name.

use std::{
    fs,
    path::{Path, PathBuf},
};

use lorafuse::{
    evaluate::{self, EvalError, EvalRequest, EvalText, ModelSource, ResidentModel},
    job::JobContext,
};
use serde_json::Value;

use crate::support::{
    evaluation::{NLL_TOLERANCE, cases, difference, evaluated, ids, refusal, with_config},
    golden,
};

/// A family or variant that has no adapter among the golden cases.
fn decoder(case: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/golden-decoders").join(case)
}

#[test]
fn every_variant_of_a_family_agrees_with_transformers() {
    let cases = cases(&decoder(""));
    assert_eq!(cases.len(), 20);
    for (case, expected) in cases {
        let difference = difference(decoder(&case).join("base"), &decoder(&case), &expected);
        println!("{case}: {difference:.1e}");
        assert!(difference <= NLL_TOLERANCE, "{case}: {difference}");
    }
}

#[test]
fn what_a_family_does_otherwise_is_named_too() {
    let cases = [
        (golden("falcon-fused"), ("alibi", true.into()), "alibi is `true`"),
        (decoder("falcon-new"), ("parallel_attn", false.into()), "parallel_attn is `false`"),
        (decoder("falcon-new"), ("num_kv_heads", 3.into()), "num_kv_heads is 3"),
        (decoder("opt"), ("do_layer_norm_before", false.into()), "do_layer_norm_before is `false`"),
        (decoder("opt"), ("word_embed_proj_dim", 16.into()), "word_embed_proj_dim is `16`"),
        (decoder("gemma"), ("use_bidirectional_attention", true.into()), "use_bidirectional_attention is `true`"),
        (decoder("gemma3"), ("rope_parameters", serde_json::json!({"rope_theta": 1.0})), "rope_parameters is"),
        (
            decoder("gpt_neox-sequential"),
            ("attention_bias", true.into()),
            "there is no tensor gpt_neox.layers.0.attention.query_key_value.bias",
        ),
        (
            decoder("stablelm"),
            ("qk_layernorm", true.into()),
            "there is no tensor model.layers.0.self_attn.q_layernorm.norms.0.",
        ),
        (decoder("qwen3_moe"), ("num_experts_per_tok", 5.into()), "num_experts_per_tok is 5"),
        (decoder("qwen3_moe"), ("num_local_experts", 5_000.into()), "num_local_experts is 5000"),
        (
            decoder("mixtral-joined"),
            ("intermediate_size", 40.into()),
            "gate_up_proj is 4 × 96 × 32, but the config makes it 4 × 80 × 32",
        ),
        (decoder("phi3-long"), ("hidden_act", "relu2".into()), "hidden_act is `relu2`"),
        (decoder("phi3-long"), ("num_attention_heads", 2.into()), "short_factor is another value"),
    ];
    for (case, change, message) in cases {
        let error = refusal(&case, &[change]).to_string();
        assert!(error.contains(message), "{error:?} should contain {message:?}");
    }
}

#[test]
fn older_config_spellings_mean_the_same() {
    use serde_json::json;
    let llama3 = json!({
        "type": "llama3", "factor": 8.0, "high_freq_factor": 4.0, "low_freq_factor": 1.0,
        "original_max_position_embeddings": 64,
    });
    let su = json!({"type": "su", "short_factor": [1.0, 1.1, 1.3], "long_factor": [1.5, 3.0, 6.0]});
    let none = ("rope_parameters", Value::Null);
    let cases = [
        (golden("llama3-rope-lora"), vec![none.clone(), ("rope_theta", json!(500_000.0)), ("rope_scaling", llama3)]),
        (golden("gpt_neox-fused"), vec![none.clone(), ("rotary_pct", json!(0.25)), ("rotary_emb_base", json!(10_000))]),
        (decoder("phi3-long"), vec![none.clone(), ("partial_rotary_factor", json!(0.75)), ("rope_scaling", su)]),
        (
            decoder("gemma3"),
            vec![
                none,
                ("rope_theta", json!(10_000.0)),
                ("rope_local_base_freq", json!(100.0)),
                ("rope_scaling", json!({"type": "linear", "factor": 4.0})),
                ("layer_types", Value::Null),
                ("sliding_window_pattern", json!(2)),
            ],
        ),
        (decoder("gemma"), vec![("hidden_act", json!("gelu"))]),
        (decoder("qwen3_moe"), vec![("num_local_experts", Value::Null), ("num_experts", json!(4))]),
    ];
    for (case, changes) in cases {
        let (_scratch, root) = with_config(&case, &changes);
        let models = vec![ModelSource::Stored(case.join("base")), ModelSource::Stored(root)];
        let report = evaluated(models, vec![EvalText::tokens("ids", ids(&case))]).unwrap();
        assert_eq!(report.models[0].texts[0].nll, report.models[1].texts[0].nll, "{}", case.display());
    }
}

#[test]
fn names_without_the_root_are_found() {
    // As GPT-2 itself on the Hub, this one was saved without `transformer.` before its names.
    let base = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/print/gpt2/base");
    let report = evaluated(vec![ModelSource::Stored(base)], vec![EvalText::tokens("ids", vec![1, 2, 3])]).unwrap();
    assert!(report.models[0].texts[0].nll.iter().all(|nll| nll.is_finite()));
}

#[test]
fn learned_positions_end() {
    let base = decoder("gpt2-scaled").join("base");
    let text = |len: usize| vec![EvalText::tokens("ids", vec![5; len])];
    let request =
        |len, window| EvalRequest { window, ..EvalRequest::new(vec![ModelSource::Stored(base.clone())], text(len)) };
    let score = |len, window| evaluate::run(&request(len, window), &JobContext::unwatched());
    assert_eq!(score(65, None).unwrap().protocol.window, 64, "the usual window is no longer than the context");
    assert!(score(64, Some(90)).is_ok());
    let error = score(65, Some(90)).unwrap_err();
    assert!(matches!(error, EvalError::TooFewPositions { window: 65, position_count: 64, .. }), "{error}");
    let model = ResidentModel::load(&ModelSource::Stored(base.clone()), &JobContext::unwatched()).unwrap();
    assert!(model.forward_secs(&[5; 64]).is_ok());
    assert!(matches!(model.forward_secs(&[5; 65]), Err(EvalError::TooFewPositions { .. })));
}

#[test]
fn every_family_answers_from_its_cache_what_the_stream_finds_likeliest() {
    let job = JobContext::unwatched();
    for case in ["gpt2-scaled", "opt", "gemma2-caps", "gemma3", "phi3-long", "qwen3_moe", "falcon-new", "stablelm"] {
        let (_scratch, root) = with_config(&decoder(case), &[("eos_token_id", Value::Null)]);
        let vocab: serde_json::Map<_, _> = (0..64).map(|id| (format!("t{id}"), id.into())).collect();
        let tokenizer = serde_json::json!({
            "version": "1.0",
            "pre_tokenizer": {"type": "WhitespaceSplit"},
            "model": {"type": "WordLevel", "vocab": vocab, "unk_token": "t0"},
        });
        fs::write(root.join("tokenizer.json"), tokenizer.to_string()).unwrap();
        let source = ModelSource::Stored(root);
        let prompt = &ids(&decoder(case))[..30];
        let words: Vec<String> = prompt.iter().map(|id| format!("t{id}")).collect();
        let answer = ResidentModel::load(&source, &job).unwrap().answer(&words.join(" "), 6, &job).unwrap();
        let (last, before) = answer.ids.split_last().unwrap();
        let ending = |id: u32| EvalText::tokens("ending", [prompt, before, &[id]].concat());
        let report = evaluated(vec![source], (0..64).map(ending).collect()).unwrap();
        let endings: Vec<f64> = report.models[0].texts.iter().map(|text| *text.nll.last().unwrap()).collect();
        let likeliest = (0..64).min_by(|a, b| endings[*a].total_cmp(&endings[*b])).unwrap();
        assert_eq!(likeliest, *last as usize, "{case}");
    }
}
