//! Buffers that a model's class computes by itself: dumps of a whole state dict hold them, weights on disk do not.

/// Names of buffers that transformers skips where a class does not keep them.
const RECOMPUTED: [&str; 3] = ["inv_freq", "position_ids", "masked_bias"];

/// Whether the tensor `name` is such a buffer.
#[must_use]
pub fn is_recomputed(name: &str) -> bool {
    name.rsplit('.').next().is_some_and(|last| RECOMPUTED.contains(&last))
}
