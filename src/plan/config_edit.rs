//! `config.json` of the output: the base's text, but for what must change.

use serde_json::Value;

use super::DtypePolicy;
use crate::checkpoint::JsonText;

/// Keys that hold the dtype: transformers 5 writes the first, earlier releases the second; both read the second.
const DTYPE_KEYS: [&str; 2] = ["dtype", "torch_dtype"];

/// Nested objects that describe a part of the model (`text_config`) lie this deep.
const MAX_DEPTH: usize = 1;

/// The base's config with the dtype told true and no name of the base in it.
pub(super) fn edited(base: &JsonText, policy: DtypePolicy) -> String {
    let mut text = base.clone();
    let mut has_dtype = false;
    for object in base.object_paths().into_iter().filter(|path| path.len() <= MAX_DEPTH) {
        let value = base.value();
        let value = object.iter().fold(&value, |value, key| &value[key.as_str()]);
        let path_to = |key: &'static str| object.iter().map(String::as_str).chain([key]).collect::<Vec<_>>();
        if value.get("_name_or_path").is_some() {
            text.remove(&path_to("_name_or_path"));
        }
        let DtypePolicy::Convert(dtype) = policy else { continue };
        for key in DTYPE_KEYS.into_iter().filter(|key| value.get(key).is_some_and(Value::is_string)) {
            text.set(&path_to(key), &dtype.config_name().into());
            has_dtype |= object.is_empty();
        }
    }
    if let DtypePolicy::Convert(dtype) = policy
        && !has_dtype
    {
        text.set(&["torch_dtype"], &dtype.config_name().into());
    }
    text.as_str().to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::numeric::FloatDtype;

    fn edit(text: &str, policy: DtypePolicy) -> String {
        edited(&JsonText::parse(text.to_owned()).unwrap(), policy)
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
