//! The vocabulary: tokens that both tokenizers know must have the same ids, and every id needs a row.

use std::{collections::HashMap, path::Path};

use serde_json::Value;

use super::{Compared, Finding, Verdict};
use crate::{
    adapter::Adapter,
    checkpoint::{Checkpoint, read_text},
    error::IoAction,
    plan::PlanError,
};

const FILE: &str = "tokenizer.json";

/// Compares the adapter's `tokenizer.json` with the base's; `None` where one of them has none or both are equal files.
pub(super) fn finding(base: &Checkpoint, adapter: &Adapter) -> Result<Option<Finding>, PlanError> {
    let (Some(ours), Some(theirs)) = (read(base.side_root())?, read(adapter.root())?) else { return Ok(None) };
    if ours == theirs {
        return Ok(Some(Finding::new(Verdict::Agrees, Compared::SameTokenizer)));
    }
    let (ours, theirs) = (ids(&ours, base.side_root())?, ids(&theirs, adapter.root())?);
    let mut moved: Vec<String> = theirs
        .iter()
        .filter(|(token, id)| ours.get(*token).is_some_and(|own| own != *id))
        .map(|(token, _)| token.clone())
        .collect();
    moved.sort_unstable();
    if moved.is_empty() {
        let evidence = Compared::TokenizerAgrees { token_count: theirs.len() as u64, base_count: ours.len() as u64 };
        return Ok(Some(Finding::new(Verdict::Agrees, evidence)));
    }
    Ok(Some(Finding::new(Verdict::Differs, Compared::TokensMoved { tokens: moved })))
}

fn read(root: &Path) -> Result<Option<String>, PlanError> {
    let path = root.join(FILE);
    if !path.is_file() {
        return Ok(None);
    }
    Ok(Some(read_text(&path, IoAction::ReadTokenizer)?))
}

/// Token → id, added tokens included.
fn ids(text: &str, root: &Path) -> Result<HashMap<String, u64>, PlanError> {
    let tokenizer: Value = serde_json::from_str(text)
        .map_err(|error| PlanError::BadTokenizer { problem: crate::error::brief(&error), path: root.join(FILE) })?;
    let mut ids = HashMap::new();
    match &tokenizer["model"]["vocab"] {
        Value::Object(vocabulary) => {
            ids.extend(vocabulary.iter().filter_map(|(token, id)| Some((token.clone(), id.as_u64()?))));
        }
        // Unigram models list [piece, score] pairs, by id.
        Value::Array(pieces) => {
            ids.extend(pieces.iter().zip(0..).filter_map(|(piece, id)| Some((piece[0].as_str()?.to_owned(), id))));
        }
        _ => {}
    }
    let added = tokenizer["added_tokens"].as_array().into_iter().flatten();
    ids.extend(added.filter_map(|token| Some((token["content"].as_str()?.to_owned(), token["id"].as_u64()?))));
    Ok(ids)
}
