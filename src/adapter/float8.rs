//! Adapters stored as 8-bit floats: read exactly where they are numbers by themselves, refused where scales belong to
//! them.

use std::{collections::BTreeMap, path::Path};

use super::{AdapterError, Feature, Note, RefusalReason, WayOut};
use crate::{
    checkpoint::LogicalTensor,
    numeric::{Dtype, FloatDtype},
};

/// Parts of names of what a quantised tensor is multiplied by or shifted with.
const SCALE_WORDS: [&str; 4] = ["scale", "absmax", "zero_point", "quant_state"];

/// The same tensors, those of plain 8-bit floats as float16, with a note for each such dtype.
///
/// # Errors
/// Tensors of 8 bits or less that have scales beside them.
pub(super) fn widened(
    tensors: Vec<LogicalTensor>,
    path: &Path,
) -> Result<(Vec<LogicalTensor>, Vec<Note>), AdapterError> {
    if let Some(tensor) = scale_of_quantised(&tensors) {
        return Err(AdapterError::Unsupported {
            feature: Feature::ScaledFactors { tensor },
            reason: RefusalReason::OwnScales,
            way_out: WayOut::SaveInFloat,
            path: path.to_owned(),
        });
    }
    let mut counts: BTreeMap<Dtype, usize> = BTreeMap::new();
    let widened = |tensor: LogicalTensor| match tensor.widened() {
        Some(wide) => {
            *counts.entry(tensor.dtype()).or_default() += 1;
            wide
        }
        None => tensor,
    };
    let tensors = tensors.into_iter().map(widened).collect();
    let notes = counts.into_iter().map(|(dtype, tensor_count)| Note::Float8 { dtype, tensor_count }).collect();
    Ok((tensors, notes))
}

/// The first tensor that scales another one: `x.lora_A.weight_scale` beside an `x.lora_A.weight` that is no float.
fn scale_of_quantised(tensors: &[LogicalTensor]) -> Option<String> {
    let is_quantised =
        |tensor: &&LogicalTensor| FloatDtype::of(tensor.dtype()).is_none() && tensor.dtype().bitsize() <= 8;
    let stems = || tensors.iter().filter(is_quantised).filter_map(|tensor| tensor.name().rsplit_once('.'));
    let scales_it = |name: &str| {
        let rest = |(stem, _): (&str, &str)| name.strip_prefix(stem).is_some_and(is_scale);
        stems().any(rest)
    };
    let scale = tensors.iter().find(|tensor| !is_quantised(tensor) && scales_it(tensor.name()));
    scale.map(|tensor| tensor.name().to_owned())
}

/// Whether what follows a module's path is a scale of its weight.
fn is_scale(rest: &str) -> bool {
    rest.starts_with(['.', '_']) && SCALE_WORDS.iter().any(|word| rest.contains(word))
}
