//! The gated MLP.

use candle_core::{Result, Tensor};

use super::{Activation, Linear};

/// Tokens whose intermediate values are held at once: 3 × 512 × 14,336 × 4 B = 88 MB on an 8B model.
const CHUNK_TOKENS: usize = 512;

/// down(activation(gate(x)) · up(x)).
#[derive(Debug)]
pub(super) struct GatedMlp {
    pub gate: Linear,
    pub up: Linear,
    pub down: Linear,
    pub activation: Activation,
}

impl GatedMlp {
    /// `inputs` and result are `tokens × hidden`.
    pub fn forward(&self, inputs: &Tensor) -> Result<Tensor> {
        let token_count = inputs.dim(0)?;
        let chunk = |start: usize| {
            let inputs = inputs.narrow(0, start, CHUNK_TOKENS.min(token_count - start))?;
            let gate = self.activation.forward(&self.gate.forward(&inputs)?)?;
            self.down.forward(&(gate * self.up.forward(&inputs)?)?)
        };
        let chunks = (0..token_count).step_by(CHUNK_TOKENS).map(chunk).collect::<Result<Vec<_>>>()?;
        Tensor::cat(&chunks, 0)
    }
}

impl Activation {
    fn forward(self, values: &Tensor) -> Result<Tensor> {
        match self {
            Self::Silu => candle_nn::ops::silu(values),
            Self::GeluTanh => values.gelu(),
            Self::GeluErf => values.gelu_erf(),
        }
    }
}

#[cfg(test)]
mod tests {
    use candle_core::Device;

    use super::*;

    #[test]
    fn activations_are_the_functions_that_their_names_say() -> Result<()> {
        let input = Tensor::new(&[-1.0_f32, 0.0, 2.0], &Device::Cpu)?;
        // Values of torch.nn.functional.silu and gelu (approximate "none" and "tanh").
        let cases = [
            ("silu", [-0.268_941, 0.0, 1.761_594]),
            ("gelu", [-0.158_655, 0.0, 1.954_5]),
            ("gelu_pytorch_tanh", [-0.158_808, 0.0, 1.954_598]),
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
