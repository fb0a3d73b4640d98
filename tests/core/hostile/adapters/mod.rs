//! Adapters that cannot be merged, each through the program as people run it: the message names the tensor or key, the
//! reason and the next step, and nothing is written. `tests/expected/faulty-adapters.md` is the table of all messages;
//! `UPDATE_EXPECTED=1` writes it anew.

mod contents;
mod fault;
mod files;

use std::{fmt::Write as _, path::Path};

use fault::Fault;

use crate::support::{self, listing, lorafuse, put, put_toy, stderr};

/// What the program prints when the pair in `root` is merged; it must fail and leave the folder as it was.
fn message(root: &Path, fault: &Fault) -> String {
    let before = listing(root);
    let output = lorafuse(root, &["merge", "base", "adapter", "-o", "merged"]);
    let message = stderr(&output);
    assert_eq!(output.status.code(), Some(1), "{}: {message}", fault.name);
    assert_eq!(listing(root), before, "{}: nothing is left behind", fault.name);
    assert!(output.stdout.is_empty(), "{}: stdout is data", fault.name);
    message
}

#[test]
fn every_faulty_adapter_is_refused_with_tensor_reason_and_next_step() {
    let mut table = String::from(
        "# Faulty adapters, and what `lorafuse merge` prints\n\nWritten by `tests/core/hostile/adapters`; none of them leaves an output.\n",
    );
    let faults: Vec<&Fault> = contents::FAULTS.iter().chain(files::FAULTS).collect();
    assert!(faults.len() > 60, "{} faults", faults.len());
    for fault in faults {
        let root = tempfile::tempdir().unwrap();
        put_toy(root.path());
        (fault.put)(root.path());
        let message = message(root.path(), fault);
        for part in fault.says {
            assert!(message.contains(part), "{}: {part:?} is missing in\n{message}", fault.name);
        }
        assert!(message.contains("error: ") && message.contains("\nhint: "), "{}: {message}", fault.name);
        // Which device would compute depends on the build and the machine.
        let lines: Vec<&str> = message.lines().filter(|line| !line.starts_with("device: ")).collect();
        write!(table, "\n## {}\n\n```text\n{}\n```\n", fault.name, lines.join("\n")).unwrap();
    }
    let path = support::repository().join("tests/expected/faulty-adapters.md");
    if std::env::var_os("UPDATE_EXPECTED").is_some() {
        std::fs::write(&path, &table).unwrap();
    }
    assert_eq!(std::fs::read_to_string(&path).unwrap_or_default(), table, "see {}", path.display());
}

/// The same folder, or the same tensors in another.
#[test]
fn an_adapter_that_is_given_twice_is_refused() {
    let root = tempfile::tempdir().unwrap();
    put_toy(root.path());
    for name in ["adapter_config.json", "adapter_model.safetensors"] {
        put(&root.path().join("copy").join(name), std::fs::read(root.path().join("adapter").join(name)).unwrap());
    }
    for second in ["adapter", "copy"] {
        let output = lorafuse(root.path(), &["merge", "base", "adapter", second, "-o", "merged"]);
        let message = stderr(&output);
        assert_eq!(output.status.code(), Some(1), "{message}");
        assert!(message.contains("one adapter was given twice") && message.contains("give it once"), "{message}");
    }
}
