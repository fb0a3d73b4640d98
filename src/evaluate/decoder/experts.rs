//! A mixture of gated MLPs, of which each token takes a few (Shazeer et al. 2017).

use candle_core::{D, Device, Result, Tensor};

use super::{Activation, GateUp, GatedMlp, Linear, LinearSpec, TensorSpec};
use crate::evaluate::{EvalError, weights::ModuleWeights};

/// A mixture by names, shapes and numbers.
#[derive(Clone, Debug)]
pub(in crate::evaluate) struct ExpertsSpec {
    /// Its outputs are one score for each expert.
    pub router: LinearSpec,
    pub storage: ExpertStorage,
    pub count: usize,
    /// Experts that each token takes.
    pub active_count: usize,
    /// Whether the shares of those are divided by their sum.
    pub normalises_shares: bool,
    pub hidden_size: usize,
    pub intermediate_size: usize,
    pub activation: Activation,
}

/// How the experts' matrices lie on disk.
#[derive(Clone, Debug)]
pub(in crate::evaluate) enum ExpertStorage {
    /// Each by itself: `{part}.{expert}.{gate}`, `… {up}`, `… {down}`.
    Apart { part: String, names: [&'static str; 3] },
    /// `{part}.gate_up_proj` (`experts × 2·intermediate × hidden`, the gate first) and `{part}.down_proj`
    /// (`experts × hidden × intermediate`), as transformers 5 holds them in memory.
    Joined { part: String },
}

/// A mixture, loaded.
#[derive(Debug)]
pub(super) struct Experts {
    router: Linear,
    mlps: Vec<GatedMlp<Linear>>,
    active_count: usize,
    normalises_shares: bool,
}

impl ExpertsSpec {
    pub fn tensors(&self, prefix: &str) -> Vec<TensorSpec> {
        let mut tensors = self.router.tensors(prefix);
        match &self.storage {
            ExpertStorage::Apart { part, names } => {
                let linears = (0..self.count).flat_map(|expert| {
                    self.separate(part, *names, expert).linears().into_iter().cloned().collect::<Vec<_>>()
                });
                tensors.extend(linears.flat_map(|linear| linear.tensors(prefix)));
            }
            ExpertStorage::Joined { part } => {
                for (name, rows, columns) in self.joined() {
                    tensors.push(TensorSpec::other(format!("{prefix}{part}.{name}"), vec![self.count, rows, columns]));
                }
            }
        }
        tensors
    }

    fn separate(&self, part: &str, [gate, up, down]: [&str; 3], expert: usize) -> GatedMlp<LinearSpec> {
        let (hidden, inner) = (self.hidden_size, self.intermediate_size);
        let linear = |name: &str, out, inputs| LinearSpec::new(format!("{part}.{expert}.{name}"), out, inputs);
        let gate_up = GateUp::Apart { gate: linear(gate, inner, hidden), up: linear(up, inner, hidden) };
        GatedMlp { gate_up, down: linear(down, hidden, inner), activation: self.activation }
    }

    /// The tensors of all experts with the rows and columns that each expert has.
    fn joined(&self) -> [(&'static str, usize, usize); 2] {
        let (hidden, inner) = (self.hidden_size, self.intermediate_size);
        [("gate_up_proj", 2 * inner, hidden), ("down_proj", hidden, inner)]
    }

    fn load(&self, expert: usize, module: &ModuleWeights) -> std::result::Result<GatedMlp<Linear>, EvalError> {
        match &self.storage {
            ExpertStorage::Apart { part, names } => self.separate(part, *names, expert).load(module),
            ExpertStorage::Joined { part } => {
                let matrix = |(name, rows, _): (&str, usize, usize)| {
                    let weight = module.turned_rows(&format!("{part}.{name}"), expert * rows..(expert + 1) * rows)?;
                    Ok::<_, EvalError>(Linear { weight, bias: None, branches: Vec::new() })
                };
                let [gate_up, down] = self.joined();
                let (gate_up, down) = (GateUp::Fused(matrix(gate_up)?), matrix(down)?);
                Ok(GatedMlp { gate_up, down, activation: self.activation })
            }
        }
    }
}

impl Experts {
    pub fn load(spec: &ExpertsSpec, module: &ModuleWeights) -> std::result::Result<Self, EvalError> {
        Ok(Self {
            router: module.linear(&spec.router)?,
            mlps: (0..spec.count).map(|expert| spec.load(expert, module)).collect::<std::result::Result<_, _>>()?,
            active_count: spec.active_count,
            normalises_shares: spec.normalises_shares,
        })
    }

    pub fn into_linears(self) -> Vec<Linear> {
        let experts = self.mlps.into_iter().flat_map(GatedMlp::into_linears);
        std::iter::once(self.router).chain(experts).collect()
    }

    /// `inputs` and result are `tokens × hidden`.
    pub fn forward(&self, inputs: &Tensor) -> Result<Tensor> {
        let shares = candle_nn::ops::softmax(&self.router.forward(inputs)?, D::Minus1)?.to_vec2::<f32>()?;
        let mut outputs = inputs.zeros_like()?;
        for (expert, routed) in self.mlps.iter().zip(self.routes(&shares)) {
            if routed.is_empty() {
                continue;
            }
            let (tokens, shares): (Vec<u32>, Vec<f32>) = routed.into_iter().unzip();
            let shares = Tensor::from_vec(shares, (tokens.len(), 1), &Device::Cpu)?;
            let tokens = Tensor::new(tokens, &Device::Cpu)?;
            let change = expert.forward(&inputs.index_select(&tokens, 0)?)?.broadcast_mul(&shares)?;
            outputs = outputs.index_add(&tokens, &change, 0)?;
        }
        Ok(outputs)
    }

    /// For each expert, its tokens with its share in each.
    fn routes(&self, shares: &[Vec<f32>]) -> Vec<Vec<(u32, f32)>> {
        let mut routes = vec![Vec::new(); self.mlps.len()];
        for (token, shares) in (0_u32..).zip(shares) {
            let mut chosen: Vec<usize> = (0..shares.len()).collect();
            chosen.sort_by(|a, b| shares[*b].total_cmp(&shares[*a]));
            chosen.truncate(self.active_count);
            let sum: f32 = if self.normalises_shares { chosen.iter().map(|expert| shares[*expert]).sum() } else { 1.0 };
            for expert in chosen {
                routes[expert].push((token, shares[expert] / sum));
            }
        }
        routes
    }
}
