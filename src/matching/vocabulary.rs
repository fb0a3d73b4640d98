//! An embedding and a head with different numbers of tokens.

use std::collections::BTreeMap;

use super::Applied;
use crate::{
    adapter::Adapter,
    architecture::Vocabulary,
    checkpoint::{Checkpoint, LogicalTensor},
};

/// The head or embedding that keeps its rows while the vocabulary of the other changes, with the rows of both: a
/// model that no loader would take.
pub(super) fn uneven(
    base: &Checkpoint,
    vocabulary: &Vocabulary,
    adapters: &[Adapter],
    applied: &BTreeMap<String, Applied>,
) -> Option<(String, usize, usize)> {
    let rows = |tensor: &LogicalTensor| tensor.shape().first().copied();
    let resized = applied.values().find_map(|entry| {
        let module = entry.tensor.strip_suffix(".weight")?;
        let (old, new) = (rows(base.tensor(&entry.tensor)?)?, rows(entry.source(base, adapters)?)?);
        let is_resized = old != new && (vocabulary.is_head(module) || vocabulary.is_embedding(module));
        is_resized.then(|| (vocabulary.is_head(module), old, new))
    });
    let (is_head_resized, old, new) = resized?;
    let is_counterpart = |name: &&String| {
        let module = name.strip_suffix(".weight");
        module.is_some_and(
            |module| if is_head_resized { vocabulary.is_embedding(module) } else { vocabulary.is_head(module) },
        )
    };
    let counterpart = base.tensors().keys().find(is_counterpart)?;
    let source = applied.get(counterpart).and_then(|entry| entry.source(base, adapters));
    let kept = rows(source.or_else(|| base.tensor(counterpart))?)?;
    (kept == old).then(|| (counterpart.clone(), new, kept))
}
