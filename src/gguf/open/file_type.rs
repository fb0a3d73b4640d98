//! What a file is said to be, and what its tensors are in truth.

use std::collections::BTreeMap;

use super::metadata::whole;
use crate::{
    checkpoint::gguf::{GgufFile, GgufOrigin, plain_dtype},
    numeric::{FloatDtype, codec::GgmlType},
};

/// `general.file_type` of files whose types are all read; of others the most frequent type is told.
const NAMES: [(u64, &str); 18] = [
    (0, "F32"),
    (1, "F16"),
    (2, "Q4_0"),
    (3, "Q4_1"),
    (7, "Q8_0"),
    (8, "Q5_0"),
    (9, "Q5_1"),
    (10, "Q2_K"),
    (11, "Q3_K_S"),
    (12, "Q3_K_M"),
    (13, "Q3_K_L"),
    (14, "Q4_K_S"),
    (15, "Q4_K_M"),
    (16, "Q5_K_S"),
    (17, "Q5_K_M"),
    (18, "Q6_K"),
    (21, "Q2_K_S"),
    (32, "BF16"),
];

/// Types of tensors with their number and bytes, the most bytes first.
fn by_type(file: &GgufFile) -> Vec<(GgmlType, usize, u64)> {
    let mut sums: BTreeMap<GgmlType, (usize, u64)> = BTreeMap::new();
    for tensor in &file.gguf_header().tensors {
        let sum = sums.entry(tensor.ggml_type).or_default();
        *sum = (sum.0 + 1, sum.1.saturating_add(tensor.byte_count));
    }
    let mut sums: Vec<_> = sums.into_iter().map(|(ggml_type, (count, bytes))| (ggml_type, count, bytes)).collect();
    sums.sort_by_key(|(_, _, byte_count)| std::cmp::Reverse(*byte_count));
    sums
}

/// The dtype that the model is in: that of most bytes, bfloat16 where any are codes.
pub(super) fn dtype(file: &GgufFile) -> FloatDtype {
    let types = by_type(file);
    let has_codes = types.iter().any(|(ggml_type, ..)| plain_dtype(*ggml_type).is_none());
    let most = types.first().and_then(|(ggml_type, ..)| FloatDtype::of(plain_dtype(*ggml_type)?));
    most.filter(|_| !has_codes).unwrap_or(FloatDtype::BF16)
}

/// What to know of `file`.
pub(super) fn origin(file: &GgufFile, dtype: FloatDtype, missing_tokenizer: Option<String>) -> GgufOrigin {
    let types = by_type(file);
    let said = file.gguf_header().get("general.file_type").and_then(whole);
    let known = said.and_then(|number| NAMES.into_iter().find(|(known, _)| *known == number));
    let most = || types.first().map_or("", |(ggml_type, ..)| ggml_type.name());
    let tensors = &file.gguf_header().tensors;
    let values: f64 = tensors.iter().map(|tensor| tensor.dims.iter().product::<u64>() as f64).sum();
    let byte_count: f64 = tensors.iter().map(|tensor| tensor.byte_count as f64).sum();
    GgufOrigin {
        file_type: known.map_or_else(most, |(_, name)| name).to_owned(),
        dtype,
        by_type: types.into_iter().map(|(ggml_type, count, bytes)| (ggml_type.name(), count, bytes)).collect(),
        bits_per_weight: byte_count * 8.0 / values.max(1.0),
        missing_tokenizer,
    }
}
