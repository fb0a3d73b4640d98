//! Causal grouped-query attention over windows, in blocks of queries so that scores never cover a window squared.

use candle_core::{Result, Tensor};

use super::{
    AttentionSpec, Linear, Qkv, Rotation,
    head_norms::HeadNorms,
    masked_softmax::{MaskedSoftmax, Sight},
};
use crate::evaluate::{EvalError, weights::ModuleWeights};

/// Queries whose scores are held at once: 32 heads × 256 × 2048 × 4 B = 67 MB.
const QUERY_BLOCK: usize = 256;

/// Keys and values of the tokens that came before, for one layer.
#[derive(Clone, Debug, Default)]
pub(in crate::evaluate) struct KvCache(Option<(Tensor, Tensor)>);

impl KvCache {
    /// Puts `k` and `v` (`kv_heads × tokens × head_dim`) behind those held, and gives all of them.
    fn extended(&mut self, k: Tensor, v: Tensor) -> Result<(Tensor, Tensor)> {
        let all = match &self.0 {
            Some((past_k, past_v)) => (Tensor::cat(&[past_k, &k], 1)?, Tensor::cat(&[past_v, &v], 1)?),
            None => (k, v),
        };
        self.0 = Some(all.clone());
        Ok(all)
    }
}

/// The attention of one layer, loaded.
#[derive(Debug)]
pub(super) struct Attention {
    spec: AttentionSpec,
    qkv: Qkv<Linear>,
    output: Linear,
    head_norms: Option<HeadNorms>,
}

impl Attention {
    pub fn load(spec: &AttentionSpec, module: &ModuleWeights) -> std::result::Result<Self, EvalError> {
        let head_norms = spec.head_norms.as_ref().map(|norms| HeadNorms::load(norms, spec.heads, module));
        Ok(Self {
            spec: spec.clone(),
            qkv: spec.qkv.try_map(|linear| module.linear(linear))?,
            output: module.linear(&spec.output)?,
            head_norms: head_norms.transpose()?,
        })
    }

    pub fn into_linears(self) -> Vec<Linear> {
        match self.qkv {
            Qkv::Apart { q, k, v } => vec![q, k, v, self.output],
            Qkv::Fused { qkv, .. } => vec![qkv, self.output],
        }
    }

    /// `inputs` (`tokens × hidden`) holds windows of `lengths`, one after another; none sees another.
    pub fn forward(&self, inputs: &Tensor, lengths: &[usize], rotations: &[Rotation]) -> Result<Tensor> {
        let [q, k, v] = self.heads(inputs, rotations)?;
        let mut blocks = Vec::new();
        let mut start = 0;
        for len in lengths {
            let window = |heads: &Tensor| heads.narrow(1, start, *len);
            self.attend(&window(&q)?, (&window(&k)?, &window(&v)?), &mut blocks)?;
            start += len;
        }
        self.output.forward(&Tensor::cat(&blocks, 0)?)
    }

    /// `inputs` continue the tokens in `cache`, which takes them in.
    pub fn forward_cached(&self, inputs: &Tensor, rotations: &[Rotation], cache: &mut KvCache) -> Result<Tensor> {
        let [q, k, v] = self.heads(inputs, rotations)?;
        let (k, v) = cache.extended(k, v)?;
        let mut blocks = Vec::new();
        self.attend(&q, (&k, &v), &mut blocks)?;
        self.output.forward(&Tensor::cat(&blocks, 0)?)
    }

    /// Rotated and scaled q, rotated k, and v, each `heads × tokens × head_dim`.
    fn heads(&self, inputs: &Tensor, rotations: &[Rotation]) -> Result<[Tensor; 3]> {
        let heads = self.spec.heads;
        let [mut q, mut k, v] = self.qkv.forward(inputs, heads)?;
        if let Some(norms) = &self.head_norms {
            [q, k] = norms.forward(&q, &k, heads)?;
        }
        let [mut q, mut k, v] = [by_head(&q, heads.count)?, by_head(&k, heads.kv_count)?, by_head(&v, heads.kv_count)?];
        if let Some(rotation) = self.spec.rope.map(|rope| &rotations[rope]) {
            [q, k] = [rotation.rotate(&q)?, rotation.rotate(&k)?];
        }
        Ok([(q * self.spec.scale)?, k, v])
    }

    /// One window, whose last tokens ask; pushes blocks of `queries × (heads · head_dim)`.
    fn attend(&self, q: &Tensor, (k, v): (&Tensor, &Tensor), blocks: &mut Vec<Tensor>) -> Result<()> {
        let (head_count, query_count, head_dim) = q.dims3()?;
        let (kv_head_count, sliding_window) = (self.spec.heads.kv_count, self.spec.sliding_window);
        let past = k.dim(1)? - query_count;
        let group = head_count / kv_head_count;
        for start in (0..query_count).step_by(QUERY_BLOCK) {
            let count = QUERY_BLOCK.min(query_count - start);
            let first = past + start;
            let first_key = sliding_window.map_or(0, |window| (first + 1).saturating_sub(window));
            let key_count = first + count - first_key;
            // The heads of a group lie side by side, so that their queries share one product with the group's keys.
            let queries = q.narrow(1, start, count)?.contiguous()?;
            let queries = queries.reshape((kv_head_count, group * count, head_dim))?;
            let keys = k.narrow(1, first_key, key_count)?.contiguous()?;
            let values = v.narrow(1, first_key, key_count)?.contiguous()?;
            let weights = queries.matmul(&keys.transpose(1, 2)?)?;
            let sight = Sight { first_query: first, query_count: count, first_key, sliding_window };
            weights.inplace_op1(&MaskedSoftmax { sight, key_count, score_cap: self.spec.score_cap })?;
            let mixed = weights.matmul(&values)?.reshape((head_count, count, head_dim))?;
            blocks.push(mixed.transpose(0, 1)?.contiguous()?.flatten_from(1)?);
        }
        Ok(())
    }
}

/// `tokens × (heads · head_dim)` → `heads × tokens × head_dim`.
fn by_head(projected: &Tensor, head_count: usize) -> Result<Tensor> {
    let (token_count, width) = projected.dims2()?;
    projected.reshape((token_count, head_count, width / head_count))?.transpose(0, 1)?.contiguous()
}
