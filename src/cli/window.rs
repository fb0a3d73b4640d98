//! No subcommand: the window, and the hidden commands that open one.

#[cfg(not(feature = "gui"))]
use super::args::usage_error;
use super::{
    Outcome,
    args::{FaultArgs, ProbeArgs, WindowArgs},
};

/// Opens the window with the folders that were given.
#[cfg(feature = "gui")]
pub fn run(args: WindowArgs) -> Outcome {
    use lorafuse::gui::{self, LaunchPaths};
    gui::run(&LaunchPaths { base: args.base, adapter: args.adapter, output: args.merged })?;
    Ok(std::process::ExitCode::SUCCESS)
}

/// Tells what would draw the window, as JSON for the process that started this one.
#[cfg(feature = "gui")]
pub fn probe(args: &ProbeArgs, started: std::time::Instant) -> Outcome {
    use lorafuse::gui;
    let drawn_by = if args.paint { gui::time_first_frame(started)? } else { gui::probe()? };
    super::print(&serde_json::to_string(&drawn_by).map_err(|error| super::Failure::plain(&error))?)?;
    Ok(std::process::ExitCode::SUCCESS)
}

/// Shows where the log of a fault lies.
#[cfg(feature = "gui")]
pub fn fault(args: &FaultArgs) -> Outcome {
    lorafuse::gui::show_fault(&args.log)?;
    Ok(std::process::ExitCode::SUCCESS)
}

/// What a build without a window says.
#[cfg(not(feature = "gui"))]
const NO_WINDOW: &str = "this build has no window; see `lorafuse --help` for its commands";

/// This build has none.
#[cfg(not(feature = "gui"))]
pub fn run(_args: WindowArgs) -> Outcome {
    usage_error(NO_WINDOW)
}

/// This build has none.
#[cfg(not(feature = "gui"))]
pub fn probe(_args: &ProbeArgs, _started: std::time::Instant) -> Outcome {
    usage_error(NO_WINDOW)
}

/// This build has none.
#[cfg(not(feature = "gui"))]
pub fn fault(_args: &FaultArgs) -> Outcome {
    usage_error(NO_WINDOW)
}
