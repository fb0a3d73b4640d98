//! What the integration tests share: golden cases, byte builders for safetensors, tiny models.

pub mod equality;
pub mod evaluation;
pub mod random_model;
pub mod sparse_llama;
pub mod trained_layer;

use std::{
    path::{Path, PathBuf},
    process::{Command, Output},
    sync::{
        Arc, OnceLock,
        atomic::{AtomicBool, AtomicUsize, Ordering},
    },
};

use lorafuse::{
    checkpoint::{Checkpoint, LogicalTensor},
    job::JobContext,
    merge::{self, MergeReceipt},
    numeric::{FloatDtype, widen_to_f64},
    plan::{MergePlan, MergeRequest},
    verify::{self, VerifyRequest},
};
use serde_json::{Value, json};
use sha2::{Digest as _, Sha256};

/// The repository.
pub fn repository() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR"))
}

/// A golden case.
pub fn golden(case: &str) -> PathBuf {
    repository().join("tests/golden").join(case)
}

/// The sample.
pub fn sample() -> PathBuf {
    repository().join("assets/sample")
}

/// The first `byte_count` bytes of the SHA-256 of `data`, as digits.
pub fn sha256_start(data: &[u8], byte_count: usize) -> String {
    Sha256::digest(data).iter().take(byte_count).fold(String::new(), |digits, byte| format!("{digits}{byte:02x}"))
}

/// What the program says and returns when it is run in `folder`.
pub fn lorafuse(folder: &Path, args: &[&str]) -> Output {
    Command::new(env!("CARGO_BIN_EXE_lorafuse")).current_dir(folder).args(args).output().unwrap()
}

/// What a process said on stderr.
pub fn stderr(output: &Output) -> String {
    String::from_utf8(output.stderr.clone()).unwrap()
}

/// A job that cancels itself at the `limit`th event.
pub fn cancelling(limit: usize) -> JobContext {
    let flag = Arc::<OnceLock<Arc<AtomicBool>>>::default();
    let (seen, handle) = (AtomicUsize::new(0), Arc::clone(&flag));
    let (job, watch) = JobContext::new(move || {
        if seen.fetch_add(1, Ordering::Relaxed) + 1 == limit
            && let Some(cancel) = handle.get()
        {
            cancel.store(true, Ordering::Relaxed);
        }
    });
    flag.set(watch.cancel_flag()).ok();
    job
}

/// Plans and runs a merge.
pub fn merged(request: &MergeRequest) -> MergeReceipt {
    let plan = MergePlan::new(request).unwrap();
    merge::run(&plan, &JobContext::unwatched()).unwrap()
}

/// All of a tensor as f64.
pub fn values(tensor: &LogicalTensor) -> Vec<f64> {
    let dtype = FloatDtype::of(tensor.dtype()).unwrap();
    let mut bytes = vec![0; tensor.element_count() * dtype.byte_count()];
    tensor.read_row_bytes(0..tensor.tile_shape().rows, &mut bytes).unwrap();
    let mut values = vec![0.0; tensor.element_count()];
    widen_to_f64(dtype, &bytes, &mut values);
    values
}

/// All of a tensor as it is stored.
pub fn bytes(checkpoint: &Checkpoint, name: &str) -> Vec<u8> {
    let tensor = checkpoint.tensor(name).unwrap();
    let mut bytes = vec![0; usize::try_from(tensor.byte_count()).unwrap()];
    tensor.read_row_bytes(0..tensor.tile_shape().rows, &mut bytes).unwrap();
    bytes
}

/// A safetensors file in the making.
#[derive(Clone, Default)]
pub struct FileBuilder {
    tensors: Vec<(String, String, Vec<usize>, Vec<u8>)>,
}

impl FileBuilder {
    /// Adds an F32 tensor.
    pub fn f32(mut self, name: &str, shape: &[usize], values: impl Fn(usize) -> f32) -> Self {
        let count: usize = shape.iter().product();
        let data = (0..count).flat_map(|index| values(index).to_le_bytes()).collect();
        self.tensors.push((name.to_owned(), "F32".to_owned(), shape.to_vec(), data));
        self
    }

    /// Adds a tensor of any dtype.
    pub fn raw(mut self, name: &str, dtype: &str, shape: &[usize], data: Vec<u8>) -> Self {
        self.tensors.push((name.to_owned(), dtype.to_owned(), shape.to_vec(), data));
        self
    }

    /// The file's bytes.
    pub fn build(&self) -> Vec<u8> {
        let mut header = serde_json::Map::new();
        header.insert("__metadata__".to_owned(), json!({"format": "pt"}));
        let mut end = 0;
        for (name, dtype, shape, data) in &self.tensors {
            let start = end;
            end += data.len();
            header.insert(name.clone(), json!({"dtype": dtype, "shape": shape, "data_offsets": [start, end]}));
        }
        let mut out = with_header(Value::Object(header).to_string().as_bytes());
        self.tensors.iter().for_each(|(_, _, _, data)| out.extend(data));
        out
    }
}

/// `header` with its length in front.
pub fn with_header(header: &[u8]) -> Vec<u8> {
    let mut out = (header.len() as u64).to_le_bytes().to_vec();
    out.extend_from_slice(header);
    out
}

/// Writes a file, with the folders above it.
pub fn put(path: &Path, content: impl AsRef<[u8]>) {
    std::fs::create_dir_all(path.parent().unwrap()).unwrap();
    std::fs::write(path, content).unwrap();
}

/// Copies the files of a folder, not what is in folders below it.
pub fn copy_folder(from: &Path, to: &Path) {
    std::fs::create_dir_all(to).unwrap();
    for entry in std::fs::read_dir(from).unwrap().map(Result::unwrap) {
        if entry.path().is_file() {
            std::fs::copy(entry.path(), to.join(entry.file_name())).unwrap();
        }
    }
}

/// Deterministic values of about ±0.5.
pub fn noise(seed: usize) -> impl Fn(usize) -> f32 {
    move |index| {
        let mut state = (index as u64 + 1).wrapping_mul(0x9e37_79b9_7f4a_7c15) ^ (seed as u64) << 32;
        state = (state ^ (state >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        state = (state ^ (state >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        ((state >> 40) as f32) / (1_u32 << 24) as f32 - 0.5
    }
}

/// The base of a two-layer toy: `layers.N.proj` (6 × 4), a norm and an embedding.
pub fn toy_base_file() -> FileBuilder {
    FileBuilder::default()
        .f32("model.embed_tokens.weight", &[10, 4], noise(1))
        .f32("model.layers.0.proj.weight", &[6, 4], noise(2))
        .f32("model.layers.1.proj.weight", &[6, 4], noise(3))
        .f32("model.norm.weight", &[4], noise(4))
}

/// Rank-2 factors for both layers of the toy.
pub fn toy_adapter_file() -> FileBuilder {
    let mut file = FileBuilder::default();
    for layer in 0..2 {
        let prefix = format!("base_model.model.model.layers.{layer}.proj");
        file = file.f32(&format!("{prefix}.lora_A.weight"), &[2, 4], noise(10 + layer)).f32(
            &format!("{prefix}.lora_B.weight"),
            &[6, 2],
            noise(20 + layer),
        );
    }
    file
}

/// The toy's adapter config.
pub fn toy_adapter_config() -> Value {
    json!({"peft_type": "LORA", "r": 2, "lora_alpha": 4, "target_modules": ["proj"], "base_model_name_or_path": "org/toy"})
}

/// Writes the toy into `root/base` and `root/adapter`.
pub fn put_toy(root: &Path) {
    put(
        &root.join("base/config.json"),
        r#"{"model_type": "toy", "architectures": ["ToyForCausalLM"], "dtype": "float32"}"#,
    );
    put(&root.join("base/model.safetensors"), toy_base_file().build());
    put(&root.join("adapter/adapter_config.json"), toy_adapter_config().to_string());
    put(&root.join("adapter/adapter_model.safetensors"), toy_adapter_file().build());
}

/// A request on a toy in `root`, to `root/merged`.
pub fn toy_request(root: &Path) -> MergeRequest {
    MergeRequest::new(root.join("base"), root.join("adapter"), root.join("merged"))
}

/// All sources below `folder`.
pub fn rust_files(folder: &Path) -> Vec<PathBuf> {
    let mut files = Vec::new();
    for entry in std::fs::read_dir(folder).into_iter().flatten().flatten() {
        let path = entry.path();
        if path.is_dir() {
            files.extend(rust_files(&path));
        } else if path.extension().is_some_and(|extension| extension == "rs") {
            files.push(path);
        }
    }
    files
}

/// Every entry of `root`, sorted, so that a test can say that nothing was left behind.
pub fn listing(root: &Path) -> Vec<String> {
    let mut names: Vec<String> = std::fs::read_dir(root)
        .unwrap()
        .map(|entry| entry.unwrap().file_name().to_string_lossy().into_owned())
        .collect();
    names.sort();
    names
}

/// Values of a tensor of noise, as the formulas below take them.
pub fn noise_at(seed: usize, index: usize) -> f64 {
    f64::from(noise(seed)(index))
}

/// Writes a model of one tensor file.
pub fn put_model(root: &Path, config: &Value, file: &FileBuilder) {
    put(&root.join("base/config.json"), config.to_string());
    put(&root.join("base/model.safetensors"), file.build());
}

/// Writes an adapter into `root/name`.
pub fn put_adapter(root: &Path, name: &str, config: &Value, file: &FileBuilder) {
    put(&root.join(name).join("adapter_config.json"), config.to_string());
    put(&root.join(name).join("adapter_model.safetensors"), file.build());
}

/// Writes a tied GPT-2 of one tensor, and an adapter with new rows for tokens 3 and 7 beside a LoRA of its head.
pub fn put_tied_rows(root: &Path) {
    let config = json!({"model_type": "gpt2", "architectures": ["GPT2LMHeadModel"]});
    put_model(root, &config, &FileBuilder::default().f32("transformer.wte.weight", &[10, 4], noise(1)));
    let module = |name: &str| format!("base_model.model.{name}");
    let file = FileBuilder::default()
        .f32(&module("transformer.wte.token_adapter.trainable_tokens_delta"), &[2, 4], noise(5))
        .f32(&module("lm_head.lora_A.weight"), &[2, 4], noise(10))
        .f32(&module("lm_head.lora_B.weight"), &[10, 2], noise(11));
    let config = json!({"peft_type": "LORA", "r": 2, "lora_alpha": 2, "trainable_token_indices": {"wte": [3, 7]}});
    put_adapter(root, "adapter", &config, &file);
}

/// Merges, proves the merge, and opens it.
pub fn proven(request: &MergeRequest) -> Checkpoint {
    merged(request);
    let proof = VerifyRequest {
        merged: request.output.clone(),
        base: Some(request.base.clone()),
        adapters: request.adapters.clone(),
    };
    let report = verify::run(&proof, &JobContext::unwatched()).unwrap();
    assert!(report.is_passed(), "{:#?}", report.checks);
    Checkpoint::open(&request.output).unwrap()
}

/// Within what f32 can be off in sums of a few terms of about one.
pub fn assert_close(what: &str, found: &[f64], expected: &[f64]) {
    assert_eq!(found.len(), expected.len(), "{what}");
    for (index, (found, expected)) in found.iter().zip(expected).enumerate() {
        assert!((found - expected).abs() < 2e-6, "{what}[{index}]: {found} and {expected}");
    }
}

/// The config of a toy with a head of its own.
pub fn toy_config() -> Value {
    json!({"model_type": "toy", "architectures": ["ToyForCausalLM"], "tie_word_embeddings": false})
}

/// `Σ_k b[row, k]·a[k, column]` of noise factors `(out, r)` and `(r, in)`, by the seeds of a and b.
pub fn low_rank_element(seeds: (usize, usize), (rank, inner): (usize, usize), (row, column): (usize, usize)) -> f64 {
    (0..rank).map(|k| noise_at(seeds.1, row * rank + k) * noise_at(seeds.0, k * inner + column)).sum()
}
