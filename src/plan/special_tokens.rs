//! Special tokens that training changed, and the ids that a model's configs give for them.
//!
//! A model that was trained to end its answers with another token goes on past the end where the tokenizer or
//! `generation_config.json` still names the base's. The ids follow transformers' own `align_special_tokens`: a new end
//! stands first and the base's ends stay behind it, for a trained answer holds none of them and a prompt of the base's
//! kind still ends.

use std::{collections::BTreeMap, path::Path};

use serde::Serialize;
use serde_json::Value;

use super::{
    PlanError, TokenizerChoice,
    token_ids::TokenIds,
    tokenizer::{has_tokenizer, read_json},
};
use crate::{
    adapter::Adapter,
    checkpoint::{Checkpoint, JsonText},
    message::said_in_english,
};

/// Keys of `tokenizer_config.json` and `special_tokens_map.json`, with the key of the configs that holds the id.
const TOKENS: [(&str, Option<&str>); 7] = [
    ("bos_token", Some("bos_token_id")),
    ("eos_token", Some("eos_token_id")),
    ("pad_token", Some("pad_token_id")),
    ("unk_token", None),
    ("sep_token", None),
    ("cls_token", None),
    ("mask_token", None),
];

/// The side on which shorter texts of a batch are filled up.
const PADDING_SIDE: &str = "padding_side";

/// A model may end at several tokens.
const EOS: &str = "eos_token_id";

/// What training changed about the special tokens.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct SpecialTokens {
    /// Changes that are taken over.
    pub changes: Vec<TokenChange>,
    /// Changes that are not.
    pub refused: Vec<RefusedToken>,
}

/// One setting of the tokenizer that training changed; a message.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct TokenChange {
    /// The adapter (by position) that it comes from.
    #[serde(skip)]
    pub adapter: usize,
    /// Its key in `tokenizer_config.json`.
    pub key: &'static str,
    /// The base's token or side.
    pub old: Option<String>,
    /// The adapter's.
    pub new: String,
    /// The value as the adapter's file has it.
    #[serde(skip)]
    value: Value,
    /// The key of the model's configs and the id in the merged tokenizer.
    #[serde(skip)]
    id: Option<(&'static str, u64)>,
}

/// A special token that is not taken over; a message.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct RefusedToken {
    /// The adapter (by position) that names it.
    #[serde(skip)]
    pub adapter: usize,
    /// Its key in `tokenizer_config.json`.
    pub key: &'static str,
    /// The token.
    pub token: String,
    /// Why.
    pub reason: TokenRefusal,
}

/// Why a special token is not taken over.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
pub enum TokenRefusal {
    /// The merged model's vocabulary lacks it.
    NotInVocabulary,
    /// The embedding has no row for its id.
    BeyondRows {
        /// The id.
        id: u64,
        /// Rows of the embedding.
        row_count: u64,
    },
    /// An adapter before it says otherwise.
    SaidOtherwise,
}

said_in_english!(TokenChange, RefusedToken, TokenRefusal);

#[cfg(test)]
impl TokenChange {
    /// A change of the end from `<a>` to `<b>`, for the tests of its sentences.
    pub(crate) fn sample() -> Self {
        let (old, new) = (Some("<a>".to_owned()), "<b>".to_owned());
        Self { adapter: 0, key: "eos_token", old, value: new.as_str().into(), new, id: Some((EOS, 7)) }
    }
}

impl SpecialTokens {
    /// Compares the special tokens of base and adapters; `row_count` is that of the merged embedding.
    ///
    /// # Errors
    /// A tokenizer file that cannot be read.
    pub(super) fn new(
        base: &Checkpoint,
        adapters: &[Adapter],
        choice: &TokenizerChoice,
        row_count: Option<u64>,
    ) -> Result<Self, PlanError> {
        let own = settings(base.side_root())?;
        let chosen = choice.vocabulary_from.and_then(|index| adapters.get(index));
        let mut found = Self::default();
        let mut ids = None;
        for (index, adapter) in adapters.iter().enumerate() {
            for (key, value) in settings(adapter.root())? {
                let Some(new) = text_of(&value) else { continue };
                let old = own.get(key).and_then(text_of);
                if old == Some(new) {
                    continue;
                }
                if ids.is_none() {
                    ids = Some(TokenIds::read(chosen.map_or(base.side_root(), Adapter::root))?);
                }
                let ids = ids.as_ref().unwrap_or_else(|| unreachable!("read above"));
                found.take(index, (key, &value, old, new), ids, row_count);
            }
        }
        // A base without a tokenizer has nothing that could have changed; only its configs may name other ids.
        if !has_tokenizer(base.side_files()) {
            found.changes.retain(|change| change.id.is_some());
        }
        Ok(found)
    }

    fn take(
        &mut self,
        adapter: usize,
        (key, value, old, new): (&'static str, &Value, Option<&str>, &str),
        ids: &TokenIds,
        row_count: Option<u64>,
    ) {
        let mut refuse = |reason| self.refused.push(RefusedToken { adapter, key, token: new.to_owned(), reason });
        if let Some(first) = self.changes.iter().find(|change| change.key == key) {
            if first.new != new {
                refuse(TokenRefusal::SaidOtherwise);
            }
            return;
        }
        let id = if key == PADDING_SIDE { None } else { ids.id(new) };
        match id {
            None if key != PADDING_SIDE && ids.is_whole => return refuse(TokenRefusal::NotInVocabulary),
            Some(id) if row_count.is_some_and(|row_count| id >= row_count) => {
                return refuse(TokenRefusal::BeyondRows { id, row_count: row_count.unwrap_or(0) });
            }
            _ => {}
        }
        let config_key = TOKENS.iter().find(|(name, _)| *name == key).and_then(|(_, config_key)| *config_key);
        self.changes.push(TokenChange {
            adapter,
            key,
            old: old.map(str::to_owned),
            new: new.to_owned(),
            value: value.clone(),
            id: config_key.zip(id),
        });
    }

    /// `tokenizer_config.json` or `special_tokens_map.json` with the changes; the latter knows no side.
    pub(super) fn edit_tokenizer(&self, text: &mut JsonText, is_map: bool) {
        for change in self.changes.iter().filter(|change| !is_map || change.key != PADDING_SIDE) {
            if text.value().get(change.key).and_then(text_of) != Some(&change.new) {
                text.set(&[change.key], &change.value);
            }
        }
    }

    /// `generation_config.json` with the changes.
    pub(super) fn edit_generation(&self, text: &mut JsonText) {
        for (key, id) in self.ids() {
            let old = text.value().get(key).cloned().unwrap_or_default();
            let ids = if key == EOS { with_first(id, &old, true) } else { id.into() };
            if ids != old {
                text.set(&[key], &ids);
            }
        }
    }

    /// `config.json` with the changes, in every part that names such an id and at least in `text_part`, from which
    /// loaders read it. One end stays one, for some classes compute with it.
    pub(super) fn edit_config(&self, text: &mut JsonText, text_part: &[&str]) {
        for (key, id) in self.ids() {
            let value = text.value();
            let part = text_part.iter().fold(&value, |value, key| &value[*key]);
            let holders = [(&[][..], &value), (text_part, part)];
            let named = |(_, object): &&(&[&str], &Value)| object.get(key).is_some_and(|ids| !ids.is_null());
            let mut paths: Vec<&[&str]> = holders.iter().filter(named).map(|(path, _)| *path).collect();
            if paths.is_empty() {
                paths.push(text_part);
            }
            paths.dedup();
            for path in paths {
                let old = path.iter().fold(&value, |value, key| &value[*key]).get(key).cloned().unwrap_or_default();
                let ids = if key == EOS { with_first(id, &old, false) } else { id.into() };
                if ids != old {
                    text.set(&[path, &[key]].concat(), &ids);
                }
            }
        }
    }

    /// Keys of the model's configs with their new ids.
    pub fn ids(&self) -> impl Iterator<Item = (&'static str, u64)> + '_ {
        self.changes.iter().filter_map(|change| change.id)
    }
}

/// `id` before the others of `old`; alone where `old` is one id and need not become a list.
fn with_first(id: u64, old: &Value, keeps_one: bool) -> Value {
    let others: Vec<u64> = match old {
        Value::Array(ids) => ids.iter().filter_map(Value::as_u64).filter(|other| *other != id).collect(),
        one => one.as_u64().filter(|other| *other != id && keeps_one).into_iter().collect(),
    };
    match (old, others.is_empty()) {
        (Value::Array(_), _) | (_, false) => [vec![id], others].concat().into(),
        _ => id.into(),
    }
}

/// The settings of a folder's tokenizer: of `tokenizer_config.json`, and what only `special_tokens_map.json` has.
fn settings(root: &Path) -> Result<BTreeMap<&'static str, Value>, PlanError> {
    let files = ["tokenizer_config.json", "special_tokens_map.json"];
    let mut settings = BTreeMap::new();
    for file in files {
        let Some(config) = read_json(&root.join(file))? else { continue };
        for key in TOKENS.iter().map(|(key, _)| *key).chain([PADDING_SIDE]) {
            if let Some(value) = config.get(key).filter(|value| text_of(value).is_some()) {
                settings.entry(key).or_insert_with(|| value.clone());
            }
        }
    }
    Ok(settings)
}

/// A token as text, or as an object with its `content`.
fn text_of(value: &Value) -> Option<&str> {
    value.as_str().or_else(|| value.get("content")?.as_str())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn changed(ids: &[(&'static str, &'static str, u64)]) -> SpecialTokens {
        let change = |(key, config_key, id): &(&'static str, &'static str, u64)| TokenChange {
            adapter: 0,
            key,
            old: None,
            new: "<end>".to_owned(),
            value: serde_json::json!({"content": "<end>", "special": true}),
            id: Some((config_key, *id)),
        };
        SpecialTokens { changes: ids.iter().map(change).collect(), refused: Vec::new() }
    }

    fn edited(text: &str, edit: impl Fn(&mut JsonText)) -> String {
        let mut text = JsonText::parse(text.to_owned()).unwrap();
        edit(&mut text);
        text.as_str().to_owned()
    }

    #[test]
    fn a_new_end_stands_before_the_bases() {
        let tokens = changed(&[("eos_token", EOS, 7)]);
        let generation = |text: &str| edited(text, |text| tokens.edit_generation(text));
        assert_eq!(generation(r#"{"a": 1, "eos_token_id": 2}"#), r#"{"a": 1, "eos_token_id": [7,2]}"#);
        assert_eq!(generation(r#"{"eos_token_id": [2, 3]}"#), r#"{"eos_token_id": [7,2,3]}"#);
        assert_eq!(generation(r#"{"eos_token_id": [2, 7]}"#), r#"{"eos_token_id": [7,2]}"#);
        assert_eq!(generation(r#"{"eos_token_id": 7}"#), r#"{"eos_token_id": 7}"#);
        assert_eq!(generation(r#"{"eos_token_id": null}"#), r#"{"eos_token_id": 7}"#);
    }

    #[test]
    fn config_is_edited_where_it_names_ids_or_where_loaders_look() {
        let tokens = changed(&[("eos_token", EOS, 7), ("pad_token", "pad_token_id", 9)]);
        let config = |text: &str, part: &[&str]| edited(text, |text| tokens.edit_config(text, part));
        assert_eq!(
            config(r#"{"eos_token_id": 2, "pad_token_id": null}"#, &[]),
            r#"{"eos_token_id": 7, "pad_token_id": 9}"#
        );
        let nested = r#"{"eos_token_id": [2], "text_config": {"eos_token_id": 2, "pad_token_id": 0}}"#;
        let expected = r#"{"eos_token_id": [7,2], "text_config": {"eos_token_id": 7, "pad_token_id": 9}}"#;
        assert_eq!(config(nested, &["text_config"]), expected);
    }

    #[test]
    fn a_tokenizer_file_takes_the_token_as_the_adapter_has_it() {
        let tokens = changed(&[("eos_token", EOS, 7)]);
        let text = edited(r#"{"eos_token": "</s>", "x": 1}"#, |text| tokens.edit_tokenizer(text, false));
        assert_eq!(text, r#"{"eos_token": {"content":"<end>","special":true}, "x": 1}"#);
        assert_eq!(edited(&text, |text| tokens.edit_tokenizer(text, true)), text);
    }
}
