//! The base's name: as the adapter gives it, and as the base's folder, cache entry or config gives it.

use super::{Compared, Finding, NameVariant, Verdict};
use crate::{
    adapter::Adapter,
    checkpoint::{Checkpoint, plain_name},
};

/// Words in a name that say a variant of one model, trained further.
const VARIANTS: [&str; 8] = ["instruct", "chat", "it", "base", "pt", "coder", "math", "thinking"];

/// Names that say nothing about a model.
const GENERIC: [&str; 10] =
    ["model", "base", "base_model", "output", "outputs", "merged", "checkpoint", "model_output", "hf", "snapshot"];

/// Compares the names, by their last component.
pub(in crate::plan) fn finding(base: &Checkpoint, adapter: &Adapter) -> Finding {
    let Some(trained_on) = adapter.config().base_model() else {
        return Finding::new(Verdict::Unknown, Compared::BaseUnnamed);
    };
    let trained_on = plain_name(trained_on).unwrap_or(trained_on);
    let own_name = base.config().get("_name_or_path").and_then(serde_json::Value::as_str).map(shown);
    let folder = base.name();
    let candidates: Vec<&str> = own_name.into_iter().chain([folder.as_str()]).filter(|name| is_telling(name)).collect();
    let shown_trained = shown(trained_on).to_owned();
    if !is_telling(&shown_trained) || candidates.is_empty() {
        return Finding::new(Verdict::Unknown, Compared::BaseNameUntelling { trained_on: shown_trained, base: folder });
    }
    if candidates.iter().any(|name| is_same(name, trained_on)) {
        return Finding::new(Verdict::Agrees, Compared::BaseNamed { trained_on: shown_trained });
    }
    let base = candidates[0].to_owned();
    let variants = variant_difference(trained_on, &base);
    Finding::new(Verdict::Differs, Compared::BaseDiffers { trained_on: shown_trained, base, variants })
}

/// A name without the folders of the machine that it may lie in: a Hub id stays whole, a path becomes its last part.
pub(super) fn shown(name: &str) -> &str {
    let trimmed = name.trim_end_matches(['/', '\\']);
    let is_hub_id =
        trimmed.matches('/').count() == 1 && !trimmed.starts_with(['/', '.', '~']) && !trimmed.contains('\\');
    if is_hub_id { trimmed } else { last(trimmed) }
}

fn last(name: &str) -> &str {
    name.trim_end_matches(['/', '\\']).rsplit(['/', '\\']).next().unwrap_or(name)
}

/// Whether a name says a model, and not only a place on a disk.
pub(in crate::plan) fn is_telling(name: &str) -> bool {
    let last = last(name).to_ascii_lowercase();
    let is_generic = GENERIC.contains(&last.as_str()) || last.starts_with("checkpoint-") || last.starts_with('.');
    !is_generic && last.bytes().any(|byte| byte.is_ascii_alphabetic())
}

fn is_same(a: &str, b: &str) -> bool {
    let plain = |name: &str| -> String {
        last(name).chars().filter(char::is_ascii_alphanumeric).map(|letter| letter.to_ascii_lowercase()).collect()
    };
    plain(a) == plain(b)
}

/// The variants of two names that differ in nothing else: `["instruct"]` against `[]`.
fn variant_difference(theirs: &str, ours: &str) -> Option<[NameVariant; 2]> {
    let split = |name: &str| {
        let lower = last(name).to_ascii_lowercase();
        let words = lower.split(['-', '_', '.']).map(str::to_owned);
        words.partition::<Vec<String>, _>(|word| VARIANTS.contains(&word.as_str()))
    };
    let ((their_variant, their_rest), (our_variant, our_rest)) = (split(theirs), split(ours));
    let is_other_variant = their_rest == our_rest && their_variant != our_variant;
    is_other_variant.then_some([NameVariant { words: their_variant }, NameVariant { words: our_variant }])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_compared_by_what_tells() {
        assert!(is_same("org/Llama-3.2-3B", "/data/models/llama-3.2-3b/"));
        assert!(!is_same("Llama-3.2-3B", "Llama-3.2-3B-Instruct"));
        assert_eq!(shown("/home/me/models/Qwen2"), "Qwen2");
        assert_eq!(shown("../../Llama2-7b-chat/"), "Llama2-7b-chat");
        assert_eq!(shown("C:\\models\\Qwen2"), "Qwen2");
        assert_eq!(shown("org/name"), "org/name");
        for name in ["model", "checkpoint-300", "output/", ".", "7"] {
            assert!(!is_telling(name), "{name}");
        }
        assert!(is_telling("gpt2"));
    }

    #[test]
    fn variants_of_one_model_are_named() {
        let difference = variant_difference("org/Qwen2.5-7B-Instruct", "Qwen2.5-7B").unwrap();
        assert_eq!(difference.map(|variant| variant.to_string()), ["the instruct variant", "the plain model"]);
        assert_eq!(variant_difference("Qwen2.5-7B", "Qwen2.5-14B"), None);
        assert_eq!(variant_difference("Qwen2.5-7B", "Qwen2.5-7B"), None);
    }
}
