//! From a pickle's value to named tensors with their place in the file.

use std::collections::HashSet;

use super::{
    PickleError,
    archive::Record,
    value::{Arena, PickledStorage, PickledTensor, Value},
};
use crate::numeric::{Dtype, FloatDtype};

/// Keys under which trainers keep the weights in a larger dictionary.
const NESTING_KEYS: [&str; 5] = ["state_dict", "model_state_dict", "model", "module", "weights"];

/// Bytes that a view may claim beyond its storage by repeating elements (`expand`): enough for buffers, too little to
/// exhaust the memory.
const MAX_REPEATED_BYTES: u64 = 16 << 20;

/// A tensor of the file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Entry {
    pub name: String,
    pub shape: Vec<usize>,
    pub dtype: Dtype,
    /// Bytes from the start of the file.
    pub offset: u64,
    pub layout: Layout,
}

/// How an entry's elements lie.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Layout {
    Contiguous { byte_count: u64 },
    Strided { strides: Vec<u64>, end: u64 },
}

/// The entries of the state dict that `value` is, in their order.
pub(super) fn named_tensors(value: Value, arena: &Arena) -> Result<Vec<(String, &PickledTensor)>, PickleError> {
    let Value::Dict(index) = value else {
        return Err(PickleError::NotAStateDict { found: arena.described(value) });
    };
    let pairs = unnested(&arena.dicts[index], arena)?;
    let mut seen = HashSet::new();
    pairs
        .iter()
        .map(|(key, value)| {
            let Value::Text(key) = key else {
                return Err(PickleError::BadKey { found: arena.described(*key) });
            };
            let entry = arena.texts[*key].clone();
            if !seen.insert(entry.clone()) {
                return Err(PickleError::DuplicateTensor { entry });
            }
            match value {
                Value::Tensor(tensor) => Ok((entry, &arena.tensors[*tensor])),
                _ => Err(PickleError::NotATensor { entry, found: arena.described(*value) }),
            }
        })
        .collect()
}

/// The weights of a dictionary that holds them alone under one of the usual names, or the dictionary itself.
fn unnested<'a>(pairs: &'a [(Value, Value)], arena: &'a Arena) -> Result<&'a [(Value, Value)], PickleError> {
    let name = |key: Value| match key {
        Value::Text(index) => arena.texts[index].clone(),
        other => arena.described(other).to_string(),
    };
    let holds_tensors = |value: Value| match value {
        Value::Dict(index) => arena.dicts[index].iter().any(|(_, value)| matches!(value, Value::Tensor(_))),
        _ => false,
    };
    let nested = pairs.iter().find(|(key, value)| NESTING_KEYS.contains(&name(*key).as_str()) && holds_tensors(*value));
    match (nested, pairs) {
        (Some((_, Value::Dict(inner))), [_]) => Ok(&arena.dicts[*inner]),
        (Some((key, _)), _) => {
            let key = name(*key);
            let beside = pairs.iter().map(|(other, _)| name(*other)).filter(|other| *other != key).collect();
            Err(PickleError::Nested { key, beside })
        }
        (None, _) => Ok(pairs),
    }
}

/// Checks `tensor` against its storage and places it in the file.
pub(super) fn placed(
    name: String,
    tensor: &PickledTensor,
    storage: &PickledStorage,
    record: Record,
) -> Result<Entry, PickleError> {
    let bad = |problem: &str| PickleError::BadTensor { entry: name.clone(), problem: problem.to_owned() };
    let size = tensor.dtype.bitsize() as u64 / 8;
    if storage.dtype.is_some_and(|dtype| dtype != tensor.dtype) {
        return Err(bad("it has another dtype than its storage"));
    }
    let storage_size = storage.dtype.map_or(1, |_| size);
    let storage_bytes = storage.element_count.checked_mul(storage_size).filter(|bytes| *bytes <= record.byte_count);
    let storage_bytes = storage_bytes.ok_or_else(|| bad("the archive holds less than it claims"))?;
    let too_large = || bad("its size overflows");
    let count = tensor.shape.iter().try_fold(1_u64, |count, length| count.checked_mul(*length));
    let byte_count = count.and_then(|count| count.checked_mul(size)).ok_or_else(too_large)?;
    let start = tensor.offset.checked_mul(size).ok_or_else(too_large)?;
    let end = end_of(tensor, start, size, byte_count).ok_or_else(too_large)?;
    if end > storage_bytes {
        return Err(bad("it reaches beyond the storage"));
    }
    if byte_count > storage_bytes.max(MAX_REPEATED_BYTES) {
        return Err(bad("it repeats its elements more often than a weight would"));
    }
    let shape = tensor.shape.iter().map(|length| usize::try_from(*length)).collect::<Result<Vec<_>, _>>();
    let shape = shape.map_err(|_| too_large())?;
    let offset = record.offset + start;
    let layout = if is_contiguous(tensor) {
        Layout::Contiguous { byte_count }
    } else if FloatDtype::of(tensor.dtype).is_some() {
        Layout::Strided { strides: tensor.strides.clone(), end: record.offset + end }
    } else {
        return Err(PickleError::StridedIntegers { entry: name, dtype: tensor.dtype });
    };
    Ok(Entry { name, shape, dtype: tensor.dtype, offset, layout })
}

/// Bytes from the start of the storage to the end of the tensor's last element.
fn end_of(tensor: &PickledTensor, start: u64, size: u64, byte_count: u64) -> Option<u64> {
    if byte_count == 0 {
        return Some(start);
    }
    let last = tensor
        .shape
        .iter()
        .zip(&tensor.strides)
        .try_fold(0_u64, |last, (length, stride)| last.checked_add((length - 1).checked_mul(*stride)?))?;
    start.checked_add(last.checked_add(1)?.checked_mul(size)?)
}

/// Whether the elements follow each other in row-major order; the stride of a dimension of one does not matter.
fn is_contiguous(tensor: &PickledTensor) -> bool {
    if tensor.shape.contains(&0) {
        return true;
    }
    let mut expected = 1;
    for (length, stride) in tensor.shape.iter().zip(&tensor.strides).rev() {
        if *length != 1 && *stride != expected {
            return false;
        }
        expected *= length;
    }
    true
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const RECORD: Record = Record { offset: 100, byte_count: 48 };

    fn place(offset: u64, shape: &[u64], strides: &[u64]) -> Result<Entry, PickleError> {
        let storage = PickledStorage { dtype: Some(Dtype::F32), key: "0".to_owned(), element_count: 12 };
        let (shape, strides) = (shape.to_vec(), strides.to_vec());
        placed(
            "w".to_owned(),
            &PickledTensor { storage: 0, dtype: Dtype::F32, offset, shape, strides },
            &storage,
            RECORD,
        )
    }

    #[test]
    fn contiguous_tensors_are_spans_and_views_are_gathered() {
        assert_eq!(place(4, &[2, 4], &[4, 1]).unwrap().layout, Layout::Contiguous { byte_count: 32 });
        assert_eq!(place(4, &[2, 4], &[4, 1]).unwrap().offset, 116);
        assert_eq!(place(0, &[1, 4], &[77, 1]).unwrap().layout, Layout::Contiguous { byte_count: 16 });
        assert_eq!(place(0, &[], &[]).unwrap().layout, Layout::Contiguous { byte_count: 4 });
        assert_eq!(place(12, &[0, 4], &[4, 1]).unwrap().layout, Layout::Contiguous { byte_count: 0 });
        let transposed = place(0, &[4, 3], &[1, 4]).unwrap();
        assert_eq!(transposed.layout, Layout::Strided { strides: vec![1, 4], end: 148 });
        place(3, &[4], &[0]).unwrap();
    }

    #[test]
    fn tensors_beyond_their_storage_are_refused() {
        for (offset, shape, strides) in [
            (0, &[13][..], &[1][..]),
            (9, &[2, 2], &[2, 2]),
            (13, &[], &[]),
            (13, &[0], &[1]),
            (u64::MAX, &[1], &[1]),
            (0, &[2], &[u64::MAX]),
            (0, &[u64::MAX, 2], &[0, 0]),
            (0, &[1 << 40], &[0]),
        ] {
            let error = place(offset, shape, strides).unwrap_err();
            assert!(matches!(error, PickleError::BadTensor { .. }), "{error}");
        }
    }

    proptest! {
        /// No shape, stride or offset makes a place outside the record.
        #[test]
        fn every_place_lies_in_the_record(
            offset in 0_u64..20,
            dimensions in prop::collection::vec((0_u64..6, 0_u64..6), 0..4),
        ) {
            let (shape, strides): (Vec<u64>, Vec<u64>) = dimensions.into_iter().unzip();
            if let Ok(entry) = place(offset, &shape, &strides) {
                let end = match entry.layout {
                    Layout::Contiguous { byte_count } => entry.offset + byte_count,
                    Layout::Strided { end, .. } => end,
                };
                prop_assert!(entry.offset >= RECORD.offset && end <= RECORD.offset + RECORD.byte_count);
            }
        }
    }
}
