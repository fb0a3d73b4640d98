//! Rotary positions (Su et al. 2021): the angle by which each pair of dimensions turns from one token to the next.

/// Rotary positions of one decoder, or of some of its layers.
#[derive(Clone, Debug, PartialEq)]
pub(in crate::evaluate) struct RopeConfig {
    /// The dimensions of each head that turn, from the first on; the others stay.
    pub dim: usize,
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
    /// Each frequency is divided by a factor of its own, by another beyond the first training's context (Ding et al.
    /// 2024).
    Long {
        short: Vec<f64>,
        long: Vec<f64>,
        original_context: usize,
        /// What cosines and sines are multiplied by.
        attention_factor: f64,
    },
}

impl RopeConfig {
    /// The angles for windows of at most [`Self::switches_at`] tokens, or for longer ones.
    pub fn frequencies(&self, is_long: bool) -> Vec<f32> {
        let unscaled = (0..self.dim / 2).map(|pair| self.theta.powf(-2.0 * pair as f64 / self.dim as f64));
        let scaled = unscaled.enumerate().map(|(pair, frequency)| self.scaling.apply(pair, frequency, is_long));
        #[expect(clippy::cast_possible_truncation, reason = "transformers keeps frequencies in f32")]
        scaled.map(|frequency| frequency as f32).collect()
    }

    /// The number of tokens beyond which other frequencies hold, where there is one.
    pub fn switches_at(&self) -> Option<usize> {
        match self.scaling {
            RopeScaling::Long { original_context, .. } => Some(original_context),
            _ => None,
        }
    }

    /// What cosines and sines are multiplied by.
    pub fn amplitude(&self) -> f64 {
        match self.scaling {
            RopeScaling::Long { attention_factor, .. } => attention_factor,
            _ => 1.0,
        }
    }
}

impl RopeScaling {
    fn apply(&self, pair: usize, frequency: f64, is_long: bool) -> f64 {
        match self {
            Self::Default => frequency,
            Self::Linear { factor } => frequency / factor,
            Self::Long { short, long, .. } => frequency / if is_long { long[pair] } else { short[pair] },
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

#[cfg(test)]
mod tests {
    use super::*;

    fn config(scaling: RopeScaling) -> RopeConfig {
        RopeConfig { dim: 8, theta: 500_000.0, scaling }
    }

    fn assert_close(actual: &[f32], expected: &[f32]) {
        for (actual, expected) in actual.iter().zip(expected) {
            assert!((actual / expected - 1.0).abs() < 1e-6, "{actual} and {expected}");
        }
    }

    #[test]
    fn linear_scaling_divides_every_frequency() {
        let plain = config(RopeScaling::Default).frequencies(false);
        assert_eq!(plain[0], 1.0);
        assert_close(&plain[1..2], &[500_000_f32.powf(-0.25)]);
        let scaled = config(RopeScaling::Linear { factor: 4.0 }).frequencies(false);
        assert_close(&scaled, &plain.iter().map(|frequency| frequency / 4.0).collect::<Vec<_>>());
    }

    #[test]
    fn llama3_keeps_high_frequencies_and_divides_low_ones() {
        let scaling =
            RopeScaling::Llama3 { factor: 8.0, low_freq_factor: 1.0, high_freq_factor: 4.0, original_context: 1_024.0 };
        let plain = config(RopeScaling::Default).frequencies(false);
        let scaled = config(scaling).frequencies(false);
        // Wavelengths 6.28, 167, 4443 and 118142 against 256 (kept) and 1024 (divided).
        assert_close(&scaled, &[plain[0], plain[1], plain[2] / 8.0, plain[3] / 8.0]);
    }

    #[test]
    fn llama3_blends_between_the_two() {
        let plain = config(RopeScaling::Default).frequencies(false)[1];
        // The context is two wavelengths: the blend is (2 - 1) / (4 - 1).
        let original_context = 4.0 * std::f64::consts::PI / f64::from(plain);
        let scaling =
            RopeScaling::Llama3 { factor: 8.0, low_freq_factor: 1.0, high_freq_factor: 4.0, original_context };
        assert_close(&config(scaling).frequencies(false)[1..2], &[plain * (2.0 / 3.0 / 8.0 + 1.0 / 3.0)]);
    }

    #[test]
    fn long_frequencies_are_divided_one_by_one() {
        let (short, long) = (vec![1.0, 2.0, 3.0, 4.0], vec![5.0, 6.0, 7.0, 8.0]);
        let scaling = RopeScaling::Long { short, long, original_context: 32, attention_factor: 1.5 };
        let plain = config(RopeScaling::Default).frequencies(false);
        let scaled = config(scaling.clone());
        let divided = |by: [f32; 4]| plain.iter().zip(by).map(|(plain, by)| plain / by).collect::<Vec<_>>();
        assert_close(&scaled.frequencies(false), &divided([1.0, 2.0, 3.0, 4.0]));
        assert_close(&scaled.frequencies(true), &divided([5.0, 6.0, 7.0, 8.0]));
        assert_eq!((scaled.switches_at(), scaled.amplitude()), (Some(32), 1.5));
    }
}
