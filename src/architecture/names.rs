//! Names that differ between disk and memory: transformers renames tensors while it loads a checkpoint, and an
//! adapter's keys are module paths in memory (spec section 3.3).
//!
//! The table is transformers' own (5.23, `conversion_mapping.py`), written by `tests/tools/make_rename_table.py`.

use std::{
    collections::{BTreeMap, BTreeSet, HashMap},
    sync::{LazyLock, OnceLock},
};

use fancy_regex::{Captures, Regex};
use serde_json::Value;

use super::part;
use crate::checkpoint::{Checkpoint, ModelConfig};

/// Leading segments below which a part of a model may lie (`model.vision_tower.` has two).
const MAX_SCOPE_SEGMENTS: usize = 3;

/// The group of renames that transformers applies to every model, after all others.
const LEGACY: &str = "legacy";

/// The table, parsed once.
static TABLE: LazyLock<Table> = LazyLock::new(|| Table::new(&raw_table()));

/// The table as it is written.
pub(super) fn raw_table() -> Value {
    let text = include_str!("rename_table.json");
    serde_json::from_str(text).unwrap_or_else(|error| unreachable!("rename_table.json: {error}"))
}

/// Renames by model type or class name.
struct Table {
    groups: HashMap<String, Vec<Rename>>,
}

/// One rename: every key in which the pattern is found, once.
struct Rename {
    pattern: String,
    /// Compiled when it is first asked for: a model needs a few of the table's hundreds, each of which costs a
    /// millisecond.
    regex: OnceLock<Regex>,
    replacement: String,
}

impl Table {
    fn new(value: &Value) -> Self {
        let entries = value["groups"].as_object().into_iter().flatten();
        let mut groups: HashMap<String, Vec<Rename>> = entries
            .map(|(name, entries)| {
                let entries = entries.as_array().map(Vec::as_slice).unwrap_or_default();
                (plain(name), entries.iter().filter_map(Rename::new).collect())
            })
            .collect();
        for (name, of) in value["aliases"].as_object().into_iter().flatten() {
            let entries = of.as_str().map(|of| &value["groups"][of]).and_then(Value::as_array);
            let renames = entries.into_iter().flatten().filter_map(Rename::new).collect();
            groups.entry(plain(name)).or_insert(renames);
        }
        Self { groups }
    }

    /// The renames of a class or model type, however it is spelt (`siglip_vision_model`, `SiglipVisionModel`).
    fn group(&self, name: &str) -> &[Rename] {
        self.groups.get(&plain(name)).map(Vec::as_slice).unwrap_or_default()
    }
}

/// A name by which classes and model types can be compared.
pub(super) fn plain(name: &str) -> String {
    name.chars().filter(char::is_ascii_alphanumeric).map(|letter| letter.to_ascii_lowercase()).collect()
}

impl Rename {
    /// An entry of the kind `["rename", [patterns], replacement]`; `None` for the others, which do more than rename.
    fn new(entry: &Value) -> Option<Self> {
        let (Some("rename"), patterns, Some(replacement)) =
            (entry[0].as_str(), entry[1].as_array()?, entry[2].as_str())
        else {
            return None;
        };
        let mut patterns: Vec<&str> = patterns.iter().filter_map(Value::as_str).collect();
        // As transformers does it: the longest pattern is tried first, and a name ends where a word ends.
        patterns.sort_by_key(|pattern| std::cmp::Reverse(pattern.len()));
        let bounded = |pattern: &&str| {
            let pattern = pattern.replace("*.", r".*\.");
            let ends_in_word = pattern.ends_with(|last: char| last.is_ascii_alphanumeric());
            format!("(?:{pattern}{})", if ends_in_word { r"(?!\w)" } else { "" })
        };
        let pattern = patterns.iter().map(bounded).collect::<Vec<_>>().join("|");
        Some(Self { pattern, regex: OnceLock::new(), replacement: replacement.to_owned() })
    }

    fn regex(&self) -> &Regex {
        let Self { pattern, .. } = self;
        let compiled =
            || Regex::new(pattern).unwrap_or_else(|error| unreachable!("rename_table.json: {pattern}: {error}"));
        self.regex.get_or_init(compiled)
    }

    fn apply(&self, key: &str) -> Option<String> {
        let captures = self.regex().captures(key).ok().flatten()?;
        let whole = captures.get(0)?;
        let replacement = self.replacement.replace(r"\1", first_group(&captures));
        Some(format!("{}{replacement}{}", &key[..whole.start()], &key[whole.end()..]))
    }
}

fn first_group<'a>(captures: &Captures<'a>) -> &'a str {
    captures.iter().skip(1).flatten().next().map_or("", |group| group.as_str())
}

/// All of `renames`, one after the other.
fn applied(renames: &[Rename], key: &str) -> String {
    renames.iter().fold(key.to_owned(), |key, rename| rename.apply(&key).unwrap_or(key))
}

/// The names in memory of a base's tensors, where they differ from those on disk.
#[derive(Debug, Default)]
pub struct DiskNames {
    /// Name in memory → name on disk; `None` where two tensors would have it.
    disk_names: BTreeMap<String, Option<String>>,
    groups: Groups,
}

impl DiskNames {
    /// The names of every tensor of `base`, by its architecture and model types.
    #[must_use]
    pub fn new(base: &Checkpoint) -> Self {
        let groups = Groups::new(base.config());
        let mut disk_names: BTreeMap<String, Option<String>> = BTreeMap::new();
        for name in base.tensors().keys() {
            for alias in groups.names_in_memory(name) {
                let entry = disk_names.entry(alias).or_insert_with(|| Some(name.clone()));
                if entry.as_ref().is_some_and(|other| other != name) {
                    *entry = None;
                }
            }
        }
        Self { disk_names, groups }
    }

    /// The tensor on disk that memory calls `name` now.
    #[must_use]
    pub fn current(&self, name: &str) -> Option<String> {
        self.disk_names.get(name).cloned().flatten()
    }

    /// The tensor on disk that memory calls `name` now, or that an earlier version called so.
    #[must_use]
    pub fn disk_name(&self, base: &Checkpoint, name: &str) -> Option<String> {
        let renamed = || {
            self.groups.names_in_memory(name).into_iter().find_map(|alias| {
                let is_on_disk = base.tensor(&alias).is_some();
                self.current(&alias).or(is_on_disk.then_some(alias))
            })
        };
        self.current(name).or_else(renamed)
    }

    /// Every name that a tensor called `name` on disk may have in memory, other than its own.
    #[must_use]
    pub fn names_in_memory(&self, name: &str) -> BTreeSet<String> {
        self.groups.names_in_memory(name)
    }
}

/// The groups of the table that concern one model.
#[derive(Debug, Default)]
struct Groups {
    /// By its class or, where that has no group, its model type.
    root: Option<String>,
    /// Of the model's parts: the bare model inside it, its text, vision and audio models, its encoder and decoder.
    parts: Vec<String>,
}

impl Groups {
    fn new(config: &ModelConfig) -> Self {
        let has_group = |name: &String| !TABLE.group(name).is_empty();
        let model_type = config.model_type().to_owned();
        let class = config.architecture().map(str::to_owned);
        let root = class.into_iter().chain([model_type.clone()]).find(has_group);
        let bare_model = format!("{model_type}model");
        let parts = part::nested(config).into_iter().flat_map(|part| {
            let bare_model = format!("{}model", part.model_type);
            part.class.into_iter().chain([part.model_type, bare_model])
        });
        let mut parts: Vec<String> = [bare_model].into_iter().chain(parts).filter(has_group).collect();
        parts.dedup();
        Self { root, parts }
    }

    /// Every name that the tensor `name` may have in memory, other than its own.
    fn names_in_memory(&self, name: &str) -> BTreeSet<String> {
        let root = self.root.as_deref().map_or_else(|| name.to_owned(), |root| applied(TABLE.group(root), name));
        let mut names = BTreeSet::from([root.clone(), applied(TABLE.group(LEGACY), &root)]);
        for part in &self.parts {
            let renames = TABLE.group(part);
            for base in names.clone() {
                names.extend(scopes(&base).filter_map(|(scope, rest)| {
                    let renamed = applied(renames, rest);
                    (renamed != rest).then(|| format!("{scope}{renamed}"))
                }));
            }
        }
        names.remove(name);
        names
    }
}

/// `name` cut after each of its first segments, and whole: where a part of the model may begin.
fn scopes(name: &str) -> impl Iterator<Item = (&str, &str)> {
    let cuts = name.match_indices('.').map(|(at, _)| at + 1).take(MAX_SCOPE_SEGMENTS);
    std::iter::once(0).chain(cuts).map(|cut| name.split_at(cut))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn raw() -> Value {
        serde_json::from_str(include_str!("rename_table.json")).unwrap()
    }

    /// Every entry of transformers' table is used, or left out by a named rule.
    #[test]
    fn every_entry_of_the_table_is_accounted_for() {
        // Tensors that are joined, cut or reordered: their updates need arithmetic, not another name.
        const ARITHMETIC: [&str; 8] = [
            "Chunk",
            "MergeModulelist",
            "Concatenate",
            "Transpose",
            "PermuteForRope",
            "Interleave",
            "ErnieFuseAndSplitTextVisionExperts",
            "Split",
        ];
        // Renames with a state or a counter: a vision tower's norms, and one research model.
        const SPECIAL: [&str; 2] = ["GroupWeightRename", "Inkling2IndexOffsetWeightRename"];
        let (mut used, mut arithmetic, mut special) = (0, 0, 0);
        for (name, entries) in raw()["groups"].as_object().unwrap() {
            for entry in entries.as_array().unwrap() {
                match entry[0].as_str().unwrap() {
                    "rename" => {
                        let rename = Rename::new(entry).unwrap_or_else(|| panic!("{name}: {entry}"));
                        assert!(Regex::new(&rename.pattern).is_ok(), "{name}: {entry}");
                        used += 1;
                    }
                    "convert" => {
                        let operations = entry[3].as_array().unwrap();
                        let is_known = |operation: &Value| ARITHMETIC.contains(&operation.as_str().unwrap());
                        assert!(!operations.is_empty() && operations.iter().all(is_known), "{name}: {entry}");
                        arithmetic += 1;
                    }
                    "special" => {
                        assert!(SPECIAL.contains(&entry[1].as_str().unwrap()), "{name}: {entry}");
                        special += 1;
                    }
                    other => panic!("{name}: unknown kind {other}"),
                }
            }
        }
        assert!(used > 900 && arithmetic > 90 && special == 3, "{used} {arithmetic} {special}");
        for (alias, of) in raw()["aliases"].as_object().unwrap() {
            let has_renames =
                raw()["groups"][of.as_str().unwrap()].as_array().unwrap().iter().any(|entry| entry[0] == "rename");
            assert_eq!(TABLE.group(alias).is_empty(), !has_renames, "{alias}");
        }
    }

    /// What transformers itself makes of keys of many kinds.
    #[test]
    fn renames_are_those_of_transformers() {
        let expected: Vec<[String; 3]> =
            serde_json::from_str(include_str!("../../tests/expected/renames.json")).unwrap();
        assert!(expected.len() > 200);
        for [group, key, renamed] in expected {
            assert_eq!(applied(TABLE.group(&group), &key), renamed, "{group}: {key}");
        }
    }

    #[test]
    fn parts_are_renamed_where_they_lie() {
        let groups = Groups {
            root: Some("llava".to_owned()),
            parts: vec!["llavamodel".to_owned(), "clipvisionmodel".to_owned()],
        };
        let names = groups.names_in_memory("language_model.model.layers.0.mlp.up_proj.weight");
        assert!(names.contains("model.language_model.layers.0.mlp.up_proj.weight"), "{names:?}");
        let names = groups.names_in_memory("vision_tower.vision_model.encoder.layers.0.mlp.fc1.weight");
        assert!(names.contains("model.vision_tower.encoder.layers.0.mlp.fc1.weight"), "{names:?}");
    }
}
