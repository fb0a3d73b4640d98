//! What the processes measured, summed up.

use serde::Serialize;

use crate::evaluate::{Continuation, EvalError};

/// Seconds and memory of all models.
#[derive(Clone, Debug, PartialEq)]
pub struct SpeedReport {
    /// What the models continued; `None` where it was the beginning of the text.
    pub prompt: Option<String>,
    /// Whether all models were in memory at once, and so took turns run by run.
    pub fits_together: bool,
    /// In the order of the request; `None` for a merge in memory, which is as fast as the folder that it stands for.
    pub models: Vec<Option<ModelSpeed>>,
}

/// One model's seconds and memory.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[serde(untagged)]
pub enum ModelSpeed {
    /// It was measured.
    Measured(MeasuredSpeed),
    /// It does not fit in memory.
    TooLarge {
        /// Bytes of its weights as float32.
        needed_bytes: u64,
        /// Bytes that models may take.
        available_bytes: u64,
    },
}

/// What was measured of a model.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct MeasuredSpeed {
    /// Seconds until the model was in memory, mean of all loads.
    #[serde(rename = "load_seconds")]
    pub load_secs: f64,
    /// Tokens that a forward pass read.
    pub forward_tokens: usize,
    /// Seconds of a forward pass.
    #[serde(rename = "forward_seconds")]
    pub forward_secs: Spread,
    /// Seconds of a token that was continued with, the first one aside; `None` where the model stopped at once.
    #[serde(rename = "decode_seconds_per_token")]
    pub decode_secs: Option<Spread>,
    /// The most memory that the process held, where the system tells.
    pub peak_memory_bytes: Option<u64>,
    /// What the model answered; `None` without a prompt.
    pub answer: Option<TimedAnswer>,
}

/// A greedy answer.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct TimedAnswer {
    /// The text.
    pub text: String,
    /// Its tokens.
    pub tokens: usize,
    /// Seconds from the prompt to the last token, mean of all runs.
    #[serde(rename = "seconds")]
    pub duration_secs: f64,
}

/// Mean and deviation of runs.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize)]
pub struct Spread {
    /// The mean.
    pub mean: f64,
    /// The sample's standard deviation; 0 for a single run.
    pub std: f64,
    /// Measurements.
    pub runs: usize,
}

/// All measurements of one model.
#[derive(Clone, Debug, Default)]
pub(super) struct Samples {
    pub load_secs: Vec<f64>,
    pub forward_secs: Vec<f64>,
    pub continuations: Vec<Continuation>,
    pub peak_memory_bytes: Vec<Option<u64>>,
}

impl Spread {
    /// Of seconds, in milliseconds.
    #[must_use]
    pub fn in_milliseconds(self) -> Self {
        Self { mean: 1e3 * self.mean, std: 1e3 * self.std, ..self }
    }

    /// One deviation around the mean, of what cannot be negative.
    #[must_use]
    pub fn ends(self) -> [f64; 2] {
        [(self.mean - self.std).max(0.0), self.mean + self.std]
    }

    /// Of `values`; zeros for none.
    #[must_use]
    pub fn of(values: &[f64]) -> Self {
        let runs = values.len();
        let mean = values.iter().sum::<f64>() / runs.max(1) as f64;
        let squares: f64 = values.iter().map(|value| (value - mean).powi(2)).sum();
        let std = if runs > 1 { (squares / (runs - 1) as f64).sqrt() } else { 0.0 };
        Self { mean, std, runs }
    }
}

impl ModelSpeed {
    pub(super) fn too_large(needed_bytes: u64, available_bytes: u64) -> Self {
        Self::TooLarge { needed_bytes, available_bytes }
    }

    /// The numbers, where there are any.
    #[must_use]
    pub fn measured(&self) -> Option<&MeasuredSpeed> {
        match self {
            Self::Measured(measured) => Some(measured),
            Self::TooLarge { .. } => None,
        }
    }
}

impl MeasuredSpeed {
    /// Tokens that a forward pass reads in a second.
    #[must_use]
    pub fn forward_tokens_per_sec(&self) -> f64 {
        self.forward_tokens as f64 / self.forward_secs.mean
    }

    /// Tokens that the model writes in a second.
    #[must_use]
    pub fn decode_tokens_per_sec(&self) -> Option<f64> {
        self.decode_secs.map(|secs| 1.0 / secs.mean)
    }
}

impl Samples {
    /// Everything as mean and deviation; `text` decodes the answer, where one was asked for.
    pub fn summary(
        self,
        forward_tokens: usize,
        text: impl FnOnce(&[u32]) -> Result<Option<String>, EvalError>,
    ) -> Result<ModelSpeed, EvalError> {
        let decode_secs: Vec<f64> =
            self.continuations.iter().flat_map(|run| run.token_secs.iter().skip(1).copied()).collect();
        let durations: Vec<f64> = self.continuations.iter().map(|run| run.token_secs.iter().sum()).collect();
        let first = self.continuations.into_iter().next().unwrap_or_default();
        let answer = text(&first.ids)?.map(|text| TimedAnswer {
            text,
            tokens: first.ids.len(),
            duration_secs: Spread::of(&durations).mean,
        });
        Ok(ModelSpeed::Measured(MeasuredSpeed {
            load_secs: Spread::of(&self.load_secs).mean,
            forward_tokens,
            forward_secs: Spread::of(&self.forward_secs),
            decode_secs: (!decode_secs.is_empty()).then(|| Spread::of(&decode_secs)),
            peak_memory_bytes: self.peak_memory_bytes.into_iter().flatten().max(),
            answer,
        }))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_spread_is_that_of_a_sample() {
        let spread = Spread::of(&[1.0, 2.0, 3.0]);
        assert_eq!((spread.mean, spread.std, spread.runs), (2.0, 1.0, 3));
        assert_eq!(Spread::of(&[4.0]), Spread { mean: 4.0, std: 0.0, runs: 1 });
        assert_eq!(Spread::of(&[]).runs, 0);
    }

    #[test]
    fn the_first_token_is_no_part_of_decoding() {
        let run = |ids: &[u32], token_secs: &[f64]| Continuation { ids: ids.to_vec(), token_secs: token_secs.to_vec() };
        let samples = Samples {
            load_secs: vec![1.0],
            forward_secs: vec![0.5, 0.5],
            continuations: vec![run(&[3, 4], &[9.0, 0.1, 0.1]), run(&[3, 4], &[7.0, 0.3, 0.3])],
            peak_memory_bytes: vec![None, Some(7)],
        };
        let text = |ids: &[u32]| Ok(Some(format!("{} tokens", ids.len())));
        let ModelSpeed::Measured(speed) = samples.summary(100, text).unwrap() else { unreachable!() };
        assert_eq!((speed.forward_tokens_per_sec(), speed.peak_memory_bytes), (200.0, Some(7)));
        assert!((speed.decode_tokens_per_sec().unwrap() - 5.0).abs() < 1e-12);
        let answer = speed.answer.unwrap();
        assert_eq!((answer.text.as_str(), answer.tokens), ("2 tokens", 2));
        assert!((answer.duration_secs - 8.4).abs() < 1e-12);
    }
}
