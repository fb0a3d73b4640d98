//! `tokenizer.ggml.pre`: the name under which llama.cpp knows how a tokenizer cuts text before it merges.
//!
//! First by what the tokenizer makes of a text that tells them apart, as llama.cpp's converter does, then by the rules
//! themselves, for a fine-tune that added a token cuts text as its base does. What is neither is refused: a file that
//! cuts text otherwise than the model learned is worse than none.

use std::{collections::HashMap, fmt::Write as _, sync::LazyLock};

use serde_json::{Value, json};
use sha2::{Digest as _, Sha256};
use tokenizers::Tokenizer;

use super::files::Files;
use crate::gguf::ExportError;

/// Names by the hash of the ids of [`CHECK_TEXT`].
static NAMES: LazyLock<HashMap<String, String>> = LazyLock::new(|| {
    serde_json::from_str(include_str!("pre_tokenizers.json"))
        .unwrap_or_else(|error| unreachable!("a table of the program: {error}"))
});

/// The text of llama.cpp's converter.
const CHECK_TEXT: &str = "\n \n\n \n\n\n \t \t\t \t\n  \n   \n    \n     \n🚀 (normal) 😶\u{200d}🌫️ (multiple emojis concatenated) ✅ 🦙🦙 3 33 333 3333 33333 333333 3333333 33333333 3.3 3..3 3...3 កាន់តែពិសេសអាច😁 ?我想在apple工作1314151天～ ------======= нещо на Български ''''''```````\"\"\"\"......!!!!!!?????? I've been 'told he's there, 'RE you sure? 'M not sure I'll make it, 'D you like some tea? We'Ve a'lL";

/// How Llama 3 cuts text.
const LLAMA3: &str = r"(?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\r\n\p{L}\p{N}]?\p{L}+|\p{N}{1,3}| ?[^\s\p{L}\p{N}]+[\r\n]*|\s*[\r\n]+|\s+(?!\S)|\s+";
/// How Qwen 2 does: digits one by one.
const QWEN2: &str =
    r"(?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\r\n\p{L}\p{N}]?\p{L}+|\p{N}| ?[^\s\p{L}\p{N}]+[\r\n]*|\s*[\r\n]+|\s+(?!\S)|\s+";
/// How Mistral Nemo does.
const TEKKEN: &str = r"[^\r\n\p{L}\p{N}]?[\p{Lu}\p{Lt}\p{Lm}\p{Lo}\p{M}]*[\p{Ll}\p{Lm}\p{Lo}\p{M}]+|[^\r\n\p{L}\p{N}]?[\p{Lu}\p{Lt}\p{Lm}\p{Lo}\p{M}]+[\p{Ll}\p{Lm}\p{Lo}\p{M}]*|\p{N}| ?[^\s\p{L}\p{N}]+[\r\n/]*|\s*[\r\n]+|\s+(?!\S)|\s+";

/// The name for the tokenizer in `json`.
pub(super) fn pre_tokenizer(files: &Files, json: &Value, text: &str) -> Result<String, ExportError> {
    let hash = check_hash(files, text)?;
    if let Some(name) = NAMES.get(&hash) {
        return Ok(name.clone());
    }
    match by_rules(json) {
        Some(name) => Ok(name.to_owned()),
        None => Err(ExportError::UnknownPreTokenizer { parts: rules(json), hash, path: files.root().to_owned() }),
    }
}

/// The steps that a name stands for, as `tokenizer.json` has them.
pub(in crate::gguf) struct KnownSteps {
    pub(in crate::gguf) normalizer: Value,
    pub(in crate::gguf) pre_tokenizer: Value,
    /// Whether a word of the vocabulary is a token whatever the merges say.
    pub(in crate::gguf) ignores_merges: bool,
}

/// The steps of `name`; `None` where they are not known well enough.
pub(in crate::gguf) fn known_steps(name: &str) -> Option<KnownSteps> {
    let level = |uses_regex: bool| json!({"type": "ByteLevel", "add_prefix_space": false, "trim_offsets": true, "use_regex": uses_regex});
    let sequence = |steps: Vec<Value>| json!({"type": "Sequence", "pretokenizers": steps});
    let split = |pattern: &str| {
        let split = json!({"type": "Split", "pattern": {"Regex": pattern}, "behavior": "Isolated", "invert": false});
        sequence(vec![split, level(false)])
    };
    let (pre_tokenizer, composes, ignores_merges) = match name {
        "gpt-2" => (level(true), false, false),
        "olmo" => (level(true), true, false),
        "llama-bpe" => (split(LLAMA3), false, true),
        "dbrx" => (split(LLAMA3), false, false),
        "qwen2" => (split(QWEN2), true, false),
        "deepseek-r1-qwen" => (split(QWEN2), false, false),
        "tekken" => (split(TEKKEN), false, true),
        "smollm" => (sequence(vec![json!({"type": "Digits", "individual_digits": true}), level(true)]), false, false),
        "falcon" => {
            let digits = json!({"type": "Split", "pattern": {"Regex": "[0-9][0-9][0-9]"}, "behavior": "Isolated", "invert": false});
            let steps = vec![
                json!({"type": "Punctuation", "behavior": "Contiguous"}),
                level(true),
                json!({"type": "Digits", "individual_digits": false}),
                digits,
            ];
            (sequence(steps), false, false)
        }
        _ => return None,
    };
    let normalizer = if composes { json!({"type": "NFC"}) } else { Value::Null };
    Some(KnownSteps { normalizer, pre_tokenizer, ignores_merges })
}

/// The hash of the ids that the tokenizer makes of the check text, as Python prints them.
pub(super) fn check_hash(files: &Files, text: &str) -> Result<String, ExportError> {
    let bad = |error: tokenizers::Error| files.bad("tokenizer.json", crate::error::brief(&error));
    let mut tokenizer = Tokenizer::from_bytes(text.as_bytes()).map_err(bad)?;
    tokenizer.with_truncation(None).map_err(bad)?;
    tokenizer.with_padding(None);
    let ids: Vec<String> =
        tokenizer.encode(CHECK_TEXT, true).map_err(bad)?.get_ids().iter().map(u32::to_string).collect();
    let printed = format!("[{}]", ids.join(", "));
    Ok(Sha256::digest(printed).iter().fold(String::new(), |mut digits, byte| {
        write!(digits, "{byte:02x}").ok();
        digits
    }))
}

/// The steps of the pre-tokenizer, one after the other.
fn steps(json: &Value) -> Vec<&Value> {
    let pre = &json["pre_tokenizer"];
    match (pre["type"].as_str(), pre["pretokenizers"].as_array()) {
        (Some("Sequence"), Some(inner)) => inner.iter().collect(),
        (Some(_), _) => vec![pre],
        (None, _) => Vec::new(),
    }
}

/// What a person can look for, of each step.
fn rules(json: &Value) -> Vec<String> {
    let rule = |step: &&Value| {
        let kind = step["type"].as_str().unwrap_or("?");
        match step["pattern"]["Regex"].as_str().or_else(|| step["pattern"]["String"].as_str()) {
            Some(pattern) => format!("{kind} {}", crate::error::shortened(pattern)),
            None => kind.to_owned(),
        }
    };
    steps(json).iter().map(rule).collect()
}

fn by_rules(json: &Value) -> Option<&'static str> {
    let steps = steps(json);
    let kinds: Vec<&str> = steps.iter().filter_map(|step| step["type"].as_str()).collect();
    let has_nfc = json["normalizer"]["type"] == "NFC";
    let is_plain = json["normalizer"].is_null();
    let adds_space = steps.iter().any(|step| step["type"] == "ByteLevel" && step["add_prefix_space"] == true);
    if adds_space || !(has_nfc || is_plain) {
        return None;
    }
    let uses_regex = |step: &Value| step["use_regex"].as_bool().unwrap_or(true);
    match (kinds.as_slice(), steps.as_slice()) {
        (["ByteLevel"], [level]) if uses_regex(level) => Some(if has_nfc { "olmo" } else { "gpt-2" }),
        (["Split", "ByteLevel"], [split, level]) if !uses_regex(level) && split["behavior"] == "Isolated" => {
            let ignores_merges = json["model"]["ignore_merges"] == true;
            match split["pattern"]["Regex"].as_str()? {
                LLAMA3 if is_plain => Some(if ignores_merges { "llama-bpe" } else { "dbrx" }),
                QWEN2 if has_nfc => Some("qwen2"),
                TEKKEN if is_plain => Some("tekken"),
                _ => None,
            }
        }
        (["Digits", "ByteLevel"], [digits, level])
            if is_plain && digits["individual_digits"] == true && uses_regex(level) =>
        {
            Some("smollm")
        }
        (["Punctuation", "ByteLevel", "Digits", "Split"], [.., split])
            if is_plain && split["pattern"]["Regex"] == "[0-9][0-9][0-9]" =>
        {
            Some("falcon")
        }
        _ => None,
    }
}
