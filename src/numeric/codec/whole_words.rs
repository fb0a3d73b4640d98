//! Codes of a few bits in 32-bit words of which each holds as many as fit, its highest bits nothing.

use std::ops::Range;

/// Takes codes number `range`, of `bits` each, out of the little-endian `words` into `codes`: the first of a word is in
/// its lowest bits, and none begins in one word and ends in the next.
///
/// # Panics
/// If `bits` is not 1 to 8, `codes` is not as long as the range, or the words end before it.
pub fn unpack_whole_words(bits: usize, words: &[u8], range: Range<usize>, codes: &mut [u8]) {
    assert!((1..=8).contains(&bits), "codes have 1 to 8 bits");
    assert_eq!(codes.len(), range.len(), "codes and range must agree");
    let (words, _) = words.as_chunks::<4>();
    let (in_word, mask) = (32 / bits, u8::MAX >> (8 - bits));
    for (index, code) in range.zip(codes) {
        let word = u32::from_le_bytes(words[index / in_word]);
        *code = (word >> (index % in_word * bits)).to_le_bytes()[0] & mask;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_word_begins_with_a_code() {
        for bits in 1..=8 {
            let in_word = 32 / bits;
            let code = |index: usize| (index * 73 + 5).to_le_bytes()[0] >> (8 - bits);
            let words: Vec<u8> = (0..3)
                .map(|word| (0..in_word).map(|place| u32::from(code(word * in_word + place)) << (place * bits)).sum())
                .flat_map(u32::to_le_bytes)
                .collect();
            let mut codes = vec![0; in_word * 2];
            unpack_whole_words(bits, &words, 2..in_word * 2 + 2, &mut codes);
            assert!(codes.into_iter().eq((2..in_word * 2 + 2).map(code)), "{bits} bits");
        }
    }
}
