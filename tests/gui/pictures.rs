//! Every state of the window once, as it was looked at and blessed.

use std::{sync::Arc, time::Duration};

use egui::Theme;
use egui_kittest::{SnapshotResults, kittest::Queryable as _};
use lorafuse::{
    gui::{
        AppCommand, AppState, CompareCommand, JobKind, Language, MergeCommand, Phase, Problem, RunEvent, Running,
        Screen, WellKind, WellsCommand,
    },
    job::{JobContext, Stage},
};

use crate::{
    steps::{assert_within, is_done, is_planned, open_pair, show, snapshot},
    support::{Workspace, measuring::show_measurement, open_window, wait_until},
};

/// Room for the longest sentence about free space, whose width is another on every machine.
const FREE_SPACE_WIDTH: f32 = 400.0;

/// The same in Korean.
const KOREAN_FREE_SPACE_WIDTH: f32 = 250.0;

#[test]
fn the_screens_look_as_blessed() {
    let workspace = Workspace::new();
    let mut results = SnapshotResults::new();
    for (theme, name) in [(Theme::Light, "light"), (Theme::Dark, "dark")] {
        let mut harness = open_window(workspace.machine(), theme, 1.0);
        wait_until(&mut harness, "the sample's headers", |app| app.state.sample.is_some());
        snapshot(&mut harness, &format!("welcome_{name}"));
        open_pair(&mut harness, &workspace);
        wait_until(&mut harness, "the changes", |app| app.state.modules.scale.is_some());
        snapshot(&mut harness, &format!("modules_{name}"));
        harness.state_mut().ask(AppCommand::ShowScreen(Screen::Merge));
        harness.state_mut().ask(MergeCommand::ChooseDtype("bf16".parse().unwrap()));
        harness.run_steps(2);
        wait_until(&mut harness, "the plan for bf16", is_planned);
        wait_until(&mut harness, "the survival", |app| matches!(app.state.survival, Some(Ok(_))));
        // How much of the disk is free is another number on every machine.
        let free = harness.get_by_label_contains(" to write, ").rect();
        harness.mask(egui::Rect::from_min_size(free.min, egui::vec2(FREE_SPACE_WIDTH, free.height())).expand(2.0));
        snapshot(&mut harness, &format!("merge_{name}"));
        harness.state_mut().ask(MergeCommand::Start);
        wait_until(&mut harness, "the end of the merge", is_done);
        for screen in [Screen::Modules, Screen::Compare, Screen::Report] {
            show(&mut harness, screen);
            let screen = format!("{screen:?}").to_lowercase();
            snapshot(&mut harness, &format!("{screen}_merged_{name}"));
        }
        show(&mut harness, Screen::Compare);
        show_measurement(&mut harness);
        snapshot(&mut harness, &format!("compare_measuring_{name}"));
        harness.state_mut().ask(CompareCommand::CancelMeasurement);
        harness.state_mut().ask(AppCommand::SwitchLanguage);
        for screen in [Screen::Modules, Screen::Compare] {
            show(&mut harness, screen);
            let screen = format!("{screen:?}").to_lowercase();
            snapshot(&mut harness, &format!("{screen}_merged_korean_{name}"));
        }
        results.extend_harness(&mut harness);
        std::fs::remove_dir_all(workspace.folder("base-merged")).unwrap();
    }
}

/// Workers that never end hold what is over too soon to be seen.
#[test]
fn opening_and_merging_look_as_blessed() {
    let workspace = Workspace::new();
    let mut results = SnapshotResults::new();
    let mut harness = open_window(workspace.machine(), Theme::Light, 1.0);
    open_pair(&mut harness, &workspace);
    let Phase::Planned(plan) = &harness.state().state.phase else { unreachable!() };
    let plan = Arc::clone(plan);

    let ctx = harness.ctx.clone();
    let (_tell, told) = crossbeam_channel::bounded(RunEvent::MOST_TOLD);
    let mut running = Running::new(plan, told);
    running.tensors_done = 24;
    let times = [3, 9, 14].map(Duration::from_secs);
    let names =
        ["model.embed_tokens.weight", "model.layers.0.mlp.down_proj.weight", "model.layers.1.mlp.down_proj.weight"];
    running.events = times.into_iter().zip(names.map(|name| RunEvent::TensorDone(name.to_owned()))).collect();
    let state = &mut harness.state_mut().state;
    state.phase = Phase::Running(Box::new(running));
    let merge = |job: &JobContext| {
        job.start_stage(Stage::Merging, 20_000_000);
        job.advance(13_000_000);
        job.set_current("model.layers.2.mlp.up_proj.weight");
        held()
    };
    state.jobs.start(JobKind::Merge, &ctx, merge, ignore);
    show(&mut harness, Screen::Merge);
    wait_until(
        &mut harness,
        "a look at the counters",
        |app| matches!(&app.state.phase, Phase::Running(running) if running.sample.bytes_done > 0),
    );
    snapshot(&mut harness, "merge_running_light");
    results.extend_harness(&mut harness);

    let mut harness = open_window(workspace.machine(), Theme::Light, 1.0);
    wait_until(&mut harness, "the sample's headers", |app| app.state.sample.is_some());
    harness
        .state_mut()
        .ask(WellsCommand::EditPath(WellKind::Base, workspace.folder("base").to_string_lossy().into_owned()));
    harness.run_steps(1);
    let ctx = harness.ctx.clone();
    let state = &mut harness.state_mut().state;
    state.phase = Phase::Opening;
    state.jobs.start(JobKind::Inspect, &ctx, |_| held(), ignore);
    harness.run_steps(2);
    snapshot(&mut harness, "opening_light");
    results.extend_harness(&mut harness);
}

/// Work that never comes to an end; its thread ends with the test.
fn held() -> Result<(), Problem> {
    loop {
        std::thread::park();
    }
}

fn ignore(_: &mut AppState, _: &egui::Context, _: Result<(), Problem>) {}

/// Korean words are of other lengths, and the smallest window has the least room for them.
#[test]
fn the_screens_look_as_blessed_in_korean_where_there_is_least_room() {
    let workspace = Workspace::new();
    let mut results = SnapshotResults::new();
    let mut harness = open_window(workspace.machine(), Theme::Light, 1.0);
    let smallest = egui::vec2(900.0, 600.0);
    harness.set_size(smallest);
    harness.state_mut().ask(AppCommand::SwitchLanguage);
    open_pair(&mut harness, &workspace);
    assert_eq!(harness.state().state.language, Language::Korean);
    show(&mut harness, Screen::Merge);
    wait_until(&mut harness, "the survival", |app| matches!(app.state.survival, Some(Ok(_))));
    assert_within(&harness, smallest.x);
    // High enough that all of the plan is in the picture, and no wider.
    harness.set_size(egui::vec2(smallest.x, 1000.0));
    harness.run_steps(3);
    let free = harness.get_by_label_contains("비어 있습니다").rect();
    harness.mask(egui::Rect::from_min_size(free.min, egui::vec2(KOREAN_FREE_SPACE_WIDTH, free.height())).expand(2.0));
    snapshot(&mut harness, "merge_korean_narrow");
    harness.state_mut().ask(MergeCommand::Start);
    wait_until(&mut harness, "the end of the merge", is_done);
    show(&mut harness, Screen::Report);
    harness.set_size(smallest);
    harness.run_steps(3);
    assert_within(&harness, smallest.x);
    harness.set_size(egui::vec2(smallest.x, 1000.0));
    harness.run_steps(3);
    snapshot(&mut harness, "report_korean_narrow");
    results.extend_harness(&mut harness);
}
