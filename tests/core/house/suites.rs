//! No test lies where nothing runs it: there are two binaries, and every file below them is a module of one.

use std::{
    collections::BTreeSet,
    path::{Path, PathBuf},
};

use crate::support::{repository, rust_files};

/// The files of the modules that `file` declares, and of theirs; `folder` is where those of `file` lie.
fn modules(file: &Path, folder: &Path) -> BTreeSet<PathBuf> {
    let mut files = BTreeSet::from([file.to_owned()]);
    let mut within = folder.to_owned();
    for line in std::fs::read_to_string(file).unwrap().lines() {
        let declaration = line.trim().trim_start_matches("pub ").strip_prefix("mod ");
        if let Some(name) = declaration.and_then(|rest| rest.strip_suffix(';')) {
            let (own_file, own_folder) = (within.join(name).with_extension("rs"), within.join(name));
            let own_file = if own_file.is_file() { own_file } else { own_folder.join("mod.rs") };
            // A file of another part of the repository is no test.
            if own_file.is_file() {
                files.extend(modules(&own_file, &own_folder));
            }
        } else if let Some(name) = declaration.and_then(|rest| rest.strip_suffix(" {")) {
            within.push(name);
        } else if line == "}" && within != folder {
            within.pop();
        }
    }
    files
}

#[test]
fn two_binaries_hold_every_file_of_tests() {
    let tests = repository().join("tests");
    // What both of them include lies in a third folder.
    let is_shared = |path: &PathBuf| path.starts_with(tests.join("support"));
    let expected: BTreeSet<PathBuf> = rust_files(&tests).into_iter().filter(|path| !is_shared(path)).collect();
    let held = ["core", "gui"].map(|binary| tests.join(binary)).map(|root| modules(&root.join("main.rs"), &root));
    let held: BTreeSet<PathBuf> = held.into_iter().flatten().collect();
    assert!(held.len() > 50, "the scan found only {} files: it no longer reads the sources", held.len());
    let lost: Vec<_> = expected.difference(&held).collect();
    assert!(lost.is_empty(), "no binary holds {lost:?}: declare each in tests/core/main.rs or tests/gui/main.rs");
}
