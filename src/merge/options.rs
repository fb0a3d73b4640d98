//! How a merge runs, as far as it does not change the result.

/// Below this, an output is written before direct I/O could pay.
const SMALL_OUTPUT_BYTES: u64 = 64 << 20;

/// The way of bytes between memory and disk.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum IoMode {
    /// Past the page cache, but for small outputs: measured, it takes a third of the processor time of the way through
    /// it and never waits for dirty pages.
    #[default]
    Auto,
    /// Through the page cache: what reads the output next finds it in memory.
    Cached,
    /// Past the page cache, where the file system offers that.
    Direct,
}

impl IoMode {
    /// Whether to bypass the page cache for an output of `output_bytes`.
    #[must_use]
    pub fn is_direct(self, output_bytes: u64) -> bool {
        match self {
            Self::Cached => false,
            Self::Direct => true,
            Self::Auto => output_bytes >= SMALL_OUTPUT_BYTES,
        }
    }
}

impl std::str::FromStr for IoMode {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        match text {
            "auto" => Ok(Self::Auto),
            "cached" => Ok(Self::Cached),
            "direct" => Ok(Self::Direct),
            _ => Err(format!("`{text}` is none of auto, cached, direct")),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn small_outputs_go_through_the_cache() {
        assert!(!IoMode::Auto.is_direct(SMALL_OUTPUT_BYTES - 1));
        assert!(IoMode::Auto.is_direct(SMALL_OUTPUT_BYTES));
        assert!(IoMode::Direct.is_direct(1) && !IoMode::Cached.is_direct(u64::MAX));
        assert_eq!("direct".parse(), Ok(IoMode::Direct));
        assert!("fast".parse::<IoMode>().is_err());
    }
}
