//! Queries, keys and values from one projection or from three.

use candle_core::{Result, Tensor};

use super::{Linear, LinearSpec};

/// How many heads there are, and how wide.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::evaluate) struct Heads {
    pub count: usize,
    /// Heads of keys and values, each shared by a group of query heads (Ainslie et al. 2023).
    pub kv_count: usize,
    pub dim: usize,
}

/// The projections to q, k and v; `L` is a linear layer, described or loaded.
#[derive(Clone, Debug)]
pub(in crate::evaluate) enum Qkv<L> {
    Apart { q: L, k: L, v: L },
    Fused { qkv: L, layout: QkvLayout },
}

/// In which order a fused projection gives its features.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::evaluate) enum QkvLayout {
    /// All of q, then all of k, then all of v.
    Blocks,
    /// For each head of k: the queries of its group, the key, the value.
    Grouped,
}

impl Heads {
    /// Features of all queries.
    pub fn query_width(self) -> usize {
        self.count * self.dim
    }

    /// Features of all keys, and as many of all values.
    pub fn key_width(self) -> usize {
        self.kv_count * self.dim
    }

    /// Features of queries, keys and values together.
    pub fn fused_width(self) -> usize {
        self.query_width() + 2 * self.key_width()
    }
}

impl<L> Qkv<L> {
    pub fn try_map<M, E>(
        &self,
        mut map: impl FnMut(&L) -> std::result::Result<M, E>,
    ) -> std::result::Result<Qkv<M>, E> {
        Ok(match self {
            Self::Apart { q, k, v } => Qkv::Apart { q: map(q)?, k: map(k)?, v: map(v)? },
            Self::Fused { qkv, layout } => Qkv::Fused { qkv: map(qkv)?, layout: *layout },
        })
    }

    pub fn parts(&self) -> Vec<&L> {
        match self {
            Self::Apart { q, k, v } => vec![q, k, v],
            Self::Fused { qkv, .. } => vec![qkv],
        }
    }
}

impl Qkv<LinearSpec> {
    /// Three projections of `hidden_size` features, called `q`, `k` and `v`, without biases.
    pub fn apart([q, k, v]: [&str; 3], heads: Heads, hidden_size: usize) -> Self {
        Self::Apart {
            q: LinearSpec::new(q, heads.query_width(), hidden_size),
            k: LinearSpec::new(k, heads.key_width(), hidden_size),
            v: LinearSpec::new(v, heads.key_width(), hidden_size),
        }
    }

    /// One projection called `qkv`.
    pub fn fused(qkv: LinearSpec, layout: QkvLayout) -> Self {
        Self::Fused { qkv, layout }
    }

    /// The same with biases, or without.
    pub fn biased(&self, has_bias: bool) -> Self {
        let biased = |part: &LinearSpec| Ok::<_, std::convert::Infallible>(part.clone().biased(has_bias));
        self.try_map(biased).unwrap_or_else(|never| match never {})
    }
}

impl Qkv<Linear> {
    /// `inputs` (`tokens × hidden`) → q, k and v, each `tokens × (heads · dim)`.
    pub fn forward(&self, inputs: &Tensor, heads: Heads) -> Result<[Tensor; 3]> {
        match self {
            Self::Apart { q, k, v } => Ok([q.forward(inputs)?, k.forward(inputs)?, v.forward(inputs)?]),
            Self::Fused { qkv, layout } => layout.split(&qkv.forward(inputs)?, heads),
        }
    }
}

impl QkvLayout {
    /// `fused` (`tokens × fused_width`) → q, k and v.
    fn split(self, fused: &Tensor, heads: Heads) -> Result<[Tensor; 3]> {
        let token_count = fused.dim(0)?;
        let (query, key) = (heads.query_width(), heads.key_width());
        match self {
            Self::Blocks => {
                Ok([fused.narrow(1, 0, query)?, fused.narrow(1, query, key)?, fused.narrow(1, query + key, key)?])
            }
            Self::Grouped => {
                let group = heads.count / heads.kv_count;
                let grouped = fused.reshape((token_count, heads.kv_count, group + 2, heads.dim))?;
                let part = |start: usize, len: usize| {
                    grouped.narrow(2, start, len)?.reshape((token_count, heads.kv_count * len * heads.dim))
                };
                Ok([part(0, group)?, part(group, 1)?, part(group + 1, 1)?])
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use candle_core::Device;

    use super::*;

    #[test]
    fn each_layout_finds_its_features() -> Result<()> {
        let heads = Heads { count: 4, kv_count: 2, dim: 1 };
        let fused = Tensor::arange(0_f32, 8.0, &Device::Cpu)?.unsqueeze(0)?;
        let split = |layout: QkvLayout| -> Result<Vec<Vec<f32>>> {
            layout.split(&fused, heads)?.iter().map(|part| part.squeeze(0)?.to_vec1()).collect()
        };
        assert_eq!(split(QkvLayout::Blocks)?, [vec![0.0, 1.0, 2.0, 3.0], vec![4.0, 5.0], vec![6.0, 7.0]]);
        assert_eq!(split(QkvLayout::Grouped)?, [vec![0.0, 1.0, 4.0, 5.0], vec![2.0, 6.0], vec![3.0, 7.0]]);
        Ok(())
    }
}
