//! The program: arguments in, exit code out.

// A double-click on Windows opens no console; one that is there already is used, see `platform`.
#![cfg_attr(all(windows, feature = "gui", not(debug_assertions)), windows_subsystem = "windows")]

mod cli;

fn main() -> std::process::ExitCode {
    cli::run()
}
