//! The tensors of an adapter file, sorted into what they change.

use std::{collections::BTreeMap, path::Path};

use super::{
    AdapterError, AdapterKey, CopyKind, Effect, Method, Part, Parts, PeftConfig, Replacement, Target, TrainableTokens,
};
use crate::checkpoint::LogicalTensor;

/// Beginnings of segments that only factors of some method have.
const FACTOR_PREFIXES: [&str; 12] =
    ["lora_", "hada_", "lokr_", "ia3_", "oft_", "boft_", "vera_", "hra_", "miss_", "shira_", "prompt_", "vblora_"];

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
    let empty: Vec<String> =
        tensors.iter().filter(|tensor| tensor.element_count() == 0).map(|tensor| tensor.name().to_owned()).collect();
    if !empty.is_empty() {
        return Err(AdapterError::EmptyTensors { tensors: empty, path: path.to_owned() });
    }
    let mut sorted = Sorted::default();
    for tensor in tensors {
        sorted.take(config, method, tensor, path)?;
    }
    let tokens = TrainableTokens::new(config.clone());
    let mut targets = sorted.copies;
    for (module, mut parts) in sorted.modules {
        let rows = parts.remove_entry(&Part::TrainableTokens);
        if !parts.is_empty() {
            let all = parts.clone();
            let found = method.targets(&module, parts, path)?;
            sorted.strays.extend(left_over(&module, all, &found));
            targets.extend(found);
        }
        if let Some((part, rows)) = rows {
            targets.extend(tokens.targets(&module, Parts::from([(part, rows)]), path)?);
        }
    }
    if targets.is_empty() && sorted.strays.is_empty() {
        return Err(AdapterError::Empty { path: path.to_owned() });
    }
    targets.sort_by_key(Target::name);
    Ok((targets, sorted.strays))
}

/// Factors that no target took.
fn left_over(module: &str, parts: Parts, targets: &[Target]) -> Vec<Stray> {
    let is_taken =
        |tensor: &LogicalTensor| targets.iter().flat_map(Target::tensors).any(|taken| taken.name() == tensor.name());
    let left = parts.into_iter().filter(|(_, tensor)| !is_taken(tensor));
    left.map(|(part, tensor)| Stray { tensor, parameter: format!("{module}.{part}"), is_second_copy: false }).collect()
}

#[derive(Default)]
struct Sorted {
    modules: BTreeMap<String, Parts>,
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
            AdapterKey::Factor { module, part } if method.owns(part) || part == Part::TrainableTokens => {
                let name = tensor.name().to_owned();
                if let Some(first) = self.modules.entry(module).or_default().insert(part, tensor) {
                    let names = [first.name().to_owned(), name];
                    return Err(AdapterError::SeveralAdapters { names, path: path.to_owned() });
                }
            }
            AdapterKey::Factor { module, part } => self.stray(tensor, format!("{module}.{part}")),
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

fn is_factor_like(parameter: &str) -> bool {
    parameter.split('.').any(|segment| FACTOR_PREFIXES.iter().any(|prefix| segment.starts_with(prefix)))
}
