//! The files of a tokenizer from `tokenizer.ggml.*`: byte-level merges under a name that is known, and SentencePiece's
//! scores as merges in their order. Any other is left out and told: a guess would score another text.

use serde_json::{Map, Value, json};

use super::{
    merges::merges_of_scores,
    metadata::{Metadata, whole},
};
use crate::{
    checkpoint::gguf::{GgufArray, GgufValue},
    gguf::tokenizer::pre::{KnownSteps, known_steps},
};

const NORMAL: u64 = 1;
const UNKNOWN: u64 = 2;
const CONTROL: u64 = 3;
const USER_DEFINED: u64 = 4;
const UNUSED: u64 = 5;

/// Files beside the weights, and why there is no tokenizer among them.
pub(super) fn side_files(
    metadata: &Metadata<'_>,
    config: &Map<String, Value>,
) -> (Vec<(&'static str, String)>, Option<String>) {
    let text = |value: &Value| format!("{value:#}\n");
    let mut files = vec![("generation_config.json", text(&generation_config(metadata)))];
    match tokenizer(metadata) {
        Ok(tokenizer) => {
            files.push(("tokenizer.json", tokenizer.to_string()));
            files.push(("tokenizer_config.json", text(&tokenizer_config(metadata, config))));
            (files, None)
        }
        Err(problem) => (files, Some(problem)),
    }
}

fn key<'a>(metadata: &Metadata<'a>, name: &str) -> Option<&'a GgufValue> {
    metadata.file.gguf_header().get(&format!("tokenizer.ggml.{name}"))
}

fn flag(metadata: &Metadata<'_>, name: &str, default: bool) -> bool {
    match key(metadata, name) {
        Some(GgufValue::Bool(flag)) => *flag,
        _ => default,
    }
}

fn texts<'a>(metadata: &Metadata<'a>, name: &str) -> Option<&'a [String]> {
    match key(metadata, name) {
        Some(GgufValue::Array(GgufArray::String(texts))) => Some(texts),
        _ => None,
    }
}

/// Ids of the ends of an answer: of a text, then of a turn.
fn generation_config(metadata: &Metadata<'_>) -> Value {
    let ends: Vec<u64> = ["eos", "eot", "eom"].into_iter().filter_map(|role| metadata.token_id(role)).collect();
    let mut config = json!({ "bos_token_id": metadata.token_id("bos"), "pad_token_id": metadata.token_id("padding") });
    config["eos_token_id"] = match ends.as_slice() {
        [] => Value::Null,
        [end] => (*end).into(),
        ends => ends.into(),
    };
    config
}

fn tokenizer_config(metadata: &Metadata<'_>, config: &Map<String, Value>) -> Value {
    let tokens = texts(metadata, "tokens").unwrap_or_default();
    let text = |role| {
        let id = usize::try_from(metadata.token_id(role)?).ok()?;
        tokens.get(id).cloned()
    };
    let context = ["max_position_embeddings", "n_positions"].into_iter().find_map(|key| config.get(key));
    let is_scored = key(metadata, "scores").is_some();
    let mut config = json!({
        "tokenizer_class": "PreTrainedTokenizerFast",
        "bos_token": text("bos"),
        "eos_token": text("eos"),
        "unk_token": text("unknown"),
        "pad_token": text("padding"),
        "add_bos_token": adds_bos(metadata, is_scored),
        "add_eos_token": flag(metadata, "add_eos_token", false),
        "clean_up_tokenization_spaces": false,
        "model_max_length": context,
    });
    if let Some(GgufValue::String(template)) = metadata.file.gguf_header().get("tokenizer.chat_template") {
        config["chat_template"] = template.as_str().into();
    }
    config
}

/// Whether a text begins with a token of its own; what llama.cpp takes for granted where the file is silent.
fn adds_bos(metadata: &Metadata<'_>, is_scored: bool) -> bool {
    let is_llama3 = matches!(key(metadata, "pre"), Some(GgufValue::String(name)) if name == "llama-bpe");
    flag(metadata, "add_bos_token", is_scored || is_llama3)
}

/// A token and what it is.
struct Token<'a> {
    id: usize,
    text: &'a str,
    kind: u64,
}

/// `tokenizer.json`, or why there is none.
fn tokenizer(metadata: &Metadata<'_>) -> Result<Value, String> {
    let absent = |name: &str| format!("tokenizer.ggml.{name} is missing, or of another type");
    let words = texts(metadata, "tokens").ok_or_else(|| absent("tokens"))?;
    let rows = metadata.tensor("token_embd.weight").and_then(|tensor| tensor.dims.get(1).copied());
    if rows.is_some_and(|rows| words.len() as u64 > rows) {
        return Err(format!("it has {} tokens, more than the embedding has rows", words.len()));
    }
    let kinds: Vec<u64> = match key(metadata, "token_type") {
        Some(GgufValue::Array(GgufArray::I32(kinds))) => {
            kinds.iter().map(|kind| u64::try_from(*kind).unwrap_or_default()).collect()
        }
        None => vec![NORMAL; words.len()],
        Some(_) => return Err(absent("token_type")),
    };
    if kinds.len() != words.len() {
        return Err(absent("token_type"));
    }
    let is_padding = |id: usize, text: &str, kind: u64| kind == UNUSED && text == format!("[PAD{id}]");
    let all = words.iter().zip(&kinds).enumerate();
    let tokens: Vec<Token<'_>> = all
        .map(|(id, (text, kind))| Token { id, text, kind: *kind })
        .filter(|token| !is_padding(token.id, token.text, token.kind))
        .collect();
    let vocabulary: Map<String, Value> =
        tokens.iter().map(|token| (token.text.to_owned(), Value::from(token.id))).collect();
    if vocabulary.len() != tokens.len() {
        return Err("two of its tokens have one text".to_owned());
    }
    let added: Vec<Value> = tokens.iter().filter(|token| is_added(token)).map(added_token).collect();
    match key(metadata, "model") {
        Some(GgufValue::String(model)) if model == "gpt2" => byte_level(metadata, &vocabulary, &added, words),
        Some(GgufValue::String(model)) if model == "llama" => scored(metadata, &tokens, &vocabulary, &added, words),
        Some(GgufValue::String(model)) => Err(format!("tokenizers of the kind {model} are not read")),
        _ => Err(absent("model")),
    }
}

fn is_added(token: &Token<'_>) -> bool {
    matches!(token.kind, UNKNOWN | CONTROL | USER_DEFINED)
}

fn added_token(token: &Token<'_>) -> Value {
    json!({
        "id": token.id,
        "content": token.text,
        "single_word": false,
        "lstrip": false,
        "rstrip": false,
        "normalized": false,
        "special": token.kind != USER_DEFINED,
    })
}

/// What is put around a text; `None` where nothing is.
fn template(metadata: &Metadata<'_>, words: &[String], is_scored: bool) -> Result<Option<Value>, String> {
    let of_role = |role: &str, is_put: bool| {
        if !is_put {
            return Ok(None);
        }
        let id = metadata.token_id(role).and_then(|id| usize::try_from(id).ok());
        let found = id.and_then(|id| Some((id, words.get(id)?)));
        found.map(Some).ok_or_else(|| format!("it begins or ends every text with a token, and names no {role} token"))
    };
    let before = of_role("bos", adds_bos(metadata, is_scored))?;
    let behind = of_role("eos", flag(metadata, "add_eos_token", false))?;
    if before.is_none() && behind.is_none() {
        return Ok(None);
    }
    let special = |token: Option<(usize, &String)>, type_id: u32| {
        token.map(|(_, text)| json!({"SpecialToken": {"id": text, "type_id": type_id}}))
    };
    let around = |sequence: &str, type_id: u32| {
        let text = json!({"Sequence": {"id": sequence, "type_id": type_id}});
        special(before, type_id).into_iter().chain([text]).chain(special(behind, type_id)).collect::<Vec<_>>()
    };
    let named = before.into_iter().chain(behind);
    let named: Map<String, Value> =
        named.map(|(id, text)| (text.clone(), json!({"id": text, "ids": [id], "tokens": [text]}))).collect();
    let pair: Vec<Value> = around("A", 0).into_iter().chain(around("B", 1)).collect();
    Ok(Some(json!({
        "type": "TemplateProcessing",
        "single": around("A", 0),
        "pair": pair,
        "special_tokens": named,
    })))
}

fn byte_level(
    metadata: &Metadata<'_>,
    vocabulary: &Map<String, Value>,
    added: &[Value],
    words: &[String],
) -> Result<Value, String> {
    let Some(GgufValue::String(name)) = key(metadata, "pre") else {
        return Err("tokenizer.ggml.pre is missing, which says how text is cut".to_owned());
    };
    let Some(KnownSteps { normalizer, pre_tokenizer, ignores_merges }) = known_steps(name) else {
        return Err(format!("how {name} cuts text is not known here"));
    };
    let merges = texts(metadata, "merges").ok_or("tokenizer.ggml.merges is missing")?;
    let pair = |merge: &String| merge.split_once(' ').map(|(left, right)| json!([left, right]));
    let merges: Vec<Value> = merges.iter().map(pair).collect::<Option<_>>().ok_or("a merge is no pair")?;
    let level =
        |trims: bool| json!({"type": "ByteLevel", "add_prefix_space": true, "trim_offsets": trims, "use_regex": true});
    let processor = match template(metadata, words, false)? {
        Some(template) => json!({"type": "Sequence", "processors": [level(true), template]}),
        None => level(false),
    };
    let model = json!({
        "type": "BPE",
        "dropout": null,
        "unk_token": null,
        "continuing_subword_prefix": null,
        "end_of_word_suffix": null,
        "fuse_unk": false,
        "byte_fallback": false,
        "ignore_merges": ignores_merges,
        "vocab": vocabulary,
        "merges": merges,
    });
    Ok(document(
        added,
        [
            ("normalizer", normalizer),
            ("pre_tokenizer", pre_tokenizer),
            ("post_processor", processor),
            ("decoder", level(true)),
            ("model", model),
        ],
    ))
}

fn scored(
    metadata: &Metadata<'_>,
    tokens: &[Token<'_>],
    vocabulary: &Map<String, Value>,
    added: &[Value],
    words: &[String],
) -> Result<Value, String> {
    let scores = match key(metadata, "scores") {
        Some(GgufValue::Array(GgufArray::F32(scores))) if scores.len() == words.len() => scores,
        _ => return Err("tokenizer.ggml.scores are missing, or not as many as tokens".to_owned()),
    };
    let normal = tokens.iter().filter(|token| token.kind == NORMAL).map(|token| (token.text, scores[token.id]));
    let merges = merges_of_scores(&normal.collect::<Vec<_>>())?;
    let puts_blank = flag(metadata, "add_space_prefix", true);
    let blanks = json!({"type": "Replace", "pattern": {"String": " "}, "content": "▁"});
    let normalizer = if puts_blank {
        json!({"type": "Sequence", "normalizers": [{"type": "Prepend", "prepend": "▁"}, blanks]})
    } else {
        blanks
    };
    let mut decoders = vec![
        json!({"type": "Replace", "pattern": {"String": "▁"}, "content": " "}),
        json!({"type": "ByteFallback"}),
        json!({"type": "Fuse"}),
    ];
    if puts_blank {
        decoders.push(json!({"type": "Strip", "content": " ", "start": 1, "stop": 0}));
    }
    let by_role = key(metadata, "unknown_token_id").and_then(whole).and_then(|id| usize::try_from(id).ok());
    let by_kind = tokens.iter().find(|token| token.kind == UNKNOWN).map(|token| token.id);
    let unknown = by_role.or(by_kind).and_then(|id| words.get(id));
    let model = json!({
        "type": "BPE",
        "dropout": null,
        "unk_token": unknown,
        "continuing_subword_prefix": null,
        "end_of_word_suffix": null,
        "fuse_unk": true,
        "byte_fallback": true,
        "ignore_merges": false,
        "vocab": vocabulary,
        "merges": merges,
    });
    Ok(document(
        added,
        [
            ("normalizer", normalizer),
            ("pre_tokenizer", Value::Null),
            ("post_processor", template(metadata, words, true)?.unwrap_or_default()),
            ("decoder", json!({"type": "Sequence", "decoders": decoders})),
            ("model", model),
        ],
    ))
}

/// `tokenizer.json` with the `added` tokens and these parts.
fn document(added: &[Value], parts: [(&str, Value); 5]) -> Value {
    let mut document = json!({"version": "1.0", "truncation": null, "padding": null, "added_tokens": added});
    for (part, value) in parts {
        document[part] = value;
    }
    document
}
