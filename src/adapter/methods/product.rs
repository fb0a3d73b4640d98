//! Updates that are a product of two factors, which a method makes of its own tensors: the shape that they share.

use std::{fmt, sync::Arc};

use super::factors::Factors;
use crate::{
    adapter::{
        AdapterError, Content, ExpectedShape, Layer, Orientation, Placement, Precision, RowUpdate, Scaling,
        TargetUpdate,
    },
    checkpoint::LogicalTensor,
};

/// Δ = B·A of a Linear layer or a `Conv1D`, from the tensors of a method.
pub(super) trait Product: fmt::Debug + Send + Sync {
    /// Output features of the weight.
    fn output_features(&self) -> usize;

    /// Input features of the weight.
    fn input_features(&self) -> InputFeatures;

    /// The rank of the update.
    fn rank(&self) -> usize;

    /// The factor s and where it comes from, for methods that have one.
    fn scaling(&self) -> Option<Scaling> {
        None
    }

    /// The adapter tensors, in the method's own order.
    fn tensors(&self) -> &[LogicalTensor];

    /// As [`TargetUpdate::is_untrained`].
    fn is_untrained(&self, contents: &[Content]) -> bool {
        contents.iter().any(|content| content.is_zero)
    }

    /// As [`TargetUpdate::is_proven_by_loading`].
    fn is_proven_by_loading(&self) -> bool {
        false
    }

    /// Reads the tensors and makes B and A of them, for a weight with so many input features.
    ///
    /// # Errors
    /// A read that fails, or values without a meaning.
    fn factors(&self, input_features: usize) -> Result<Factors, AdapterError>;
}

/// What the tensors of a module tell about its input features.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum InputFeatures {
    /// Their number.
    Exactly(usize),
    /// That a projection which all modules share has enough for so many.
    UpTo(usize),
}

/// A [`Product`] as an update of a weight.
#[derive(Debug)]
pub(super) struct ProductUpdate<P>(pub P);

impl<P: Product> ProductUpdate<P> {
    fn rows<T: Precision>(&self, placement: &Placement) -> Result<Arc<dyn RowUpdate<T>>, AdapterError> {
        let input_axis = usize::from(placement.orientation == Orientation::OutIn);
        let input_features = placement.shape.get(input_axis).copied().unwrap_or(0);
        Ok(self.0.factors(input_features)?.placed(placement))
    }
}

impl<P: Product> TargetUpdate for ProductUpdate<P> {
    fn layer(&self) -> Layer {
        Layer::Linear
    }

    fn fits(&self, shape: &[usize], orientation: Orientation) -> bool {
        let &[rows, columns] = shape else { return false };
        let (out, inner) = match orientation {
            Orientation::OutIn => (rows, columns),
            Orientation::InOut => (columns, rows),
        };
        let has_inputs = match self.0.input_features() {
            InputFeatures::Exactly(count) => inner == count,
            InputFeatures::UpTo(most) => inner <= most,
        };
        out == self.0.output_features() && has_inputs
    }

    fn expected_shape(&self) -> ExpectedShape {
        match self.0.input_features() {
            InputFeatures::Exactly(count) => ExpectedShape::Exact(vec![self.0.output_features(), count]),
            InputFeatures::UpTo(_) => ExpectedShape::OutputFeatures(self.0.output_features()),
        }
    }

    fn rank(&self) -> Option<usize> {
        Some(self.0.rank())
    }

    fn scaling(&self) -> Option<Scaling> {
        self.0.scaling()
    }

    fn tensors(&self) -> &[LogicalTensor] {
        self.0.tensors()
    }

    fn is_untrained(&self, contents: &[Content]) -> bool {
        self.0.is_untrained(contents)
    }

    fn is_proven_by_loading(&self) -> bool {
        self.0.is_proven_by_loading()
    }

    fn load(&self, placement: &Placement) -> Result<Arc<dyn RowUpdate>, AdapterError> {
        self.rows(placement)
    }

    fn load_f64(&self, placement: &Placement) -> Result<Arc<dyn RowUpdate<f64>>, AdapterError> {
        self.rows(placement)
    }
}
