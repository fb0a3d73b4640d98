//! What the window does with a result: checks, seals, compares and times it, and judges anyone's.

use std::path::{Path, PathBuf};

use egui::{Event, Key, Modifiers, Theme, accesskit::Role};
use egui_kittest::{Harness, kittest::Queryable as _};
use lorafuse::{
    gui::{AppCommand, JobKind, LorafuseApp, MergeCommand, MergedFolder, ReportCommand, Screen, WellKind},
    plan::Rounding,
    report::ManifestRow,
    units,
    verify::Outcome,
};

use crate::{
    steps::{enter_path, is_checked, is_merged, is_planned, merged, planned},
    support::{Workspace, click, copy_as_another_adapter, copy_folder, drop_folders, open_window, sample, wait_until},
};

type Window = Harness<'static, LorafuseApp>;

fn done(window: &Window) -> &MergedFolder {
    window.state().state.finished().unwrap()
}

fn outcome_of(done: &MergedFolder, title: &str) -> Option<Outcome> {
    let report = done.verified.as_ref()?.as_ref().ok()?;
    report.checks.iter().find(|check| check.question.to_string() == title).map(|check| check.outcome)
}

#[test]
fn options_have_their_consequences_beside_them() {
    let workspace = Workspace::new();
    let mut window = planned(&workspace);
    click(&mut window, Role::Tab, "Merge");
    click(&mut window, Role::RadioButton, "BF16");
    wait_until(&mut window, "the survival", |app| is_planned(app) && matches!(app.state.survival, Some(Ok(_))));
    window.get_by_label_contains("bf16 keeps about 100 % of this adapter");
    assert_eq!(window.query_all_by_label("100 % of Δ survives").count(), 3, "one for each dtype");
    assert_eq!(window.query_all_by_label_contains("100 % of Δ, noise 0.3 Δ").count(), 2, "packed, single and double");

    click(&mut window, Role::RadioButton, "Stochastic");
    wait_until(&mut window, "the plan", is_planned);
    window.get_by_label_contains("Small changes survive on average");
    window.get_by_role_and_label(Role::CheckBox, "Write a model card").scroll_to_me();
    window.run_steps(3);
    click(&mut window, Role::CheckBox, "Write a model card");
    window.get_by_label("Merge to BF16").click();
    wait_until(&mut window, "the merge", is_merged);
    let made = done(&window).made.as_ref().unwrap();
    assert_eq!(made.receipt.rounding, Rounding::Stochastic { seed: 0 });
    assert_eq!(outcome_of(done(&window), "Changed exactly the targets"), Some(Outcome::Passed));
    assert!(!workspace.folder("base-merged/README.md").exists(), "no card was wanted");
    window.get_by_label("Kept after rounding");
}

#[test]
fn a_result_is_loaded_alone_sealed_and_pictured() {
    let workspace = Workspace::new();
    let mut window = merged(&workspace);
    let card = std::fs::read_to_string(workspace.folder("base-merged/README.md")).unwrap();
    assert!(card.contains("## Checks") && card.contains("Stands alone: ok"), "{card}");
    click(&mut window, Role::Tab, "Report");
    window.get_by_label("Stands alone");
    window.get_by_label_contains("It opened: config.json, model-00001-of-00004.safetensors");
    window.get_by_label("README.md");

    click(&mut window, Role::Button, "Seal with SHA-256");
    wait_until(&mut window, "the seal", |app| app.state.finished().is_some_and(|done| done.is_sealed));
    wait_until(&mut window, "the list of files", |app| {
        app.state.finished().is_some_and(|done| done.manifest.iter().any(|file| file.name == "SHA256SUMS"))
    });
    window.get_by_label("Sealed: SHA256SUMS");
    assert!(window.query_by_label("Seal with SHA-256").is_none(), "once is enough");
    click(&mut window, Role::Button, "Verify again");
    wait_until(&mut window, "the checks", is_checked);
    assert!(done(&window).verified.as_ref().unwrap().as_ref().unwrap().checks.len() >= 6, "the seal is checked too");

    window.state_mut().state.notice = None;
    click(&mut window, Role::Button, "Export picture");
    wait_until(&mut window, "the picture", |app| app.state.notice.is_some());
    let png = std::fs::read(workspace.folder("base-merged-report.png")).unwrap();
    assert!(png.starts_with(b"\x89PNG") && png.len() > 10_000);
}

#[test]
fn the_list_of_files_is_what_the_checks_found_in_the_folder() {
    let workspace = Workspace::new();
    let mut window = merged(&workspace);
    let output = workspace.folder("base-merged");
    click(&mut window, Role::Tab, "Report");
    let (count, all_bytes) = files_of(&output);
    window.get_by_label(&format!("{count} files, {}", units::bytes(all_bytes)));
    let tokenizer_bytes = units::count(output.join("tokenizer.json").metadata().unwrap().len());
    window.get_by_label(&tokenizer_bytes);

    std::fs::remove_file(output.join("tokenizer.json")).unwrap();
    std::fs::write(output.join("README.md"), "mine").unwrap();
    std::fs::write(output.join("notes.txt"), "mine too").unwrap();
    verify_again(&mut window, "tokenizer.json", false);
    window.get_by_label("tokenizer.json");
    window.get_by_label("missing");
    window.get_by_label("changed");
    window.get_by_label("4");
    window.get_by_label("notes.txt");
    assert!(window.query_by_label(&tokenizer_bytes).is_none(), "what is not there has no size");
    let (_, bytes) = files_of(&output);
    window.get_by_label(&format!("{count} files, {}, 1 missing", units::bytes(bytes)));
    window.state_mut().ask(AppCommand::SwitchLanguage);
    window.run_steps(3);
    window.get_by_label("없어짐");
    window.get_by_label("바뀜");
    window.get_by_label(&format!("파일 {count}개, {}, 1개 없어짐", units::bytes(bytes)));
    window.state_mut().ask(AppCommand::SwitchLanguage);
    window.run_steps(3);

    // What is put back is there again, written later than the merge.
    std::fs::copy(workspace.folder("base").join("tokenizer.json"), output.join("tokenizer.json")).unwrap();
    verify_again(&mut window, "tokenizer.json", true);
    assert!(window.query_by_label("missing").is_none());
    assert_eq!(window.query_all_by_label("changed").count(), 2);

    click(&mut window, Role::Button, "Seal with SHA-256");
    wait_until(&mut window, "the list of files", |app| lists(app, "SHA256SUMS"));
    std::fs::remove_file(output.join("SHA256SUMS")).unwrap();
    verify_again(&mut window, "SHA256SUMS", false);
    click(&mut window, Role::Button, "Seal with SHA-256");
    wait_until(&mut window, "the seal that is made again", |app| lists(app, "SHA256SUMS"));
    assert_eq!(window.query_all_by_label("changed").count(), 2, "the new seal is ours");
}

/// Has the folder checked, and waits until the list of files says whether `name` is there.
fn verify_again(window: &mut Window, name: &str, is_there: bool) {
    click(window, Role::Button, "Verify again");
    wait_until(window, "the checks", is_checked);
    wait_until(window, "the list of files", |app| lists(app, name) == is_there);
}

/// Whether the list of files says that `name` is in the folder.
fn lists(app: &LorafuseApp, name: &str) -> bool {
    let is_it = |file: &ManifestRow| file.name == name && file.present_byte_count().is_some();
    app.state.finished().is_some_and(|done| done.manifest.iter().any(is_it))
}

/// Count and bytes of the files of a folder.
fn files_of(folder: &Path) -> (usize, u64) {
    let files = std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().metadata().unwrap().len());
    files.fold((0, 0), |(count, bytes), file| (count + 1, bytes + file))
}

#[test]
fn an_evaluation_says_what_follows_and_can_be_pasted() {
    let workspace = Workspace::new();
    let mut window = merged(&workspace);
    click(&mut window, Role::Tab, "Compare");
    window.get_by_label("Built-in texts");
    drop_folders(&mut window, &[sample("texts/three_sentences.txt")]);
    wait_until(&mut window, "the perplexities", |app| {
        app.state.finished().is_some_and(|done| done.measured().is_some())
    });
    window.get_by_label_contains("Amount of change from base to merged: KL");
    window.get_by_label_contains("Rounding alone: base in BF16 is base with every weight in BF16");
    window.get_by_label_contains("The merge equals base + adapter up to rounding");
    window.get_by_label("same top token");
    window.get_by_label("base + adapter → merged");
    window.get_by_label_contains("Merged: 4,868,352 weights of 16 bits each are 9.74\u{a0}MB");
    click(&mut window, Role::Button, "Copy table");
    window.get_by_label("The table is on the clipboard.");
    window.state_mut().ask(AppCommand::SwitchLanguage);
    window.run_steps(3);
    window.get_by_label_contains("병합은 반올림 안에서 베이스 + 어댑터와 같습니다");
    window.get_by_label_contains("가중치 4,868,352개 그대로");
}

#[test]
fn models_are_timed_and_answer_one_prompt() {
    let workspace = Workspace::new();
    let mut window = merged(&workspace);
    click(&mut window, Role::Tab, "Compare");
    window.set_size(egui::vec2(1280.0, 1600.0));
    window.run_steps(3);
    window.get_by_label("Prompt").focus();
    window.run_steps(2);
    window.get_by_label("Prompt").type_text("배고파");
    window.run_steps(2);
    assert_eq!(done(&window).prompt, "배고파");
    click(&mut window, Role::Button, "Measure time and answers");
    wait_until(&mut window, "the first pass", |app| match app.state.jobs.progress(JobKind::MeasureTime) {
        Some(progress) => progress.sample.bytes_done > 0,
        None => panic!("{:?}", app.state.finished().unwrap().timing),
    });
    window.get_by_label_contains("of 30");
    wait_until(&mut window, "the times", |app| app.state.finished().unwrap().timed().is_some());
    let timed = done(&window).timed().unwrap();
    assert_eq!(timed.report.models.len(), 3);
    assert!(
        timed.report.models.iter().flatten().all(|model| model.measured().is_some_and(|speed| speed.answer.is_some()))
    );
    window.get_by_label("forward pass, ms");
    window.get_by_label_contains("Merged and base + adapter");
    assert!(window.query_all_by_label("Base + adapter").count() > 2, "legend, times and answers");

    click(&mut window, Role::Button, "Measure time and answers");
    click(&mut window, Role::Button, "Cancel");
    wait_until(&mut window, "the end", |app| !app.state.jobs.is_running(JobKind::MeasureTime));
    assert!(done(&window).timing.is_none(), "it was cancelled");
}

#[test]
fn anyones_merge_is_judged_without_merging() {
    let workspace = Workspace::new();
    drop(merged(&workspace));
    let theirs = workspace.home.path().join("downloads/합쳐진-모델");
    copy_folder(&workspace.folder("base-merged"), &theirs);

    // Dropped on a window that has base and adapter: every target is recomputed.
    let mut window = planned(&workspace);
    drop_folders(&mut window, std::slice::from_ref(&theirs));
    wait_until(&mut window, "the checks", is_checked);
    assert_eq!(window.state().state.screen, Screen::Report);
    assert!(done(&window).made.is_none() && done(&window).provenance.adapters.len() == 1);
    window.get_by_label("This model stands alone");
    assert_eq!(outcome_of(done(&window), "Changed exactly the targets"), Some(Outcome::Passed));
    click(&mut window, Role::Tab, "Compare");
    window.get_by_label_contains("16 bits each in place of 32: half the file");
    window.state_mut().ask(ReportCommand::Export);
    wait_until(&mut window, "the report", |app| app.state.notice.is_some());
    let report = std::fs::read_to_string(theirs.with_file_name("합쳐진-모델-report.md")).unwrap();
    assert!(report.contains("Changed exactly the targets: ok"), "{report}");

    // Alone: what the folder says of itself.
    let mut window = open_window(workspace.machine(), Theme::Dark, 1.0);
    enter_path(&mut window, WellKind::Output, &theirs);
    wait_until(&mut window, "the checks", is_checked);
    window.get_by_label("This folder is complete in itself");
    window.get_by_label_contains("Add base and adapter to have every target recomputed");
    click(&mut window, Role::Tab, "Compare");
    window.get_by_label_contains("4,868,352 weights of 16 bits each");
    enter_path(&mut window, WellKind::Base, &workspace.folder("base"));
    wait_until(&mut window, "the checks against the base", |app| {
        is_checked(app) && app.state.finished().is_some_and(|done| done.provenance.base.is_some())
    });

    // A path of the machine that merged: the weights load, and yet it is not what was promised.
    let config_path = theirs.join("config.json");
    let config = std::fs::read_to_string(&config_path).unwrap();
    std::fs::write(&config_path, config.replacen('{', "{\"_name_or_path\": \"../base\",", 1)).unwrap();
    click(&mut window, Role::Tab, "Report");
    click(&mut window, Role::Button, "Verify again");
    wait_until(&mut window, "the checks", is_checked);
    assert_eq!(outcome_of(done(&window), "Stands alone"), Some(Outcome::Passed));
    window.get_by_label("This folder is not independent");
    window.get_by_label("Check a merged folder…");
    std::fs::write(&config_path, config).unwrap();

    // Tampered with: said, not hidden.
    std::fs::remove_file(theirs.join("tokenizer.json")).unwrap();
    click(&mut window, Role::Tab, "Report");
    click(&mut window, Role::Button, "Verify again");
    wait_until(&mut window, "the checks", is_checked);
    window.get_by_label_contains("there is no tokenizer in the folder");
    window.get_by_label("This folder is incomplete");
}

#[test]
fn a_folder_dropped_on_the_output_well_is_meant_for_it() {
    let workspace = Workspace::new();
    let mut window = open_window(workspace.machine(), Theme::Light, 1.0);
    window.run_steps(2);
    window.hover_at(egui::pos2(1100.0, 50.0));
    window.run_steps(1);
    drop_folders(&mut window, &[workspace.folder("base")]);
    wait_until(&mut window, "the checks", is_checked);
    assert!(window.state().state.wells.base.path.is_none());
    assert_eq!(done(&window).provenance.merged, workspace.folder("base"));
}

#[test]
fn every_command_is_in_the_list() {
    let workspace = Workspace::new();
    let mut window = merged(&workspace);
    window.key_press_modifiers(Modifiers::COMMAND, Key::K);
    window.run_steps(3);
    window.get_by_role_and_label(Role::MenuItem, "Base: Browse…");
    window.get_by_label("Ctrl+B");
    window.get_by_label("Type what you want to do").type_text("export rep");
    window.run_steps(3);
    assert!(window.query_by_role_and_label(Role::MenuItem, "Base: Browse…").is_none());
    window.key_press(Key::Enter);
    wait_until(&mut window, "the report", |app| app.state.notice.is_some());
    assert!(window.state().state.palette.is_none());
    assert!(workspace.folder("base-merged-report.md").is_file());

    window.key_press_modifiers(Modifiers::COMMAND, Key::K);
    window.run_steps(2);
    window.key_press(Key::ArrowDown);
    window.run_steps(2);
    assert_eq!(window.state().state.palette.as_ref().unwrap().pointed, 1);
    window.key_press(Key::Escape);
    window.run_steps(2);
    assert!(window.state().state.palette.is_none());
}

#[test]
fn what_is_typed_faster_than_it_is_painted_is_what_enter_takes() {
    let workspace = Workspace::new();
    let mut window = merged(&workspace);
    let key = |key, modifiers| Event::Key { key, physical_key: None, pressed: true, repeat: false, modifiers };
    let open = key(Key::K, Modifiers::COMMAND);
    let rest = [Event::Text("export report".to_owned()), key(Key::Enter, Modifiers::NONE)];
    // The list is there already, or opens in the same frame.
    for (step_between, number) in [(true, ""), (false, "-2")] {
        window.state_mut().state.notice = None;
        window.input_mut().events.push(open.clone());
        if step_between {
            window.step();
        }
        window.input_mut().events.extend(rest.clone());
        window.run_steps(2);
        assert!(window.state().state.palette.is_none(), "it closes behind the command");
        wait_until(&mut window, "the report", |app| app.state.notice.is_some());
        assert!(workspace.folder(&format!("base-merged-report{number}.md")).is_file());
    }
}

#[test]
fn modules_sort_by_a_column_and_show_their_spectrum() {
    let workspace = Workspace::new();
    let mut window = planned(&workspace);
    wait_until(&mut window, "the changes", |app| app.state.modules.scale.is_some());
    click(&mut window, Role::Button, "Sort by ‖Δ‖ / ‖W‖");
    let first = |window: &Window| window.state().state.modules.rows[0].path.clone();
    assert_eq!(first(&window), "model.layers.0.mlp.gate_proj");
    click(&mut window, Role::Button, "Sort by ‖Δ‖ / ‖W‖");
    assert_eq!(first(&window), "model.layers.0.self_attn.o_proj", "the smallest");
    click(&mut window, Role::Button, "Sort by ‖Δ‖ / ‖W‖");
    assert_eq!(first(&window), "", "the tree again");
    wait_until(&mut window, "the singular values", |app| !app.state.modules.spectra.is_empty());
    click(&mut window, Role::Button, "Changed most: model.layers.0.mlp.gate_proj, 0.422");
    assert_eq!(window.state().state.modules.selected.as_deref(), Some("model.layers.0.mlp.gate_proj"));
    click(&mut window, Role::Button, "model.layers.0.self_attn.q_proj 0.184");
    window.get_by_role_and_label(Role::Image, "7 of 16 directions hold 90 % of ‖Δ‖²");
}

#[test]
fn several_adapters_have_a_strength_each() {
    let workspace = Workspace::new();
    copy_as_another_adapter(&workspace.folder("adapter"), &workspace.folder("adapter-two"));
    let mut window = open_window(workspace.machine(), Theme::Light, 1.0);
    let folders: Vec<PathBuf> = ["base", "adapter", "adapter-two"].map(|name| workspace.folder(name)).to_vec();
    drop_folders(&mut window, &folders);
    wait_until(&mut window, "the plan", |app| is_planned(app) && app.state.more_adapters.len() == 1);
    window.state_mut().ask(MergeCommand::ChooseAdapterStrength(0, 0.5));
    window.run_steps(2);
    wait_until(&mut window, "the plan", is_planned);
    click(&mut window, Role::Tab, "Merge");
    assert!(window.query_all_by_label("adapter-two").next().is_some(), "a line of its own");
    window.state_mut().ask(MergeCommand::Start);
    wait_until(&mut window, "the merge", is_merged);
    assert_eq!(done(&window).made.as_ref().unwrap().plan.strengths, [1.0, 0.5]);
    assert_eq!(outcome_of(done(&window), "Changed exactly the targets"), Some(Outcome::Passed));
}

#[test]
fn the_base_that_an_adapter_names_is_offered() {
    let workspace = Workspace::new();
    let config_path = workspace.folder("adapter").join("adapter_config.json");
    let mut config: serde_json::Value = serde_json::from_slice(&std::fs::read(&config_path).unwrap()).unwrap();
    config["base_model_name_or_path"] = workspace.folder("base").to_string_lossy().into_owned().into();
    std::fs::write(&config_path, config.to_string()).unwrap();
    let mut window = open_window(workspace.machine(), Theme::Light, 1.0);
    drop_folders(&mut window, &[workspace.folder("adapter")]);
    wait_until(&mut window, "the look", |app| {
        app.state.inspection.as_ref().is_some_and(|inspection| !inspection.suggested_bases.is_empty())
    });
    let label = format!("Use {}", workspace.folder("base").display());
    click(&mut window, Role::Button, &label);
    wait_until(&mut window, "the plan", is_planned);
}
