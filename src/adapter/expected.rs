//! What an update is for: the shape of a weight, or as much of it as the method fixes.

use serde::Serialize;

use crate::message::said_in_english;

/// The weight that an update fits; a message.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub enum ExpectedShape {
    /// This shape.
    Exact(Vec<usize>),
    /// A vector of this many output features.
    OutputFeatures(usize),
    /// A vector of this many input features.
    InputFeatures(usize),
    /// A matrix with this many input features.
    MatrixInputs(usize),
    /// A matrix whose input features are a multiple of this.
    MatrixInputsMultiple(usize),
    /// A matrix of at least this many elements.
    MatrixFrom(usize),
    /// A matrix whose shorter side is this.
    MatrixShorterSide(usize),
    /// A matrix whose output features are a multiple of this.
    MatrixOutputsMultiple(usize),
    /// A matrix with this many rows and columns together.
    MatrixSides(usize),
    /// At least this many rows, of so many columns.
    RowsFrom {
        /// Rows at least.
        rows: usize,
        /// Columns.
        columns: usize,
    },
}

said_in_english!(ExpectedShape);
