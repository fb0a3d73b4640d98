//! RoAd: pairs of output features, rotated and scaled together with their biases (Liao and Monz 2024; spec section 8).

use std::{ops::Range, path::Path, sync::Arc};

use serde_json::Value;

use super::factors::{misshapen, required};
use crate::{
    adapter::{
        AdapterError, CONFIG_FILE, Content, ExpectedShape, Layer, Method, MethodSpec, Orientation, Part, Parts,
        PeftConfig, Placement, Precision, RowUpdate, Target, TargetUpdate, method::largest,
    },
    checkpoint::LogicalTensor,
};

/// `road_theta`: angles, half as many as output features, as many or twice as many.
const ANGLES: Part = Part::parameter("road_theta");
/// `road_alpha`: a scale for each angle.
const SCALES: Part = Part::parameter("road_alpha");

/// RoAd's names.
pub(super) const SPEC: MethodSpec = MethodSpec {
    peft_type: "ROAD",
    key_prefix: Some("road_"),
    factors: &[ANGLES, SCALES],
    shared_factors: &[],
    config_keys: &["group_size", "variant"],
    build: |config, _| Ok(Box::new(Road { config })),
};

/// RoAd.
#[derive(Debug)]
struct Road {
    config: PeftConfig,
}

impl Method for Road {
    fn spec(&self) -> &'static MethodSpec {
        &SPEC
    }

    fn name(&self) -> &'static str {
        "RoAd"
    }

    fn targets(&self, module: &str, mut parts: Parts, path: &Path) -> Result<Vec<Target>, AdapterError> {
        let angles = required(&mut parts, ANGLES, module, path)?;
        let scales = required(&mut parts, SCALES, module, path)?;
        let missing = |key| AdapterError::MissingKey { key, path: path.with_file_name(CONFIG_FILE) };
        let variant = self.config.get("variant").and_then(Value::as_str).and_then(Variant::of);
        let variant = variant.ok_or_else(|| missing("variant"))?;
        let group = self.config.count("group_size").filter(|size| *size >= 2).ok_or_else(|| missing("group_size"))?;
        let &[count] = angles.shape() else { return Err(misshapen(module, &[&angles, &scales], path)) };
        let out = variant.output_features(count);
        let out = out.filter(|out| scales.shape() == [count] && group.is_multiple_of(2) && out.is_multiple_of(group));
        let out = out.ok_or_else(|| misshapen(module, &[&angles, &scales], path))?;
        let tensors = [angles, scales];
        let rotated = |is_bias| Arc::new(RoadUpdate { variant, group, out, is_bias, tensors: tensors.clone() });
        let bias = Target::parameter(module, "bias", rotated(true));
        Ok(vec![Target::weight(module, rotated(false)), Target { is_optional: true, ..bias }])
    }
}

/// How many angles and scales a pair of features has.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Variant {
    /// One of each.
    One,
    /// One of each for either feature.
    Two,
    /// One of each for either feature and either term.
    Four,
}

impl Variant {
    fn of(name: &str) -> Option<Self> {
        match name {
            "road_1" => Some(Self::One),
            "road_2" => Some(Self::Two),
            "road_4" => Some(Self::Four),
            _ => None,
        }
    }

    /// Output features of a layer with so many angles.
    fn output_features(self, count: usize) -> Option<usize> {
        match self {
            Self::One => count.checked_mul(2),
            Self::Two => Some(count),
            Self::Four => count.is_multiple_of(2).then_some(count / 2),
        }
    }

    /// Where the angle and the scale of an output feature stand: of its own term, and of its partner's.
    fn places(self, feature: usize, group: usize) -> [usize; 2] {
        let (block, at) = (feature / group, feature % group);
        match self {
            Self::One => [block * (group / 2) + at % (group / 2); 2],
            Self::Two => [feature; 2],
            Self::Four => [block * 2 * group + at, (block * 2 + 1) * group + at],
        }
    }
}

#[derive(Debug)]
struct RoadUpdate {
    variant: Variant,
    /// Features in which every one has its partner half a group away.
    group: usize,
    out: usize,
    is_bias: bool,
    /// Angles and scales.
    tensors: [LogicalTensor; 2],
}

impl RoadUpdate {
    fn rows<T: Precision>(&self) -> Result<Arc<dyn RowUpdate<T>>, AdapterError> {
        let (angles, scales) = (self.tensors[0].read_all()?, self.tensors[1].read_all()?);
        let half = self.group / 2;
        let factors = |feature: usize| {
            let [own, other] = self.variant.places(feature, self.group);
            let sign = if feature % self.group < half { -1.0 } else { 1.0 };
            let cosine = f64::from(scales[own]) * f64::from(angles[own]).cos();
            let sine = f64::from(scales[other]) * f64::from(angles[other]).sin();
            [T::rounded(cosine), T::rounded(sign * sine)]
        };
        Ok(Arc::new(RotatedPairs { group: self.group, factors: (0..self.out).map(factors).collect() }))
    }
}

impl TargetUpdate for RoadUpdate {
    fn layer(&self) -> Layer {
        Layer::Fixed
    }

    fn fits(&self, shape: &[usize], orientation: Orientation) -> bool {
        let dimensions = if self.is_bias { 1 } else { 2 };
        orientation == Orientation::OutIn && shape.len() == dimensions && shape[0] == self.out
    }

    fn expected_shape(&self) -> ExpectedShape {
        if self.is_bias { ExpectedShape::Exact(vec![self.out]) } else { ExpectedShape::OutputFeatures(self.out) }
    }

    fn tensors(&self) -> &[LogicalTensor] {
        &self.tensors
    }

    fn is_additive(&self) -> bool {
        false
    }

    /// Training begins with angles of 0 and scales of 1.
    fn is_untrained(&self, contents: &[Content]) -> bool {
        matches!(contents, [angles, scales] if angles.is_zero && scales.is_one)
    }

    fn load(&self, _placement: &Placement) -> Result<Arc<dyn RowUpdate>, AdapterError> {
        self.rows()
    }

    fn load_f64(&self, _placement: &Placement) -> Result<Arc<dyn RowUpdate<f64>>, AdapterError> {
        self.rows()
    }
}

/// Every row becomes a sum of itself and of the row half a group away.
struct RotatedPairs<T> {
    group: usize,
    /// For each row, the factor of its own values and that of its partner's.
    factors: Vec<[T; 2]>,
}

impl<T: Precision> RowUpdate<T> for RotatedPairs<T> {
    fn row_block(&self) -> usize {
        self.group
    }

    fn apply_rows(&self, rows: Range<usize>, tile: &mut [T]) {
        self.turn(rows, tile, |factor| factor);
    }

    fn is_rounded_on_the_way(&self) -> bool {
        true
    }

    /// PEFT rounds the factors.
    fn apply_rows_rounding(&self, rows: Range<usize>, tile: &mut [T], round: &dyn Fn(f64) -> f64) {
        self.turn(rows, tile, |factor| T::rounded(round(factor.to_f64())));
    }

    fn magnitude_bound(&self, before: &[T], after: &[T]) -> f64 {
        let factor = self.factors.iter().map(|factors| largest(factors)).fold(0.0, f64::max);
        (2.0 * factor * largest(before)).max(largest(after)).max(largest(before))
    }
}

impl<T: Precision> RotatedPairs<T> {
    /// Turns every pair of `tile` by what `taken` makes of its factors.
    fn turn(&self, rows: Range<usize>, tile: &mut [T], taken: impl Fn(T) -> T) {
        let columns = (tile.len() / rows.len().max(1)).max(1);
        let half = self.group / 2;
        for (start, values) in rows.step_by(self.group).zip(tile.chunks_mut(self.group * columns)) {
            let (first, second) = values.split_at_mut(half * columns);
            for (index, (first, second)) in first.iter_mut().zip(second).enumerate() {
                let feature = start + index / columns;
                let [[own, others], [second_own, second_others]] =
                    [self.factors[feature], self.factors[feature + half]].map(|factors| factors.map(&taken));
                let (a, b) = (*first, *second);
                *first = a * own + b * others;
                *second = b * second_own + a * second_others;
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_row_is_turned_with_the_row_half_a_group_away() {
        let factors: Vec<[f64; 2]> = (0..8).map(|row| [f64::from(row) + 1.0, f64::from(row) * 0.1 - 0.3]).collect();
        let update = RotatedPairs { group: 4, factors: factors.clone() };
        let weight = |row: usize, column: usize| (row * 3 + column) as f64 + 0.5;
        let mut tile: Vec<f64> = (4..8).flat_map(|row| (0..3).map(move |column| weight(row, column))).collect();
        update.apply_rows(4..8, &mut tile);
        for (index, value) in tile.iter().enumerate() {
            let (row, column) = (4 + index / 3, index % 3);
            let partner = if row % 4 < 2 { row + 2 } else { row - 2 };
            let expected = factors[row][0] * weight(row, column) + factors[row][1] * weight(partner, column);
            assert!((value - expected).abs() < 1e-12, "{row} {column}");
        }
    }

    #[test]
    fn variants_share_their_angles_as_peft_lays_them_out() {
        assert_eq!([5, 6, 7].map(|feature| Variant::One.places(feature, 4)[0]), [3, 2, 3]);
        assert_eq!(Variant::Two.places(5, 4), [5, 5]);
        assert_eq!(Variant::Four.places(5, 4), [9, 13]);
        assert_eq!(Variant::Four.output_features(24), Some(12));
        assert_eq!(Variant::Four.output_features(23), None);
    }
}
