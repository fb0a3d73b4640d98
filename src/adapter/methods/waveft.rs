//! WaveFT: Δ is the inverse wavelet transform of a matrix with few entries, at places that a seed draws (Bilican et al.
//! 2025; PEFT 0.21).

use std::{ops::Range, path::Path, sync::Arc};

use serde_json::Value;

use super::{
    drawn::{Places, is_matrix_with},
    factors::required,
    wavelet::{Stretch, Wavelet},
};
use crate::{
    adapter::{
        AdapterError, ExpectedShape, Feature, Method, MethodSpec, Orientation, Part, Parts, PeftConfig, Placement,
        Precision, RefusalReason, RowUpdate, Target, TargetUpdate, WayOut,
    },
    checkpoint::LogicalTensor,
};

/// `waveft_spectrum`, the entries `(n,)`.
const SPECTRUM: Part = Part::parameter("waveft_spectrum");

/// WaveFT's names.
pub(super) const SPEC: MethodSpec = MethodSpec {
    peft_type: "WAVEFT",
    key_prefix: Some("waveft_"),
    factors: &[SPECTRUM],
    shared_factors: &[],
    config_keys: &[
        "n_frequency",
        "n_frequency_pattern",
        "proportional_parameters",
        "random_loc_seed",
        "scaling",
        "use_idwt",
        "wavelet_family",
    ],
    build: |config, path| {
        let places = Places::of(&config, path)?;
        let wavelet = wavelet(&config, path)?;
        Ok(Box::new(WaveFt { config, places, wavelet: Arc::new(wavelet) }))
    },
};

/// The family that the config names.
const DEFAULT_FAMILY: &str = "db1";

fn wavelet(config: &PeftConfig, path: &Path) -> Result<Wavelet, AdapterError> {
    if config.get("use_idwt").and_then(Value::as_bool) == Some(false) {
        return Ok(Wavelet::none());
    }
    let family = config.get("wavelet_family").and_then(Value::as_str).unwrap_or(DEFAULT_FAMILY);
    Wavelet::named(family).ok_or_else(|| AdapterError::Unsupported {
        feature: Feature::Setting { name: "WaveFT", key: "wavelet_family", value: family.to_owned() },
        reason: RefusalReason::UnknownFunction,
        way_out: WayOut::MergeWithOwnLibrary,
        path: path.to_owned(),
    })
}

/// WaveFT as its config describes it.
#[derive(Debug)]
struct WaveFt {
    config: PeftConfig,
    places: Places,
    wavelet: Arc<Wavelet>,
}

impl Method for WaveFt {
    fn spec(&self) -> &'static MethodSpec {
        &SPEC
    }

    fn name(&self) -> &'static str {
        "WaveFT"
    }

    fn targets(&self, module: &str, mut parts: Parts, path: &Path) -> Result<Vec<Target>, AdapterError> {
        let spectrum = required(&mut parts, SPECTRUM, module, path)?;
        let scale = self.config.number("scaling", path)?;
        let wavelet = Arc::clone(&self.wavelet);
        let update = WaveUpdate { places: self.places, wavelet, scale, tensors: [spectrum] };
        Ok(vec![Target::weight(module, Arc::new(update))])
    }
}

#[derive(Debug)]
struct WaveUpdate {
    places: Places,
    wavelet: Arc<Wavelet>,
    scale: f64,
    tensors: [LogicalTensor; 1],
}

impl WaveUpdate {
    fn rows<T: Precision>(&self, placement: &Placement) -> Result<Arc<dyn RowUpdate<T>>, AdapterError> {
        let (out, inner) = placement.features();
        let places = self.places.drawn(out * inner, self.tensors[0].element_count());
        let values = self.tensors[0].read_all()?;
        let coefficients = places.into_iter().zip(values).map(|(place, value)| Coefficient {
            at: (place / inner, place % inner),
            value: f64::from(value) * self.scale,
        });
        Ok(Arc::new(WaveRows {
            wavelet: Arc::clone(&self.wavelet),
            coefficients: coefficients.collect(),
            shape: (out, inner),
            orientation: placement.orientation,
        }))
    }
}

impl TargetUpdate for WaveUpdate {
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

/// One entry of the spectrum.
struct Coefficient {
    /// Output and input feature.
    at: (usize, usize),
    value: f64,
}

/// What each coefficient becomes is added where it lies in a tile; sums are formed in f64.
struct WaveRows {
    wavelet: Arc<Wavelet>,
    coefficients: Vec<Coefficient>,
    /// Output and input features.
    shape: (usize, usize),
    orientation: Orientation,
}

impl<T: Precision> RowUpdate<T> for WaveRows {
    fn apply_rows(&self, rows: Range<usize>, tile: &mut [T]) {
        let columns = tile.len() / rows.len().max(1);
        let mut delta = vec![0.0; tile.len()];
        for coefficient in &self.coefficients {
            let [along_out, along_in] = self.wavelet.stretches(coefficient.at, self.shape);
            let [down, across] = match self.orientation {
                Orientation::OutIn => [along_out, along_in],
                Orientation::InOut => [along_in, along_out],
            };
            for (row, down) in within(down, &rows) {
                for (column, across) in within(across, &(0..columns)) {
                    delta[row * columns + column] += coefficient.value * down * across;
                }
            }
        }
        for (value, delta) in tile.iter_mut().zip(delta) {
            *value = T::rounded(value.to_f64() + delta);
        }
    }
}

/// The values of `stretch` inside `span`, by their place in it.
fn within<'a>(stretch: Stretch<'a>, span: &Range<usize>) -> impl Iterator<Item = (usize, f64)> + use<'a> {
    let span = span.clone();
    stretch.values.iter().enumerate().filter_map(move |(offset, value)| {
        let at = usize::try_from(stretch.first + offset.cast_signed()).ok()?;
        span.contains(&at).then(|| (at - span.start, *value))
    })
}
