//! ‖Δ‖/‖W‖ as a grid of modules × layers, with one scale for every place that shows it.

use std::{
    borrow::Cow,
    collections::{BTreeMap, BTreeSet},
    sync::Arc,
};

use super::changes::ChangeMap;

/// From zero to the largest value, rounded up to 0.05.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct HeatScale {
    /// The value at the strong end.
    pub max: f64,
    /// Whether the values rest on some rows of W only.
    pub is_estimate: bool,
}

impl HeatScale {
    /// The scale for `changes`; `None` when there are none.
    #[must_use]
    pub fn of(changes: &ChangeMap, is_estimate: bool) -> Option<Self> {
        let max = changes.values().copied().filter(|value| value.is_finite()).fold(0.0, f64::max);
        (max > 0.0).then(|| Self { max: round_up(max), is_estimate })
    }

    /// Where `value` lies, between 0 and 1.
    #[must_use]
    #[expect(clippy::cast_possible_truncation, reason = "a position on a colour ramp")]
    pub fn position(self, value: f64) -> f32 {
        (value / self.max).clamp(0.0, 1.0) as f32
    }
}

/// To the next 0.05, or for small changes to the next half of their power of ten.
fn round_up(value: f64) -> f64 {
    let step = if value >= 0.05 { 0.05 } else { 10.0_f64.powf(value.log10().floor()) / 2.0 };
    (value / step).ceil() * step
}

/// The grid.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct HeatMap {
    /// Layer numbers, ascending.
    pub layers: Vec<usize>,
    /// Module names with one value for each layer, in the model's order.
    pub rows: Vec<(String, Vec<Option<HeatCell>>)>,
    /// The module that changes most, in a layer or beside them.
    pub largest: Option<HeatCell>,
}

/// One module of one layer.
#[derive(Clone, Debug, PartialEq)]
pub struct HeatCell {
    /// Its path, shared because a map that is too wide is pooled in every frame.
    pub path: Arc<str>,
    /// ‖Δ‖/‖W‖.
    pub value: f64,
}

impl HeatMap {
    /// The grid of `changes`, rows in the order in which `paths` (the tree's order) first names them.
    #[must_use]
    pub fn new<'a>(paths: impl Iterator<Item = &'a str>, changes: &ChangeMap) -> Self {
        let mut names: Vec<String> = Vec::new();
        let mut cells: Vec<BTreeMap<usize, HeatCell>> = Vec::new();
        for path in paths {
            let Some(value) = changes.get(path) else { continue };
            let Some((layer, name)) = layer_and_name(path) else { continue };
            let row = names.iter().position(|known| *known == name).unwrap_or(names.len());
            if row == names.len() {
                names.push(name);
                cells.push(BTreeMap::new());
            }
            cells[row].insert(layer, HeatCell { path: path.into(), value: *value });
        }
        let layers: BTreeSet<usize> = cells.iter().flat_map(BTreeMap::keys).copied().collect();
        let row = |(name, cells): (String, BTreeMap<usize, HeatCell>)| {
            (name, layers.iter().map(|layer| cells.get(layer).cloned()).collect())
        };
        let largest = changes.iter().filter(|(_, value)| value.is_finite()).max_by(|a, b| a.1.total_cmp(b.1));
        Self {
            rows: names.into_iter().zip(cells).map(row).collect(),
            layers: layers.iter().copied().collect(),
            largest: largest.map(|(path, value)| HeatCell { path: path.as_str().into(), value: *value }),
        }
    }
}

impl HeatMap {
    /// The same with at most `most_columns`: neighbouring layers give the larger of their changes.
    #[must_use]
    pub fn pooled(&self, most_columns: usize) -> Cow<'_, Self> {
        let width = self.layers.len().div_ceil(most_columns.max(1));
        if width <= 1 {
            return Cow::Borrowed(self);
        }
        let largest =
            |cells: &[Option<HeatCell>]| cells.iter().flatten().max_by(|a, b| a.value.total_cmp(&b.value)).cloned();
        let row = |(name, cells): &(String, Vec<Option<HeatCell>>)| {
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
        let map = HeatMap::new(paths.into_iter(), &changes);
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
        let map = HeatMap::new(paths.iter().map(String::as_str), &changes);
        assert_eq!(map.pooled(5).layers.len(), 5);
        let pooled = map.pooled(3);
        assert_eq!(pooled.layers, [0, 2, 4]);
        let values: Vec<f64> = pooled.rows[0].1.iter().flatten().map(|cell| cell.value).collect();
        assert_eq!(values, [0.4, 0.3, 0.5]);
        assert_eq!(&*pooled.rows[0].1[0].as_ref().unwrap().path, "layers.1.q_proj");
    }

    #[test]
    fn the_scale_ends_on_a_round_number() {
        let scale = |max: f64| HeatScale::of(&ChangeMap::from([("a".to_owned(), max)]), false).unwrap().max;
        assert!((scale(0.422) - 0.45).abs() < 1e-9);
        assert!((scale(0.0123) - 0.015).abs() < 1e-9);
        assert_eq!(HeatScale::of(&ChangeMap::new(), false), None);
    }
}
