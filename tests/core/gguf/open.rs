//! A GGUF file as a model: what was exported comes back, tensor by tensor, and answers as before.

#![expect(clippy::cast_possible_truncation, reason = "small numbers of a test")]

use std::path::{Path, PathBuf};

use lorafuse::{
    checkpoint::{
        Checkpoint, CheckpointError, LogicalTensor,
        gguf::{GgufHeader, GgufModelError, GgufTensor, GgufValue},
    },
    evaluate::{EvalText, ModelSource},
    gguf::{FileType, open_model},
    job::JobContext,
    merge::{GgufPlace, GgufPlan},
    numeric::Dtype,
    plan::MergeRequest,
};
use serde_json::json;
use tokenizers::Tokenizer;

use super::models::{CASES, Case};
use crate::support::{FileBuilder, evaluation, lorafuse, noise, proven, put_adapter, stderr, values};

/// The file that `case` becomes, in its folder.
pub(super) fn exported(case: &Case, file_type: FileType) -> PathBuf {
    let path = case.folder.path().join(format!("model-{file_type}.gguf"));
    let place = GgufPlace::of(path.clone());
    let mut plan = GgufPlan::of_model(case.checkpoint(), &[file_type], Some(place)).unwrap();
    plan.check_output().unwrap();
    plan.run(&JobContext::unwatched()).unwrap();
    path
}

/// Families of which a norm is stored with one more in float32, which takes the last bits of small values.
fn adds_to_norms(name: &str, case: &str) -> bool {
    case.starts_with("gemma") && name.ends_with("norm.weight")
}

/// The head of a model that shares it with the embedding, where llama.cpp wants a copy of its own.
fn is_copied_head(name: &str, model: &Checkpoint) -> bool {
    ["lm_head.weight", "embed_out.weight"].contains(&name) && model.config().has_tied_embeddings()
}

fn assert_tensors(case: &str, original: &Checkpoint, opened: &Checkpoint) {
    let missing: Vec<&String> = original.tensors().keys().filter(|name| opened.tensor(name).is_none()).collect();
    assert!(missing.is_empty(), "{case}: {missing:?}");
    for tensor in opened.tensors().values() {
        let name = tensor.name();
        let Some(own) = original.tensor(name) else {
            assert!(is_copied_head(name, original), "{case}: {name}");
            continue;
        };
        assert_eq!(tensor.shape(), own.shape(), "{case}: {name}");
        let (found, expected) = (values(tensor), values(own));
        for (index, (found, expected)) in found.iter().zip(&expected).enumerate() {
            let allowed = if adds_to_norms(name, case) { 1.2e-7 * (1.0 + expected.abs()) } else { 0.0 };
            assert!((found - expected).abs() <= allowed, "{case}: {name}[{index}]: {found} and {expected}");
        }
        assert_rows(case, tensor, &found);
    }
}

/// A row is the same on its own.
fn assert_rows(case: &str, tensor: &LogicalTensor, whole: &[f64]) {
    let shape = tensor.tile_shape();
    for row in [0, shape.rows / 3, shape.rows - 1] {
        let mut one = vec![0.0_f32; shape.columns];
        tensor.read_rows(row..row + 1, &mut one).unwrap();
        let expected = &whole[row * shape.columns..][..shape.columns];
        assert!(one.iter().zip(expected).all(|(one, other)| f64::from(*one) == *other), "{case}: {}", tensor.name());
    }
}

/// The scores of `path` and of the folder that it was made of, on the ids of the case.
fn assert_scores(case: &str, golden: &Case, path: &Path, allowed: f64) {
    let ids: Vec<u32> = serde_json::from_value(golden.expected["ids"].clone()).unwrap();
    let own = vec![ModelSource::Stored(golden.folder.path().to_owned())];
    // Not every model that is exported is one that is evaluated.
    if evaluation::evaluated(own, vec![EvalText::tokens("ids", ids.clone())]).is_err() {
        assert!(["qwen3", "gemma"].contains(&case), "{case}");
        return;
    }
    let models = [golden.folder.path(), path].map(|path| ModelSource::Stored(path.to_owned())).to_vec();
    let report = evaluation::evaluated(models, vec![EvalText::tokens("ids", ids)]).unwrap();
    let nll = |model: usize| &report.models[model].texts[0].nll;
    let difference = evaluation::max_difference(nll(0), nll(1));
    assert!(difference <= allowed, "{case}: {difference}");
}

#[test]
fn what_was_exported_is_opened_again_with_every_value() {
    for case in CASES {
        let golden = Case::new(case);
        let original = golden.checkpoint();
        let path = exported(&golden, FileType::F32);
        let opened = open_model(&path).unwrap_or_else(|error| panic!("{case}: {error}"));
        assert_tensors(case, &original, &opened);
        assert!(opened.quantization().is_none(), "{case}");
        // Eps and bases are written in float32.
        assert_scores(case, &golden, &path, 2e-5);
    }
}

#[test]
fn what_was_stored_in_sixteen_bits_keeps_them() {
    for (case, file_type) in [("llama-spm", FileType::Bf16), ("qwen3-moe", FileType::Bf16), ("gpt_neox", FileType::F16)]
    {
        let golden = Case::new(case);
        let opened = open_model(&exported(&golden, file_type)).unwrap();
        assert_tensors(case, &golden.checkpoint(), &opened);
    }
}

const TEXTS: [&str; 5] = [
    "The merge of a model, and 1234567 more: it's DON'T!",
    "  two blanks\n\nand\tlines ",
    "한국어 문장 😀 naïve café",
    "<s>[INST] hello <|im_start|>user<|eot_id|> <tool_call>",
    "",
];

fn ids_of(folder: &Path, text: &str) -> Vec<u32> {
    let mut tokenizer = Tokenizer::from_file(folder.join("tokenizer.json")).unwrap();
    tokenizer.with_truncation(None).unwrap();
    tokenizer.encode(text, true).unwrap().get_ids().to_vec()
}

#[test]
fn its_tokenizer_finds_the_same_tokens() {
    for case in CASES {
        let golden = Case::new(case);
        let opened = open_model(&exported(&golden, FileType::Q8_0)).unwrap();
        assert_eq!(opened.gguf().unwrap().missing_tokenizer, None, "{case}");
        // Its token of two blanks is written as llama.cpp looks for it, which an export tells.
        for text in TEXTS.into_iter().filter(|text| case != "gemma3" || !text.contains("  ")) {
            assert_eq!(ids_of(opened.side_root(), text), ids_of(golden.folder.path(), text), "{case}: {text:?}");
        }
    }
}

/// Llama with whole blocks of the k-quants, and an adapter of two of its modules.
fn llama_and_adapter() -> (Case, PathBuf) {
    let golden = Case::new("llama-k256");
    let path = exported(&golden, FileType::Q4KM);
    let module = |part: &str| format!("base_model.model.model.layers.0.{part}");
    let mut file = FileBuilder::default();
    for (part, rows) in [("self_attn.q_proj", 256), ("mlp.down_proj", 256)] {
        file = file.f32(&module(&format!("{part}.lora_A.weight")), &[4, 256], noise(3)).f32(
            &module(&format!("{part}.lora_B.weight")),
            &[rows, 4],
            noise(4),
        );
    }
    let config = json!({"peft_type": "LORA", "r": 4, "lora_alpha": 8, "target_modules": ["q_proj", "down_proj"]});
    put_adapter(golden.folder.path(), "adapter", &config, &file);
    (golden, path)
}

#[test]
fn an_adapter_is_merged_into_it_with_one_rounding_and_the_merge_is_proved() {
    let (golden, path) = llama_and_adapter();
    let root = golden.folder.path();
    let base = open_model(&path).unwrap();
    assert_eq!(base.gguf().unwrap().file_type, "Q4_K_M");
    let merged = proven(&MergeRequest::new(&path, root.join("adapter"), root.join("merged")));
    assert_eq!(merged.tensors().len(), base.tensors().len());
    assert!(merged.tensors().values().all(|tensor| tensor.dtype() == Dtype::BF16));
    assert_eq!(merged.config().get("torch_dtype"), Some(&json!("bfloat16")));
    for name in ["tokenizer.json", "tokenizer_config.json", "generation_config.json", "model.safetensors"] {
        assert!(root.join("merged").join(name).is_file(), "{name}");
    }
    let untouched = "model.layers.1.mlp.up_proj.weight";
    let rounded = |value: &f64| f64::from(half::bf16::from_f32(*value as f32).to_f32());
    let expected: Vec<f64> = values(base.tensor(untouched).unwrap()).iter().map(rounded).collect();
    assert_eq!(values(merged.tensor(untouched).unwrap()), expected);
}

#[test]
fn the_program_says_what_it_is_and_compares_it_with_its_original() {
    let (golden, path) = llama_and_adapter();
    let root = golden.folder.path();
    let file = path.to_str().unwrap();
    let shown = lorafuse(root, &["inspect", file]);
    let text = String::from_utf8(shown.stdout.clone()).unwrap();
    assert!(text.starts_with("GGUF") && text.lines().next().unwrap().contains("Q4_K_M"), "{text}{}", stderr(&shown));
    std::fs::write(root.join("ids.json"), json!((1..60).collect::<Vec<u32>>()).to_string()).unwrap();
    let compared = lorafuse(root, &["compare", root.to_str().unwrap(), file, "--tokens", "ids.json", "--runs", "0"]);
    assert!(compared.status.success(), "{}", stderr(&compared));
    let args = ["merge", file, "adapter", "-o", "out"];
    let merged = lorafuse(root, &args);
    assert!(merged.status.success(), "{}", stderr(&merged));
    let told = format!("{}{}", String::from_utf8_lossy(&merged.stdout), stderr(&merged));
    assert!(told.contains("GGUF"), "{told}");
    let verified = lorafuse(root, &["verify", "out", "--base", file, "--adapter", "adapter"]);
    assert!(verified.status.success(), "{}", String::from_utf8_lossy(&verified.stdout));
}

/// A folder whose only weights are one file is that model; of two, one must be named.
#[test]
fn a_folder_with_one_file_is_opened() {
    let golden = Case::new("qwen2");
    let file = exported(&golden, FileType::Q8_0);
    let folder = tempfile::tempdir().unwrap();
    std::fs::copy(&file, folder.path().join("one.gguf")).unwrap();
    assert_eq!(open_model(folder.path()).unwrap().name(), "one");
    std::fs::copy(&file, folder.path().join("two.gguf")).unwrap();
    let problem = open_model(folder.path()).unwrap_err();
    assert!(matches!(problem, CheckpointError::Gguf { problem: GgufModelError::Several { .. }, .. }), "{problem}");
}

type Metadata = Vec<(String, GgufValue)>;

/// A copy of `path` with other metadata and other names of tensors, its data as they were.
fn rewritten(path: &Path, edit: impl Fn(&mut Metadata, &mut Vec<GgufTensor>)) -> PathBuf {
    let header = GgufHeader::open(path).unwrap();
    let data = std::fs::read(path).unwrap()[header.data_start as usize..].to_vec();
    let (mut metadata, mut tensors) = (header.metadata, header.tensors);
    edit(&mut metadata, &mut tensors);
    let mut bytes = GgufHeader::new(metadata, tensors).unwrap().to_bytes();
    bytes.extend(data);
    let other = path.with_file_name("other.gguf");
    std::fs::write(&other, bytes).unwrap();
    other
}

fn problem_of(path: &Path) -> GgufModelError {
    match open_model(path) {
        Err(CheckpointError::Gguf { problem, .. }) => problem,
        Err(other) => panic!("{other}"),
        Ok(_) => panic!("it was opened"),
    }
}

#[test]
fn what_is_not_known_is_refused_by_name() {
    let golden = Case::new("llama-spm");
    let path = exported(&golden, FileType::Q8_0);
    assert!(open_model(&rewritten(&path, |_, _| {})).is_ok());
    let with = |key: &str, value: GgufValue| {
        problem_of(&rewritten(&path, |metadata, _| {
            metadata.retain(|(known, _)| known != key);
            metadata.push((key.to_owned(), value.clone()));
        }))
    };
    let without = |key: &str| problem_of(&rewritten(&path, |metadata, _| metadata.retain(|(known, _)| known != key)));
    let number = GgufValue::U32;
    let text = |text: &str| GgufValue::String(text.to_owned());
    for key in ["block_count", "embedding_length", "attention.head_count", "feed_forward_length", "context_length"] {
        let key = format!("llama.{key}");
        assert_eq!(without(&key), GgufModelError::NoKey { key: key.clone() });
        // A context of any length is one.
        for bad in [0, u32::MAX, 1 << 23].into_iter().filter(|bad| *bad != 1 << 23 || !key.contains("context")) {
            let problem = with(&key, number(bad));
            let is_told = matches!(&problem, GgufModelError::BadKey { .. } | GgufModelError::UnfitTensor { .. });
            assert!(is_told, "{key} = {bad}: {problem}");
        }
    }
    assert!(matches!(without("general.architecture"), GgufModelError::NoKey { .. }));
    assert!(matches!(with("llama.logit_scale", GgufValue::F32(2.0)), GgufModelError::UnknownKey { .. }));
    assert!(matches!(with("llama.rope.scaling.type", text("dynamic")), GgufModelError::BadKey { .. }));
    assert!(matches!(with("llama.attention.head_count_kv", number(3)), GgufModelError::BadKey { .. }));
    assert!(matches!(with("general.architecture", text("mamba")), GgufModelError::UnknownArchitecture { .. }));
    assert_eq!(with("general.type", text("adapter")), GgufModelError::IsAdapter);
    assert!(matches!(with("general.type", text("mmproj")), GgufModelError::OtherKind { .. }));
    assert_eq!(with("split.count", GgufValue::U16(3)), GgufModelError::Split { count: 3 });
    let renamed = |from: &str, to: &str| {
        problem_of(&rewritten(&path, |_, tensors| {
            for tensor in tensors.iter_mut().filter(|tensor| tensor.name == from) {
                to.clone_into(&mut tensor.name);
            }
        }))
    };
    assert!(matches!(renamed("blk.0.attn_q.weight", "blk.0.attn_sinks.weight"), GgufModelError::UnknownTensor { .. }));
    assert!(matches!(renamed("blk.1.attn_q.weight", "blk.7.attn_q.weight"), GgufModelError::UnknownTensor { .. }));
    assert!(matches!(renamed("token_embd.weight", "blk.0.attn_q.bias"), GgufModelError::NoTensor { .. }));
}

/// A tokenizer that is not known is left out, and the model is opened.
#[test]
fn an_unknown_tokenizer_is_left_out_and_told() {
    let golden = Case::new("qwen2");
    let path = exported(&golden, FileType::Q8_0);
    let other = rewritten(&path, |metadata, _| {
        for (_, value) in metadata.iter_mut().filter(|(key, _)| key == "tokenizer.ggml.pre") {
            *value = GgufValue::String("chatglm-bpe".to_owned());
        }
    });
    let opened = open_model(&other).unwrap();
    assert!(opened.gguf().unwrap().missing_tokenizer.as_ref().unwrap().contains("chatglm-bpe"));
    assert!(!opened.side_root().join("tokenizer.json").exists());
}

/// Damage at random anywhere before the data: an error or a model, never a panic, and no endless wait.
#[test]
fn a_damaged_file_is_an_error_or_a_model() {
    let golden = Case::new("qwen3-moe");
    let path = exported(&golden, FileType::Q4KM);
    let bytes = std::fs::read(&path).unwrap();
    let start = GgufHeader::open(&path).unwrap().data_start as usize;
    let mut state = 0x2545_f491_4f6c_dd1d_u64;
    let mut next = |most: usize| {
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        (state % most as u64) as usize
    };
    let damaged = path.with_file_name("damaged.gguf");
    let keys_end = bytes.windows(14).position(|window| window == b"tokenizer.ggml").unwrap();
    for round in 0..300 {
        let mut copy = bytes.clone();
        // Numbers that decide shapes stand before the tokenizer, and the list of tensors behind it.
        let range = if round % 2 == 0 { 0..keys_end } else { start - 4000..start };
        for _ in 0..=next(3) {
            copy[range.start + next(range.len())] = [0, 1, 0x7f, 0xff, next(256) as u8][next(5)];
        }
        if round % 17 == 0 {
            copy.truncate(start + next(bytes.len() - start));
        }
        std::fs::write(&damaged, copy).unwrap();
        if let Ok(model) = open_model(&damaged) {
            for tensor in model.tensors().values() {
                tensor.read_all().unwrap();
            }
        }
    }
}
