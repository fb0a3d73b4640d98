//! The window: driven by what a screen reader reads, compared with pictures that were looked at, and in front of a person
//! at a real X server.

#![expect(
    clippy::unwrap_used,
    clippy::disallowed_methods,
    clippy::print_stdout,
    reason = "folders of its own, in which a failure may stop everything and is told"
)]

mod korean;
mod merging;
mod packed;
mod pictures;
mod pseudo;
mod result;
#[expect(dead_code, reason = "whatever a window needs can be installed")]
#[path = "../support/skip.rs"]
mod skip;
mod steps;
mod support;
mod truth;
mod wells;
#[cfg(target_os = "linux")]
mod x_server;
