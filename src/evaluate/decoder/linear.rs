//! y = Wx + b, with adapters beside it where they are evaluated unmerged.

use candle_core::{Result, Tensor};

/// A linear layer in f32.
#[derive(Clone, Debug)]
pub(in crate::evaluate) struct Linear {
    /// `out × in`.
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

impl Linear {
    /// `inputs` (`tokens × in`) → `tokens × out`.
    pub fn forward(&self, inputs: &Tensor) -> Result<Tensor> {
        let mut outputs = inputs.matmul(&self.weight.t()?)?;
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
