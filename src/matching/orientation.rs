//! Whether a weight is stored `(out, in)` or `(in, out)`: decided by the layer kind (spec sections 1.2 and 2.8).

use crate::{
    adapter::{Adapter, Effect, Layer, Orientation, Target, TargetUpdate},
    checkpoint::Checkpoint,
};

/// Model types whose projections are transformers' `Conv1D`, stored `(in, out)`.
const CONV1D_MODEL_TYPES: [&str; 4] = ["gpt2", "openai-gpt", "imagegpt", "decision_transformer"];

/// Model types whose experts transformers marks as `is_transposed`, stored `(experts, in, out)`.
const TRANSPOSED_EXPERT_TYPES: [&str; 3] = ["gpt_oss", "openai_privacy_filter", "aria"];

/// The orientations that are tried for the layers of one pair of base and adapter, by kind.
#[derive(Clone, Copy, Debug)]
pub(super) struct Layouts {
    /// Whether projections may be `Conv1D`.
    uses_conv1d: bool,
    /// The first choice for expert weights, which decides where they are square.
    experts: Orientation,
}

impl Layouts {
    /// What model type and PEFT version say.
    pub fn of(base: &Checkpoint, adapter: &Adapter) -> Self {
        let model_type = base.config().model_type();
        // PEFT forces `fan_in_fan_out` to the truth for the layers that it targets.
        let uses_conv1d = CONV1D_MODEL_TYPES.contains(&model_type) || adapter.config().fan_in_fan_out();
        let is_transposed = TRANSPOSED_EXPERT_TYPES.contains(&model_type) || !adapter.config().is_from_peft(0, 19);
        Self { uses_conv1d, experts: if is_transposed { Orientation::InOut } else { Orientation::OutIn } }
    }

    /// The same with the orientation of the adapter's experts that are not square, which the others share.
    pub fn with_experts_like<'a>(self, mut found: impl Iterator<Item = (&'a dyn TargetUpdate, &'a [usize])>) -> Self {
        let only_fit = |(update, shape): (&dyn TargetUpdate, &[usize])| {
            let fits = |orientation| update.layer() == Layer::Experts && update.fits(shape, orientation);
            match (fits(Orientation::OutIn), fits(Orientation::InOut)) {
                (true, false) => Some(Orientation::OutIn),
                (false, true) => Some(Orientation::InOut),
                _ => None,
            }
        };
        let experts = found.find_map(only_fit).unwrap_or(self.experts);
        Self { experts, ..self }
    }

    /// The first choice for expert weights.
    pub fn experts(self) -> Orientation {
        self.experts
    }

    /// The orientation in which a parameter of `shape` belongs to `update`; `None` when it does not.
    ///
    /// `Conv1D` models have Linear layers too (`lm_head`), so there both are tried; their square weights are `Conv1D`.
    pub fn orientation(self, update: &dyn TargetUpdate, shape: &[usize]) -> Option<Orientation> {
        use Orientation::{InOut, OutIn};
        let tried: &[Orientation] = match (update.layer(), self.experts) {
            (Layer::Linear, _) if self.uses_conv1d => &[InOut, OutIn],
            (Layer::Linear | Layer::Fixed, _) => &[OutIn],
            (Layer::Experts, OutIn) => &[OutIn, InOut],
            (Layer::Experts, InOut) => &[InOut, OutIn],
        };
        tried.iter().copied().find(|orientation| update.fits(shape, *orientation))
    }

    /// Whether a parameter of `shape` can be what `target` is for.
    pub fn suits(self, target: &Target, shape: &[usize]) -> bool {
        match &target.effect {
            Effect::Update(update) => self.orientation(update.as_ref(), shape).is_some(),
            // The number of rows may differ: a vocabulary grows, a classifier gets other labels.
            Effect::Replace(replacement) => {
                let new_shape = replacement.tensor().shape();
                new_shape.len() == shape.len() && new_shape.iter().skip(1).eq(shape.iter().skip(1))
            }
        }
    }
}
