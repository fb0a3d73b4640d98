//! LoRA on parameters themselves (`target_parameters`), which is how the experts of a mixture are adapted (spec section
//! 2.8). Parameters of one module are nested: the innermost `base_layer` is the one that the module registers first.

use std::path::Path;

use super::{
    A, B,
    form::Form,
    update::{Kind, LoraUpdate, Times},
};
use crate::adapter::methods::factors::{misshapen, required};
use crate::{
    adapter::joined,
    adapter::{AdapterError, Contradiction, Parts, PeftConfig},
};

/// Parameter names in the order in which transformers' modules register them.
const REGISTRATION_ORDER: [&str; 9] =
    ["gate_up_proj", "gate_up_proj_bias", "gate_proj", "up_proj", "w1", "w3", "down_proj", "w2", "down_proj_bias"];

/// A parameter that the factors at one level of a module are for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct ParameterPath {
    /// The module, without the levels of nesting.
    pub module: String,
    /// The parameter's name.
    pub parameter: String,
}

/// The parameter that the factors of `module` (with its levels of nesting) are for; `None` where `target_parameters`
/// names none of this module.
pub(super) fn parameter_of(
    config: &PeftConfig,
    module: &str,
    path: &Path,
) -> Result<Option<ParameterPath>, AdapterError> {
    let (mut own, mut level) = (module, 0);
    while let Some(inner) = own.strip_suffix(".base_layer") {
        (own, level) = (inner, level + 1);
    }
    let mut names: Vec<&str> = config
        .strings("target_parameters")
        .into_iter()
        .filter_map(|target| {
            let (target_module, parameter) = target.rsplit_once('.')?;
            let front = own.strip_suffix(target_module)?;
            (front.is_empty() || front.ends_with('.')).then_some(parameter)
        })
        .collect();
    names.sort_by_key(|name| {
        let place = REGISTRATION_ORDER.iter().position(|known| known == name).unwrap_or(REGISTRATION_ORDER.len());
        (place, (*name).to_owned())
    });
    names.dedup();
    if names.is_empty() && level == 0 {
        return Ok(None);
    }
    let index = names.len().checked_sub(level + 1).ok_or_else(|| AdapterError::Contradiction {
        problem: Contradiction::TooManyParameters {
            module: own.to_owned(),
            level: level + 1,
            named_count: names.len(),
        },
        path: path.to_owned(),
    })?;
    Ok(Some(ParameterPath { module: own.to_owned(), parameter: names[index].to_owned() }))
}

/// The update of `parameter` from the factors in `parts`.
pub(super) fn update(
    config: &PeftConfig,
    target: &ParameterPath,
    parts: &mut Parts,
    path: &Path,
) -> Result<LoraUpdate, AdapterError> {
    let name = joined(&target.module, &target.parameter);
    let a = required(parts, A, &name, path)?;
    let b = required(parts, B, &name, path)?;
    let (&[stacked, inner], &[out, b_stacked]) = (a.shape(), b.shape()) else {
        return Err(misshapen(&name, &[&a, &b], path));
    };
    let scaling = config.scaling_of(&name, path)?;
    if stacked != b_stacked {
        return Err(misshapen(&name, &[&a, &b], path));
    }
    if !stacked.is_multiple_of(scaling.rank) {
        scaling.check_rank(&name, stacked, path)?;
    }
    let kind = Kind::Experts { count: stacked / scaling.rank, out, inner };
    Ok(LoraUpdate { kind, form: Form::Plain, scaling, times: Times::Once, factors: [a, b] })
}
