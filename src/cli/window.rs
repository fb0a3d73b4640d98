//! No subcommand: the window.

use super::{Outcome, args::WindowArgs};

/// Opens the window with the folders that were given.
#[cfg(feature = "gui")]
pub fn run(args: WindowArgs) -> Outcome {
    use lorafuse::gui::{self, LaunchPaths};
    gui::run(LaunchPaths { base: args.base, adapter: args.adapter, output: args.merged })?;
    Ok(std::process::ExitCode::SUCCESS)
}

/// This build has none.
#[cfg(not(feature = "gui"))]
pub fn run(_args: WindowArgs) -> Outcome {
    super::args::usage_error("this build has no window; see `lorafuse --help` for its commands")
}
