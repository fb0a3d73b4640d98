//! Perplexity against what transformers computes from the same files, and refusals that name what is wrong.
#![expect(clippy::unwrap_used, reason = "a test that cannot read its files has failed")]
#![expect(clippy::disallowed_methods, reason = "scratch folders are written anew")]

use std::{
    fs,
    path::{Path, PathBuf},
};

use lorafuse::{
    error::Hint as _,
    evaluate::{self, EvalError, EvalReport, EvalRequest, EvalText, ModelSource, ResidentModel, TextScore},
    job::{JobContext, JobEvent},
    merge,
    numeric::FloatDtype,
    plan::{AdapterRequest, DtypePolicy, MergePlan, MergeRequest},
};
use serde_json::Value;
use tokenizers::Tokenizer;

/// Largest difference of one -ln p from transformers.
const NLL_TOLERANCE: f64 = 2e-4;

const TEXTS: [&str; 3] = ["english_plays.txt", "korean_chat.txt", "korean_reviews.txt"];

fn golden(case: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/golden").join(case)
}

fn sample(part: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("assets/sample").join(part)
}

fn read_json(path: &Path) -> Value {
    serde_json::from_str(&fs::read_to_string(path).unwrap()).unwrap()
}

fn numbers(list: &Value) -> Vec<f64> {
    list.as_array().unwrap().iter().map(|number| number.as_f64().unwrap()).collect()
}

fn ids(case: &str) -> Vec<u32> {
    serde_json::from_value(read_json(&golden(case).join("expected.json"))["input_ids"].clone()).unwrap()
}

fn evaluated(models: Vec<ModelSource>, texts: Vec<EvalText>) -> Result<EvalReport, EvalError> {
    evaluate::run(&EvalRequest::new(models, texts), &JobContext::unwatched())
}

fn with_adapter(base: PathBuf, adapter: PathBuf) -> ModelSource {
    ModelSource::WithAdapters { base, adapters: vec![AdapterRequest { path: adapter, strength: 1.0 }] }
}

fn max_difference(actual: &[f64], expected: &[f64]) -> f64 {
    assert_eq!(actual.len(), expected.len(), "as many tokens must be scored");
    actual.iter().zip(expected).map(|(actual, expected)| (actual - expected).abs()).fold(0.0, f64::max)
}

#[test]
fn every_covered_case_agrees_with_transformers() {
    let cases = [
        "llama-lora",
        "llama-lora-bf16",
        "llama-lora-fp16",
        "llama-rslora",
        "llama3-rope-lora",
        "mistral-lora",
        "qwen2-bias-all",
        "qwen2-lora-bias",
        "qwen3-lora",
    ];
    for case in cases {
        let expected = read_json(&golden(case).join("expected.json"));
        let models = ["base", "merged"].map(|part| ModelSource::Stored(golden(case).join(part)));
        let report = evaluated(models.to_vec(), vec![EvalText::tokens("ids", ids(case))]).unwrap();
        for (model, part) in report.models.iter().zip(["base", "merged"]) {
            let difference = max_difference(&model.texts[0].nll, &numbers(&expected[part]["nll"]));
            assert!(difference <= NLL_TOLERANCE, "{case} {part}: {difference}");
        }
    }
}

#[test]
fn an_adapter_at_run_time_is_what_the_merge_stores() {
    for case in ["llama-lora", "llama-rslora", "mistral-lora", "qwen3-lora"] {
        let folder = golden(case);
        let models =
            vec![with_adapter(folder.join("base"), folder.join("adapter")), ModelSource::Stored(folder.join("merged"))];
        let report = evaluated(models, vec![EvalText::tokens("ids", ids(case))]).unwrap();
        // A merge in float32 differs by rounding only; in bfloat16 each weight was rounded once.
        let tolerance = if case.contains("llama") { NLL_TOLERANCE } else { 0.02 };
        let [unmerged, merged] = [0, 1].map(|model| &report.models[model].texts[0].nll);
        let difference = max_difference(unmerged, merged);
        assert!(difference <= tolerance, "{case}: {difference}");
        assert!(report.models[0].parameters > report.models[1].parameters);
    }
}

#[test]
fn the_sample_agrees_with_transformers_merged_and_unmerged() {
    let scratch = tempfile::tempdir().unwrap();
    let merged = |name: &str, dtype| {
        let output = scratch.path().join(name);
        let mut request = MergeRequest::new(sample("base"), sample("adapter"), &output);
        request.dtype = dtype;
        merge::run(&MergePlan::new(&request).unwrap(), &JobContext::unwatched()).unwrap();
        ModelSource::Stored(output)
    };
    let models = [
        ("base_fp32", ModelSource::Stored(sample("base"))),
        ("base_plus_adapter_unmerged_fp32", with_adapter(sample("base"), sample("adapter"))),
        ("merged_fp32", merged("keep", DtypePolicy::Keep)),
        ("merged_weights_rounded_to_bf16_computed_in_fp32", merged("bf16", DtypePolicy::Convert(FloatDtype::BF16))),
    ];
    let mut texts: Vec<EvalText> =
        TEXTS.iter().map(|name| EvalText::read(&sample("texts").join(name)).unwrap()).collect();
    texts.extend(EvalText::read_lines(&sample("texts/three_sentences.txt")).unwrap());
    let request = EvalRequest::new(models.iter().map(|(_, source)| source.clone()).collect(), texts);
    let report = evaluate::run(&request, &JobContext::unwatched()).unwrap();
    assert_eq!((report.protocol.window, report.protocol.stride), (512, 256));

    let expected = read_json(&Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/expected/sample.json"));
    for ((variant, _), model) in models.iter().zip(&report.models) {
        let expected = &expected[*variant];
        for (name, score) in TEXTS.iter().zip(&model.texts) {
            assert_text(variant, score, &expected[*name]);
        }
        for (sentence, score) in expected["sentences"].as_array().unwrap().iter().zip(&model.texts[TEXTS.len()..]) {
            assert_eq!(sentence["tokens_scored"], score.tokens_scored());
            let difference = max_difference(&score.nll, &numbers(&sentence["nll"]));
            assert!(difference <= NLL_TOLERANCE, "{variant} {}: {difference}", score.name);
        }
    }
    assert_differences(&report);
}

fn assert_text(variant: &str, score: &TextScore, expected: &Value) {
    assert_eq!(expected["tokens_scored"], score.tokens_scored());
    assert_eq!(expected["utf8_bytes"], score.utf8_bytes.unwrap());
    let expected = expected["perplexity"].as_f64().unwrap();
    let relative = (score.perplexity() / expected - 1.0).abs();
    assert!(relative <= 5e-4, "{variant} {}: {} and {expected}", score.name, score.perplexity());
}

/// The adapter helps in its own domain (text 1) and costs elsewhere, and both are beyond chance.
fn assert_differences(report: &EvalReport) {
    for difference in report.paired.iter().filter(|difference| difference.text < TEXTS.len()) {
        let interval = difference.interval.expect("these texts are long enough");
        assert!(interval.low < difference.mean_difference && difference.mean_difference < interval.high);
        assert!(if difference.text == 1 { interval.high < 0.0 } else { interval.low > 0.0 });
    }
    assert_eq!(report.paired.len(), 3 * report.models[0].texts.len());
}

#[test]
fn memory_for_hidden_states_changes_no_number() {
    let score = |memory_budget_bytes| {
        let text = fs::read_to_string(sample("texts/korean_chat.txt")).unwrap();
        let head: String = text.lines().take(40).collect::<Vec<_>>().join("\n");
        let mut texts = EvalText::lines("line", &head);
        texts.push(EvalText::text("whole", head));
        let models = vec![ModelSource::Stored(sample("base"))];
        let request = EvalRequest { memory_budget_bytes, window: Some(64), ..EvalRequest::new(models, texts) };
        let (job, watch) = JobContext::new(|| {});
        let report = evaluate::run(&request, &job).unwrap();
        let progress = watch.progress.sample();
        assert_eq!(progress.bytes_done, progress.bytes_total, "the bytes announced are the bytes read");
        report.models[0].texts.clone()
    };
    let (roomy, tight) = (score(1 << 30), score(1));
    for (roomy, tight) in roomy.iter().zip(&tight) {
        assert!(max_difference(&roomy.nll, &tight.nll) < 1e-4, "{}", roomy.name);
    }
}

#[test]
fn a_model_against_itself_differs_by_nothing() {
    let models = vec![ModelSource::Stored(sample("base")); 2];
    let texts = EvalText::read_lines(&sample("texts/three_sentences.txt")).unwrap();
    let report = evaluated(models, texts).unwrap();
    assert_eq!(report.paired.len(), 3);
    assert!(report.paired.iter().all(|difference| difference.mean_difference == 0.0));
}

#[test]
fn a_text_that_spells_its_bos_gets_it_once() {
    let texts = vec![EvalText::text("plain", "To be"), EvalText::text("spelt", "<|begin_of_text|>To be")];
    let report = evaluated(vec![ModelSource::Stored(sample("base"))], texts).unwrap();
    assert_eq!(report.models[0].texts[0].nll, report.models[0].texts[1].nll);
}

#[test]
fn a_resident_model_answers_what_the_stream_finds_likeliest() {
    let job = JobContext::unwatched();
    for source in [ModelSource::Stored(sample("base")), with_adapter(sample("base"), sample("adapter"))] {
        let model = ResidentModel::load(&source, &job).unwrap();
        let answer = model.answer("To be, or not", 12, &job).unwrap();
        assert!(!answer.ids.is_empty() && !answer.text.is_empty());
        // The last token came out of the cache; the stream, which has none, must find no other token likelier.
        let tokenizer = Tokenizer::from_file(sample("base/tokenizer.json")).unwrap();
        let prompt = tokenizer.encode("To be, or not", true).unwrap();
        assert_eq!(answer.prompt_tokens, prompt.len());
        let (last, before) = answer.ids.split_last().unwrap();
        let ending = |id: u32| EvalText::tokens("ending", [prompt.get_ids(), before, &[id]].concat());
        let others = (0..4096).step_by(41).filter(|id| id != last);
        let texts = std::iter::once(*last).chain(others).map(ending).collect();
        let report = evaluated(vec![source.clone()], texts).unwrap();
        let mut endings = report.models[0].texts.iter().map(|text| text.nll.last().copied().unwrap());
        let chosen = endings.next().unwrap();
        assert!(endings.all(|other| chosen < other));
        assert_eq!(model.answer("To be, or not", 5, &job).unwrap().ids, answer.ids[..answer.ids.len().min(5)]);
        assert!(model.forward_secs(&[0, 5, 9]).unwrap() > 0.0);
        assert!(matches!(model.forward_secs(&[]), Err(EvalError::NothingToScore { .. })));
        assert!(matches!(model.forward_secs(&[9_999]), Err(EvalError::TokenOutsideVocab { .. })));
    }
}

#[test]
fn the_report_has_the_documented_keys() {
    let folder = golden("llama-lora").join("base");
    let texts = vec![EvalText::tokens("ids", ids("llama-lora"))];
    let report = serde_json::to_value(evaluated(vec![ModelSource::Stored(folder)], texts).unwrap()).unwrap();
    let model = &report["models"][0];
    assert_eq!(model["name"], "base");
    assert!(model["bytes"].is_u64() && model["parameters"].is_u64());
    let text = &model["texts"][0];
    assert_eq!(text["tokens_scored"], 47);
    assert_eq!(text["nll"].as_array().unwrap().len(), 47);
    assert!(text["mean_nll"].is_f64() && text["perplexity"].is_f64() && text["bits_per_byte"].is_null());
}

/// A copy of a golden base with some keys of its config changed.
fn with_config(case: &str, changes: &[(&str, Value)]) -> (tempfile::TempDir, PathBuf) {
    let scratch = tempfile::tempdir().unwrap();
    for entry in fs::read_dir(golden(case).join("base")).unwrap() {
        let entry = entry.unwrap();
        fs::copy(entry.path(), scratch.path().join(entry.file_name())).unwrap();
    }
    let path = scratch.path().join("config.json");
    let mut config = read_json(&path);
    for (key, value) in changes {
        config[*key] = value.clone();
    }
    fs::write(&path, config.to_string()).unwrap();
    let root = scratch.path().to_owned();
    (scratch, root)
}

fn refusal(case: &str, changes: &[(&str, Value)]) -> EvalError {
    let (_scratch, root) = with_config(case, changes);
    let error = evaluated(vec![ModelSource::Stored(root)], vec![EvalText::tokens("ids", ids(case))]).unwrap_err();
    assert!(error.hint().is_some(), "{error} has a hint");
    error
}

#[test]
fn what_is_not_covered_is_named_before_anything_runs() {
    let cases = [
        (("architectures", serde_json::json!(["BertModel"])), "the architecture BertModel"),
        (("rope_parameters", serde_json::json!({"rope_type": "yarn"})), "rope_type is `yarn`"),
        (("hidden_act", "relu2".into()), "hidden_act is `relu2`"),
        (("hidden_size", Value::Null), "the config lacks hidden_size"),
        (("num_hidden_layers", 0.into()), "num_hidden_layers is 0"),
        (("num_hidden_layers", 20_000.into()), "num_hidden_layers is 20000"),
        (("head_dim", u64::MAX.into()), "head_dim is 18446744073709551615"),
        (("num_hidden_layers", 3.into()), "there is no tensor model.layers.2."),
        (("vocab_size", 100.into()), "model.embed_tokens.weight is 96 × 32, but the config makes it 100 × 32"),
        (("num_key_value_heads", 3.into()), "num_key_value_heads is 3"),
        (("attention_bias", true.into()), "there is no tensor model.layers.0.self_attn.q_proj.bias"),
        (("quantization_config", serde_json::json!({"quant_method": "gptq"})), "quantised (gptq)"),
    ];
    for (change, message) in cases {
        let error = refusal("llama-lora", &[change]).to_string();
        assert!(error.contains(message), "{error:?} should contain {message:?}");
    }
}

#[test]
fn older_config_spellings_mean_the_same() {
    let scaling = serde_json::json!({
        "type": "llama3", "factor": 8.0, "high_freq_factor": 4.0, "low_freq_factor": 1.0,
        "original_max_position_embeddings": 64,
    });
    let changes = [("rope_parameters", Value::Null), ("rope_theta", 500_000.0.into()), ("rope_scaling", scaling)];
    let (_scratch, root) = with_config("llama3-rope-lora", &changes);
    let models = vec![ModelSource::Stored(golden("llama3-rope-lora").join("base")), ModelSource::Stored(root)];
    let report = evaluated(models, vec![EvalText::tokens("ids", ids("llama3-rope-lora"))]).unwrap();
    assert_eq!(report.models[0].texts[0].nll, report.models[1].texts[0].nll);
}

#[test]
fn a_sliding_window_hides_what_is_further_back() {
    let score = |window: Value| {
        let (_scratch, root) = with_config("mistral-lora", &[("sliding_window", window)]);
        evaluated(vec![ModelSource::Stored(root)], vec![EvalText::tokens("ids", ids("mistral-lora"))]).unwrap()
    };
    let nll = |report: EvalReport| report.models[0].texts[0].nll.clone();
    let (full, wide, narrow) = (nll(score(Value::Null)), nll(score(48.into())), nll(score(8.into())));
    assert_eq!(full, wide);
    assert_eq!(full[..7], narrow[..7], "eight tokens see one another");
    assert_ne!(full[8..], narrow[8..]);
}

#[test]
fn qwen2_slides_only_when_told_to() {
    let score = |changes: &[(&str, Value)]| {
        let (_scratch, root) = with_config("qwen2-bias-all", changes);
        let report = evaluated(vec![ModelSource::Stored(root)], vec![EvalText::tokens("ids", ids("qwen2-bias-all"))]);
        report.unwrap().models[0].texts[0].nll.clone()
    };
    let window = ("sliding_window", 8.into());
    let types = ("layer_types", Value::Null);
    let full = score(&[]);
    assert_eq!(full, score(&[window.clone(), types.clone()]));
    let slides = ("use_sliding_window", true.into());
    let above = ("max_window_layers", 2.into());
    assert_eq!(full, score(&[window.clone(), types.clone(), slides.clone(), above]));
    assert_ne!(full, score(&[window, types, slides, ("max_window_layers", 1.into())]));
}

#[test]
fn texts_that_cannot_be_scored_are_refused() {
    let base = || vec![ModelSource::Stored(sample("base"))];
    let empty = evaluated(base(), vec![EvalText::text("empty.txt", "")]).unwrap_err();
    assert!(matches!(empty, EvalError::NothingToScore { token_count: 1, .. }), "{empty}");
    let outside = evaluated(base(), vec![EvalText::tokens("ids", vec![1, 4096])]).unwrap_err();
    assert!(matches!(outside, EvalError::TokenOutsideVocab { id: 4096, .. }), "{outside}");
    assert!(matches!(evaluated(base(), vec![]).unwrap_err(), EvalError::NoText));
    assert!(matches!(evaluated(vec![], vec![EvalText::text("a", "b c")]).unwrap_err(), EvalError::NoModel));
    let golden = vec![ModelSource::Stored(golden("llama-lora").join("base"))];
    let without = evaluated(golden, vec![EvalText::text("a", "b c")]).unwrap_err();
    assert!(matches!(without, EvalError::NoTokenizer { .. }), "{without}");
    let narrow = EvalRequest { window: Some(1), ..EvalRequest::new(base(), vec![EvalText::text("a", "b c")]) };
    let narrow = evaluate::run(&narrow, &JobContext::unwatched()).unwrap_err();
    assert!(matches!(narrow, EvalError::WindowTooSmall { window: 1 }), "{narrow}");
}

#[test]
fn files_that_are_no_texts_are_refused() {
    let scratch = tempfile::tempdir().unwrap();
    let write = |name: &str, bytes: &[u8]| {
        let path = scratch.path().join(name);
        fs::write(&path, bytes).unwrap();
        path
    };
    let latin1 = EvalText::read(&write("latin1.txt", b"caf\xe9")).unwrap_err();
    assert!(matches!(latin1, EvalError::NotUtf8 { offset: 3, .. }), "{latin1}");
    for bad in ["{}", "[1, -2]", "[1, \"a\"]", "[1,"] {
        let error = EvalText::read_tokens(&write("ids.json", bad.as_bytes())).unwrap_err();
        assert!(matches!(error, EvalError::BadTokenList { .. }), "{error}");
    }
    assert!(matches!(EvalText::read_lines(&write("blank.txt", b"\n \n")), Err(EvalError::NothingToScore { .. })));
    assert!(matches!(EvalText::read(&scratch.path().join("none.txt")), Err(EvalError::Io(_))));
}

#[test]
fn a_longer_window_than_the_context_is_warned_about() {
    let (job, watch) = JobContext::new(|| {});
    let models = vec![ModelSource::Stored(sample("base"))];
    let texts = vec![EvalText::text("text", "To be, or not to be.")];
    evaluate::run(&EvalRequest { window: Some(600), ..EvalRequest::new(models, texts) }, &job).unwrap();
    let warned = |event: JobEvent| matches!(event, JobEvent::Warning(text) if text.contains("context of 512"));
    assert!(watch.events.try_iter().any(warned));
}

#[test]
fn a_cancelled_job_stops() {
    let (job, watch) = JobContext::new(|| {});
    watch.cancel();
    let models = vec![ModelSource::Stored(sample("base"))];
    let request = EvalRequest::new(models, vec![EvalText::text("text", "To be, or not to be.")]);
    assert!(evaluate::run(&request, &job).unwrap_err().is_cancelled());
}
