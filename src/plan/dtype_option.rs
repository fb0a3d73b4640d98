//! The choices of an output dtype, each with what it costs.

use super::{DtypePolicy, MergePlan};
use crate::numeric::FloatDtype;

/// One choice.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DtypeOption {
    /// The policy.
    pub policy: DtypePolicy,
    /// Bytes of all tensors under it.
    pub byte_count: u64,
}

impl DtypeOption {
    /// Keep, bf16, f16 and, where the base is not float32 throughout, f32.
    #[must_use]
    pub fn all(plan: &MergePlan) -> Vec<Self> {
        let stored = plan.base.dtypes_by_bytes();
        let is_only = |dtype: FloatDtype| matches!(stored.as_slice(), [(only, _)] if *only == dtype.stored());
        let convertible = [FloatDtype::BF16, FloatDtype::F16, FloatDtype::F32];
        std::iter::once(DtypePolicy::Keep)
            .chain(convertible.into_iter().filter(|dtype| !is_only(*dtype)).map(DtypePolicy::Convert))
            .map(|policy| Self { policy, byte_count: plan.weight_bytes_with(policy) })
            .collect()
    }
}
