//! The members of a header's JSON: each is handed to the safetensors crate, and what its reader lets pass is seen first.
//!
//! The crate's reader of a whole header keeps the last of two tensors of one name without a word, refuses dtypes younger
//! than itself, takes two to four times as long and gigabytes for a header of 100 MB. Its reader of one tensor
//! (`TensorInfo`) is called here for member after member, behind a reader of fields that sees what it lets pass.

use std::{collections::BTreeMap, fmt};

use safetensors::{Dtype as CrateDtype, tensor::TensorInfo};
use serde::{
    Deserialize, Deserializer,
    de::{
        DeserializeSeed, Error as _, IntoDeserializer as _, MapAccess, SeqAccess, Visitor,
        value::{Error as PlainError, MapAccessDeserializer, SeqDeserializer, StrDeserializer},
    },
};

use crate::numeric::{Dtype, UnknownDtype};

/// The member of a header that is no tensor.
pub(super) const METADATA_KEY: &str = "__metadata__";

/// Dimensions that any framework allows (`NumPy` and `PyTorch` stop at 64).
const MAX_RANK: usize = 64;

/// A header as the file spells it: entries of one name are still apart.
pub(super) struct RawHeader {
    pub metadata: Option<BTreeMap<String, String>>,
    pub entries: Vec<(String, RawTensor)>,
}

/// What the crate reads of a tensor, with the dtype that stands there.
pub(super) struct RawTensor {
    /// Shape and offsets; of a dtype that the crate lacks, another stands there.
    pub info: TensorInfo,
    pub dtype: Result<Dtype, UnknownDtype>,
}

/// The crate's own value of a dtype; `None` where it is younger than the crate.
pub(super) fn crate_dtype(name: &str) -> Option<CrateDtype> {
    let name: StrDeserializer<'_, PlainError> = name.into_deserializer();
    CrateDtype::deserialize(name).ok()
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

impl<'de> Deserialize<'de> for RawTensor {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Tensor;
        impl<'de> Visitor<'de> for Tensor {
            type Value = RawTensor;

            fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
                formatter.write_str("struct TensorInfo")
            }

            fn visit_map<A: MapAccess<'de>>(self, map: A) -> Result<RawTensor, A::Error> {
                let mut dtype = None;
                let fields = Fields { map, field: Field::Dtype, dtype: &mut dtype };
                let info = TensorInfo::deserialize(MapAccessDeserializer::new(fields))?;
                Ok(RawTensor { info, dtype: dtype.ok_or_else(|| A::Error::missing_field("dtype"))? })
            }
        }
        deserializer.deserialize_map(Tensor)
    }
}

/// A field beside these three is refused: no release of the format has one, and who writes the header anew would lose
/// it.
#[derive(Clone, Copy, Deserialize)]
#[serde(field_identifier, rename_all = "snake_case")]
enum Field {
    Dtype,
    Shape,
    DataOffsets,
}

/// The fields of a tensor on their way to the crate's reader.
struct Fields<'a, A> {
    map: A,
    /// The one whose value comes next.
    field: Field,
    dtype: &'a mut Option<Result<Dtype, UnknownDtype>>,
}

impl<'de, A: MapAccess<'de>> MapAccess<'de> for Fields<'_, A> {
    type Error = A::Error;

    fn next_key_seed<K: DeserializeSeed<'de>>(&mut self, seed: K) -> Result<Option<K::Value>, A::Error> {
        let Some(field) = self.map.next_key()? else { return Ok(None) };
        self.field = field;
        let name = match field {
            Field::Dtype => "dtype",
            Field::Shape => "shape",
            Field::DataOffsets => "data_offsets",
        };
        seed.deserialize(name.into_deserializer()).map(Some)
    }

    fn next_value_seed<V: DeserializeSeed<'de>>(&mut self, seed: V) -> Result<V::Value, A::Error> {
        match self.field {
            Field::Dtype => self.map.next_value_seed(AnyDtype { seed, dtype: self.dtype }),
            Field::Shape => {
                let Shape { dimensions, rank } = self.map.next_value()?;
                seed.deserialize(SeqDeserializer::new(dimensions.into_iter().take(rank)))
            }
            Field::DataOffsets => self.map.next_value_seed(seed),
        }
    }
}

/// A dtype for the crate's reader: its own, or in place of a younger one any.
struct AnyDtype<'a, S> {
    seed: S,
    dtype: &'a mut Option<Result<Dtype, UnknownDtype>>,
}

impl<'de, S: DeserializeSeed<'de>> DeserializeSeed<'de> for AnyDtype<'_, S> {
    type Value = S::Value;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<S::Value, D::Error> {
        deserializer.deserialize_str(self)
    }
}

impl<'de, S: DeserializeSeed<'de>> Visitor<'de> for AnyDtype<'_, S> {
    type Value = S::Value;

    fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("a string")
    }

    fn visit_str<E: serde::de::Error>(self, name: &str) -> Result<S::Value, E> {
        *self.dtype = Some(name.parse());
        let known = if crate_dtype(name).is_some() { name } else { "U8" };
        self.seed.deserialize(known.into_deserializer())
    }
}

/// A shape that no allocation was made for.
struct Shape {
    dimensions: [usize; MAX_RANK],
    rank: usize,
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
                let mut shape = Shape { dimensions: [0; MAX_RANK], rank: 0 };
                while let Some(dimension) = list.next_element()? {
                    let Some(place) = shape.dimensions.get_mut(shape.rank) else {
                        return Err(A::Error::invalid_length(MAX_RANK + 1, &self));
                    };
                    *place = dimension;
                    shape.rank += 1;
                }
                Ok(shape)
            }
        }
        deserializer.deserialize_seq(Dimensions)
    }
}
