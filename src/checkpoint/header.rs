//! The JSON in front of the tensors of a safetensors file, read and written through the safetensors crate.
//!
//! The crate reads each tensor; the rules that hold between tensors are its own, checked here with the tensor that breaks
//! them at hand, and more than its own: no two tensors of one name, no product of dimensions that overflows beside a zero,
//! no field that is none of the format's. A dtype younger than the crate is read where its name tells its size.

use std::{
    collections::{BTreeMap, HashSet},
    ops::Range,
};

use safetensors::{
    Dtype as CrateDtype,
    tensor::{Metadata, TensorInfo},
};
use serde::{Serialize, Serializer, ser::SerializeMap as _};

use super::header_json::{METADATA_KEY, RawHeader, RawTensor, crate_dtype};
use crate::{
    message,
    numeric::{Dtype, UnknownDtype},
};

/// A header whose every promise about offsets, shapes and dtypes is consistent.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Header {
    /// `__metadata__`, sorted.
    pub metadata: BTreeMap<String, String>,
    /// The tensors in the order in which they lie in the file.
    pub tensors: Vec<HeaderTensor>,
}

/// What a header says about a tensor.
#[derive(Clone, Debug, PartialEq)]
pub struct HeaderTensor {
    /// Its name.
    pub name: String,
    /// Its element type.
    pub dtype: Dtype,
    /// The dimensions, outermost first; none for a scalar.
    pub shape: Vec<usize>,
    /// Its bytes, counted from the end of the header.
    pub range: Range<u64>,
}

/// What is wrong with a header.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, thiserror::Error)]
#[error("{}", message::english(self))]
#[expect(missing_docs, reason = "the message of each says what its fields are")]
pub enum HeaderError {
    NotUtf8 { valid_byte_count: usize },
    NotJson { problem: String },
    NamedTwice { tensor: String },
    UnknownDtype { tensor: String, problem: UnknownDtype },
    TooManyElements { tensor: String, shape: Vec<usize> },
    PartialByte { tensor: String, shape: Vec<usize>, dtype: Dtype },
    Reversed { tensor: String, start: u64, end: u64 },
    Overlap { tensor: String, start: u64, previous_end: u64 },
    Gap { tensor: String, start: u64, previous_end: u64 },
    WrongSize { tensor: String, shape: Vec<usize>, dtype: Dtype, needed: u64, held: u64 },
    Refused { problem: String },
}

impl Header {
    /// Reads the header's JSON, without the length in front of it.
    ///
    /// # Errors
    /// Text that is no such JSON; two tensors of one name; a dtype whose size is unknown; offsets that overlap, leave a
    /// gap or do not follow from shape and dtype.
    pub fn parse(json: &[u8]) -> Result<Self, HeaderError> {
        let text = std::str::from_utf8(json)
            .map_err(|error| HeaderError::NotUtf8 { valid_byte_count: error.valid_up_to() })?;
        let RawHeader { metadata, entries } = serde_json::from_str(text)
            .map_err(|error| HeaderError::NotJson { problem: crate::error::brief(&error) })?;
        // First: of two entries, the crate passes over the faults of the first.
        refuse_equal_names(&entries)?;
        let mut tensors =
            entries.into_iter().map(|(name, entry)| entry.resolve(name)).collect::<Result<Vec<_>, _>>()?;
        tensors.sort_by(|a, b| (a.range.start, a.range.end, &a.name).cmp(&(b.range.start, b.range.end, &b.name)));
        refuse_gaps(&tensors)?;
        Ok(Self { metadata: metadata.unwrap_or_default(), tensors })
    }

    /// All bytes in front of the tensors, as the crate spells them: the length, then the JSON, padded so that the data
    /// begins on a multiple of eight. Metadata comes first and sorted, where the crate's map has any order.
    ///
    /// # Errors
    /// Tensors that do not follow each other, or whose bytes are not those of their shape and dtype.
    pub fn to_bytes(&self) -> Result<Vec<u8>, HeaderError> {
        let infos = self.tensors.iter().map(|tensor| {
            let info = tensor.info().unwrap_or_else(|| tensor.info_in_bytes());
            (tensor.name.clone(), info)
        });
        Metadata::new(None, infos.collect()).map_err(|error| HeaderError::Refused { problem: error.to_string() })?;
        let json = serde_json::to_vec(self).unwrap_or_else(|error| unreachable!("names and numbers: {error}"));
        Ok(header_bytes(&json))
    }

    /// Bytes of all tensors.
    #[must_use]
    pub fn data_byte_count(&self) -> u64 {
        self.tensors.last().map_or(0, |tensor| tensor.range.end)
    }
}

fn refuse_equal_names(entries: &[(String, RawTensor)]) -> Result<(), HeaderError> {
    let mut names = HashSet::with_capacity(entries.len());
    match entries.iter().find(|(name, _)| !names.insert(name.as_str())) {
        Some((name, _)) => Err(HeaderError::NamedTwice { tensor: name.clone() }),
        None => Ok(()),
    }
}

/// Each of the sorted tensors begins where the one before it ends.
fn refuse_gaps(tensors: &[HeaderTensor]) -> Result<(), HeaderError> {
    let mut previous_end = 0;
    for HeaderTensor { name, range, .. } in tensors {
        let (tensor, start) = (|| name.clone(), range.start);
        if start < previous_end {
            return Err(HeaderError::Overlap { tensor: tensor(), start, previous_end });
        }
        if start > previous_end {
            return Err(HeaderError::Gap { tensor: tensor(), start, previous_end });
        }
        previous_end = range.end;
    }
    Ok(())
}

impl RawTensor {
    fn resolve(self, tensor: String) -> Result<HeaderTensor, HeaderError> {
        let TensorInfo { shape, data_offsets: (start, end), .. } = self.info;
        let (start, end) = (start as u64, end as u64);
        let dtype = match self.dtype {
            Ok(dtype) => dtype,
            Err(problem) => return Err(HeaderError::UnknownDtype { tensor, problem }),
        };
        let Some(bit_count) = bit_count(&shape, dtype) else {
            return Err(HeaderError::TooManyElements { tensor, shape });
        };
        if bit_count % 8 != 0 {
            return Err(HeaderError::PartialByte { tensor, shape, dtype });
        }
        let needed = bit_count / 8;
        match end.checked_sub(start) {
            None => Err(HeaderError::Reversed { tensor, start, end }),
            Some(held) if held != needed => Err(HeaderError::WrongSize { tensor, shape, dtype, needed, held }),
            Some(_) => Ok(HeaderTensor { name: tensor, dtype, shape, range: start..end }),
        }
    }
}

impl HeaderTensor {
    /// What the crate writes; `None` where the dtype is younger than the crate.
    fn info(&self) -> Option<TensorInfo> {
        let dtype = crate_dtype(self.dtype.name())?;
        Some(TensorInfo { dtype, shape: self.shape.clone(), data_offsets: self.offsets() })
    }

    /// The same bytes as a tensor that the crate knows, for its verdict.
    fn info_in_bytes(&self) -> TensorInfo {
        let (start, end) = self.offsets();
        TensorInfo { dtype: CrateDtype::U8, shape: vec![end.saturating_sub(start)], data_offsets: (start, end) }
    }

    fn offsets(&self) -> (usize, usize) {
        let place = |at| usize::try_from(at).unwrap_or(usize::MAX);
        (place(self.range.start), place(self.range.end))
    }
}

/// A tensor of a dtype that the crate lacks, with the members that the crate gives to others.
#[derive(Serialize)]
struct YoungerInfo<'a> {
    dtype: Dtype,
    shape: &'a [usize],
    data_offsets: (usize, usize),
}

impl Serialize for Header {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut members = serializer.serialize_map(None)?;
        if !self.metadata.is_empty() {
            members.serialize_entry(METADATA_KEY, &self.metadata)?;
        }
        for tensor in &self.tensors {
            let HeaderTensor { name, dtype, shape, .. } = tensor;
            if let Some(info) = tensor.info() {
                members.serialize_entry(name, &info)?;
            } else {
                let younger = YoungerInfo { dtype: *dtype, shape, data_offsets: tensor.offsets() };
                members.serialize_entry(name, &younger)?;
            }
        }
        members.end()
    }
}

/// Bits of a tensor; `None` if any run of its dimensions multiplies beyond u64, even beside a zero, so that no product
/// over them can overflow later.
fn bit_count(shape: &[usize], dtype: Dtype) -> Option<u64> {
    let mut non_zero = shape.iter().filter(|dimension| **dimension > 0);
    let product =
        non_zero.try_fold(dtype.bitsize() as u64, |product, dimension| product.checked_mul(*dimension as u64))?;
    Some(if shape.contains(&0) { 0 } else { product })
}

/// The bytes in front of the tensors: length, then `header` padded with spaces so that the data begins on a multiple
/// of eight, as the safetensors crate writes it.
#[must_use]
pub fn header_bytes(header: &[u8]) -> Vec<u8> {
    let padded_len = header.len().next_multiple_of(8);
    let mut bytes = Vec::with_capacity(padded_len + 8);
    bytes.extend_from_slice(&(padded_len as u64).to_le_bytes());
    bytes.extend_from_slice(header);
    bytes.resize(padded_len + 8, b' ');
    bytes
}

#[cfg(test)]
mod tests {
    use super::*;

    fn error(json: &str) -> HeaderError {
        Header::parse(json.as_bytes()).unwrap_err()
    }

    fn tensor(name: &str, dtype: Dtype, shape: &[usize], range: Range<u64>) -> HeaderTensor {
        HeaderTensor { name: name.to_owned(), dtype, shape: shape.to_vec(), range }
    }

    #[test]
    fn tensors_come_in_the_order_of_the_file_with_empty_ones_before_what_follows_them() {
        let json = r#" {"b": {"dtype": "F32", "shape": [], "data_offsets": [2, 6]}, "__metadata__": {"format": "pt"},
            "z": {"shape": [0, 3], "dtype": "U4", "data_offsets": [2, 2]},
            "a": {"dtype": "F4", "shape": [1, 4], "data_offsets": [0, 2]}} "#;
        let header = Header::parse(json.as_bytes()).unwrap();
        let u4 = Dtype::parse("U4").unwrap();
        let f4 = Dtype::parse("F4").unwrap();
        let expected =
            [tensor("a", f4, &[1, 4], 0..2), tensor("z", u4, &[0, 3], 2..2), tensor("b", Dtype::F32, &[], 2..6)];
        assert_eq!(header.tensors, expected);
        assert_eq!(header.metadata["format"], "pt");
        assert_eq!(header.data_byte_count(), 6);
    }

    #[test]
    fn a_name_that_comes_twice_is_named_even_when_spelt_differently() {
        let entry = r#"{"dtype": "U8", "shape": [0], "data_offsets": [0, 0]}"#;
        assert_eq!(
            error(&format!(r#"{{"a": {entry}, "b": {entry}, "\u0061": {entry}}}"#)),
            HeaderError::NamedTwice { tensor: "a".to_owned() }
        );
        let twice = error(r#"{"__metadata__": {}, "__metadata__": {}}"#);
        assert!(twice.to_string().contains("duplicate field `__metadata__`"), "{twice}");
    }

    #[test]
    fn products_that_overflow_are_refused_beside_a_zero_too() {
        let of = |shape: &str| {
            Header::parse(
                format!(r#"{{"a": {{"dtype": "F32", "shape": {shape}, "data_offsets": [0, 0]}}}}"#).as_bytes(),
            )
        };
        for shape in ["[4294967296, 4294967296]", "[0, 4611686018427387904, 3]", "[4611686018427387904, 3, 0]"] {
            let error = of(shape).unwrap_err();
            assert!(matches!(error, HeaderError::TooManyElements { .. }), "{shape}: {error}");
        }
        assert_eq!(of("[0, 536870912]").unwrap().data_byte_count(), 0);
    }

    /// Entries of every dtype that the crate has, of one that it lacks, in an order that is not that of names.
    #[test]
    fn what_is_written_is_read_back_and_is_what_the_crate_would_write() {
        let known = [tensor("b", Dtype::F32, &[2], 0..8), tensor("a", Dtype::F8_E8M0, &[3, 1], 8..11)];
        let metadata = BTreeMap::from([("format".to_owned(), "pt".to_owned())]);
        let header = Header { metadata, tensors: known.to_vec() };
        let bytes = header.to_bytes().unwrap();
        assert_eq!(Header::parse(&bytes[8..]).unwrap(), header);
        let file = [&bytes[..], &[0; 11]].concat();
        let (_, theirs) = safetensors::SafeTensors::read_metadata(&file).unwrap();
        assert_eq!(header_bytes(&serde_json::to_vec(&theirs).unwrap()), bytes);

        let u4 = Dtype::parse("U4").unwrap();
        let younger = Header { tensors: [&known[..], &[tensor("z", u4, &[2], 11..12)]].concat(), ..header };
        let bytes = younger.to_bytes().unwrap();
        assert_eq!(Header::parse(&bytes[8..]).unwrap(), younger);
        let lines: Vec<&str> = std::str::from_utf8(&bytes[8..]).unwrap().trim_end().split("},").collect();
        assert_eq!(lines[3], r#""z":{"dtype":"U4","shape":[2],"data_offsets":[11,12]}}"#);
    }

    #[test]
    fn what_is_not_consistent_is_not_written() {
        let apart = [tensor("a", Dtype::U8, &[2], 0..2), tensor("b", Dtype::U8, &[2], 3..5)];
        let header = Header { tensors: apart.to_vec(), ..Header::default() };
        assert!(matches!(header.to_bytes(), Err(HeaderError::Refused { .. })));
    }

    #[test]
    fn every_fault_of_a_header_is_said_in_korean() {
        let tensor = || "lm_head".to_owned();
        let (shape, dtype) = (vec![3, 5], Dtype::F16);
        let unknown = UnknownDtype { name: "F3".to_owned() };
        let cases: Vec<(HeaderError, &[&str])> = vec![
            (HeaderError::NotUtf8 { valid_byte_count: 17 }, &["17바이트"]),
            (HeaderError::NotJson { problem: "EOF at 3".to_owned() }, &["EOF at 3"]),
            (HeaderError::Refused { problem: "overflow".to_owned() }, &["overflow"]),
            (HeaderError::NamedTwice { tensor: tensor() }, &["`lm_head`"]),
            (HeaderError::UnknownDtype { tensor: tensor(), problem: unknown }, &["`lm_head`", "`F3`"]),
            (HeaderError::TooManyElements { tensor: tensor(), shape: shape.clone() }, &["`lm_head`", "3 × 5"]),
            (HeaderError::PartialByte { tensor: tensor(), shape: shape.clone(), dtype }, &["`lm_head`", "F16, 3 × 5"]),
            (HeaderError::Reversed { tensor: tensor(), start: 8, end: 4 }, &["`lm_head`", "8~4바이트"]),
            (
                HeaderError::Overlap { tensor: tensor(), start: 8, previous_end: 9 },
                &["`lm_head`", "8바이트", "9바이트"],
            ),
            (HeaderError::Gap { tensor: tensor(), start: 9, previous_end: 8 }, &["`lm_head`", "8바이트", "9바이트"]),
            (
                HeaderError::WrongSize { tensor: tensor(), shape, dtype, needed: 30, held: 29 },
                &["`lm_head`", "F16 3 × 5", "30바이트", "29바이트"],
            ),
        ];
        for (problem, parts) in cases {
            message::assert_said(&problem, parts);
        }
    }
}
