//! Norms of queries and keys before their product (Henry et al. 2020).

use candle_core::{Result, Tensor};

use super::{Heads, Norm, NormSpec, NormStyle, TensorSpec};
use crate::evaluate::{EvalError, weights::ModuleWeights};

/// Norms of q and k by name.
#[derive(Clone, Debug)]
pub(in crate::evaluate) struct HeadNormsSpec {
    pub q: NormSpec,
    pub k: NormSpec,
    pub scope: NormScope,
}

/// What a norm of q or k runs over.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::evaluate) enum NormScope {
    /// Each head by itself, all with the same weight (Qwen3).
    Head,
    /// Each head by itself and with a weight of its own (`norms.0`, `norms.1` …; StableLM 2).
    OwnHead,
    /// All heads together (OLMo 2).
    Projection,
}

/// Norms of q and k, loaded.
#[derive(Debug)]
pub(super) struct HeadNorms {
    q: Norm,
    k: Norm,
    scope: NormScope,
}

impl HeadNormsSpec {
    /// Norms of this style, called `q` and `k`, as wide as `scope` asks.
    pub fn new([q, k]: [&'static str; 2], style: NormStyle, scope: NormScope, heads: Heads) -> Self {
        let norm = |part, all_heads: usize| {
            let width = if scope == NormScope::Projection { all_heads } else { heads.dim };
            NormStyle { width, ..style }.called(part)
        };
        Self { q: norm(q, heads.query_width()), k: norm(k, heads.key_width()), scope }
    }

    pub fn tensors(&self, prefix: &str, heads: Heads) -> Vec<TensorSpec> {
        let norms = [(&self.q, heads.count), (&self.k, heads.kv_count)];
        let tensors = |(norm, count): (&NormSpec, usize)| match self.scope {
            NormScope::Head | NormScope::Projection => norm.tensors(prefix),
            NormScope::OwnHead => {
                let of_head =
                    |head| TensorSpec::other(format!("{prefix}{}", own_weight(norm, head)), vec![norm.style.width]);
                (0..count).map(of_head).collect()
            }
        };
        norms.into_iter().flat_map(tensors).collect()
    }
}

impl HeadNorms {
    pub fn load(spec: &HeadNormsSpec, heads: Heads, module: &ModuleWeights) -> std::result::Result<Self, EvalError> {
        let norm = |norm: &NormSpec, count: usize| match spec.scope {
            NormScope::Head | NormScope::Projection => module.norm(norm),
            NormScope::OwnHead => {
                let weights: Vec<_> = (0..count)
                    .map(|head| module.tensor(&own_weight(norm, head)))
                    .collect::<std::result::Result<_, _>>()?;
                Ok(Norm::new(norm, Tensor::stack(&weights, 0)?, None)?)
            }
        };
        Ok(Self { q: norm(&spec.q, heads.count)?, k: norm(&spec.k, heads.kv_count)?, scope: spec.scope })
    }

    /// Normalises q and k, each `tokens × (heads · dim)`.
    pub fn forward(&self, q: &Tensor, k: &Tensor, heads: Heads) -> Result<[Tensor; 2]> {
        let normalised = |values: &Tensor, norm: &Norm| match self.scope {
            NormScope::Projection => norm.forward(values),
            NormScope::Head | NormScope::OwnHead => {
                let (token_count, width) = values.dims2()?;
                let by_head = values.reshape((token_count, width / heads.dim, heads.dim))?;
                norm.forward(&by_head)?.reshape((token_count, width))
            }
        };
        Ok([normalised(q, &self.q)?, normalised(k, &self.k)?])
    }
}

fn own_weight(norm: &NormSpec, head: usize) -> String {
    format!("{}.norms.{head}.weight", norm.part)
}
