//! Nothing trained left out: what the adapters' folders hold as whole tensors must lie in the merge.
//!
//! The folders are listed anew, and a tensor is looked for by its values and not by its name, so that a mistake of
//! whoever placed it shows.

use std::{
    collections::{BTreeMap, BTreeSet},
    path::Path,
    sync::Arc,
};

use super::{
    Check, Detail, Evidence, Question, Reference, VerifyError, audit::folded_scales, exact::read_f64,
    packed::PackedWeight,
};
use crate::{
    adapter::{
        Adapter, AdapterKey, CopyKind, is_factor_like, is_recomputed, is_trainer_state, is_value_head,
        is_value_head_file,
    },
    architecture::{Architecture, TieGroup},
    checkpoint::{Checkpoint, LogicalTensor, WeightFile, holds_tensors, open_weights},
    error::{IoAction, IoContext as _},
    job::JobContext,
    numeric::{FloatDtype, row_tiles},
};

/// Elements compared at once.
const COMPARED_ELEMENTS: usize = 1 << 20;

/// The part of a product by which forming it in f32 moves it at the most.
const F32_SLACK: f64 = 1.0 / (1 << 23) as f64;

/// Extensions of files that hold tensors.
const EXTENSIONS: [&str; 4] = ["safetensors", "bin", "pt", "pth"];

/// Looks for every whole tensor of the adapters' folders; `None` where they hold factors alone.
pub(super) fn check(
    merged: &Checkpoint,
    reference: &Reference,
    job: &JobContext,
) -> Result<Option<Check>, VerifyError> {
    let touched = touched_modules(&reference.adapters);
    let base = Architecture::of(&reference.base);
    let groups: Vec<TieGroup> = base.tie_groups().into_iter().filter(|group| group.is_tied).collect();
    let merge = Merge { model: merged, folded: folded_scales(&base, &Architecture::of(merged)) };
    let mut findings = Findings::default();
    for (adapter, strength) in reference.adapters.iter().zip(&reference.strengths) {
        // In the base's own folder, the full model is the base.
        let is_base = is_same_folder(adapter.root(), reference.base.root());
        // A LoRA file of llama.cpp has nothing beside it that is its own.
        let names = if adapter.root().is_file() { Vec::new() } else { weight_names(adapter.root())? };
        for name in names {
            let is_read = adapter.files().iter().any(|file| file.name() == name);
            // A whole tensor has no half strength, and the same weights in another form say nothing new.
            let is_other_form = name.starts_with("adapter_model") || name.ends_with("adapters.safetensors");
            let is_half = (*strength - 1.0).abs() > f64::EPSILON;
            let is_known = is_trainer_state(&name) || is_value_head_file(&name) || is_base && is_model_name(&name);
            if is_half || is_other_form && !is_read || is_known {
                continue;
            }
            let path = adapter.root().join(&name);
            match open_weights(&path) {
                Ok(file) => findings.look_at(&file, is_read, &merge, (&touched, &groups), job)?,
                Err(_) if !holds_tensors(&path) => {}
                Err(_) => findings.warnings.push(Detail::UnreadWeights { file: name }),
            }
        }
    }
    let Findings { tensor_count, problems, warnings } = findings;
    let is_asked = tensor_count > 0 || !problems.is_empty() || !warnings.is_empty();
    let evidence = Evidence::WholeTensors { tensor_count };
    Ok(is_asked.then(|| Check::judged(Question::NothingLeftOut, evidence, problems, warnings)))
}

/// What is searched.
struct Merge<'a> {
    model: &'a Checkpoint,
    /// Heads that hold more or less than was trained, because their class scales otherwise before them.
    folded: BTreeMap<String, f64>,
}

impl Merge<'_> {
    fn holds(&self, tensor: &LogicalTensor) -> Result<bool, VerifyError> {
        for (name, factor) in &self.folded {
            let head = self.model.tensor(name).filter(|head| head.shape() == tensor.shape());
            if let Some(head) = head
                && holds(head, tensor, *factor)?
            {
                return Ok(true);
            }
        }
        if is_among(tensor, self.model.tensors().values())? {
            return Ok(true);
        }
        for packed in self.model.tensors().values().filter_map(|own| PackedWeight::of(own, self.model)) {
            if packed.holds(tensor)? {
                return Ok(true);
            }
        }
        Ok(false)
    }
}

#[derive(Default)]
struct Findings {
    /// Whole tensors that were looked for.
    tensor_count: usize,
    problems: Vec<Detail>,
    warnings: Vec<Detail>,
}

impl Findings {
    fn look_at(
        &mut self,
        file: &Arc<dyn WeightFile>,
        is_read: bool,
        merge: &Merge<'_>,
        (touched, groups): (&BTreeSet<String>, &[TieGroup]),
        job: &JobContext,
    ) -> Result<(), VerifyError> {
        let tensors: Vec<LogicalTensor> = Arc::clone(file).tensors();
        // A copy of a module that no forward pass runs trained nothing.
        let is_never_run = |tensor: &LogicalTensor| {
            let name = tensor.name().strip_prefix("base_model.model.").unwrap_or(tensor.name());
            groups.iter().any(|group| group.is_never_run(name))
        };
        // What no causal model has a place for: a value head, buffers of the class.
        let is_placed = |tensor: &&LogicalTensor| {
            !is_value_head(tensor.name()) && !is_recomputed(tensor.name()) && !is_never_run(tensor)
        };
        let tensors = || tensors.iter().filter(is_placed);
        let is_plain_touched = |tensor: &LogicalTensor| match AdapterKey::parse(tensor.name()) {
            AdapterKey::Full { parameter, kind: CopyKind::Plain } => {
                parameter.ends_with(".weight") && is_touched(&parameter, touched)
            }
            _ => false,
        };
        let name = file.name().to_owned();
        if is_model_name(&name) || !is_read && tensors().any(is_plain_touched) {
            if tensors().any(is_copy) {
                self.warnings.push(Detail::FullModelBeside { file: name });
            }
            return Ok(());
        }
        let mut left_out = Vec::new();
        // What lies beneath an adapted layer is in the merge only together with the update.
        let (beneath, whole): (Vec<_>, Vec<_>) =
            tensors().filter(|tensor| is_copy(tensor)).partition(|tensor| lies_beneath(tensor, touched));
        for tensor in whole {
            job.check_cancelled()?;
            self.tensor_count += 1;
            let tensor = tensor.widened().unwrap_or_else(|| tensor.clone());
            let is_there = merge.holds(&tensor)? || is_among(&tensor, beneath.iter().copied())?;
            if !is_there {
                left_out.push(tensor.name().to_owned());
            }
        }
        // Factors of a file that nobody read cannot be in the merge.
        let unread = tensors().filter(|tensor| !is_read && !is_copy(tensor));
        left_out.extend(unread.map(|tensor| tensor.name().to_owned()));
        if !left_out.is_empty() {
            self.problems.push(Detail::LeftOut { file: name, names: left_out });
        }
        Ok(())
    }
}

/// The files of the folder itself that may hold tensors, sorted.
fn weight_names(root: &Path) -> Result<Vec<String>, VerifyError> {
    let entries = std::fs::read_dir(root).at(IoAction::ListFolder, root)?.flatten();
    let names = entries.filter(|entry| entry.path().is_file()).filter_map(|entry| entry.file_name().into_string().ok());
    let is_weights = |name: &String| {
        let extension = name.rsplit_once('.').map(|(_, extension)| extension.to_ascii_lowercase());
        extension.is_some_and(|extension| EXTENSIONS.contains(&extension.as_str()))
    };
    let mut names: Vec<String> = names.filter(is_weights).collect();
    names.sort();
    Ok(names)
}

fn is_same_folder(left: &Path, right: &Path) -> bool {
    matches!((left.canonicalize(), right.canonicalize()), (Ok(left), Ok(right)) if left == right)
}

fn is_model_name(name: &str) -> bool {
    ["model.", "model-", "model_", "pytorch_model", "consolidated"].iter().any(|start| name.starts_with(start))
}

/// The modules that some factor of any adapter changes.
fn touched_modules(adapters: &[Adapter]) -> BTreeSet<String> {
    let tensors = adapters.iter().flat_map(Adapter::tensors);
    let modules = tensors.filter_map(|tensor| match AdapterKey::parse(tensor.name()) {
        AdapterKey::Factor { module, .. } => Some(module),
        AdapterKey::Shared { .. } | AdapterKey::Full { .. } => None,
    });
    modules.collect()
}

/// Whether the module of `parameter` is one of them, whatever prefix either name has.
fn is_touched(parameter: &str, touched: &BTreeSet<String>) -> bool {
    let module = parameter.rsplit_once('.').map_or("", |(module, _)| module);
    let ends = |long: &str, short: &str| {
        let front = long.strip_suffix(short);
        front.is_some_and(|front| front.is_empty() || front.ends_with('.'))
    };
    !module.is_empty() && touched.iter().any(|other| ends(other, module) || ends(module, other))
}

/// Whether a tensor is the whole of a parameter: no factor, and not the untrained original of a module.
fn is_copy(tensor: &LogicalTensor) -> bool {
    match AdapterKey::parse(tensor.name()) {
        AdapterKey::Full { kind, .. } => kind != CopyKind::Original && !is_factor_like(tensor.name()),
        AdapterKey::Factor { .. } | AdapterKey::Shared { .. } => false,
    }
}

fn lies_beneath(tensor: &LogicalTensor, touched: &BTreeSet<String>) -> bool {
    match AdapterKey::parse(tensor.name()) {
        AdapterKey::Full { parameter, kind } => kind == CopyKind::BaseLayer || is_touched(&parameter, touched),
        AdapterKey::Factor { .. } | AdapterKey::Shared { .. } => false,
    }
}

/// Whether one of `others` has the tensor's shape and holds its values, rounded to its dtype; those with the most like
/// name are asked first.
fn is_among<'a>(tensor: &LogicalTensor, others: impl Iterator<Item = &'a LogicalTensor>) -> Result<bool, VerifyError> {
    let mut candidates: Vec<&LogicalTensor> = others.filter(|other| other.shape() == tensor.shape()).collect();
    let shared_segments = |other: &LogicalTensor| {
        let segments = other.name().rsplit('.').zip(tensor.name().rsplit('.'));
        segments.take_while(|(a, b)| a == b).count()
    };
    candidates.sort_by_key(|other| std::cmp::Reverse(shared_segments(other)));
    for candidate in candidates {
        if holds(candidate, tensor, 1.0)? {
            return Ok(true);
        }
    }
    Ok(false)
}

/// Whether `stored` holds the values of `source` times `factor`, rounded to its dtype.
fn holds(stored: &LogicalTensor, source: &LogicalTensor, factor: f64) -> Result<bool, VerifyError> {
    // A product that was formed in f32 may round to the neighbour.
    let slack = if factor == 1.0 { 0.0 } else { F32_SLACK };
    let is_value = |dtype: FloatDtype, found: f64, value: f64| {
        let rounded = |share: f64| dtype.round_to_nearest(value * factor * share);
        found == rounded(1.0) || found == rounded(1.0 - slack) || found == rounded(1.0 + slack)
    };
    let dtypes = (FloatDtype::of(stored.dtype()), FloatDtype::of(source.dtype()));
    for rows in row_tiles(source.tile_shape(), COMPARED_ELEMENTS) {
        let is_equal = match dtypes {
            (Some(stored_dtype), Some(source_dtype)) => {
                let (found, expected) =
                    (read_f64(stored, stored_dtype, rows.clone())?, read_f64(source, source_dtype, rows)?);
                found.iter().zip(&expected).all(|(found, value)| is_value(stored_dtype, *found, *value))
            }
            (None, None) if stored.dtype() == source.dtype() && factor == 1.0 => {
                let byte_count = rows.len() * source.tile_shape().columns * source.dtype().bitsize() / 8;
                let (mut found, mut expected) = (vec![0; byte_count], vec![0; byte_count]);
                stored.read_row_bytes(rows.clone(), &mut found)?;
                source.read_row_bytes(rows, &mut expected)?;
                found == expected
            }
            _ => false,
        };
        if !is_equal {
            return Ok(false);
        }
    }
    Ok(true)
}
