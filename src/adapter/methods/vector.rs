//! A vector that is added to a bias or multiplied into a weight.

use std::{ops::Range, sync::Arc};

use crate::{
    adapter::{
        AdapterError, ExpectedShape, Layer, Orientation, Placement, Precision, RowUpdate, Scaling, TargetUpdate,
    },
    checkpoint::LogicalTensor,
};

/// Δ = s·v on a bias (`lora_bias`, spec section 2.2), or Δ = v.
#[derive(Debug)]
pub(super) struct VectorDelta {
    tensors: [LogicalTensor; 1],
    scaling: Option<Scaling>,
}

impl VectorDelta {
    pub fn new(vector: LogicalTensor, scaling: Option<Scaling>) -> Result<Self, AdapterError> {
        vector.float_dtype()?;
        Ok(Self { tensors: [vector], scaling })
    }

    fn rows<T: Precision>(&self) -> Result<Arc<dyn RowUpdate<T>>, AdapterError> {
        let scale = T::rounded(self.scaling.map_or(1.0, |scaling| scaling.value()));
        let delta = T::all_of(self.tensors[0].read_all()?).into_iter().map(|value| value * scale).collect();
        Ok(Arc::new(AddedVector { delta }))
    }
}

impl TargetUpdate for VectorDelta {
    fn layer(&self) -> Layer {
        Layer::Fixed
    }

    fn fits(&self, shape: &[usize], orientation: Orientation) -> bool {
        orientation == Orientation::OutIn && shape == [self.tensors[0].element_count()]
    }

    fn expected_shape(&self) -> ExpectedShape {
        ExpectedShape::Exact(vec![self.tensors[0].element_count()])
    }

    fn scaling(&self) -> Option<Scaling> {
        self.scaling
    }

    fn tensors(&self) -> &[LogicalTensor] {
        &self.tensors
    }

    fn load(&self, _placement: &Placement) -> Result<Arc<dyn RowUpdate>, AdapterError> {
        self.rows()
    }

    fn load_f64(&self, _placement: &Placement) -> Result<Arc<dyn RowUpdate<f64>>, AdapterError> {
        self.rows()
    }
}

struct AddedVector<T> {
    delta: Vec<T>,
}

impl<T: Precision> RowUpdate<T> for AddedVector<T> {
    fn apply_rows(&self, rows: Range<usize>, tile: &mut [T]) {
        for (value, delta) in tile.iter_mut().zip(&self.delta[rows]) {
            *value += *delta;
        }
    }
}
