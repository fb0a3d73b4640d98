//! The tensors of an adapter's files, sorted into what they change.

use std::{
    collections::{BTreeMap, BTreeSet},
    path::Path,
    sync::Arc,
};

use super::{
    AdapterError, AdapterKey, CopyKind, Effect, Method, Part, PartTensors, Parts, PeftConfig, Replacement, Target,
    TrainableTokens, joined,
    methods::{self, TRAINABLE_TOKENS},
};
use crate::checkpoint::LogicalTensor;

/// Beginnings of segments that only factors of methods have which are not merged.
const REFUSED_PREFIXES: [&str; 2] = ["boft_", "prompt_"];

/// An adapter tensor that changes nothing here: not the method's, unknown, or a copy too many.
#[derive(Clone, Debug)]
pub struct Stray {
    /// The tensor, under the name that the file gives it.
    pub tensor: LogicalTensor,
    /// Its name without wrapper prefixes.
    pub parameter: String,
    /// Whether another copy of the same parameter is merged.
    pub is_second_copy: bool,
}

/// Sorts `tensors` into targets and strays.
///
/// # Errors
/// Tensors without an element, factors that do not pair or contradict the config, factors of several adapters.
pub(super) fn group(
    config: &PeftConfig,
    method: &dyn Method,
    tensors: Vec<LogicalTensor>,
    path: &Path,
) -> Result<(Vec<Target>, Vec<Stray>), AdapterError> {
    let is_empty = |tensor: &&LogicalTensor| tensor.element_count() == 0 && !method.may_be_empty(tensor.shape());
    let empty: Vec<String> = tensors.iter().filter(is_empty).map(|tensor| tensor.name().to_owned()).collect();
    if !empty.is_empty() {
        return Err(AdapterError::EmptyTensors { tensors: empty, path: path.to_owned() });
    }
    let mut sorted = Sorted::default();
    for tensor in tensors {
        sorted.take(config, method, tensor, path)?;
    }
    method.check(&sorted.modules, path)?;
    let tokens = TrainableTokens::new(config.clone());
    let mut targets = sorted.copies;
    let shared = Arc::new(sorted.shared);
    let modules: BTreeSet<String> = sorted.modules.keys().cloned().collect();
    for (module, mut factors) in sorted.modules {
        let rows = factors.remove_entry(&TRAINABLE_TOKENS);
        if !factors.is_empty() {
            let found = method.targets(&module, parts(&modules, &module, &factors, &shared), path)?;
            sorted.strays.extend(left_over(&module, factors, &found));
            targets.extend(found);
        }
        if let Some(rows) = rows {
            targets.extend(tokens.targets(&module, Parts::new(BTreeMap::from([rows]), Arc::default()), path)?);
        }
    }
    sorted.strays.extend(left_over("", PartTensors::clone(&shared), &targets));
    if targets.is_empty() && sorted.strays.is_empty() {
        return Err(AdapterError::Empty { path: path.to_owned() });
    }
    targets.sort_by_key(Target::name);
    Ok((targets, sorted.strays))
}

/// What the method gets for `module`.
fn parts(modules: &BTreeSet<String>, module: &str, own: &PartTensors, shared: &Arc<PartTensors>) -> Parts {
    let front = format!("{module}.");
    let below = modules.range(front.clone()..).map_while(|other| other.strip_prefix(&front)).map(str::to_owned);
    Parts::new(own.clone(), Arc::clone(shared)).above(below.collect())
}

/// Factors that no target took.
fn left_over(module: &str, factors: PartTensors, targets: &[Target]) -> Vec<Stray> {
    let is_taken =
        |tensor: &LogicalTensor| targets.iter().flat_map(Target::tensors).any(|taken| taken.name() == tensor.name());
    let left = factors.into_iter().filter(|(_, tensor)| !is_taken(tensor));
    let stray = |(part, tensor): (Part, _)| Stray {
        tensor,
        parameter: joined(module, &part.to_string()),
        is_second_copy: false,
    };
    left.map(stray).collect()
}

#[derive(Default)]
struct Sorted {
    modules: BTreeMap<String, PartTensors>,
    shared: PartTensors,
    copies: Vec<Target>,
    strays: Vec<Stray>,
}

impl Sorted {
    fn take(
        &mut self,
        config: &PeftConfig,
        method: &dyn Method,
        tensor: LogicalTensor,
        path: &Path,
    ) -> Result<(), AdapterError> {
        match AdapterKey::parse(tensor.name()) {
            AdapterKey::Factor { module, part } if method.owns(part) || part == TRAINABLE_TOKENS => {
                let parameter = format!("{module}.{part}");
                let factors = self.modules.entry(module).or_default();
                // PEFT before 0.15 saved an adapted layer in a module that is saved whole under both of its names.
                let is_in_copy = |tensor: &LogicalTensor| tensor.name().contains(".modules_to_save.");
                match factors.get(&part) {
                    Some(first)
                        if is_in_copy(first) != is_in_copy(&tensor) && first.read_all()? == tensor.read_all()? =>
                    {
                        self.strays.push(Stray { tensor, parameter, is_second_copy: true });
                    }
                    _ => insert(factors, part, tensor, path)?,
                }
            }
            AdapterKey::Shared { part } if method.owns(part) => insert(&mut self.shared, part, tensor, path)?,
            AdapterKey::Factor { module, part } => self.stray(tensor, format!("{module}.{part}")),
            AdapterKey::Shared { part } => self.stray(tensor, part.to_string()),
            AdapterKey::Full { parameter, kind: CopyKind::Original } => {
                self.stray(tensor, format!("{parameter} (original_module)"));
            }
            AdapterKey::Full { parameter, .. } if is_factor_like(&parameter) => self.stray(tensor, parameter),
            AdapterKey::Full { parameter, kind } => self.take_copy(config, tensor, &parameter, kind),
        }
        Ok(())
    }

    fn stray(&mut self, tensor: LogicalTensor, parameter: String) {
        self.strays.push(Stray { tensor, parameter, is_second_copy: false });
    }

    /// A full copy; where a module was saved twice (a resized vocabulary does that), the copy under the plain name
    /// wins, as in PEFT.
    fn take_copy(&mut self, config: &PeftConfig, tensor: LogicalTensor, name: &str, kind: CopyKind) {
        let (module, parameter) = name.rsplit_once('.').unwrap_or(("", name));
        let is_saved_whole = kind == CopyKind::ModuleToSave || config.is_saved_whole(module);
        let replacement = Replacement::new(tensor, kind, is_saved_whole);
        let target = |replacement| Target {
            module: module.to_owned(),
            parameter: parameter.to_owned(),
            effect: Effect::Replace(replacement),
            is_optional: false,
        };
        let other = self.copies.iter_mut().find(|copy| copy.module == module && copy.parameter == parameter);
        let Some(other) = other else {
            self.copies.push(target(replacement));
            return;
        };
        let mut spare = target(replacement);
        if kind == CopyKind::Plain {
            std::mem::swap(other, &mut spare);
        }
        let spares = spare.tensors().iter().cloned();
        self.strays.extend(spares.map(|tensor| Stray { tensor, parameter: name.to_owned(), is_second_copy: true }));
    }
}

/// Adds a factor, of which a second one belongs to another adapter, or to another file.
fn insert(factors: &mut PartTensors, part: Part, tensor: LogicalTensor, path: &Path) -> Result<(), AdapterError> {
    let (name, file) = (tensor.name().to_owned(), Arc::clone(tensor.file()));
    match factors.insert(part, tensor) {
        Some(first) if first.file().path() == file.path() => {
            let names = [first.name().to_owned(), name];
            Err(AdapterError::SeveralAdapters { names, path: path.to_owned() })
        }
        Some(first) => {
            let files = [first.file().name().to_owned(), file.name().to_owned()];
            Err(AdapterError::SavedTwice { tensor: name, files, path: path.to_owned() })
        }
        None => Ok(()),
    }
}

/// Whether a name has a segment as only factors of some method have.
#[must_use]
pub fn is_factor_like(parameter: &str) -> bool {
    let is_refused = |segment: &str| REFUSED_PREFIXES.iter().any(|prefix| segment.starts_with(prefix));
    parameter.split('.').any(|segment| methods::is_factor_like(segment) || is_refused(segment))
}
