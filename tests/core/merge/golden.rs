//! Merges against PEFT's own: the cases of `tests/golden`, judged by the rule of its README.

use lorafuse::{
    adapter::{Adapter, Target},
    checkpoint::{Checkpoint, LogicalTensor},
    job::JobContext,
    plan::{AdapterRequest, MergePlan, MergeRequest},
    verify::{self, Outcome, Question, RoundingPolicy, VerifyRequest},
};

use crate::support::{
    equality::{assert_equal_by_rule, assert_equals_but_for_second_rounding, max_deltas, verifies},
    golden, merged, values,
};

macro_rules! golden_cases {
    ($check:ident: $($name:ident: $case:literal),* $(,)?) => {
        $(#[test] fn $name() {
            let error = $check($case);
            println!("{}: largest error {error:.2e} of the largest magnitude", $case);
        })*
    };
}

golden_cases! {
    equals_peft:
    llama_lora: "llama-lora",
    llama_lora_bf16: "llama-lora-bf16",
    llama_lora_fp16: "llama-lora-fp16",
    llama_rslora: "llama-rslora",
    llama_patterns: "llama-patterns",
    llama_regex_target: "llama-regex-target",
    llama3_rope: "llama3-rope-lora",
    mistral: "mistral-lora",
    qwen3: "qwen3-lora",
    gemma2: "gemma2-lora",
    phi3_fused: "phi3-fused",
    gpt_neox_fused: "gpt_neox-fused",
    gpt2_conv1d: "gpt2-conv1d",
    falcon_fused: "falcon-fused",
    mixtral_attention: "mixtral-attn",
    llama_embedding: "llama-embedding",
    llama_modules_to_save: "llama-modules-to-save",
    tied_modules_to_save: "tied-modules-to-save",
    tied_resized_vocabulary: "tied-resized",
    bert_classifier: "bert-cls-lora",
    qwen2_bias_all: "qwen2-bias-all",
    qwen2_lora_bias: "qwen2-lora-bias",
    llama_trainable_tokens: "llama-trainable-tokens",
    tied_trainable_tokens: "tied-trainable-tokens",
    trainable_tokens_by_module: "tokens-dict",
    trainable_tokens_alone: "tokens-alone",
    llama_dora: "llama-dora",
    llama_dora_bf16: "llama-dora-bf16",
    gpt2_dora: "gpt2-dora",
    embedding_dora: "embedding-dora",
    conv1d: "whisper-conv1d",
    conv2d: "clip-conv2d",
    conv2d_dora: "clip-conv2d-dora",
    llama_olora: "olora",
    llama_olora_bf16: "olora-bf16",
    llama_adalora: "llama-adalora",
    llama_loha: "llama-loha",
    llama_loha_bf16: "loha-bf16",
    conv2d_loha: "clip-conv2d-loha",
    llama_lokr: "llama-lokr",
    llama_lokr_decomposed: "lokr-decomposed",
    conv2d_lokr: "clip-conv2d-lokr",
    llama_ia3: "llama-ia3",
    gpt2_ia3: "gpt2-ia3",
    conv2d_ia3: "clip-conv2d-ia3",
    llama_oft: "llama-oft",
    oft_exact: "oft-exact",
    oft_shared: "oft-shared",
    oft_constrained: "oft-constrained",
    ln_tuning: "ln-tuning",
    mixtral_experts: "mixtral-experts",
    qwen3_moe_experts: "qwen3-moe-experts",
    llama4_experts: "llama4-experts",
    gpt_oss_experts: "gpt-oss-experts",
    boft_linear: "boft-linear",
    boft_bf16: "boft-bf16",
    boft_butterfly: "boft-butterfly",
    boft_conv2d: "boft-conv2d",
    boft_conv2d_butterfly: "boft-conv2d-butterfly",
    adalora_conv2d: "adalora-conv2d",
    adalora_pruned: "adalora-pruned",
    adalora_conv1d: "adalora-conv1d",
    oft_conv2d: "oft-conv2d",
    oft_conv2d_shared: "oft-conv2d-shared",
    oft_embedding: "oft-embedding",
    oft_embedding_coft: "oft-embedding-coft",
    lokr_conv1d: "lokr-conv1d",
    lokr_conv1d_factors: "lokr-conv1d-factors",
    loha_conv1d: "loha-conv1d",
    loha_conv1d_effective: "loha-conv1d-effective",
    mha_lora: "mha-lora",
    bdlora: "bdlora",
    bdlora_loose: "bdlora-loose",
    qalora: "qalora",
    enable_lora: "enable-lora",
    fourierft: "fourierft",
    fourierft_conv1d: "fourierft-conv1d",
    fourierft_mixed: "fourierft-mixed",
    randlora: "randlora",
    randlora_sparse: "randlora-sparse",
    waveft: "waveft",
    waveft_haar: "waveft-haar",
    waveft_direct: "waveft-direct",
    glora_constant: "glora-constant",
    glora_vector: "glora-vector",
    glora_lora: "glora-lora",
    tinylora_tied: "tinylora-tied",
    supertuning: "supertuning",
    supertuning_supra: "supertuning-supra",
    unilora: "unilora",
    deft_relu: "deft-relu",
    deft_qr: "deft-qr",
    deft_para: "deft-para",
    peanut: "peanut",
    peanut_flat: "peanut-flat",
}

// Methods beside LoRA, made by `tests/tools/make_methods.py`.
golden_cases! {
    equals_peft:
    beft: "beft",
    bone: "bone",
    bone_bat: "bone-bat",
    c3a: "c3a",
    delora: "delora",
    gralora: "gralora",
    gralora_hybrid: "gralora-hybrid",
    gralora_transposed: "gralora-transposed",
    hira: "hira",
    hira_transposed: "hira-transposed",
    hra: "hra",
    hra_bf16: "hra-bf16",
    hra_gram_schmidt: "hra-gram-schmidt",
    miss: "miss",
    miss_bat: "miss-bat",
    miss_bf16: "miss-bf16",
    miss_mini: "miss-mini",
    pvera: "pvera",
    pvera_transposed: "pvera-transposed",
    road_1: "road-1",
    road_2: "road-2",
    road_4: "road-4",
    shira: "shira",
    vblora: "vblora",
    vblora_bf16: "vblora-bf16",
    vblora_top: "vblora-top",
    vblora_top_one: "vblora-top-one",
    vblora_transposed: "vblora-transposed",
    vera: "vera",
    vera_bf16: "vera-bf16",
    vera_transposed: "vera-transposed",
}

// Heads that their class scales only while they are tied, made by `tests/tools/make_scaled_heads.py`.
golden_cases! {
    equals_peft:
    t5_head: "t5-head",
    t5_head_bf16: "t5-head-bf16",
    t5_saved_head: "t5-saved-head",
    t5_saved_head_bf16: "t5-saved-head-bf16",
}

// PEFT rounds Δ to the base's dtype before it adds it to embeddings and experts; one rounding is closer to the truth.
golden_cases! {
    equals_peft_but_for_its_second_rounding:
    resized_embedding: "resized-embedding-lora",
    gpt_oss_down: "gpt-oss-down",
    fourierft_bf16: "fourierft-bf16",
    mha_lora_fp16: "mha-lora-fp16",
}

/// A merge of one case, beside PEFT's.
struct Case {
    name: String,
    request: MergeRequest,
    ours: Checkpoint,
    expected: Checkpoint,
    _output: tempfile::TempDir,
}

impl Case {
    fn merge(case: &str) -> Self {
        let folder = golden(case);
        let output = tempfile::tempdir().unwrap();
        let request = MergeRequest::new(folder.join("base"), folder.join("adapter"), output.path().join("merged"));
        let receipt = merged(&request);
        let lost = if case == "adalora-pruned" { vec!["lin1.weight"] } else { Vec::new() };
        assert_eq!(receipt.lost(), lost, "{case}: no update rounds away but the one that asks for nothing");
        let ours = Checkpoint::open(&request.output).unwrap();
        let expected = Checkpoint::open(&folder.join("merged")).unwrap();
        verifies(&request);
        Self { name: case.to_owned(), request, ours, expected, _output: output }
    }

    fn assert_same_tensors(&self) {
        let names = |checkpoint: &Checkpoint| checkpoint.tensors().keys().cloned().collect::<Vec<_>>();
        assert_eq!(names(&self.ours), names(&self.expected), "{}: the same tensors", self.name);
        for (name, expected) in self.expected.tensors() {
            let tensor = self.ours.tensor(name).unwrap();
            assert_eq!(tensor.dtype(), expected.dtype(), "{}: {name}", self.name);
            assert_eq!(tensor.shape(), expected.shape(), "{}: {name}", self.name);
        }
        for key in ["vocab_size", "tie_word_embeddings"] {
            assert_eq!(self.ours.config().get(key), self.expected.config().get(key), "{}: {key}", self.name);
        }
    }
}

/// Judges by the rule; gives the largest error.
fn equals_peft(name: &str) -> f64 {
    let case = Case::merge(name);
    case.assert_same_tensors();
    let max_deltas = max_deltas(&case.request);
    for (tensor_name, expected) in case.expected.tensors() {
        let tensor = case.ours.tensor(tensor_name).unwrap();
        let max_delta = max_deltas.get(tensor_name).copied().unwrap_or(0.0);
        let (ours, dtype) = (values(tensor), tensor.float_dtype().unwrap());
        assert_equal_by_rule(&format!("{name}: {tensor_name}"), &ours, &values(expected), dtype, max_delta);
    }
    largest_error(&case)
}

/// Allows PEFT the error of its second rounding; gives the largest error.
fn equals_peft_but_for_its_second_rounding(name: &str) -> f64 {
    let case = Case::merge(name);
    case.assert_same_tensors();
    assert_equals_but_for_second_rounding(name, &case.request, &case.expected);
    largest_error(&case)
}

/// max |ours − PEFT's| ÷ max |PEFT's|, over the tensor where that is largest.
fn largest_error(case: &Case) -> f64 {
    let of_tensor = |(name, expected): (&String, &LogicalTensor)| {
        let (ours, expected) = (values(case.ours.tensor(name).unwrap()), values(expected));
        let largest = expected.iter().fold(0.0_f64, |largest, value| largest.max(value.abs()));
        ours.iter().zip(&expected).fold(0.0_f64, |worst, (a, b)| worst.max((a - b).abs())) / largest.max(1e-30)
    };
    case.expected.tensors().iter().map(of_tensor).fold(0.0, f64::max)
}

/// PEFT's own merges pass too: `verify` judges anybody's folder.
#[test]
fn merges_by_peft_verify() {
    let cases = [
        "llama-lora",
        "llama-lora-bf16",
        "llama-lora-fp16",
        "gpt2-conv1d",
        "phi3-fused",
        "llama-dora-bf16",
        "llama-modules-to-save",
        "tied-modules-to-save",
        "tied-resized",
        "qwen2-lora-bias",
        "mixtral-experts",
        "llama-oft",
        "llama-ia3",
    ];
    for case in cases {
        let folder = golden(case);
        let request = VerifyRequest {
            merged: folder.join("merged"),
            base: Some(folder.join("base")),
            adapters: vec![AdapterRequest { path: folder.join("adapter"), strength: 1.0 }],
        };
        let report = verify::run(&request, &JobContext::unwatched()).unwrap();
        let changed = report.checks.iter().find(|check| check.question == Question::ChangedTargets).unwrap();
        assert_eq!(changed.outcome, Outcome::Passed, "{case}: {changed:#?}");
    }
}

/// A merge that rounded more often than it had to is judged by its own way, which is named.
#[test]
fn the_rounding_of_a_merge_by_peft_is_named() {
    for (case, policy) in [
        ("llama-lora-bf16", RoundingPolicy::Once),
        ("resized-embedding-lora", RoundingPolicy::DeltaFirst),
        ("gpt-oss-down", RoundingPolicy::DeltaFirst),
        ("mha-lora-fp16", RoundingPolicy::InHalves),
        ("hira-bf16", RoundingPolicy::InOwnDtype),
        ("road-2-bf16", RoundingPolicy::InOwnDtype),
        ("c3a-bf16", RoundingPolicy::InOwnDtype),
    ] {
        let folder = golden(case);
        let request = VerifyRequest {
            merged: folder.join("merged"),
            base: Some(folder.join("base")),
            adapters: vec![AdapterRequest { path: folder.join("adapter"), strength: 1.0 }],
        };
        let report = verify::run(&request, &JobContext::unwatched()).unwrap();
        let changed = report.checks.iter().find(|check| check.question == Question::ChangedTargets).unwrap();
        assert_ne!(changed.outcome, Outcome::Failed, "{case}: {changed:#?}");
        assert!(changed.evidence.to_string().contains(&policy.to_string()), "{case}: {}", changed.evidence);
        assert!(report.changed_set.unwrap().policies().contains_key(&policy), "{case}");
    }
}

/// Where PEFT merges a tied head wrongly: what was trained is W + Δ for each name that the adapter changes.
#[test]
fn heads_that_training_took_apart_get_tensors_of_their_own() {
    for (name, changes_embedding, changes_head) in
        [("llama-tied-embedding", true, false), ("llama-tied-lm-head", false, true), ("tied-both-lora", true, true)]
    {
        let case = Case::merge(name);
        assert_eq!(case.ours.config().get("tie_word_embeddings"), Some(&false.into()), "{name}");
        let (embedding_delta, head_delta) = tied_deltas(&case.request);
        for (tensor, delta) in [
            ("model.embed_tokens.weight", embedding_delta.filter(|_| changes_embedding)),
            ("lm_head.weight", head_delta.filter(|_| changes_head)),
        ] {
            assert_is_base_and(&case, tensor, delta.as_deref());
        }
        let plan = MergePlan::new(&MergeRequest {
            output: case.request.output.with_extension("again"),
            ..case.request.clone()
        });
        let warnings = plan.unwrap().warnings;
        assert!(
            warnings.iter().any(|warning| warning.to_string().contains("tie_word_embeddings becomes false")),
            "{warnings:?}"
        );
        assert_others_equal_peft(&case, &["model.embed_tokens.weight", "lm_head.weight"]);
    }
}

/// `ensure_weight_tying` trains one Δ for both names; PEFT adds it twice.
#[test]
fn a_tied_update_is_added_once_and_stays_tied() {
    let case = Case::merge("tied-ensured");
    assert_eq!(case.ours.config().get("tie_word_embeddings"), Some(&true.into()));
    assert!(case.ours.tensor("lm_head.weight").is_none());
    let (embedding_delta, _) = tied_deltas(&case.request);
    assert_is_base_and(&case, "model.embed_tokens.weight", embedding_delta.as_deref());
    assert_others_equal_peft(&case, &["model.embed_tokens.weight"]);
}

/// s·(B·A)ᵀ of the embedding and s·B·A of the head, the plain way.
fn tied_deltas(request: &MergeRequest) -> (Option<Vec<f64>>, Option<Vec<f64>>) {
    let adapter = Adapter::open(&request.adapters[0].path).unwrap();
    let scale = adapter.targets().iter().find_map(Target::scaling).unwrap().value();
    let factor = |name: &str| {
        let tensors = adapter.tensors();
        let tensor = tensors.iter().find(|tensor| tensor.name().ends_with(name))?;
        Some((tensor.shape().to_vec(), values(tensor)))
    };
    let embedding = factor("embed_tokens.lora_embedding_A").zip(factor("embed_tokens.lora_embedding_B"));
    let embedding = embedding.map(|((a_shape, a), (b_shape, b))| {
        let (rank, rows, columns) = (a_shape[0], a_shape[1], b_shape[0]);
        let element =
            |row: usize, column: usize| (0..rank).map(|k| b[column * rank + k] * a[k * rows + row]).sum::<f64>();
        (0..rows * columns).map(|index| scale * element(index / columns, index % columns)).collect()
    });
    let head = factor("lm_head.lora_A.weight").zip(factor("lm_head.lora_B.weight"));
    let head = head.map(|((a_shape, a), (b_shape, b))| {
        let (rank, rows, columns) = (a_shape[0], b_shape[0], a_shape[1]);
        let element =
            |row: usize, column: usize| (0..rank).map(|k| b[row * rank + k] * a[k * columns + column]).sum::<f64>();
        (0..rows * columns).map(|index| scale * element(index / columns, index % columns)).collect()
    });
    (embedding, head)
}

fn assert_is_base_and(case: &Case, tensor: &str, delta: Option<&[f64]>) {
    let base = Checkpoint::open(&case.request.base).unwrap();
    let weight = values(base.tensor("model.embed_tokens.weight").unwrap());
    let ours = values(case.ours.tensor(tensor).unwrap_or_else(|| panic!("{}: {tensor}", case.name)));
    assert_eq!(ours.len(), weight.len());
    for (index, (ours, weight)) in ours.iter().zip(&weight).enumerate() {
        let expected = weight + delta.map_or(0.0, |delta| delta[index]);
        assert!((ours - expected).abs() < 1e-6, "{}: {tensor}: {ours} and {expected}", case.name);
    }
}

fn assert_others_equal_peft(case: &Case, except: &[&str]) {
    for (name, expected) in case.expected.tensors().iter().filter(|(name, _)| !except.contains(&name.as_str())) {
        let ours = values(case.ours.tensor(name).unwrap());
        assert_equal_by_rule(name, &ours, &values(expected), expected.float_dtype().unwrap(), 0.0);
    }
}
