//! The program as a user starts it, on a real X server: folders dropped through XDND, keys and a pointer through XTEST,
//! and what lies on the disk afterwards.

#![cfg(all(target_os = "linux", feature = "gui"))]
#![expect(
    clippy::unwrap_used,
    clippy::disallowed_methods,
    reason = "folders of its own, in which a failure may stop everything"
)]

#[path = "x_server/display.rs"]
mod display;
#[path = "x_server/drag.rs"]
mod drag;
#[path = "x_server/person.rs"]
mod person;
#[path = "x_server/program.rs"]
mod program;

use std::{
    path::Path,
    time::{Duration, Instant},
};

use display::Display;
use person::{CONTROL, Person};
use program::Program;

/// Longest wait for anything, far above what it needs.
const PATIENCE: Duration = Duration::from_mins(4);

/// How long the window is watched doing nothing.
const IDLE: Duration = Duration::from_secs(10);

/// What may be spent meanwhile by threads that only look whether there is anything to do.
const IDLE_CPU: Duration = Duration::from_millis(100);

/// Nothing was painted for so long: whatever was under way is over.
const QUIET: Duration = Duration::from_secs(2);

/// Inside the mark of the chosen screen in the navigation, beside its icon.
const MERGE_SCREEN: (i16, i16) = (12, 180);

/// The same beside Compare.
const COMPARE_SCREEN: (i16, i16) = (12, 238);

/// In the row of BF16 among the options of a merge.
const BF16: (i16, i16) = (1000, 298);

/// An empty place of every screen.
const NOWHERE: (i16, i16) = (36, 560);

/// Asks again and again, for a slow machine has no time that is surely enough.
fn until<T>(what: &str, mut ask: impl FnMut() -> Option<T>) -> T {
    let started = Instant::now();
    loop {
        if let Some(answer) = ask() {
            return answer;
        }
        assert!(started.elapsed() < PATIENCE, "waited in vain for {what}");
        std::thread::sleep(Duration::from_millis(50));
    }
}

#[test]
fn dropped_folders_are_merged_compared_and_reported_by_key_and_pointer_and_the_window_sleeps_afterwards() {
    let Some(display) = Display::start() else {
        println!("skipped: Xvfb is not installed, so there is no X server to show a window on");
        return;
    };
    let home = tempfile::tempdir().unwrap();
    // Blanks and Hangul, as in a user's folders: both are written otherwise in a dropped address.
    let models = home.path().join("내 모델");
    let (base, adapter) = (models.join("base"), models.join("adapter"));
    copy_folder("base", &base);
    copy_folder("adapter", &adapter);
    let mut program = Program::start(home.path(), &display.name);
    let mut person = Person::at(&display.name);
    until("the window", || {
        program.assert_running();
        person.finds_window("Lorafuse")
    });
    person.waits_until_quiet(QUIET, PATIENCE);

    for folder in [&base, &adapter] {
        let before = person.picture();
        assert!(person.drops(folder), "the window took the drop");
        // What is shown while folders are dragged over the window does not stay.
        until("the dropped folder in its well", || {
            person.waits_until_quiet(QUIET, PATIENCE);
            (person.picture() != before).then_some(())
        });
    }
    let elsewhere = person.picture().pixel(MERGE_SCREEN);
    until("the Merge screen", || {
        person.presses(&[CONTROL, '2' as u32]);
        (person.picture().pixel(MERGE_SCREEN) != elsewhere).then_some(())
    });
    person.waits_until_quiet(QUIET, PATIENCE);
    let output = models.join("base-merged");
    assert!(!output.exists() && !models.join("base-merged.partial").exists(), "nothing is written before it is asked");
    // The base is F32: the option halves what is written, so that the files will say whether it was taken.
    let before = person.picture();
    until("the plan for BF16", || {
        person.clicks(BF16);
        person.waits_until_quiet(QUIET, PATIENCE);
        // What is only pointed at does not stay.
        person.points_at(NOWHERE);
        person.waits_until_quiet(QUIET, PATIENCE);
        (person.picture() != before).then_some(())
    });
    person.clicks(until("the button", || person.picture().widest_button()));
    until("the merged folder", || output.join("config.json").is_file().then_some(()));
    person.points_at(NOWHERE);
    person.waits_until_quiet(QUIET, PATIENCE);
    assert_is_merged_to_half(&base, &output);

    let elsewhere = person.picture().pixel(COMPARE_SCREEN);
    person.commands("compare", PATIENCE);
    until("the Compare screen", || {
        person.waits_until_quiet(QUIET, PATIENCE);
        (person.picture().pixel(COMPARE_SCREEN) != elsewhere).then_some(())
    });
    person.commands("export report", PATIENCE);
    let report = models.join("base-merged-report.json");
    until("the report", || report.is_file().then_some(()));
    person.waits_until_quiet(QUIET, PATIENCE);

    let cpu_before = program.cpu_time();
    let frames = person.counts_paintings(IDLE);
    let cpu = program.cpu_time().saturating_sub(cpu_before);
    println!("idle for {} s: {frames} paintings, {} ms of CPU time", IDLE.as_secs(), cpu.as_millis());
    assert_eq!(frames, 0, "a window in which nothing happens paints nothing");
    assert!(cpu <= IDLE_CPU, "{cpu:?}");
    person.points_at(MERGE_SCREEN);
    assert!(person.counts_paintings(QUIET) > 0, "the counter counts: what is pointed at is painted");

    person.closes_window();
    assert!(until("the end of the program", || program.ended()).success());
    let settings = program.settings();
    for folder in [&base, &adapter, &output] {
        assert!(settings.contains(folder.to_str().unwrap()), "{} is remembered: {settings}", folder.display());
    }
}

fn copy_folder(part: &str, to: &Path) {
    std::fs::create_dir_all(to).unwrap();
    for entry in std::fs::read_dir(Path::new(env!("CARGO_MANIFEST_DIR")).join("assets/sample").join(part)).unwrap() {
        let path = entry.unwrap().path();
        std::fs::copy(&path, to.join(path.file_name().unwrap())).unwrap();
    }
}

/// Every weight file of the base is there under its name, with two bytes for each four of weights.
fn assert_is_merged_to_half(base: &Path, output: &Path) {
    let is_weights = |path: &Path| path.extension().is_some_and(|extension| extension == "safetensors");
    let files = std::fs::read_dir(base).unwrap().map(|entry| entry.unwrap().path());
    let shards: Vec<_> = files.filter(|path| is_weights(path)).collect();
    assert!(!shards.is_empty());
    for shard in &shards {
        let merged = output.join(shard.file_name().unwrap());
        let (merged, stored) = (merged.metadata().unwrap().len(), shard.metadata().unwrap().len());
        // Headers are kilobytes and stay about as long.
        assert!(merged.abs_diff(stored / 2) < 10_000, "{}: {merged} of {stored} bytes", shard.display());
    }
}
