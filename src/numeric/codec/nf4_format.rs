//! What can be chosen of NF4, and how it is written.

use std::{fmt, str::FromStr};

use serde::{Deserialize, Serialize};

use super::Nf4Encoder;

/// What can be chosen of NF4.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct Nf4Format {
    /// Elements of a block.
    pub block: usize,
    /// Whether the scales are packed again, a byte each (double quantisation).
    pub is_double: bool,
}

impl Nf4Format {
    /// `NF4 (requantised)`, `NF4 (requantised, double, blocks of 128)`.
    #[must_use]
    pub fn label(self) -> String {
        let mut parts = vec!["requantised".to_owned()];
        if self.is_double {
            parts.push("double".to_owned());
        }
        if self.block != Self::default().block {
            parts.push(format!("blocks of {}", self.block));
        }
        format!("NF4 ({})", parts.join(", "))
    }
}

impl Default for Nf4Format {
    /// As bitsandbytes packs weights: blocks of 64, scales in float32.
    fn default() -> Self {
        Self { block: 64, is_double: false }
    }
}

/// As the command line takes it: `nf4,double,block=128`.
impl fmt::Display for Nf4Format {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("nf4")?;
        if self.is_double {
            formatter.write_str(",double")?;
        }
        if self.block != Self::default().block {
            write!(formatter, ",block={}", self.block)?;
        }
        Ok(())
    }
}

impl FromStr for Nf4Format {
    type Err = String;

    /// `nf4[,double][,block=N]`.
    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let mut parts = text.split(',').map(str::trim);
        let kind = parts.next().unwrap_or_default();
        if kind != "nf4" {
            return Err(format!("`{kind}` is not nf4, the one format that weights can be packed in again"));
        }
        let mut format = Self::default();
        let (mut has_double, mut has_block) = (false, false);
        for part in parts {
            let seen = if part == "double" { &mut has_double } else { &mut has_block };
            if std::mem::replace(seen, true) {
                return Err(format!("`{part}` comes after another of its kind; each may be given once"));
            }
            match part.strip_prefix("block").map(|rest| rest.trim_matches([' ', '=']).parse()) {
                None if part == "double" => format.is_double = true,
                Some(Ok(block)) if Nf4Encoder::BLOCKS.contains(&block) => format.block = block,
                _ => {
                    let blocks = Nf4Encoder::BLOCKS.map(|block| block.to_string()).join(", ");
                    return Err(format!("`{part}` is neither double nor block N, with N one of {blocks}"));
                }
            }
        }
        Ok(format)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_format_is_read_as_it_is_written() {
        let read = |text: &str| text.parse::<Nf4Format>();
        assert_eq!(read("nf4"), Ok(Nf4Format { block: 64, is_double: false }));
        assert_eq!(read("nf4,double"), Ok(Nf4Format { block: 64, is_double: true }));
        assert_eq!(read("nf4, double, block 128"), Ok(Nf4Format { block: 128, is_double: true }));
        assert_eq!(read("nf4,block=32"), Ok(Nf4Format { block: 32, is_double: false }));
        assert_eq!(read("nf4,double,block 128").unwrap().label(), "NF4 (requantised, double, blocks of 128)");
        assert_eq!(Nf4Format::default().label(), "NF4 (requantised)");
        for text in ["nf4", "nf4,double", "nf4,block=32", "nf4,double,block=4096"] {
            assert_eq!(read(text).unwrap().to_string(), text);
        }
        for text in [
            "",
            "fp4",
            "nf4,triple",
            "nf4,block 48",
            "nf4,block",
            "nf4,block -64",
            "NF4",
            "nf4,double,double",
            "nf4,block 64,block=64",
            "nf4,block=32,double,block=64",
        ] {
            read(text).unwrap_err();
        }
    }
}
