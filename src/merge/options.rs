//! How a merge runs, as far as it does not change the result.

/// The way of bytes between memory and disk.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum IoMode {
    /// Past the page cache for an output that would not fit into it, through it otherwise.
    #[default]
    Auto,
    /// Through the page cache: what reads the output next finds it in memory.
    Cached,
    /// Past the page cache, where the file system offers that.
    Direct,
}

impl IoMode {
    /// Whether to bypass the page cache for an output of `output_bytes`, with `available_memory` bytes to spare.
    #[must_use]
    pub fn is_direct(self, output_bytes: u64, available_memory: Option<u64>) -> bool {
        match self {
            Self::Cached => false,
            Self::Direct => true,
            // Base and output share the cache, and other programs want theirs.
            Self::Auto => available_memory.is_some_and(|memory| output_bytes > memory / 4),
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
    fn the_cache_is_for_what_fits_it() {
        assert!(!IoMode::Auto.is_direct(10, Some(100)));
        assert!(IoMode::Auto.is_direct(60, Some(100)));
        assert!(!IoMode::Auto.is_direct(60, None));
        assert!(IoMode::Direct.is_direct(1, None) && !IoMode::Cached.is_direct(u64::MAX, Some(1)));
        assert_eq!("direct".parse(), Ok(IoMode::Direct));
        assert!("fast".parse::<IoMode>().is_err());
    }
}
