//! Where llama.cpp cuts text otherwise than the tokenizer, whatever a file says: it knows no flags of added tokens and no
//! normal forms, and puts its blanks by one rule.

use serde_json::Value;

use super::{
    files::{AddedToken, Files},
    vocabulary::{SENTENCE_PIECE, Vocabulary},
};
use crate::gguf::{ExportError, ExportNote};

/// Tokens of Phi-3 that leave the blanks behind them alone, as all of its others do not.
const PHI3_UNSTRIPPED: [&str; 3] = ["<unk>", "<s>", "<|endoftext|>"];

/// Everything that is cut otherwise; `is_phi3` where llama.cpp strips as Phi-3 does.
pub(super) fn differences(
    files: &Files,
    vocabulary: &Vocabulary,
    is_phi3: bool,
) -> Result<Vec<ExportNote>, ExportError> {
    let Some(json) = &files.json else { return Ok(Vec::new()) };
    let is_scored = vocabulary.model == SENTENCE_PIECE;
    let composes = steps_of(&json["normalizer"]).iter().any(|step| step["type"] == "NFC");
    let added = files.added_tokens()?;
    let mut notes = Vec::new();
    let flagged: Vec<String> = added
        .iter()
        .filter_map(|token| {
            let counts = |flag: &&str| match *flag {
                // Where nothing is done to ASCII first, it makes no difference whether a token is looked for before or after.
                "normalized" => is_scored || composes && !token.content.is_ascii(),
                "rstrip" => !is_phi3,
                _ => true,
            };
            let flags: Vec<&str> = token.flags.iter().copied().filter(counts).collect();
            (!flags.is_empty()).then(|| format!("{} ({})", token.content, flags.join(", ")))
        })
        .collect();
    if !flagged.is_empty() {
        notes.push(ExportNote::TokenFlags { tokens: flagged });
    }
    let blanks: Vec<String> =
        added.iter().filter(|token| token.content.contains('▁')).map(|token| token.content.clone()).collect();
    if is_scored && !blanks.is_empty() {
        notes.push(ExportNote::BlankTokens { tokens: blanks });
    }
    if let Some(scheme) = prepended(json).filter(|_| is_scored) {
        notes.push(ExportNote::BlankBefore { is_first_only: scheme == "first" });
    }
    if composes {
        notes.push(ExportNote::NotComposed);
    }
    Ok(notes)
}

/// Whether the flags of the added tokens are those that llama.cpp gives a model whose name says that it is Phi-3.
pub(super) fn strips_as_phi3(files: &Files) -> Result<bool, ExportError> {
    let mut added = files.added_tokens()?;
    if files.json.is_none() {
        added = files.decoder_tokens()?;
    }
    let has = |content: &str| added.iter().any(|token| token.content == content);
    let is_alike =
        |token: &AddedToken| token.flags.contains(&"rstrip") != PHI3_UNSTRIPPED.contains(&token.content.as_str());
    Ok(PHI3_UNSTRIPPED.iter().chain(&["</s>"]).all(|content| has(content)) && added.iter().all(is_alike))
}

/// When `Metaspace` puts a blank before a text, where it does.
fn prepended(json: &Value) -> Option<&str> {
    let steps = [&json["normalizer"], &json["pre_tokenizer"]].into_iter().flat_map(steps_of);
    let spaces = steps.filter(|step| step["type"] == "Metaspace");
    spaces
        .filter_map(|step| match step.get("prepend_scheme").and_then(Value::as_str) {
            Some(scheme) => Some(scheme),
            None => (step["add_prefix_space"] == true).then_some("always"),
        })
        .find(|scheme| *scheme != "never")
}

/// A step, or all that are in it.
fn steps_of(step: &Value) -> Vec<&Value> {
    let inner = step.get("normalizers").or_else(|| step.get("pretokenizers")).and_then(Value::as_array);
    match inner {
        Some(inner) => inner.iter().flat_map(steps_of).collect(),
        None => vec![step],
    }
}
