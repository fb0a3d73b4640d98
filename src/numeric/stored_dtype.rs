//! The element type of a stored tensor: any that a header can name, known to this version or not.

use std::{fmt, str::FromStr};

use serde::{Serialize, Serializer};

/// Bytes of the longest name; the longest that safetensors 0.8 writes has 11.
const MAX_NAME_LEN: usize = 15;

/// More bits than one element can have.
const MAX_BITS: u16 = 1024;

/// An element type by its name in a safetensors header.
///
/// Formats learn dtypes faster than programs do, and a tensor that no adapter touches is copied as bytes: for that its
/// size must be known, not its meaning. Names follow one rule, capitals and then the bits of an element (`BF16`,
/// `F8_E4M3`, `U4`), so the size of a dtype of tomorrow is known today.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Dtype {
    bit_count: u16,
    name: [u8; MAX_NAME_LEN],
}

/// A name that does not tell the size of an element.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, thiserror::Error)]
#[error("{}", crate::message::english(self))]
pub struct UnknownDtype {
    /// The name.
    pub name: String,
}

/// The dtypes that code names.
macro_rules! known {
    ($($name:ident: $meaning:literal),+ $(,)?) => {
        impl Dtype {
            $(
                #[doc = $meaning]
                pub const $name: Self = Self::known(stringify!($name));
            )+
        }
    };
}

known! {
    BOOL: "A truth value in a byte.",
    U8: "Unsigned integer, 8 bits.",
    I8: "Signed integer, 8 bits.",
    U16: "Unsigned integer, 16 bits.",
    I16: "Signed integer, 16 bits.",
    U32: "Unsigned integer, 32 bits.",
    I32: "Signed integer, 32 bits.",
    U64: "Unsigned integer, 64 bits.",
    I64: "Signed integer, 64 bits.",
    F8_E4M3: "8-bit float with 4 exponent bits.",
    F8_E5M2: "8-bit float with 5 exponent bits.",
    F8_E4M3FNUZ: "8-bit float with 4 exponent bits, without infinity and negative zero.",
    F8_E5M2FNUZ: "8-bit float with 5 exponent bits, without infinity and negative zero.",
    F8_E8M0: "A power of two in 8 bits, the scale of a block.",
    F16: "IEEE half precision.",
    BF16: "bfloat16.",
    F32: "IEEE single precision.",
    F64: "IEEE double precision.",
    C64: "Two single-precision floats.",
}

impl Dtype {
    /// The dtype of this name; `None` where the name does not tell the size of an element.
    #[must_use]
    pub const fn parse(name: &str) -> Option<Self> {
        let text = name.as_bytes();
        if text.len() > MAX_NAME_LEN {
            return None;
        }
        let mut padded = [0; MAX_NAME_LEN];
        let mut at = 0;
        while at < text.len() {
            padded[at] = text[at];
            at += 1;
        }
        match bits_of(text) {
            Some(bit_count) => Some(Self { bit_count, name: padded }),
            None => None,
        }
    }

    const fn known(name: &str) -> Self {
        Self::parse(name).expect("the dtypes that code names follow the rule")
    }

    /// The name in a header.
    #[must_use]
    pub fn name(&self) -> &str {
        let len = self.name.iter().position(|byte| *byte == 0).unwrap_or(MAX_NAME_LEN);
        std::str::from_utf8(&self.name[..len]).unwrap_or_else(|_| unreachable!("a dtype's name is ASCII"))
    }

    /// Bits of one element; some have less than a byte.
    #[must_use]
    pub fn bitsize(&self) -> usize {
        usize::from(self.bit_count)
    }
}

/// Bits of an element: the number behind the first capitals, up to the end or an underscore.
const fn bits_of(name: &[u8]) -> Option<u16> {
    if let b"BOOL" = name {
        return Some(8);
    }
    let mut at = 0;
    while at < name.len() && name[at].is_ascii_uppercase() {
        at += 1;
    }
    let letter_count = at;
    let mut bit_count: u16 = 0;
    while at < name.len() && name[at].is_ascii_digit() && bit_count <= MAX_BITS {
        bit_count = bit_count * 10 + (name[at] - b'0') as u16;
        at += 1;
    }
    let is_suffixed = at < name.len();
    if is_suffixed && name[at] != b'_' {
        return None;
    }
    while at < name.len() {
        if !(name[at].is_ascii_uppercase() || name[at].is_ascii_digit() || name[at] == b'_') {
            return None;
        }
        at += 1;
    }
    if letter_count == 0 || bit_count == 0 || bit_count > MAX_BITS { None } else { Some(bit_count) }
}

impl FromStr for Dtype {
    type Err = UnknownDtype;

    fn from_str(name: &str) -> Result<Self, Self::Err> {
        Self::parse(name).ok_or_else(|| UnknownDtype { name: name.to_owned() })
    }
}

impl fmt::Display for Dtype {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.pad(self.name())
    }
}

impl fmt::Debug for Dtype {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(self.name())
    }
}

impl Serialize for Dtype {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(self.name())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_dtype_of_the_safetensors_crate_has_its_name_and_size() {
        use safetensors::Dtype as Theirs;
        let theirs = [
            Theirs::BOOL,
            Theirs::F4,
            Theirs::F6_E2M3,
            Theirs::F6_E3M2,
            Theirs::U8,
            Theirs::I8,
            Theirs::F8_E5M2,
            Theirs::F8_E4M3,
            Theirs::F8_E8M0,
            Theirs::F8_E4M3FNUZ,
            Theirs::F8_E5M2FNUZ,
            Theirs::I16,
            Theirs::U16,
            Theirs::F16,
            Theirs::BF16,
            Theirs::I32,
            Theirs::U32,
            Theirs::F32,
            Theirs::C64,
            Theirs::F64,
            Theirs::I64,
            Theirs::U64,
        ];
        for theirs in theirs {
            let ours: Dtype = theirs.to_string().parse().unwrap();
            assert_eq!((ours.to_string(), ours.bitsize()), (theirs.to_string(), theirs.bitsize()));
        }
    }

    #[test]
    fn names_of_tomorrow_tell_their_size_and_others_are_unknown() {
        for (name, bit_count) in [("U4", 4), ("F4_E2M1", 4), ("I128", 128), ("C128", 128), ("NF4", 4)] {
            assert_eq!(Dtype::parse(name).map(|dtype| dtype.bitsize()), Some(bit_count), "{name}");
        }
        for name in [
            "",
            "F",
            "32",
            "F0",
            "f32",
            "F-8",
            "F8-E4M3",
            "F8 ",
            "Q4K",
            "F2000",
            "F99999999",
            "F8_E4M3_AND_MORE",
            "F8_é",
        ] {
            assert_eq!(Dtype::parse(name), None, "{name}");
        }
        assert_eq!(serde_json::to_string(&Dtype::F8_E4M3).unwrap(), "\"F8_E4M3\"");
    }
}
