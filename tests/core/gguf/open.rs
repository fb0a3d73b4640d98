//! A GGUF file as a model: what was exported comes back, tensor by tensor, and answers as before.

use std::path::{Path, PathBuf};

use lorafuse::{
    checkpoint::{Checkpoint, LogicalTensor},
    evaluate::{EvalText, ModelSource},
    gguf::{FileType, GgufExport, open_model},
    job::JobContext,
};

use super::models::{CASES, Case};
use crate::support::{evaluation, values};

/// The file that `case` becomes, in its folder.
fn exported(case: &Case, file_type: FileType) -> PathBuf {
    let path = case.folder.path().join(format!("model-{file_type}.gguf"));
    let export = GgufExport::new(&case.checkpoint(), file_type).unwrap();
    export.write(&path, &JobContext::unwatched()).unwrap();
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
