//! The module tree, flattened to the rows that are visible.

mod order;
mod row;
mod walk;

use std::collections::BTreeSet;

pub use self::{
    order::{SortColumn, TreeOrder},
    row::{Folding, Heat, TreeRow},
    walk::{Direction, RowStep},
};
use super::{ChangeMap, ModuleNode, Parameter};
use crate::units;

/// Cells of a folded module's strip; more changes are pooled by their maximum.
const STRIP_CELLS: usize = 7;

/// How the tree is asked for.
#[derive(Clone, Copy, Debug)]
pub struct TreeQuery<'a> {
    /// Modules whose folding differs from the default.
    pub toggled: &'a BTreeSet<String>,
    /// Part of the path; empty shows all.
    pub filter: &'a str,
    /// Leaves unchanged modules out.
    pub only_changed: bool,
    /// ‖Δ‖/‖W‖ by module.
    pub changes: &'a ChangeMap,
    /// The column to sort by; `None` shows the tree.
    pub order: Option<TreeOrder>,
}

/// Tensors of some modules.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct TensorTally {
    /// All of them.
    pub tensor_count: usize,
    /// Those that adapters change.
    pub changed_count: usize,
}

impl TensorTally {
    /// The tensors of the modules that `query` asks for, folded or not.
    #[must_use]
    pub fn of(root: &ModuleNode, query: TreeQuery<'_>) -> Self {
        let filter = query.filter.trim().to_lowercase();
        let is_wanted = |node: &&ModuleNode| filter.is_empty() || node.path.to_lowercase().contains(&filter);
        let parameters = root.walk().filter(is_wanted).flat_map(|node| &node.parameters);
        let parameters = parameters.filter(|parameter| !query.only_changed || parameter.change.is_some());
        parameters.fold(Self::default(), |tally, parameter| Self {
            tensor_count: tally.tensor_count + 1,
            changed_count: tally.changed_count + usize::from(parameter.change.is_some()),
        })
    }
}

/// The visible rows of `root`.
#[must_use]
pub fn tree_rows(root: &ModuleNode, query: TreeQuery<'_>) -> Vec<TreeRow> {
    let filter = query.filter.trim().to_lowercase();
    let mut rows = Vec::new();
    let flattener = Flattener { query, filter: &filter };
    match query.order {
        None => flattener.push(root, 0, false, &mut rows),
        Some(order) => {
            let leaves = root.walk().filter(|node| node.children.is_empty() && flattener.is_wanted(node));
            rows.extend(leaves.map(|node| flattener.sortable_row(node)));
            order.sort(&mut rows);
        }
    }
    rows
}

struct Flattener<'a> {
    query: TreeQuery<'a>,
    filter: &'a str,
}

impl Flattener<'_> {
    fn push(&self, node: &ModuleNode, depth: usize, is_repeat: bool, rows: &mut Vec<TreeRow>) {
        if !self.is_wanted(node) {
            return;
        }
        let is_leaf = node.children.is_empty();
        // All that matches a filter is open; else a layer list shows its first layer, for the others are alike.
        let is_open = !is_leaf && (!self.filter.is_empty() || (!is_repeat ^ self.query.toggled.contains(&node.path)));
        rows.push(self.row(node, depth, is_open));
        if !is_open {
            return;
        }
        let is_list = is_repeated_list(node);
        for (index, child) in node.children.iter().enumerate() {
            self.push(child, depth + 1, is_list && index > 0, rows);
        }
    }

    /// A module out of its place in the tree: its whole path is its name.
    fn sortable_row(&self, node: &ModuleNode) -> TreeRow {
        TreeRow { label: node.path.clone(), ..self.row(node, 0, false) }
    }

    fn is_wanted(&self, node: &ModuleNode) -> bool {
        if self.query.only_changed && !node.is_changed() {
            return false;
        }
        self.filter.is_empty()
            || node.walk().any(|inner| {
                inner.path.to_lowercase().contains(self.filter) && (!self.query.only_changed || inner.is_changed())
            })
    }

    fn row(&self, node: &ModuleNode, depth: usize, is_open: bool) -> TreeRow {
        let folding = match (node.children.is_empty(), is_open) {
            (true, _) => Folding::Leaf,
            (false, true) => Folding::Open,
            (false, false) => Folding::Folded,
        };
        let weight = node.weight().or_else(|| node.parameters.first());
        let layer = node.lora.first();
        let shape = |shape: &[usize]| units::shape(shape);
        TreeRow {
            path: node.path.clone(),
            label: if node.name.is_empty() { node.class.clone() } else { node.name.clone() },
            class: class_note(node),
            depth,
            folding,
            element_count: weight.map_or(0, |weight| weight.shape.iter().product()),
            base_shape: weight.map_or_else(String::new, |weight: &Parameter| shape(&weight.shape)),
            dtype: weight.map_or_else(String::new, |weight| weight.dtype.to_string()),
            a_shape: layer.map_or_else(String::new, |layer| shape(&layer.a_shape)),
            b_shape: layer.map_or_else(String::new, |layer| shape(&layer.b_shape)),
            rank: layer.map_or_else(String::new, |layer| layer.rank.to_string()),
            scale: layer
                .and_then(|layer| layer.scaling)
                .map_or_else(String::new, |scaling| units::trimmed(scaling.value())),
            is_changed: node.is_changed(),
            heat: self.heat(node, is_open),
        }
    }

    fn heat(&self, node: &ModuleNode, is_open: bool) -> Heat {
        if let Some(change) = self.query.changes.get(&node.path) {
            return Heat::Value(*change);
        }
        if !node.lora.is_empty() {
            return Heat::Unknown;
        }
        if !node.parameters.is_empty() && node.children.is_empty() {
            return Heat::Unchanged;
        }
        let is_layer = is_repeated_list(node) || node.name.parse::<usize>().is_ok();
        if is_open && !is_layer {
            return Heat::Empty;
        }
        let changes: Vec<f64> = node.walk().filter_map(|inner| self.query.changes.get(&inner.path).copied()).collect();
        if changes.is_empty() { Heat::Empty } else { Heat::Strip(pooled(&changes)) }
    }
}

/// At most [`STRIP_CELLS`] values: neighbours give their maximum.
fn pooled(values: &[f64]) -> Vec<f64> {
    let cells = values.len().min(STRIP_CELLS);
    (0..cells)
        .map(|cell| {
            let range = cell * values.len() / cells..(cell + 1) * values.len() / cells;
            values[range].iter().copied().fold(0.0, f64::max)
        })
        .collect()
}

/// Whether the children are numbered and alike.
fn is_repeated_list(node: &ModuleNode) -> bool {
    node.children.len() > 1 && node.children.iter().all(|child| child.name.parse::<usize>().is_ok())
}

/// The class, or `0–3 · 4 × LlamaDecoderLayer` for a list.
fn class_note(node: &ModuleNode) -> String {
    if node.name.is_empty() {
        return String::new();
    }
    match (node.children.first(), node.children.last()) {
        (Some(first), Some(last)) if is_repeated_list(node) => {
            format!("{}–{} · {} × {}", first.name, last.name, node.children.len(), first.class)
        }
        _ => node.class.clone(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{numeric::Dtype, tree::LoraLayer};

    fn leaf(path: &str, is_changed: bool) -> ModuleNode {
        let layer = LoraLayer { adapter: 0, a_shape: vec![4, 8], b_shape: vec![8, 4], rank: 4, scaling: None };
        ModuleNode {
            name: path.rsplit('.').next().unwrap().to_owned(),
            path: path.to_owned(),
            class: "Linear".to_owned(),
            parameters: vec![Parameter {
                name: "weight".to_owned(),
                tensor: format!("{path}.weight"),
                shape: vec![8, 8],
                dtype: Dtype::F32,
                change: None,
            }],
            lora: if is_changed { vec![layer] } else { Vec::new() },
            children: Vec::new(),
        }
    }

    fn node(path: &str, class: &str, children: Vec<ModuleNode>) -> ModuleNode {
        ModuleNode {
            name: path.rsplit('.').next().unwrap().to_owned(),
            path: path.to_owned(),
            class: class.to_owned(),
            parameters: Vec::new(),
            lora: Vec::new(),
            children,
        }
    }

    fn model() -> ModuleNode {
        let layer = |index: usize| {
            let path = format!("layers.{index}");
            let children = vec![leaf(&format!("{path}.q_proj"), true), leaf(&format!("{path}.norm"), false)];
            node(&path, "Layer", children)
        };
        node("", "Model", vec![node("layers", "ModuleList", (0..3).map(layer).collect()), leaf("lm_head", false)])
    }

    fn labels(rows: &[TreeRow]) -> Vec<&str> {
        rows.iter().map(|row| row.label.as_str()).collect()
    }

    fn query<'a>(toggled: &'a BTreeSet<String>, changes: &'a ChangeMap) -> TreeQuery<'a> {
        TreeQuery { toggled, filter: "", only_changed: false, changes, order: None }
    }

    #[test]
    fn repeated_layers_fold_behind_the_first() {
        let (toggled, changes) = (BTreeSet::new(), ChangeMap::new());
        let rows = tree_rows(&model(), query(&toggled, &changes));
        assert_eq!(labels(&rows), ["Model", "layers", "0", "q_proj", "norm", "1", "2", "lm_head"]);
        assert_eq!(rows[1].class, "0–2 · 3 × Layer");
        assert_eq!(rows[5].folding, Folding::Folded);
        assert_eq!((rows[3].heat.clone(), rows[4].heat.clone()), (Heat::Unknown, Heat::Unchanged));
    }

    #[test]
    fn toggling_opens_and_folds() {
        let changes = ChangeMap::new();
        let toggled = BTreeSet::from(["layers.0".to_owned(), "layers.2".to_owned()]);
        let rows = tree_rows(&model(), query(&toggled, &changes));
        assert_eq!(labels(&rows), ["Model", "layers", "0", "1", "2", "q_proj", "norm", "lm_head"]);
    }

    #[test]
    fn a_filter_shows_matches_with_the_way_to_them() {
        let (toggled, changes) = (BTreeSet::new(), ChangeMap::new());
        let rows = tree_rows(&model(), TreeQuery { filter: "1.Q_", ..query(&toggled, &changes) });
        assert_eq!(labels(&rows), ["Model", "layers", "1", "q_proj"]);
        let rows = tree_rows(&model(), TreeQuery { only_changed: true, ..query(&toggled, &changes) });
        assert_eq!(labels(&rows), ["Model", "layers", "0", "q_proj", "1", "2"]);
    }

    #[test]
    fn sorted_rows_are_whole_paths_the_largest_first() {
        let toggled = BTreeSet::new();
        let changes = ChangeMap::from([("layers.1.q_proj".to_owned(), 0.3), ("layers.0.q_proj".to_owned(), 0.1)]);
        let order = TreeOrder::after(None, SortColumn::Change);
        let rows = tree_rows(&model(), TreeQuery { order, only_changed: true, ..query(&toggled, &changes) });
        assert_eq!(labels(&rows), ["layers.1.q_proj", "layers.0.q_proj", "layers.2.q_proj"]);
        let order = TreeOrder::after(order, SortColumn::Change);
        let rows = tree_rows(&model(), TreeQuery { order, only_changed: true, ..query(&toggled, &changes) });
        assert_eq!(labels(&rows), ["layers.0.q_proj", "layers.1.q_proj", "layers.2.q_proj"]);
        assert_eq!(TreeOrder::after(order, SortColumn::Change), None);
    }

    #[test]
    fn a_strip_pools_what_lies_inside() {
        let toggled = BTreeSet::new();
        let changes = ChangeMap::from([("layers.1.q_proj".to_owned(), 0.3)]);
        let rows = tree_rows(&model(), query(&toggled, &changes));
        assert_eq!(rows[5].heat, Heat::Strip(vec![0.3]));
        assert_eq!(pooled(&[0.1, 0.5, 0.2, 0.3, 0.1, 0.9, 0.4, 0.2]).len(), STRIP_CELLS);
    }
}
