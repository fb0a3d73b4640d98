//! What an update is for: the shape of a weight, or as much of it as the method fixes.

use std::fmt;

use crate::units;

/// The weight that an update fits; says itself in English.
#[derive(Clone, Debug, PartialEq, Eq, serde::Serialize)]
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

impl fmt::Display for ExpectedShape {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Exact(shape) => out.write_str(&units::shape(shape)),
            Self::OutputFeatures(count) => write!(out, "{count} output features"),
            Self::InputFeatures(count) => write!(out, "{count} input features"),
            Self::MatrixInputs(count) => write!(out, "a matrix with {} input features", units::count(*count as u64)),
            Self::MatrixInputsMultiple(size) => write!(out, "a matrix with a multiple of {size} input features"),
            Self::MatrixFrom(count) => write!(out, "a matrix of {} elements or more", units::count(*count as u64)),
            Self::MatrixShorterSide(size) => write!(out, "a matrix whose shorter side is {size}"),
            Self::MatrixOutputsMultiple(size) => write!(out, "a matrix with a multiple of {size} output features"),
            Self::MatrixSides(sum) => {
                write!(out, "a matrix with {} rows and columns together", units::count(*sum as u64))
            }
            Self::RowsFrom { rows, columns } => write!(out, "{rows} or more × {columns}"),
        }
    }
}
