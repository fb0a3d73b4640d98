//! What the window says is what it knows: no proof, tick, count or time that nothing was measured for.

use std::{path::Path, sync::Arc};

use egui::{Theme, accesskit::Role};
use egui_kittest::kittest::Queryable as _;
use lorafuse::{
    gui::{
        AppCommand, AppState, CompareCommand, JobKind, LorafuseApp, Machine, MergeCommand, Phase, Problem,
        ReportCommand, RunEvent, Running, Screen, WellKind,
    },
    job::{Current, JobContext, Stage},
    verify::{Diagnosis, Standing},
};

use crate::{
    steps::{Window, assert_within, enter_path, is_checked, is_merged, is_planned, merged, planned, show},
    support::{Workspace, click, copy_folder, drop_folders, open_window, sample, wait_until},
};

fn standing(window: &Window) -> Standing<'_> {
    let state = &window.state().state;
    state.standing(state.finished().unwrap())
}

fn assert_unsaid(window: &Window, words: &[&str]) {
    for word in words {
        assert!(window.query_by_label_contains(word).is_none(), "the window says `{word}`");
    }
}

#[test]
fn a_cancelled_check_proves_nothing_on_any_screen() {
    let workspace = Workspace::new();
    let mut window = merged(&workspace);
    show(&mut window, Screen::Merge);
    window.get_by_label("Merged and checked");
    window.state_mut().state.machine = Machine { shows_measurements: true, ..workspace.machine() };
    window.state_mut().ask(ReportCommand::VerifyAgain);
    window.state_mut().ask(ReportCommand::CancelVerification);
    window.run_steps(3);
    assert!(matches!(standing(&window), Standing::Unchecked(Some(_))));
    for screen in Screen::ALL {
        show(&mut window, screen);
        assert_unsaid(&window, &["Merged and checked", "was checked", "Verified in", "stands alone", "checks passed"]);
        assert_unsaid(&window, &["What this does not prove", "The checks prove"]);
        assert!(window.query_by_label("verified").is_none());
        window.get_by_label("not checked");
    }
    show(&mut window, Screen::Merge);
    window.get_by_label("Merged, but not checked");
    click(&mut window, Role::Button, "Check now");
    wait_until(&mut window, "the checks", is_checked);
    window.get_by_label("Merged and checked");
}

#[test]
fn the_status_line_names_what_runs_now() {
    let workspace = Workspace::new();
    let mut window = merged(&workspace);
    show(&mut window, Screen::Report);
    assert!(window.query_all_by_label_contains("of 5 checks passed.").count() > 0);
    window.state_mut().ask(ReportCommand::VerifyAgain);
    window.state_mut().ask(CompareCommand::MeasureTime);
    window.run_steps(2);
    window.get_by_label("Verifying…  ·  Timing the models…");
    window.state_mut().ask(ReportCommand::CancelVerification);
    window.state_mut().ask(CompareCommand::CancelTiming);
    window.run_steps(2);
    assert_unsaid(&window, &["Timing the models…"]);
}

#[test]
fn a_check_counts_what_it_reads_and_what_cannot_be_counted_has_no_share() {
    let workspace = Workspace::new();
    let mut window = planned(&workspace);
    let Phase::Planned(plan) = &window.state().state.phase else { unreachable!() };
    let plan = Arc::clone(plan);
    let ctx = window.ctx.clone();
    let (_tell, told) = crossbeam_channel::bounded(RunEvent::MOST_TOLD);
    let (go_on, may_go_on) = crossbeam_channel::bounded::<()>(1);
    let state = &mut window.state_mut().state;
    state.phase = Phase::Running(Box::new(Running::new(plan, told)));
    let merge = move |job: &JobContext| {
        job.start_stage(Stage::Verifying, 40_000_000);
        job.advance(10_000_000);
        may_go_on.recv().ok();
        job.start_stage(Stage::Evaluating, 0);
        job.set_current(Current::Alone);
        while job.check_cancelled().is_ok() {
            std::thread::sleep(std::time::Duration::from_millis(20));
        }
        Ok(())
    };
    let ignore = |_: &mut AppState, _: &egui::Context, _: Result<(), Problem>| {};
    state.jobs.start(JobKind::Merge, &ctx, merge, ignore);
    show(&mut window, Screen::Merge);
    let is_at = |stage: Stage, bytes_total: u64| {
        move |app: &LorafuseApp| match &app.state.phase {
            Phase::Running(running) => running.stage == stage && running.sample.bytes_total == bytes_total,
            _ => false,
        }
    };
    wait_until(&mut window, "a look at the counters", is_at(Stage::Verifying, 40_000_000));
    assert!(window.query_all_by_label("Checking").next().is_some(), "in the title and on the bar");
    window.get_by_label("Tensors checked");
    window.get_by_label_contains("read 10.0 MB of 40.0 MB");
    window.get_by_label_contains("Checking the merged folder. Cancel keeps it");
    assert_unsaid(&window, &["Merging"]);

    go_on.send(()).unwrap();
    wait_until(&mut window, "the stage that has no bytes", is_at(Stage::Evaluating, 0));
    wait_until(&mut window, "what is at work", |app| match &app.state.phase {
        Phase::Running(running) => running.sample.current == Current::Alone,
        _ => false,
    });
    window.get_by_label_contains("loading the folder in a process of its own");
    assert_unsaid(&window, &["0 B of 0 B", "0.0 %"]);
}

/// The sample merged at half its strength by somebody else.
fn merged_at_half(workspace: &Workspace) -> std::path::PathBuf {
    let mut window = planned(workspace);
    window.state_mut().ask(MergeCommand::ChooseStrength(0.5));
    window.run_steps(2);
    wait_until(&mut window, "the plan", is_planned);
    window.state_mut().ask(MergeCommand::Start);
    wait_until(&mut window, "the merge", is_merged);
    let theirs = workspace.home.path().join("downloads/theirs");
    copy_folder(&workspace.folder("base-merged"), &theirs);
    theirs
}

#[test]
fn a_strangers_merge_is_judged_as_trained_and_then_at_the_strength_found() {
    let workspace = Workspace::new();
    let theirs = merged_at_half(&workspace);
    let mut window = planned(&workspace);
    // The slider of another merge.
    window.state_mut().ask(MergeCommand::ChooseStrength(1.7));
    window.run_steps(2);
    wait_until(&mut window, "the plan", is_planned);
    drop_folders(&mut window, &[theirs]);
    wait_until(&mut window, "the checks", is_checked);
    window.get_by_label("Merged at strength 0.50");
    window.get_by_label_contains("Judged at strength 1.");
    assert_unsaid(&window, &["What this does not prove"]);
    click(&mut window, Role::Button, "Judge at strength 0.50");
    wait_until(&mut window, "the checks", is_checked);
    window.get_by_label("This model stands alone");
    window.get_by_label_contains("Merged at strength 0.50.");
    assert!(standing(&window).is_proven());
}

#[test]
fn a_folder_that_is_only_the_base_is_said_to_be() {
    let workspace = Workspace::new();
    let copy = workspace.home.path().join("downloads/copy");
    copy_folder(&workspace.folder("base"), &copy);
    let mut window = open_window(workspace.machine(), Theme::Light, 1.0);
    enter_path(&mut window, WellKind::Base, &workspace.folder("base"));
    enter_path(&mut window, WellKind::Output, &copy);
    wait_until(&mut window, "the checks", is_checked);
    assert!(matches!(standing(&window), Standing::Identical(_)));
    assert!(window.query_all_by_label("Identical to the base: nothing was merged").next().is_some());
    window.get_by_label("same as the base");

    // With an adapter that changes something, it is a merge that was never made, and says so first.
    enter_path(&mut window, WellKind::Adapter, &workspace.folder("adapter"));
    wait_until(&mut window, "the checks with the adapter", |app| {
        is_checked(app) && app.state.finished().is_some_and(|done| !done.provenance.adapters.is_empty())
    });
    show(&mut window, Screen::Report);
    window.get_by_label("The adapter was never applied");
    let Standing::Failed(report) = standing(&window) else { panic!("{:?}", standing(&window)) };
    assert_eq!(report.diagnosis, Some(Diagnosis::NeverApplied));
    show(&mut window, Screen::Compare);
    window.get_by_label("The adapter was never applied");
}

fn remove_tokenizer(folder: &Path) {
    let files = std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path());
    let is_tokenizer = |path: &std::path::PathBuf| {
        let name = path.file_name().unwrap().to_string_lossy().into_owned();
        name.contains("token") || name.contains("chat_template")
    };
    files.filter(is_tokenizer).for_each(|path| std::fs::remove_file(path).unwrap());
}

#[test]
fn a_tokenizer_that_nobody_has_is_not_the_bases() {
    let workspace = Workspace::new();
    remove_tokenizer(&workspace.folder("base"));
    remove_tokenizer(&workspace.folder("adapter"));
    let mut window = planned(&workspace);
    show(&mut window, Screen::Merge);
    window.get_by_label_contains("No tokenizer: neither the base nor the adapter brings one");
    assert_unsaid(&window, &["The base's tokenizer"]);
}

#[test]
fn a_base_that_cannot_be_merged_into_is_marked_on_its_own_well() {
    let workspace = Workspace::new();
    let path = workspace.folder("base").join("config.json");
    let config = std::fs::read_to_string(&path).unwrap();
    let quantized = config.replacen('{', "{\"quantization_config\": {\"quant_method\": \"hqq\"},", 1);
    std::fs::write(&path, quantized).unwrap();
    let mut window = open_window(workspace.machine(), Theme::Light, 1.0);
    drop_folders(&mut window, &[workspace.folder("base"), workspace.folder("adapter")]);
    wait_until(&mut window, "the refusal", |app| {
        matches!(app.state.phase, Phase::Idle)
            && app.state.inspection.as_ref().is_some_and(|found| found.plan.is_some())
    });
    window.get_by_label("cannot be merged into");
    assert_unsaid(&window, &["cannot be made"]);
}

#[test]
fn compare_leads_with_one_verdict_and_keeps_its_numbers_behind_details() {
    let workspace = Workspace::new();
    let mut window = merged(&workspace);
    show(&mut window, Screen::Compare);
    window.state_mut().ask(CompareCommand::CancelMeasurement);
    window.run_steps(3);
    window.get_by_label("How well it predicts is not measured yet");
    window.get_by_label("Half the size of the base.");
    drop_folders(&mut window, &[sample("texts/three_sentences.txt")]);
    wait_until(&mut window, "the perplexities", |app| {
        app.state.finished().is_some_and(|done| done.measured().is_some())
    });
    window.get_by_label("The texts are too short to tell it from the base");
    window.get_by_label("Half the size of the base. It predicts as base + adapter does, up to rounding.");
    let verdict = window.get_by_label("The texts are too short to tell it from the base").rect();
    assert!(verdict.bottom() < window.get_by_label("Perplexity").rect().top(), "it stands above what it rests on");
    window.get_by_label("base + adapter → merged");
    assert_unsaid(&window, &["mean KL"]);
    window.state_mut().ask(CompareCommand::ShowChangeNumbers(true));
    window.run_steps(3);
    window.get_by_label("mean KL");
}

#[test]
fn a_wide_window_keeps_lines_short_and_a_small_one_shows_that_it_scrolls() {
    let workspace = Workspace::new();
    let mut window = merged(&workspace);
    window.set_size(egui::vec2(2560.0, 1000.0));
    for screen in Screen::ALL {
        show(&mut window, screen);
        let header = 104.0;
        let labels = window.query_all_by(|node| node.role() == Role::Label).map(|node| node.rect());
        let is_content = |rect: &egui::Rect| rect.top() > header && rect.bottom() < 970.0 && rect.left() > 72.0;
        let (mut left, mut right) = (f32::INFINITY, 0.0_f32);
        for rect in labels.filter(is_content) {
            (left, right) = (left.min(rect.left()), right.max(rect.right()));
        }
        assert!(right - left <= 1400.0, "{screen:?} is {} wide", right - left);
    }
    let scroll = window.ctx.global_style().spacing.scroll;
    assert!(scroll.dormant_handle_opacity > 0.5, "a bar that only a pointer shows is not seen");
    window.set_size(egui::vec2(900.0, 600.0));
    window.state_mut().ask(AppCommand::ShowScreen(Screen::Compare));
    window.run_steps(3);
    assert_within(&window, 900.0);
}
