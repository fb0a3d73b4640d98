//! No test is left out silently: each says so through `tests/support/skip.rs`, and continuous integration fails.

use std::process::{Command, Output};

use crate::{
    skip::{skip, skip_as_named},
    support::{repository, rust_files},
};

/// Set where a test of this file runs as a process of its own, because of the environment.
const AS_CHILD: &str = "LORAFUSE_TEST_SKIPS";

/// The test `name` of this file in a process of its own, in continuous integration or not.
fn child(name: &str, is_ci: bool) -> Output {
    let mut command = Command::new(std::env::current_exe().unwrap());
    command.args(["--exact", &format!("house::skips::{name}")]).env(AS_CHILD, "1").env_remove("CI");
    if is_ci {
        command.env("CI", "true");
    }
    command.output().unwrap()
}

#[test]
fn a_skipped_test_is_heard_and_fails_in_continuous_integration() {
    if std::env::var_os(AS_CHILD).is_some() {
        return skip("there is no abacus");
    }
    for is_ci in [false, true] {
        let output = child("a_skipped_test_is_heard_and_fails_in_continuous_integration", is_ci);
        let said = String::from_utf8_lossy(&output.stderr).into_owned();
        assert_eq!(output.status.success(), !is_ci, "{said}");
        assert!(said.contains("skipped: ") && said.contains(": there is no abacus\n"), "{said}");
    }
}

#[test]
fn a_test_whose_name_says_what_it_needs_is_heard_everywhere() {
    if std::env::var_os(AS_CHILD).is_some() {
        return skip_as_named("there is no abacus");
    }
    let output = child("a_test_whose_name_says_what_it_needs_is_heard_everywhere", true);
    let said = String::from_utf8_lossy(&output.stderr).into_owned();
    assert!(output.status.success() && said.contains(": there is no abacus\n"), "{said}");
}

#[test]
fn nothing_else_leaves_a_test_out() {
    let files = ["src", "tests"].map(|folder| rust_files(&repository().join(folder)));
    for path in files.iter().flatten() {
        let text = std::fs::read_to_string(path).unwrap();
        // In two parts, so that this file does not hold it.
        for silent in [concat!("#[", "ignore"), concat!("!(\"", "skipped")] {
            assert!(!text.contains(silent), "{}: {silent} hides a test: call `skip`", path.display());
        }
    }
}
