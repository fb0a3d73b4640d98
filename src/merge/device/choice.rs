//! What the user asked for.

use std::{fmt, str::FromStr};

/// Where tiles are computed.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum DeviceChoice {
    /// The faster of CPU and GPU, by a short trial.
    #[default]
    Auto,
    /// The CPU.
    Cpu,
    /// The GPU with this number in [`super::list_adapters`], or the first that is no software renderer.
    Gpu(Option<usize>),
}

impl FromStr for DeviceChoice {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let wrong = || format!("`{text}` is none of auto, cpu, gpu, gpu:0, gpu:1 and so on");
        match text {
            "auto" => Ok(Self::Auto),
            "cpu" => Ok(Self::Cpu),
            "gpu" => Ok(Self::Gpu(None)),
            _ => {
                let number = text.strip_prefix("gpu:").ok_or_else(wrong)?;
                // `parse` takes a sign too.
                let is_number = number.bytes().all(|digit| digit.is_ascii_digit());
                let index = number.parse().ok().filter(|_| is_number).ok_or_else(wrong)?;
                Ok(Self::Gpu(Some(index)))
            }
        }
    }
}

impl fmt::Display for DeviceChoice {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Auto => formatter.write_str("auto"),
            Self::Cpu => formatter.write_str("cpu"),
            Self::Gpu(None) => formatter.write_str("gpu"),
            Self::Gpu(Some(index)) => write!(formatter, "gpu:{index}"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn choices_are_read_as_they_are_written() {
        let choices = [DeviceChoice::Auto, DeviceChoice::Cpu, DeviceChoice::Gpu(None), DeviceChoice::Gpu(Some(12))];
        for choice in choices {
            assert_eq!(choice.to_string().parse(), Ok(choice));
        }
        for text in ["", "GPU", "gpu:", "gpu:-1", "gpu:+1", "gpu:one", "cuda", "gpu 1", "gpu:99999999999999999999"] {
            let message = text.parse::<DeviceChoice>().unwrap_err();
            assert!(message.contains(&format!("`{text}`")), "{message}");
        }
    }
}
