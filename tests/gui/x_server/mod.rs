//! The program as a user starts it, on a real X server: folders dropped through XDND, keys and a pointer through XTEST,
//! and what lies on the disk afterwards.

mod display;
mod drag;
mod person;
mod program;
mod session;

use std::{
    path::Path,
    time::{Duration, Instant},
};

use person::ESCAPE;
use session::{COMPARE_SCREEN, MERGE_SCREEN, Session};

use crate::support::{large_model::LargeModel, turn::Turn};

/// Longest wait for anything, far above what it needs.
const PATIENCE: Duration = Duration::from_mins(4);

/// How long the window is watched doing nothing.
const IDLE: Duration = Duration::from_secs(10);

/// What may be spent meanwhile by threads that only look whether there is anything to do.
const IDLE_CPU: Duration = Duration::from_millis(100);

/// Nothing was painted for so long: whatever was under way is over.
const QUIET: Duration = Duration::from_secs(2);

/// Asks again and again, for a slow machine has no time that is surely enough.
fn until<T>(what: &str, mut ask: impl FnMut() -> Option<T>) -> T {
    let started = Instant::now();
    loop {
        if let Some(answer) = ask() {
            return answer;
        }
        assert!(started.elapsed() < PATIENCE, "waited in vain for {what}");
        std::thread::sleep(Duration::from_millis(20));
    }
}

#[test]
fn dropped_folders_are_merged_compared_and_reported_by_key_and_pointer_and_the_window_sleeps_afterwards() {
    let _alone = Turn::alone();
    let Some(mut session) = Session::start() else { return };
    let (base, adapter) = (session.models.join("base"), session.models.join("adapter"));
    copy_folder("base", &base);
    copy_folder("adapter", &adapter);
    session.drops(&base);
    session.drops(&adapter);
    session.goes_to_merge();
    let output = session.models.join("base-merged");
    assert!(!output.exists() && !partial(&output).exists(), "nothing is written before it is asked");
    // The base is F32: the option halves what is written, so that the files will say whether it was taken.
    session.chooses_bf16();
    session.goes_on();
    until("the merged folder", || output.join("config.json").is_file().then_some(()));
    session.points_nowhere();
    assert_is_merged_to_half(&base, &output);

    let elsewhere = session.person.picture().pixel(COMPARE_SCREEN);
    session.commands("compare", || session.person.picture().pixel(COMPARE_SCREEN) != elsewhere);
    let report = session.models.join("base-merged-report.json");
    session.commands("export report", || report.is_file());

    let cpu_before = session.program.cpu_time();
    let frames = session.person.counts_paintings(IDLE);
    let cpu = session.program.cpu_time().saturating_sub(cpu_before);
    println!("idle for {} s: {frames} paintings, {} ms of CPU time", IDLE.as_secs(), cpu.as_millis());
    assert_eq!(frames, 0, "a window in which nothing happens paints nothing");
    assert!(cpu <= IDLE_CPU, "{cpu:?}");
    session.person.points_at(MERGE_SCREEN);
    assert!(session.person.counts_paintings(QUIET) > 0, "the counter counts: what is pointed at is painted");

    session.person.closes_window();
    assert!(until("the end of the program", || session.program.ended()).success());
    let history = session.program.history();
    for folder in [&base, &adapter, &output] {
        assert!(history.contains(folder.to_str().unwrap()), "{} is remembered: {history}", folder.display());
    }
}

#[test]
fn a_merge_that_is_cancelled_by_key_stays_unfinished_and_goes_on_where_it_stopped() {
    let _alone = Turn::alone();
    let Some(session) = Session::start() else { return };
    let (base, adapter) = (session.models.join("large"), session.models.join("large-adapter"));
    // Large enough that it cannot be over before a key is pressed; made of holes, it costs no time to make.
    let model = LargeModel { shards: 4, layers: 48, width: 2048 };
    model.write(&base, &adapter);
    session.drops(&base);
    session.drops(&adapter);
    session.goes_to_merge();
    session.chooses_bf16();
    let output = session.models.join("large-merged");
    session.goes_on();
    until("finished tensors", || (journalled(&output) > 0).then_some(()));
    session.person.presses(&[ESCAPE]);
    session.rests();
    let kept = journalled(&output);
    println!("stopped after {kept} of {} tensors", model.tensor_count());
    assert!(!output.exists(), "no folder of this name before all of it is there");
    assert!(!partial(&output).join("config.json").exists(), "what is there is no model");
    assert!((1..model.tensor_count()).contains(&kept), "{kept} tensors are kept for the next run");
    assert_eq!(session.person.counts_paintings(QUIET), 0);
    assert_eq!(journalled(&output), kept, "nothing goes on behind the window");

    session.goes_on();
    until("the merged folder", || output.join("config.json").is_file().then_some(()));
    assert!(!partial(&output).exists(), "one rename gave it its name");
    session.points_nowhere();
    assert_is_merged_to_half(&base, &output);
    let report = session.models.join("large-merged-report.json");
    session.commands("export report", || report.is_file());
    let report: serde_json::Value = serde_json::from_slice(&std::fs::read(report).unwrap()).unwrap();
    let tensor_bytes = model.byte_count() / 2 / model.tensor_count();
    assert_eq!(report["merge"]["resumed_byte_count"], kept * tensor_bytes, "what was finished was not done again");
}

/// Where a merge into `output` works.
fn partial(output: &Path) -> std::path::PathBuf {
    output.with_file_name(format!("{}.partial", output.file_name().unwrap().to_str().unwrap()))
}

/// Tensors that a merge into `output` has finished so far.
fn journalled(output: &Path) -> usize {
    let journal = std::fs::read_to_string(partial(output).join("lorafuse.journal")).unwrap_or_default();
    // The first line says to what it belongs.
    journal.lines().count().saturating_sub(1)
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
