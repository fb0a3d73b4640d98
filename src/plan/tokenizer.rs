//! Whose tokenizer and chat template the merged model gets: the adapter's when it adds tokens or brings a template of
//! its own, else the base's.

use std::{collections::BTreeSet, path::Path};

use serde::Serialize;
use serde_json::Value;

use super::{InputRole, PlanError};
use crate::{
    adapter::Adapter,
    checkpoint::{Checkpoint, FileRole, SideFile, read_text},
    error::IoAction,
    message::{self, said_in_english},
};

/// The decision, and what it rests on.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct TokenizerChoice {
    /// The adapter (by position) whose vocabulary is taken; `None`: the base's.
    pub vocabulary_from: Option<usize>,
    /// The adapter (by position) whose chat template is taken; `None`: the base's.
    pub template_from: Option<usize>,
    /// Whether the base has a tokenizer to be taken.
    pub base_has_tokenizer: bool,
    /// Whether the base has a chat template to be taken.
    pub base_has_template: bool,
    /// Why.
    #[serde(serialize_with = "message::shown")]
    pub reason: TokenizerReason,
    /// Tokens of the chosen tokenizer, where it says.
    pub token_count: Option<u64>,
}

/// Why a tokenizer and a chat template were chosen; a message.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub enum TokenizerReason {
    /// Neither the base nor an adapter has a tokenizer.
    NobodyBringsOne,
    /// No adapter has a tokenizer.
    AdapterBringsNone,
    /// The base has none, and this adapter has one.
    BaseBringsNone,
    /// The adapter's adds no token and has the base's template.
    NothingNew,
    /// The adapter's has something that the base's has not.
    Adapter {
        /// Tokens that it adds, sorted.
        added: Vec<String>,
        /// Whether its chat template is another.
        has_own_template: bool,
    },
}

/// Whose tokenizer and chat template; a message.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
enum TokenizerSource {
    Both { owner: InputRole },
    Each { tokenizer: InputRole, template: InputRole },
    OnlyTokenizer { tokenizer: InputRole },
    OnlyTemplate { template: InputRole },
    Nobody,
}

/// The decision as it is said.
#[derive(Debug, Serialize)]
pub struct TokenizerSentence<'a> {
    source: TokenizerSource,
    reason: &'a TokenizerReason,
}

said_in_english!(TokenizerReason, TokenizerSource, TokenizerSentence<'_>);

impl TokenizerChoice {
    /// Compares the tokenizers of base and adapters.
    ///
    /// # Errors
    /// A tokenizer file that cannot be read.
    pub(super) fn new(base: &Checkpoint, adapters: &[Adapter]) -> Result<Self, PlanError> {
        let base_view = TokenizerView::read(base.side_root())?;
        let base_has_one = has_tokenizer(base.side_files());
        let reason = if base_has_one { TokenizerReason::AdapterBringsNone } else { TokenizerReason::NobodyBringsOne };
        let mut choice = Self {
            vocabulary_from: None,
            template_from: None,
            base_has_tokenizer: base_has_one,
            base_has_template: base_view.template.is_some(),
            reason,
            token_count: base_view.token_count(),
        };
        for (index, adapter) in adapters.iter().enumerate() {
            let is_tokenizer = |role| matches!(role, FileRole::Tokenizer | FileRole::ChatTemplate);
            if !adapter.side_files().iter().any(|file| is_tokenizer(file.role)) {
                continue;
            }
            let view = TokenizerView::read(adapter.root())?;
            if !base_has_one && has_tokenizer(adapter.side_files()) {
                choice.vocabulary_from = Some(index);
                choice.template_from = view.template.is_some().then_some(index);
                choice.reason = TokenizerReason::BaseBringsNone;
                choice.token_count = view.token_count();
                break;
            }
            let added = view.added_beyond(&base_view);
            let has_own_template = view.template.is_some() && view.template != base_view.template;
            if added.is_empty() && !has_own_template {
                choice.reason = TokenizerReason::NothingNew;
                continue;
            }
            // Several named templates live in `tokenizer_config.json` only, so they bring its whole set along.
            let takes_all = !added.is_empty() || (has_own_template && view.has_named_templates);
            choice.vocabulary_from = takes_all.then_some(index);
            choice.template_from = has_own_template.then_some(index);
            choice.reason = TokenizerReason::Adapter { added, has_own_template };
            if takes_all {
                choice.token_count = view.token_count();
            }
            break;
        }
        Ok(choice)
    }

    /// Whose tokenizer is taken; `None` where nobody has one.
    #[must_use]
    pub fn tokenizer_owner(&self) -> Option<InputRole> {
        owner(self.vocabulary_from, self.base_has_tokenizer)
    }

    /// Whose chat template is taken; `None` where nobody has one.
    #[must_use]
    pub fn template_owner(&self) -> Option<InputRole> {
        owner(self.template_from, self.base_has_template)
    }

    /// Whose tokenizer and chat template, and why; a message.
    #[must_use]
    pub fn sentence(&self) -> TokenizerSentence<'_> {
        let source = match (self.tokenizer_owner(), self.template_owner()) {
            (Some(tokenizer), Some(template)) if tokenizer == template => TokenizerSource::Both { owner: tokenizer },
            (Some(tokenizer), Some(template)) => TokenizerSource::Each { tokenizer, template },
            (Some(tokenizer), None) => TokenizerSource::OnlyTokenizer { tokenizer },
            (None, Some(template)) => TokenizerSource::OnlyTemplate { template },
            (None, None) => TokenizerSource::Nobody,
        };
        TokenizerSentence { source, reason: &self.reason }
    }
}

fn owner(adapter: Option<usize>, base_has_one: bool) -> Option<InputRole> {
    adapter.map(|_| InputRole::Adapter).or(base_has_one.then_some(InputRole::Base))
}

/// Whether a tokenizer is among `files`.
pub(super) fn has_tokenizer(files: &[SideFile]) -> bool {
    files.iter().any(|file| file.role == FileRole::Tokenizer)
}

/// What a folder's tokenizer files say, as far as the decision needs it.
#[derive(Debug, Default)]
struct TokenizerView {
    vocabulary_size: Option<u64>,
    max_added_id: Option<u64>,
    vocabulary: BTreeSet<String>,
    added: BTreeSet<String>,
    template: Option<String>,
    has_named_templates: bool,
}

impl TokenizerView {
    fn read(root: &Path) -> Result<Self, PlanError> {
        let mut view = Self::default();
        if let Some(tokenizer) = read_json(&root.join("tokenizer.json"))? {
            view.read_tokenizer(&tokenizer);
        }
        if let Some(Value::Object(added)) = read_json(&root.join("added_tokens.json"))? {
            view.max_added_id = view.max_added_id.max(added.values().filter_map(Value::as_u64).max());
            view.added.extend(added.into_iter().map(|(token, _)| token));
        }
        let template_path = root.join("chat_template.jinja");
        if template_path.is_file() {
            let text = read_text(&template_path, IoAction::ReadChatTemplate)?;
            view.template = Some(text);
        } else if let Some(config) = read_json(&root.join("tokenizer_config.json"))? {
            view.template = match config.get("chat_template") {
                None | Some(Value::Null) => None,
                Some(Value::String(template)) => Some(template.clone()),
                Some(named_templates) => {
                    view.has_named_templates = true;
                    Some(named_templates.to_string())
                }
            };
        }
        Ok(view)
    }

    fn read_tokenizer(&mut self, tokenizer: &Value) {
        for token in tokenizer["added_tokens"].as_array().into_iter().flatten() {
            self.max_added_id = self.max_added_id.max(token["id"].as_u64());
            self.added.extend(token["content"].as_str().map(str::to_owned));
        }
        match &tokenizer["model"]["vocab"] {
            Value::Object(vocabulary) => {
                self.vocabulary_size = Some(vocabulary.len() as u64);
                self.vocabulary.extend(vocabulary.keys().cloned());
            }
            // Unigram models list [piece, score] pairs.
            Value::Array(pieces) => {
                self.vocabulary_size = Some(pieces.len() as u64);
                self.vocabulary.extend(pieces.iter().filter_map(|piece| piece[0].as_str()).map(str::to_owned));
            }
            _ => {}
        }
    }

    /// Tokens that this tokenizer adds and `base` does not know.
    fn added_beyond(&self, base: &Self) -> Vec<String> {
        let is_new = |token: &&String| !base.added.contains(*token) && !base.vocabulary.contains(*token);
        let is_comparable = !base.added.is_empty() || !base.vocabulary.is_empty();
        let grown = || self.vocabulary.iter().filter(|_| self.vocabulary_size > base.vocabulary_size);
        if is_comparable { self.added.iter().chain(grown()).filter(is_new).cloned().collect() } else { Vec::new() }
    }

    fn token_count(&self) -> Option<u64> {
        let by_id = self.max_added_id.map(|id| id + 1);
        self.vocabulary_size.max(by_id)
    }
}

/// The JSON in `path`; `None` where there is no such file.
pub(super) fn read_json(path: &Path) -> Result<Option<Value>, PlanError> {
    if !path.is_file() {
        return Ok(None);
    }
    let text = read_text(path, IoAction::ReadTokenizer)?;
    serde_json::from_str(&text)
        .map(Some)
        .map_err(|error| PlanError::BadTokenizer { problem: crate::error::brief(&error), path: path.to_owned() })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::message::assert_said;

    #[test]
    fn every_choice_is_said_with_its_reason() {
        let added: Vec<String> = (0..6).map(|index| format!("<t{index}>")).collect();
        let adapter = |added, has_own_template| TokenizerReason::Adapter { added, has_own_template };
        let choice = |vocabulary_from, template_from, reason, base_has_one| TokenizerChoice {
            vocabulary_from,
            template_from,
            base_has_tokenizer: base_has_one,
            base_has_template: base_has_one,
            reason,
            token_count: None,
        };
        let cases: [(TokenizerChoice, &[&str]); 8] = [
            (choice(Some(0), Some(0), adapter(added.clone(), true), true), &["6개(<t0>, <t1>, <t2>, <t3>", "템플릿도"]),
            (
                choice(Some(0), None, adapter(added, false), true),
                &["어댑터의 토크나이저와 베이스의", "6개", "더합니다"],
            ),
            (choice(None, Some(0), adapter(Vec::new(), true), true), &["어댑터의 채팅 템플릿"]),
            (choice(Some(0), None, TokenizerReason::BaseBringsNone, false), &["템플릿은 없습니다", "베이스에는"]),
            (choice(None, Some(0), adapter(Vec::new(), true), false), &["토크나이저는 없고 어댑터의"]),
            (choice(None, None, TokenizerReason::AdapterBringsNone, true), &["어댑터에는"]),
            (choice(None, None, TokenizerReason::NothingNew, true), &["같습니다"]),
            (choice(None, None, TokenizerReason::NobodyBringsOne, false), &["토크나이저가 없습니다. 베이스에도"]),
        ];
        for (choice, parts) in cases {
            assert_said(&choice.sentence(), parts);
        }
    }
}
