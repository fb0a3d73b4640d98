//! The house stands as ARCHITECTURE.md draws it: a room imports only rooms to its left, and no room knows a window.

use std::path::Path;

use crate::support::{repository, rust_files};

/// Modules that every room may use, and that use no room.
const SHARED: [&str; 6] = ["error", "job", "message", "platform", "sample", "units"];

/// Knows no room either, and is there for tests alone: `tests/support/skip.rs`.
const FOR_TESTS: &str = "skip";

/// Crates of the window, which only `gui` may name.
const WINDOW_CRATES: [&str; 7] = ["eframe", "egui", "egui_extras", "egui_plot", "egui_kittest", "rfd", "poll_promise"];

/// The folder of the GPU's kernel, alone to name its crate: the window gets wgpu through eframe.
const GPU_FOLDER: &str = "merge/gpu";

/// Crates of the decoder, which only `evaluate` may name.
const DECODER_CRATES: [&str; 2] = ["candle_core", "candle_nn"];

/// The crate of tokenizers, and the rooms that may name it.
const TOKENIZER_CRATE: (&str, [&str; 2]) = ("tokenizers", ["evaluate", "gguf"]);

/// The rooms in order, read from the line of ARCHITECTURE.md that draws the pipeline, and for each side room the room
/// after which it stands.
fn documented() -> (Vec<String>, Vec<(String, String)>) {
    let text = std::fs::read_to_string(repository().join("ARCHITECTURE.md")).unwrap();
    let pipeline = text.lines().find(|line| line.contains("numeric → ")).expect("the pipeline is drawn");
    let rooms = pipeline.split('→').map(|room| room.trim().to_owned()).collect();
    let sides = text
        .lines()
        .filter_map(|line| {
            let (side, after) = line.strip_prefix("- `")?.split_once("` stands beside the pipeline, after `")?;
            Some((side.to_owned(), after.split('`').next()?.to_owned()))
        })
        .collect();
    (rooms, sides)
}

/// Source without comments and without the test module at its end: what the room itself needs.
pub(super) fn code(path: &Path) -> String {
    let text = std::fs::read_to_string(path).unwrap();
    let text = text.split("\nmod tests {").next().unwrap_or_default();
    text.lines().map(|line| line.split("//").next().unwrap_or_default()).collect::<Vec<_>>().join("\n")
}

/// Rooms that `code` names through `crate::`, nested imports included.
fn imported(code: &str) -> Vec<String> {
    let mut names = Vec::new();
    for (at, _) in code.match_indices("crate::") {
        let rest = &code[at + "crate::".len()..];
        let end = rest.find(|c: char| !(c.is_alphanumeric() || c == '_')).unwrap_or(rest.len());
        if end > 0 {
            names.push(rest[..end].to_owned());
        } else if rest.starts_with('{') {
            names.extend(first_segments(rest));
        }
    }
    names
}

/// The first segment of each entry of `{a::…, b::{…}, c}`.
fn first_segments(group: &str) -> Vec<String> {
    let (mut depth, mut current, mut names) = (0_usize, String::new(), Vec::new());
    for character in group.chars() {
        match character {
            '{' => depth += 1,
            '}' | ',' if depth == 1 => {
                names.push(std::mem::take(&mut current));
                if character == '}' {
                    break;
                }
            }
            '}' => depth -= 1,
            _ if depth == 1 => current.push(character),
            _ => {}
        }
    }
    let first = |entry: String| entry.trim().split("::").next().unwrap_or_default().trim().to_owned();
    names.into_iter().map(first).filter(|name| !name.is_empty()).collect()
}

fn names_crate(code: &str, krate: &str) -> bool {
    code.match_indices(krate).any(|(at, _)| {
        let before = code[..at].chars().next_back().is_none_or(|c| !(c.is_alphanumeric() || c == '_'));
        let after = code[at + krate.len()..].starts_with("::");
        before && after
    })
}

#[test]
fn every_folder_of_src_is_documented() {
    let (rooms, sides) = documented();
    let text = std::fs::read_to_string(repository().join("ARCHITECTURE.md")).unwrap();
    for entry in std::fs::read_dir(repository().join("src")).unwrap().flatten() {
        let name = entry.file_name().to_string_lossy().into_owned();
        if entry.path().is_dir() {
            assert!(text.contains(&format!("`{name}`")), "ARCHITECTURE.md says nothing about src/{name}");
        }
    }
    for room in rooms.iter().chain(sides.iter().map(|(side, _)| side)) {
        assert!(repository().join("src").join(room).is_dir(), "ARCHITECTURE.md names src/{room}, which is not there");
    }
}

#[test]
fn a_room_imports_only_rooms_to_its_left() {
    let (rooms, sides) = documented();
    let place = |room: &str| rooms.iter().position(|other| other == room);
    let mut checked = 0;
    for (room, position) in rooms
        .iter()
        .enumerate()
        .map(|(index, room)| (room.clone(), index))
        .chain(sides.iter().map(|(side, after)| (side.clone(), place(after).expect("a room of the pipeline") + 1)))
    {
        for path in rust_files(&repository().join("src").join(&room)) {
            for name in imported(&code(&path)) {
                if SHARED.contains(&name.as_str()) || name == FOR_TESTS || name == room {
                    continue;
                }
                let side_place = || sides.iter().find(|(side, _)| *side == name).and_then(|(_, after)| place(after));
                let imported_place = place(&name).or_else(side_place);
                let is_left = imported_place.is_some_and(|place| place < position);
                assert!(is_left, "{}: `{room}` imports `{name}`, which is not to its left", path.display());
                checked += 1;
            }
        }
    }
    assert!(checked > 50, "the scan found only {checked} imports: it no longer reads the sources");
}

#[test]
fn shared_modules_use_no_room() {
    let (rooms, _) = documented();
    for shared in SHARED {
        let file = repository().join("src").join(format!("{shared}.rs"));
        let files = if file.is_file() { vec![file] } else { rust_files(&repository().join("src").join(shared)) };
        assert!(!files.is_empty(), "src/{shared} is gone");
        for path in files {
            for name in imported(&code(&path)) {
                assert!(!rooms.contains(&name), "{}: `{shared}` imports the room `{name}`", path.display());
            }
        }
    }
}

#[test]
fn window_decoder_and_gpu_crates_stay_in_their_rooms() {
    let src = repository().join("src");
    for path in rust_files(&src) {
        let room =
            path.strip_prefix(&src).unwrap().components().next().unwrap().as_os_str().to_string_lossy().into_owned();
        let code = code(&path);
        for krate in WINDOW_CRATES {
            assert!(room == "gui" || !names_crate(&code, krate), "{}: only gui may name `{krate}`", path.display());
        }
        let is_gpu_kernel = path.starts_with(src.join(GPU_FOLDER));
        assert!(is_gpu_kernel || !names_crate(&code, "wgpu"), "{}: only {GPU_FOLDER} may name `wgpu`", path.display());
        for krate in DECODER_CRATES {
            assert!(
                room == "evaluate" || !names_crate(&code, krate),
                "{}: only evaluate may name `{krate}`",
                path.display()
            );
        }
        let (krate, may_name) = TOKENIZER_CRATE;
        assert!(
            may_name.contains(&room.as_str()) || !names_crate(&code, krate),
            "{}: only {may_name:?} may name `{krate}`",
            path.display()
        );
        let is_leaf = ["gui", "cli", "lib.rs", "main.rs"].contains(&room.as_str());
        if !is_leaf {
            for leaf in ["gui", "cli"] {
                assert!(!imported(&code).iter().any(|name| name == leaf), "{}: no room knows `{leaf}`", path.display());
            }
        }
    }
}

#[test]
fn the_scan_sees_what_it_must_refuse() {
    assert_eq!(
        imported("use crate::merge::run; use crate::{plan::{A, B}, tree, error::{Hint}};"),
        ["merge", "plan", "tree", "error"]
    );
    assert!(names_crate("use egui::Ui;", "egui"));
    assert!(!names_crate("use my_egui::Ui;", "egui"));
    assert!(!names_crate("let egui = 1;", "egui"));
}
