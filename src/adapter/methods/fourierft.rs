//! FourierFT: Δ is the inverse Fourier transform of a matrix with few entries, at places that a seed draws (Gao et al.
//! 2024; spec section 8).

use std::{collections::BTreeMap, f64::consts::TAU, path::Path, sync::Arc};

use super::{
    drawn::{Places, is_matrix_with},
    factors::{matrix_product, required},
};
use crate::{
    adapter::{
        AdapterError, ExpectedShape, Method, MethodSpec, Orientation, Part, Parts, PeftConfig, Placement, Precision,
        RowUpdate, Target, TargetUpdate,
    },
    checkpoint::LogicalTensor,
    numeric::Matrix,
};

/// `fourierft_spectrum`, the entries `(n,)`.
const SPECTRUM: Part = Part::parameter("fourierft_spectrum");

/// FourierFT's names.
pub(super) const SPEC: MethodSpec = MethodSpec {
    peft_type: "FOURIERFT",
    key_prefix: Some("fourierft_"),
    factors: &[SPECTRUM],
    shared_factors: &[],
    config_keys: &["n_frequency", "n_frequency_pattern", "random_loc_seed", "scaling"],
    build: |config, path| {
        let places = Places::of(&config, path)?;
        Ok(Box::new(FourierFt { config, places }))
    },
};

/// FourierFT as its config describes it.
#[derive(Debug)]
struct FourierFt {
    config: PeftConfig,
    places: Places,
}

impl Method for FourierFt {
    fn spec(&self) -> &'static MethodSpec {
        &SPEC
    }

    fn name(&self) -> &'static str {
        "FourierFT"
    }

    fn targets(&self, module: &str, mut parts: Parts, path: &Path) -> Result<Vec<Target>, AdapterError> {
        let spectrum = required(&mut parts, SPECTRUM, module, path)?;
        let scale = self.config.number("scaling", path)?;
        let update = FourierUpdate { places: self.places, scale, tensors: [spectrum] };
        Ok(vec![Target::weight(module, Arc::new(update))])
    }
}

#[derive(Debug)]
struct FourierUpdate {
    places: Places,
    scale: f64,
    tensors: [LogicalTensor; 1],
}

impl FourierUpdate {
    fn rows<T: Precision>(&self, placement: &Placement) -> Result<Arc<dyn RowUpdate<T>>, AdapterError> {
        let (out, inner) = placement.features();
        let places = self.places.drawn(out * inner, self.tensors[0].element_count());
        let entries: Vec<Entry> = places
            .into_iter()
            .zip(self.tensors[0].read_all()?)
            .map(|(place, value)| Entry { row: place / inner, column: place % inner, value: f64::from(value) })
            .collect();
        let scale = self.scale / (out as f64 * inner as f64);
        Ok(matrix_product(factors(&entries, (out, inner)), scale, placement.orientation))
    }
}

/// One entry of the spectrum.
struct Entry {
    row: usize,
    column: usize,
    value: f64,
}

/// L and R with Σ value · cos 2π(row·p/out + column·q/in) = L·R, of as low a rank as the entries allow.
fn factors(entries: &[Entry], (out, inner): (usize, usize)) -> (Matrix<f64>, Matrix<f64>) {
    if out <= inner {
        let sums = sums_by_frequency(entries.iter().map(|entry| (entry.row, entry.column, entry.value)), (out, inner));
        let (waves, sums) = waves_and_sums(sums, (out, inner));
        (waves.transposed(), sums)
    } else {
        let sums = sums_by_frequency(entries.iter().map(|entry| (entry.column, entry.row, entry.value)), (inner, out));
        let (waves, sums) = waves_and_sums(sums, (inner, out));
        (sums.transposed(), waves)
    }
}

/// For each frequency along the first dimension, what its cosine and its negative sine are multiplied by along the
/// second; a frequency and its negative share both.
fn sums_by_frequency(
    entries: impl Iterator<Item = (usize, usize, f64)>,
    (first, second): (usize, usize),
) -> BTreeMap<usize, [Vec<f64>; 2]> {
    let wave = Wave::new(second);
    let mut sums: BTreeMap<usize, [Vec<f64>; 2]> = BTreeMap::new();
    for (frequency, other, value) in entries {
        let mirrored = first - frequency;
        let (key, sign) = if mirrored < frequency { (mirrored, -1.0) } else { (frequency, 1.0) };
        let [cosines, sines] = sums.entry(key).or_insert_with(|| [vec![0.0; second], vec![0.0; second]]);
        for at in 0..second {
            let (cosine, sine) = wave.at(other, at);
            cosines[at] += value * cosine;
            sines[at] += sign * value * sine;
        }
    }
    sums
}

/// The waves along the first dimension, and below them the sums that belong to each.
fn waves_and_sums(sums: BTreeMap<usize, [Vec<f64>; 2]>, (first, second): (usize, usize)) -> (Matrix<f64>, Matrix<f64>) {
    let wave = Wave::new(first);
    let (mut waves, mut below, mut rank) = (Vec::new(), Vec::new(), 0);
    for (frequency, [cosines, sines]) in sums {
        waves.extend((0..first).map(|at| wave.at(frequency, at).0));
        below.extend(cosines);
        rank += 1;
        // The sine of frequency 0 and of the highest one is 0 everywhere.
        if frequency != 0 && 2 * frequency != first {
            waves.extend((0..first).map(|at| -wave.at(frequency, at).1));
            below.extend(sines);
            rank += 1;
        }
    }
    (Matrix::new(rank, first, waves), Matrix::new(rank, second, below))
}

/// Cosine and sine of the whole multiples of a full turn's nth part, each computed once.
struct Wave {
    values: Vec<(f64, f64)>,
}

impl Wave {
    fn new(length: usize) -> Self {
        let angle = |index: usize| TAU * index as f64 / length as f64;
        Self { values: (0..length).map(|index| (angle(index).cos(), angle(index).sin())).collect() }
    }

    fn at(&self, frequency: usize, place: usize) -> (f64, f64) {
        self.values[frequency * place % self.values.len()]
    }
}

impl TargetUpdate for FourierUpdate {
    fn fits(&self, shape: &[usize], _orientation: Orientation) -> bool {
        is_matrix_with(self.tensors[0].element_count(), shape)
    }

    fn expected_shape(&self) -> ExpectedShape {
        ExpectedShape::MatrixFrom(self.tensors[0].element_count())
    }

    fn tensors(&self) -> &[LogicalTensor] {
        &self.tensors
    }

    fn load(&self, placement: &Placement) -> Result<Arc<dyn RowUpdate>, AdapterError> {
        self.rows(placement)
    }

    fn load_f64(&self, placement: &Placement) -> Result<Arc<dyn RowUpdate<f64>>, AdapterError> {
        self.rows(placement)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The transform, summed the plain way, for either side the longer one and frequencies that mirror each other.
    #[test]
    fn the_product_is_the_inverse_transform() {
        for (out, inner) in [(4, 6), (6, 4), (5, 5)] {
            let places = [(0, 0), (1, 2), (out - 1, 3), (2, 1), (out / 2, 2), (1, inner - 1), (3, inner / 2)];
            let entries: Vec<Entry> = places
                .iter()
                .enumerate()
                .map(|(index, (row, column))| Entry { row: *row, column: *column, value: (index as f64 + 0.3).sin() })
                .collect();
            let (left, right) = factors(&entries, (out, inner));
            let product = left.product(&right);
            assert!(left.columns() <= out.min(inner) + 1, "no rank beyond that of the matrix");
            for p in 0..out {
                for q in 0..inner {
                    let angle = |entry: &Entry| {
                        TAU * ((entry.row * p) as f64 / out as f64 + (entry.column * q) as f64 / inner as f64)
                    };
                    let expected: f64 = entries.iter().map(|entry| entry.value * angle(entry).cos()).sum();
                    assert!((product.row(p)[q] - expected).abs() < 1e-12, "{out}×{inner} at {p}, {q}");
                }
            }
        }
    }
}
