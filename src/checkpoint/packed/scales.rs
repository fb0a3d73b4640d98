//! The scales of a packed weight, in any dtype that they are stored in.

use std::ops::Range;

use super::{PackedError, store::Bytes};
use crate::{
    checkpoint::CheckpointError,
    error::IoError,
    numeric::{
        Dtype, FloatDtype,
        codec::{E4M3, e8m0},
    },
};

/// Scales that are looked at in one go.
const CHECKED_AT_ONCE: usize = 1 << 16;

/// One scale for each block of a weight.
#[derive(Debug)]
pub(super) struct Scales {
    table: Bytes,
    global: Option<Global>,
    range: ScaleRange,
}

/// The one scale by which all others of a weight are scaled.
#[derive(Debug)]
pub(super) enum Global {
    /// By division, as compressed-tensors has it.
    Divisor(Bytes),
    /// By a product, as `ModelOpt` has it.
    Factor(Bytes),
}

/// The scales of which weights can be made; never one that is not finite.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum ScaleRange {
    /// Above zero.
    Positive,
    /// Zero for blocks of zeros too.
    NotNegative,
    /// Of either sign.
    Finite,
}

impl Scales {
    /// Floats.
    pub const FLOATS: [Dtype; 3] = [Dtype::F32, Dtype::BF16, Dtype::F16];

    /// Powers of two.
    pub const POWERS: [Dtype; 2] = [Dtype::F8_E8M0, Dtype::U8];

    /// Those of `table`, which must have one of `dtypes`: [`Self::FLOATS`], [`Self::POWERS`], or E4M3.
    pub fn new(table: Bytes, dtypes: &[Dtype], range: ScaleRange) -> Result<Self, PackedError> {
        Ok(Self { table: table.typed(dtypes)?, global: None, range })
    }

    /// The same, scaled by another.
    pub fn scaled_by(mut self, global: Global) -> Result<Self, PackedError> {
        let one = |bytes: Bytes| bytes.typed(&[Dtype::F32])?.sized(4);
        self.global = Some(match global {
            Global::Divisor(bytes) => Global::Divisor(one(bytes)?),
            Global::Factor(bytes) => Global::Factor(one(bytes)?),
        });
        Ok(self)
    }

    /// Reads those of `range`, row-major over their grid.
    pub fn read(&self, range: Range<usize>) -> Result<Vec<f32>, IoError> {
        let mut scales = match self.table.dtype {
            Dtype::F8_E4M3 => {
                let table = &*E4M3;
                self.table.read_vec(range)?.into_iter().map(|code| table[usize::from(code)]).collect()
            }
            Dtype::F8_E8M0 | Dtype::U8 => self.table.read_vec(range)?.into_iter().map(e8m0).collect(),
            _ => self.table.read_f32(range)?,
        };
        match &self.global {
            None => {}
            Some(Global::Divisor(divisor)) => {
                let divisor = divisor.read_f32(0..1)?[0];
                for scale in &mut scales {
                    *scale /= divisor;
                }
            }
            Some(Global::Factor(factor)) => {
                let factor = factor.read_f32(0..1)?[0];
                for scale in &mut scales {
                    *scale *= factor;
                }
            }
        }
        Ok(scales)
    }

    /// The dtype of the table, where it is a float's.
    pub fn float_dtype(&self) -> Option<FloatDtype> {
        FloatDtype::of(self.table.dtype)
    }

    /// Refuses scales of which no weight can be made.
    pub fn check(&self) -> Result<(), CheckpointError> {
        if let Some(Global::Divisor(global) | Global::Factor(global)) = &self.global {
            check_values(global, &global.read_f32(0..1)?, ScaleRange::Positive)?;
        }
        let count = self.table.shape.iter().product();
        for start in (0..count).step_by(CHECKED_AT_ONCE) {
            check_values(&self.table, &self.read(start..(start + CHECKED_AT_ONCE).min(count))?, self.range)?;
        }
        Ok(())
    }
}

fn check_values(table: &Bytes, values: &[f32], range: ScaleRange) -> Result<(), CheckpointError> {
    let is_good = |value: f32| match range {
        ScaleRange::Positive => value.is_finite() && value > 0.0,
        ScaleRange::NotNegative => value.is_finite() && value >= 0.0,
        ScaleRange::Finite => value.is_finite(),
    };
    let Some(bad) = values.iter().find(|value| !is_good(**value)) else { return Ok(()) };
    let problem = PackedError::BadScale { tensor: table.name.clone(), value: f64::from(*bad) };
    Err(CheckpointError::Packed { problem, path: table.file.path().to_owned() })
}
