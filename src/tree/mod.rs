//! The module hierarchy that tensor names spell out, with what adapters add to it.
//!
//! Classes and order follow what PyTorch prints for the families that are known. Modules without tensors (activations,
//! rotary embeddings) leave no trace in a checkpoint: the printed form of four families adds them, other trees lack them.

mod change_grid;
mod classes;
mod heat_scale;
mod listing;
mod module_detail;
mod norms;
mod print;
mod printed_diff;
mod python_float;
mod registered;
mod relative_change;

use std::collections::BTreeMap;

pub use self::{
    change_grid::{ChangeCell, ChangeGrid},
    heat_scale::{HeatScale, heat_number},
    listing::{Direction, Folding, Heat, RowStep, SortColumn, TensorTally, TreeOrder, TreeQuery, TreeRow, tree_rows},
    module_detail::{ModuleDetail, ModuleNumbers},
    norms::{ChangeMap, delta_norm, delta_norms, main_directions, singular_values},
    print::{PrintedLine, is_transformers_text, print_model},
    printed_diff::{DiffLine, PrintedDiff, parts_around_class},
    relative_change::RelativeChanges,
};
use crate::{
    adapter::{Adapter, Scaling},
    checkpoint::{Checkpoint, LogicalTensor},
    matching::{Applied, Matching},
    numeric::Dtype,
};

/// A module of the base, with its children in PyTorch's order.
#[derive(Clone, Debug, PartialEq)]
pub struct ModuleNode {
    /// Last segment of its path; empty for the model itself.
    pub name: String,
    /// Path from the model.
    pub path: String,
    /// Class as PyTorch prints it.
    pub class: String,
    /// Its own tensors.
    pub parameters: Vec<Parameter>,
    /// What adapters add to its weight, in their order.
    pub lora: Vec<LoraLayer>,
    /// Modules inside it.
    pub children: Vec<ModuleNode>,
}

/// A tensor that belongs to a module directly.
#[derive(Clone, Debug, PartialEq)]
pub struct Parameter {
    /// `weight`, `bias` or another name.
    pub name: String,
    /// Its full name in the checkpoint.
    pub tensor: String,
    /// Its dimensions.
    pub shape: Vec<usize>,
    /// Its stored dtype.
    pub dtype: Dtype,
    /// What an adapter does to it.
    pub change: Option<ParameterChange>,
}

/// What an adapter does to a parameter.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ParameterChange {
    /// Computed from the base's values.
    Updated,
    /// A full tensor of the adapter takes its place.
    Replaced,
    /// The base does not have it.
    Added,
}

/// The factors that one adapter adds to a module.
#[derive(Clone, Debug, PartialEq)]
pub struct LoraLayer {
    /// Index into the list of adapters.
    pub adapter: usize,
    /// Shape of the method's first factor (`lora_A`).
    pub a_shape: Vec<usize>,
    /// Shape of its second factor (`lora_B`), empty where it has one.
    pub b_shape: Vec<usize>,
    /// Rank of the update, 0 where it has none.
    pub rank: usize,
    /// The factor on it, and where it comes from.
    pub scaling: Option<Scaling>,
}

impl ModuleNode {
    /// The tree of `base`, with the layers of `adapters` where `matching` puts them.
    #[must_use]
    pub fn new(base: &Checkpoint, matching: &Matching, adapters: &[Adapter]) -> Self {
        let mut root = Self::empty(String::new(), String::new());
        for tensor in base.tensors().values() {
            let (module, parameter) = tensor.name().rsplit_once('.').unwrap_or(("", tensor.name()));
            let node = root.descend(module);
            node.parameters.push(Parameter::of(tensor, parameter));
        }
        for applied in &matching.applied {
            let (module, parameter) = applied.tensor.rsplit_once('.').unwrap_or(("", &applied.tensor));
            let node = root.descend(module);
            let Some(source) = applied.source(base, adapters) else { continue };
            node.set_change(base, applied, Parameter::of(source, parameter));
            if parameter != "weight" {
                continue;
            }
            node.lora = applied
                .updates
                .iter()
                .map(|update| {
                    let (target, reading) = (update.target_in(adapters), update.update_in(adapters));
                    let shape_of = |index: usize| {
                        target.tensors().get(index).map_or_else(Vec::new, |factor| factor.shape().to_vec())
                    };
                    LoraLayer {
                        adapter: update.adapter,
                        a_shape: shape_of(0),
                        b_shape: shape_of(1),
                        rank: reading.rank().unwrap_or_default(),
                        scaling: reading.scaling(),
                    }
                })
                .collect();
        }
        classes::add_tied_head(&mut root, base);
        classes::name(&mut root, base);
        root
    }

    /// All modules below and including this one, parents first.
    pub fn walk(&self) -> impl Iterator<Item = &Self> {
        let mut stack = vec![self];
        std::iter::from_fn(move || {
            let node = stack.pop()?;
            stack.extend(node.children.iter().rev());
            Some(node)
        })
    }

    /// The module's `weight`.
    #[must_use]
    pub fn weight(&self) -> Option<&Parameter> {
        self.parameters.iter().find(|parameter| parameter.name == "weight")
    }

    /// Whether an adapter changes this module or one inside it.
    #[must_use]
    pub fn is_changed(&self) -> bool {
        self.walk().any(|node| !node.lora.is_empty() || node.parameters.iter().any(|own| own.change.is_some()))
    }

    /// Notes what becomes of a parameter; `new` has the shape that it will have.
    fn set_change(&mut self, base: &Checkpoint, applied: &Applied, mut new: Parameter) {
        let is_new = base.tensor(&applied.tensor).is_none();
        let change = match (is_new, applied.updates.is_empty()) {
            (true, _) => ParameterChange::Added,
            (false, true) => ParameterChange::Replaced,
            (false, false) => ParameterChange::Updated,
        };
        new.change = Some(change);
        new.tensor.clone_from(&applied.tensor);
        match self.parameters.iter_mut().find(|own| own.name == new.name) {
            Some(own) => *own = Parameter { dtype: own.dtype, ..new },
            None => self.parameters.push(new),
        }
    }

    fn empty(name: String, path: String) -> Self {
        Self { name, path, class: String::new(), parameters: Vec::new(), lora: Vec::new(), children: Vec::new() }
    }

    /// The module at `path` below this one, made where it is missing.
    fn descend(&mut self, path: &str) -> &mut Self {
        let mut node = self;
        for segment in path.split('.').filter(|segment| !segment.is_empty()) {
            let index = node.children.iter().position(|child| child.name == segment).unwrap_or_else(|| {
                let path = if node.path.is_empty() { segment.to_owned() } else { format!("{}.{segment}", node.path) };
                node.children.push(Self::empty(segment.to_owned(), path));
                node.children.len() - 1
            });
            node = &mut node.children[index];
        }
        node
    }
}

impl Parameter {
    fn of(tensor: &LogicalTensor, name: &str) -> Self {
        Self {
            name: name.to_owned(),
            tensor: tensor.name().to_owned(),
            shape: tensor.shape().to_vec(),
            dtype: tensor.dtype(),
            change: None,
        }
    }
}

/// Modules by the last segment of their path, for summaries ("`q_proj` × 32").
#[must_use]
pub fn changed_modules_by_name(root: &ModuleNode) -> BTreeMap<&str, usize> {
    let mut counts = BTreeMap::new();
    for node in root.walk().filter(|node| !node.lora.is_empty()) {
        *counts.entry(node.name.as_str()).or_insert(0) += 1;
    }
    counts
}
