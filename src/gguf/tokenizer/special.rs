//! Which ids have a role, what is put around a text, and the templates of a chat.

use serde_json::Value;

use super::{files::Files, vocabulary::Token};
use crate::{
    checkpoint::{
        Checkpoint,
        gguf::{GgufArray, GgufValue},
    },
    gguf::ExportError,
};

/// Roles as transformers and as GGUF call them; the spelling of the separator is theirs.
const ROLES: [(&str, &str); 7] = [
    ("bos", "bos"),
    ("eos", "eos"),
    ("unk", "unknown"),
    ("sep", "seperator"),
    ("pad", "padding"),
    ("cls", "cls"),
    ("mask", "mask"),
];

/// Tokens that end a turn of a chat.
const TURN_ENDS: [&str; 4] = ["<|eot_id|>", "<|im_end|>", "<end_of_turn>", "<|end|>"];

/// Ids of the roles; the tokenizer is believed before the config, which training often leaves as it was.
pub(super) fn id_keys(
    files: &Files,
    checkpoint: &Checkpoint,
    tokens: &[Token],
) -> Result<Vec<(String, GgufValue)>, ExportError> {
    let mut added = files.added_tokens()?;
    if files.json.is_none() {
        added = files.decoder_tokens()?;
    }
    let in_tokenizer = |role: &str| {
        let token = files.config.get(format!("{role}_token"))?;
        let content = token.as_str().or_else(|| token.get("content")?.as_str())?;
        let by_name = added.iter().find(|token| token.content == content).map(|token| token.id);
        by_name.or_else(|| tokens.iter().position(|token| token.text == content))
    };
    let generation = files.value("generation_config.json")?;
    let in_config = |role: &str| {
        let key = format!("{role}_token_id");
        // Of several ends the first one counts.
        let id = |value: &Value| value.get(0).unwrap_or(value).as_u64().and_then(|id| usize::try_from(id).ok());
        let config = checkpoint.config();
        let in_text = || config.get("text_config").and_then(|text| text.get(&key)).and_then(id);
        let in_generation = || generation.as_ref().and_then(|json| json.get(&key)).and_then(id);
        config.get(&key).and_then(id).or_else(in_text).or_else(in_generation)
    };
    let mut keys = Vec::new();
    let mut end = None;
    for (role, name) in ROLES {
        let Some(id) = in_tokenizer(role).or_else(|| in_config(role)).filter(|id| *id < tokens.len()) else { continue };
        if role == "eos" {
            end = Some(id);
        }
        keys.push((format!("tokenizer.ggml.{name}_token_id"), u32_of(id)));
    }
    // Readers take a fixed number where none is written.
    let is_written = |name: &str| keys.iter().any(|(key, _)| key == name);
    let adds_bos = files.config.get("add_bos_token").and_then(Value::as_bool) == Some(true);
    let path = || checkpoint.root().join("config.json");
    if !is_written("tokenizer.ggml.eos_token_id") {
        return Err(ExportError::NoSetting { key: "eos_token_id", path: path() });
    }
    if adds_bos && !is_written("tokenizer.ggml.bos_token_id") {
        return Err(ExportError::NoSetting { key: "bos_token_id", path: path() });
    }
    let turn_end = TURN_ENDS.iter().find_map(|end| tokens.iter().position(|token| token.text == *end));
    if let Some(id) = turn_end.filter(|id| Some(*id) != end) {
        keys.push(("tokenizer.ggml.eot_token_id".to_owned(), u32_of(id)));
    }
    Ok(keys)
}

fn u32_of(id: usize) -> GgufValue {
    GgufValue::U32(u32::try_from(id).unwrap_or_else(|_| unreachable!("an id below a number of rows")))
}

/// What is put before and behind a text; `roles` are the keys of [`id_keys`].
pub(super) fn around_keys(
    files: &Files,
    roles: &[(String, GgufValue)],
) -> Result<Vec<(String, GgufValue)>, ExportError> {
    let stated = |key: &str| files.config.get(key).and_then(Value::as_bool);
    let said = files.json.as_ref().map(|json| around(&json["post_processor"])).transpose();
    let refused = |problem: String| files.bad("tokenizer.json", problem);
    let (before, behind) = match said.map_err(refused)? {
        Some(Around::Template(before, behind)) => {
            let is_role = |ids: &Value, role: &str| {
                let key = format!("tokenizer.ggml.{role}_token_id");
                let role = roles.iter().find(|(name, _)| *name == key).map(|(_, id)| id);
                let id = ids.as_array().filter(|ids| ids.len() == 1).and_then(|ids| ids[0].as_u64());
                matches!((role, id), (Some(GgufValue::U32(role)), Some(id)) if u64::from(*role) == id)
            };
            for (ids, role) in [(&before, "bos"), (&behind, "eos")] {
                if ids.as_ref().is_some_and(|ids| !is_role(ids, role)) {
                    return Err(refused(format!("its post-processor adds a token that is not the one {role} token")));
                }
            }
            (Some(before.is_some()), Some(behind.is_some()))
        }
        Some(Around::Nothing) => (Some(false), Some(false)),
        // Left unsaid, llama.cpp would put one before.
        Some(Around::Unsaid) => (stated("add_bos_token").or(Some(false)), stated("add_eos_token").or(Some(false))),
        None => (stated("add_bos_token"), stated("add_eos_token")),
    };
    let key = |name: &str, is_added: bool| (format!("tokenizer.ggml.{name}"), GgufValue::Bool(is_added));
    let before = before.map(|is_added| key("add_bos_token", is_added));
    Ok(before.into_iter().chain(behind.map(|is_added| key("add_eos_token", is_added))).collect())
}

/// What a post-processor says.
enum Around {
    /// The ids that it puts before, and behind.
    Template(Option<Value>, Option<Value>),
    Nothing,
    Unsaid,
}

/// What `processor` says, or why llama.cpp cannot do the like.
fn around(processor: &Value) -> Result<Around, String> {
    match processor["type"].as_str() {
        None if processor.is_null() => Ok(Around::Unsaid),
        Some("TemplateProcessing") => {
            let single = processor["single"].as_array().map(Vec::as_slice).unwrap_or_default();
            let is_text = |piece: &&Value| piece["Sequence"]["id"] == "A";
            let (before, behind) = match single {
                [text] if is_text(&text) => (None, None),
                [before, text] if is_text(&text) => (Some(before), None),
                [text, behind] if is_text(&text) => (None, Some(behind)),
                [before, text, behind] if is_text(&text) => (Some(before), Some(behind)),
                _ => return Err("its post-processor puts more than one token before or behind a text".to_owned()),
            };
            let ids = |piece: &Value| {
                let name = piece["SpecialToken"]["id"].as_str().unwrap_or_default();
                processor["special_tokens"][name]["ids"].clone()
            };
            Ok(Around::Template(before.map(ids), behind.map(ids)))
        }
        Some("ByteLevel") => Ok(Around::Nothing),
        Some("Sequence") => {
            let mut said = Around::Unsaid;
            for step in processor["processors"].as_array().into_iter().flatten() {
                said = match (said, around(step)?) {
                    (Around::Template(..), Around::Template(..)) => {
                        return Err("its post-processor has two templates".to_owned());
                    }
                    (template @ Around::Template(..), _) | (_, template @ Around::Template(..)) => template,
                    _ => Around::Nothing,
                };
            }
            Ok(said)
        }
        kind => Err(format!("its post-processor is a {}", kind.unwrap_or("thing without a type"))),
    }
}

/// The templates of a chat, verbatim.
pub(super) fn template_keys(files: &Files) -> Result<Vec<(String, GgufValue)>, ExportError> {
    let mut named = templates(files)?;
    named.retain(|(_, template)| !template.is_empty());
    let mut keys = Vec::new();
    let mut others = Vec::new();
    for (name, template) in named {
        if name == "default" {
            keys.push(("tokenizer.chat_template".to_owned(), GgufValue::String(template)));
        } else {
            keys.push((format!("tokenizer.chat_template.{name}"), GgufValue::String(template)));
            others.push(name);
        }
    }
    if !others.is_empty() {
        keys.push(("tokenizer.chat_templates".to_owned(), GgufValue::Array(GgufArray::String(others))));
    }
    Ok(keys)
}

/// Every template with its name; "default" is the one that is used unasked.
fn templates(files: &Files) -> Result<Vec<(String, String)>, ExportError> {
    let default = |template: String| vec![("default".to_owned(), template)];
    // transformers believes this file before the config.
    if let Some(template) = files.text("chat_template.jinja")? {
        let mut all = default(template);
        all.extend(additional(files, "additional_chat_templates")?);
        return Ok(all);
    }
    match files.config.get("chat_template") {
        Some(Value::String(template)) => return Ok(default(template.clone())),
        Some(Value::Array(all)) => {
            let one = |entry: &Value| {
                Some((entry.get("name")?.as_str()?.to_owned(), entry.get("template")?.as_str()?.to_owned()))
            };
            return Ok(all.iter().filter_map(one).collect());
        }
        _ => {}
    }
    let in_json = files.value("chat_template.json")?;
    let template = in_json.as_ref().and_then(|json| json.get("chat_template")?.as_str());
    Ok(template.map(|template| default(template.to_owned())).unwrap_or_default())
}

/// The templates of a folder, by their names, sorted.
fn additional(files: &Files, folder: &str) -> Result<Vec<(String, String)>, ExportError> {
    let mut all = Vec::new();
    for file in files.names_in(folder) {
        // The default one stands in `chat_template.jinja`.
        let Some(name) = file.strip_suffix(".jinja").filter(|name| *name != "default") else { continue };
        let template = files.text(&format!("{folder}/{file}"))?.unwrap_or_default();
        all.push((name.to_owned(), template));
    }
    Ok(all)
}
