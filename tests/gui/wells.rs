//! What the wells take and say, and the ways out that they offer.

use egui::{Theme, accesskit::Role};
use egui_kittest::kittest::Queryable as _;
use lorafuse::gui::{Phase, WellKind, WellsCommand};

use crate::{
    steps::{is_planned, open_pair},
    support::{Workspace, click, copy_folder, drop_folders, open_window, sample, wait_until},
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
    harness.get_by_label_contains("The output exists and is not empty");
    assert!(harness.query_by_label_contains("--").is_none(), "no option of the command line helps here");
    assert_eq!(harness.state().state.modules.changes, changes, "the norms stay");
    click(&mut harness, Role::Tab, "Merge");
    click(&mut harness, Role::RadioButton, "BF16");
    wait_until(&mut harness, "the refusal for bf16", |app| matches!(app.state.phase, Phase::Idle));
    harness.get_by_role_and_label(Role::RadioButton, "Keep F32");
    harness.get_by_role_and_label(Role::Button, "Another place…");

    click(&mut harness, Role::Button, "taken-2");
    wait_until(&mut harness, "the plan", is_planned);
    assert_eq!(harness.state().state.wells.output.path, Some(workspace.folder("taken-2")));
    assert!(harness.query_by_label_contains("The output exists").is_none());
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
