//! What work tells whoever watches it.

use serde::Serialize;

use super::Stage;
use crate::message::said_in_english;

/// A fact about the running job.
#[derive(Clone, Debug, PartialEq)]
pub enum JobEvent {
    /// A stage began; the byte counters start again from zero.
    StageStarted(Stage),
    /// All of one output tensor is written (or checked).
    TensorDone {
        /// Its name in the checkpoint.
        name: String,
    },
    /// How much there is to score; the stage's bytes say what is read for it.
    ScoringCost {
        /// Tokens with a probability, counted once for each model.
        token_count: u64,
        /// Models that read them.
        model_count: usize,
    },
    /// A model is in memory.
    Loaded {
        /// Its name.
        model: String,
        /// What it took.
        load_secs: f64,
    },
    /// Something was done, but not exactly as asked.
    Warning(JobWarning),
}

/// What was done otherwise than asked; a message.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[expect(missing_docs, reason = "every sentence says what its fields are")]
pub enum JobWarning {
    Untrained { adapter: String, modules: Vec<String>, target_count: usize },
    BaseNotFinite { tensor: String },
    DeviceLost { device: String },
    WindowOverContext { model: String, window: usize, context: usize },
    UnreadTensors { model: String, names: Vec<String> },
    OtherTokens { model: String, first: String },
}

said_in_english!(JobWarning);

#[cfg(test)]
mod tests {
    use super::*;
    use crate::message::assert_said;

    #[test]
    fn every_warning_of_a_running_job_is_said() {
        let text = str::to_owned;
        let modules: Vec<String> = (0..5).map(|layer| format!("layers.{layer}.up")).collect();
        let cases: Vec<(JobWarning, &[&str])> = vec![
            (
                JobWarning::Untrained { adapter: text("chat"), modules, target_count: 28 },
                &["chat", "5개", "28개", "layers.3.up 외 1개"],
            ),
            (JobWarning::BaseNotFinite { tensor: text("lm_head.weight") }, &["lm_head.weight"]),
            (JobWarning::DeviceLost { device: text("A100") }, &["A100", "CPU"]),
            (
                JobWarning::WindowOverContext { model: text("toy"), window: 2_048, context: 512 },
                &["toy", "2,048개", "512개"],
            ),
            (
                JobWarning::UnreadTensors { model: text("toy"), names: vec![text("a"), text("b")] },
                &["toy", "2개", "a, b"],
            ),
            (JobWarning::OtherTokens { model: text("toy"), first: text("bear") }, &["toy", "bear"]),
        ];
        for (warning, parts) in cases {
            assert_said(&warning, parts);
        }
    }
}
