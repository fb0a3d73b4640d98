//! An output head that shares the input embedding's tensor, and when training took them apart (spec section 2.9).

use std::collections::BTreeMap;

use serde_json::Value;

use super::{Applied, Origin, source_of};
use crate::{
    adapter::{Adapter, Target},
    checkpoint::{Checkpoint, CheckpointError, LogicalTensor},
    numeric::row_tiles,
};

/// Names of output heads.
const HEADS: [&str; 2] = ["lm_head", "embed_out"];

/// Names of input embeddings, with the head that goes with each.
const EMBEDDINGS: [(&str, &str); 4] =
    [("embed_tokens", "lm_head"), ("wte", "lm_head"), ("word_embeddings", "lm_head"), ("embed_in", "embed_out")];

/// Endings of architectures that have an output head.
const HEADED: [&str; 3] = ["ForCausalLM", "LMHeadModel", "ForConditionalGeneration"];

/// Bytes compared at once.
const COMPARED_ELEMENTS: usize = 1 << 20;

/// An output head without a tensor of its own.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TiedHead {
    /// The name that its own tensor would have.
    pub head: String,
    /// The input embedding, whose tensor it shares.
    pub embedding: String,
}

impl TiedHead {
    /// The tied head of `base`, where it has one that can be told apart by name.
    pub(super) fn of(base: &Checkpoint) -> Option<Self> {
        if !has_tied_head(base) {
            return None;
        }
        let mut modules = base.tensors().keys().filter_map(|name| name.strip_suffix(".weight"));
        let embedding_of = |module: &str| {
            let (path, name) = module.rsplit_once('.').unwrap_or(("", module));
            let (_, head) = EMBEDDINGS.iter().find(|(embedding, _)| *embedding == name)?;
            // The head stands beside the decoder: `language_model.model.embed_tokens` → `language_model.lm_head`.
            let outer = path.rsplit_once('.').filter(|(outer, _)| *outer != "model").map_or("", |(outer, _)| outer);
            let head = if outer.is_empty() { format!("{head}.weight") } else { format!("{outer}.{head}.weight") };
            Some(Self { head, embedding: format!("{module}.weight") })
        };
        let first = modules.by_ref().find_map(embedding_of)?;
        // Encoder and decoder may both have one, and then which is shared is not to be seen.
        modules.find_map(embedding_of).is_none().then_some(first)
    }
}

/// Whether `base` has an output head without a tensor of its own.
fn has_tied_head(base: &Checkpoint) -> bool {
    let config = base.config();
    let is_headed = config.architecture().is_some_and(|name| HEADED.iter().any(|end| name.ends_with(end)));
    let is_untied = config.get("tie_word_embeddings").and_then(Value::as_bool) == Some(false);
    let has_head = || base.tensors().keys().filter_map(|name| name.strip_suffix(".weight")).any(is_head);
    is_headed && !is_untied && !has_head()
}

/// The embedding that training took apart from a tied head of which the name cannot be told, if there is one.
pub(super) fn hidden_head(
    base: &Checkpoint,
    adapters: &[Adapter],
    applied: &BTreeMap<String, Applied>,
) -> Option<String> {
    let is_vocabulary = |name: &str| name.strip_suffix(".weight").is_some_and(is_vocabulary);
    let touched = applied.values().find(|entry| is_vocabulary(&entry.tensor) && !stays_shared(entry, adapters));
    touched.filter(|_| has_tied_head(base)).map(|entry| entry.tensor.clone())
}

/// Whether `module` is an output head.
pub(super) fn is_head(module: &str) -> bool {
    HEADS.contains(&module.rsplit('.').next().unwrap_or(module))
}

/// Whether `module` has a row for each token, so that it grows with the vocabulary.
pub(super) fn is_vocabulary(module: &str) -> bool {
    let name = module.rsplit('.').next().unwrap_or(module);
    is_head(module) || name == "shared" || EMBEDDINGS.iter().any(|(embedding, _)| *embedding == name)
}

/// Whether `module` is an input embedding.
fn is_embedding(module: &str) -> bool {
    let name = module.rsplit('.').next().unwrap_or(module);
    EMBEDDINGS.iter().any(|(embedding, _)| *embedding == name)
}

/// The head or embedding that keeps its rows while the vocabulary of the other changes, with the rows of both: a
/// model that no loader would take.
pub(super) fn uneven_vocabulary(
    base: &Checkpoint,
    adapters: &[Adapter],
    applied: &BTreeMap<String, Applied>,
) -> Option<(String, usize, usize)> {
    let rows = |tensor: &LogicalTensor| tensor.shape().first().copied();
    let resized = applied.values().find_map(|entry| {
        let module = entry.tensor.strip_suffix(".weight")?;
        let (old, new) = (rows(base.tensor(&entry.tensor)?)?, rows(entry.source(base, adapters)?)?);
        let is_resized = old != new && (is_head(module) || is_embedding(module));
        is_resized.then(|| (is_head(module), old, new))
    });
    let (is_head_resized, old, new) = resized?;
    let is_counterpart = |name: &&String| {
        let module = name.strip_suffix(".weight");
        module.is_some_and(|module| if is_head_resized { is_embedding(module) } else { is_head(module) })
    };
    let counterpart = base.tensors().keys().find(is_counterpart)?;
    let source = applied.get(counterpart).and_then(|entry| entry.source(base, adapters));
    let kept = rows(source.or_else(|| base.tensor(counterpart))?)?;
    (kept == old).then(|| (counterpart.clone(), new, kept))
}

/// What became of a tied head.
pub(super) enum Outcome {
    /// Nothing touches either, or both stay one tensor.
    Tied,
    /// Both stay one tensor, and what the adapter says of the head is the same again.
    SaidTwice(Applied),
    /// The head gets a tensor of its own.
    Untied,
}

/// Decides what becomes of `tied`, given what lands on its two names.
pub(super) fn settle(
    tied: &TiedHead,
    base: &Checkpoint,
    adapters: &[Adapter],
    applied: &mut BTreeMap<String, Applied>,
) -> Outcome {
    share_copies(tied, base, adapters, applied);
    match (applied.get(&tied.embedding), applied.get(&tied.head)) {
        (None, None) => Outcome::Tied,
        (Some(embedding), None) if stays_shared(embedding, adapters) => Outcome::Tied,
        (Some(embedding), None) => {
            let origin = match &embedding.origin {
                origin @ Origin::Adapter { .. } if !is_trained_whole(embedding, adapters) => origin.clone(),
                _ => Origin::Tied { embedding: tied.embedding.clone() },
            };
            let head = Applied { tensor: tied.head.clone(), origin, updates: Vec::new() };
            applied.insert(tied.head.clone(), head);
            Outcome::Untied
        }
        (Some(embedding), Some(head)) if says_the_same(embedding, head, base, adapters).unwrap_or(false) => {
            applied.remove(&tied.head).map_or(Outcome::Tied, Outcome::SaidTwice)
        }
        (_, Some(_)) => Outcome::Untied,
    }
}

/// A copy of the shared tensor in the file, saved under one of its names, is the weight beneath the other too: it may
/// hold a resized vocabulary.
fn share_copies(tied: &TiedHead, base: &Checkpoint, adapters: &[Adapter], applied: &mut BTreeMap<String, Applied>) {
    let copy_of = |name: &str| {
        let entry = applied.get(name).filter(|entry| !is_trained_whole(entry, adapters))?;
        matches!(entry.origin, Origin::Adapter { .. }).then(|| entry.origin.clone())
    };
    let (embedding_copy, head_copy) = (copy_of(&tied.embedding), copy_of(&tied.head));
    if let (Some(copy), Some(head)) = (&embedding_copy, applied.get_mut(&tied.head))
        && matches!(head.origin, Origin::Tied { .. })
    {
        head.origin = copy.clone();
    }
    let Some(copy) = head_copy.filter(|_| embedding_copy.is_none()) else { return };
    let new_rows = source_of(&copy, &tied.head, base, adapters).map(|tensor| tensor.shape()[0]);
    let has_grown = new_rows != base.tensor(&tied.embedding).map(|tensor| tensor.shape()[0]);
    match applied.get_mut(&tied.embedding) {
        Some(embedding) if embedding.origin == Origin::Base => embedding.origin = copy,
        None if has_grown => {
            let embedding = Applied { tensor: tied.embedding.clone(), origin: copy, updates: Vec::new() };
            applied.insert(tied.embedding.clone(), embedding);
        }
        Some(_) | None => {}
    }
}

/// New rows of trainable tokens, and a copy that was only resized, hold for both.
fn stays_shared(embedding: &Applied, adapters: &[Adapter]) -> bool {
    let is_rows = |target: &Target| target.update().is_some_and(|update| update.new_token_ids().is_some());
    embedding.updates.iter().all(|update| is_rows(update.target_in(adapters))) && !is_trained_whole(embedding, adapters)
}

/// Whether the weight was trained as one of `modules_to_save`, on a copy of its own.
fn is_trained_whole(entry: &Applied, adapters: &[Adapter]) -> bool {
    let Origin::Adapter { adapter, target } = entry.origin else { return false };
    let target = adapters.get(adapter).and_then(|adapter| adapter.targets().get(target));
    target.and_then(Target::replacement).is_some_and(|replacement| replacement.is_saved_whole)
}

/// Whether both entries give the same weight: equal copies, equal rows, or factors that are each other's transposes
/// (`ensure_weight_tying`).
fn says_the_same(
    embedding: &Applied,
    head: &Applied,
    base: &Checkpoint,
    adapters: &[Adapter],
) -> Result<bool, CheckpointError> {
    let source = |entry: &Applied| source_of(&entry.origin, &entry.tensor, base, adapters);
    let (Some(embedding_source), Some(head_source)) = (source(embedding), source(head)) else { return Ok(false) };
    if embedding.updates.len() != head.updates.len() || !are_equal(embedding_source, head_source)? {
        return Ok(false);
    }
    for (embedding, head) in embedding.updates.iter().zip(&head.updates) {
        let (embedding_target, head_target) = (embedding.target_in(adapters), head.target_in(adapters));
        let is_same = embedding.adapter == head.adapter && are_same_change(embedding_target, head_target)?;
        if !is_same {
            return Ok(false);
        }
    }
    Ok(true)
}

fn are_same_change(embedding: &Target, head: &Target) -> Result<bool, CheckpointError> {
    match (embedding.tensors(), head.tensors()) {
        ([rows], [other_rows]) => {
            let ids =
                |target: &Target| target.update().and_then(|update| update.new_token_ids().map(<[usize]>::to_vec));
            Ok(ids(embedding).is_some() && ids(embedding) == ids(head) && are_equal(rows, other_rows)?)
        }
        ([embedding_a, embedding_b], [head_a, head_b]) => Ok(embedding.scaling() == head.scaling()
            && are_transposed(embedding_b, head_a)?
            && are_transposed(embedding_a, head_b)?),
        _ => Ok(false),
    }
}

fn are_transposed(left: &LogicalTensor, right: &LogicalTensor) -> Result<bool, CheckpointError> {
    let (&[rows, columns], &[other_rows, other_columns]) = (left.shape(), right.shape()) else { return Ok(false) };
    if (rows, columns) != (other_columns, other_rows) {
        return Ok(false);
    }
    let (left, right) = (left.read_all()?, right.read_all()?);
    Ok((0..rows).all(|row| (0..columns).all(|column| left[row * columns + column] == right[column * rows + row])))
}

/// Whether both hold the same values in one shape.
pub(super) fn are_equal(left: &LogicalTensor, right: &LogicalTensor) -> Result<bool, CheckpointError> {
    if left.shape() != right.shape() {
        return Ok(false);
    }
    let shape = left.tile_shape();
    for rows in row_tiles(shape, COMPARED_ELEMENTS) {
        let count = rows.len() * shape.columns;
        let (mut a, mut b) = (vec![0.0; count], vec![0.0; count]);
        left.read_rows(rows.clone(), &mut a)?;
        right.read_rows(rows, &mut b)?;
        if a != b {
            return Ok(false);
        }
    }
    Ok(true)
}
