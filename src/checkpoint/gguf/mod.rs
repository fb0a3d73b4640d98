//! GGUF files, version 3: metadata, the list of tensors, and where each lies. Sizes follow from shapes and types, so that
//! a header can be written before any tensor was read.
//!
//! What is read is a stranger's: counts, lengths and offsets are checked against the file before anything is reserved,
//! and what ggml itself would refuse is refused.

mod cursor;
mod error;
mod file;
mod model;
mod model_error;
mod side_folder;
mod value;

use std::{
    collections::HashSet,
    fs::File,
    io::{BufReader, Read},
    path::Path,
};

use self::{
    cursor::Cursor,
    value::{Stored, read_value},
};
pub use self::{
    error::{GgufError, GgufFileError},
    file::{GgufFile, plain_dtype},
    model::{GgufModel, GgufOrigin},
    model_error::GgufModelError,
    side_folder::SideFolder,
    value::{GgufArray, GgufValue},
};
use crate::{
    error::{IoAction, IoContext as _},
    numeric::codec::GgmlType,
};

/// "GGUF", little-endian.
const MAGIC: u32 = 0x4655_4747;

/// The version that is written; 2 has the same layout.
const VERSION: u32 = 3;

/// Where tensors begin is a multiple of this, unless a file says otherwise.
const ALIGNMENT: u64 = 32;

/// The key under which it says so.
const ALIGNMENT_KEY: &str = "general.alignment";

/// Bytes of the longest tensor name that ggml takes.
const MAX_NAME_BYTES: usize = 63;

/// Dimensions of a tensor in ggml.
const MAX_DIMENSIONS: usize = 4;

/// A header whose tensors follow one another without gap or overlap.
#[derive(Clone, Debug, PartialEq)]
pub struct GgufHeader {
    /// Key and value, in the order of the file; no key stands twice.
    pub metadata: Vec<(String, GgufValue)>,
    /// The tensors, in the order of the file.
    pub tensors: Vec<GgufTensor>,
    /// Where the first tensor begins, in bytes from the start of the file.
    pub data_start: u64,
    alignment: u64,
}

/// A tensor and its place.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct GgufTensor {
    /// Its name.
    pub name: String,
    /// Its dimensions, the length of a row first: the reverse of a shape.
    pub dims: Vec<u64>,
    /// Its type.
    pub ggml_type: GgmlType,
    /// Its place, in bytes from the first tensor.
    pub offset: u64,
    /// Its bytes, without those that fill up to the next tensor.
    pub byte_count: u64,
}

impl GgufTensor {
    /// A tensor without a place yet.
    ///
    /// # Errors
    /// A name or dimensions that ggml does not take, rows that are no whole blocks of the type.
    pub fn new(name: String, dims: Vec<u64>, ggml_type: GgmlType) -> Result<Self, GgufError> {
        if name.is_empty() || name.len() > MAX_NAME_BYTES {
            return Err(GgufError::BadName { byte_count: name.len(), tensor: name });
        }
        let element_count = dims.iter().try_fold(1_u64, |count, dim| count.checked_mul(*dim));
        let is_known = (1..=MAX_DIMENSIONS).contains(&dims.len()) && !dims.contains(&0);
        // Half of what fits leaves room for the bytes of an element.
        let Some(element_count) = element_count.filter(|count| is_known && *count < 1 << 60) else {
            return Err(GgufError::BadDimensions { tensor: name, dims });
        };
        let (block, columns) = (ggml_type.block_len(), dims[0]);
        if !columns.is_multiple_of(block as u64) {
            return Err(GgufError::BrokenRow { tensor: name, columns, ggml_type: ggml_type.name(), block });
        }
        let byte_count = element_count / block as u64 * ggml_type.block_byte_count() as u64;
        Ok(Self { name, dims, ggml_type, offset: 0, byte_count })
    }
}

impl GgufHeader {
    /// The header of a file with `tensors` one after the other.
    ///
    /// # Errors
    /// A key or a name twice, an empty text or array.
    pub fn new(metadata: Vec<(String, GgufValue)>, mut tensors: Vec<GgufTensor>) -> Result<Self, GgufError> {
        refuse_equal(&metadata, &tensors)?;
        let is_empty = |value: &GgufValue| match value {
            GgufValue::String(text) => text.is_empty(),
            GgufValue::Array(array) => array.is_empty(),
            _ => false,
        };
        if let Some((key, _)) = metadata.iter().find(|(_, value)| is_empty(value)) {
            return Err(GgufError::EmptyValue { key: key.clone() });
        }
        let mut offset = 0;
        for tensor in &mut tensors {
            tensor.offset = offset;
            offset = (offset + tensor.byte_count).next_multiple_of(ALIGNMENT);
        }
        let mut header = Self { metadata, tensors, data_start: 0, alignment: ALIGNMENT };
        header.data_start = (header.written().len() as u64).next_multiple_of(ALIGNMENT);
        Ok(header)
    }

    /// The header's bytes, up to the first tensor.
    #[must_use]
    pub fn to_bytes(&self) -> Vec<u8> {
        let mut bytes = self.written();
        while !(bytes.len() as u64).is_multiple_of(ALIGNMENT) {
            bytes.push(0);
        }
        bytes
    }

    fn written(&self) -> Vec<u8> {
        let mut bytes = Vec::new();
        MAGIC.write(&mut bytes);
        VERSION.write(&mut bytes);
        (self.tensors.len() as u64).write(&mut bytes);
        (self.metadata.len() as u64).write(&mut bytes);
        for (key, value) in &self.metadata {
            key.write(&mut bytes);
            value.type_number().write(&mut bytes);
            value.write(&mut bytes);
        }
        for GgufTensor { name, dims, ggml_type, offset, .. } in &self.tensors {
            name.write(&mut bytes);
            #[expect(clippy::cast_possible_truncation, reason = "at most four")]
            (dims.len() as u32).write(&mut bytes);
            for dim in dims {
                dim.write(&mut bytes);
            }
            ggml_type.number().write(&mut bytes);
            offset.write(&mut bytes);
        }
        bytes
    }

    /// Bytes between a tensor and the next one.
    #[must_use]
    pub fn padding_after(&self, tensor: &GgufTensor) -> u64 {
        tensor.byte_count.next_multiple_of(self.alignment) - tensor.byte_count
    }

    /// Bytes of the whole file.
    #[must_use]
    pub fn file_byte_count(&self) -> u64 {
        let data_end = self.tensors.last().map_or(0, |last| last.offset + last.byte_count + self.padding_after(last));
        self.data_start + data_end
    }

    /// The value of `key`.
    #[must_use]
    pub fn get(&self, key: &str) -> Option<&GgufValue> {
        self.metadata.iter().find(|(known, _)| known == key).map(|(_, value)| value)
    }

    /// Reads the header of the file at `path`.
    ///
    /// # Errors
    /// A file that cannot be read, or that is no GGUF file as ggml reads them.
    pub fn open(path: &Path) -> Result<Self, GgufFileError> {
        let file = File::open(path).at(IoAction::ReadWeights, path)?;
        let byte_count = file.metadata().at(IoAction::ReadWeights, path)?.len();
        Self::read(BufReader::new(file), byte_count)
            .map_err(|problem| GgufFileError::Bad { problem, path: path.to_owned() })
    }

    /// Reads a header from the start of a file of `file_byte_count` bytes.
    ///
    /// # Errors
    /// What is no header as ggml reads them, or promises more than the file holds.
    pub fn read(reader: impl Read, file_byte_count: u64) -> Result<Self, GgufError> {
        let mut cursor = Cursor::new(reader, file_byte_count);
        check_start(&mut cursor)?;
        let (tensor_count, value_count) = (u64::read(&mut cursor)?, u64::read(&mut cursor)?);
        let mut metadata = Vec::new();
        for _ in 0..value_count {
            let key = String::read(&mut cursor)?;
            let number = u32::read(&mut cursor)?;
            metadata.push((key, read_value(number, &mut cursor, 0)?));
        }
        let mut tensors = Vec::new();
        for _ in 0..tensor_count {
            tensors.push(read_tensor(&mut cursor)?);
        }
        refuse_equal(&metadata, &tensors)?;
        let alignment = alignment(&metadata)?;
        let data_start = cursor.at().next_multiple_of(alignment);
        check_places(&tensors, alignment, data_start, file_byte_count)?;
        Ok(Self { metadata, tensors, data_start, alignment })
    }
}

fn check_start<R: Read>(cursor: &mut Cursor<R>) -> Result<(), GgufError> {
    if u32::read(cursor).ok() != Some(MAGIC) {
        return Err(GgufError::NotGguf);
    }
    match u32::read(cursor)? {
        2 | VERSION => Ok(()),
        version if (1..=VERSION).contains(&version.swap_bytes()) => Err(GgufError::BigEndian),
        version => Err(GgufError::UnknownVersion { version }),
    }
}

fn read_tensor<R: Read>(cursor: &mut Cursor<R>) -> Result<GgufTensor, GgufError> {
    let name = String::read(cursor)?;
    let rank = u32::read(cursor)? as usize;
    if !(1..=MAX_DIMENSIONS).contains(&rank) {
        return Err(GgufError::BadDimensions { tensor: name, dims: Vec::new() });
    }
    let dims = (0..rank).map(|_| u64::read(cursor)).collect::<Result<_, _>>()?;
    let (number, offset) = (u32::read(cursor)?, u64::read(cursor)?);
    let Some(ggml_type) = GgmlType::of_number(number) else {
        return Err(GgufError::UnknownType { tensor: name, ggml_type: GgmlType::unread_name(number) });
    };
    Ok(GgufTensor { offset, ..GgufTensor::new(name, dims, ggml_type)? })
}

fn refuse_equal(metadata: &[(String, GgufValue)], tensors: &[GgufTensor]) -> Result<(), GgufError> {
    let mut keys = HashSet::with_capacity(metadata.len());
    if let Some((key, _)) = metadata.iter().find(|(key, _)| !keys.insert(key)) {
        return Err(GgufError::KeyTwice { key: key.clone() });
    }
    let mut names = HashSet::with_capacity(tensors.len());
    match tensors.iter().find(|tensor| !names.insert(&tensor.name)) {
        Some(tensor) => Err(GgufError::NameTwice { tensor: tensor.name.clone() }),
        None => Ok(()),
    }
}

fn alignment(metadata: &[(String, GgufValue)]) -> Result<u64, GgufError> {
    match metadata.iter().find(|(key, _)| key == ALIGNMENT_KEY) {
        None => Ok(ALIGNMENT),
        Some((_, GgufValue::U32(alignment))) if alignment.is_power_of_two() => Ok(u64::from(*alignment)),
        Some((_, GgufValue::U32(alignment))) => Err(GgufError::BadAlignment { alignment: *alignment }),
        Some(_) => Err(GgufError::BadAlignment { alignment: 0 }),
    }
}

/// Each tensor begins where the one before it ends, as ggml demands, and the file holds all of them.
fn check_places(
    tensors: &[GgufTensor],
    alignment: u64,
    data_start: u64,
    file_byte_count: u64,
) -> Result<(), GgufError> {
    let mut expected = 0_u64;
    for GgufTensor { name, offset, byte_count, .. } in tensors {
        if *offset != expected {
            return Err(GgufError::Misplaced { tensor: name.clone(), offset: *offset, expected });
        }
        let needed = data_start.saturating_add(expected).saturating_add(*byte_count);
        if needed > file_byte_count {
            return Err(GgufError::EndsEarly { needed, held: file_byte_count });
        }
        expected = (expected + byte_count).next_multiple_of(alignment);
    }
    Ok(())
}
