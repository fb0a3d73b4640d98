//! What the wells take and say, and the ways out that they offer.

use egui::{HoveredFile, Key, Theme, ViewportEvent, ViewportId, accesskit::Role};
use egui_kittest::{Harness, kittest::Queryable as _};
use lorafuse::gui::{LorafuseApp, MergeCommand, ModulesCommand, Phase, Screen, WellKind, WellsCommand};

use crate::{
    steps::{is_done, is_planned, open_pair},
    support::{Workspace, click, copy_folder, drop_folders, large_model::LargeModel, open_window, sample, wait_until},
};

#[test]
fn a_taken_output_leaves_everything_else_and_offers_the_next_name() {
    let workspace = Workspace::new();
    let taken = workspace.folder("taken");
    std::fs::create_dir_all(taken.join("notes")).unwrap();
    let mut harness = open_window(workspace.machine(), Theme::Light, 1.0);
    open_pair(&mut harness, &workspace);
    wait_until(&mut harness, "the changes", |app| !app.state.modules.changes.is_empty());
    let changes = harness.state().state.modules.changes.clone();

    harness.state_mut().ask(WellsCommand::Fill(WellKind::Output, taken.clone()));
    wait_until(&mut harness, "the refusal", |app| {
        app.state.inspection.as_ref().is_some_and(|found| found.refused_output.is_some())
    });
    let said = harness.query_all_by_label_contains("The output exists and is not empty").count();
    assert!(said > 1, "in the well and above the screen");
    let options = harness.query_all_by_label_contains("--").count();
    assert_eq!(options, 0, "no option of the command line helps here");
    assert_eq!(harness.state().state.modules.changes, changes, "the norms stay");
    click(&mut harness, Role::Tab, "Merge");
    click(&mut harness, Role::RadioButton, "BF16");
    wait_until(&mut harness, "the refusal for bf16", |app| matches!(app.state.phase, Phase::Idle));
    harness.get_by_role_and_label(Role::RadioButton, "Keep F32");
    harness.get_by_role_and_label(Role::Button, "Another place…");

    click(&mut harness, Role::Button, "taken-2");
    wait_until(&mut harness, "the plan", is_planned);
    assert_eq!(harness.state().state.wells.output.path, Some(workspace.folder("taken-2")));
    assert_eq!(harness.query_all_by_label_contains("The output exists").count(), 0);
}

#[test]
fn checkpoints_of_a_training_run_are_buttons_with_and_without_a_base() {
    let workspace = Workspace::new();
    for step in ["checkpoint-20", "checkpoint-100"] {
        copy_folder(&sample("adapter"), &workspace.folder("run").join(step));
    }
    let mut harness = open_window(workspace.machine(), Theme::Light, 1.0);
    drop_folders(&mut harness, &[workspace.folder("run")]);
    wait_until(&mut harness, "the run", |app| app.state.inspection.is_some());
    harness.get_by_role_and_label(Role::Button, "checkpoint-20");
    drop_folders(&mut harness, &[workspace.folder("base")]);
    wait_until(&mut harness, "the base", |app| {
        matches!(app.state.phase, Phase::Idle)
            && app.state.inspection.as_ref().is_some_and(|found| found.tree.is_some())
    });
    click(&mut harness, Role::Button, "checkpoint-100");
    wait_until(&mut harness, "the plan", is_planned);
    let adapter = harness.state().state.wells.adapter.path.clone();
    assert_eq!(adapter, Some(workspace.folder("run").join("checkpoint-100")));
}

#[test]
fn a_drop_that_no_well_takes_is_said_to_be_what_it_is() {
    let workspace = Workspace::new();
    let empty = workspace.folder("empty");
    std::fs::create_dir(&empty).unwrap();
    let mut harness = open_window(workspace.machine(), Theme::Light, 1.0);
    drop_folders(&mut harness, &[empty]);
    wait_until(&mut harness, "the answer", |app| app.state.unknown_drop.is_some());
    harness.get_by_label_contains("This folder is empty");
    click(&mut harness, Role::Button, "Close");
    assert!(harness.query_by_label_contains("This folder is empty").is_none());

    // What is known and cannot be merged is said by the well that it was meant for.
    let gguf = workspace.folder("model-Q4_K_M.gguf");
    std::fs::write(&gguf, b"GGUF\x03\0\0\0").unwrap();
    drop_folders(&mut harness, &[gguf]);
    wait_until(&mut harness, "the well", |app| app.state.wells.base.path.is_some() && app.state.inspection.is_some());
    assert!(harness.query_all_by_label_contains("GGUF").count() > 0);

    // The folder around base and adapter.
    drop_folders(&mut harness, &[workspace.folder("")]);
    wait_until(&mut harness, "the answer", |app| app.state.unknown_drop.is_some());
    harness.get_by_label_contains("This folder is around 1 model and 1 adapter");
    harness.get_by_role_and_label(Role::Button, "adapter → Adapter");
    click(&mut harness, Role::Button, "Open both");
    wait_until(&mut harness, "the plan", is_planned);
    assert!(harness.query_by_label_contains("This folder is around").is_none());
}

#[test]
fn a_well_says_that_it_will_take_what_hovers_and_can_be_emptied() {
    let workspace = Workspace::new();
    let mut harness = open_window(workspace.machine(), Theme::Light, 1.0);
    let hovered = HoveredFile { path: Some(workspace.folder("adapter")), ..HoveredFile::default() };
    harness.input_mut().hovered_files = vec![hovered];
    wait_until(&mut harness, "the look", |app| {
        app.state.hover.as_ref().is_some_and(|hover| hover.is_for(WellKind::Adapter))
    });
    harness.get_by_label("Let go: it goes into Adapter");
    assert!(harness.query_by_label("Let go: it goes into Base").is_none());
    harness.input_mut().hovered_files.clear();

    open_pair(&mut harness, &workspace);
    assert!(harness.query_by_label_contains("Let go").is_none());
    assert!(harness.query_by_label("Output: Empty").is_none(), "what is only proposed is nothing to take out");
    click(&mut harness, Role::Button, "Adapter: Empty");
    wait_until(&mut harness, "the base alone", |app| matches!(app.state.phase, Phase::Idle));
    assert!(harness.state().state.wells.adapter.path.is_none());
    click(&mut harness, Role::Button, "Base: Empty");
    wait_until(&mut harness, "nothing", |app| app.state.is_welcome());
    harness.get_by_label("Try the sample");
}

#[test]
fn arrow_keys_walk_the_modules_and_escape_clears_the_filter_that_counts_follow() {
    let workspace = Workspace::new();
    let mut harness = open_window(workspace.machine(), Theme::Light, 1.0);
    open_pair(&mut harness, &workspace);
    let selected = |app: &LorafuseApp| app.state.modules.selected.clone().unwrap();
    let rows = harness.state().state.modules.rows.clone();
    let at = |path: &str| rows.iter().position(|row| row.path == path).unwrap();
    let first = at(&selected(harness.state()));
    harness.key_press(Key::ArrowDown);
    harness.run_steps(3);
    assert_eq!(at(&selected(harness.state())), first + 1);
    harness.key_press(Key::ArrowUp);
    harness.run_steps(3);
    harness.key_press(Key::ArrowLeft);
    harness.run_steps(3);
    let around = selected(harness.state());
    assert!(at(&around) < first && rows[first].path.starts_with(&around), "{around}");

    harness.state_mut().ask(ModulesCommand::Filter("q_proj".to_owned()));
    harness.run_steps(3);
    harness.get_by_label_contains("4 of 39 tensors");
    harness.key_press(Key::Escape);
    harness.run_steps(3);
    assert!(harness.state().state.modules.filter.is_empty());
    harness.get_by_label_contains("keep the base values");
}

#[test]
fn closing_while_a_merge_runs_asks_and_what_is_done_can_be_resumed() {
    let workspace = Workspace::new();
    let (base, adapter) = (workspace.folder("large"), workspace.folder("large-adapter"));
    LargeModel { shards: 1, layers: 48, width: 2048 }.write(&base, &adapter);
    let mut harness = open_window(workspace.machine(), Theme::Light, 1.0);
    drop_folders(&mut harness, &[base, adapter]);
    wait_until(&mut harness, "the plan", is_planned);
    // Large enough that it cannot be over before it is stopped.
    click(&mut harness, Role::Tab, "Merge");
    click(&mut harness, Role::RadioButton, "BF16");
    wait_until(&mut harness, "the plan for bf16", is_planned);
    harness.state_mut().ask(MergeCommand::Start);
    wait_until(&mut harness, "the first tensor", |app| match &app.state.phase {
        Phase::Running(running) => running.tensors_done > 0,
        _ => false,
    });
    let close = |harness: &mut Harness<'_, LorafuseApp>| {
        let window = harness.input_mut().viewports.entry(ViewportId::ROOT).or_default();
        window.events.push(ViewportEvent::Close);
        harness.run_steps(2);
    };
    close(&mut harness);
    harness.get_by_label("A merge is running");
    click(&mut harness, Role::Button, "Keep merging");
    assert!(harness.query_by_label("A merge is running").is_none());
    close(&mut harness);
    click(&mut harness, Role::Button, "Stop and close");
    wait_until(&mut harness, "the end of the merge", is_planned);

    // Another start finds it.
    drop(harness);
    let mut harness = open_window(workspace.machine(), Theme::Light, 1.0);
    wait_until(&mut harness, "what became of it", |app| !app.state.recent_states.is_empty());
    harness.get_by_label_contains("large + large-adapter, resume").click();
    wait_until(&mut harness, "the plan", is_planned);
    let state = &harness.state().state;
    assert!(state.screen == Screen::Merge && state.inspection.as_ref().unwrap().interrupted_bytes.unwrap() > 0);
}

#[test]
fn a_pasted_address_opens_and_a_name_on_the_hub_is_said_to_be_one() {
    let workspace = Workspace::new();
    let mut harness = open_window(workspace.machine(), Theme::Light, 1.0);
    let folder = workspace.folder("my base");
    copy_folder(&workspace.folder("base"), &folder);
    let address = format!("file://{}", folder.display()).replace(' ', "%20");
    for (kind, text) in [(WellKind::Base, address), (WellKind::Adapter, "nobody/has-this-adapter".to_owned())] {
        harness.state_mut().ask(WellsCommand::EditPath(kind, text));
        harness.state_mut().ask(WellsCommand::EnterPath(kind));
    }
    wait_until(&mut harness, "both", |app| {
        matches!(app.state.phase, Phase::Idle)
            && app.state.inspection.as_ref().is_some_and(|found| found.tree.is_some())
    });
    assert_eq!(harness.state().state.wells.base.path, Some(folder));
    assert!(harness.query_all_by_label_contains("a name on the Hugging Face Hub").count() > 0);
}

#[test]
fn a_verified_merge_comes_back_with_its_compare_and_report() {
    let workspace = Workspace::new();
    let mut harness = open_window(workspace.machine(), Theme::Light, 1.0);
    open_pair(&mut harness, &workspace);
    harness.state_mut().ask(MergeCommand::ChooseStrength(0.5));
    harness.run_steps(2);
    wait_until(&mut harness, "the plan for half of it", is_planned);
    harness.state_mut().ask(MergeCommand::Start);
    wait_until(&mut harness, "the end of the merge", is_done);
    // Nobody closes the window: a signal ends it.
    let mut again = open_window(workspace.machine(), Theme::Light, 1.0);
    wait_until(&mut again, "what became of it", |app| !app.state.recent_states.is_empty());
    again.get_by_label_contains("base + adapter, verified").click();
    wait_until(&mut again, "the verdict", |app| app.state.finished().is_some_and(|done| done.verified.is_some()));
    let done = again.state().state.finished().unwrap();
    assert!(done.verified.as_ref().unwrap().as_ref().is_ok_and(lorafuse::verify::VerifyReport::is_passed));
    assert_eq!(again.state().state.screen, Screen::Report);
    click(&mut again, Role::Tab, "Compare");
    assert_eq!(again.state().state.screen, Screen::Compare);
}

/// Nothing jumps: what is read in the background fills its place, so that a click lands on what was aimed at.
#[test]
fn the_sample_is_where_it_was_before_it_is_known() {
    let workspace = Workspace::new();
    let mut window = open_window(workspace.machine(), Theme::Light, 1.0);
    let place = |window: &Harness<'_, LorafuseApp>| window.get_by_label("Try the sample").rect();
    window.state_mut().state.sample = None;
    window.step();
    let before = place(&window);
    wait_until(&mut window, "the sample's headers", |app| app.state.sample.is_some());
    assert_eq!(place(&window), before);
}
