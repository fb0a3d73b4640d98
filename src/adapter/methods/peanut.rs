//! PEANuT: Δ is what a small network makes of W itself: Δ = s · B·f(A·W), f a chain of `r × r` layers (Zhong et al. 2024;
//! PEFT 0.21).

use std::{
    ops::Range,
    path::Path,
    sync::{Arc, Mutex, OnceLock, PoisonError},
};

use serde_json::Value;

use super::{
    activation::Activation,
    factors::{misshapen, read_matrix, required},
};
use crate::{
    adapter::{
        AdapterError, Content, ExpectedShape, Feature, Layer, Method, MethodSpec, Orientation, Part, Parts, PeftConfig,
        Placement, Precision, RefusalReason, RowUpdate, Target, TargetUpdate, WayOut,
    },
    checkpoint::LogicalTensor,
    numeric::Matrix,
};

/// `peanut_A.weight`, `(r, out)`.
const A: Part = Part::weight("peanut_A");
/// `peanut_B.weight`, `(out, r)`.
const B: Part = Part::weight("peanut_B");
/// `peanut_encoders.N.weight`, `(r, r)`.
const ENCODER: Part = Part::numbered_weight("peanut_encoders");
/// `peanut_decoders.N.weight`, `(r, r)`.
const DECODER: Part = Part::numbered_weight("peanut_decoders");

/// PEANuT's names.
pub(super) const SPEC: MethodSpec = MethodSpec {
    peft_type: "PEANUT",
    key_prefix: Some("peanut_"),
    factors: &[A, B, ENCODER, DECODER],
    shared_factors: &[],
    config_keys: &["act_fn", "depth", "r", "scaling"],
    build: |config, path| {
        let name = config.get("act_fn").and_then(Value::as_str).unwrap_or("relu").to_owned();
        let activation = Activation::named(&name).ok_or_else(|| AdapterError::Unsupported {
            feature: Feature::Setting { name: "PEANuT", key: "act_fn", value: name },
            reason: RefusalReason::UnknownFunction,
            way_out: WayOut::MergeWithPeft,
            path: path.to_owned(),
        })?;
        Ok(Box::new(Peanut { config, activation }))
    },
};

/// PEANuT as its config describes it.
#[derive(Debug)]
struct Peanut {
    config: PeftConfig,
    activation: Activation,
}

impl Method for Peanut {
    fn spec(&self) -> &'static MethodSpec {
        &SPEC
    }

    fn name(&self) -> &'static str {
        "PEANuT"
    }

    fn targets(&self, module: &str, mut parts: Parts, path: &Path) -> Result<Vec<Target>, AdapterError> {
        let scale = self.config.number("scaling", path)?;
        let depth = self.config.get("depth").and_then(Value::as_u64).unwrap_or(0);
        let depth = u16::try_from(depth).unwrap_or(u16::MAX);
        let mut tensors = vec![required(&mut parts, A, module, path)?, required(&mut parts, B, module, path)?];
        for part in [ENCODER, DECODER] {
            for index in 0..depth {
                tensors.push(required(&mut parts, part.at(index), module, path)?);
            }
        }
        let (&[rank, out], &[b_out, b_rank]) = (tensors[0].shape(), tensors[1].shape()) else {
            return Err(misshapen(module, &tensors.iter().collect::<Vec<_>>(), path));
        };
        let is_chained = tensors[2..].iter().all(|layer| layer.shape() == [rank, rank]);
        if (out, rank) != (b_out, b_rank) || !is_chained {
            return Err(misshapen(module, &tensors.iter().collect::<Vec<_>>(), path));
        }
        let update = PeanutUpdate { activation: self.activation, scale, out, rank, tensors };
        Ok(vec![Target::weight(module, Arc::new(update))])
    }
}

#[derive(Debug)]
struct PeanutUpdate {
    activation: Activation,
    scale: f64,
    out: usize,
    rank: usize,
    /// A, B, the encoders and as many decoders.
    tensors: Vec<LogicalTensor>,
}

impl PeanutUpdate {
    fn rows<T: Precision>(&self, placement: &Placement) -> Result<Arc<dyn RowUpdate<T>>, AdapterError> {
        // Each layer is kept turned, as rows are multiplied by it from the left.
        let turned = |tensor: &LogicalTensor| {
            let matrix = read_matrix(tensor, tensor.shape()[0])?;
            let (rows, columns) = (matrix.rows(), matrix.columns());
            let values = matrix.into_values().into_iter().map(f64::from).collect();
            Ok::<_, AdapterError>(Matrix::<f64>::new(rows, columns, values).transposed())
        };
        let mut layers = self.tensors.iter().map(turned).collect::<Result<Vec<_>, _>>()?;
        let decoders = layers.split_off(2 + (layers.len() - 2) / 2);
        let encoders = layers.split_off(2);
        let [a, b] = <[Matrix<f64>; 2]>::try_from(layers).unwrap_or_else(|_| unreachable!("A and B were taken"));
        let network =
            Network { a, b: b.transposed(), encoders, decoders, activation: self.activation, scale: self.scale };
        let shape = (self.out, placement.features().1);
        Ok(Arc::new(PeanutRows { network, shape, observed: Mutex::default(), hidden: OnceLock::new() }))
    }
}

impl TargetUpdate for PeanutUpdate {
    fn layer(&self) -> Layer {
        Layer::Fixed
    }

    fn fits(&self, shape: &[usize], orientation: Orientation) -> bool {
        orientation == Orientation::OutIn && matches!(shape, &[out, _] if out == self.out)
    }

    fn expected_shape(&self) -> ExpectedShape {
        ExpectedShape::OutputFeatures(self.out)
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

    /// B alone decides: what it is multiplied by may be anything.
    fn is_untrained(&self, contents: &[Content]) -> bool {
        contents.get(1).is_some_and(|b| b.is_zero)
    }

    fn load(&self, placement: &Placement) -> Result<Arc<dyn RowUpdate>, AdapterError> {
        self.rows(placement)
    }

    fn load_f64(&self, placement: &Placement) -> Result<Arc<dyn RowUpdate<f64>>, AdapterError> {
        self.rows(placement)
    }
}

/// The network that makes a change of a weight, in f64 whatever the precision of the merge.
struct Network {
    /// Aᵀ, `(out, r)`.
    a: Matrix<f64>,
    /// B, `(out, r)`.
    b: Matrix<f64>,
    encoders: Vec<Matrix<f64>>,
    decoders: Vec<Matrix<f64>>,
    activation: Activation,
    scale: f64,
}

impl Network {
    fn layer(&self, input: &Matrix<f64>, layer: &Matrix<f64>) -> Matrix<f64> {
        let mut output = input.product(layer);
        self.activation.apply(output.values_mut());
        output
    }

    /// What the layers between A and B make of Wᵀ·Aᵀ, `(in, r)`: each decoder's output is joined by what went into its
    /// encoder.
    fn hidden(&self, mut state: Matrix<f64>) -> Matrix<f64> {
        self.activation.apply(state.values_mut());
        let mut inputs = Vec::with_capacity(self.encoders.len());
        for encoder in &self.encoders {
            let output = self.layer(&state, encoder);
            inputs.push(std::mem::replace(&mut state, output));
        }
        for decoder in &self.decoders {
            state = self.layer(&state, decoder);
            for (value, input) in state.values_mut().iter_mut().zip(inputs.pop().iter().flat_map(Matrix::values)) {
                *value += input;
            }
        }
        state
    }
}

struct PeanutRows {
    network: Network,
    /// Output and input features.
    shape: (usize, usize),
    observed: Mutex<Observed>,
    /// The transpose of what the layers before B make of W, `(r, in)`, after the first pass.
    hidden: OnceLock<Matrix<f64>>,
}

/// Wᵀ·Aᵀ, summed up in the first pass.
#[derive(Default)]
struct Observed {
    rows_seen: usize,
    projected: Vec<f64>,
}

impl<T: Precision> RowUpdate<T> for PeanutRows {
    fn passes(&self) -> usize {
        2
    }

    fn observe_rows(&self, rows: Range<usize>, tile: &[T]) {
        let (out, inner) = self.shape;
        let rank = self.network.a.columns();
        let mut observed = self.observed.lock().unwrap_or_else(PoisonError::into_inner);
        observed.projected.resize(inner * rank, 0.0);
        let values = tile.iter().map(|value| value.to_f64()).collect();
        let turned = Matrix::new(rows.len(), inner, values).transposed();
        turned.add_product(0..inner, &self.network.a.row_range(rows.clone()), 1.0, &mut observed.projected);
        observed.rows_seen += rows.len();
        if observed.rows_seen == out {
            let projected = std::mem::take(&mut observed.projected);
            let hidden = self.network.hidden(Matrix::new(inner, rank, projected));
            // The pass comes once, so the cell is empty.
            self.hidden.set(hidden.transposed()).ok();
        }
    }

    fn apply_rows(&self, rows: Range<usize>, tile: &mut [T]) {
        let Some(hidden) = self.hidden.get() else { return };
        let mut delta = vec![0.0; tile.len()];
        self.network.b.add_product(rows, hidden, self.network.scale, &mut delta);
        for (value, delta) in tile.iter_mut().zip(delta) {
            *value = T::rounded(value.to_f64() + delta);
        }
    }
}
