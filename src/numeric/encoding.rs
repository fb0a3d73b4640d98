//! How the values of a tensor lie in a file: one element after the other, or as codes in blocks.

use super::{Dtype, codec::Nf4Format};

/// How the values of a tensor lie in a file.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Encoding {
    /// One element after the other.
    Plain(Dtype),
    /// Codes, block after block; blocks pay no heed to rows.
    Block(BlockFormat),
}

/// Codes in blocks.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum BlockFormat {
    /// bitsandbytes' NF4: two codes to a byte; the scales of the blocks stand in tables of their own.
    Nf4(Nf4Format),
}

impl Encoding {
    /// Elements that are encoded together; 1 where each stands for itself.
    #[must_use]
    pub fn block_elements(self) -> usize {
        match self {
            Self::Plain(_) => 1,
            Self::Block(BlockFormat::Nf4(format)) => format.block,
        }
    }

    /// Bytes of so many elements, without the tables beside them.
    #[must_use]
    pub fn byte_count(self, element_count: u64) -> u64 {
        match self {
            Self::Plain(dtype) => element_count * dtype.bitsize() as u64 / 8,
            Self::Block(BlockFormat::Nf4(_)) => element_count.div_ceil(2),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bytes_follow_from_the_number_of_elements() {
        let nf4 = Encoding::Block(BlockFormat::Nf4(Nf4Format::default()));
        assert_eq!((nf4.byte_count(0), nf4.byte_count(7), nf4.byte_count(128)), (0, 4, 64));
        assert_eq!((Encoding::Plain(Dtype::BF16).byte_count(7), nf4.block_elements()), (14, 64));
    }
}
