//! Whether a weight is stored `(out, in)` or `(in, out)`: decided by the layer kind (spec section 1.2).

use crate::{
    adapter::{Adapter, Orientation},
    checkpoint::Checkpoint,
};

/// Model types whose projections are transformers' `Conv1D`, stored `(in, out)`.
const CONV1D_MODEL_TYPES: [&str; 4] = ["gpt2", "openai-gpt", "imagegpt", "decision_transformer"];

/// Whether the projections of this pair are `Conv1D`: the base's model type says so, or PEFT saved `fan_in_fan_out`,
/// which it forces to the truth for the layers that it targets.
pub(super) fn uses_conv1d(base: &Checkpoint, adapter: &Adapter) -> bool {
    CONV1D_MODEL_TYPES.contains(&base.config().model_type()) || adapter.config().fan_in_fan_out()
}

/// The orientation in which a weight of `shape` belongs to a layer with `(out, in)` features; `None` when it does not.
///
/// `Conv1D` models have Linear layers too (`lm_head`), so there both are tried; their square weights are `Conv1D`.
pub(super) fn of(shape: &[usize], features: (usize, usize), uses_conv1d: bool) -> Option<Orientation> {
    let allowed: &[Orientation] =
        if uses_conv1d { &[Orientation::InOut, Orientation::OutIn] } else { &[Orientation::OutIn] };
    allowed.iter().copied().find(|orientation| shape == orientation.weight_shape(features))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn shapes_decide_and_squares_follow_the_layer_kind() {
        assert_eq!(of(&[8, 4], (8, 4), false), Some(Orientation::OutIn));
        assert_eq!(of(&[4, 8], (8, 4), false), None, "a transposed Linear is another model");
        assert_eq!(of(&[4, 8], (8, 4), true), Some(Orientation::InOut));
        assert_eq!(of(&[8, 4], (8, 4), true), Some(Orientation::OutIn));
        assert_eq!(of(&[4, 4], (4, 4), true), Some(Orientation::InOut));
        assert_eq!(of(&[8, 4, 1], (8, 4), true), None);
    }
}
