//! Norms over the last dimension.

use candle_core::{D, Result, Tensor};

use super::TensorSpec;

/// A norm by name.
#[derive(Clone, Copy, Debug)]
pub(in crate::evaluate) struct NormSpec {
    /// Its module, below what it is part of (`input_layernorm`).
    pub part: &'static str,
    pub style: NormStyle,
}

/// What a norm does, wherever it stands.
#[derive(Clone, Copy, Debug)]
pub(in crate::evaluate) struct NormStyle {
    pub width: usize,
    pub kind: NormKind,
    pub eps: f64,
}

/// The kinds of norms.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::evaluate) enum NormKind {
    /// x / rms(x) · w (Zhang and Sennrich 2019).
    Rms,
    /// x / rms(x) · (1 + w), as Gemma stores it.
    RmsPlusOne,
    /// (x − mean(x)) / σ(x) · w + b (Ba et al. 2016).
    Layer { has_bias: bool },
}

/// A norm, loaded.
#[derive(Clone, Debug)]
pub(in crate::evaluate) struct Norm {
    kind: NormKind,
    weight: Tensor,
    bias: Option<Tensor>,
    eps: f64,
}

impl NormStyle {
    /// The norm of this style that is stored as `part`.
    pub fn called(self, part: &'static str) -> NormSpec {
        NormSpec { part, style: self }
    }
}

impl NormSpec {
    /// Whether a bias is stored beside the weight.
    pub fn has_bias(&self) -> bool {
        self.style.kind == NormKind::Layer { has_bias: true }
    }

    pub fn tensors(&self, prefix: &str) -> Vec<TensorSpec> {
        let tensor = |last: &str| TensorSpec::other(format!("{prefix}{}.{last}", self.part), vec![self.style.width]);
        std::iter::once(tensor("weight")).chain(self.has_bias().then(|| tensor("bias"))).collect()
    }
}

impl Norm {
    /// The norm with these tensors; a weight of two dimensions has a row for each head.
    pub fn new(spec: &NormSpec, weight: Tensor, bias: Option<Tensor>) -> Result<Self> {
        let NormStyle { kind, eps, .. } = spec.style;
        let weight = if kind == NormKind::RmsPlusOne { (weight + 1.0)? } else { weight };
        Ok(Self { kind, weight, bias, eps })
    }

    /// Normalises `values` (`… × width`).
    pub fn forward(&self, values: &Tensor) -> Result<Tensor> {
        match self.kind {
            NormKind::Rms | NormKind::RmsPlusOne =>
            {
                #[expect(clippy::cast_possible_truncation, reason = "the norm works in f32")]
                candle_nn::ops::rms_norm(&values.contiguous()?, &self.weight, self.eps as f32)
            }
            NormKind::Layer { .. } => {
                // The mean is taken off first: E[x²] − E[x]² would lose digits where activations are far from zero.
                let centred = values.broadcast_sub(&values.mean_keepdim(D::Minus1)?)?;
                let deviation = (centred.sqr()?.mean_keepdim(D::Minus1)? + self.eps)?.sqrt()?;
                let scaled = centred.broadcast_div(&deviation)?.broadcast_mul(&self.weight)?;
                self.bias.as_ref().map_or(Ok(scaled.clone()), |bias| scaled.broadcast_add(bias))
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use candle_core::Device;

    use super::*;

    fn normalised(kind: NormKind, values: &[f32]) -> Result<Vec<f32>> {
        let spec = NormStyle { width: values.len(), kind, eps: 0.0 }.called("norm");
        let weight = Tensor::full(2_f32, values.len(), &Device::Cpu)?;
        let bias = spec.has_bias().then(|| Tensor::full(1_f32, values.len(), &Device::Cpu)).transpose()?;
        let input = Tensor::new(values, &Device::Cpu)?.unsqueeze(0)?;
        Norm::new(&spec, weight, bias)?.forward(&input)?.squeeze(0)?.to_vec1()
    }

    #[test]
    fn each_kind_is_its_formula() -> Result<()> {
        assert_eq!(normalised(NormKind::Rms, &[1.0, -7.0])?, [0.4, -2.8]);
        assert_eq!(normalised(NormKind::RmsPlusOne, &[1.0, -7.0])?, [0.6, -4.2]);
        assert_eq!(normalised(NormKind::Layer { has_bias: false }, &[1.0, -7.0])?, [2.0, -2.0]);
        assert_eq!(normalised(NormKind::Layer { has_bias: true }, &[1.0, -7.0])?, [3.0, -1.0]);
        Ok(())
    }

    #[test]
    fn a_large_mean_costs_a_layer_norm_no_digits() -> Result<()> {
        let near = normalised(NormKind::Layer { has_bias: false }, &[-1.0, 1.0])?;
        assert_eq!(normalised(NormKind::Layer { has_bias: false }, &[9_999.0, 10_001.0])?, near);
        Ok(())
    }
}
