//! The program on machines that lack something: it says what is degraded, ends in order, and logs its own faults.

use std::{
    path::Path,
    process::{Command, Output},
};

use serde_json::Value;

/// Runs the program in `home`, with nothing of this session: no display, no bus, no other program in reach.
fn bare(home: &Path, args: &[&str]) -> Output {
    Command::new(env!("CARGO_BIN_EXE_lorafuse"))
        .env_clear()
        .env("HOME", home)
        .env("PATH", home)
        .current_dir(home)
        .args(args)
        .output()
        .unwrap()
}

fn text(bytes: &[u8]) -> String {
    String::from_utf8(bytes.to_vec()).unwrap()
}

#[test]
fn a_bare_machine_is_diagnosed_in_both_forms() {
    let home = tempfile::tempdir().unwrap();
    let output = bare(home.path(), &["doctor", "--json"]);
    assert_eq!(output.status.code(), Some(0), "{}", text(&output.stderr));
    let diagnosis: Value = serde_json::from_slice(&output.stdout).unwrap();
    assert_eq!(diagnosis["version"], env!("CARGO_PKG_VERSION"));
    assert_eq!(diagnosis["file_dialogs"], "missing");
    assert!(diagnosis["cpu"]["threads"].as_u64().unwrap() > 0);
    assert!(diagnosis["memory"]["available_bytes"].as_u64() <= diagnosis["memory"]["total_bytes"].as_u64());
    assert!(diagnosis["disk"][0]["free_bytes"].is_u64());
    assert!(diagnosis["files"]["sample"].as_str().unwrap().ends_with("sample"));
    assert_eq!(diagnosis["files"]["logs"], home.path().join(".local/state/lorafuse").to_str().unwrap());
    let degraded = diagnosis["degraded"].as_array().unwrap();
    let tells = |word: &str| degraded.iter().any(|thing| thing["what"].as_str().unwrap().contains(word));
    assert!(tells("zenity"), "{degraded:?}");
    if cfg!(feature = "gui") {
        assert_eq!(diagnosis["window"]["state"], "missing");
        assert!(tells("DISPLAY"), "{degraded:?}");
    }

    let printed = text(&bare(home.path(), &["doctor"]).stdout);
    for title in ["Program", "Window", "GPUs", "Processor", "Memory", "Disk", "Fonts", "File dialogs", "Degraded: "] {
        assert!(printed.contains(title), "{title} in {printed}");
    }
    assert!(!home.path().join(".local").exists(), "looking leaves nothing behind");
}

#[cfg(feature = "gui")]
#[test]
fn without_a_display_or_with_a_renderer_that_is_none_there_is_a_hint() {
    let home = tempfile::tempdir().unwrap();
    let output = bare(home.path(), &[]);
    let message = text(&output.stderr);
    assert_eq!(output.status.code(), Some(1), "{message}");
    assert!(message.starts_with("error: no window can be opened: "), "{message}");
    assert!(message.contains("\nhint: run `lorafuse demo`"), "{message}");

    let mut command = Command::new(env!("CARGO_BIN_EXE_lorafuse"));
    let output = command.env("LORAFUSE_RENDERER", "pencil").output().unwrap();
    let message = text(&output.stderr);
    assert_eq!(output.status.code(), Some(1), "{message}");
    assert!(message.contains("`pencil` is no renderer") && message.contains("hint: "), "{message}");
}

#[test]
fn completions_know_the_commands_and_hide_the_hidden() {
    let home = tempfile::tempdir().unwrap();
    for shell in ["bash", "zsh", "fish"] {
        let output = bare(home.path(), &["completions", shell]);
        assert_eq!(output.status.code(), Some(0));
        let script = text(&output.stdout);
        for command in ["inspect", "merge", "verify", "compare", "demo", "doctor"] {
            assert!(script.contains(command), "{command} for {shell}");
        }
    }
    let output = bare(home.path(), &["completions", "abacus"]);
    assert_eq!(output.status.code(), Some(2));
    let help = text(&bare(home.path(), &["--help"]).stdout);
    assert!(help.contains("doctor") && !help.contains("probe") && !help.contains("completions"), "{help}");
}
