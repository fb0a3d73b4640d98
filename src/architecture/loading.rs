//! What transformers would make of a folder's tensors: parameters that it looks for and does not find, and tensors that
//! it does not look for.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::Value;

use super::{
    Architecture,
    parameters::{ClassParameters, Want, value_at},
};
use crate::checkpoint::Checkpoint;

/// A loader's view of a checkpoint.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Loading {
    /// Parameters that the class must have and does not find under any name, by their names in memory.
    pub missing: Vec<String>,
    /// Tensors that the class does not look for.
    pub ignored: Vec<String>,
    /// Tensors with another number of rows than the config gives the vocabulary.
    pub uneven: Vec<UnevenRows>,
}

/// A tensor whose rows are not as many as the config says.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct UnevenRows {
    /// The tensor.
    pub tensor: String,
    /// Its rows.
    pub rows: u64,
    /// What the config says.
    pub configured: u64,
}

impl Architecture<'_> {
    /// What a loader of the class would find; `None` where there is no list for it: own code, packed weights, a class
    /// that transformers does not have or that could not be built, a part of another type whose names are not in the list.
    #[must_use]
    pub fn loading(&self) -> Option<Loading> {
        let (loading, has_other_parts) = self.view(|view| {
            let loading = Loading { uneven: view.uneven(), ..view.loading(self.checkpoint()) };
            (loading, view.class.has_other_parts(view.config))
        })?;
        let is_told = !has_other_parts || loading.missing.is_empty() && loading.ignored.is_empty();
        is_told.then_some(loading)
    }

    /// What the class, under this config, would find of the names in `other`; their shapes are not looked at.
    #[must_use]
    pub fn loading_of(&self, other: &Checkpoint) -> Option<Loading> {
        self.view(|view| view.loading(other))
    }

    fn view<T>(&self, look: impl FnOnce(&View<'_>) -> T) -> Option<T> {
        let config = self.checkpoint().config();
        if config.get("auto_map").is_some() || config.quantization().is_some() {
            return None;
        }
        let class = ClassParameters::of(config.architecture()?)?;
        let value = config.text().value();
        Some(look(&View { architecture: self, class, config: &value }))
    }
}

struct View<'a> {
    architecture: &'a Architecture<'a>,
    class: &'static ClassParameters,
    config: &'a Value,
}

impl View<'_> {
    fn loading(&self, checkpoint: &Checkpoint) -> Loading {
        let names: BTreeSet<&str> = checkpoint.tensors().keys().map(String::as_str).collect();
        let ignored = names.iter().filter(|name| self.is_ignored(name)).map(|name| (*name).to_owned()).collect();
        Loading { missing: self.missing(&names), ignored, uneven: Vec::new() }
    }

    /// A name, then every name that transformers may give it while it loads.
    fn spellings(&self, name: &str) -> Vec<String> {
        let mut found = self.with_and_without_prefix(name);
        for name in self.architecture.names().names_in_memory(name) {
            found.extend(self.with_and_without_prefix(&name));
        }
        found
    }

    fn with_and_without_prefix(&self, name: &str) -> Vec<String> {
        self.class.with_and_without_prefix(name)
    }

    fn is_ignored(&self, name: &str) -> bool {
        let is_wanted = |name: &String| {
            let want = self.class.want(name, self.config);
            matches!(want, Some(Want::Required | Want::Taken)) && self.is_counted(name)
        };
        // Names on disk are asked first: most are what memory calls them.
        let is_taken =
            self.with_and_without_prefix(name).iter().any(is_wanted) || self.spellings(name).iter().any(is_wanted);
        !is_taken && !self.class.ignores(name)
    }

    /// Whether every index of `name` is below the number that the config gives its list.
    fn is_counted(&self, name: &str) -> bool {
        let mut path = String::new();
        name.split('.').all(|segment| {
            let index = segment.parse::<u64>().ok();
            path = joined(&path, if index.is_some() { "*" } else { segment });
            let counted = || self.class.counted.get(&path).and_then(|key| value_at(self.config, key)?.as_u64());
            index.is_none_or(|index| counted().is_none_or(|count| index < count))
        })
    }

    /// Required parameters that no tensor is.
    fn missing(&self, names: &BTreeSet<&str>) -> Vec<String> {
        let held = Held::new(names.iter().flat_map(|name| self.with_and_without_prefix(name)));
        let lacks = |held: &Held, parameter: &Parameter| !self.is_held(held, parameter);
        let required: Vec<Parameter> = self.required(&held).into_iter().filter(|one| lacks(&held, one)).collect();
        if required.is_empty() {
            return Vec::new();
        }
        let held = Held::new(names.iter().flat_map(|name| self.spellings(name)));
        required.into_iter().filter(|one| lacks(&held, one)).map(|one| one.name).collect()
    }

    fn is_held(&self, held: &Held, parameter: &Parameter) -> bool {
        let others = self.class.spelled(&parameter.pattern);
        held.has(&parameter.pattern, &parameter.indices)
            || !others.is_empty() && others.iter().all(|other| held.has(other, &parameter.indices))
    }

    /// Every required parameter, with every index that it must have.
    fn required(&self, held: &Held) -> Vec<Parameter> {
        let patterns = self.class.required(self.config);
        patterns.iter().flat_map(|pattern| self.expanded(pattern, held)).collect()
    }

    fn expanded(&self, pattern: &str, held: &Held) -> Vec<Parameter> {
        let mut found = vec![(String::new(), Vec::new())];
        let mut path = String::new();
        for segment in pattern.split('.') {
            path = joined(&path, segment);
            found = found
                .into_iter()
                .flat_map(|(name, indices)| {
                    if segment != "*" {
                        return vec![(joined(&name, segment), indices)];
                    }
                    let counted = self.class.counted.get(&path).and_then(|key| value_at(self.config, key)?.as_u64());
                    let count =
                        counted.and_then(|count| usize::try_from(count).ok()).filter(|count| *count <= MAX_COUNT);
                    let numbers =
                        count.map_or_else(|| held.indices_below(&path, &indices), |count| (0..count).collect());
                    let with = |number: usize| {
                        let indices = indices.iter().copied().chain([number]).collect();
                        (joined(&name, &number.to_string()), indices)
                    };
                    numbers.into_iter().map(with).collect()
                })
                .collect();
        }
        let parameter = |(name, indices)| Parameter { name, pattern: pattern.to_owned(), indices };
        found.into_iter().map(parameter).collect()
    }

    /// Tensors that have a row for each token, where the config says another number of them.
    fn uneven(&self) -> Vec<UnevenRows> {
        let checkpoint = self.architecture.checkpoint();
        let mut found = Vec::new();
        for (key, parameters) in &self.class.rows {
            let Some(configured) = value_at(self.config, key).and_then(Value::as_u64) else { continue };
            let held: BTreeSet<String> =
                parameters.iter().filter_map(|parameter| self.architecture.disk_name(parameter)).collect();
            for tensor in held.iter().filter_map(|name| checkpoint.tensor(name)) {
                let Some(rows) = tensor.shape().first().map(|rows| *rows as u64) else { continue };
                if rows != configured {
                    found.push(UnevenRows { tensor: tensor.name().to_owned(), rows, configured });
                }
            }
        }
        found
    }
}

/// No list of layers or experts is longer.
const MAX_COUNT: usize = 4_096;

/// One parameter that must be there.
struct Parameter {
    name: String,
    pattern: String,
    indices: Vec<usize>,
}

/// Names by their patterns.
struct Held(BTreeMap<String, BTreeSet<Vec<usize>>>);

impl Held {
    fn new(names: impl Iterator<Item = String>) -> Self {
        let mut held: BTreeMap<String, BTreeSet<Vec<usize>>> = BTreeMap::new();
        for name in names {
            let (pattern, indices) = starred(&name);
            held.entry(pattern).or_default().insert(indices);
        }
        Self(held)
    }

    /// Whether there is a name of `pattern` whose first indices are `indices`.
    fn has(&self, pattern: &str, indices: &[usize]) -> bool {
        let found = self.0.get(pattern);
        found.is_some_and(|found| found.range(indices.to_vec()..).next().is_some_and(|next| next.starts_with(indices)))
    }

    /// The indices that names below `path`, which ends in `*`, have in its place after `indices`.
    fn indices_below(&self, path: &str, indices: &[usize]) -> BTreeSet<usize> {
        let below = format!("{path}.");
        let of_pattern = self.0.iter().filter(|(pattern, _)| *pattern == path || pattern.starts_with(&below));
        let starting = of_pattern.flat_map(|(_, found)| found.iter().filter(|found| found.starts_with(indices)));
        starting.filter_map(|found| found.get(indices.len()).copied()).collect()
    }
}

/// A name with `*` for its indices, and the indices.
fn starred(name: &str) -> (String, Vec<usize>) {
    let mut indices = Vec::new();
    let segments: Vec<&str> = name
        .split('.')
        .map(|segment| match segment.parse() {
            Ok(index) => {
                indices.push(index);
                "*"
            }
            Err(_) => segment,
        })
        .collect();
    (segments.join("."), indices)
}

fn joined(path: &str, segment: &str) -> String {
    if path.is_empty() { segment.to_owned() } else { format!("{path}.{segment}") }
}
