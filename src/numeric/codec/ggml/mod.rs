//! The tensor types of ggml, as GGUF files hold them: from values to blocks, bit for bit as ggml's reference makes them on
//! x86-64, and back.
//!
//! Arithmetic is f32 in ggml's order, without fused multiplication, and scales are rounded once to half precision. The
//! k-quants search sixteen sub-blocks side by side, each with the order of sums that it has alone.

mod k_mins;
mod k_read;
mod k_search;
mod k_six;
mod short;
mod short_encode;

use std::fmt;

use half::f16;
use serde::Serialize;

use self::{k_mins::Bits, short::Short};
use crate::numeric::{CpuLevel, FloatDtype, lanes::Lanes, level::LaneLoop, narrow_at, widen};

/// Values of a block of the k-quants.
const K_BLOCK_LEN: usize = 256;

/// The largest scale of half precision times the largest codes of any type stays below a sixteenth of this.
const MAGNITUDE_LIMIT: f32 = 4_294_967_296.0;

/// A tensor type of ggml; the number is the one in a file.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
#[repr(u32)]
pub enum GgmlType {
    /// Single precision.
    F32 = 0,
    /// Half precision.
    F16 = 1,
    /// Blocks of 32: a scale and codes of 4 bits.
    Q4_0 = 2,
    /// Blocks of 32: a scale, a minimum and codes of 4 bits.
    Q4_1 = 3,
    /// Blocks of 32: a scale and codes of 5 bits.
    Q5_0 = 6,
    /// Blocks of 32: a scale, a minimum and codes of 5 bits.
    Q5_1 = 7,
    /// Blocks of 32: a scale and codes of 8 bits.
    Q8_0 = 8,
    /// Blocks of 256, codes of 2 bits; read only.
    Q2K = 10,
    /// Blocks of 256, codes of 3 bits; read only.
    Q3K = 11,
    /// Blocks of 256, codes of 4 bits.
    Q4K = 12,
    /// Blocks of 256, codes of 5 bits.
    Q5K = 13,
    /// Blocks of 256, codes of 6 bits.
    Q6K = 14,
    /// bfloat16.
    Bf16 = 30,
}

/// Types of files that are met and not read: code books, three values, floats of four bits, integers.
const UNREAD: [(u32, &str); 19] = [
    (15, "Q8_K"),
    (16, "IQ2_XXS"),
    (17, "IQ2_XS"),
    (18, "IQ3_XXS"),
    (19, "IQ1_S"),
    (20, "IQ4_NL"),
    (21, "IQ3_S"),
    (22, "IQ2_S"),
    (23, "IQ4_XS"),
    (24, "I8"),
    (25, "I16"),
    (26, "I32"),
    (27, "I64"),
    (28, "F64"),
    (29, "IQ1_M"),
    (34, "TQ1_0"),
    (35, "TQ2_0"),
    (39, "MXFP4"),
    (40, "NVFP4"),
];

/// Values that a type cannot hold.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, thiserror::Error)]
#[error("{}", crate::message::english(self))]
pub enum EncodeError {
    /// NaN or infinity.
    NotFinite {
        /// Where among the values.
        index: usize,
    },
    /// A value, or the scale of its block, beyond the range of half precision.
    TooLarge {
        /// The first value of the block.
        index: usize,
    },
    /// A type that is read only.
    ReadOnly {
        /// Its name.
        name: &'static str,
    },
}

/// What the arithmetic of a type is.
enum Form {
    Float(FloatDtype),
    Short(Short),
    Two,
    Three,
    Mins(Bits),
    Six,
}

impl GgmlType {
    /// Every type that is read.
    pub const ALL: [Self; 13] = [
        Self::F32,
        Self::F16,
        Self::Q4_0,
        Self::Q4_1,
        Self::Q5_0,
        Self::Q5_1,
        Self::Q8_0,
        Self::Q2K,
        Self::Q3K,
        Self::Q4K,
        Self::Q5K,
        Self::Q6K,
        Self::Bf16,
    ];

    /// The type of this number in a file.
    #[must_use]
    pub fn of_number(number: u32) -> Option<Self> {
        Self::ALL.into_iter().find(|known| known.number() == number)
    }

    /// What ggml calls a type of this number that is not read here; the number where it has none.
    #[must_use]
    pub fn unread_name(number: u32) -> String {
        let known = UNREAD.into_iter().find(|(known, _)| *known == number);
        known.map_or_else(|| number.to_string(), |(_, name)| name.to_owned())
    }

    /// The number that stands for it in a file.
    #[must_use]
    pub const fn number(self) -> u32 {
        self as u32
    }

    /// ggml's name.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::F32 => "F32",
            Self::F16 => "F16",
            Self::Q4_0 => "Q4_0",
            Self::Q4_1 => "Q4_1",
            Self::Q5_0 => "Q5_0",
            Self::Q5_1 => "Q5_1",
            Self::Q8_0 => "Q8_0",
            Self::Q2K => "Q2_K",
            Self::Q3K => "Q3_K",
            Self::Q4K => "Q4_K",
            Self::Q5K => "Q5_K",
            Self::Q6K => "Q6_K",
            Self::Bf16 => "BF16",
        }
    }

    const fn form(self) -> Form {
        match self {
            Self::F32 => Form::Float(FloatDtype::F32),
            Self::F16 => Form::Float(FloatDtype::F16),
            Self::Bf16 => Form::Float(FloatDtype::BF16),
            Self::Q4_0 => Form::Short(Short::Offset { bits: 4 }),
            Self::Q4_1 => Form::Short(Short::Min { bits: 4 }),
            Self::Q5_0 => Form::Short(Short::Offset { bits: 5 }),
            Self::Q5_1 => Form::Short(Short::Min { bits: 5 }),
            Self::Q8_0 => Form::Short(Short::Eight),
            Self::Q2K => Form::Two,
            Self::Q3K => Form::Three,
            Self::Q4K => Form::Mins(Bits::Four),
            Self::Q5K => Form::Mins(Bits::Five),
            Self::Q6K => Form::Six,
        }
    }

    /// Values of a block; rows consist of whole blocks.
    #[must_use]
    pub const fn block_len(self) -> usize {
        match self.form() {
            Form::Float(_) => 1,
            Form::Short(_) => short::SHORT_LEN,
            Form::Two | Form::Three | Form::Mins(_) | Form::Six => K_BLOCK_LEN,
        }
    }

    /// Bytes of a block.
    #[must_use]
    pub const fn block_byte_count(self) -> usize {
        match self {
            Self::F32 => 4,
            Self::F16 | Self::Bf16 => 2,
            Self::Q4_0 => 18,
            Self::Q4_1 => 20,
            Self::Q5_0 => 22,
            Self::Q5_1 => 24,
            Self::Q8_0 => 34,
            Self::Q2K => 84,
            Self::Q3K => 110,
            Self::Q4K => 144,
            Self::Q5K => 176,
            Self::Q6K => 210,
        }
    }

    /// Bytes of `value_count` values; `None` where they are no whole blocks.
    #[must_use]
    pub fn byte_count(self, value_count: usize) -> Option<usize> {
        let is_whole = value_count.is_multiple_of(self.block_len());
        is_whole.then(|| value_count / self.block_len() * self.block_byte_count())
    }

    /// Encodes whole blocks, with the best instructions of the processor.
    ///
    /// # Errors
    /// NaN, infinity, values beyond half precision where the type has it, a type that is read only; `bytes` then hold
    /// nothing of use.
    ///
    /// # Panics
    /// If `bytes` has another length than [`Self::byte_count`] says, or the values are no whole blocks.
    pub fn encode(self, values: &[f32], bytes: &mut [u8]) -> Result<(), EncodeError> {
        self.encode_at(CpuLevel::detected(), values, bytes)
    }

    /// [`Self::encode`] with the instructions of `level`, which changes nothing but the speed.
    ///
    /// # Errors
    /// As [`Self::encode`].
    ///
    /// # Panics
    /// As [`Self::encode`].
    pub fn encode_at(self, level: CpuLevel, values: &[f32], bytes: &mut [u8]) -> Result<(), EncodeError> {
        assert_eq!(Some(bytes.len()), self.byte_count(values.len()), "bytes and values must agree");
        self.check_values(level, values)?;
        match self.form() {
            Form::Float(dtype) => narrow_at(level, dtype, values, bytes),
            Form::Short(short) => level.run(short_encode::Encode { short, values, bytes }),
            Form::Mins(bits) => level.run(k_mins::Encode { bits, values, bytes }),
            Form::Six => level.run(k_six::Encode { values, bytes }),
            Form::Two | Form::Three => return Err(EncodeError::ReadOnly { name: self.name() }),
        }
        self.check_halves(bytes)
    }

    /// Finds a value that is no number, or beyond every scale in half precision; the sums of a search would overflow of it.
    fn check_values(self, level: CpuLevel, values: &[f32]) -> Result<(), EncodeError> {
        let block_len = self.block_len();
        let limit = if block_len > 1 { MAGNITUDE_LIMIT } else { f32::INFINITY };
        if level.run(AllBelow { values, limit }) {
            return Ok(());
        }
        if let Some(index) = values.iter().position(|value| !value.is_finite()) {
            return Err(EncodeError::NotFinite { index });
        }
        let first = values.iter().position(|value| value.abs() >= limit).unwrap_or_default();
        Err(EncodeError::TooLarge { index: first / block_len * block_len })
    }

    /// Finds a value or a scale that half precision does not hold.
    fn check_halves(self, bytes: &[u8]) -> Result<(), EncodeError> {
        let halves_at: &[usize] = match self.form() {
            Form::Float(FloatDtype::F32) => return Ok(()),
            Form::Float(FloatDtype::BF16) => return check_exponents(bytes, 0x7f80),
            Form::Float(_) => return check_exponents(bytes, 0x7c00),
            Form::Six => &[208],
            Form::Mins(_) | Form::Short(Short::Min { .. }) => &[0, 2],
            Form::Short(_) | Form::Two | Form::Three => &[0],
        };
        // The exponents of one of them in each block.
        let uppers = |at: usize| bytes.iter().skip(at + 1).step_by(self.block_byte_count());
        let is_infinite = |upper: &u8| upper & 0x7c == 0x7c;
        if !halves_at.iter().any(|at| uppers(*at).fold(false, |is_found, upper| is_found | is_infinite(upper))) {
            return Ok(());
        }
        let first = halves_at.iter().filter_map(|at| uppers(*at).position(is_infinite)).min();
        Err(EncodeError::TooLarge { index: first.unwrap_or_default() * self.block_len() })
    }

    /// Decodes whole blocks, as ggml does.
    ///
    /// # Panics
    /// If `bytes` has another length than [`Self::byte_count`] says, or the values are no whole blocks.
    pub fn decode(self, bytes: &[u8], values: &mut [f32]) {
        assert_eq!(Some(bytes.len()), self.byte_count(values.len()), "bytes and values must agree");
        match self.form() {
            Form::Float(dtype) => widen(dtype, bytes, values),
            Form::Short(short) => short::decode(short, bytes, values),
            Form::Two => k_read::decode_two(bytes, values),
            Form::Three => k_read::decode_three(bytes, values),
            Form::Mins(bits) => k_mins::decode(bits, bytes, values),
            Form::Six => k_six::decode(bytes, values),
        }
    }
}

/// Whether all magnitudes lie below a limit, without a branch: what is found is rare.
struct AllBelow<'a> {
    values: &'a [f32],
    limit: f32,
}

impl LaneLoop for AllBelow<'_> {
    type Output = bool;

    #[expect(clippy::inline_always, reason = "only what is inlined is compiled with the instructions of a level")]
    #[inline(always)]
    fn run<L: Lanes>(self, _lanes: L) -> bool {
        self.values.iter().fold(true, |is_fine, value| is_fine & (value.abs() < self.limit))
    }
}

/// Finds the first of the 16-bit floats in `bytes` whose exponent has every bit of `mask`: infinity.
fn check_exponents(bytes: &[u8], mask: u16) -> Result<(), EncodeError> {
    let floats = bytes.as_chunks::<2>().0;
    let is_infinite = |bytes: &[u8; 2]| u16::from_le_bytes(*bytes) & mask == mask;
    if !floats.iter().fold(false, |is_found, bytes| is_found | is_infinite(bytes)) {
        return Ok(());
    }
    let index = floats.iter().position(is_infinite).unwrap_or_default();
    Err(EncodeError::TooLarge { index })
}

impl fmt::Display for GgmlType {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(self.name())
    }
}

/// The number of half precision at `at`.
fn half_at(block: &[u8], at: usize) -> f32 {
    f16::from_le_bytes([block[at], block[at + 1]]).to_f32()
}

/// Writes `value` at `at` in half precision, and gives what is left of it.
#[expect(clippy::inline_always, reason = "only what is inlined is compiled with the instructions of a level")]
#[inline(always)]
fn put_half(block: &mut [u8], at: usize, value: f32) -> f32 {
    let half = f16::from_f32(value);
    block[at..at + 2].copy_from_slice(&half.to_le_bytes());
    half.to_f32()
}
