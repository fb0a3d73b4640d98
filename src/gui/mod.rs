//! The window. A leaf: no room knows that it exists.
//!
//! `app` holds the state and what changes it: `drain` takes what jobs report, `logic` acts on commands. `frame` and
//! `screens` only paint; a widget of `design` changes nothing. Everything slower than a frame happens on named threads.

mod app;
mod design;
mod frame;
mod prelude;
mod screens;

pub use self::{
    app::{
        application::{LorafuseApp, install_look},
        command::{Command, of_app::AppCommand},
        inspection::{Inspection, Slot},
        jobs::{Jobs, kind::JobKind, progress::Progress},
        launch::{
            fault_window::{FAULT_COMMAND, show_fault},
            launch_error::LaunchError,
            open::{LaunchPaths, run},
            probe::{DrawnBy, probe, time_first_frame},
        },
        machine::Machine,
        notice::{Notice, Tone},
        screen::Screen,
        state::{AppState, Phase},
    },
    frame::wells::{
        command::WellsCommand,
        well::{Well, WellKind, Wells},
    },
    screens::{
        compare::command::{CompareCommand, Texts},
        merge::{command::MergeCommand, merge_options::MergeOptions},
        modules::{
            command::ModulesCommand,
            state::{ModulesState, ModulesView},
        },
        palette::{command::PaletteCommand, search::Search},
        report::command::ReportCommand,
        welcome::command::WelcomeCommand,
    },
};
pub use crate::{
    merge::{RunEvent, Running},
    message::{Language, Problem},
    report::{Made, Measured, MergeFailure, MergedFolder, Provenance, RunError, Timed},
    verify::{Proof, Standing},
};
