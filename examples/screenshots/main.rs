//! Takes pictures of every screen by driving the real window over the built-in sample: both folders are dropped, the
//! merge runs, the perplexities are measured.
//!
//! ```text
//! cargo run --example screenshots                       the few pictures of the repository, into `screenshots/`
//! cargo run --example screenshots -- FOLDER [SCREEN]…   all of them, or those whose names begin so: light and dark,
//!                                                       1× and 2×, small window, every language and a longer one
//! ```
//!
//! Needs no display. Takes about two minutes in a development build. Pictures of a packed base (`packed-…`) need the
//! sample in NF4, which `tests/tools/quantize_nf4.py` makes, in the folder that `LORAFUSE_NF4_SAMPLE` names.

#![expect(
    clippy::unwrap_used,
    clippy::disallowed_methods,
    reason = "folders of its own, in which a failure may stop everything"
)]

mod album;
#[path = "../../tests/core/support/sparse_llama.rs"]
mod sparse_llama;
#[expect(dead_code, reason = "only tests run alone")]
#[path = "../../tests/gui/support/mod.rs"]
mod support;

use std::path::{Path, PathBuf};

use album::{Album, LOOKS};

use egui::{Theme, accesskit::Role};
use egui_kittest::{Harness, kittest::Queryable as _};
use lorafuse::{
    checkpoint::Checkpoint,
    gguf::FileType,
    gui::{
        AppCommand, CompareCommand, JobKind, LorafuseApp, Machine, MergeCommand, MergedFolder, ModulesCommand,
        PaletteCommand, Phase, ReportCommand, WellsCommand,
    },
    job::JobContext,
    merge::{GgufPlace, GgufPlan},
    tree::SortColumn,
};
use support::{
    Workspace, click, copy_as_another_adapter, copy_folder, drop_folders,
    large_model::{LargeModel, write_adapter},
    measuring::show_measurement,
    open_window, sample, wait_until,
};
use unicode_normalization::UnicodeNormalization as _;

fn main() {
    let mut arguments = std::env::args().skip(1);
    let folder = arguments.next();
    let album = folder.map_or_else(Album::of_the_repository, |folder| Album::of(folder.into(), arguments.collect()));
    std::fs::create_dir_all(&album.folder).unwrap();
    if album.beginnings.is_empty()
        || album.beginnings.iter().any(|beginning| !beginning.starts_with("packed") && !beginning.starts_with("gguf"))
    {
        walk_through(&album);
    }
    if album.wants_any(&["mismatch", "problem"]) {
        does_not_fit(&album);
    }
    if album.wants_any(&["merge-running", "merge-interrupted"]) {
        large_merge(&album);
    }
    if album.wants_any(&["korean", "welcome-korean", "merge-plan-korean", "modules-korean", "compare-korean"]) {
        korean(&album);
    }
    if album.wants_any(&["sizes"]) {
        three_sizes(&album);
    }
    if album.wants_any(&["gguf"]) {
        gguf_base(&album);
    }
    if let Some(nf4) = std::env::var_os("LORAFUSE_NF4_SAMPLE").filter(|_| album.wants_any(&["packed"])) {
        packed(&album, Path::new(&nf4));
    }
}

fn is_planned(app: &LorafuseApp) -> bool {
    matches!(app.state.phase, Phase::Planned(_))
}

fn is_done(app: &LorafuseApp) -> bool {
    matches!(app.state.phase, Phase::Done(_))
}

fn is_estimated(app: &LorafuseApp) -> bool {
    matches!(app.state.survival, Some(Ok(_)))
}

fn is_timed(app: &LorafuseApp) -> bool {
    app.state.finished().is_some_and(|done| done.timed().is_some())
}

fn is_measured(app: &LorafuseApp) -> bool {
    app.state.finished().is_some_and(|done| matches!(done.evaluation, Some(Ok(_))))
}

fn machine(workspace: &Workspace) -> Machine {
    let Machine { home, program, history, .. } = workspace.machine();
    Machine { home, program, history, ..Machine::detect() }
}

/// The beginning of each sample text, long enough for intervals and short enough for a development build.
fn excerpts(workspace: &Workspace) -> Vec<PathBuf> {
    const LINES: [(&str, usize); 3] = [("korean_chat", 160), ("korean_reviews", 120), ("english_plays", 160)];
    let excerpt = |(name, lines): (&str, usize)| {
        let text = std::fs::read_to_string(sample(&format!("texts/{name}.txt"))).unwrap();
        let kept: Vec<&str> = text.lines().take(lines).collect();
        let path = workspace.home.path().join(format!("{name}.txt"));
        std::fs::write(&path, kept.join("\n")).unwrap();
        path
    };
    LINES.map(excerpt).to_vec()
}

/// From the empty window to the report.
fn walk_through(album: &Album) {
    let workspace = Workspace::new();
    let mut harness = open_window(machine(&workspace), Theme::Light, 1.0);
    wait_until(&mut harness, "the sample", |app| app.state.sample.is_some());
    album.take(&mut harness, "welcome");
    drop_folders(&mut harness, &[workspace.folder("base"), workspace.folder("adapter")]);
    wait_until(&mut harness, "the estimates", |app| is_planned(app) && app.state.modules.scale.is_some());
    album.take(&mut harness, "modules-before");
    click(&mut harness, Role::RadioButton, "print(model)");
    album.take(&mut harness, "modules-printed");
    click(&mut harness, Role::RadioButton, "Table");
    click(&mut harness, Role::Tab, "Merge");
    click(&mut harness, Role::RadioButton, "BF16");
    wait_until(&mut harness, "the plan for bf16", |app| is_planned(app) && is_estimated(app));
    album.take(&mut harness, "merge-plan");
    harness.get_by_label("Merge to BF16").click();
    wait_until(&mut harness, "the end of the merge", is_done);
    album.take(&mut harness, "merge-done");
    click(&mut harness, Role::Tab, "Compare");
    album.take(&mut harness, "compare-waiting");
    show_measurement(&mut harness);
    album.take(&mut harness, "compare-measuring");
    stop_measurement(&mut harness);
    if album.wants_any(&["compare-light", "compare-dark", "compare-in", "compare-tall"]) {
        measured(album, &mut harness, &workspace);
    }
    click(&mut harness, Role::Tab, "Modules");
    album.take(&mut harness, "modules");
    harness.state_mut().ask(ModulesCommand::Sort(SortColumn::Change));
    harness.run_steps(2);
    album.take(&mut harness, "modules-sorted");
    click(&mut harness, Role::Tab, "Report");
    album.take(&mut harness, "report");
    harness.state_mut().ask(PaletteCommand::Show(true));
    harness.run_steps(2);
    album.take(&mut harness, "commands");
    if album.wants_any(&["judged", "merge-plan-two", "report-changed", "adapter-only"]) {
        judge(album, &workspace);
    }
}

/// Compare with all that can be measured.
fn measured(album: &Album, harness: &mut Harness<'_, LorafuseApp>, workspace: &Workspace) {
    drop_folders(harness, &excerpts(workspace));
    wait_until(harness, "the perplexities", is_measured);
    album.take(harness, "compare");
    harness.state_mut().ask(CompareCommand::EditPrompt("배고파".to_owned()));
    harness.state_mut().ask(CompareCommand::MeasureTime);
    harness.run_steps(2);
    wait_until(harness, "the times", is_timed);
    album.take_tall(harness, "compare");
}

/// A folder that somebody else merged, changed by a hand that meant well.
fn judge(album: &Album, workspace: &Workspace) {
    let theirs = workspace.home.path().join("downloads/sample-ko-en-merged");
    copy_folder(&workspace.folder("base-merged"), &theirs);
    copy_as_another_adapter(&workspace.folder("adapter"), &workspace.folder("adapter-two"));
    std::fs::write(theirs.join("config.json"), {
        let text = std::fs::read_to_string(theirs.join("config.json")).unwrap();
        text.replacen('{', "{\n  \"_name_or_path\": \"../base\",", 1)
    })
    .unwrap();
    let mut harness = open_window(machine(workspace), Theme::Light, 1.0);
    let [base, adapter, second] = ["base", "adapter", "adapter-two"].map(|name| workspace.folder(name));
    drop_folders(&mut harness, &[base, adapter.clone(), second]);
    wait_until(&mut harness, "the plan", |app| is_planned(app) && is_estimated(app));
    click(&mut harness, Role::Tab, "Merge");
    album.take(&mut harness, "merge-plan-two");
    harness.state_mut().ask(MergeCommand::RemoveAdapter(0));
    harness.run_steps(2);
    wait_until(&mut harness, "the plan", is_planned);
    drop_folders(&mut harness, &[theirs]);
    wait_until(&mut harness, "the checks", |app| {
        app.state.finished().is_some_and(|done| done.verified.is_some()) && !app.state.jobs.is_running(JobKind::Verify)
    });
    album.take(&mut harness, "judged");
    click(&mut harness, Role::Tab, "Compare");
    album.take(&mut harness, "judged-compare");
    click(&mut harness, Role::Tab, "Report");
    change_files(&mut harness, "Verify again");
    album.take(&mut harness, "report-changed");
    let mut harness = open_window(machine(workspace), Theme::Light, 1.0);
    drop_folders(&mut harness, &[adapter]);
    wait_until(&mut harness, "the look", |app| app.state.inspection.is_some());
    album.take(&mut harness, "adapter-only");
}

fn stop_measurement(harness: &mut Harness<'_, LorafuseApp>) {
    harness.state_mut().ask(CompareCommand::CancelMeasurement);
    harness.run_steps(3);
}

/// Takes one file of the merged folder away, changes another, and has the folder checked again by the button so named.
fn change_files(harness: &mut Harness<'_, LorafuseApp>, verify_again: &str) {
    let merged = harness.state().state.finished().unwrap().provenance.merged.clone();
    std::fs::remove_file(merged.join("tokenizer.json")).unwrap();
    std::fs::write(merged.join("README.md"), "# 내 모델\n").unwrap();
    click(harness, Role::Button, verify_again);
    wait_until(harness, "the list of files", |app| {
        let is_gone = |done: &MergedFolder| done.manifest.iter().any(|file| file.present_byte_count().is_none());
        !app.state.jobs.is_running(JobKind::Verify) && app.state.finished().is_some_and(is_gone)
    });
}

/// The sample's base as a GGUF file.
fn gguf_base(album: &Album) {
    let workspace = Workspace::new();
    let [base, adapter] = ["base", "adapter"].map(|name| workspace.folder(name));
    let file = workspace.folder("베이스-Q4_K_M.gguf");
    let place = Some(GgufPlace::of(file.clone()));
    let plan = GgufPlan::of_model(Checkpoint::open(&base).unwrap(), &[FileType::Q4KM], place).unwrap();
    plan.run(&JobContext::unwatched()).unwrap();
    let mut harness = open_window(machine(&workspace), Theme::Light, 1.0);
    drop_folders(&mut harness, &[file, adapter]);
    wait_until(&mut harness, "the estimates", |app| is_planned(app) && app.state.modules.scale.is_some());
    album.take(&mut harness, "gguf-modules");
    click(&mut harness, Role::Tab, "Merge");
    wait_until(&mut harness, "the survival", |app| is_planned(app) && is_estimated(app));
    album.take(&mut harness, "gguf-plan");
    album.take_tall(&mut harness, "gguf-plan");
    harness.state_mut().ask(MergeCommand::Start);
    wait_until(&mut harness, "the end of the merge", is_done);
    album.take(&mut harness, "gguf-done");
    click(&mut harness, Role::Tab, "Compare");
    drop_folders(&mut harness, &excerpts(&workspace)[..1]);
    wait_until(&mut harness, "the perplexities", is_measured);
    album.take(&mut harness, "gguf-compare");
    album.take_tall(&mut harness, "gguf-compare");
    click(&mut harness, Role::Tab, "Report");
    album.take(&mut harness, "gguf-report");
}

/// A packed base with its original beside it, and the other way round.
fn packed(album: &Album, nf4: &Path) {
    let workspace = Workspace::new();
    let [packed, original, adapter] = ["sample-bnb-4bit", "sample", "adapter"].map(|name| workspace.folder(name));
    copy_folder(nf4, &packed);
    copy_folder(&workspace.folder("base"), &original);
    let config_path = adapter.join("adapter_config.json");
    let mut config: serde_json::Value = serde_json::from_slice(&std::fs::read(&config_path).unwrap()).unwrap();
    config["base_model_name_or_path"] = "lorafuse/sample-bnb-4bit".into();
    std::fs::write(&config_path, config.to_string()).unwrap();
    for (base, name) in [(packed, "packed"), (original, "packed-twin")] {
        let mut harness = open_window(machine(&workspace), Theme::Light, 1.0);
        drop_folders(&mut harness, std::slice::from_ref(&adapter));
        wait_until(&mut harness, "the look", |app| app.state.inspection.is_some());
        album.take(&mut harness, &format!("{name}-adapter-only"));
        drop_folders(&mut harness, &[base]);
        wait_until(&mut harness, "the estimates", |app| is_planned(app) && app.state.modules.scale.is_some());
        album.take(&mut harness, &format!("{name}-modules"));
        click(&mut harness, Role::RadioButton, "print(model)");
        album.take(&mut harness, &format!("{name}-printed"));
        click(&mut harness, Role::RadioButton, "Table");
        click(&mut harness, Role::Tab, "Merge");
        wait_until(&mut harness, "the survival", |app| is_planned(app) && is_estimated(app));
        album.take(&mut harness, &format!("{name}-plan"));
        album.take_tall(&mut harness, &format!("{name}-plan"));
        harness.state_mut().ask(MergeCommand::Start);
        wait_until(&mut harness, "the end of the merge", is_done);
        album.take(&mut harness, &format!("{name}-done"));
        click(&mut harness, Role::Tab, "Compare");
        album.take(&mut harness, &format!("{name}-compare-waiting"));
        // One text is enough: up to five models read it.
        drop_folders(&mut harness, &excerpts(&workspace)[..1]);
        wait_until(&mut harness, "the perplexities", is_measured);
        album.take(&mut harness, &format!("{name}-compare"));
        album.take_tall(&mut harness, &format!("{name}-compare"));
        click(&mut harness, Role::Tab, "Report");
        album.take(&mut harness, &format!("{name}-report"));
    }
}

/// An adapter that was trained on a wider model, and a folder that is none.
fn does_not_fit(album: &Album) {
    let workspace = Workspace::new();
    let modules: Vec<String> = (0..6)
        .flat_map(|layer| ["q_proj", "o_proj"].map(|name| format!("model.layers.{layer}.self_attn.{name}")))
        .collect();
    write_adapter(&workspace.folder("wider"), &modules, 512, 512);
    let mut harness = open_window(machine(&workspace), Theme::Light, 1.0);
    drop_folders(&mut harness, &[workspace.folder("base"), workspace.folder("wider")]);
    wait_until(&mut harness, "the diff", |app| app.state.inspection.is_some());
    album.take(&mut harness, "mismatch");

    let mut harness = open_window(machine(&workspace), Theme::Light, 1.0);
    harness.state_mut().ask(WellsCommand::EditPath(lorafuse::gui::WellKind::Base, "/data/models/gone".to_owned()));
    harness.state_mut().ask(WellsCommand::EnterPath(lorafuse::gui::WellKind::Base));
    wait_until(&mut harness, "the answer", |app| app.state.inspection.is_some());
    album.take(&mut harness, "problem");
}

/// A merge that takes long enough to be seen.
fn large_merge(album: &Album) {
    let workspace = Workspace::new();
    let (base, adapter) = (workspace.folder("llama-wide"), workspace.folder("llama-wide-chat-r4"));
    LargeModel { shards: 7, layers: 42, width: 2048 }.write(&base, &adapter);
    let mut harness = open_window(machine(&workspace), Theme::Light, 1.0);
    drop_folders(&mut harness, &[base, adapter]);
    wait_until(&mut harness, "the plan", is_planned);
    click(&mut harness, Role::Tab, "Merge");
    // A merge is over before all pictures of it are taken, so each has a merge of its own.
    for look in LOOKS.iter().filter(|look| album.wants(&format!("merge-running-{}", look.name))) {
        merge_until_the_third_shard(&mut harness);
        album.take_look(&mut harness, "merge-running", look);
        harness.state_mut().ask(MergeCommand::Cancel);
        wait_until(&mut harness, "the end of the merge", |app| is_planned(app) || is_done(app));
        // On a fast disk it may have been over before it was stopped.
        for rest in ["llama-wide-merged", "llama-wide-merged.partial"] {
            std::fs::remove_dir_all(workspace.folder(rest)).ok();
        }
        harness.state_mut().ask(MergeCommand::PlanAgain);
        harness.run_steps(2);
        wait_until(&mut harness, "the plan again", is_planned);
    }
    merge_until_the_third_shard(&mut harness);
    cancel(&mut harness);
    album.take(&mut harness, "merge-interrupted");
    harness.state_mut().ask(AppCommand::SwitchLanguage);
    album.take(&mut harness, "merge-interrupted-korean");
}

fn merge_until_the_third_shard(harness: &mut Harness<'_, LorafuseApp>) {
    harness.get_by_label("Merge, keep F32").click();
    wait_until(harness, "the third shard", |app| match &app.state.phase {
        Phase::Running(running) => running.tensors_done > 60,
        _ => false,
    });
}

fn cancel(harness: &mut Harness<'_, LorafuseApp>) {
    harness.get_by_label("Cancel").click();
    wait_until(harness, "the plan again", is_planned);
}

/// Long paths with Hangul in both normal forms, in Korean.
fn korean(album: &Album) {
    let workspace = Workspace::new();
    let long =
        workspace.home.path().join("연구실-공유폴더/2026-하반기/한국어-지시-조정-실험/모델과-어댑터/체크포인트-모음");
    let base = long.join("한국어-영어-베이스-모델-490만");
    let adapter = long.join("한국어-대화-오알피오-어댑터-랭크16".nfd().collect::<String>()).join("checkpoint-1800");
    copy_folder(&workspace.folder("base"), &base);
    copy_folder(&workspace.folder("adapter"), &adapter);
    let mut harness = open_window(machine(&workspace), Theme::Light, 1.0);
    harness.state_mut().ask(AppCommand::SwitchLanguage);
    wait_until(&mut harness, "the sample", |app| app.state.sample.is_some());
    album.take(&mut harness, "welcome-korean");
    drop_folders(&mut harness, &[base, adapter]);
    wait_until(&mut harness, "the plan", |app| is_planned(app) && is_estimated(app));
    click(&mut harness, Role::Tab, "병합");
    album.take(&mut harness, "merge-plan-korean");
    harness.state_mut().ask(MergeCommand::Start);
    wait_until(&mut harness, "the end of the merge", is_done);
    album.take(&mut harness, "merge-done-korean");
    click(&mut harness, Role::Tab, "모듈");
    album.take(&mut harness, "modules-korean");
    click(&mut harness, Role::Tab, "비교");
    show_measurement(&mut harness);
    album.take(&mut harness, "compare-measuring-korean");
    stop_measurement(&mut harness);
    drop_folders(&mut harness, &[sample("texts/three_sentences.txt")]);
    wait_until(&mut harness, "the perplexities", is_measured);
    album.take(&mut harness, "compare-korean");
    album.take_tall(&mut harness, "compare-korean");
    click(&mut harness, Role::Tab, "보고서");
    album.take(&mut harness, "report-korean");
    change_files(&mut harness, "다시 검증");
    album.take(&mut harness, "report-changed-korean");
}

/// Why 31 GB become 16 GB, and then 8 GB: models of headers and holes, judged without a merge.
fn three_sizes(album: &Album) {
    let workspace = Workspace::new();
    let folder = |name: &str| workspace.home.path().join("models").join(name);
    let [wide, narrow, packed] = ["llama-3-ko-8b", "llama-3-ko-8b-merged", "llama-3-ko-8b-merged-nf4"].map(folder);
    sparse_llama::plain(&wide, sparse_llama::VOCAB, "F32");
    sparse_llama::plain(&narrow, sparse_llama::VOCAB, "BF16");
    sparse_llama::quantised(&packed, sparse_llama::VOCAB, "F32");
    for (base, merged, name) in [(&wide, &narrow, "sizes-halved"), (&narrow, &packed, "sizes-packed")] {
        let mut harness = open_window(machine(&workspace), Theme::Light, 1.0);
        drop_folders(&mut harness, std::slice::from_ref(base));
        wait_until(&mut harness, "the base", |app| app.state.inspection.is_some());
        harness.state_mut().ask(WellsCommand::DropOn(lorafuse::gui::WellKind::Output, merged.clone()));
        wait_until(&mut harness, "the merged folder", is_done);
        // Holes of 49 GB are no proof of anything.
        harness.state_mut().ask(ReportCommand::CancelVerification);
        click(&mut harness, Role::Tab, "Compare");
        album.take(&mut harness, name);
    }
}
