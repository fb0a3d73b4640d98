//! What a model's card (README.md) says in its front matter.

use std::path::Path;

/// The models that the card in `folder` names as `base_model`; none without a card that says it.
#[must_use]
pub fn card_base_models(folder: &Path) -> Vec<String> {
    std::fs::read_to_string(folder.join("README.md")).map(|card| base_models(&card)).unwrap_or_default()
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
mod tests {
    use super::*;

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
