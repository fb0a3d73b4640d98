//! Values of a GGUF file's metadata, each with its type.

/// The types, with the numbers that stand for them in a file.
macro_rules! scalars {
    ($($name:ident($type:ty) = $number:literal: $meaning:literal),+ $(,)?) => {
        /// A value of the metadata.
        #[derive(Clone, Debug, PartialEq)]
        pub enum GgufValue {
            $(#[doc = $meaning] $name($type),)+
            /// Text.
            String(String),
            /// Values of one type.
            Array(GgufArray),
        }

        /// Values of one type.
        #[derive(Clone, Debug, PartialEq)]
        pub enum GgufArray {
            $(#[doc = $meaning] $name(Vec<$type>),)+
            /// Texts.
            String(Vec<String>),
            /// Arrays, of a type each.
            Array(Vec<GgufArray>),
        }

        impl GgufValue {
            /// The number of the type in a file.
            #[must_use]
            pub fn type_number(&self) -> u32 {
                match self {
                    $(Self::$name(_) => $number,)+
                    Self::String(_) => STRING,
                    Self::Array(_) => ARRAY,
                }
            }

            /// The bytes behind the number.
            pub(super) fn write(&self, bytes: &mut Vec<u8>) {
                match self {
                    $(Self::$name(value) => value.write(bytes),)+
                    Self::String(text) => text.write(bytes),
                    Self::Array(array) => array.write(bytes),
                }
            }
        }

        impl GgufArray {
            /// The number of the elements' type.
            #[must_use]
            pub fn type_number(&self) -> u32 {
                match self {
                    $(Self::$name(_) => $number,)+
                    Self::String(_) => STRING,
                    Self::Array(_) => ARRAY,
                }
            }

            /// Elements.
            #[must_use]
            pub fn len(&self) -> usize {
                match self {
                    $(Self::$name(values) => values.len(),)+
                    Self::String(values) => values.len(),
                    Self::Array(values) => values.len(),
                }
            }

            fn write(&self, bytes: &mut Vec<u8>) {
                self.type_number().write(bytes);
                (self.len() as u64).write(bytes);
                match self {
                    $(Self::$name(values) => values.iter().for_each(|value| value.write(bytes)),)+
                    Self::String(values) => values.iter().for_each(|value| value.write(bytes)),
                    Self::Array(values) => values.iter().for_each(|value| value.write(bytes)),
                }
            }
        }

        /// A value of type `number`; elements of arrays are read by the same rules.
        pub(super) fn read_value<R: Read>(number: u32, cursor: &mut Cursor<R>, depth: usize) -> Result<GgufValue, GgufError> {
            Ok(match number {
                $($number => GgufValue::$name(<$type>::read(cursor)?),)+
                STRING => GgufValue::String(String::read(cursor)?),
                ARRAY => GgufValue::Array(read_array(cursor, depth)?),
                number => return Err(GgufError::UnknownValueType { number }),
            })
        }

        fn read_array<R: Read>(cursor: &mut Cursor<R>, depth: usize) -> Result<GgufArray, GgufError> {
            if depth == MAX_DEPTH {
                return Err(GgufError::TooDeep { most: MAX_DEPTH });
            }
            let (number, count) = (u32::read(cursor)?, u64::read(cursor)?);
            Ok(match number {
                $($number => GgufArray::$name(read_elements(cursor, count, size_of::<$type>(), <$type>::read)?),)+
                STRING => GgufArray::String(read_elements(cursor, count, 8, String::read)?),
                ARRAY => GgufArray::Array(read_elements(cursor, count, 12, |cursor| read_array(cursor, depth + 1))?),
                number => return Err(GgufError::UnknownValueType { number }),
            })
        }
    };
}

use std::io::Read;

use super::{GgufError, cursor::Cursor};

const STRING: u32 = 8;
const ARRAY: u32 = 9;

/// Arrays in arrays that are followed.
const MAX_DEPTH: usize = 4;

scalars! {
    U8(u8) = 0: "Unsigned, 8 bits.",
    I8(i8) = 1: "Signed, 8 bits.",
    U16(u16) = 2: "Unsigned, 16 bits.",
    I16(i16) = 3: "Signed, 16 bits.",
    U32(u32) = 4: "Unsigned, 32 bits.",
    I32(i32) = 5: "Signed, 32 bits.",
    F32(f32) = 6: "Single precision.",
    Bool(bool) = 7: "A truth value.",
    U64(u64) = 10: "Unsigned, 64 bits.",
    I64(i64) = 11: "Signed, 64 bits.",
    F64(f64) = 12: "Double precision.",
}

impl GgufArray {
    /// Whether it has no element; readers differ in what they make of such an array, so none is written.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }
}

impl From<&str> for GgufValue {
    fn from(text: &str) -> Self {
        Self::String(text.to_owned())
    }
}

/// How a type lies in a file.
pub(super) trait Stored: Sized {
    /// Appends it.
    fn write(&self, bytes: &mut Vec<u8>);

    /// Takes it from where the cursor stands.
    fn read<R: Read>(cursor: &mut Cursor<R>) -> Result<Self, GgufError>;
}

macro_rules! stored_numbers {
    ($($type:ty),+) => {
        $(impl Stored for $type {
            fn write(&self, bytes: &mut Vec<u8>) {
                bytes.extend_from_slice(&self.to_le_bytes());
            }

            fn read<R: Read>(cursor: &mut Cursor<R>) -> Result<Self, GgufError> {
                Ok(Self::from_le_bytes(cursor.take_array()?))
            }
        })+
    };
}

stored_numbers!(u8, i8, u16, i16, u32, i32, u64, i64, f32, f64);

impl Stored for bool {
    fn write(&self, bytes: &mut Vec<u8>) {
        bytes.push(u8::from(*self));
    }

    fn read<R: Read>(cursor: &mut Cursor<R>) -> Result<Self, GgufError> {
        match u8::read(cursor)? {
            0 => Ok(false),
            1 => Ok(true),
            found => Err(GgufError::BadBool { found }),
        }
    }
}

impl Stored for String {
    fn write(&self, bytes: &mut Vec<u8>) {
        (self.len() as u64).write(bytes);
        bytes.extend_from_slice(self.as_bytes());
    }

    fn read<R: Read>(cursor: &mut Cursor<R>) -> Result<Self, GgufError> {
        let (at, byte_count) = (cursor.at(), u64::read(cursor)?);
        let bytes = cursor.take(byte_count)?;
        Self::from_utf8(bytes).map_err(|_| GgufError::BadText { at })
    }
}

/// `count` elements of at least `least` bytes each; what the file cannot hold is refused before anything is reserved.
fn read_elements<R: Read, T>(
    cursor: &mut Cursor<R>,
    count: u64,
    least: usize,
    read: impl Fn(&mut Cursor<R>) -> Result<T, GgufError>,
) -> Result<Vec<T>, GgufError> {
    cursor.check_room(count.saturating_mul(least as u64))?;
    (0..count).map(|_| read(cursor)).collect()
}
