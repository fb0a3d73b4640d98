//! The command line: the same rooms and the same plan as the window, for servers and scripts.
//!
//! stdout is data, stderr is everything else. Exit codes: 0 done, 1 failed or a check failed, 2 usage, 130 cancelled.

mod alone;
mod args;
mod base_hint;
mod compare;
mod completions;
mod demo;
mod doctor;
mod failure;
mod gguf;
mod inspect;
mod merge;
mod merge_choice;
mod resident;
mod session;
mod table;
mod verify;
mod window;

use std::{process::ExitCode, time::Instant};

use clap::Parser as _;
use lorafuse::{fault, platform};

use self::{
    args::{Args, Command},
    failure::Failure,
};

/// Runs the program as the command line asks.
pub fn run() -> ExitCode {
    let started = Instant::now();
    platform::attach_parent_console();
    fault::install();
    let args = Args::parse();
    let result = match args.command {
        Some(Command::Inspect(args)) => inspect::run(&args),
        Some(Command::Merge(args)) => merge::run(&args),
        Some(Command::Verify(args)) => verify::run(&args),
        Some(Command::Compare(args)) => compare::run(&args),
        Some(Command::Resident(args)) => resident::run(&args),
        Some(Command::Alone(args)) => alone::run(&args),
        Some(Command::Gguf(args)) => gguf::run(&args),
        Some(Command::Demo(args)) => demo::run(&args),
        Some(Command::Doctor(args)) => doctor::run(&args),
        Some(Command::Completions(args)) => completions::run(&args),
        Some(Command::Probe(args)) => window::probe(&args, started),
        Some(Command::Fault(args)) => window::fault(&args),
        None => window::run(args.window),
    };
    match result {
        Ok(code) => code,
        Err(failure) => failure.report(),
    }
}

/// What every command returns: a code (a failed check is no error), or a failure to be told.
type Outcome = Result<ExitCode, Failure>;

/// Writes data to stdout; a reader that went away is no error.
fn print(text: &str) -> Result<(), Failure> {
    use std::io::Write as _;
    let mut stdout = std::io::stdout().lock();
    match stdout.write_all(text.as_bytes()).and_then(|()| stdout.flush()) {
        Err(error) if error.kind() != std::io::ErrorKind::BrokenPipe => Err(Failure::plain(&error)),
        _ => Ok(()),
    }
}

/// Writes a line for people to stderr.
fn tell(line: &str) {
    use std::io::Write as _;
    writeln!(std::io::stderr().lock(), "{line}").ok();
}
