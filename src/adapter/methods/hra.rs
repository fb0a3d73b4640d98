//! HRA: W' = W·H with H a product of Householder reflections, or one reflection of r orthogonal directions (Yuan et al.
//! 2024; spec section 8).

use std::{ops::Range, path::Path, sync::Arc};

use super::{
    factors::{is_matrix_of, misshapen, read_matrix, required},
    gathered::gathered,
};
use crate::{
    adapter::{
        AdapterError, Content, ExpectedShape, Layer, Method, MethodSpec, Orientation, Part, Parts, PeftConfig,
        Placement, Precision, RowUpdate, Target, TargetUpdate,
    },
    checkpoint::LogicalTensor,
    numeric::Matrix,
};

/// `hra_u`, `(in, r)`, or `(in·k·k, r)` of a convolution.
const DIRECTIONS: Part = Part::parameter("hra_u");

/// The part of a direction that orthogonalisation must leave: below it, PEFT's float32 leaves noise.
const LEAST_REMAINDER: f64 = 1e-6;

/// HRA's names.
pub(super) const SPEC: MethodSpec = MethodSpec {
    peft_type: "HRA",
    key_prefix: Some("hra_"),
    factors: &[DIRECTIONS],
    shared_factors: &[],
    config_keys: &["apply_GS", "r"],
    build: |config, _| Ok(Box::new(Hra { config })),
};

/// HRA.
#[derive(Debug)]
struct Hra {
    config: PeftConfig,
}

impl Method for Hra {
    fn spec(&self) -> &'static MethodSpec {
        &SPEC
    }

    fn name(&self) -> &'static str {
        "HRA"
    }

    fn targets(&self, module: &str, mut parts: Parts, path: &Path) -> Result<Vec<Target>, AdapterError> {
        let directions = required(&mut parts, DIRECTIONS, module, path)?;
        let &[inner, rank] = directions.shape() else { return Err(misshapen(module, &[&directions], path)) };
        let is_orthogonal = self.config.flag("apply_GS");
        Ok(vec![Target::weight(module, Arc::new(HraUpdate { inner, rank, is_orthogonal, tensors: [directions] }))])
    }
}

#[derive(Debug)]
struct HraUpdate {
    inner: usize,
    rank: usize,
    /// Whether the directions are made orthogonal first (`apply_GS`).
    is_orthogonal: bool,
    tensors: [LogicalTensor; 1],
}

impl HraUpdate {
    /// The directions, one unit vector a row.
    fn directions(&self) -> Result<Matrix<f64>, AdapterError> {
        let stored = read_matrix(&self.tensors[0], self.inner)?.transposed();
        let values = stored.into_values().into_iter().map(f64::from).collect();
        let mut directions = Matrix::new(self.rank, self.inner, values);
        if unit_directions(&mut directions, self.is_orthogonal) {
            return Ok(directions);
        }
        Err(AdapterError::NoDirection {
            tensor: self.tensors[0].name().to_owned(),
            path: self.tensors[0].file().path().to_owned(),
        })
    }

    fn rows<T: Precision>(&self, placement: &Placement) -> Result<Arc<dyn RowUpdate<T>>, AdapterError> {
        Ok(gathered(Arc::new(ReflectedRows { directions: self.directions()? }), self.inner, placement))
    }
}

/// Makes every row of `directions` a unit vector, orthogonal to those before it where that is asked for; `false` where
/// nothing is left of one.
fn unit_directions(directions: &mut Matrix<f64>, is_orthogonal: bool) -> bool {
    let length = directions.columns();
    for index in 0..directions.rows() {
        let (done, rest) = directions.values_mut().split_at_mut(index * length);
        let current = &mut rest[..length];
        let norm_before = norm(current);
        for other in done.chunks(length.max(1)).filter(|_| is_orthogonal) {
            let overlap = dot(other, current);
            current.iter_mut().zip(other).for_each(|(value, other)| *value -= overlap * other);
        }
        let norm = norm(current);
        if norm == 0.0 || norm < LEAST_REMAINDER * norm_before {
            return false;
        }
        for value in current.iter_mut() {
            *value /= norm;
        }
    }
    true
}

fn dot(left: &[f64], right: &[f64]) -> f64 {
    left.iter().zip(right).map(|(left, right)| left * right).sum()
}

fn norm(values: &[f64]) -> f64 {
    dot(values, values).sqrt()
}

impl TargetUpdate for HraUpdate {
    fn layer(&self) -> Layer {
        Layer::Fixed
    }

    fn fits(&self, shape: &[usize], orientation: Orientation) -> bool {
        let is_layer = matches!(shape.len(), 2 | 4);
        is_layer && shape.first().is_some_and(|out| is_matrix_of((*out, self.inner), shape, orientation))
    }

    fn expected_shape(&self) -> ExpectedShape {
        ExpectedShape::MatrixInputs(self.inner)
    }

    fn rank(&self) -> Option<usize> {
        Some(self.rank)
    }

    fn tensors(&self) -> &[LogicalTensor] {
        &self.tensors
    }

    fn is_additive(&self) -> bool {
        false
    }

    /// Training begins with pairs of equal directions, which values alone do not show.
    fn is_untrained(&self, _contents: &[Content]) -> bool {
        false
    }

    fn is_proven_by_loading(&self) -> bool {
        true
    }

    fn load(&self, placement: &Placement) -> Result<Arc<dyn RowUpdate>, AdapterError> {
        self.rows(placement)
    }

    fn load_f64(&self, placement: &Placement) -> Result<Arc<dyn RowUpdate<f64>>, AdapterError> {
        self.rows(placement)
    }
}

/// Each output unit is reflected in f64 whatever the precision of the merge, and rounded once.
struct ReflectedRows {
    directions: Matrix<f64>,
}

impl<T: Precision> RowUpdate<T> for ReflectedRows {
    fn apply_rows(&self, _rows: Range<usize>, tile: &mut [T]) {
        let length = self.directions.columns().max(1);
        for values in tile.chunks_mut(length) {
            let mut unit: Vec<f64> = values.iter().map(|value| value.to_f64()).collect();
            for direction in self.directions.values().chunks(length) {
                let overlap = 2.0 * dot(&unit, direction);
                unit.iter_mut().zip(direction).for_each(|(value, direction)| *value -= overlap * direction);
            }
            values.iter_mut().zip(unit).for_each(|(value, reflected)| *value = T::rounded(reflected));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn directions(is_orthogonal: bool) -> Matrix<f64> {
        let mut directions = Matrix::new(2, 4, (0..8).map(|index| (f64::from(index) + 0.3).sin()).collect());
        assert!(unit_directions(&mut directions, is_orthogonal));
        directions
    }

    #[test]
    fn a_row_is_reflected_by_one_direction_after_the_other() {
        let directions = directions(false);
        let update = ReflectedRows { directions: directions.clone() };
        let weight = Matrix::new(2, 4, (0..8).map(|index| f64::from(index) - 3.0).collect());
        let mut tile = weight.values().to_vec();
        RowUpdate::<f64>::apply_rows(&update, 0..2, &mut tile);
        let reflection = |row: usize| {
            let u = Matrix::new(4, 1, directions.row(row).to_vec());
            let outer = u.product(&u.transposed());
            let identity = Matrix::<f64>::identity(4);
            let values = identity.values().iter().zip(outer.values()).map(|(one, outer)| one - 2.0 * outer).collect();
            Matrix::new(4, 4, values)
        };
        let expected = weight.product(&reflection(0)).product(&reflection(1));
        for (value, expected) in tile.iter().zip(expected.values()) {
            assert!((value - expected).abs() < 1e-12);
        }
    }

    #[test]
    fn orthogonal_directions_are_orthogonal() {
        let directions = directions(true);
        assert!(dot(directions.row(0), directions.row(1)).abs() < 1e-12);
    }

    #[test]
    fn a_direction_without_length_is_none() {
        assert!(!unit_directions(&mut Matrix::new(1, 3, vec![0.0; 3]), false));
        assert!(!unit_directions(&mut Matrix::new(2, 2, vec![1.0, 2.0, 1.0, 2.0]), true), "twice the same");
        assert!(unit_directions(&mut Matrix::new(2, 2, vec![1.0, 2.0, 1.0, 2.0]), false));
    }
}
