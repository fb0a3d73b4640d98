//! Configs that are edited in place: an edit changes its own member and nothing else, and what is left can be read.

#![no_main]

use libfuzzer_sys::fuzz_target;
use lorafuse::checkpoint::JsonText;
use serde_json::Value;

fuzz_target!(|text: &str| {
    let Ok(original) = JsonText::parse(text.to_owned()) else { return };
    let value = original.value();
    let Value::Object(members) = &value else { panic!("an object") };
    for path in original.object_paths() {
        let parents: Vec<&str> = path.iter().map(String::as_str).collect();
        let at = [&parents[..], &["torch_dtype"]].concat();
        let mut edited = original.clone();
        edited.set(&at, &"bfloat16".into());
        assert_eq!(parsed(&edited).pointer(&pointer(&at)), Some(&"bfloat16".into()), "{}", edited.as_str());
        edited.remove(&at);
        let mut expected = value.clone();
        if let Some(Value::Object(object)) = expected.pointer_mut(&pointer(&parents)) {
            object.shift_remove("torch_dtype");
        }
        assert_eq!(parsed(&edited), expected, "{}", edited.as_str());
    }
    for key in members.keys() {
        let mut edited = original.clone();
        edited.remove(&[key]);
        assert_eq!(parsed(&edited).get(key), None, "{key} is still in {}", edited.as_str());
    }
});

fn parsed(text: &JsonText) -> Value {
    JsonText::parse(text.as_str().to_owned()).expect("an edited config can be read").value()
}

/// A JSON pointer to the member at `path`.
fn pointer(path: &[&str]) -> String {
    path.iter().map(|key| format!("/{}", key.replace('~', "~0").replace('/', "~1"))).collect()
}
