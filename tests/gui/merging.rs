//! The window, driven as a person would: drop, look, choose, merge, cancel.

use std::{path::Path, time::Duration};

use egui::{Theme, accesskit::Role};
use egui_kittest::kittest::{NodeT as _, Queryable as _};
use lorafuse::{
    gui::{
        JobKind, LorafuseApp, Machine, MergeCommand, MergedFolder, Phase, ReportCommand, Screen, WelcomeCommand,
        WellKind, WellsCommand,
    },
    merge::device::GpuAdapter,
    plan::MergePlan,
    platform::FileDialogs,
    verify::VerifyReport,
};

use crate::{
    steps::{assert_within, is_done, is_planned, open_pair, planned, show, snapshot},
    support::{
        Workspace, click, copy_folder, drop_folders,
        large_model::{LargeModel, write_adapter},
        open_window, sample, wait_until,
    },
};

/// Whether all checks were made and hold.
fn is_proven(done: &MergedFolder) -> bool {
    done.verified.as_ref().is_some_and(|report| report.as_ref().is_ok_and(VerifyReport::is_passed))
}

#[test]
fn both_folders_dropped_are_merged_to_bf16_and_proven() {
    let workspace = Workspace::new();
    let mut harness = open_window(workspace.machine(), Theme::Light, 1.0);
    open_pair(&mut harness, &workspace);

    // The diff: a row with both shapes of the adapter, an unchanged one, and a folded layer.
    harness.get_by_label_contains("model.layers.0.mlp.gate_proj, Linear, 688 × 256, F32, 16 × 256, 688 × 16");
    harness.get_by_label_contains("lm_head, Linear, 4096 × 256, F32, unchanged");
    harness.get_by_label_contains("model.layers, 0–3 · 4 × LlamaDecoderLayer");
    assert!(harness.query_by_label_contains("model.layers.3.mlp.gate_proj, Linear").is_none(), "layer 3 is folded");

    click(&mut harness, Role::Tab, "Merge");
    click(&mut harness, Role::RadioButton, "BF16");
    wait_until(&mut harness, "the plan for bf16", is_planned);
    harness.get_by_label("Merge to BF16").click();
    wait_until(&mut harness, "the end of the merge", is_done);

    let output = workspace.folder("base-merged");
    assert!(output.join("config.json").is_file());
    let Phase::Done(done) = &harness.state().state.phase else { unreachable!() };
    assert!(is_proven(done));
    assert_eq!(done.merged.dtype, "BF16");
    assert_eq!(done.changes.len(), 28);

    click(&mut harness, Role::Tab, "Compare");
    harness.get_by_label_contains("16 bits each in place of 32: half the file");
    drop_folders(&mut harness, &[sample("texts/three_sentences.txt")]);
    wait_until(&mut harness, "the perplexities", |app| {
        app.state.finished().is_some_and(|done| matches!(done.evaluation, Some(Ok(_))))
    });
    assert!(harness.query_all_by_label("three_sentences").count() > 1, "in the chart and in the table of changes");
    click(&mut harness, Role::Tab, "Report");
    harness.get_by_label("This model stands alone");
    click(&mut harness, Role::Tab, "Modules");
    harness.get_by_label_contains("gate_proj, Linear, 688 × 256, F32, 16 × 256, 688 × 16, 0.422");
}

#[test]
fn a_change_that_nf4_erases_waits_for_the_word_that_accepts_it() {
    let workspace = Workspace::new();
    let case = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/golden-quant/bnb-nf4");
    for part in ["base", "adapter"] {
        std::fs::remove_dir_all(workspace.folder(part)).unwrap();
        copy_folder(&case.join(part), &workspace.folder(part));
    }
    let mut window = planned(&workspace);
    show(&mut window, Screen::Merge);
    let is_weak = |app: &LorafuseApp| matches!(&app.state.phase, Phase::Planned(plan) if plan.strengths == [0.05]);
    let is_estimated = move |app: &LorafuseApp| is_weak(app) && app.state.survival.is_some();
    let is_loss = move |app: &LorafuseApp, accepts_loss: bool| {
        let is_asked = |plan: &MergePlan| plan.requantize.is_some() && plan.accepts_loss == accepts_loss;
        is_estimated(app) && matches!(&app.state.phase, Phase::Planned(plan) if is_asked(plan))
    };
    window.state_mut().ask(MergeCommand::ChooseStrength(0.05));
    window.run_steps(2);
    wait_until(&mut window, "the estimate", is_estimated);
    // Beside the sizes stands what each choice would leave.
    assert!(window.query_all_by_label_contains("2 % of Δ, noise").count() >= 2, "of both ways to pack");
    click(&mut window, Role::RadioButton, "NF4");
    wait_until(&mut window, "the estimate of packing", |app| is_loss(app, false));
    window.get_by_label_contains("0.00 % of the target codes move");
    assert!(window.get_by_label("Merge to NF4").accesskit_node().is_disabled());
    click(&mut window, Role::CheckBox, "Merge in spite of the loss");
    wait_until(&mut window, "the plan that accepts it", |app| is_loss(app, true));
    assert!(!window.get_by_label("Merge to NF4").accesskit_node().is_disabled());
    window.get_by_label("Merge to NF4").click();
    wait_until(&mut window, "the end of the merge", is_done);
    let Phase::Done(done) = &window.state().state.phase else { unreachable!() };
    assert!(is_proven(done));
    assert_eq!(done.merged.dtype, "bitsandbytes NF4");
    window.get_by_label_contains("NF4 keeps 2 %");
}

#[test]
fn a_failed_merge_says_what_is_there_of_it() {
    let workspace = Workspace::new();
    let mut window = planned(&workspace);
    let is_failed = |app: &LorafuseApp| matches!(app.state.phase, Phase::Failed(_));
    // Somebody else's folder under the name that the work needs.
    let foreign = workspace.folder("base-merged.partial");
    std::fs::create_dir(&foreign).unwrap();
    std::fs::write(foreign.join("notes.txt"), "").unwrap();
    window.state_mut().ask(MergeCommand::Start);
    wait_until(&mut window, "the failure", is_failed);
    window.run_steps(2);
    window.get_by_label_contains("What is there now");
    assert!(window.query_by_label_contains("Nothing was left behind").is_none());
    std::fs::remove_dir_all(&foreign).unwrap();
    window.state_mut().ask(MergeCommand::PlanAgain);
    window.run_steps(2);
    wait_until(&mut window, "the plan again", is_planned);
    // No number: found before anything is written.
    let weights_path = workspace.folder("adapter").join("adapter_model.safetensors");
    let mut weights = std::fs::read(&weights_path).unwrap();
    let last = weights.len() - size_of::<f32>();
    weights[last..].copy_from_slice(&f32::NAN.to_le_bytes());
    std::fs::write(&weights_path, weights).unwrap();
    window.state_mut().ask(MergeCommand::Start);
    wait_until(&mut window, "the second failure", is_failed);
    window.run_steps(2);
    window.get_by_label_contains("Nothing was left behind");
}

#[test]
fn a_button_stays_the_same_while_its_screen_fills() {
    let workspace = Workspace::new();
    let mut harness = open_window(workspace.machine(), Theme::Light, 1.0);
    wait_until(&mut harness, "the sample's facts", |app| app.state.sample.is_some());
    // As if they came only now, in the middle of a click.
    let facts = harness.state_mut().state.sample.take();
    harness.run_steps(2);
    let place = harness.get_by_label("Try the sample").rect().center();
    harness.hover_at(place);
    harness.drag_at(place);
    harness.step();
    harness.state_mut().state.sample = facts;
    harness.step();
    harness.drop_at(place);
    wait_until(&mut harness, "the plan", is_planned);
}

#[test]
fn the_sample_is_merged_and_compared_with_three_clicks() {
    let workspace = Workspace::new();
    let mut harness = open_window(workspace.machine(), Theme::Light, 1.0);
    harness.get_by_label("Try the sample").click();
    wait_until(&mut harness, "the plan", is_planned);
    // As the welcome screen promises: half the bytes, and Compare says why.
    harness.get_by_label("Merge to BF16").click();
    wait_until(&mut harness, "the end of the merge", is_done);
    harness.get_by_label("Compare with the base").click();
    harness.run_steps(3);
    harness.get_by_label_contains("16 bits each in place of 32: half the file");
    assert!(harness.state().state.jobs.is_running(JobKind::Evaluate), "its texts are scored without being asked for");
    assert!(workspace.home.path().join("lorafuse-sample-merged/config.json").is_file());
    harness.get_by_label("Cancel").click();
    wait_until(&mut harness, "the end of the measurement", |app| !app.state.jobs.is_running(JobKind::Evaluate));

    // The other dtype is one button away, and what is there stays.
    click(&mut harness, Role::Tab, "Merge");
    click(&mut harness, Role::Button, "Merge with other options");
    wait_until(&mut harness, "the plan again", is_planned);
    click(&mut harness, Role::RadioButton, "Keep F32");
    wait_until(&mut harness, "the plan for f32", is_planned);
    harness.get_by_label("Merge, keep F32").click();
    wait_until(&mut harness, "the end of the second merge", is_done);
    for name in ["lorafuse-sample-merged", "lorafuse-sample-merged-2"] {
        assert!(workspace.home.path().join(name).join("config.json").is_file(), "{name}");
    }

    // What was chosen for the sample is not chosen for another base.
    harness.state_mut().ask(WelcomeCommand::OpenSample);
    harness.run_steps(2);
    wait_until(&mut harness, "the plan for the sample", is_planned);
    harness.get_by_label("Merge to BF16");
    let (base, adapter) = (workspace.folder("base"), workspace.folder("adapter"));
    harness.state_mut().ask(WellsCommand::Fill(WellKind::Base, base));
    harness.state_mut().ask(WellsCommand::Fill(WellKind::Adapter, adapter));
    harness.run_steps(2);
    wait_until(&mut harness, "the plan for another pair", is_planned);
    harness.get_by_label("Merge, keep F32");
}

#[test]
fn a_screen_that_is_closed_says_what_opens_it() {
    let workspace = Workspace::new();
    let mut harness = open_window(workspace.machine(), Theme::Light, 1.0);
    harness.run_steps(2);
    let tab = harness.get_by_role_and_label(Role::Tab, "Compare").rect();
    harness.hover_at(tab.center());
    harness.run_steps(60);
    harness.get_by_label_contains("Opens after a merge");
}

#[test]
fn a_desktop_without_dialogs_says_where_a_merged_folder_goes() {
    let workspace = Workspace::new();
    let mut harness = open_window(workspace.machine(), Theme::Light, 1.0);
    harness.state_mut().state.file_dialogs = Some(FileDialogs::Missing);
    click(&mut harness, Role::Button, "Check a merged folder…");
    harness.get_by_label_contains("Drop the merged folder on Output");
}

#[test]
fn nothing_is_cut_off_in_the_smallest_window() {
    let workspace = Workspace::new();
    let mut harness = open_window(workspace.machine(), Theme::Light, 1.0);
    let smallest = egui::vec2(900.0, 600.0);
    harness.set_size(smallest);
    wait_until(&mut harness, "the sample's headers", |app| app.state.sample.is_some());
    assert_within(&harness, smallest.x);
    open_pair(&mut harness, &workspace);
    for screen in [Screen::Modules, Screen::Merge] {
        show(&mut harness, screen);
        assert_within(&harness, smallest.x);
    }
    harness.state_mut().ask(MergeCommand::Start);
    wait_until(&mut harness, "the end of the merge", is_done);
    for screen in Screen::ALL {
        show(&mut harness, screen);
        assert_within(&harness, smallest.x);
    }
}

#[test]
fn the_report_is_written_beside_the_output_and_never_over_another() {
    let workspace = Workspace::new();
    let mut harness = open_window(workspace.machine(), Theme::Dark, 1.0);
    open_pair(&mut harness, &workspace);
    harness.state_mut().ask(MergeCommand::Start);
    wait_until(&mut harness, "the end of the merge", is_done);
    for number in ["", "-2"] {
        harness.state_mut().state.notice = None;
        harness.state_mut().ask(ReportCommand::Export);
        wait_until(&mut harness, "the report", |app| app.state.notice.is_some());
        assert!(workspace.folder(&format!("base-merged-report{number}.md")).is_file());
        assert!(workspace.folder(&format!("base-merged-report{number}.json")).is_file());
        show(&mut harness, Screen::Report);
        let said = format!("Written: ~/models/lorafuse-sample/base-merged-report{number}.md, .json");
        assert_eq!(harness.query_all_by_label(&said).count(), 2, "in the status line and beside the button");
    }
}

#[test]
fn a_cancelled_merge_is_no_model_and_keeps_what_is_finished_until_it_is_discarded() {
    let workspace = Workspace::new();
    let (base, adapter) = (workspace.folder("large"), workspace.folder("large-adapter"));
    // Large enough that it cannot be over before Cancel is clicked; made of holes, it costs no disk.
    LargeModel { shards: 1, layers: 48, width: 2048 }.write(&base, &adapter);
    let mut harness = open_window(workspace.machine(), Theme::Light, 1.0);
    drop_folders(&mut harness, &[base, adapter]);
    wait_until(&mut harness, "the plan", is_planned);
    click(&mut harness, Role::Tab, "Merge");
    click(&mut harness, Role::RadioButton, "BF16");
    wait_until(&mut harness, "the plan for bf16", is_planned);
    harness.get_by_label("Merge to BF16").click();
    wait_until(&mut harness, "the first tensor", |app| match &app.state.phase {
        Phase::Running(running) => running.tensors_done > 0,
        _ => false,
    });
    assert!(workspace.folder("large-merged.partial").exists(), "work happens in the partial folder");
    harness.get_by_label("Cancel").click();
    wait_until(&mut harness, "the plan again", is_planned);
    harness.get_by_label_contains("What is finished is kept");
    assert!(!workspace.folder("large-merged").exists());
    assert!(!workspace.folder("large-merged.partial/config.json").exists());
    assert!(workspace.folder("large-merged.partial/lorafuse.journal").is_file());

    harness.get_by_label("Discard it").click();
    wait_until(&mut harness, "the plan without it", |app| {
        is_planned(app) && app.state.inspection.as_ref().is_some_and(|found| found.interrupted_bytes.is_none())
    });
    assert!(!workspace.folder("large-merged.partial").exists());
}

#[test]
fn gpus_are_offered_by_name_and_the_merge_runs_on_the_chosen_device() {
    let workspace = Workspace::new();
    let machine = Machine { looks_for_gpus: true, ..workspace.machine() };
    let mut harness = open_window(machine, Theme::Light, 1.0);
    open_pair(&mut harness, &workspace);
    wait_until(&mut harness, "the drivers", |app| app.state.gpus.is_some());
    click(&mut harness, Role::Tab, "Merge");
    let gpus: Vec<String> = harness.state().state.gpus.iter().flatten().map(GpuAdapter::title).collect();
    harness.get_by_role(Role::ComboBox).click();
    harness.run_steps(3);
    for gpu in &gpus {
        harness.get_by_label(gpu);
    }
    harness.get_by_label(&gpus[0]).click();
    harness.run_steps(3);
    harness.get_by_label("Merge, keep F32").click();
    wait_until(&mut harness, "the end of the merge", is_done);
    let Phase::Done(done) = &harness.state().state.phase else { unreachable!() };
    let name = gpus[0].split(',').next().unwrap();
    let device = &done.made.as_ref().unwrap().receipt.device;
    assert!(device.to_string().contains(name), "{device} on {name}");
    assert!(is_proven(done));
}

#[test]
fn a_merge_that_starts_while_a_remainder_is_discarded_goes_on() {
    let workspace = Workspace::new();
    let mut harness = open_window(workspace.machine(), Theme::Light, 1.0);
    open_pair(&mut harness, &workspace);
    harness.state_mut().ask(MergeCommand::DiscardPartial);
    harness.state_mut().ask(MergeCommand::Start);
    harness.run_steps(1);
    assert!(matches!(harness.state().state.phase, Phase::Running(_)));
    wait_until(&mut harness, "both", |app| {
        let is_running = matches!(app.state.phase, Phase::Running(_));
        assert!(is_running || is_done(app), "the merge is lost: {:?}", app.state.notice);
        is_done(app)
    });
    assert!(workspace.folder("base-merged/config.json").is_file());
}

#[test]
fn a_prefix_that_only_the_adapter_has_is_changed_and_said() {
    let workspace = Workspace::new();
    write_adapter(&workspace.folder("other"), &["model.language_model.layers.0.self_attn.q_proj".to_owned()], 256, 256);
    let mut harness = open_window(workspace.machine(), Theme::Light, 1.0);
    drop_folders(&mut harness, &[workspace.folder("base"), workspace.folder("other")]);
    wait_until(&mut harness, "the plan", is_planned);
    click(&mut harness, Role::Tab, "Merge");
    harness.get_by_label_contains("model.language_model. becomes model. in every module path");
}

#[test]
fn an_adapter_with_other_shapes_does_not_fit() {
    let workspace = Workspace::new();
    write_adapter(&workspace.folder("wide"), &["model.layers.0.self_attn.q_proj".to_owned()], 512, 512);
    let mut harness = open_window(workspace.machine(), Theme::Light, 1.0);
    drop_folders(&mut harness, &[workspace.folder("base"), workspace.folder("wide")]);
    wait_until(&mut harness, "the diff", |app| {
        app.state.inspection.as_ref().is_some_and(|inspection| !inspection.misfits.is_empty())
    });
    harness.get_by_label_contains("none of its 2 tensors has a place");
    harness.get_by_label_contains("The adapter is for 512 × 512, the base has 256 × 256");
    harness.get_by_label("Choose another adapter…");
    snapshot(&mut harness, "mismatch_light");
}

#[test]
fn a_path_can_be_pasted_and_a_wrong_one_is_explained() {
    let workspace = Workspace::new();
    let mut harness = open_window(workspace.machine(), Theme::Light, 1.0);
    let missing = workspace.folder("없는 폴더");
    harness.get_by_label("Base path").focus();
    harness.run_steps(2);
    harness.get_by_label("Base path").type_text(&missing.to_string_lossy());
    harness.run_steps(2);
    harness.key_press(egui::Key::Enter);
    wait_until(&mut harness, "the answer", |app| app.state.inspection.is_some());
    assert!(harness.query_all_by_label("There is no such folder").next().is_some());
}

#[test]
fn the_keyboard_reaches_the_screens_and_the_filter() {
    let workspace = Workspace::new();
    let mut harness = open_window(workspace.machine(), Theme::Light, 1.0);
    open_pair(&mut harness, &workspace);
    harness.key_press_modifiers(egui::Modifiers::COMMAND, egui::Key::Num2);
    harness.run_steps(2);
    assert_eq!(harness.state().state.screen, Screen::Merge);
    harness.key_press_modifiers(egui::Modifiers::COMMAND, egui::Key::Num4);
    harness.run_steps(2);
    assert_eq!(harness.state().state.screen, Screen::Merge, "there is no report yet");
    harness.key_press_modifiers(egui::Modifiers::COMMAND, egui::Key::F);
    harness.run_steps(3);
    harness.get_by_label("Filter modules").type_text("2.mlp.up");
    harness.run_steps(3);
    let labels: Vec<&str> = harness.state().state.modules.rows.iter().map(|row| row.label.as_str()).collect();
    assert_eq!(labels, ["LlamaForCausalLM", "model", "layers", "2", "mlp", "up_proj"]);
}

#[test]
fn the_window_sleeps_when_nothing_happens() {
    let workspace = Workspace::new();
    let mut harness = open_window(workspace.machine(), Theme::Light, 1.0);
    open_pair(&mut harness, &workspace);
    wait_until(&mut harness, "the survival", |app| matches!(app.state.survival, Some(Ok(_))));
    harness.run_steps(5);
    // Panics when the window repaints on and on.
    assert!(harness.try_run().is_ok());
    let delay = harness.output().viewport_output.values().map(|viewport| viewport.repaint_delay).min();
    assert!(delay.is_none_or(|delay| delay > Duration::from_mins(1)), "{delay:?}");
}

/// `Machine` is what tests fix; this keeps the real one working.
#[test]
fn this_machine_is_detected() {
    assert!(Machine::detect().thread_count > 0);
}
