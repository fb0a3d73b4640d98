//! What is asked of the Compare screen.

use std::path::PathBuf;

use egui::Key;

use crate::gui::{
    app::{
        command::face::{Face, ScreenCommand},
        jobs::kind::JobKind,
        state::AppState,
    },
    design::widget::Icon,
};

/// The texts that models are held against.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Texts {
    /// Those that come with the program.
    BuiltIn,
    /// Those of the built-in sample.
    Sample,
    /// Files: UTF-8 or CP949, or JSON lines.
    Files(Vec<PathBuf>),
}

/// What is asked of the Compare screen.
#[derive(Clone, Debug, PartialEq)]
pub enum CompareCommand {
    /// Measure perplexity on these texts.
    Measure(Texts),
    /// Choose texts to measure perplexity on.
    BrowseTexts,
    /// Stop measuring and forget what was measured so far.
    CancelMeasurement,
    /// The prompt changed.
    EditPrompt(String),
    /// Time the models, and let them answer the prompt.
    MeasureTime,
    /// Stop timing.
    CancelTiming,
    /// Show the numbers behind the chart of changes, or only the chart.
    ShowChangeNumbers(bool),
    /// Put the tables of the comparison on the clipboard, as Markdown.
    CopyTables,
}

impl ScreenCommand for CompareCommand {
    const LISTED: &'static [(Self, Face)] = &[
        (
            Self::Measure(Texts::Sample),
            Face::new("measure-on-sample")
                .when(|state| can_measure(state) && state.finished().is_some_and(|done| !done.sample_texts.is_empty())),
        ),
        (
            Self::Measure(Texts::BuiltIn),
            Face::new("measure-on-builtin").tooltip("measure-on-builtin.tooltip").when(can_measure),
        ),
        (Self::BrowseTexts, Face::new("measure-on-texts").tooltip("measure-on-texts.tooltip").when(can_measure)),
        (
            Self::CancelMeasurement,
            Face::new("cancel").place("perplexity").when(|state| state.jobs.is_running(JobKind::Evaluate)),
        ),
        (
            Self::CopyTables,
            Face::new("copy-table")
                .tooltip("copy-table.tooltip")
                .icon(Icon::Copy)
                .when(|state| state.finished().is_some_and(|done| done.measured().is_some())),
        ),
        (
            Self::ShowChangeNumbers(true),
            Face::new("details")
                .tooltip("change-numbers-tooltip")
                .place("change-amount")
                .when(|state| shows_change_numbers(state) == Some(false)),
        ),
        (
            Self::ShowChangeNumbers(false),
            Face::new("hide-details").place("change-amount").when(|state| shows_change_numbers(state) == Some(true)),
        ),
        (Self::MeasureTime, Face::new("measure-time").tooltip("measure-time.tooltip").key(Key::M).when(can_time)),
        (
            Self::CancelTiming,
            Face::new("cancel").place("time-and-memory").when(|state| state.jobs.is_running(JobKind::MeasureTime)),
        ),
    ];
}

/// Whether the numbers of the chart of changes are shown; `None` where there is no chart.
fn shows_change_numbers(state: &AppState) -> Option<bool> {
    state.finished()?.measured().map(|_| state.shows_change_numbers)
}

fn can_measure(state: &AppState) -> bool {
    state.finished().is_some() && !state.jobs.is_running(JobKind::Evaluate)
}

fn can_time(state: &AppState) -> bool {
    state.machine.program.is_some() && state.finished().is_some() && !state.jobs.is_running(JobKind::MeasureTime)
}
