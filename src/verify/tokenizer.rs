//! The tokenizer is whole, and every id that it can give has a row in the embedding.

use std::path::Path;

use serde_json::Value;

use super::{Detail, Reference, TokenizerFault};
use crate::{
    adapter::Adapter,
    architecture::Architecture,
    checkpoint::{Checkpoint, FileRole, LogicalTensor, read_text},
    error::IoAction,
    size::Component,
};

/// Files any one of which holds a whole vocabulary.
const VOCABULARIES: [&str; 7] = [
    "tokenizer.json",
    "tokenizer.model",
    "spiece.model",
    "sentencepiece.bpe.model",
    "vocab.json",
    "vocab.txt",
    "tekken.json",
];

/// A vocabulary larger than this is no vocabulary.
const MAX_COMPARED_BYTES: u64 = 256 << 20;

/// What is wrong with the tokenizer of `merged`, and what is worth knowing.
pub(super) fn judge(merged: &Checkpoint, reference: Option<&Reference>) -> (Vec<Detail>, Vec<Detail>) {
    let (mut problems, mut warnings) = (Vec::new(), Vec::new());
    let held: Vec<&str> = vocabularies(merged).collect();
    let base_has_one = reference.is_some_and(|reference| vocabularies(&reference.base).next().is_some());
    if held.is_empty() {
        let list = if base_has_one { &mut problems } else { &mut warnings };
        list.push(Detail::NoTokenizer);
    }
    if held == ["vocab.json"] && !merged.root().join("merges.txt").is_file() {
        problems.push(Detail::NoMerges);
    }
    for name in held {
        problems.extend(reference.and_then(|reference| truncated(name, merged, reference)));
    }
    match max_id(merged.root()) {
        Err(fault) => problems.push(Detail::BadTokenizer { fault }),
        Ok(Some(id)) => {
            let held = embedding_rows(&Architecture::of(merged));
            if let Some((tensor, rows)) = held.filter(|(_, rows)| id >= *rows) {
                let is_as_in_base = reference.is_some_and(|reference| {
                    let base = &reference.base;
                    let rows = embedding_rows(&Architecture::of(base)).map(|(_, rows)| rows);
                    max_id(base.side_root()).is_ok_and(|id| id.is_some_and(|id| rows.is_some_and(|rows| id >= rows)))
                });
                let list = if is_as_in_base { &mut warnings } else { &mut problems };
                list.push(Detail::IdsBeyondRows { id, tensor, rows, is_as_in_base });
            }
        }
        Ok(None) => {}
    }
    (problems, warnings)
}

fn vocabularies(checkpoint: &Checkpoint) -> impl Iterator<Item = &str> {
    let names = checkpoint.side_files().iter().filter(|file| file.role == FileRole::Tokenizer);
    names.map(|file| file.relative_path.as_str()).filter(|name| {
        VOCABULARIES.contains(name) || Path::new(name).extension().is_some_and(|ending| ending == "tiktoken")
    })
}

/// Whether a vocabulary is the beginning of the base's or of an adapter's.
fn truncated(name: &str, merged: &Checkpoint, reference: &Reference) -> Option<Detail> {
    let held = read(&merged.root().join(name))?;
    let roots = std::iter::once(reference.base.side_root()).chain(reference.adapters.iter().map(Adapter::root));
    let whole = roots
        .filter_map(|root| read(&root.join(name)))
        .find(|whole| whole.len() > held.len() && whole.starts_with(&held))?;
    let (held_bytes, whole_bytes) = (held.len() as u64, whole.len() as u64);
    Some(Detail::Truncated { file: name.to_owned(), held_bytes, whole_bytes })
}

fn read(path: &Path) -> Option<Vec<u8>> {
    let byte_count = std::fs::metadata(path).ok()?.len();
    (byte_count <= MAX_COMPARED_BYTES).then(|| std::fs::read(path).ok())?
}

/// The largest id that `tokenizer.json` gives; `None` where there is none.
fn max_id(root: &Path) -> Result<Option<u64>, TokenizerFault> {
    let path = root.join("tokenizer.json");
    if !path.is_file() {
        return Ok(None);
    }
    let text = read_text(&path, IoAction::ReadTokenizer)
        .map_err(|error| TokenizerFault::Unreadable { said: error.source.to_string() })?;
    let json: Value =
        serde_json::from_str(&text).map_err(|error| TokenizerFault::Broken { said: error.to_string() })?;
    let added = json["added_tokens"].as_array().into_iter().flatten().filter_map(|token| token["id"].as_u64()).max();
    let own = match &json["model"]["vocab"] {
        Value::Object(vocabulary) => vocabulary.values().filter_map(Value::as_u64).max(),
        Value::Array(pieces) => (pieces.len() as u64).checked_sub(1),
        _ => return Err(TokenizerFault::NoVocabulary),
    };
    Ok(own.max(added))
}

/// The input embedding and its rows: the class's own, or the only one by its name where the class is unknown.
pub(super) fn embedding_rows(architecture: &Architecture<'_>) -> Option<(String, u64)> {
    let checkpoint = architecture.checkpoint();
    let rows = |tensor: &LogicalTensor| {
        let [rows, _] = tensor.shape() else { return None };
        Some((tensor.name().to_owned(), *rows as u64))
    };
    if let Some(module) = architecture.input_embedding() {
        return rows(checkpoint.tensor(&format!("{module}.weight"))?);
    }
    let is_positions = |name: &str| ["wpe", "embed_positions"].iter().any(|part| name.contains(part));
    let mut tables = checkpoint.tensors().values().filter(|tensor| {
        let name = tensor.name();
        Component::of(name) == Component::Embedding && name.ends_with(".weight") && !is_positions(name)
    });
    let first = tables.next()?;
    if tables.next().is_some() { None } else { rows(first) }
}
