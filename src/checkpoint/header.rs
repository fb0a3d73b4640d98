//! The JSON in front of the tensors of a safetensors file, taken apart and checked to the byte.
//!
//! The rules are those of the safetensors crate: tensors follow each other without gap or overlap, and each has the
//! bytes that its shape and dtype give. The crate's own reader is not used, because it keeps the last of two tensors of
//! one name without a word, refuses dtypes younger than itself, and spends gigabytes on a header of 100 MB.

use std::{
    collections::{BTreeMap, HashSet},
    fmt,
    ops::Range,
};

use serde::{
    Deserialize, Deserializer, Serialize,
    de::{Error as _, MapAccess, SeqAccess, Visitor},
};

use crate::{
    message,
    numeric::{Dtype, UnknownDtype},
};

/// The member of a header that is no tensor.
const METADATA_KEY: &str = "__metadata__";

/// Dimensions that any framework allows (`NumPy` and `PyTorch` stop at 64).
const MAX_RANK: usize = 64;

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
        let mut tensors =
            entries.into_iter().map(|(name, entry)| entry.resolve(name)).collect::<Result<Vec<_>, _>>()?;
        refuse_equal_names(&tensors)?;
        tensors.sort_by(|a, b| (a.range.start, a.range.end, &a.name).cmp(&(b.range.start, b.range.end, &b.name)));
        refuse_gaps(&tensors)?;
        Ok(Self { metadata: metadata.unwrap_or_default(), tensors })
    }

    /// Bytes of all tensors.
    #[must_use]
    pub fn data_byte_count(&self) -> u64 {
        self.tensors.last().map_or(0, |tensor| tensor.range.end)
    }
}

fn refuse_equal_names(tensors: &[HeaderTensor]) -> Result<(), HeaderError> {
    let mut names = HashSet::with_capacity(tensors.len());
    match tensors.iter().find(|tensor| !names.insert(tensor.name.as_str())) {
        Some(HeaderTensor { name, .. }) => Err(HeaderError::NamedTwice { tensor: name.clone() }),
        None => Ok(()),
    }
}

/// Each of the sorted tensors begins where the one before it ends.
fn refuse_gaps(tensors: &[HeaderTensor]) -> Result<(), HeaderError> {
    let mut previous_end = 0;
    for HeaderTensor { name, range, .. } in tensors {
        let (tensor, start) = (name.clone(), range.start);
        if start < previous_end {
            return Err(HeaderError::Overlap { tensor, start, previous_end });
        }
        if start > previous_end {
            return Err(HeaderError::Gap { tensor, start, previous_end });
        }
        previous_end = range.end;
    }
    Ok(())
}

/// A header as the file spells it: entries of one name are still apart.
struct RawHeader {
    metadata: Option<BTreeMap<String, String>>,
    entries: Vec<(String, RawTensor)>,
}

/// A field beside these three is refused: no release of the format has one, and who writes the header anew would lose
/// it.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct RawTensor {
    dtype: String,
    shape: Shape,
    data_offsets: (u64, u64),
}

struct Shape(Vec<usize>);

impl RawTensor {
    fn resolve(self, tensor: String) -> Result<HeaderTensor, HeaderError> {
        let Self { dtype, shape: Shape(shape), data_offsets: (start, end) } = self;
        let dtype: Dtype = match dtype.parse() {
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

/// Bits of a tensor; `None` if any run of its dimensions multiplies beyond u64, even beside a zero, so that no product
/// over them can overflow later.
fn bit_count(shape: &[usize], dtype: Dtype) -> Option<u64> {
    let mut non_zero = shape.iter().filter(|dimension| **dimension > 0);
    let product =
        non_zero.try_fold(dtype.bitsize() as u64, |product, dimension| product.checked_mul(*dimension as u64))?;
    Some(if shape.contains(&0) { 0 } else { product })
}

impl<'de> Deserialize<'de> for RawHeader {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Members;
        impl<'de> Visitor<'de> for Members {
            type Value = RawHeader;

            fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
                formatter.write_str("an object with a member for each tensor")
            }

            fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<RawHeader, A::Error> {
                let mut header = RawHeader { metadata: None, entries: Vec::new() };
                let mut has_metadata = false;
                while let Some(name) = map.next_key::<String>()? {
                    if name != METADATA_KEY {
                        header.entries.push((name, map.next_value()?));
                    } else if has_metadata {
                        return Err(A::Error::duplicate_field(METADATA_KEY));
                    } else {
                        has_metadata = true;
                        header.metadata = map.next_value()?;
                    }
                }
                Ok(header)
            }
        }
        deserializer.deserialize_map(Members)
    }
}

impl<'de> Deserialize<'de> for Shape {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Dimensions;
        impl<'de> Visitor<'de> for Dimensions {
            type Value = Shape;

            fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
                write!(formatter, "a list of at most {MAX_RANK} dimensions")
            }

            fn visit_seq<A: SeqAccess<'de>>(self, mut list: A) -> Result<Shape, A::Error> {
                let mut shape = Vec::new();
                while let Some(dimension) = list.next_element()? {
                    if shape.len() == MAX_RANK {
                        return Err(A::Error::invalid_length(MAX_RANK + 1, &self));
                    }
                    shape.push(dimension);
                }
                Ok(Shape(shape))
            }
        }
        deserializer.deserialize_seq(Dimensions)
    }
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

    #[test]
    fn every_fault_of_a_header_is_said_in_korean() {
        let tensor = || "lm_head".to_owned();
        let (shape, dtype) = (vec![3, 5], Dtype::F16);
        let unknown = UnknownDtype { name: "F3".to_owned() };
        let cases: Vec<(HeaderError, &[&str])> = vec![
            (HeaderError::NotUtf8 { valid_byte_count: 17 }, &["17바이트"]),
            (HeaderError::NotJson { problem: "EOF at 3".to_owned() }, &["EOF at 3"]),
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
