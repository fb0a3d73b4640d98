//! Rotary positions (Su et al. 2021), halves rotated as Hugging Face stores them.

use candle_core::{Device, Result, Tensor};

/// Rotary positions of one decoder.
#[derive(Clone, Debug, PartialEq)]
pub(in crate::evaluate) struct RopeConfig {
    pub head_dim: usize,
    pub theta: f64,
    pub scaling: RopeScaling,
}

/// How positions beyond the first training's context are reached.
#[derive(Clone, Debug, PartialEq)]
pub(in crate::evaluate) enum RopeScaling {
    /// Not at all.
    Default,
    /// All frequencies are divided (Chen et al. 2023).
    Linear { factor: f64 },
    /// Low frequencies are divided, high ones kept, those between blended (Llama 3.1).
    Llama3 { factor: f64, low_freq_factor: f64, high_freq_factor: f64, original_context: f64 },
}

impl RopeConfig {
    /// The angle by which each pair of dimensions turns from one position to the next.
    fn frequencies(&self) -> Vec<f32> {
        let half = self.head_dim / 2;
        let unscaled = (0..half).map(|pair| self.theta.powf(-2.0 * pair as f64 / self.head_dim as f64));
        #[expect(clippy::cast_possible_truncation, reason = "transformers keeps frequencies in f32")]
        unscaled.map(|frequency| self.scaling.apply(frequency) as f32).collect()
    }
}

impl RopeScaling {
    fn apply(&self, frequency: f64) -> f64 {
        match *self {
            Self::Default => frequency,
            Self::Linear { factor } => frequency / factor,
            Self::Llama3 { factor, low_freq_factor, high_freq_factor, original_context } => {
                let wavelength = 2.0 * std::f64::consts::PI / frequency;
                let blend = (original_context / wavelength - low_freq_factor) / (high_freq_factor - low_freq_factor);
                if wavelength > original_context / low_freq_factor {
                    frequency / factor
                } else if wavelength < original_context / high_freq_factor {
                    frequency
                } else {
                    (1.0 - blend) * frequency / factor + blend * frequency
                }
            }
        }
    }
}

/// Cosines and sines for every position of a window: `positions × head_dim/2`.
#[derive(Clone, Debug)]
pub(in crate::evaluate) struct RopeTable {
    cos: Tensor,
    sin: Tensor,
}

impl RopeTable {
    /// The table for positions 0 to `position_count`.
    pub fn new(config: &RopeConfig, position_count: usize) -> Result<Self> {
        let frequencies = config.frequencies();
        let mut cos = Vec::with_capacity(position_count * frequencies.len());
        let mut sin = Vec::with_capacity(position_count * frequencies.len());
        for position in 0..position_count {
            for frequency in &frequencies {
                // The product is rounded to f32 as transformers does it, the functions are taken in f64.
                let (s, c) = f64::from(position as f32 * frequency).sin_cos();
                #[expect(clippy::cast_possible_truncation, reason = "the table is f32, rounded once")]
                {
                    cos.push(c as f32);
                    sin.push(s as f32);
                }
            }
        }
        let shape = (position_count, frequencies.len());
        Ok(Self { cos: Tensor::from_vec(cos, shape, &Device::Cpu)?, sin: Tensor::from_vec(sin, shape, &Device::Cpu)? })
    }

    /// The table for windows of these lengths, one after another, each from position 0 on.
    pub fn for_windows(&self, lengths: &[usize]) -> Result<Self> {
        let gather = |table: &Tensor| {
            let parts = lengths.iter().map(|len| table.narrow(0, 0, *len)).collect::<Result<Vec<_>>>()?;
            Tensor::cat(&parts, 0)?.contiguous()
        };
        Ok(Self { cos: gather(&self.cos)?, sin: gather(&self.sin)? })
    }

    /// The table for `len` positions from `start` on.
    pub fn at(&self, start: usize, len: usize) -> Result<Self> {
        let part = |table: &Tensor| table.narrow(0, start, len)?.contiguous();
        Ok(Self { cos: part(&self.cos)?, sin: part(&self.sin)? })
    }

    /// Rotates `heads` (`heads × tokens × head_dim`).
    pub fn rotate(&self, heads: &Tensor) -> Result<Tensor> {
        candle_nn::rotary_emb::rope(&heads.unsqueeze(0)?.contiguous()?, &self.cos, &self.sin)?.squeeze(0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn config(scaling: RopeScaling) -> RopeConfig {
        RopeConfig { head_dim: 8, theta: 500_000.0, scaling }
    }

    fn assert_close(actual: &[f32], expected: &[f32]) {
        for (actual, expected) in actual.iter().zip(expected) {
            assert!((actual / expected - 1.0).abs() < 1e-6, "{actual} and {expected}");
        }
    }

    #[test]
    fn linear_scaling_divides_every_frequency() {
        let plain = config(RopeScaling::Default).frequencies();
        assert_eq!(plain[0], 1.0);
        assert_close(&plain[1..2], &[500_000_f32.powf(-0.25)]);
        let scaled = config(RopeScaling::Linear { factor: 4.0 }).frequencies();
        assert_close(&scaled, &plain.iter().map(|frequency| frequency / 4.0).collect::<Vec<_>>());
    }

    #[test]
    fn llama3_keeps_high_frequencies_and_divides_low_ones() {
        let scaling =
            RopeScaling::Llama3 { factor: 8.0, low_freq_factor: 1.0, high_freq_factor: 4.0, original_context: 1_024.0 };
        let plain = config(RopeScaling::Default).frequencies();
        let scaled = config(scaling).frequencies();
        // Wavelengths 6.28, 167, 4443 and 118142 against 256 (kept) and 1024 (divided).
        assert_close(&scaled, &[plain[0], plain[1], plain[2] / 8.0, plain[3] / 8.0]);
    }

    #[test]
    fn llama3_blends_between_the_two() {
        let plain = config(RopeScaling::Default).frequencies()[1];
        // The context is two wavelengths: the blend is (2 - 1) / (4 - 1).
        let original_context = 4.0 * std::f64::consts::PI / f64::from(plain);
        let scaling =
            RopeScaling::Llama3 { factor: 8.0, low_freq_factor: 1.0, high_freq_factor: 4.0, original_context };
        assert_close(&config(scaling).frequencies()[1..2], &[plain * (2.0 / 3.0 / 8.0 + 1.0 / 3.0)]);
    }

    #[test]
    fn each_window_starts_at_position_zero() -> Result<()> {
        let table = RopeTable::new(&config(RopeScaling::Default), 5)?;
        let joined = table.for_windows(&[2, 3])?;
        let first = |row: usize| joined.sin.get(row)?.to_vec1::<f32>();
        assert_eq!(first(0)?, first(2)?);
        assert_eq!(first(1)?, first(3)?);
        assert_eq!(first(0)?, [0.0; 4]);
        Ok(())
    }
}
