//! Parameters in memory that a checkpoint holds in other pieces: transformers stacks the experts of a mixture and joins
//! their gate and up matrices while it loads, and turns the experts of some models (spec section 2.8).
//!
//! The rules are the entries of the table of names that do more than rename.

use std::{
    collections::{BTreeMap, BTreeSet, HashMap},
    sync::LazyLock,
};

use serde_json::Value;

use super::{DiskNames, names, part};
use crate::checkpoint::{Checkpoint, ModelConfig};

/// The rules of each group, by its plain name.
static RULES: LazyLock<HashMap<String, Vec<Rule>>> = LazyLock::new(|| {
    let table = names::raw_table();
    let rules = |entries: &Value| entries.as_array().into_iter().flatten().flat_map(Rule::all_of).collect::<Vec<_>>();
    let groups = table["groups"].as_object().into_iter().flatten();
    let mut by_group: HashMap<String, Vec<Rule>> =
        groups.map(|(name, entries)| (names::plain(name), rules(entries))).collect();
    for (name, of) in table["aliases"].as_object().into_iter().flatten() {
        let entries = of.as_str().map_or(&Value::Null, |of| &table["groups"][of]);
        by_group.entry(names::plain(name)).or_insert_with(|| rules(entries));
    }
    by_group
});

/// Every way in which some model stacks experts, wherever they lie: for models that transformers does not know.
static ANY_MODEL: LazyLock<Vec<Rule>> = LazyLock::new(|| {
    let is_stacking = |rule: &&Rule| rule.operation == Operation::Stack && rule.head.ends_with(EXPERTS);
    let mut rules: Vec<Rule> = RULES.values().flatten().filter(is_stacking).map(Rule::anywhere).collect();
    rules.sort();
    rules.dedup();
    rules
});

/// The end of a path above the experts of a mixture.
const EXPERTS: &str = ".experts.";

/// What is done to the tensors of a rule.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Operation {
    /// The tensors of all experts become one, those of several names joined by rows.
    Stack,
    /// The last two dimensions change places.
    Turn,
}

/// One name on disk, with renames done, and the parameter that it is a part of.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
struct Rule {
    operation: Operation,
    /// What stands before the expert's number, or the end of a name without one.
    head: String,
    /// What follows the number.
    tail: String,
    /// What takes the place of head, number and tail.
    target: String,
    /// Which of the joined names this is.
    part: usize,
    part_count: usize,
}

impl Rule {
    /// The rules of an entry `["convert", [patterns], [targets], [operations]]`, one for each pattern; none for other
    /// kinds of arithmetic.
    fn all_of(entry: &Value) -> Vec<Self> {
        let texts = |value: &Value| -> Vec<String> {
            value
                .as_array()
                .into_iter()
                .flatten()
                .filter_map(Value::as_str)
                .map(|text| text.replace('\\', ""))
                .collect()
        };
        let (sources, targets, operations) = (texts(&entry[1]), texts(&entry[2]), texts(&entry[3]));
        let operations: Vec<&str> = operations.iter().map(String::as_str).collect();
        let operation = match operations[..] {
            ["MergeModulelist"] if sources.len() == 1 => Operation::Stack,
            ["MergeModulelist", "Concatenate"] => Operation::Stack,
            ["Transpose"] => Operation::Turn,
            _ => return Vec::new(),
        };
        let [target] = &targets[..] else { return Vec::new() };
        let rule = |(part, source): (usize, &String)| {
            let (head, tail) = match operation {
                Operation::Stack => source.split_once('*')?,
                Operation::Turn => (source.as_str(), ""),
            };
            let (head, tail) = (head.to_owned(), tail.to_owned());
            Some(Self { operation, head, tail, target: target.clone(), part, part_count: sources.len() })
        };
        sources.iter().enumerate().filter_map(rule).collect()
    }

    /// The same wherever the experts lie.
    fn anywhere(&self) -> Self {
        let leaf = self.target.rsplit('.').next().unwrap_or_default();
        Self { head: EXPERTS.to_owned(), target: format!("{EXPERTS}{leaf}"), ..self.clone() }
    }

    /// The parameter that `name` is a part of, and which part.
    fn apply(&self, name: &str) -> Option<(String, Piece)> {
        let (front, expert) = match self.operation {
            Operation::Stack => {
                let (front, number) = name.strip_suffix(&self.tail)?.rsplit_once('.')?;
                (&name[..=front.len()], number.parse().ok()?)
            }
            Operation::Turn => (name, 0),
        };
        let prefix = front.strip_suffix(&self.head)?;
        let is_whole = prefix.is_empty() || prefix.ends_with('.') || self.head.starts_with('.');
        let piece = Piece { expert, part: self.part, part_count: self.part_count };
        is_whole.then(|| (format!("{prefix}{}", self.target), piece))
    }
}

/// Which part of a parameter of all experts a tensor of one of them is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Piece {
    /// The expert.
    pub expert: usize,
    /// Which of the matrices that are joined by rows, gate before up.
    pub part: usize,
    /// How many are joined.
    pub part_count: usize,
}

/// How a parameter in memory lies on the disk.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum OnDisk {
    /// A tensor for each piece, sorted by expert and part, none missing.
    Pieces(Vec<(Piece, String)>),
    /// One tensor, its last two dimensions the other way round.
    Turned(String),
}

/// The parameters in memory that a base holds in other pieces.
#[derive(Debug, Default)]
pub struct StackedNames {
    pieces: BTreeMap<String, BTreeMap<Piece, String>>,
    turned: BTreeMap<String, String>,
    /// Parameters of which two tensors are the same piece.
    ambiguous: BTreeSet<String>,
}

impl StackedNames {
    /// The stacked parameters of `base`, whose names in memory `names` knows.
    #[must_use]
    pub fn new(base: &Checkpoint, names: &DiskNames) -> Self {
        let own = own_rules(base.config());
        let has_own = own.iter().any(|rule| rule.operation == Operation::Stack);
        let rules: Vec<&Rule> = if has_own { own } else { own.into_iter().chain(ANY_MODEL.iter()).collect() };
        let mut found = Self::default();
        for name in base.tensors().keys() {
            let aliases = names.names_in_memory(name);
            for alias in std::iter::once(name).chain(&aliases) {
                for (rule, (parameter, piece)) in rules.iter().filter_map(|rule| Some((rule, rule.apply(alias)?))) {
                    found.take(rule.operation, parameter, piece, name);
                }
            }
        }
        found.drop_parts_of_larger();
        found
    }

    fn take(&mut self, operation: Operation, parameter: String, piece: Piece, tensor: &str) {
        let first = match operation {
            Operation::Stack => {
                let pieces = self.pieces.entry(parameter.clone()).or_default();
                pieces.entry(piece).or_insert_with(|| tensor.to_owned())
            }
            Operation::Turn => self.turned.entry(parameter.clone()).or_insert_with(|| tensor.to_owned()),
        };
        if first != tensor {
            self.ambiguous.insert(parameter);
        }
    }

    /// `up_proj` of the experts is a parameter of its own only where no gate stands beside it.
    fn drop_parts_of_larger(&mut self) {
        let is_joined = |pieces: &BTreeMap<Piece, String>| {
            pieces.first_key_value().is_some_and(|(piece, _)| piece.part_count > 1) && is_complete(pieces)
        };
        let joined: BTreeSet<String> =
            self.pieces.values().filter(|pieces| is_joined(pieces)).flat_map(BTreeMap::values).cloned().collect();
        self.pieces.retain(|_, pieces| is_joined(pieces) || !pieces.values().any(|tensor| joined.contains(tensor)));
    }

    /// How the parameter that memory calls `name` lies on the disk, where that is not as one tensor of its shape.
    #[must_use]
    pub fn find(&self, name: &str) -> Option<OnDisk> {
        if self.ambiguous.contains(name) {
            return None;
        }
        if let Some(tensor) = self.turned.get(name) {
            return Some(OnDisk::Turned(tensor.clone()));
        }
        let pieces = self.pieces.get(name).filter(|pieces| is_complete(pieces))?;
        Some(OnDisk::Pieces(pieces.iter().map(|(piece, tensor)| (*piece, tensor.clone())).collect()))
    }

    /// The parameters, as memory calls them.
    pub fn names(&self) -> impl Iterator<Item = &str> {
        self.pieces.keys().chain(self.turned.keys()).map(String::as_str)
    }

    /// The tensor that is `piece` of the parameter that memory calls `name`.
    #[must_use]
    pub fn piece(&self, name: &str, piece: Piece) -> Option<&str> {
        let pieces = self.pieces.get(name).filter(|_| !self.ambiguous.contains(name))?;
        pieces.get(&piece).map(String::as_str)
    }
}

/// Whether every expert up to the last has every part, once.
fn is_complete(pieces: &BTreeMap<Piece, String>) -> bool {
    let Some((Piece { part_count, .. }, _)) = pieces.first_key_value() else { return false };
    pieces.keys().enumerate().all(|(index, piece)| {
        *piece == Piece { expert: index / part_count, part: index % part_count, part_count: *part_count }
    }) && pieces.len().is_multiple_of(*part_count)
}

/// The parameters that a tensor of one expert is a part of, by the rules of any model: adapters name experts as the
/// release or tool that trained them did.
pub fn parameters_of_piece(name: &str) -> impl Iterator<Item = (String, Piece)> {
    ANY_MODEL.iter().filter_map(move |rule| rule.apply(name))
}

/// The rules of the class, the model type and the parts of a model.
fn own_rules(config: &ModelConfig) -> Vec<&'static Rule> {
    let model_type = config.model_type().to_owned();
    let of_parts = part::nested(config).into_iter().flat_map(|part| part.class.into_iter().chain([part.model_type]));
    let types = config.architecture().map(str::to_owned).into_iter().chain([model_type]).chain(of_parts);
    let with_bare_model = types.flat_map(|name| [names::plain(&format!("{name}model")), names::plain(&name)]);
    let mut rules: Vec<&Rule> = with_bare_model.filter_map(|name| RULES.get(&name)).flatten().collect();
    rules.sort();
    rules.dedup();
    rules
}

#[cfg(test)]
mod tests {
    use super::*;

    fn rules_of(model_type: &str) -> &'static [Rule] {
        &RULES[model_type]
    }

    #[test]
    fn experts_are_found_under_the_names_of_each_model() {
        let name = "model.layers.3.mlp.experts.12.up_proj.weight";
        let found: Vec<_> = rules_of("qwen3moe").iter().filter_map(|rule| rule.apply(name)).collect();
        let piece = Piece { expert: 12, part: 1, part_count: 2 };
        assert_eq!(found, [("model.layers.3.mlp.experts.gate_up_proj".to_owned(), piece)]);
        let name = "model.layers.0.mixer.experts.2.up_proj.weight";
        let found: Vec<_> = rules_of("nemotronh").iter().filter_map(|rule| rule.apply(name)).collect();
        let piece = Piece { expert: 2, part: 0, part_count: 1 };
        assert_eq!(found, [("model.layers.0.mixer.experts.up_proj".to_owned(), piece)]);
        let name = "model.layers.0.mlp.experts.0.w3.weight";
        let found: Vec<_> = rules_of("mixtral").iter().filter_map(|rule| rule.apply(name)).collect();
        assert_eq!(found[0].0, "model.layers.0.mlp.experts.gate_up_proj");
        for other in
            ["model.layers.0.mlp.shared_experts.0.up_proj.weight", "model.layers.0.mlp.experts.x.up_proj.weight"]
        {
            assert!(rules_of("qwen3moe").iter().all(|rule| rule.apply(other).is_none()), "{other}");
        }
    }

    #[test]
    fn turned_experts_are_known() {
        let name = "model.language_model.layers.0.mlp.experts.down_proj";
        let found: Vec<_> = rules_of("qwen3vlmoe").iter().filter_map(|rule| rule.apply(name)).collect();
        assert_eq!(found[0].0, name);
    }

    #[test]
    fn any_model_joins_gate_and_up_in_that_order() {
        for (gate, up) in [("gate_proj", "up_proj"), ("w1", "w3"), ("fc1", "fc3")] {
            for (leaf, part) in [(gate, 0), (up, 1)] {
                let mut found = parameters_of_piece(&format!("a.experts.5.{leaf}.weight").clone()).collect::<Vec<_>>();
                found.retain(|(parameter, _)| parameter == "a.experts.gate_up_proj");
                let piece = Piece { expert: 5, part, part_count: 2 };
                assert_eq!(found, [("a.experts.gate_up_proj".to_owned(), piece)], "{leaf}");
            }
        }
    }
}
