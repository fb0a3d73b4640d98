//! Why what lands on a base tensor cannot be merged into it.

use super::ClashReason;
use crate::{
    adapter::{ExpectedShape, Replacement, TargetUpdate},
    architecture::Vocabulary,
    checkpoint::LogicalTensor,
    numeric::FloatDtype,
};

/// Why a full copy cannot take the place of `old`, the base's tensor `name`: only the rows of a vocabulary or of a
/// classifier may differ.
pub(super) fn replacement_problem(
    vocabulary: &Vocabulary,
    replacement: &Replacement,
    name: &str,
    old: &LogicalTensor,
) -> Option<ClashReason> {
    let new = replacement.tensor();
    if FloatDtype::of(new.dtype()).is_some() != FloatDtype::of(old.dtype()).is_some() {
        return Some(ClashReason::NotFloat { dtype: old.dtype() });
    }
    let rows_may_differ = replacement.is_saved_whole || has_token_rows(vocabulary, name);
    let same_rows = new.shape().first() == old.shape().first();
    let fits = new.shape().len() == old.shape().len()
        && new.shape().iter().skip(1).eq(old.shape().iter().skip(1))
        && (rows_may_differ || same_rows);
    (!fits).then(|| ClashReason::Shape {
        expected: ExpectedShape::Exact(new.shape().to_vec()),
        base_shape: old.shape().to_vec(),
    })
}

/// Why an update does not fit `stored`, the base's tensor `name`.
pub(super) fn update_problem(
    vocabulary: &Vocabulary,
    update: &dyn TargetUpdate,
    name: &str,
    stored: &LogicalTensor,
) -> ClashReason {
    let rows = update.vocabulary_rows();
    let rows = rows.filter(|rows| has_token_rows(vocabulary, name) && Some(rows) != stored.shape().first());
    match (rows, stored.shape()) {
        (Some(rows), &[base_rows, _]) => ClashReason::Vocabulary { rows, base_rows },
        _ if let Some(group_count) = groups_of(&update.expected_shape(), stored.shape()) => {
            ClashReason::GroupedConvolution { group_count }
        }
        _ => ClashReason::Shape { expected: update.expected_shape(), base_shape: stored.shape().to_vec() },
    }
}

/// Whether the tensor `name` has a row for each token.
fn has_token_rows(vocabulary: &Vocabulary, name: &str) -> bool {
    let module = name.strip_suffix(".weight").or_else(|| name.strip_suffix(".bias"));
    module.is_some_and(|module| vocabulary.holds(module))
}

/// The groups of a convolution `(out, in/groups, k…)` for which an update is `(out, in, k…)`.
fn groups_of(expected: &ExpectedShape, stored: &[usize]) -> Option<usize> {
    let (ExpectedShape::Exact(expected), [out, group_inputs, kernel @ ..]) = (expected, stored) else { return None };
    let [own_out, inputs, own_kernel @ ..] = expected.as_slice() else { return None };
    let is_same = own_out == out && own_kernel == kernel && !kernel.is_empty();
    let is_grouped = is_same && *group_inputs > 0 && inputs > group_inputs && inputs % group_inputs == 0;
    is_grouped.then(|| inputs / group_inputs)
}
