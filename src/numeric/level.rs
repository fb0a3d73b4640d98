//! Which vector instructions the element loops use: the best that the processor has, or fewer for a comparison.

use std::fmt;

use super::lanes::Lanes;

/// A set of vector instructions; a later one includes the earlier ones.
///
/// Every level gives the same bits; they differ in speed alone.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum CpuLevel {
    /// What every processor of the architecture has: SSE2 on x86-64, NEON on 64-bit ARM.
    Portable,
    /// AVX2 and F16C: x86-64 since 2013.
    Avx2,
    /// AVX-512 F, BW and VL: servers since 2017, desktops since Zen 4.
    Avx512,
}

impl CpuLevel {
    /// The best level of this processor.
    #[must_use]
    pub fn detected() -> Self {
        #[cfg(target_arch = "x86_64")]
        return super::x86::detected();
        #[cfg(not(target_arch = "x86_64"))]
        Self::Portable
    }

    /// All levels of this processor, slowest first.
    pub fn available() -> impl Iterator<Item = Self> {
        let detected = Self::detected();
        [Self::Portable, Self::Avx2, Self::Avx512].into_iter().filter(move |level| *level <= detected)
    }

    /// Runs `work` compiled for this level, or for the best one of this processor where it lacks this one.
    pub(super) fn run<W: LaneLoop>(self, work: W) -> W::Output {
        #[cfg(target_arch = "x86_64")]
        return super::x86::run(self, work);
        #[cfg(not(target_arch = "x86_64"))]
        work.run(super::lanes::PortableLanes)
    }
}

impl fmt::Display for CpuLevel {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(match self {
            Self::Portable if cfg!(target_arch = "x86_64") => "SSE2",
            Self::Portable if cfg!(target_arch = "aarch64") => "NEON",
            Self::Portable => "no vector instructions",
            Self::Avx2 => "AVX2",
            Self::Avx512 => "AVX-512",
        })
    }
}

/// A loop over elements, compiled once for each level.
///
/// `run` and all that it calls for each element must be `#[inline(always)]`: only what is inlined into the function of
/// a level is compiled with its instructions.
pub(super) trait LaneLoop {
    /// What the loop returns.
    type Output;

    /// The loop.
    fn run<L: Lanes>(self, lanes: L) -> Self::Output;
}

#[cfg(test)]
mod tests {
    use super::*;

    struct Sum<'a>(&'a [f32]);

    impl LaneLoop for Sum<'_> {
        type Output = f32;

        fn run<L: Lanes>(self, _lanes: L) -> f32 {
            self.0.iter().sum()
        }
    }

    #[test]
    fn levels_are_ordered_and_end_with_the_detected_one() {
        let levels: Vec<_> = CpuLevel::available().collect();
        assert_eq!(levels.first(), Some(&CpuLevel::Portable));
        assert_eq!(levels.last(), Some(&CpuLevel::detected()));
        assert!(levels.is_sorted());
    }

    #[test]
    fn a_level_that_the_processor_lacks_runs_as_the_best_that_it_has() {
        for level in [CpuLevel::Portable, CpuLevel::Avx2, CpuLevel::Avx512] {
            assert_eq!(level.run(Sum(&[1.0, 2.0, 4.0])), 7.0);
        }
    }
}
