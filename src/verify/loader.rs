//! What transformers would find in the folder: every parameter of the class under a name that it looks for, none that
//! it ignores, and every tie of the config held by the weights.

use super::{Detail, Reference, VerifyError, exact::read_f64};
use crate::{
    architecture::{Architecture, Loading, TieGroup, UnevenRows},
    checkpoint::{Checkpoint, LogicalTensor},
    numeric::{FloatDtype, row_tiles},
};

/// Elements compared at once.
const COMPARED_ELEMENTS: usize = 1 << 20;

/// What a loader would trip over.
#[derive(Debug, Default)]
pub(super) struct Found {
    pub problems: Vec<Detail>,
    /// What the base has wrong already.
    pub warnings: Vec<Detail>,
    /// The class, where there is no list of its parameters.
    pub unlisted_class: Option<String>,
}

/// Asks what a loader would.
pub(super) fn judge(merged: &Checkpoint, reference: Option<&Reference>) -> Result<Found, VerifyError> {
    let architecture = Architecture::of(merged);
    let base = reference.map(|reference| Architecture::of(&reference.base));
    let mut found = Found::default();
    match architecture.loading() {
        Some(loading) => {
            let of_base = base.as_ref().and_then(Architecture::loading);
            found.compare_names(&architecture, loading, of_base.as_ref(), base.is_some());
        }
        None => {
            let class = merged.config().architecture().or(Some(merged.config().model_type()));
            found.unlisted_class = class.filter(|class| !class.is_empty()).map(str::to_owned);
        }
    }
    let broken = broken_ties(&architecture, merged)?;
    let own = match (&base, reference) {
        (Some(base), Some(reference)) if !broken.is_empty() => broken_ties(base, &reference.base)?,
        _ => Vec::new(),
    };
    let (warnings, problems): (Vec<_>, Vec<_>) = broken.into_iter().partition(|detail| own.contains(detail));
    found.problems.extend(problems);
    found.warnings.extend(warnings);
    Ok(found)
}

impl Found {
    fn compare_names(
        &mut self,
        architecture: &Architecture<'_>,
        loading: Loading,
        of_base: Option<&Loading>,
        has_base: bool,
    ) {
        let class = architecture.checkpoint().config().architecture().unwrap_or_default().to_owned();
        let own = of_base.cloned().unwrap_or_default();
        let (old, new) = parted(loading.missing, &own.missing);
        let missing =
            |names: Vec<String>| (!names.is_empty()).then(|| Detail::MissingParameters { class: class.clone(), names });
        self.problems.extend(missing(new));
        self.warnings.extend(missing(old));
        let (old, new) = parted(loading.ignored, &own.ignored);
        let ignored =
            |names: Vec<String>| (!names.is_empty()).then(|| Detail::IgnoredTensors { class: class.clone(), names });
        self.warnings.extend(ignored(old));
        // Without the base it cannot be told whether its maker left them there.
        let list = if has_base { &mut self.problems } else { &mut self.warnings };
        list.extend(ignored(new));
        for UnevenRows { tensor, rows, configured } in loading.uneven {
            let is_old = own.uneven.iter().any(|other| (other.rows, other.configured) == (rows, configured));
            let list = if is_old { &mut self.warnings } else { &mut self.problems };
            list.push(Detail::VocabularySize { configured, tensor, rows });
        }
    }
}

/// Those that are among `own`, and the others.
fn parted(names: Vec<String>, own: &[String]) -> (Vec<String>, Vec<String>) {
    names.into_iter().partition(|name| own.contains(name))
}

/// Ties of the config that the weights do not hold.
fn broken_ties(architecture: &Architecture<'_>, model: &Checkpoint) -> Result<Vec<Detail>, VerifyError> {
    let mut found = Vec::new();
    for group in architecture.tie_groups() {
        if group.is_tied {
            found.extend(unequal_copy(&group, model)?);
        } else {
            found.extend(missing_end(architecture, &group, model));
        }
    }
    Ok(found)
}

/// Parameters that are tied and differ on the disk: a loader keeps one of them for both.
fn unequal_copy(group: &TieGroup, model: &Checkpoint) -> Result<Option<Detail>, VerifyError> {
    let mut held = group.disk_names().filter_map(|name| model.tensor(name));
    let Some(first) = held.next() else { return Ok(None) };
    for other in held {
        if !are_equal(first, other)? {
            let (tensor, other) = (other.name().to_owned(), first.name().to_owned());
            return Ok(Some(Detail::UnequalTie { tensor, other }));
        }
    }
    Ok(None)
}

/// The embedding or the head, where the config takes them apart and one is not there.
fn missing_end(architecture: &Architecture<'_>, group: &TieGroup, model: &Checkpoint) -> Option<Detail> {
    let ends = [architecture.input_embedding()?, architecture.output_head()?].map(|module| format!("{module}.weight"));
    if !ends.iter().all(|end| group.holds(end)) {
        return None;
    }
    let missing = ends.iter().find(|end| model.tensor(end).is_none())?;
    Some(Detail::UntiedAndGone { tensor: missing.clone() })
}

/// Whether two tensors hold the same numbers.
pub(super) fn are_equal(first: &LogicalTensor, second: &LogicalTensor) -> Result<bool, VerifyError> {
    let dtypes = (FloatDtype::of(first.dtype()), FloatDtype::of(second.dtype()));
    let (Some(first_dtype), Some(second_dtype)) = dtypes else { return Ok(true) };
    if first.shape() != second.shape() {
        return Ok(false);
    }
    for rows in row_tiles(first.tile_shape(), COMPARED_ELEMENTS) {
        if read_f64(first, first_dtype, rows.clone())? != read_f64(second, second_dtype, rows)? {
            return Ok(false);
        }
    }
    Ok(true)
}
