//! A vocabulary that training resized, and where a config says how many rows it has.

use serde_json::Value;

use super::layout::Inputs;
use crate::{
    architecture::{Architecture, Vocabulary},
    checkpoint::JsonText,
};

/// Keys that hold the size of a vocabulary with an embedding of its own: transformers' own, those that XLM, XLNet and
/// FSMT have for it.
const KEYS: [&str; 5] = ["vocab_size", "n_words", "n_token", "src_vocab_size", "tgt_vocab_size"];

/// Parts of a composite config that may hold the text model's, where transformers looks for them, outermost key first.
const TEXT_PARTS: [&[&str]; 7] = [
    &["text_config"],
    &["thinker_config", "text_config"],
    &["llm_config"],
    &["language_config"],
    &["decoder"],
    &["generator"],
    &["text_encoder"],
];

/// A vocabulary whose number of rows changes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct ResizedVocabulary {
    /// Rows of the base's embedding.
    pub old_rows: u64,
    /// Rows of the merged one.
    pub new_rows: u64,
    /// The embedding's tensor.
    pub embedding: String,
}

impl ResizedVocabulary {
    /// The input embedding, where an adapter brings one whose number of rows is not the base's.
    pub fn of(inputs: Inputs<'_>) -> Option<Self> {
        let Inputs { base, adapters, matching } = inputs;
        let resized = matching.applied.iter().filter_map(|applied| {
            let old_rows = *base.tensor(&applied.tensor)?.shape().first()? as u64;
            let new_rows = *applied.source(base, adapters)?.shape().first()? as u64;
            let embedding = applied.tensor.clone();
            (old_rows != new_rows).then_some(Self { old_rows, new_rows, embedding })
        });
        let resized: Vec<Self> = resized.collect();
        if resized.is_empty() {
            return None;
        }
        let vocabulary = Vocabulary::of(&Architecture::of(base));
        let is_embedding = |resized: &Self| {
            let module = resized.embedding.strip_suffix(".weight");
            module.is_some_and(|module| vocabulary.is_embedding(module))
        };
        resized.into_iter().find(is_embedding)
    }

    /// Writes the new number wherever the old one stood, and where none did into the part that has the embedding: there
    /// the class's default held.
    pub fn edit(&self, text: &mut JsonText) {
        let value = text.value();
        let mut is_said = false;
        for object in text.object_paths() {
            let part = object.iter().fold(&value, |value, key| &value[key.as_str()]);
            for key in KEYS.into_iter().filter(|key| part.get(key).and_then(Value::as_u64) == Some(self.old_rows)) {
                let path: Vec<&str> = object.iter().map(String::as_str).chain([key]).collect();
                text.set(&path, &self.new_rows.into());
                is_said = true;
            }
        }
        if !is_said {
            let path = [self.part(&value), &[KEYS[0]]].concat();
            text.set(&path, &self.new_rows.into());
        }
    }

    /// The part of the config that has the embedding.
    fn part(&self, config: &Value) -> &'static [&'static str] {
        // A model of two, such as a translator made of BERT and GPT-2, has one config for each.
        if self.embedding.starts_with("encoder.") && config.get("encoder").is_some_and(Value::is_object) {
            return &["encoder"];
        }
        text_part(config)
    }
}

/// The part of the config that describes the text model, as a path of keys; empty for the config itself.
pub(super) fn text_part(config: &Value) -> &'static [&'static str] {
    let is_there = |path: &&&[&str]| path.iter().fold(config, |value, key| &value[*key]).is_object();
    TEXT_PARTS.iter().find(is_there).copied().unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn edited(embedding: &str, text: &str) -> String {
        let vocabulary = ResizedVocabulary { old_rows: 96, new_rows: 100, embedding: embedding.to_owned() };
        let mut text = JsonText::parse(text.to_owned()).unwrap();
        vocabulary.edit(&mut text);
        text.as_str().to_owned()
    }

    #[test]
    fn the_new_number_stands_wherever_the_old_one_did() {
        let text = r#"{"vocab_size": 96, "text_config": {"vocab_size": 96}, "vision_config": {"vocab_size": 7}}"#;
        assert_eq!(edited("model.embed_tokens.weight", text), text.replace("96", "100"));
        let text = r#"{"thinker_config": {"text_config": {"vocab_size": 96}}}"#;
        assert_eq!(edited("thinker.model.embed_tokens.weight", text), text.replace("96", "100"));
        assert_eq!(edited("transformer.embeddings.weight", r#"{"n_words": 96}"#), r#"{"n_words": 100}"#);
    }

    #[test]
    fn a_number_that_was_left_to_its_default_is_written_where_the_class_reads_it() {
        let nested = r#"{"text_config": {"a": 1}, "vision_config": {"b": 2}}"#;
        let expected = r#"{"text_config": {"vocab_size": 100,"a": 1}, "vision_config": {"b": 2}}"#;
        assert_eq!(edited("language_model.model.embed_tokens.weight", nested), expected);
        assert_eq!(edited("model.embed_tokens.weight", r#"{"a": 1}"#), r#"{"vocab_size": 100,"a": 1}"#);
        let pair = r#"{"encoder": {"a": 1}, "decoder": {"a": 1}}"#;
        let in_encoder = r#"{"encoder": {"vocab_size": 100,"a": 1}, "decoder": {"a": 1}}"#;
        assert_eq!(edited("encoder.embeddings.word_embeddings.weight", pair), in_encoder);
        let in_decoder = r#"{"encoder": {"a": 1}, "decoder": {"vocab_size": 100,"a": 1}}"#;
        assert_eq!(edited("decoder.transformer.wte.weight", pair), in_decoder);
    }
}
