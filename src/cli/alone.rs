//! `alone`: the hidden half of `verify`, in a process of its own that has the folder and nothing else.

use lorafuse::verify::{AloneMessage, AloneReport};

use super::{Failure, Outcome, args::AloneArgs, print};

/// Loads the folder and tells what happened, as JSON for the process that started this one.
pub fn run(args: &AloneArgs) -> Outcome {
    let message = AloneMessage::new(AloneReport::of_this_process(&args.folder));
    print(&serde_json::to_string(&message).map_err(|error| Failure::plain(&error))?)?;
    Ok(std::process::ExitCode::SUCCESS)
}
