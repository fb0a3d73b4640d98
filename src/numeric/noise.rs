//! Random numbers that depend on a seed, a tensor's name and an element's place in it, and on nothing else: tiles,
//! threads and a resumed run draw the same.
//!
//! Philox4x32-10 (Salmon et al. 2011, "Parallel random numbers: as easy as 1, 2, 3"): a function of a counter and a key.

#![expect(clippy::needless_range_loop, reason = "lanes by index are what the compiler turns into whole registers")]
#![expect(clippy::inline_always, reason = "only what is inlined is compiled with the instructions of a level")]

/// Words that one counter gives.
const BLOCK_LEN: usize = 4;

/// Counters computed side by side.
const LANES: usize = 16;

const ROUNDS: usize = 10;
const MULTIPLIERS: [u32; 2] = [0xd251_1f53, 0xcd9e_8d57];
const KEY_STEPS: [u32; 2] = [0x9e37_79b9, 0xbb67_ae85];

/// The random words of one tensor: 32 bits for each element.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Noise {
    key: [u32; 2],
}

impl Noise {
    /// The words of the tensor called `tensor` under `seed`.
    #[must_use]
    pub fn new(seed: u64, tensor: &str) -> Self {
        let mut hasher = blake3::Hasher::new();
        hasher.update(&seed.to_le_bytes());
        hasher.update(tensor.as_bytes());
        let hash = hasher.finalize();
        let word = |index: usize| {
            let bytes = &hash.as_bytes()[4 * index..4 * index + 4];
            bytes.iter().rev().fold(0, |word, byte| word << 8 | u32::from(*byte))
        };
        Self { key: [word(0), word(1)] }
    }

    /// The word of the element with this row-major index.
    #[must_use]
    pub fn word(self, element: u64) -> u32 {
        let [[counter], [high], ..] = counters::<1>(element / BLOCK_LEN as u64);
        let block = philox([[counter], [high], [0], [0]], self.key);
        block[place_in_block(element)][0]
    }

    /// The words of consecutive elements from `first` on.
    #[inline(always)]
    pub(super) fn fill(self, first: u64, words: &mut [u32]) {
        let head = (BLOCK_LEN - place_in_block(first)) % BLOCK_LEN;
        let (head, rest) = words.split_at_mut(head.min(words.len()));
        self.fill_singly(first, head);
        let mut at = first + head.len() as u64;
        let (groups, tail) = rest.as_chunks_mut::<{ BLOCK_LEN * LANES }>();
        for group in groups {
            let blocks = philox(counters::<LANES>(at / BLOCK_LEN as u64), self.key);
            for lane in 0..LANES {
                for word in 0..BLOCK_LEN {
                    group[BLOCK_LEN * lane + word] = blocks[word][lane];
                }
            }
            at += (BLOCK_LEN * LANES) as u64;
        }
        self.fill_singly(at, tail);
    }

    fn fill_singly(self, first: u64, words: &mut [u32]) {
        for (word, element) in words.iter_mut().zip(first..) {
            *word = self.word(element);
        }
    }
}

/// Which word of its block an element takes.
#[expect(clippy::cast_possible_truncation, reason = "a block has four words")]
fn place_in_block(element: u64) -> usize {
    (element % BLOCK_LEN as u64) as usize
}

/// `N` consecutive counters of 128 bits, of which the upper half stays zero.
#[inline(always)]
fn counters<const N: usize>(first: u64) -> [[u32; N]; BLOCK_LEN] {
    let mut words = [[0; N]; BLOCK_LEN];
    for lane in 0..N {
        let counter = first.wrapping_add(lane as u64);
        (words[0][lane], words[1][lane]) = halves(counter);
    }
    words
}

/// Ten rounds on `N` counters.
#[inline(always)]
fn philox<const N: usize>(mut counter: [[u32; N]; BLOCK_LEN], mut key: [u32; 2]) -> [[u32; N]; BLOCK_LEN] {
    for _ in 0..ROUNDS {
        for lane in 0..N {
            let (low_0, high_0) = halves(u64::from(MULTIPLIERS[0]) * u64::from(counter[0][lane]));
            let (low_1, high_1) = halves(u64::from(MULTIPLIERS[1]) * u64::from(counter[2][lane]));
            counter[0][lane] = high_1 ^ counter[1][lane] ^ key[0];
            counter[1][lane] = low_1;
            counter[2][lane] = high_0 ^ counter[3][lane] ^ key[1];
            counter[3][lane] = low_0;
        }
        for half in 0..2 {
            key[half] = key[half].wrapping_add(KEY_STEPS[half]);
        }
    }
    counter
}

/// The lower and the upper 32 bits.
#[inline(always)]
#[expect(clippy::cast_possible_truncation, reason = "the halves are what is asked for")]
fn halves(value: u64) -> (u32, u32) {
    (value as u32, (value >> 32) as u32)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn philox_gives_the_known_answers_of_its_authors() {
        // kat_vectors of Random123 1.14: counter, key, result.
        let cases = [
            ([0; 4], [0; 2], [0x6627_e8d5, 0xe169_c58d, 0xbc57_ac4c, 0x9b00_dbd8]),
            ([u32::MAX; 4], [u32::MAX; 2], [0x408f_276d, 0x41c8_3b0e, 0xa20b_c7c6, 0x6d54_51fd]),
            (
                [0x243f_6a88, 0x85a3_08d3, 0x1319_8a2e, 0x0370_7344],
                [0xa409_3822, 0x299f_31d0],
                [0xd16c_fe09, 0x94fd_cceb, 0x5001_e420, 0x2412_6ea1],
            ),
        ];
        for (counter, key, expected) in cases {
            assert_eq!(philox(counter.map(|word| [word]), key), expected.map(|word| [word]));
        }
    }

    #[test]
    fn any_cut_gives_the_same_words() {
        let noise = Noise::new(7, "model.layers.0.mlp.up_proj.weight");
        let whole: Vec<u32> = (0..1_000).map(|element| noise.word(element)).collect();
        for (start, len) in [(0, 1_000), (1, 999), (2, 64), (3, 130), (5, 3), (64, 64), (999, 1), (10, 0)] {
            let mut words = vec![0; len];
            noise.fill(start as u64, &mut words);
            assert_eq!(words, whole[start..start + len], "{len} from {start}");
        }
    }

    #[test]
    fn seed_tensor_and_element_each_give_other_words() {
        let first = Noise::new(0, "a").word(0);
        assert_ne!(first, Noise::new(1, "a").word(0));
        assert_ne!(first, Noise::new(0, "b").word(0));
        assert_ne!(first, Noise::new(0, "a").word(1));
        assert_ne!(Noise::new(0, "a").word(1), Noise::new(0, "a").word((1 << 34) + 1));
    }

    #[test]
    fn words_are_spread_evenly() {
        let noise = Noise::new(42, "weight");
        let mut words = vec![0; 1 << 16];
        noise.fill(3, &mut words);
        let mean = words.iter().map(|word| f64::from(*word)).sum::<f64>() / words.len() as f64 / 2.0_f64.powi(32);
        // Six deviations of the mean of 65,536 uniform values.
        assert!((mean - 0.5).abs() < 6.0 * (1.0_f64 / 12.0 / 65_536.0).sqrt(), "{mean}");
        for bit in 0..32 {
            let ones = words.iter().filter(|word| **word >> bit & 1 == 1).count() as f64;
            assert!((ones - 32_768.0).abs() < 6.0 * 128.0, "bit {bit}: {ones}");
        }
    }
}
