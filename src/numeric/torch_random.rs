//! What PyTorch's CPU generator draws for a seed: MT19937 (Matsumoto and Nishimura 1998), and `torch.randperm` on it.

use std::collections::HashMap;

/// Words of the generator's state.
const STATE_LEN: usize = 624;
/// How far apart the words lie that are mixed.
const DISTANCE: usize = 397;

/// From this length on PyTorch shuffles in another way, so that the remainders of 32 bits stay even.
const LONG: usize = (u32::MAX / 20) as usize;

/// PyTorch's generator after `manual_seed`.
pub struct TorchGenerator {
    state: [u32; STATE_LEN],
    next: usize,
}

impl TorchGenerator {
    /// Its state after `manual_seed(seed)`.
    #[must_use]
    pub fn new(seed: u64) -> Self {
        let mut state = [0; STATE_LEN];
        #[expect(clippy::cast_possible_truncation, reason = "PyTorch seeds with the low 32 bits")]
        let mut word = seed as u32;
        for (index, slot) in (0_u32..).zip(&mut state) {
            if index > 0 {
                word = 1_812_433_253_u32.wrapping_mul(word ^ (word >> 30)).wrapping_add(index);
            }
            *slot = word;
        }
        Self { state, next: STATE_LEN }
    }

    fn refill(&mut self) {
        for index in 0..STATE_LEN {
            let joined = (self.state[index] & 0x8000_0000) | (self.state[(index + 1) % STATE_LEN] & 0x7fff_ffff);
            let odd = if joined & 1 == 1 { 0x9908_b0df } else { 0 };
            self.state[index] = self.state[(index + DISTANCE) % STATE_LEN] ^ (joined >> 1) ^ odd;
        }
        self.next = 0;
    }

    /// The next 32 bits.
    pub fn next_u32(&mut self) -> u32 {
        if self.next == STATE_LEN {
            self.refill();
        }
        let mut word = self.state[self.next];
        self.next += 1;
        word ^= word >> 11;
        word ^= (word << 7) & 0x9d2c_5680;
        word ^= (word << 15) & 0xefc6_0000;
        word ^ (word >> 18)
    }

    fn next_u64(&mut self) -> u64 {
        let high = u64::from(self.next_u32());
        (high << 32) | u64::from(self.next_u32())
    }

    /// An index below `bound`.
    fn index_below(&mut self, bound: usize, is_long: bool) -> usize {
        let drawn = if is_long { self.next_u64() } else { u64::from(self.next_u32()) };
        #[expect(clippy::cast_possible_truncation, reason = "below a length in memory")]
        let index = (drawn % bound as u64) as usize;
        index
    }
}

/// The first `count` entries of `torch.randperm(length, generator=torch.Generator().manual_seed(seed))`, in memory
/// proportional to `count`.
#[must_use]
pub fn permutation_start(length: usize, count: usize, seed: u64) -> Vec<usize> {
    let mut generator = TorchGenerator::new(seed);
    let count = count.min(length);
    if length < LONG {
        shuffled_start(&mut generator, length, count)
    } else {
        drawn_start(&mut generator, length, count)
    }
}

/// Each entry is swapped with a later one; only those that were moved are held.
fn shuffled_start(generator: &mut TorchGenerator, length: usize, count: usize) -> Vec<usize> {
    let mut moved = HashMap::new();
    let mut start = Vec::with_capacity(count);
    for index in 0..count {
        let other = if index + 1 < length { index + generator.index_below(length - index, false) } else { index };
        start.push(moved.get(&other).copied().unwrap_or(other));
        let here = moved.get(&index).copied().unwrap_or(index);
        moved.insert(other, here);
    }
    start
}

/// Each new entry takes the place of an earlier one; places from `count` on are never looked at again.
fn drawn_start(generator: &mut TorchGenerator, length: usize, count: usize) -> Vec<usize> {
    let mut start: Vec<usize> = Vec::with_capacity(count);
    for index in 0..length {
        let place = generator.index_below(index + 1, true);
        if index < count {
            start.push(index);
            start[index] = start[place];
        }
        if place < count {
            start[place] = index;
        }
    }
    start
}

#[cfg(test)]
mod tests {
    use super::*;

    /// As torch 2.15 gives them.
    #[test]
    fn permutations_are_those_of_torch() {
        let cases: [(u64, usize, &[usize]); 10] = [
            (0, 1, &[0]),
            (0, 2, &[0, 1]),
            (0, 37, &[21, 28, 30, 19, 23, 32]),
            (1, 5, &[0, 4, 2, 3, 1]),
            (777, 5, &[0, 4, 3, 2, 1]),
            (777, 1000, &[735, 819, 201, 799, 435, 497]),
            (42, 1000, &[542, 618, 816, 68, 94, 215]),
            (4_294_967_295, 1000, &[371, 805, 492, 705, 784, 265]),
            (123_456_789_012, 1000, &[645, 506, 951, 140, 225, 399]),
            (777, 214_748_363, &[11_440_646, 199_500_216, 10_121_607, 3_119_241, 51_696_020, 155_711_086]),
        ];
        for (seed, length, expected) in cases {
            assert_eq!(permutation_start(length, expected.len(), seed), expected, "{length} from {seed}");
        }
    }

    #[test]
    fn a_whole_permutation_holds_every_index_once() {
        let mut whole = permutation_start(1000, 1000, 3);
        whole.sort_unstable();
        assert_eq!(whole, (0..1000).collect::<Vec<_>>());
    }

    /// The first length that is shuffled the other way, of which 430 million numbers are drawn: seconds, and once.
    #[test]
    fn long_permutations_are_those_of_torch() {
        let start = permutation_start(214_748_365, 1003, 777);
        assert_eq!(start[..6], [150_358_698, 199_533_091, 83_306_822, 145_970_095, 40_813_261, 111_338_416]);
        assert_eq!(start[1000..], [162_526_224, 111_174_440, 78_657_014]);
    }

    #[test]
    fn the_long_way_needs_no_more_than_it_gives() {
        let whole = drawn_start(&mut TorchGenerator::new(777), 500, 500);
        assert_eq!(whole[..20], drawn_start(&mut TorchGenerator::new(777), 500, 20));
        let mut sorted = whole;
        sorted.sort_unstable();
        assert_eq!(sorted, (0..500).collect::<Vec<_>>());
    }
}
