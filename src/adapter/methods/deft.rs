//! DEFT: what W does along r directions is taken out and replaced: W' = W + Q·(s·R − Kᵀ·W), with Q = P and K = relu(P),
//! or both the orthonormal basis of P (PEFT 0.21); PaRa is the same without R.

use std::{
    ops::Range,
    path::Path,
    sync::{Arc, Mutex, OnceLock, PoisonError},
};

use serde_json::Value;

use super::factors::{misshapen, read_matrix, required};
use crate::{
    adapter::{
        AdapterError, Content, ExpectedShape, Method, MethodSpec, Orientation, Part, Parts, PeftConfig, Placement,
        Precision, RowUpdate, Target, TargetUpdate,
    },
    checkpoint::LogicalTensor,
    numeric::{Matrix, householder_basis},
};

/// `deft_P`, the directions `(out, r)`.
const DIRECTIONS: Part = Part::parameter("deft_P");
/// `deft_R`, what is put in their place, `(r, in)`.
const INJECTION: Part = Part::parameter("deft_R");

/// DEFT's names.
pub(super) const SPEC: MethodSpec = MethodSpec {
    peft_type: "DEFT",
    key_prefix: Some("deft_"),
    factors: &[DIRECTIONS, INJECTION],
    shared_factors: &[],
    config_keys: &["alpha", "decomposition_method", "deft_dropout", "init_scale", "para", "r"],
    build: |config, _| Ok(Box::new(Deft { config })),
};

/// DEFT as its config describes it.
#[derive(Debug)]
struct Deft {
    config: PeftConfig,
}

impl Method for Deft {
    fn spec(&self) -> &'static MethodSpec {
        &SPEC
    }

    fn name(&self) -> &'static str {
        if self.config.flag("para") { "PaRa" } else { "DEFT" }
    }

    fn targets(&self, module: &str, mut parts: Parts, path: &Path) -> Result<Vec<Target>, AdapterError> {
        let directions = required(&mut parts, DIRECTIONS, module, path)?;
        let injection =
            if self.config.flag("para") { None } else { Some(required(&mut parts, INJECTION, module, path)?) };
        let tensors: Vec<LogicalTensor> = std::iter::once(directions).chain(injection).collect();
        let rank = match tensors[0].shape() {
            &[out, rank] if rank <= out => rank,
            _ => 0,
        };
        let fits = tensors.get(1).is_none_or(|injection| matches!(injection.shape(), &[rows, _] if rows == rank));
        if rank == 0 || !fits {
            return Err(misshapen(module, &tensors.iter().collect::<Vec<_>>(), path));
        }
        // PEFT divides by the rank that the layer's outputs leave, which is that of the file.
        let alpha = self.config.get("alpha").and_then(Value::as_f64).filter(|alpha| *alpha != 0.0);
        let update = DeftUpdate {
            is_orthogonal: self.config.get("decomposition_method").and_then(Value::as_str) == Some("qr"),
            scale: alpha.map_or(1.0, |alpha| alpha / rank as f64),
            rank,
            tensors,
        };
        Ok(vec![Target::weight(module, Arc::new(update))])
    }
}

#[derive(Debug)]
struct DeftUpdate {
    /// Whether the directions are made orthonormal.
    is_orthogonal: bool,
    scale: f64,
    rank: usize,
    /// P, and R where something is put in.
    tensors: Vec<LogicalTensor>,
}

impl DeftUpdate {
    /// Output and, where R tells them, input features.
    fn features(&self) -> (usize, Option<usize>) {
        (self.tensors[0].shape()[0], self.tensors.get(1).map(|injection| injection.shape()[1]))
    }

    fn rows<T: Precision>(&self, placement: &Placement) -> Result<Arc<dyn RowUpdate<T>>, AdapterError> {
        let (out, inner) = placement.features();
        let widened = |matrix: Matrix<f32>| {
            let (rows, columns) = (matrix.rows(), matrix.columns());
            Matrix::<f64>::new(rows, columns, matrix.into_values().into_iter().map(f64::from).collect())
        };
        let directions = widened(read_matrix(&self.tensors[0], out)?);
        let (put_in, taken_out) = if self.is_orthogonal {
            let basis = householder_basis(&directions);
            (basis.clone(), basis)
        } else {
            let positive = directions.values().iter().map(|value| value.max(0.0)).collect();
            let positive = Matrix::new(out, self.rank, positive);
            (directions, positive)
        };
        let mut injection = match self.tensors.get(1) {
            Some(injection) => widened(read_matrix(injection, self.rank)?),
            None => Matrix::zeros(self.rank, inner),
        };
        injection.values_mut().iter_mut().for_each(|value| *value *= self.scale);
        let shape = (out, inner);
        let directions = Directions { put_in, taken_out, injection, shape };
        Ok(match placement.orientation {
            Orientation::OutIn => {
                Arc::new(OutInRows { directions, observed: Mutex::default(), change: OnceLock::new() })
            }
            Orientation::InOut => Arc::new(InOutRows { directions: directions.turned() }),
        })
    }
}

impl TargetUpdate for DeftUpdate {
    fn fits(&self, shape: &[usize], orientation: Orientation) -> bool {
        let &[rows, columns] = shape else { return false };
        let (out, inner) = match orientation {
            Orientation::OutIn => (rows, columns),
            Orientation::InOut => (columns, rows),
        };
        let (own_out, own_inner) = self.features();
        out == own_out && own_inner.is_none_or(|own_inner| inner == own_inner)
    }

    fn expected_shape(&self) -> ExpectedShape {
        match self.features() {
            (out, Some(inner)) => ExpectedShape::Exact(vec![out, inner]),
            (out, None) => ExpectedShape::OutputFeatures(out),
        }
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

    /// Even an R of zeros takes something out of W.
    fn is_untrained(&self, contents: &[Content]) -> bool {
        contents.first().is_some_and(|directions| directions.is_zero)
    }

    fn load(&self, placement: &Placement) -> Result<Arc<dyn RowUpdate>, AdapterError> {
        self.rows(placement)
    }

    fn load_f64(&self, placement: &Placement) -> Result<Arc<dyn RowUpdate<f64>>, AdapterError> {
        self.rows(placement)
    }
}

/// What either orientation computes with, in f64 whatever the precision of the merge.
struct Directions {
    /// Q, `(out, r)`.
    put_in: Matrix<f64>,
    /// K, `(out, r)`.
    taken_out: Matrix<f64>,
    /// s·R, `(r, in)`.
    injection: Matrix<f64>,
    /// Output and input features.
    shape: (usize, usize),
}

impl Directions {
    /// The same with Q and R turned, for rows that are input features.
    fn turned(self) -> Self {
        Self { put_in: self.put_in.transposed(), injection: self.injection.transposed(), ..self }
    }
}

/// Rows are output features: Kᵀ·W is summed up in a first pass.
struct OutInRows {
    directions: Directions,
    observed: Mutex<Observed>,
    /// s·R − Kᵀ·W, after the first pass.
    change: OnceLock<Matrix<f64>>,
}

#[derive(Default)]
struct Observed {
    rows_seen: usize,
    projected: Vec<f64>,
}

impl<T: Precision> RowUpdate<T> for OutInRows {
    fn passes(&self) -> usize {
        2
    }

    fn observe_rows(&self, rows: Range<usize>, tile: &[T]) {
        let Directions { taken_out, injection, shape: (out, inner), .. } = &self.directions;
        let mut observed = self.observed.lock().unwrap_or_else(PoisonError::into_inner);
        observed.projected.resize(injection.values().len(), 0.0);
        let tile = Matrix::new(rows.len(), *inner, widened(tile));
        let taken_out = taken_out.row_range(rows.clone()).transposed();
        taken_out.add_product(0..injection.rows(), &tile, -1.0, &mut observed.projected);
        observed.rows_seen += rows.len();
        if observed.rows_seen == *out {
            let projected = std::mem::take(&mut observed.projected);
            let change = projected.iter().zip(injection.values()).map(|(a, b)| a + b).collect();
            // The pass comes once, so the cell is empty.
            self.change.set(Matrix::new(injection.rows(), *inner, change)).ok();
        }
    }

    fn apply_rows(&self, rows: Range<usize>, tile: &mut [T]) {
        let Some(change) = self.change.get() else { return };
        let mut delta = vec![0.0; tile.len()];
        self.directions.put_in.add_product(rows, change, 1.0, &mut delta);
        add(tile, &delta);
    }
}

/// Rows are input features, of which each holds all outputs.
struct InOutRows {
    /// Turned.
    directions: Directions,
}

impl<T: Precision> RowUpdate<T> for InOutRows {
    fn apply_rows(&self, rows: Range<usize>, tile: &mut [T]) {
        let Directions { put_in, taken_out, injection, shape: (out, _) } = &self.directions;
        let projected = Matrix::new(rows.len(), *out, widened(tile)).product(taken_out);
        let mut change = injection.row_range(rows);
        for (value, projected) in change.values_mut().iter_mut().zip(projected.values()) {
            *value -= projected;
        }
        add(tile, change.product(put_in).values());
    }
}

fn widened<T: Precision>(tile: &[T]) -> Vec<f64> {
    tile.iter().map(|value| value.to_f64()).collect()
}

/// Adds what was summed in f64, so that nothing but the result is rounded.
fn add<T: Precision>(tile: &mut [T], delta: &[f64]) {
    for (value, delta) in tile.iter_mut().zip(delta) {
        *value = T::rounded(value.to_f64() + delta);
    }
}
