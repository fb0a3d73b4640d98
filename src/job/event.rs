//! What work tells whoever watches it.

use std::fmt;

use super::Stage;
use crate::{error::listed, units};

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

/// What was done otherwise than asked; says itself in English.
#[derive(Clone, Debug, PartialEq)]
#[expect(missing_docs, reason = "every sentence says what its fields are")]
pub enum JobWarning {
    Untrained { adapter: String, modules: Vec<String>, target_count: usize },
    BaseNotFinite { tensor: String },
    DeviceLost { device: String },
    WindowOverContext { model: String, window: usize, context: usize },
    UnreadTensors { model: String, names: Vec<String> },
    OtherTokens { model: String, first: String },
}

impl fmt::Display for JobWarning {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Untrained { adapter, modules, target_count } => write!(
                out,
                "{adapter}: {} of {} change nothing, as before training: {}",
                units::count(modules.len() as u64),
                units::plural(*target_count, "target"),
                listed(modules, 4),
            ),
            Self::BaseNotFinite { tensor } => {
                write!(out, "{tensor} holds NaN or infinity in the base; it is passed on")
            }
            Self::DeviceLost { device } => {
                write!(out, "{device} stopped answering; the rest is computed on the CPU")
            }
            Self::WindowOverContext { model, window, context } => write!(
                out,
                "{model}: the window of {} tokens is longer than the context of {} that the model knows",
                units::count(*window as u64),
                units::count(*context as u64)
            ),
            Self::UnreadTensors { model, names } => write!(
                out,
                "{model}: {} of the folder are not part of the model ({})",
                units::plural(names.len(), "tensor"),
                listed(names, 3)
            ),
            Self::OtherTokens { model, first } => {
                write!(out, "{model} cuts the texts into other tokens than {first}: only bits per byte can be compared")
            }
        }
    }
}
