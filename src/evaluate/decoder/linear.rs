//! y = Wx + b, with adapters beside it where they are evaluated unmerged.

use std::ops::Range;

use candle_core::{Result, Tensor};

use super::TensorSpec;
use crate::adapter::Orientation;

/// A linear layer by name and shape.
#[derive(Clone, Debug)]
pub(in crate::evaluate) struct LinearSpec {
    /// Its module, below what it is part of (`self_attn.q_proj`).
    pub part: String,
    pub out_features: usize,
    pub in_features: usize,
    pub has_bias: bool,
    pub orientation: Orientation,
}

/// A linear layer in f32.
#[derive(Clone, Debug)]
pub(in crate::evaluate) struct Linear {
    /// `in × out`: contiguous where many tokens pass through, see [`crate::numeric::transpose`].
    pub weight: Tensor,
    /// `out`.
    pub bias: Option<Tensor>,
    /// Added as s·B(Ax): the merge's formula is never used here.
    pub branches: Vec<LowRankBranch>,
}

/// One adapter's share of a linear layer.
#[derive(Clone, Debug)]
pub(in crate::evaluate) struct LowRankBranch {
    /// `rank × in`.
    pub a: Tensor,
    /// `out × rank`.
    pub b: Tensor,
    /// s, with the strength in it.
    pub scale: f64,
}

impl LinearSpec {
    /// A layer without a bias, stored `out × in`.
    pub fn new(part: impl Into<String>, out_features: usize, in_features: usize) -> Self {
        Self { part: part.into(), out_features, in_features, has_bias: false, orientation: Orientation::OutIn }
    }

    /// The same with a bias, or without one.
    pub fn biased(self, has_bias: bool) -> Self {
        Self { has_bias, ..self }
    }

    /// The same, stored `in × out` as transformers' `Conv1D` is.
    pub fn conv1d(self) -> Self {
        Self { orientation: Orientation::InOut, ..self }
    }

    pub fn tensors(&self, prefix: &str) -> Vec<TensorSpec> {
        let module = format!("{prefix}{}", self.part);
        let shape = match self.orientation {
            Orientation::OutIn => vec![self.out_features, self.in_features],
            Orientation::InOut => vec![self.in_features, self.out_features],
        };
        let weight = TensorSpec { name: format!("{module}.weight"), shape, linear: Some(self.orientation) };
        let bias = self.has_bias.then(|| TensorSpec::other(format!("{module}.bias"), vec![self.out_features]));
        std::iter::once(weight).chain(bias).collect()
    }
}

impl LowRankBranch {
    /// What it adds to these output features.
    pub fn outputs(&self, features: Range<usize>) -> Result<Self> {
        let b = self.b.narrow(0, features.start, features.len())?;
        Ok(Self { a: self.a.clone(), b, scale: self.scale })
    }
}

impl Linear {
    /// `inputs` (`tokens × in`) → `tokens × out`.
    pub fn forward(&self, inputs: &Tensor) -> Result<Tensor> {
        let mut outputs = inputs.matmul(&self.weight)?;
        if let Some(bias) = &self.bias {
            outputs = outputs.broadcast_add(bias)?;
        }
        for LowRankBranch { a, b, scale } in &self.branches {
            let change = inputs.matmul(&a.t()?)?.matmul(&b.t()?)?;
            outputs = (outputs + (change * *scale)?)?;
        }
        Ok(outputs)
    }
}
