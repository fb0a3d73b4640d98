//! `adapter_config.json`, typed where it decides a merge (spec section 1).

use std::path::Path;

use fancy_regex::Regex;
use serde_json::{Map, Value};

use super::{AdapterError, Note, Scaling, methods, typed};
use crate::{
    checkpoint::{JsonProblem, read_text},
    error::IoAction,
};

/// An adapter's config; keys keep the order of the file, for the first pattern that hits wins.
#[derive(Clone, Debug)]
pub struct PeftConfig {
    values: Map<String, Value>,
    notes: Vec<Note>,
}

impl PeftConfig {
    /// Reads the config at `path`.
    ///
    /// # Errors
    /// A file that cannot be read or is no JSON object.
    pub fn read(path: &Path) -> Result<Self, AdapterError> {
        Self::parse(&read_text(path, IoAction::ReadAdapterConfig)?, path)
    }

    /// Reads the text of a config; `path` is for messages.
    ///
    /// # Errors
    /// Text that is no JSON object. Numbers and flags that are written as text are read, with a note.
    pub fn parse(text: &str, path: &Path) -> Result<Self, AdapterError> {
        let mut values: Map<String, Value> = serde_json::from_str(text).map_err(|error| AdapterError::BadConfig {
            problem: JsonProblem::new(text, &error),
            path: path.to_owned(),
        })?;
        let keys = typed::take_typed(&mut values);
        let notes = if keys.is_empty() { Vec::new() } else { vec![Note::ReadFromText { keys }] };
        Ok(Self { values, notes })
    }

    /// A config that was written in another trainer's terms, with what the translation decided.
    pub(super) fn translated(values: Map<String, Value>, notes: Vec<Note>) -> Self {
        Self { values, notes }
    }

    /// The same with more that was decided.
    #[must_use]
    pub(super) fn with_notes(mut self, notes: impl IntoIterator<Item = Note>) -> Self {
        self.notes.extend(notes);
        self
    }

    /// What was decided while the config was read, for the user to know.
    #[must_use]
    pub fn notes(&self) -> &[Note] {
        &self.notes
    }

    /// A key's value; null counts as absent.
    #[must_use]
    pub fn get(&self, key: &str) -> Option<&Value> {
        self.values.get(key).filter(|value| !value.is_null())
    }

    /// A key's value where it says anything: not null, false, empty or "none".
    #[must_use]
    pub fn meaningful(&self, key: &str) -> Option<&Value> {
        self.get(key).filter(|value| !is_blank(value))
    }

    /// `peft_type`, in capitals.
    #[must_use]
    pub fn peft_type(&self) -> Option<String> {
        Some(self.get("peft_type")?.as_str()?.to_ascii_uppercase())
    }

    /// `base_model_name_or_path`: a Hub id or a path on the training machine.
    #[must_use]
    pub fn base_model(&self) -> Option<&str> {
        self.get("base_model_name_or_path")?.as_str().filter(|name| !name.is_empty())
    }

    /// Whether a key is true.
    #[must_use]
    pub fn flag(&self, key: &str) -> bool {
        self.get(key).and_then(Value::as_bool).unwrap_or(false)
    }

    /// A whole number that is not negative.
    #[must_use]
    pub fn count(&self, key: &str) -> Option<usize> {
        self.get(key)?.as_u64().and_then(|count| usize::try_from(count).ok())
    }

    /// `use_rslora`.
    #[must_use]
    pub fn uses_rslora(&self) -> bool {
        self.flag("use_rslora")
    }

    /// The strings of a list; a single string counts as a list of one.
    #[must_use]
    pub fn strings(&self, key: &str) -> Vec<&str> {
        match self.get(key) {
            Some(Value::String(text)) => vec![text],
            Some(Value::Array(items)) => items.iter().filter_map(Value::as_str).collect(),
            _ => Vec::new(),
        }
    }

    /// Whether `module` was trained whole, or lies in one that was.
    #[must_use]
    pub fn is_saved_whole(&self, module: &str) -> bool {
        self.saved_module(module).is_some()
    }

    /// The path of `module` from the module on that was trained whole: `classifier.dense` of `model.classifier.dense`.
    /// Such modules are listed in `modules_to_save`, by PEFT's rule (a plain ending, with no regard to dots), or are the
    /// head of the task.
    #[must_use]
    pub fn saved_module<'m>(&self, module: &'m str) -> Option<&'m str> {
        const TASK_HEADS: [(&str, &[&str]); 3] = [
            ("SEQ_CLS", &["classifier", "score"]),
            ("TOKEN_CLS", &["classifier", "score"]),
            ("QUESTION_ANS", &["qa_outputs"]),
        ];
        let heads = self.task_type().and_then(|task| TASK_HEADS.iter().find(|(name, _)| *name == task));
        let mut names = self.strings("modules_to_save");
        names.extend(heads.map_or(&[][..], |(_, heads)| heads));
        // A listed module may hold others (`classifier` holds `classifier.dense`).
        let mut ends = module.match_indices('.').map(|(at, _)| at).chain([module.len()]);
        let start_of = |path: &str, name: &str| {
            let start = path.strip_suffix(name)?.len();
            Some(path[..start].rfind('.').map_or(0, |dot| dot + 1))
        };
        ends.find_map(|end| names.iter().find_map(|name| Some(&module[start_of(&module[..end], name)?..])))
    }

    /// `task_type`.
    #[must_use]
    pub fn task_type(&self) -> Option<&str> {
        self.get("task_type").and_then(Value::as_str)
    }

    /// `fan_in_fan_out`, which PEFT forces to the truth for the layers that it targets.
    #[must_use]
    pub fn fan_in_fan_out(&self) -> bool {
        self.flag("fan_in_fan_out")
    }

    /// Whether `peft_version` says this release or a later one; absent before 0.18.
    #[must_use]
    pub fn is_from_peft(&self, major: u64, minor: u64) -> bool {
        let version = self.get("peft_version").and_then(Value::as_str).unwrap_or_default();
        let mut numbers = version.split('.').map(|number| number.parse::<u64>().unwrap_or(0));
        (numbers.next().unwrap_or(0), numbers.next().unwrap_or(0)) >= (major, minor)
    }

    /// Whether `peft_version` says a later release than this one; absent before 0.18.
    #[must_use]
    pub fn is_after_peft(&self, release: [u64; 3]) -> bool {
        let version = self.get("peft_version").and_then(Value::as_str).unwrap_or_default();
        let mut numbers = version.split('.').map(|number| number.parse::<u64>().unwrap_or(0));
        [0; 3].map(|absent| numbers.next().unwrap_or(absent)) > release
    }

    /// Keys that no PEFT release up to 0.21 writes and that say something: worth a warning, for they may change a
    /// merge in a way unknown here.
    #[must_use]
    pub fn unknown_keys(&self) -> Vec<&str> {
        let unknown = |key: &&String| !methods::knows_key(key) && self.meaningful(key).is_some();
        self.values.keys().filter(unknown).map(String::as_str).collect()
    }

    /// Rank and alpha of `module` (its path in the base model), patterns considered.
    ///
    /// # Errors
    /// `r` or `lora_alpha` missing or no positive number; a pattern that cannot be read.
    pub fn scaling_of(&self, module: &str, path: &Path) -> Result<Scaling, AdapterError> {
        self.scaling_by("lora_alpha", module, path)
    }

    /// Rank and alpha of `module` for LoHa and LoKr, which call it `alpha`.
    ///
    /// # Errors
    /// As [`Self::scaling_of`].
    pub fn lycoris_scaling_of(&self, module: &str, path: &Path) -> Result<Scaling, AdapterError> {
        self.scaling_by("alpha", module, path)
    }

    /// Rank and alpha of AdaLoRA: the rank that training began with, whatever was pruned since; an alpha that is not
    /// positive counts as that rank.
    ///
    /// # Errors
    /// `init_r` or `lora_alpha` missing or no number.
    pub fn adalora_scaling(&self, path: &Path) -> Result<Scaling, AdapterError> {
        let number = |key| self.get(key).and_then(Value::as_f64).filter(|value| value.is_finite());
        let missing = |key| AdapterError::MissingKey { key, path: path.with_file_name(super::CONFIG_FILE) };
        let rank = self.get("init_r").and_then(Value::as_u64).and_then(|rank| usize::try_from(rank).ok());
        let rank = rank.filter(|rank| *rank > 0).ok_or_else(|| missing("init_r"))?;
        let alpha = number("lora_alpha").ok_or_else(|| missing("lora_alpha"))?;
        let alpha = if alpha > 0.0 { alpha } else { rank as f64 };
        Ok(Scaling { alpha, rank, is_rank_stabilized: false })
    }

    /// A number that the method cannot do without.
    ///
    /// # Errors
    /// `key` missing or no finite number.
    pub fn number(&self, key: &'static str, path: &Path) -> Result<f64, AdapterError> {
        let number = self.get(key).and_then(Value::as_f64).filter(|number| number.is_finite());
        number.ok_or_else(|| AdapterError::MissingKey { key, path: path.with_file_name(super::CONFIG_FILE) })
    }

    /// The rank of `module`, patterns considered.
    ///
    /// # Errors
    /// `r` missing or no positive number; a pattern that cannot be read.
    pub fn rank_of(&self, module: &str, path: &Path) -> Result<usize, AdapterError> {
        let rank = match self.pattern_value("rank_pattern", module, path)? {
            Some(rank) => Some(rank),
            None => self.get("r"),
        };
        let rank = rank.and_then(Value::as_u64).and_then(|rank| usize::try_from(rank).ok());
        rank.filter(|rank| *rank > 0)
            .ok_or_else(|| AdapterError::MissingKey { key: "r", path: path.with_file_name(super::CONFIG_FILE) })
    }

    /// Rank and alpha of `module` for a method that calls it `alpha_key`.
    ///
    /// # Errors
    /// As [`Self::scaling_of`].
    pub fn scaling_by(&self, alpha_key: &'static str, module: &str, path: &Path) -> Result<Scaling, AdapterError> {
        let missing = |key| AdapterError::MissingKey { key, path: path.with_file_name(super::CONFIG_FILE) };
        let rank = self.rank_of(module, path)?;
        let alpha = match self.pattern_value("alpha_pattern", module, path)? {
            Some(alpha) => Some(alpha),
            None => self.get(alpha_key),
        };
        let alpha =
            alpha.and_then(Value::as_f64).filter(|alpha| alpha.is_finite()).ok_or_else(|| missing(alpha_key))?;
        Ok(Scaling { alpha, rank, is_rank_stabilized: self.uses_rslora() })
    }

    /// The value of the first key of `pattern_key` that matches `module` by PEFT's rule
    /// `re.match("(.*\.)?(" + key + ")$", module)` (spec section 1.4).
    fn pattern_value(
        &self,
        pattern_key: &'static str,
        module: &str,
        path: &Path,
    ) -> Result<Option<&Value>, AdapterError> {
        let Some(Value::Object(patterns)) = self.get(pattern_key) else { return Ok(None) };
        for (pattern, value) in patterns {
            let pattern = pattern.strip_prefix("base_model.model.").unwrap_or(pattern);
            if matches_module(pattern, module) {
                return Ok(Some(value));
            }
            if Regex::new(pattern).is_err() {
                let pattern = pattern.to_owned();
                return Err(AdapterError::BadPattern { key: pattern_key, pattern, path: path.to_owned() });
            }
        }
        Ok(None)
    }
}

/// PEFT's rule; a pattern that is no regular expression matches as a plain suffix.
fn matches_module(pattern: &str, module: &str) -> bool {
    match Regex::new(&format!(r"^(?:.*\.)?(?:{pattern})$")) {
        Ok(regex) => regex.is_match(module).unwrap_or(false),
        Err(_) => module.strip_suffix(pattern).is_some_and(|front| front.is_empty() || front.ends_with('.')),
    }
}

fn is_blank(value: &Value) -> bool {
    match value {
        Value::Null => true,
        Value::Bool(flag) => !flag,
        Value::String(text) => text.is_empty() || text == "none",
        Value::Array(items) => items.is_empty(),
        Value::Object(members) => members.is_empty(),
        Value::Number(_) => false,
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn config(value: Value) -> PeftConfig {
        let Value::Object(values) = value else { panic!("an object") };
        PeftConfig { values, notes: Vec::new() }
    }

    #[test]
    fn the_first_pattern_that_hits_decides() {
        let config = config(json!({
            "r": 8, "lora_alpha": 16,
            "rank_pattern": {"layers.0.self_attn.q_proj": 4, "down_proj": 12},
            "alpha_pattern": {"up_proj": 3, r".*layers\.1\..*v_proj": 64},
        }));
        let scaling = |module: &str| config.scaling_of(module, Path::new("")).unwrap();
        assert_eq!(scaling("model.layers.0.self_attn.q_proj").rank, 4);
        assert_eq!(scaling("model.layers.10.self_attn.q_proj").rank, 8, "a dot boundary stands before the key");
        assert_eq!(scaling("model.layers.1.mlp.down_proj").rank, 12);
        assert_eq!(scaling("model.layers.1.mlp.up_proj").alpha, 3.0);
        assert_eq!(scaling("model.layers.1.self_attn.v_proj").alpha, 64.0);
        assert_eq!(scaling("model.layers.0.self_attn.v_proj").alpha, 16.0);
    }

    #[test]
    fn a_module_that_was_saved_whole_holds_its_parts() {
        let classifier = config(json!({"modules_to_save": ["classifier"]}));
        assert_eq!(classifier.saved_module("classifier.dense"), Some("classifier.dense"));
        assert_eq!(classifier.saved_module("model.classifier"), Some("classifier"));
        assert_eq!(classifier.saved_module("pre_classifier"), Some("pre_classifier"), "a plain ending");
        assert_eq!(classifier.saved_module("encoder.dense"), None);
        let answers = config(json!({"task_type": "QUESTION_ANS"}));
        assert_eq!(answers.saved_module("qa_outputs"), Some("qa_outputs"));
        assert!(!answers.is_saved_whole("classifier"));
    }

    #[test]
    fn alpha_is_never_assumed() {
        let error = config(json!({"r": 8})).scaling_of("m", Path::new("")).unwrap_err();
        assert!(matches!(error, AdapterError::MissingKey { key: "lora_alpha", .. }));
        let error = config(json!({"r": 0, "lora_alpha": 1})).scaling_of("m", Path::new("")).unwrap_err();
        assert!(matches!(error, AdapterError::MissingKey { key: "r", .. }));
    }

    #[test]
    fn a_pattern_that_is_no_regex_is_refused_unless_it_is_the_module() {
        let config = config(json!({"r": 8, "lora_alpha": 8, "rank_pattern": {"q_proj(": 4}}));
        assert!(matches!(config.scaling_of("q_proj", Path::new("")), Err(AdapterError::BadPattern { .. })));
        assert_eq!(config.scaling_of("a.q_proj(", Path::new("")).unwrap().rank, 4);
    }

    #[test]
    fn unknown_keys_with_a_value_are_noticed() {
        let config = config(json!({"r": 8, "future_trick": true, "other_future": null, "empty": []}));
        assert_eq!(config.unknown_keys(), ["future_trick"]);
    }
}
