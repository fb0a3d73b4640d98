//! Perplexity against what transformers computes from the same files, and refusals that name what is wrong.

use std::{
    fs,
    path::{Path, PathBuf},
};

use lorafuse::{
    error::Hint as _,
    evaluate::{self, EvalError, EvalReport, EvalRequest, EvalText, ModelKind, ModelSource, ResidentModel, TextScore},
    job::{JobContext, JobEvent},
    merge,
    numeric::FloatDtype,
    plan::{AdapterRequest, DtypePolicy, MergePlan, MergeRequest},
};
use serde_json::Value;
use tokenizers::Tokenizer;

use crate::support::{
    evaluation::{
        NLL_TOLERANCE, cases, difference, evaluated, ids, max_difference, numbers, read_json, refusal, with_config,
    },
    golden,
};

const TEXTS: [&str; 3] = ["english_plays.txt", "korean_chat.txt", "korean_reviews.txt"];

fn sample(part: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("assets/sample").join(part)
}

fn with_adapter(base: PathBuf, adapter: PathBuf) -> ModelSource {
    ModelSource::WithAdapters {
        base,
        trained_quantization: None,
        adapters: vec![AdapterRequest { path: adapter, strength: 1.0 }],
    }
}

#[test]
fn every_golden_case_agrees_with_transformers_before_and_after_the_merge() {
    let causal: Vec<_> = cases(&golden("")).into_iter().filter(|(_, expected)| !expected["base"].is_null()).collect();
    assert_eq!(causal.len(), 30, "all cases but the classifier");
    for (case, expected) in causal {
        for part in ["base", "merged"] {
            let difference = difference(golden(&case).join(part), &golden(&case), &expected[part]);
            println!("{case} {part}: {difference:.1e}");
            assert!(difference <= NLL_TOLERANCE, "{case} {part}: {difference}");
        }
    }
}

#[test]
fn an_adapter_at_run_time_is_what_the_merge_stores() {
    // A merge in float32 differs by rounding only; in the others each weight was rounded once.
    let cases = [
        ("llama-lora", NLL_TOLERANCE),
        ("llama-rslora", NLL_TOLERANCE),
        ("llama-patterns", NLL_TOLERANCE),
        ("llama-regex-target", NLL_TOLERANCE),
        ("phi3-fused", NLL_TOLERANCE),
        ("gpt2-conv1d", NLL_TOLERANCE),
        ("falcon-fused", NLL_TOLERANCE),
        ("mixtral-attn", NLL_TOLERANCE),
        ("gpt_neox-fused", 2e-3),
        ("llama3-rope-lora", 0.02),
        ("mistral-lora", 0.02),
        ("qwen3-lora", 0.02),
        ("gemma2-lora", 0.02),
    ];
    for (case, tolerance) in cases {
        let folder = golden(case);
        let merged = ModelSource::Stored(folder.join("merged"));
        let models = vec![with_adapter(folder.join("base"), folder.join("adapter")), merged];
        let report = evaluated(models, vec![EvalText::tokens("ids", ids(&folder))]).unwrap();
        let [unmerged, merged] = [0, 1].map(|model| &report.models[model].texts[0].nll);
        let difference = max_difference(unmerged, merged);
        println!("{case}: {difference:.1e}");
        assert!(difference <= tolerance, "{case}: {difference}");
        assert!(report.models[0].parameters > report.models[1].parameters);
    }
}

#[test]
fn an_adapter_that_is_more_than_two_factors_is_refused_at_run_time() {
    let cases = [
        "llama-dora",
        "llama-loha",
        "llama-lokr",
        "llama-ia3",
        "llama-oft",
        "llama-adalora",
        "llama-embedding",
        "llama-modules-to-save",
        "llama-trainable-tokens",
        "llama-tied-lm-head",
        "qwen2-lora-bias",
        "qwen2-bias-all",
        "mixtral-experts",
    ];
    for case in cases {
        let model = with_adapter(golden(case).join("base"), golden(case).join("adapter"));
        let error = evaluated(vec![model], vec![EvalText::tokens("ids", ids(&golden(case)))]).unwrap_err();
        assert!(matches!(error, EvalError::AdapterMethod { .. }), "{case}: {error}");
        assert!(error.hint().is_some());
    }
}

#[test]
fn the_sample_agrees_with_transformers_merged_and_unmerged() {
    let scratch = tempfile::tempdir().unwrap();
    let merged = |name: &str, dtype, strength| {
        let output = scratch.path().join(name);
        let mut request = MergeRequest::new(sample("base"), sample("adapter"), &output);
        request.dtype = dtype;
        request.adapters[0].strength = strength;
        merge::run(&MergePlan::new(&request).unwrap(), &JobContext::unwatched()).unwrap();
        ModelSource::Stored(output)
    };
    let bf16 = DtypePolicy::Convert(FloatDtype::BF16);
    let models = [
        ("base_fp32", ModelSource::Stored(sample("base"))),
        ("base_plus_adapter_unmerged_fp32", with_adapter(sample("base"), sample("adapter"))),
        ("merged_fp32", merged("keep", DtypePolicy::Keep, 1.0)),
        ("merged_weights_rounded_to_bf16_computed_in_fp32", merged("bf16", bf16, 1.0)),
        // An adapter at strength 0 leaves the base, rounded.
        ("base_weights_rounded_to_bf16_computed_in_fp32", merged("base-bf16", bf16, 0.0)),
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
    assert_divergences(&report);
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
    let is_tuned = |model: usize| (1..=3).contains(&model);
    for difference in report.paired.iter().filter(|paired| paired.text < TEXTS.len() && is_tuned(paired.model)) {
        let interval = difference.interval.expect("these texts are long enough");
        assert!(interval.low < difference.mean_difference && difference.mean_difference < interval.high);
        assert!(if difference.text == 1 { interval.high < 0.0 } else { interval.low > 0.0 });
    }
    assert_eq!(report.paired.len(), 4 * report.models[0].texts.len());
}

/// The merge is base + adapter up to rounding, which is far less than what the adapter changes.
fn assert_divergences(report: &EvalReport) {
    let kl = |reference: usize, model: usize| {
        let of_texts = report.divergences_of(reference, model).take(TEXTS.len()).map(|divergence| divergence.kl.mean);
        of_texts.fold(0.0, f64::max)
    };
    let (adapter, float32, bfloat16) = (kl(0, 1), kl(1, 2), kl(1, 3));
    assert!(float32 < 1e-9 && bfloat16 < 1e-3 && adapter > 0.05, "{adapter} {float32} {bfloat16}");
    let agreement = |reference, model| report.divergences_of(reference, model).next().unwrap().same_top1;
    assert!(agreement(1, 2).value > 0.999 && agreement(1, 2).low < agreement(1, 2).value);
    assert!(agreement(0, 1).high < 0.95);
    // The first model against all others, and base + adapter against all that was stored.
    assert_eq!(report.divergences.len(), (4 + 3) * report.models[0].texts.len());
}

#[test]
fn a_cast_is_what_a_merge_that_adds_nothing_stores() {
    let scratch = tempfile::tempdir().unwrap();
    for (dtype, change) in [(FloatDtype::BF16, 1e-6), (FloatDtype::F16, 1e-9)] {
        let output = scratch.path().join(dtype.to_string());
        let mut request = MergeRequest::new(sample("base"), sample("adapter"), &output);
        request.dtype = DtypePolicy::Convert(dtype);
        request.adapters[0].strength = 0.0;
        merge::run(&MergePlan::new(&request).unwrap(), &JobContext::unwatched()).unwrap();
        let cast = ModelSource::Cast { model: sample("base"), dtype };
        let models = vec![cast.clone(), ModelSource::Stored(output), ModelSource::Stored(sample("base"))];
        let report = evaluated(models, EvalText::read_lines(&sample("texts/three_sentences.txt")).unwrap()).unwrap();
        let [cast_report, stored, base] = &report.models[..] else { panic!("three models") };
        assert_eq!((cast_report.bytes, cast_report.dtype), (stored.bytes, stored.dtype));
        assert_eq!((cast_report.kind, cast_report.name.as_str()), (ModelKind::Cast, &*format!("base as {dtype}")));
        assert_eq!(cast_report.texts, stored.texts);
        assert!(report.divergences_of(0, 1).all(|divergence| divergence.kl.max == 0.0));
        assert!(report.divergences_of(0, 2).all(|divergence| divergence.kl.mean > change), "{dtype} rounds");
        assert_eq!(base.bytes, 2 * cast_report.bytes);
        let job = JobContext::unwatched();
        assert!(ResidentModel::load(&cast, &job).unwrap().answer("To be", 2, &job).is_ok());
    }
}

#[test]
fn divergence_is_that_of_the_whole_distributions() {
    // Two models of 96 tokens: every ending of a prompt, scored, is the whole distribution.
    let prompt = &ids(&golden("llama-lora"))[..6];
    let folder = golden("llama-lora");
    let models = ["base", "merged"].map(|part| ModelSource::Stored(folder.join(part)));
    let endings = (0..96).map(|id| EvalText::tokens("ending", [prompt, &[id]].concat())).collect();
    let report = evaluated(models.to_vec(), endings).unwrap();
    let last = |model: usize| report.models[model].texts.iter().map(|text| -text.nll.last().unwrap());
    let expected: f64 = last(0).zip(last(1)).map(|(p, q)| p.exp() * (p - q)).sum();
    let positions = [prompt, &[0]].concat();
    let of = |count: usize| {
        let text = EvalText::tokens("prompt", positions[..count].to_vec());
        let report = evaluated(models.to_vec(), vec![text]).unwrap();
        report.divergences[0].kl.mean * (count - 1) as f64
    };
    let actual = of(positions.len()) - of(positions.len() - 1);
    assert!((actual - expected).abs() < 1e-6 && expected > 1e-4, "{actual} and {expected}");
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
    assert_eq!(report.divergences.len(), 3);
    for divergence in &report.divergences {
        assert_eq!((divergence.kl.mean, divergence.kl.max, divergence.same_top1.value), (0.0, 0.0, 1.0));
    }
}

#[test]
fn a_model_in_memory_scores_as_the_stream_does() {
    let job = JobContext::unwatched();
    let causal = cases(&golden("")).into_iter().filter(|(_, expected)| !expected["base"].is_null());
    let stored = causal.map(|(case, _)| (ModelSource::Stored(golden(&case).join("base")), case));
    let adapted = ["llama-lora", "gpt2-conv1d", "gemma2-lora"];
    let adapted = adapted.map(|case| (with_adapter(golden(case).join("base"), golden(case).join("adapter")), case));
    for (source, case) in stored.chain(adapted.map(|(source, case)| (source, case.to_owned()))) {
        let ids = ids(&golden(&case));
        let report = evaluated(vec![source.clone()], vec![EvalText::tokens("ids", ids.clone())]).unwrap();
        let model = ResidentModel::load(&source, &job).unwrap();
        let difference = max_difference(&model.nll(&ids).unwrap(), &report.models[0].texts[0].nll);
        assert!(difference <= NLL_TOLERANCE, "{case}: {difference}");
        assert!(model.nll(&ids[..1]).unwrap().is_empty(), "nothing comes before the first token");
    }
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
    let texts = vec![EvalText::tokens("ids", ids(&golden("llama-lora")))];
    let report = serde_json::to_value(evaluated(vec![ModelSource::Stored(folder)], texts).unwrap()).unwrap();
    let model = &report["models"][0];
    assert_eq!(model["name"], "base");
    assert!(model["bytes"].is_u64() && model["parameters"].is_u64());
    let text = &model["texts"][0];
    assert_eq!(text["tokens_scored"], 47);
    assert_eq!(text["nll"].as_array().unwrap().len(), 47);
    assert!(text["mean_nll"].is_f64() && text["perplexity"].is_f64() && text["bits_per_byte"].is_null());
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
        (("quantization_config", serde_json::json!({"quant_method": "hqq"})), "quantised by hqq"),
    ];
    for (change, message) in cases {
        let error = refusal(&golden("llama-lora"), &[change]).to_string();
        assert!(error.contains(message), "{error:?} should contain {message:?}");
    }
}

#[test]
fn a_sliding_window_hides_what_is_further_back() {
    let score = |window: Value| {
        let (_scratch, root) = with_config(&golden("mistral-lora"), &[("sliding_window", window)]);
        evaluated(vec![ModelSource::Stored(root)], vec![EvalText::tokens("ids", ids(&golden("mistral-lora")))]).unwrap()
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
        let (_scratch, root) = with_config(&golden("qwen2-bias-all"), changes);
        let report =
            evaluated(vec![ModelSource::Stored(root)], vec![EvalText::tokens("ids", ids(&golden("qwen2-bias-all")))]);
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
fn a_longer_window_than_the_context_is_warned_about() {
    let (job, watch) = JobContext::new(|| {});
    let models = vec![ModelSource::Stored(sample("base"))];
    let texts = vec![EvalText::text("text", "To be, or not to be.")];
    evaluate::run(&EvalRequest { window: Some(600), ..EvalRequest::new(models, texts) }, &job).unwrap();
    let warned =
        |event: JobEvent| matches!(event, JobEvent::Warning(warning) if warning.to_string().contains("context of 512"));
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
