//! Tests that do not run, said aloud: past the harness, which keeps what a passing test prints.

use std::io::Write as _;

/// For want of something that a bare Debian has or `scripts/setup` installs. Continuous integration (`CI=true`) has to
/// have it, so there the test fails.
#[track_caller]
pub fn skip(why: &str) {
    say(why);
    assert!(std::env::var_os("CI").is_none_or(|ci| ci != "true"), "this test must not be skipped where CI=true: {why}");
}

/// For want of what the name of the test says that it needs, and nobody can install.
pub fn skip_as_named(why: &str) {
    say(why);
}

fn say(why: &str) {
    let thread = std::thread::current();
    let test = thread.name().unwrap_or("a test");
    // Nobody may be listening.
    writeln!(std::io::stderr(), "skipped: {test}: {why}").ok();
}
