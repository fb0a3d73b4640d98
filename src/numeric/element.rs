//! The two precisions of every formula: f32, in which a merge computes, and f64, in which it is judged.

use std::{
    fmt::Debug,
    ops::{Add, AddAssign, Div, Mul, MulAssign, Neg, Sub},
};

use super::gemm::Real;

/// f32 or f64: a formula written once over it can be merged with and proved with.
pub trait Element:
    Real
    + Debug
    + Default
    + PartialOrd
    + Send
    + Sync
    + Add<Output = Self>
    + Sub<Output = Self>
    + Mul<Output = Self>
    + Div<Output = Self>
    + Neg<Output = Self>
    + AddAssign
    + MulAssign
{
    /// 0.
    const ZERO: Self;

    /// A stored value, exactly.
    fn of(value: f32) -> Self;

    /// A value computed in f64, rounded where the type is narrower.
    fn rounded(value: f64) -> Self;

    /// The value in f64, exactly.
    fn to_f64(self) -> f64;

    /// A whole factor at this precision.
    fn all_of(values: Vec<f32>) -> Vec<Self> {
        values.into_iter().map(Self::of).collect()
    }
}

impl Element for f32 {
    const ZERO: Self = 0.0;

    fn of(value: f32) -> Self {
        value
    }

    #[expect(clippy::cast_possible_truncation, reason = "rounding is the point")]
    fn rounded(value: f64) -> Self {
        value as Self
    }

    fn to_f64(self) -> f64 {
        f64::from(self)
    }

    fn all_of(values: Vec<f32>) -> Vec<Self> {
        values
    }
}

impl Element for f64 {
    const ZERO: Self = 0.0;

    fn of(value: f32) -> Self {
        Self::from(value)
    }

    fn rounded(value: f64) -> Self {
        value
    }

    fn to_f64(self) -> f64 {
        self
    }
}
