//! `config.json` of the output: the base's text, but for what must change.

use serde_json::{Value, json};

use super::{
    DtypePolicy, SpecialTokens,
    task_head::TaskHead,
    vocabulary::{self, ResizedVocabulary},
};
use crate::{
    architecture::SCALE_KEY,
    checkpoint::{DTYPE_KEYS, JsonText},
    numeric::{FloatDtype, codec::Nf4Format},
};

/// Nested objects that describe a part of the model (`text_config`) lie this deep.
const MAX_DEPTH: usize = 1;

/// What must change.
#[derive(Clone, Debug, Default)]
pub(super) struct Edits<'a> {
    /// What happens to dtypes.
    pub dtype: DtypePolicy,
    /// How weights are packed, and the dtype that most of them are unpacked to.
    pub packed: Option<(Nf4Format, FloatDtype)>,
    /// Objects whose `tie_word_embeddings` ties what gets tensors of its own.
    pub untied: Vec<Vec<String>>,
    /// The vocabulary, where it has another number of rows.
    pub vocabulary: Option<&'a ResizedVocabulary>,
    /// The head, where an adapter brings it.
    pub head: Option<&'a TaskHead>,
    /// Special tokens whose ids change.
    pub special_tokens: Option<&'a SpecialTokens>,
}

/// The base's config with dtype, vocabulary and tied head told true and no name of the base in it.
pub(super) fn edited(base: &JsonText, edits: &Edits<'_>) -> String {
    let mut text = base.clone();
    let mut has_dtype = false;
    let value = base.value();
    for object in base.object_paths().into_iter().filter(|path| path.len() <= MAX_DEPTH) {
        let value = object.iter().fold(&value, |value, key| &value[key.as_str()]);
        let path_to = |key: &'static str| object.iter().map(String::as_str).chain([key]).collect::<Vec<_>>();
        if value.get("_name_or_path").is_some() {
            text.remove(&path_to("_name_or_path"));
        }
        if edits.untied.contains(&object) {
            text.set(&path_to("tie_word_embeddings"), &false.into());
            // What it stood for is in the head now.
            if value.get(SCALE_KEY).is_some() {
                text.set(&path_to(SCALE_KEY), &false.into());
            }
        }
        let DtypePolicy::Convert(dtype) = edits.dtype else { continue };
        for key in DTYPE_KEYS.into_iter().filter(|key| value.get(key).is_some_and(Value::is_string)) {
            text.set(&path_to(key), &dtype.config_name().into());
            has_dtype |= object.is_empty();
        }
    }
    if let DtypePolicy::Convert(dtype) = edits.dtype
        && !has_dtype
    {
        text.set(&["torch_dtype"], &dtype.config_name().into());
    }
    if let Some(vocabulary) = edits.vocabulary {
        vocabulary.edit(&mut text);
    }
    if let Some(head) = edits.head {
        head.edit(&mut text);
    }
    if let Some(special_tokens) = edits.special_tokens {
        special_tokens.edit_config(&mut text, vocabulary::text_part(&base.value()));
    }
    if let Some(packed) = edits.packed {
        text.set(&["quantization_config"], &quantization_config(packed));
    }
    text.as_str().to_owned()
}

/// What transformers writes beside weights that bitsandbytes packed, with no exceptions to its own rule: no key says
/// the block size, which stands with each weight.
fn quantization_config((format, dtype): (Nf4Format, FloatDtype)) -> Value {
    json!({
        "_load_in_4bit": true,
        "_load_in_8bit": false,
        "bnb_4bit_compute_dtype": dtype.config_name(),
        "bnb_4bit_quant_storage": "uint8",
        "bnb_4bit_quant_type": "nf4",
        "bnb_4bit_use_double_quant": format.is_double,
        "llm_int8_enable_fp32_cpu_offload": false,
        "llm_int8_has_fp16_weight": false,
        "llm_int8_skip_modules": null,
        "llm_int8_threshold": 6.0,
        "load_in_4bit": true,
        "load_in_8bit": false,
        "quant_method": "bitsandbytes",
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn edit(text: &str, policy: DtypePolicy) -> String {
        edited(&JsonText::parse(text.to_owned()).unwrap(), &Edits { dtype: policy, ..Edits::default() })
    }

    #[test]
    fn a_grown_vocabulary_and_an_untied_head_are_told_true() {
        let text = r#"{"vocab_size": 96, "tie_word_embeddings": true, "text_config": {"vocab_size": 96}, "vision_config": {"vocab_size": 7}}"#;
        let untied = vec![Vec::new(), vec!["text_config".to_owned()]];
        let vocabulary = ResizedVocabulary { old_rows: 96, new_rows: 100, embedding: "wte.weight".to_owned() };
        let edits = Edits { untied, vocabulary: Some(&vocabulary), ..Edits::default() };
        let nested = r#""text_config": {"tie_word_embeddings": false,"vocab_size": 100}"#;
        let expected = text.replace("true", "false").replace(r#""text_config": {"vocab_size": 96}"#, nested);
        let expected = expected.replace(": 96", ": 100");
        assert_eq!(edited(&JsonText::parse(text.to_owned()).unwrap(), &edits), expected);
    }

    #[test]
    fn the_dtype_is_told_true_at_every_level() {
        let text = r#"{"dtype": "float32", "x": NaN, "text_config": {"torch_dtype": "float32"}}"#;
        let converted = edit(text, DtypePolicy::Convert(FloatDtype::BF16));
        assert_eq!(converted, text.replace("float32", "bfloat16"));
        assert_eq!(edit(text, DtypePolicy::Keep), text);
    }

    #[test]
    fn a_config_without_dtype_gains_one_only_when_converted() {
        assert_eq!(edit(r#"{"a": 1}"#, DtypePolicy::Keep), r#"{"a": 1}"#);
        let converted = edit(r#"{"a": 1}"#, DtypePolicy::Convert(FloatDtype::F16));
        assert_eq!(converted, r#"{"torch_dtype": "float16","a": 1}"#);
    }

    #[test]
    fn no_name_of_the_base_stays() {
        let text = r#"{"_name_or_path": "org/base", "text_config": {"_name_or_path": "org/text", "b": 2}, "a": 1}"#;
        assert_eq!(edit(text, DtypePolicy::Keep), r#"{"text_config": {"b": 2}, "a": 1}"#);
    }
}
