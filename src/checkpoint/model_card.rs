//! What a model's card (README.md) says in its front matter.

use std::path::Path;

/// The models that the card in `folder` names as `base_model`; none without a card that says it.
#[must_use]
pub fn card_base_models(folder: &Path) -> Vec<String> {
    std::fs::read_to_string(folder.join("README.md")).map(|card| base_models(&card)).unwrap_or_default()
}

/// The licence that the card in `folder` names: its `license_name` where it is one of its own, else its `license`.
#[must_use]
pub fn card_licence(folder: &Path) -> Option<String> {
    let card = std::fs::read_to_string(folder.join("README.md")).ok()?;
    let named = licence(&card, "license_name:").or_else(|| licence(&card, "license:"))?;
    Some(named).filter(|name| name != "other")
}

fn licence(card: &str, key: &str) -> Option<String> {
    let mut lines = card.lines();
    lines.next().filter(|line| line.trim() == "---")?;
    let value = lines.take_while(|line| line.trim() != "---").find_map(|line| line.strip_prefix(key))?;
    let value = value.trim().trim_matches(['"', '\'']);
    // A name, not a list or a text that goes on.
    let is_name = |letter: char| letter.is_ascii_alphanumeric() || "-_. ".contains(letter);
    (!value.is_empty() && value.len() < 80 && value.chars().all(is_name)).then(|| value.to_owned())
}

/// `base_model: NAME`, or a list of names below it, as the Hub writes both.
fn base_models(card: &str) -> Vec<String> {
    let mut lines = card.lines();
    if lines.next().map(str::trim) != Some("---") {
        return Vec::new();
    }
    let mut lines = lines.take_while(|line| line.trim() != "---").skip_while(|line| !line.starts_with("base_model:"));
    let Some(first) = lines.next().and_then(|line| line.strip_prefix("base_model:")) else { return Vec::new() };
    let name = |text: &str| text.trim().trim_matches(['"', '\'']).to_owned();
    if !first.trim().is_empty() {
        return vec![name(first)];
    }
    lines.map_while(|line| line.trim_start().strip_prefix("- ").map(name)).collect()
}

#[cfg(test)]
#[expect(clippy::disallowed_methods, reason = "fixtures in temporary folders")]
mod tests {
    use super::*;

    #[test]
    fn licences_are_read_as_the_hub_writes_them() {
        for (card, name) in [
            ("---\nlicense: apache-2.0\ntags: x\n---\n# Card", Some("apache-2.0")),
            ("---\nlicense: other\nlicense_name: \"qwen-research\"\n---\n", Some("qwen-research")),
            ("---\nlicense: other\n---\n", None),
            ("---\nlicense:\n- mit\n---\n", None),
            ("---\ntags: x\n---\nlicense: mit\n", None),
        ] {
            let folder = tempfile::tempdir().unwrap();
            std::fs::write(folder.path().join("README.md"), card).unwrap();
            assert_eq!(card_licence(folder.path()).as_deref(), name, "{card}");
        }
        assert_eq!(card_licence(Path::new("/nowhere")), None);
    }

    #[test]
    fn base_models_are_read_as_the_hub_writes_them() {
        for (card, names) in [
            ("---\nlicense: mit\nbase_model: Qwen/Qwen3-8B\n---\n# Card", &["Qwen/Qwen3-8B"][..]),
            ("---\nbase_model:\n- org/a\n- \"org/b\"\ntags: x\n---\n", &["org/a", "org/b"]),
            ("---\nbase_model:\n  - org/a\n---\n", &["org/a"]),
            ("---\ntags: x\n---\nbase_model: org/a\n", &[]),
            ("base_model: org/a", &[]),
            ("---\nbase_model:\n---\n", &[]),
        ] {
            assert_eq!(base_models(card), names, "{card}");
        }
    }
}
