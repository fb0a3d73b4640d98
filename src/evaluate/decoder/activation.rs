//! The functions between the two halves of an MLP.

use candle_core::{CpuStorage, CustomOp1, Layout, Result, Shape, Tensor, bail, cpu::erf::erf_f32};
use rayon::prelude::*;

/// Values worth a thread of their own.
const MIN_VALUES: usize = 1 << 12;

/// An elementwise function.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::evaluate) enum Activation {
    /// x·σ(x).
    Silu,
    /// GELU by its tanh approximation.
    GeluTanh,
    /// GELU by the error function.
    GeluErf,
    /// x·σ(1.702 x).
    QuickGelu,
    /// max(x, 0).
    Relu,
}

impl Activation {
    /// The names that configs use.
    pub const NAMES: [&str; 8] =
        ["silu", "swish", "gelu", "gelu_new", "gelu_fast", "gelu_pytorch_tanh", "quick_gelu", "relu"];

    /// The function that transformers calls `name`.
    pub fn from_name(name: &str) -> Option<Self> {
        match name {
            "silu" | "swish" => Some(Self::Silu),
            "gelu_new" | "gelu_fast" | "gelu_pytorch_tanh" => Some(Self::GeluTanh),
            "gelu" => Some(Self::GeluErf),
            "quick_gelu" => Some(Self::QuickGelu),
            "relu" => Some(Self::Relu),
            _ => None,
        }
    }

    /// The function of one value.
    pub fn of(self, value: f32) -> f32 {
        match self {
            Self::Silu => value / (1.0 + (-value).exp()),
            Self::GeluTanh => {
                let inner = (2.0 / std::f32::consts::PI).sqrt() * value * (1.0 + 0.044_715 * value * value);
                0.5 * value * (1.0 + inner.tanh())
            }
            Self::GeluErf => 0.5 * value * (1.0 + erf_f32(value * std::f32::consts::FRAC_1_SQRT_2)),
            Self::QuickGelu => value / (1.0 + (-1.702 * value).exp()),
            Self::Relu => value.max(0.0),
        }
    }

    /// The function of every value.
    pub fn forward(self, values: &Tensor) -> Result<Tensor> {
        values.apply_op1_no_bwd(&Elementwise(self))
    }
}

/// A function of every value, by all cores.
struct Elementwise(Activation);

impl CustomOp1 for Elementwise {
    fn name(&self) -> &'static str {
        "activation"
    }

    fn cpu_fwd(&self, storage: &CpuStorage, layout: &Layout) -> Result<(CpuStorage, Shape)> {
        let (CpuStorage::F32(values), Some((start, end))) = (storage, layout.contiguous_offsets()) else {
            bail!("the values of an activation are contiguous and f32");
        };
        let results = values[start..end].par_iter().with_min_len(MIN_VALUES).map(|value| self.0.of(*value)).collect();
        Ok((CpuStorage::F32(results), layout.shape().clone()))
    }
}

#[cfg(test)]
mod tests {
    use candle_core::Device;

    use super::*;

    #[test]
    fn activations_are_the_functions_that_their_names_say() -> Result<()> {
        let input = Tensor::new(&[-1.0_f32, 0.0, 2.0], &Device::Cpu)?;
        // Values of torch.nn.functional.silu, gelu (approximate "none" and "tanh") and relu, and of x·σ(1.702 x).
        let cases = [
            ("silu", [-0.268_941, 0.0, 1.761_594]),
            ("gelu", [-0.158_655, 0.0, 1.954_5]),
            ("gelu_pytorch_tanh", [-0.158_808, 0.0, 1.954_598]),
            ("quick_gelu", [-0.154_204, 0.0, 1.935_659]),
            ("relu", [0.0, 0.0, 2.0]),
        ];
        for (name, expected) in cases {
            let activation = Activation::from_name(name).expect("a known name");
            for (actual, expected) in activation.forward(&input)?.to_vec1::<f32>()?.iter().zip(expected) {
                assert!((actual - expected).abs() < 1e-5, "{name}: {actual} and {expected}");
            }
        }
        assert!(Activation::NAMES.iter().all(|name| Activation::from_name(name).is_some()));
        assert_eq!(Activation::from_name("relu2"), None);
        Ok(())
    }
}
