//! Whether a weight is stored `(out, in)` or `(in, out)`: decided by the class of its module, then by its shape, and
//! where neither is known by what the adapter's config says (spec sections 1.2 and 2.8).

use super::ClashReason;
use crate::{
    adapter::{Adapter, Effect, Layer, Orientation, Target, TargetUpdate},
    architecture::{Architecture, is_conv1d_anywhere},
};

/// Last segments of modules that are `Linear` in every class of transformers.
const LINEAR_NAMES: [&str; 14] = [
    "q_proj",
    "k_proj",
    "v_proj",
    "o_proj",
    "out_proj",
    "gate_proj",
    "up_proj",
    "down_proj",
    "query",
    "key",
    "value",
    "dense",
    "lm_head",
    "score",
];

/// The orientations that are tried for the layers of one pair of base and adapter.
#[derive(Clone, Copy, Debug)]
pub(super) struct Layouts<'a> {
    architecture: &'a Architecture<'a>,
    /// What `fan_in_fan_out` says. PEFT sets it to the kind of the layer that it came to last, and some trainers do
    /// not even that.
    stated: Orientation,
    /// Whether a layer of unknown class that is not square lies the other way.
    is_contradicted: bool,
    /// How the layers lie whose names are those of `Conv1D`, where one of them is not square.
    conv1d_named: Option<Orientation>,
}

/// A square weight of a class that is not known: nothing but the adapter's config says how it lies.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StatedOrientation {
    /// Index into the list of adapters.
    pub adapter: usize,
    /// The tensor.
    pub tensor: String,
    /// How it lies, by `fan_in_fan_out`.
    pub orientation: Orientation,
}

/// How a parameter lies, and how that is known.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Lie {
    /// By its class or its shape.
    Known(Orientation),
    /// It is square and its class unknown: as the config says.
    Stated(Orientation),
    /// It is square, its class unknown, and what speaks of it disagrees.
    Contested(ClashReason),
    /// The update is for another shape.
    Misfit,
}

impl<'a> Layouts<'a> {
    /// What class and config say.
    pub fn of(architecture: &'a Architecture<'a>, adapter: &Adapter) -> Self {
        let stated = if adapter.config().fan_in_fan_out() { Orientation::InOut } else { Orientation::OutIn };
        Self { architecture, stated, is_contradicted: false, conv1d_named: None }
    }

    /// The same with what the adapter's layers that are not square say of the others: a layer of unknown class may
    /// contradict the config. Modules are disk paths.
    pub fn with_evidence(self, found: &[(String, &dyn TargetUpdate, &[usize])]) -> Self {
        let only_fit = |update: &dyn TargetUpdate, shape: &[usize]| match (
            update.fits(shape, Orientation::OutIn),
            update.fits(shape, Orientation::InOut),
        ) {
            (true, false) => Some(Orientation::OutIn),
            (false, true) => Some(Orientation::InOut),
            _ => None,
        };
        let unknown = found.iter().filter(|(module, update, _)| {
            update.layer() == Layer::Linear && self.architecture.is_conv1d(module).is_none()
        });
        let is_other = |orientation: Orientation| orientation != self.stated;
        let nameless = unknown.clone().filter(|(module, ..)| named(module).is_none());
        let is_contradicted = nameless.filter_map(|(_, update, shape)| only_fit(*update, shape)).any(is_other);
        let mut conv1d_named = unknown.filter(|(module, ..)| is_conv1d_anywhere(module));
        let conv1d_named = conv1d_named.find_map(|(_, update, shape)| only_fit(*update, shape));
        Self { is_contradicted, conv1d_named, ..self }
    }

    /// How a parameter of `shape` in `module` (a disk path) lies for `update`.
    pub fn lie(self, update: &dyn TargetUpdate, module: &str, shape: &[usize]) -> Lie {
        use Orientation::{InOut, OutIn};
        let first_fit = |tried: &[Orientation]| {
            let found = tried.iter().copied().find(|orientation| update.fits(shape, *orientation));
            found.map_or(Lie::Misfit, Lie::Known)
        };
        match update.layer() {
            Layer::Linear => match self.architecture.is_conv1d(module) {
                Some(is_conv1d) => first_fit(if is_conv1d { &[InOut] } else { &[OutIn] }),
                None if update.fits(shape, OutIn) && update.fits(shape, InOut) => {
                    self.by_bias(module, shape).map_or_else(|| self.square(module), Lie::Known)
                }
                None => first_fit(&[OutIn, InOut]),
            },
            Layer::Fixed => first_fit(&[OutIn]),
            Layer::Experts => first_fit(&[OutIn, InOut]),
        }
    }

    /// How a weight lies that is not square but whose update fits any shape: its bias has the length of its outputs.
    fn by_bias(self, module: &str, shape: &[usize]) -> Option<Orientation> {
        let bias_len = self.architecture.bias_len(module)?;
        match *shape {
            [rows, columns] if rows == columns => None,
            [rows, _] if rows == bias_len => Some(Orientation::OutIn),
            [_, columns] if columns == bias_len => Some(Orientation::InOut),
            _ => None,
        }
    }

    /// How a square weight of unknown class lies: as its like that are not square do, else as the config says, unless
    /// its name or the other layers say no.
    fn square(self, module: &str) -> Lie {
        if let Some(orientation) = self.conv1d_named.filter(|_| is_conv1d_anywhere(module)) {
            return Lie::Known(orientation);
        }
        let named = named(module);
        if named.is_none() && self.is_contradicted || named.is_some_and(|named| named != self.stated) {
            let is_stated_in_out = self.stated == Orientation::InOut;
            return Lie::Contested(ClashReason::Orientation { is_stated_in_out, is_named: named.is_some() });
        }
        Lie::Stated(self.stated)
    }

    /// Whether a parameter of `shape` in `module` (a disk path) can be what `target` is for.
    pub fn suits(self, target: &Target, module: &str, shape: &[usize]) -> bool {
        match &target.effect {
            Effect::Update(update) => self.lie(update.as_ref(), module, shape) != Lie::Misfit,
            // The number of rows may differ: a vocabulary grows, a classifier gets other labels.
            Effect::Replace(replacement) => {
                let new_shape = replacement.tensor().shape();
                new_shape.len() == shape.len() && new_shape.iter().skip(1).eq(shape.iter().skip(1))
            }
        }
    }
}

/// What a module's name alone says: a name of transformers' `Conv1D` layers, or one that only `Linear` ones have.
fn named(module: &str) -> Option<Orientation> {
    let last = module.rsplit('.').next().unwrap_or(module);
    if is_conv1d_anywhere(module) {
        Some(Orientation::InOut)
    } else if LINEAR_NAMES.contains(&last) {
        Some(Orientation::OutIn)
    } else {
        None
    }
}
