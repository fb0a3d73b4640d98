//! Parameters that are adapted themselves, the experts of a mixture above all (spec section 2.8): which parameter each
//! level of PEFT's nesting is for, in which orientation, and on which tensors of the disk it lies.

use super::{
    ClashReason, PrefixChange,
    nesting::{self, Assignment},
    prefix::stacked_change,
};
use crate::{
    adapter::{Adapter, Orientation, Placement, Target, TargetUpdate, Window, joined},
    architecture::{
        Architecture, IN_OUT_EXPERTS, INTERLEAVED_EXPERTS, OTHERWISE_BEFORE_5, OnDisk, Piece, StackedNames,
        TRANSPOSED_EXPERTS, parameters_of_piece,
    },
    checkpoint::{Checkpoint, LogicalTensor},
};

/// A base tensor and how an update lies on it.
pub(super) type Place<'a> = (&'a LogicalTensor, Placement);

/// How the parameters of a base's experts lie on its disk.
#[derive(Debug)]
pub(super) struct Experts<'a> {
    base: &'a Checkpoint,
    architecture: &'a Architecture<'a>,
    stacked: StackedNames,
}

/// Where a parameter's values are.
#[derive(Debug)]
pub(super) enum Stored<'a> {
    /// In one tensor.
    Whole(&'a LogicalTensor),
    /// In a tensor for each expert and part, of the same shape.
    Pieces(Vec<(Piece, &'a LogicalTensor)>),
}

/// Experts in square matrices of a class whose orientation differs between releases of transformers: taken as
/// transformers 5 has them.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct OpenExperts {
    /// Index into the list of adapters.
    pub adapter: usize,
    /// The tensor.
    pub tensor: String,
}

/// A level of nesting with its place.
pub(super) struct Placed<'a> {
    /// Index into [`Adapter::targets`].
    pub target: usize,
    /// Index into the readings of its factors.
    pub reading: usize,
    /// Where it lies.
    pub places: Vec<Place<'a>>,
    /// Whether all levels fit the other way too, and which way it is depends on the release of transformers.
    pub is_open: bool,
}

impl<'a> Experts<'a> {
    pub fn of(base: &'a Checkpoint, architecture: &'a Architecture<'a>) -> Self {
        let stacked = StackedNames::new(base, architecture.names());
        Self { base, architecture, stacked }
    }

    /// The order in which PEFT took the dimensions of a parameter in memory, the likelier first: (experts, in, out)
    /// where the class says so, and always up to 0.18.
    fn orientations(&self, adapter: &Adapter) -> [Orientation; 2] {
        if self.has_type(&TRANSPOSED_EXPERTS) || !adapter.config().is_from_peft(0, 19) {
            [Orientation::InOut, Orientation::OutIn]
        } else {
            [Orientation::OutIn, Orientation::InOut]
        }
    }

    fn has_type(&self, types: &[&str]) -> bool {
        self.architecture.parts().iter().any(|part| types.contains(&part.model_type.as_str()))
    }

    /// The one change of prefix under which all of `targets` are for parameters that the disk holds in other pieces.
    pub fn prefix_change(&self, targets: &[&Target]) -> Option<PrefixChange> {
        stacked_change(targets, self.stacked.names())
    }

    /// The parameter of `module` in memory, and whether the disk has it with its last two dimensions turned; `modules`
    /// are the paths that the module may go by.
    fn stored(&self, modules: &[String], parameter: &str) -> Option<(Stored<'a>, bool)> {
        modules.iter().map(|module| joined(module, parameter)).find_map(|name| {
            let tensor = |name: &str| self.base.tensor(name);
            match self.stacked.find(&name) {
                Some(OnDisk::Turned(turned)) => Some((Stored::Whole(tensor(&turned)?), true)),
                _ if tensor(&name).is_some() => Some((Stored::Whole(tensor(&name)?), false)),
                Some(OnDisk::Pieces(pieces)) => {
                    let pieces = pieces.into_iter().map(|(piece, name)| Some((piece, tensor(&name)?)));
                    let pieces: Vec<_> = pieces.collect::<Option<_>>()?;
                    Some((Stored::Pieces(pieces), false))
                }
                None => {
                    let on_disk = self.architecture.names().disk_name(self.base, &name)?;
                    Some((Stored::Whole(tensor(&on_disk)?), false))
                }
            }
        })
    }

    /// Places the levels of one module, `targets`, together: indices into the adapter's targets.
    ///
    /// # Errors
    /// Parameters that do not fit, or of which more than one nesting does, with the tensor that is meant.
    pub fn place_levels(
        &self,
        adapter: &Adapter,
        targets: &[usize],
        modules: &[String],
    ) -> Result<Vec<Placed<'a>>, LevelProblem> {
        let levels: Vec<(&Target, Vec<Reading<'_>>)> =
            targets.iter().map(|index| &adapter.targets()[*index]).map(|target| (target, readings(target))).collect();
        let mut names: Vec<&str> =
            levels.iter().flat_map(|(_, readings)| readings.iter().map(|(_, name, _)| *name)).collect();
        names.sort_unstable();
        names.dedup();
        let found: Vec<(&str, (Stored<'a>, bool))> =
            names.into_iter().filter_map(|name| Some((name, self.stored(modules, name)?))).collect();
        if found.len() < levels.len() {
            return Err(LevelProblem::Missing);
        }
        let fits = |level: usize, parameter: usize, orientation: Orientation| {
            let (name, (stored, is_turned)) = &found[parameter];
            let reading = levels[level].1.iter().find(|(_, reading, _)| reading == name)?;
            let on_disk = if *is_turned { turned(orientation) } else { orientation };
            stored.fits(reading.2, on_disk).then_some(reading.0)
        };
        let parameters: Vec<&str> = found.iter().map(|(name, _)| *name).collect();
        let order = nesting::registered(&parameters).filter(|_| self.architecture.is_known());
        let problem = |reason| LevelProblem::Clash { tensor: found[0].1.0.name().to_owned(), reason };
        let number = |(target, _): &(&Target, Vec<_>)| {
            target.update().and_then(|update| update.nested()).map_or(0, |nested| nested.level)
        };
        let numbers: Vec<usize> = levels.iter().map(number).collect();
        match nesting::assign(&numbers, parameters.len(), order.as_deref(), &self.orientations(adapter), &fits) {
            Ok(Assignment { parameters: assigned, orientation }) => {
                let fits_turned = |(level, parameter): (usize, &usize)| fits(level, *parameter, turned(orientation));
                let is_open = adapter.config().is_from_peft(0, 19)
                    && self.has_type(&OTHERWISE_BEFORE_5)
                    && assigned.iter().enumerate().all(|level| fits_turned(level).is_some());
                let placed = assigned.into_iter().enumerate().map(|(level, parameter)| {
                    let (stored, is_turned) = &found[parameter].1;
                    let on_disk = if *is_turned { turned(orientation) } else { orientation };
                    let reading = fits(level, parameter, orientation).unwrap_or_default();
                    Some(Placed { target: targets[level], reading, places: stored.places(on_disk)?, is_open })
                });
                placed
                    .collect::<Option<_>>()
                    .ok_or_else(|| problem(ClashReason::NotFloat { dtype: found[0].1.0.first().dtype() }))
            }
            Err(nesting::Undecided::NoFit) => Err(problem(ClashReason::Shape {
                expected: levels[0].0.expected_shape(),
                base_shape: found[0].1.0.shape(),
            })),
            Err(nesting::Undecided::Several) => {
                let parameters = parameters.into_iter().map(str::to_owned).collect();
                Err(problem(ClashReason::Nesting { parameters }))
            }
        }
    }

    /// The place of an update of one expert's layer: a tensor that goes by another name, or a part of a parameter of
    /// all experts.
    pub fn place_of_one(&self, update: &dyn TargetUpdate, module: &str) -> Option<Place<'a>> {
        let (1, out, inner) = update.expert_features()? else { return None };
        let name = format!("{module}.weight");
        let names = std::iter::once(name.clone()).chain(self.architecture.names().names_in_memory(&name));
        let of_all: Vec<(String, Piece)> =
            names.flat_map(|name| parameters_of_piece(&name).collect::<Vec<_>>()).chain(whole_of_one(module)).collect();
        let own = of_all.iter().find_map(|(parameter, piece)| self.base.tensor(self.stacked.piece(parameter, *piece)?));
        if let Some(stored) = own {
            let fits = update.fits(stored.shape(), Orientation::OutIn);
            return fits.then(|| Some((stored, whole(stored, Orientation::OutIn)?))).flatten();
        }
        let (stored, piece) =
            of_all.iter().find_map(|(parameter, piece)| Some((self.base.tensor(parameter)?, *piece)))?;
        // Alternating features are no run of rows.
        if piece.part_count > 1 && self.has_type(&INTERLEAVED_EXPERTS) {
            return None;
        }
        let &[count, first, second] = stored.shape() else { return None };
        let straight = (first, second) == (out * piece.part_count, inner);
        let transposed = (first, second) == (inner, out * piece.part_count);
        let orientation = match (straight, transposed) {
            // A layer's own factors say nothing of how the parameter lies, so that is the class's.
            (true, true) => self.orientation_of_class(),
            (true, false) => Orientation::OutIn,
            (false, true) => Orientation::InOut,
            (false, false) => return None,
        };
        let window = Window::UpdateIsPart { expert: piece.expert, out: piece.part * out..(piece.part + 1) * out };
        let dtype = stored.float_dtype().ok()?;
        (piece.expert < count).then(|| {
            (stored, Placement { shape: stored.shape().to_vec(), dtype, orientation, window, companion: None })
        })
    }

    /// How the class itself multiplies by its experts' parameters as the disk has them.
    fn orientation_of_class(&self) -> Orientation {
        if self.has_type(&IN_OUT_EXPERTS) { Orientation::InOut } else { Orientation::OutIn }
    }
}

/// Why the levels of a module have no place.
#[derive(Debug)]
pub(super) enum LevelProblem {
    /// The base lacks a parameter.
    Missing,
    /// They do not fit the tensor, or not in one way only.
    Clash { tensor: String, reason: ClashReason },
}

/// One way to read a target's factors: its place in the list, the parameter, and the update.
type Reading<'a> = (usize, &'a str, &'a dyn TargetUpdate);

/// What the factors of a target may be for, with the index of each reading.
fn readings(target: &Target) -> Vec<Reading<'_>> {
    let Some(update) = target.update() else { return Vec::new() };
    match update.nested() {
        Some(nested) => {
            let readings = nested.readings.iter().enumerate();
            readings.map(|(index, reading)| (index, reading.parameter.as_str(), reading.update.as_ref())).collect()
        }
        None => vec![(0, target.parameter.as_str(), update.as_ref())],
    }
}

fn turned(orientation: Orientation) -> Orientation {
    match orientation {
        Orientation::OutIn => Orientation::InOut,
        Orientation::InOut => Orientation::OutIn,
    }
}

impl Stored<'_> {
    fn first(&self) -> &LogicalTensor {
        match self {
            Self::Whole(tensor) => tensor,
            Self::Pieces(pieces) => pieces[0].1,
        }
    }

    fn name(&self) -> &str {
        self.first().name()
    }

    /// The shape of the parameter.
    fn shape(&self) -> Vec<usize> {
        match self {
            Self::Whole(tensor) => tensor.shape().to_vec(),
            Self::Pieces(pieces) => {
                let part_count = pieces[0].0.part_count;
                let &[rows, columns] = pieces[0].1.shape() else { return pieces[0].1.shape().to_vec() };
                vec![pieces.len() / part_count, rows * part_count, columns]
            }
        }
    }

    fn fits(&self, update: &dyn TargetUpdate, orientation: Orientation) -> bool {
        let is_even = match self {
            Self::Whole(_) => true,
            Self::Pieces(pieces) => pieces.iter().all(|(_, tensor)| tensor.shape() == pieces[0].1.shape()),
        };
        is_even && update.fits(&self.shape(), orientation)
    }
}

impl<'a> Stored<'a> {
    /// The places of an update of the whole parameter; `None` where a tensor holds no floats.
    fn places(&self, orientation: Orientation) -> Option<Vec<Place<'a>>> {
        match self {
            Self::Whole(tensor) => Some(vec![(*tensor, whole(tensor, orientation)?)]),
            Self::Pieces(pieces) => pieces
                .iter()
                .map(|(piece, tensor)| {
                    let rows = tensor.shape()[0];
                    let out = piece.part * rows..(piece.part + 1) * rows;
                    let window = Window::TensorIsPart { expert: piece.expert, out };
                    Some((*tensor, Placement { window, ..whole(tensor, orientation)? }))
                })
                .collect(),
        }
    }
}

fn whole(stored: &LogicalTensor, orientation: Orientation) -> Option<Placement> {
    Some(Placement::whole(stored.shape(), stored.float_dtype().ok()?, orientation))
}

/// The parameter that is stacked of layers like this one of a single expert: `mlp.experts.3.gate_up_proj`, or Unsloth's
/// `mlp.experts.gate_up_projs.3`.
fn whole_of_one(module: &str) -> Option<(String, Piece)> {
    let (front, last) = module.rsplit_once('.')?;
    let (experts, middle) = front.rsplit_once('.')?;
    let (expert, parameter) = match (middle.parse(), last.parse()) {
        (Ok(expert), _) => (expert, joined(experts, last)),
        (_, Ok(expert)) => (expert, joined(experts, middle.strip_suffix('s')?)),
        _ => return None,
    };
    Some((parameter, Piece { expert, part: 0, part_count: 1 }))
}
