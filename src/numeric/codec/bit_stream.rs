//! Codes of a few bits, one after the other in a stream of bytes: low bits first, across the ends of bytes and words.
//!
//! Words of any width in little-endian order are such a stream too, as long as their codes begin with the low bits.

#![expect(clippy::inline_always, reason = "only what is inlined is compiled with the instructions of a level")]

use std::ops::Range;

/// Takes codes number `range`, of `bits` each, out of `stream` into `codes`: code `j` is bits `j · bits` and up, so that
/// it may begin in one word and end in the next.
///
/// # Panics
/// If `bits` is not 1 to 8, `codes` is not as long as the range, or the stream ends before it.
#[inline(always)]
pub fn unpack(bits: usize, stream: &[u8], range: Range<usize>, codes: &mut [u8]) {
    assert!((1..=8).contains(&bits), "codes have 1 to 8 bits");
    assert_eq!(codes.len(), range.len(), "codes and range must agree");
    // Eight codes end with a byte, whatever their width.
    let (first, codes) = codes.split_at_mut((range.start.next_multiple_of(8) - range.start).min(codes.len()));
    let start = range.start + first.len();
    for (index, code) in (range.start..start).zip(first) {
        let at = index * bits;
        let two = [stream[at / 8], stream.get(at / 8 + 1).copied().unwrap_or(0)];
        *code = (u16::from_le_bytes(two) >> (at % 8)).to_le_bytes()[0] & (u8::MAX >> (8 - bits));
    }
    if !codes.is_empty() {
        unpack_aligned(bits, &stream[start * bits / 8..(range.end * bits).div_ceil(8)], codes);
    }
}

/// Takes codes that begin with the stream and end in its last byte.
#[inline(always)]
fn unpack_aligned(bits: usize, stream: &[u8], codes: &mut [u8]) {
    match bits {
        1 => unpack_in_bytes::<1, 8>(stream, codes),
        2 => unpack_in_bytes::<2, 4>(stream, codes),
        3 => unpack_straddling::<3>(stream, codes),
        4 => unpack_in_bytes::<4, 2>(stream, codes),
        5 => unpack_straddling::<5>(stream, codes),
        6 => unpack_straddling::<6>(stream, codes),
        7 => unpack_straddling::<7>(stream, codes),
        _ => codes.copy_from_slice(stream),
    }
}

/// Codes of which `COUNT` fill a byte.
#[inline(always)]
fn unpack_in_bytes<const BITS: usize, const COUNT: usize>(stream: &[u8], codes: &mut [u8]) {
    let split = |byte: u8| std::array::from_fn::<u8, COUNT, _>(|place| byte >> (place * BITS) & mask::<BITS>());
    let (whole, rest) = codes.as_chunks_mut::<COUNT>();
    for (codes, byte) in whole.iter_mut().zip(stream) {
        *codes = split(*byte);
    }
    if !rest.is_empty() {
        rest.copy_from_slice(&split(stream[whole.len()])[..rest.len()]);
    }
}

/// Codes that pay no heed to the ends of bytes: eight of them fill `BITS` bytes.
#[inline(always)]
fn unpack_straddling<const BITS: usize>(stream: &[u8], codes: &mut [u8]) {
    let split = |part: &[u8]| {
        let mut bytes = [0; 8];
        bytes[..part.len()].copy_from_slice(part);
        let word = u64::from_le_bytes(bytes);
        std::array::from_fn::<u8, 8, _>(|place| (word >> (place * BITS)).to_le_bytes()[0] & mask::<BITS>())
    };
    let (whole, rest) = codes.as_chunks_mut::<8>();
    let parts = stream.as_chunks::<BITS>().0;
    for (codes, part) in whole.iter_mut().zip(parts) {
        *codes = split(part);
    }
    if !rest.is_empty() {
        let start = whole.len() * BITS;
        rest.copy_from_slice(&split(&stream[start..])[..rest.len()]);
    }
}

const fn mask<const BITS: usize>() -> u8 {
    u8::MAX >> (8 - BITS)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        /// Any run of codes is what reading one bit after the other gives.
        #[test]
        fn any_run_of_codes_is_that_of_the_bits(
            stream in proptest::collection::vec(any::<u8>(), 1..150),
            bits in 1_usize..9,
            (from, len) in (0_usize..1200, 0_usize..1200),
        ) {
            let count = stream.len() * 8 / bits;
            let range = from.min(count)..(from.min(count) + len).min(count);
            let mut codes = vec![0xff; range.len()];
            unpack(bits, &stream, range.clone(), &mut codes);
            let bit = |at: usize| stream[at / 8] >> (at % 8) & 1;
            for (index, code) in range.zip(codes) {
                let expected: u8 = (0..bits).map(|place| bit(index * bits + place) << place).sum();
                prop_assert_eq!(code, expected, "code {} of {} bits", index, bits);
            }
        }
    }

    #[test]
    fn a_code_begins_in_one_word_and_ends_in_the_next() {
        // Bits 30 to 32 of two little-endian words: the eleventh code of 3 bits.
        let stream: Vec<u8> = [0x4000_0000_u32, 0x0000_0001].iter().flat_map(|word| word.to_le_bytes()).collect();
        let mut codes = [0; 21];
        unpack(3, &stream, 0..21, &mut codes);
        assert_eq!(codes[10], 0b101);
        assert_eq!(codes.iter().filter(|code| **code != 0).count(), 1);
    }
}
