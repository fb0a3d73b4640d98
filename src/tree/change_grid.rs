//! ‖Δ‖/‖W‖ as a grid of modules × layers.

use std::{
    borrow::Cow,
    collections::{BTreeMap, BTreeSet},
    sync::Arc,
};

use super::norms::ChangeMap;

/// The grid.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct ChangeGrid {
    /// Layer numbers, ascending.
    pub layers: Vec<usize>,
    /// Module names with one value for each layer, in the model's order.
    pub rows: Vec<(String, Vec<Option<ChangeCell>>)>,
    /// The module that changes most, in a layer or beside them.
    pub largest: Option<ChangeCell>,
}

/// One module of one layer.
#[derive(Clone, Debug, PartialEq)]
pub struct ChangeCell {
    /// Its path, shared because a grid that is too wide is pooled in every frame.
    pub path: Arc<str>,
    /// ‖Δ‖/‖W‖.
    pub value: f64,
}

impl ChangeGrid {
    /// The grid of `changes`, rows in the order in which `paths` (the tree's order) first names them.
    #[must_use]
    pub fn new<'a>(paths: impl Iterator<Item = &'a str>, changes: &ChangeMap) -> Self {
        let mut names: Vec<String> = Vec::new();
        let mut cells: Vec<BTreeMap<usize, ChangeCell>> = Vec::new();
        for path in paths {
            let Some(value) = changes.get(path) else { continue };
            let Some((layer, name)) = layer_and_name(path) else { continue };
            let row = names.iter().position(|known| *known == name).unwrap_or(names.len());
            if row == names.len() {
                names.push(name);
                cells.push(BTreeMap::new());
            }
            cells[row].insert(layer, ChangeCell { path: path.into(), value: *value });
        }
        let layers: BTreeSet<usize> = cells.iter().flat_map(BTreeMap::keys).copied().collect();
        let row = |(name, cells): (String, BTreeMap<usize, ChangeCell>)| {
            (name, layers.iter().map(|layer| cells.get(layer).cloned()).collect())
        };
        let largest = changes.iter().filter(|(_, value)| value.is_finite()).max_by(|a, b| a.1.total_cmp(b.1));
        Self {
            rows: names.into_iter().zip(cells).map(row).collect(),
            layers: layers.iter().copied().collect(),
            largest: largest.map(|(path, value)| ChangeCell { path: path.as_str().into(), value: *value }),
        }
    }
}

impl ChangeGrid {
    /// The same with at most `most_columns`: neighbouring layers give the larger of their changes.
    #[must_use]
    pub fn pooled(&self, most_columns: usize) -> Cow<'_, Self> {
        let width = self.layers.len().div_ceil(most_columns.max(1));
        if width <= 1 {
            return Cow::Borrowed(self);
        }
        let largest =
            |cells: &[Option<ChangeCell>]| cells.iter().flatten().max_by(|a, b| a.value.total_cmp(&b.value)).cloned();
        let row = |(name, cells): &(String, Vec<Option<ChangeCell>>)| {
            (name.clone(), cells.chunks(width).map(largest).collect())
        };
        Cow::Owned(Self {
            layers: self.layers.iter().copied().step_by(width).collect(),
            rows: self.rows.iter().map(row).collect(),
            largest: self.largest.clone(),
        })
    }
}

/// `model.layers.3.mlp.up_proj` → (3, `up_proj`).
fn layer_and_name(path: &str) -> Option<(usize, String)> {
    let mut segments = path.split('.');
    let layer = segments.by_ref().find_map(|segment| segment.parse::<usize>().ok())?;
    let rest: Vec<&str> = segments.collect();
    // Experts have a second number, which tells them apart.
    let from = rest.iter().rposition(|segment| segment.parse::<usize>().is_ok()).unwrap_or(rest.len().checked_sub(1)?);
    Some((layer, rest[from..].join(".")))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn modules_are_rows_and_layers_are_columns() {
        let paths =
            ["model.layers.0.attn.q_proj", "model.layers.0.mlp.up_proj", "model.layers.1.attn.q_proj", "lm_head"];
        let changes: ChangeMap =
            paths.iter().zip([0.1, 0.2, 0.3, 0.4]).map(|(path, v)| ((*path).to_owned(), v)).collect();
        let map = ChangeGrid::new(paths.into_iter(), &changes);
        assert_eq!(map.layers, [0, 1]);
        assert_eq!(map.rows.iter().map(|row| row.0.as_str()).collect::<Vec<_>>(), ["q_proj", "up_proj"]);
        assert_eq!(map.rows[1].1[1], None);
        assert_eq!(&*map.largest.unwrap().path, "lm_head", "it stands in no layer");
        assert_eq!(map.rows[0].1[1].as_ref().unwrap().value, 0.3);
    }

    #[test]
    fn more_layers_than_columns_give_the_larger_of_their_changes() {
        let paths: Vec<String> = (0..5).map(|layer| format!("layers.{layer}.q_proj")).collect();
        let changes: ChangeMap = paths.iter().cloned().zip([0.1, 0.4, 0.2, 0.3, 0.5]).collect();
        let map = ChangeGrid::new(paths.iter().map(String::as_str), &changes);
        assert_eq!(map.pooled(5).layers.len(), 5);
        let pooled = map.pooled(3);
        assert_eq!(pooled.layers, [0, 2, 4]);
        let values: Vec<f64> = pooled.rows[0].1.iter().flatten().map(|cell| cell.value).collect();
        assert_eq!(values, [0.4, 0.3, 0.5]);
        assert_eq!(&*pooled.rows[0].1[0].as_ref().unwrap().path, "layers.1.q_proj");
    }
}
