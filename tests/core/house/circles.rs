//! No circle of files inside a room: a file that another one imports, on whatever way, imports nothing of that one.

use std::{
    collections::{BTreeMap, BTreeSet},
    path::{Path, PathBuf},
};

use super::architecture::code;
use crate::support::{repository, rust_files};

/// Rooms whose files still import each other in a circle; none comes to this list, and one that is mended leaves it.
const NOT_YET: [&str; 9] =
    ["adapter", "checkpoint", "cli", "evaluate", "matching", "merge", "message", "numeric", "verify"];

/// A module as its segments below `crate`.
type Module = Vec<String>;

/// What the files of `src` import of each other, read from their `use` lines.
struct Imports {
    files: BTreeMap<Module, PathBuf>,
    /// What a module passes on with `pub use`, by the path that it has there.
    passed_on: BTreeMap<Module, Module>,
    edges: BTreeMap<Module, BTreeSet<Module>>,
}

impl Imports {
    /// Reads every file below `src`.
    fn read(src: &Path) -> Self {
        let files: BTreeMap<Module, PathBuf> =
            rust_files(src).into_iter().map(|path| (module_of(path.strip_prefix(src).unwrap()), path)).collect();
        let mut read = Self { files, passed_on: BTreeMap::new(), edges: BTreeMap::new() };
        let mut used = Vec::new();
        for (module, path) in &read.files {
            for (is_public, leaf) in uses(&code(path)) {
                let Some(target) = absolute(module, &leaf) else { continue };
                if is_public {
                    let name = target.last().cloned().unwrap_or_default();
                    read.passed_on.insert([module.as_slice(), &[name]].concat(), target.clone());
                }
                // A folder's `mod.rs` that only names what its files offer needs nothing of them.
                if !(is_public && target.starts_with(module)) {
                    used.push((module.clone(), target));
                }
            }
        }
        for (module, target) in used {
            let file = read.file_of(&target, 0);
            if file != module && !file.is_empty() {
                read.edges.entry(module).or_default().insert(file);
            }
        }
        read
    }

    /// The file in which `path` is written, through all that only pass it on.
    fn file_of(&self, path: &[String], depth: usize) -> Module {
        let length = (0..=path.len()).rev().find(|length| self.files.contains_key(&path[..*length])).unwrap_or(0);
        let passed_on = path.get(..=length).and_then(|name| self.passed_on.get(name));
        match passed_on {
            Some(target) if depth < 8 => self.file_of(&[target.as_slice(), &path[length + 1..]].concat(), depth + 1),
            _ => path[..length].to_vec(),
        }
    }

    /// A way from `module` back to itself inside its room, the shortest there is.
    fn circle(&self, module: &Module) -> Option<Vec<Module>> {
        let mut ways = vec![vec![module.clone()]];
        let mut seen = BTreeSet::new();
        while !ways.is_empty() {
            let mut longer = Vec::new();
            for way in ways {
                let imports = way.last().and_then(|last| self.edges.get(last)).into_iter().flatten();
                for next in imports.filter(|next| next.first() == module.first()) {
                    if next == module {
                        return Some([way, vec![next.clone()]].concat());
                    }
                    if seen.insert(next.clone()) {
                        longer.push([way.clone(), vec![next.clone()]].concat());
                    }
                }
            }
            ways = longer;
        }
        None
    }

    /// Every circle once, as `a → b → a`.
    fn circles(&self) -> BTreeSet<String> {
        let mut circles = BTreeMap::new();
        for circle in self.files.keys().filter_map(|module| self.circle(module)) {
            let members: BTreeSet<Module> = circle.iter().cloned().collect();
            let names = circle.iter().map(|module| module.join("/"));
            circles.entry(members).or_insert_with(|| names.collect::<Vec<_>>().join(" → "));
        }
        circles.into_values().collect()
    }
}

/// `gui/app/mod.rs` is `gui::app`, `gui/app/state.rs` is `gui::app::state`.
fn module_of(path: &Path) -> Module {
    let mut segments: Module = path.with_extension("").iter().map(|part| part.to_string_lossy().into_owned()).collect();
    if segments.last().is_some_and(|last| ["mod", "lib"].contains(&last.as_str())) {
        segments.pop();
    }
    segments
}

/// The paths of all `use` lines, taken apart, with whether they are passed on.
fn uses(code: &str) -> Vec<(bool, Module)> {
    let mut found = Vec::new();
    let mut rest = code;
    while let Some((before, after)) = rest.split_once("use ") {
        let line = before.rsplit('\n').next().unwrap_or_default().trim();
        let is_use = line.is_empty() || (line.starts_with("pub") && line.split_whitespace().count() == 1);
        let Some((tree, next)) = after.split_once(';') else { break };
        if is_use {
            let mut leaves = Vec::new();
            push_leaves(&[], tree.trim(), &mut leaves);
            found.extend(leaves.into_iter().map(|leaf| (line.starts_with("pub"), leaf)));
            rest = next;
        } else {
            rest = after;
        }
    }
    found
}

/// Takes `a::{b, c::{d, self}}` apart, below `prefix`.
fn push_leaves(prefix: &[String], tree: &str, leaves: &mut Vec<Module>) {
    let segments = |path: &str| -> Module {
        let names = path.split("::").map(|name| name.split(" as ").next().unwrap_or_default().trim().to_owned());
        names.filter(|name| !name.is_empty()).collect()
    };
    let Some((path, group)) = tree.split_once('{') else {
        let leaf = [prefix, &segments(tree)].concat();
        leaves.extend((!tree.trim().is_empty()).then_some(leaf));
        return;
    };
    let prefix = [prefix, &segments(path)].concat();
    let (mut depth, mut entry) = (0_usize, String::new());
    let group = group.trim_end();
    for character in group.strip_suffix('}').unwrap_or(group).chars().chain([',']) {
        match character {
            ',' if depth == 0 => push_leaves(&prefix, std::mem::take(&mut entry).trim(), leaves),
            _ => {
                depth = match character {
                    '{' => depth + 1,
                    '}' => depth.saturating_sub(1),
                    _ => depth,
                };
                entry.push(character);
            }
        }
    }
}

/// `leaf` as imported by `module`, below `crate`; `None` for another crate.
fn absolute(module: &Module, leaf: &[String]) -> Option<Module> {
    let mut path = leaf;
    let mut base = match path.first().map(String::as_str) {
        Some("crate") => {
            path = &path[1..];
            Module::new()
        }
        Some("self" | "super") => module.clone(),
        _ => return None,
    };
    while let Some(first) = path.first().filter(|name| ["self", "super"].contains(&name.as_str())) {
        if first == "super" {
            base.pop();
        }
        path = &path[1..];
    }
    let path = path.iter().filter(|name| !["self", "*"].contains(&name.as_str()));
    Some(base.into_iter().chain(path.cloned()).collect())
}

#[test]
fn no_file_is_imported_by_what_it_imports() {
    let imports = Imports::read(&repository().join("src"));
    assert!(imports.edges.len() > 200, "the scan found imports in {} files only", imports.edges.len());
    let room = |circle: &str| circle.split(['/', ' ']).next().unwrap_or_default().to_owned();
    let (known, new): (Vec<String>, Vec<String>) =
        imports.circles().into_iter().partition(|circle| NOT_YET.contains(&room(circle).as_str()));
    assert!(new.is_empty(), "{} circles of files:\n{}", new.len(), new.join("\n"));
    for name in NOT_YET {
        assert!(known.iter().any(|circle| room(circle) == name), "{name} has no circle any more: take it off the list");
    }
}

#[test]
fn the_scan_sees_a_circle_and_names_it() {
    let root = tempfile::tempdir().unwrap();
    let write = |name: &str, code: &str| {
        let path = root.path().join(name);
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(path, code).unwrap();
    };
    write("room/mod.rs", "mod a;\nmod b;\nmod c;\npub use self::{a::A, b::{B, B2}};\n");
    write("room/a.rs", "use std::fmt;\nuse super::B;\npub struct A(B);\n");
    write("room/b.rs", "use crate::room::{c::{self, C}};\n/// use super::a::A;\npub struct B(C);\n");
    write(
        "room/c.rs",
        "fn c() {\n    use super::A as Other;\n}\n#[cfg(test)]\nmod tests {\n    use super::super::B2;\n}\n",
    );
    let circles = Imports::read(root.path()).circles();
    assert_eq!(Vec::from_iter(circles), ["room/a → room/b → room/c → room/a"]);

    write("room/c.rs", "use crate::other::A;\n");
    assert!(Imports::read(root.path()).circles().is_empty());
}
