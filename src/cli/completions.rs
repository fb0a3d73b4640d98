//! `completions`: what a shell needs to complete our commands; packages generate their files with it.

use clap::CommandFactory as _;

use super::{
    Outcome,
    args::{Args, CompletionsArgs},
    print,
};

/// Prints the script for one shell.
pub fn run(args: &CompletionsArgs) -> Outcome {
    let mut script = Vec::new();
    clap_complete::generate(args.shell, &mut Args::command(), "lorafuse", &mut script);
    print(&String::from_utf8_lossy(&script))?;
    Ok(std::process::ExitCode::SUCCESS)
}
