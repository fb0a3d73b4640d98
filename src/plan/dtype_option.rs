//! The choices of an output dtype, each with what it costs.

use super::{DtypePolicy, MergePlan};
use crate::numeric::{FloatDtype, codec::Nf4Format};

/// One choice.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DtypeOption {
    /// The policy.
    pub policy: DtypePolicy,
    /// What it means for this base: where there is no dtype to keep, the one that all of it becomes.
    pub written: DtypePolicy,
    /// How weights are packed again under it.
    pub requantize: Option<Nf4Format>,
    /// Bytes of all tensors under it.
    pub byte_count: u64,
}

impl DtypeOption {
    /// Keep, and of bf16, f16 and f32 those that are not the same; then the same packed again as NF4, with scales
    /// in float32 and in bytes, where the model's layers are known.
    #[must_use]
    pub fn all(plan: &MergePlan) -> Vec<Self> {
        let stored = plan.base.dtypes_by_bytes();
        let is_only = |dtype: FloatDtype| matches!(stored.as_slice(), [(only, _)] if *only == dtype.stored());
        let kept = DtypePolicy::Keep.resolved(&plan.base);
        let is_another = |dtype: &FloatDtype| !is_only(*dtype) && kept != DtypePolicy::Convert(*dtype);
        let convertible = [FloatDtype::BF16, FloatDtype::F16, FloatDtype::F32].into_iter().filter(is_another);
        let plain = std::iter::once(DtypePolicy::Keep).chain(convertible.map(DtypePolicy::Convert));
        let plain = plain.map(|policy| (policy, None));
        let packed = [false, true].map(|is_double| (plan.dtype, Some(Nf4Format { is_double, ..Nf4Format::default() })));
        let option = |(policy, requantize): (DtypePolicy, _)| {
            let byte_count = plan.weight_bytes_with(policy, requantize).ok()?;
            Some(Self { policy, written: policy.resolved(&plan.base), requantize, byte_count })
        };
        plain.chain(packed).filter_map(option).collect()
    }
}
