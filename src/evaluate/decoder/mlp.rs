//! The MLP of a layer: gated, plain, or a mixture of gated ones.

use candle_core::{Result, Tensor};

use super::{Activation, ExpertsSpec, Linear, LinearSpec, TensorSpec, experts::Experts, gating::Gating};
use crate::evaluate::{EvalError, weights::ModuleWeights};

/// Tokens whose intermediate values are held at once: 3 × 512 × 14,336 × 4 B = 88 MB on an 8B model.
const CHUNK_TOKENS: usize = 512;

/// An MLP by names, shapes and numbers.
#[derive(Clone, Debug)]
pub(in crate::evaluate) enum MlpSpec {
    Gated(GatedMlp<LinearSpec>),
    Plain(PlainMlp<LinearSpec>),
    Experts(ExpertsSpec),
}

/// An MLP, loaded.
#[derive(Debug)]
pub(super) enum Mlp {
    Gated(GatedMlp<Linear>),
    Plain(PlainMlp<Linear>),
    Experts(Experts),
}

/// down(activation(gate(x)) · up(x)) (Shazeer 2020); `L` is a linear layer, described or loaded.
#[derive(Clone, Debug)]
pub(in crate::evaluate) struct GatedMlp<L> {
    pub gate_up: GateUp<L>,
    pub down: L,
    pub activation: Activation,
}

/// The first half of a gated MLP.
#[derive(Clone, Debug)]
pub(in crate::evaluate) enum GateUp<L> {
    Apart {
        gate: L,
        up: L,
    },
    /// One projection: all features of the gate, then all of the other half.
    Fused(L),
}

/// down(activation(up(x))).
#[derive(Clone, Debug)]
pub(in crate::evaluate) struct PlainMlp<L> {
    pub up: L,
    pub down: L,
    pub activation: Activation,
}

impl MlpSpec {
    /// Says whether the projections have biases; a router never has one.
    pub fn set_bias(&mut self, has_bias: bool) {
        let linears = match self {
            Self::Gated(GatedMlp { gate_up: GateUp::Apart { gate, up }, down, .. }) => vec![gate, up, down],
            Self::Gated(GatedMlp { gate_up: GateUp::Fused(gate_up), down, .. }) => vec![gate_up, down],
            Self::Plain(PlainMlp { up, down, .. }) => vec![up, down],
            Self::Experts(_) => Vec::new(),
        };
        for linear in linears {
            linear.has_bias = has_bias;
        }
    }

    pub fn tensors(&self, prefix: &str) -> Vec<TensorSpec> {
        let linears = match self {
            Self::Gated(mlp) => mlp.linears(),
            Self::Plain(mlp) => vec![&mlp.up, &mlp.down],
            Self::Experts(experts) => return experts.tensors(prefix),
        };
        linears.into_iter().flat_map(|linear| linear.tensors(prefix)).collect()
    }
}

impl Mlp {
    pub fn load(spec: &MlpSpec, module: &ModuleWeights) -> std::result::Result<Self, EvalError> {
        Ok(match spec {
            MlpSpec::Gated(mlp) => Self::Gated(mlp.load(module)?),
            MlpSpec::Plain(PlainMlp { up, down, activation }) => {
                let (up, down) = (module.linear(up)?, module.linear(down)?);
                Self::Plain(PlainMlp { up, down, activation: *activation })
            }
            MlpSpec::Experts(experts) => Self::Experts(Experts::load(experts, module)?),
        })
    }

    pub fn into_linears(self) -> Vec<Linear> {
        match self {
            Self::Gated(mlp) => mlp.into_linears(),
            Self::Plain(mlp) => vec![mlp.up, mlp.down],
            Self::Experts(experts) => experts.into_linears(),
        }
    }

    /// `inputs` and result are `tokens × hidden`.
    pub fn forward(&self, inputs: &Tensor) -> Result<Tensor> {
        match self {
            Self::Gated(mlp) => mlp.forward(inputs),
            Self::Plain(mlp) => mlp.forward(inputs),
            Self::Experts(experts) => experts.forward(inputs),
        }
    }
}

impl GatedMlp<LinearSpec> {
    /// The linear layers, in the order in which they are stored.
    pub fn linears(&self) -> Vec<&LinearSpec> {
        match &self.gate_up {
            GateUp::Apart { gate, up } => vec![gate, up, &self.down],
            GateUp::Fused(gate_up) => vec![gate_up, &self.down],
        }
    }

    pub fn load(&self, module: &ModuleWeights) -> std::result::Result<GatedMlp<Linear>, EvalError> {
        let gate_up = match &self.gate_up {
            GateUp::Apart { gate, up } => GateUp::Apart { gate: module.linear(gate)?, up: module.linear(up)? },
            GateUp::Fused(gate_up) => GateUp::Fused(module.linear(gate_up)?),
        };
        Ok(GatedMlp { gate_up, down: module.linear(&self.down)?, activation: self.activation })
    }
}

impl GatedMlp<Linear> {
    pub fn into_linears(self) -> Vec<Linear> {
        match self.gate_up {
            GateUp::Apart { gate, up } => vec![gate, up, self.down],
            GateUp::Fused(gate_up) => vec![gate_up, self.down],
        }
    }

    pub fn forward(&self, inputs: &Tensor) -> Result<Tensor> {
        in_chunks(inputs, |inputs| {
            let [gate, up] = match &self.gate_up {
                GateUp::Apart { gate, up } => [gate.forward(inputs)?, up.forward(inputs)?],
                GateUp::Fused(gate_up) => {
                    let both = gate_up.forward(inputs)?;
                    let width = both.dim(1)? / 2;
                    [both.narrow(1, 0, width)?, both.narrow(1, width, width)?]
                }
            };
            self.down.forward(&gate.apply_op2_no_bwd(&up, &Gating(self.activation))?)
        })
    }
}

impl PlainMlp<Linear> {
    fn forward(&self, inputs: &Tensor) -> Result<Tensor> {
        in_chunks(inputs, |inputs| self.down.forward(&self.activation.forward(&self.up.forward(inputs)?)?))
    }
}

/// Applies `forward` to a few tokens at a time.
fn in_chunks(inputs: &Tensor, forward: impl Fn(&Tensor) -> Result<Tensor>) -> Result<Tensor> {
    let token_count = inputs.dim(0)?;
    let chunk = |start: usize| forward(&inputs.narrow(0, start, CHUNK_TOKENS.min(token_count - start))?);
    let chunks = (0..token_count).step_by(CHUNK_TOKENS).map(chunk).collect::<Result<Vec<_>>>()?;
    Tensor::cat(&chunks, 0)
}
