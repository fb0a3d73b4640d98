//! JSON that is edited in place, so that a user's config keeps its order, its spacing and Python's NaN.

use std::{borrow::Cow, ops::Range};

use serde::de::{Deserializer as _, MapAccess, Visitor};
use serde_json::value::RawValue;

/// The text of a JSON object, with edits that touch nothing else.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct JsonText {
    text: String,
}

/// One member of an object: where its key begins and where its value lies in the text.
struct Member {
    key: String,
    start: usize,
    value: Range<usize>,
}

impl JsonText {
    /// Takes a JSON object; Python's `NaN`, `Infinity` and `-Infinity` are allowed where a value stands.
    ///
    /// # Errors
    /// `serde_json`'s message where the text is no such object.
    pub fn parse(text: String) -> Result<Self, serde_json::Error> {
        let masked = masked(&text);
        members(&masked, 0..text.len())?;
        // Members are found without a look into their values; what is nested too deep there, or no number, shows here.
        serde_json::from_str::<serde_json::Value>(&masked)?;
        Ok(Self { text })
    }

    /// The text as it stands.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.text
    }

    /// The value tree, for reading; a non-finite number appears as a blank string.
    #[must_use]
    pub fn value(&self) -> serde_json::Value {
        serde_json::from_str(&masked(&self.text)).unwrap_or_default()
    }

    /// Sets the member at `path` (keys from the outermost object inwards); a missing one is put first in its object.
    /// Does nothing when an object on the way is missing. Of members with one name the last is set, which Python reads.
    pub fn set(&mut self, path: &[&str], value: &serde_json::Value) {
        let Some((key, object)) = self.object_of(path) else { return };
        let members = self.members(object.clone());
        if let Some(member) = members.iter().rfind(|member| member.key == key) {
            self.text.replace_range(member.value.clone(), &value.to_string());
            return;
        }
        let after_brace = object.start + 1;
        let separator = if members.is_empty() { "" } else { "," };
        let indent = members.first().map_or("", |first| &self.text[after_brace..first.start]).to_owned();
        let key = serde_json::Value::from(key);
        self.text.insert_str(after_brace, &format!("{indent}{key}: {value}{separator}"));
    }

    /// Removes every member at `path` with its comma; does nothing when there is none.
    pub fn remove(&mut self, path: &[&str]) {
        while self.remove_one(path).is_some() {}
    }

    fn remove_one(&mut self, path: &[&str]) -> Option<()> {
        let (key, object) = self.object_of(path)?;
        let members = self.members(object);
        let index = members.iter().position(|member| member.key == key)?;
        let range = match (index.checked_sub(1).and_then(|before| members.get(before)), members.get(index + 1)) {
            (_, Some(next)) => members[index].start..next.start,
            (Some(previous), None) => previous.value.end..members[index].value.end,
            (None, None) => members[index].start..members[index].value.end,
        };
        self.text.replace_range(range, "");
        Some(())
    }

    /// Paths of all objects in the text, the outermost (an empty path) first; arrays are not entered.
    #[must_use]
    pub fn object_paths(&self) -> Vec<Vec<String>> {
        fn descend(value: &serde_json::Value, path: &[String], out: &mut Vec<Vec<String>>) {
            let serde_json::Value::Object(object) = value else { return };
            out.push(path.to_vec());
            for (key, value) in object {
                descend(value, &[path, std::slice::from_ref(key)].concat(), out);
            }
        }
        let mut out = Vec::new();
        descend(&self.value(), &[], &mut out);
        out
    }

    /// The last key of `path` and the span of the object that it lives in.
    fn object_of<'p>(&self, path: &[&'p str]) -> Option<(&'p str, Range<usize>)> {
        let (key, parents) = path.split_last()?;
        let start = self.text.find('{')?;
        let mut object = start..self.text.rfind('}')? + 1;
        for parent in parents {
            let value = self.members(object).into_iter().rfind(|member| member.key == *parent)?.value;
            if !self.text[value.clone()].starts_with('{') {
                return None;
            }
            object = value;
        }
        Some((key, object))
    }

    fn members(&self, object: Range<usize>) -> Vec<Member> {
        members(&masked(&self.text), object).unwrap_or_default()
    }
}

/// The members of the object at `object` in `text`, by position.
fn members(text: &str, object: Range<usize>) -> Result<Vec<Member>, serde_json::Error> {
    struct RawMembers;
    impl<'de> Visitor<'de> for RawMembers {
        type Value = Vec<(Cow<'de, str>, &'de RawValue)>;
        fn expecting(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
            formatter.write_str("an object")
        }
        fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Self::Value, A::Error> {
            let mut members = Vec::new();
            while let Some(member) = map.next_entry()? {
                members.push(member);
            }
            Ok(members)
        }
    }
    let slice = &text[object.clone()];
    let mut deserializer = serde_json::Deserializer::from_str(slice);
    let raw = deserializer.deserialize_map(RawMembers)?;
    deserializer.end()?;
    let mut members = Vec::with_capacity(raw.len());
    let mut previous_end = 0;
    for (key, value) in raw {
        // `RawValue` borrows from `slice`, so its address gives its position.
        let value_start = value.get().as_ptr().addr() - slice.as_ptr().addr();
        let key_start = previous_end + slice[previous_end..value_start].find('"').unwrap_or(0);
        let value_end = value_start + value.get().len();
        members.push(Member {
            key: key.into_owned(),
            start: object.start + key_start,
            value: object.start + value_start..object.start + value_end,
        });
        previous_end = value_end;
    }
    Ok(members)
}

/// The text with each bare `NaN`, `Infinity` and `-Infinity` replaced by a blank string of the same length, quotes
/// included, so that positions stay true and a value ends where it does in the text.
fn masked(text: &str) -> Cow<'_, str> {
    const NON_FINITE: [&str; 3] = ["NaN", "-Infinity", "Infinity"];
    if !NON_FINITE.iter().any(|literal| text.contains(literal)) {
        return Cow::Borrowed(text);
    }
    let mut out = String::with_capacity(text.len());
    let (mut rest, mut in_string) = (text, false);
    while let Some(next) = rest.chars().next() {
        let literal = NON_FINITE.into_iter().find(|literal| !in_string && rest.starts_with(literal));
        let taken = if let Some(literal) = literal {
            out.push('"');
            out.extend(std::iter::repeat_n(' ', literal.len() - 2));
            out.push('"');
            literal.len()
        } else if in_string && next == '\\' {
            let escaped = 1 + rest[1..].chars().next().map_or(0, char::len_utf8);
            out.push_str(&rest[..escaped]);
            escaped
        } else {
            in_string ^= next == '"';
            out.push(next);
            next.len_utf8()
        };
        rest = &rest[taken..];
    }
    Cow::Owned(out)
}

#[cfg(test)]
mod tests {
    use super::*;

    const CONFIG: &str = r#"{
  "architectures": ["LlamaForCausalLM"],
  "_name_or_path": "org/base",
  "note": "NaN stays, \"Infinity\" too",
  "scale": NaN,
  "text_config": {"dtype": "float32", "limit": -Infinity},
  "last": 1
}
"#;

    fn parsed() -> JsonText {
        JsonText::parse(CONFIG.to_owned()).unwrap()
    }

    #[test]
    fn a_set_value_changes_its_own_span_only() {
        let mut text = parsed();
        text.set(&["text_config", "dtype"], &"bfloat16".into());
        assert_eq!(text.as_str(), CONFIG.replace("float32", "bfloat16"));
    }

    #[test]
    fn a_new_member_comes_first_with_the_same_indent() {
        let mut text = parsed();
        text.set(&["torch_dtype"], &"float16".into());
        assert_eq!(text.as_str(), CONFIG.replacen('{', "{\n  \"torch_dtype\": \"float16\",", 1));
        let mut empty = JsonText::parse("{}".to_owned()).unwrap();
        empty.set(&["a"], &1.into());
        assert_eq!(empty.as_str(), r#"{"a": 1}"#);
    }

    #[test]
    fn removal_takes_one_comma() {
        let mut text = parsed();
        text.remove(&["_name_or_path"]);
        text.remove(&["last"]);
        text.remove(&["absent"]);
        let expected = CONFIG.replace("  \"_name_or_path\": \"org/base\",\n", "").replace(",\n  \"last\": 1", "");
        assert_eq!(text.as_str(), expected);
        let mut single = JsonText::parse(r#"{"a": 1}"#.to_owned()).unwrap();
        single.remove(&["a"]);
        assert_eq!(single.as_str(), "{}");
    }

    #[test]
    fn objects_are_found_and_strings_survive_the_mask() {
        let text = parsed();
        assert_eq!(text.object_paths(), [vec![], vec!["text_config".to_owned()]]);
        assert_eq!(text.value()["note"], "NaN stays, \"Infinity\" too");
        assert_eq!(text.value()["scale"], " ");
    }

    #[test]
    fn what_stands_beside_a_number_that_is_none_can_be_removed_and_the_number_set() {
        for literal in ["NaN", "Infinity", "-Infinity"] {
            let config = format!(r#"{{"scale": {literal}, "_name_or_path": "org/base"}}"#);
            let mut text = JsonText::parse(config).unwrap();
            text.remove(&["_name_or_path"]);
            assert_eq!(text.as_str(), format!(r#"{{"scale": {literal}}}"#));
            text.set(&["scale"], &1.into());
            assert_eq!(text.as_str(), r#"{"scale": 1}"#);
        }
    }

    #[test]
    fn other_text_is_refused() {
        for text in ["[1]", "{\"a\": }", "{} {}", "", "{\"a\": nan}", "{\"a\": 1e999}"] {
            JsonText::parse(text.to_owned()).unwrap_err();
        }
        // Not read as a config without any key.
        let deep = format!(r#"{{"model_type": "llama", "a": {}{}}}"#, "[".repeat(200), "]".repeat(200));
        JsonText::parse(deep).unwrap_err();
    }

    #[test]
    fn of_equal_keys_the_last_counts_as_in_python() {
        let mut text = JsonText::parse(r#"{"a": 1, "b": {"c": 1}, "a": 2, "b": {"c": 2}}"#.to_owned()).unwrap();
        text.set(&["a"], &3.into());
        text.set(&["b", "c"], &4.into());
        assert_eq!(text.as_str(), r#"{"a": 1, "b": {"c": 1}, "a": 3, "b": {"c": 4}}"#);
        text.remove(&["a"]);
        assert_eq!(text.as_str(), r#"{"b": {"c": 1}, "b": {"c": 4}}"#);
    }
}
