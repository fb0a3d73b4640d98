//! A Korean window speaks Korean: its screens are walked through, and no English sentence may be left on any of them.

use std::{path::Path, sync::Arc, time::Duration};

use egui::{Theme, accesskit::Role};
use egui_kittest::{
    Harness, SnapshotResults,
    kittest::{NodeT as _, Queryable as _},
};
use lorafuse::{
    adapter::Adapter,
    checkpoint::Checkpoint,
    gui::{
        AppCommand, AppState, JobKind, LorafuseApp, Machine, MergeCommand, MergeFailure, Phase, Problem, RunEvent,
        Running, Screen, Slot, WellKind, WellsCommand,
    },
    job::{JobContext, JobWarning, Stage},
    merge::device::{DeviceReason, TileCount, TrialTimes},
    plan::MergePlan,
};

use crate::{
    steps::{is_planned, show, snapshot},
    support::{
        Workspace, click, copy_folder, drop_folders, large_model::write_adapter, open_window, sample, wait_until,
    },
};

type Window = Harness<'static, LorafuseApp>;

/// The smallest window has the least room.
const SMALLEST: egui::Vec2 = egui::vec2(900.0, 600.0);

/// Names of things, which have no Korean.
const NAMES: [&str; 3] = ["Show in English", "Hugging Face", "Git LFS"];

/// A Korean window, as small as it gets.
fn korean_window(workspace: &Workspace) -> Window {
    let mut window = open_window(workspace.machine(), Theme::Light, 1.0);
    window.set_size(SMALLEST);
    window.state_mut().ask(AppCommand::SwitchLanguage);
    window.run_steps(3);
    window
}

/// The first two words of English that stand side by side.
fn english_in(text: &str) -> Option<String> {
    let text = NAMES.iter().fold(text.to_owned(), |text, name| text.replace(name, ""));
    let is_word = |word: &&str| {
        let word = word.trim_matches(|letter: char| ".,:;()".contains(letter));
        let rest = word.get(1..).unwrap_or_default();
        let is_first_letter = word.starts_with(|letter: char| letter.is_ascii_alphabetic());
        is_first_letter && !rest.is_empty() && rest.chars().all(|letter| letter.is_ascii_lowercase())
    };
    let words: Vec<&str> = text.split_whitespace().collect();
    words.windows(2).find(|pair| pair.iter().all(is_word)).map(|pair| pair.join(" "))
}

/// Every text of the screen is Korean and stands inside the window from left to right.
fn assert_speaks_korean(window: &Window, screen: &str) {
    let mut korean_count = 0;
    for node in window.query_all_by(|_| true) {
        // A label's text is its value.
        let texts = [node.accesskit_node().label(), node.accesskit_node().value()];
        let text = texts.into_iter().flatten().collect::<Vec<_>>().join("\n");
        assert_eq!(english_in(&text), None, "{screen}: {text}");
        korean_count += usize::from(text.chars().any(|letter| ('가'..='힣').contains(&letter)));
    }
    assert!(korean_count > 15, "{screen}: only {korean_count} texts are Korean");
    for node in window.query_all_by(|node| node.role() == Role::Label) {
        let (rect, width) = (node.rect(), window.ctx.content_rect().width());
        let is_within = rect.left() >= 0.0 && rect.right() <= width + 0.5;
        assert!(is_within, "{screen}: {rect:?}: {:?}", node.accesskit_node().label());
    }
}

fn enter_path(window: &mut Window, kind: WellKind, path: &Path) {
    window.state_mut().ask(WellsCommand::EditPath(kind, path.to_string_lossy().into_owned()));
    window.state_mut().ask(WellsCommand::EnterPath(kind));
    window.run_steps(1);
}

/// An adapter for a base of another name, with keys and tensors that are worth a remark each.
fn write_remarkable_adapter(folder: &Path) {
    write_adapter(folder, &["model.language_model.layers.0.self_attn.q_proj".to_owned()], 256, 256);
    let path = folder.join("adapter_config.json");
    let config = std::fs::read_to_string(&path).unwrap();
    let named = config.replace("someone/else", "org/Other-1B-bnb-4bit");
    let more = "{\"future_option\": 3, \"task_type\": \"SEQ_CLS\",";
    std::fs::write(&path, named.replacen('{', more, 1)).unwrap();
}

#[test]
fn a_plan_and_its_warnings_are_korean() {
    let workspace = Workspace::new();
    let mut window = korean_window(&workspace);
    wait_until(&mut window, "the sample's headers", |app| app.state.sample.is_some());
    assert_speaks_korean(&window, "welcome");
    write_remarkable_adapter(&workspace.folder("other"));
    drop_folders(&mut window, &[workspace.folder("base"), workspace.folder("other")]);
    wait_until(&mut window, "the plan", is_planned);
    assert_speaks_korean(&window, "modules");
    click(&mut window, Role::Tab, "병합");
    wait_until(&mut window, "the survival", |app| matches!(app.state.survival, Some(Ok(_))));
    assert_speaks_korean(&window, "plan");
    for part in ["`model.language_model.`", "`org/Other-1B-bnb-4bit`", "future_option", "SEQ_CLS"] {
        let plain = part.replace('`', "");
        assert!(window.query_all_by_label_contains(&plain).next().is_some(), "no remark on {part}");
    }
    window.set_size(egui::vec2(SMALLEST.x, 1200.0));
    window.run_steps(3);
    let free = window.get_by_label_contains("비어 있습니다").rect();
    window.mask(egui::Rect::from_min_size(free.min, egui::vec2(250.0, free.height())).expand(2.0));
    snapshot(&mut window, "warnings_korean_narrow");
}

#[test]
fn what_does_not_open_or_fit_is_said_in_korean() {
    let workspace = Workspace::new();
    let mut results = SnapshotResults::new();
    let mut window = korean_window(&workspace);
    let poly = workspace.folder("poly");
    copy_folder(&workspace.folder("adapter"), &poly);
    std::fs::write(poly.join("adapter_config.json"), "{\"peft_type\": \"POLY\"}").unwrap();
    enter_path(&mut window, WellKind::Base, &workspace.folder("없는 폴더"));
    enter_path(&mut window, WellKind::Adapter, &poly);
    let failed = |app: &LorafuseApp| {
        let inspection = app.state.inspection.as_ref();
        inspection.is_some_and(|it| matches!((&it.base, &it.adapter), (Slot::Failed(_), Slot::Failed(_))))
    };
    wait_until(&mut window, "both problems", failed);
    assert_speaks_korean(&window, "problems");
    assert!(window.query_all_by_label_contains("Poly 방식(peft_type POLY)은").next().is_some());
    snapshot(&mut window, "problems_korean_narrow");

    // Said in English at once, though it was found out in a Korean window.
    window.state_mut().ask(AppCommand::SwitchLanguage);
    window.run_steps(3);
    assert!(window.query_all_by_label("There is no such folder").next().is_some());
    results.extend_harness(&mut window);

    let mut window = korean_window(&workspace);
    let modules = ["model.layers.0.self_attn.q_proj", "model.visual.blocks.0.attn.qkv", "model.layers.77.mlp.up_proj"];
    write_adapter(&workspace.folder("wide"), &modules.map(str::to_owned), 512, 512);
    drop_folders(&mut window, &[workspace.folder("base"), workspace.folder("wide")]);
    let is_misfit =
        |app: &LorafuseApp| app.state.inspection.as_ref().is_some_and(|inspection| !inspection.misfits.is_empty());
    wait_until(&mut window, "the misfits", is_misfit);
    assert_speaks_korean(&window, "mismatch");
    assert!(window.query_all_by_label_contains("512 × 512").next().is_some());
    snapshot(&mut window, "mismatch_korean_narrow");
    results.extend_harness(&mut window);
}

/// Folders that people really give, each with what the window says of it.
#[test]
fn every_folder_that_does_not_open_is_explained_in_korean() {
    let workspace = Workspace::new();
    let mut window = korean_window(&workspace);
    let (empty, cut, no_weights) =
        (workspace.folder("empty"), workspace.folder("cut"), workspace.folder("config-only"));
    std::fs::create_dir(&empty).unwrap();
    copy_folder(&workspace.folder("base"), &cut);
    let weights = cut.join("model-00002-of-00004.safetensors");
    let len = std::fs::metadata(&weights).unwrap().len();
    std::fs::OpenOptions::new().write(true).open(&weights).unwrap().set_len(len - 100).unwrap();
    std::fs::create_dir(&no_weights).unwrap();
    std::fs::copy(workspace.folder("base/config.json"), no_weights.join("config.json")).unwrap();
    for folder in [&empty, &cut, &no_weights, &workspace.folder("adapter"), &workspace.folder("base/config.json")] {
        enter_path(&mut window, WellKind::Base, folder);
        let failed = |app: &LorafuseApp| {
            !matches!(app.state.phase, Phase::Opening)
                && app.state.inspection.as_ref().is_some_and(|it| matches!(it.base, Slot::Failed(_)))
        };
        wait_until(&mut window, "the problem", failed);
        assert_speaks_korean(&window, &folder.display().to_string());
        assert!(Checkpoint::open(folder).is_err());
    }
    enter_path(&mut window, WellKind::Base, &workspace.folder("base"));
    for folder in [&empty, &workspace.folder("base"), &no_weights] {
        enter_path(&mut window, WellKind::Adapter, folder);
        let failed = |app: &LorafuseApp| {
            !matches!(app.state.phase, Phase::Opening)
                && app.state.inspection.as_ref().is_some_and(|it| matches!(it.adapter, Slot::Failed(_)))
        };
        wait_until(&mut window, "the problem", failed);
        assert_speaks_korean(&window, &folder.display().to_string());
        assert!(Adapter::open(folder).is_err());
    }
}

#[test]
fn a_plan_that_is_refused_is_korean() {
    let workspace = Workspace::new();
    let mut window = korean_window(&workspace);
    let taken = workspace.folder("taken");
    std::fs::create_dir(&taken).unwrap();
    std::fs::write(taken.join("precious.txt"), "x").unwrap();
    drop_folders(&mut window, &[workspace.folder("base"), workspace.folder("adapter")]);
    wait_until(&mut window, "the plan", is_planned);
    for output in [&taken, &workspace.folder("base/inside")] {
        enter_path(&mut window, WellKind::Output, output);
        let refused = |app: &LorafuseApp| {
            !matches!(app.state.phase, Phase::Opening)
                && app.state.inspection.as_ref().is_some_and(|it| matches!(it.plan, Some(Err(_))))
        };
        wait_until(&mut window, "the refusal", refused);
        for screen in [Screen::Modules, Screen::Merge] {
            show(&mut window, screen);
            assert_speaks_korean(&window, &format!("{screen:?} for {}", output.display()));
        }
    }
}

#[test]
fn a_running_and_a_failed_merge_are_korean() {
    let workspace = Workspace::new();
    let mut window = korean_window(&workspace);
    drop_folders(&mut window, &[workspace.folder("base"), workspace.folder("adapter")]);
    wait_until(&mut window, "the plan", is_planned);
    let Phase::Planned(plan) = &window.state().state.phase else { unreachable!() };
    let plan: Arc<MergePlan> = Arc::clone(plan);
    let ctx = window.ctx.clone();
    let (tell, told) = crossbeam_channel::bounded(RunEvent::MOST_TOLD);
    let times = TrialTimes { cpu_tile_ms: 3.06, gpu_tile_ms: 4.0 };
    tell.send(RunEvent::DeviceChosen(DeviceReason::tried("A100, Vulkan".to_owned(), times))).unwrap();
    tell.send(RunEvent::TilesCounted(TileCount { gpu_count: 1_024, cpu_count: 12 })).unwrap();
    let mut running = Running::new(plan, told);
    let lost = RunEvent::Warned(JobWarning::DeviceLost { device: "A100, Vulkan".to_owned() });
    running.events = vec![(Duration::from_secs(3), lost)];
    let state = &mut window.state_mut().state;
    state.phase = Phase::Running(Box::new(running));
    let merge = |job: &JobContext| {
        job.start_stage(Stage::Merging, 20_000_000);
        held()
    };
    state.jobs.start(JobKind::Merge, &ctx, merge, ignore);
    show(&mut window, Screen::Merge);
    window.run_steps(3);
    assert_speaks_korean(&window, "running");
    window.get_by_label_contains("CPU: 타일당 3.1 ms (A100, Vulkan 4.0 ms)");
    window.get_by_label_contains("타일 1,024개는 GPU에서, 12개는 CPU에서");
    window.get_by_label_contains("응답을 멈췄습니다");

    let error = lorafuse::merge::MergeError::DiskFull { needed: 9_000_000, free: 1_000, path: "/data/models".into() };
    window.state_mut().state.phase =
        Phase::Failed(MergeFailure { problem: Problem::of(&error), left_behind: Some(Vec::new()) });
    window.run_steps(3);
    assert_speaks_korean(&window, "failed");
    window.get_by_label_contains("디스크 공간이 모자랍니다");
}

#[test]
fn a_result_is_korean_and_so_is_what_is_wrong_with_one() {
    let workspace = Workspace::new();
    let mut window = korean_window(&workspace);
    drop_folders(&mut window, &[workspace.folder("base"), workspace.folder("adapter")]);
    wait_until(&mut window, "the plan", is_planned);
    window.state_mut().ask(MergeCommand::Start);
    wait_until(&mut window, "the merge", |app| app.state.finished().is_some());
    for screen in Screen::ALL {
        show(&mut window, screen);
        assert_speaks_korean(&window, &format!("{screen:?}, merged"));
    }
    show(&mut window, Screen::Compare);
    drop_folders(&mut window, &[sample("texts/three_sentences.txt")]);
    let is_measured = |app: &LorafuseApp| app.state.finished().is_some_and(|done| done.measured().is_some());
    wait_until(&mut window, "the perplexities", is_measured);
    window.set_size(egui::vec2(SMALLEST.x, 2400.0));
    window.run_steps(3);
    assert_speaks_korean(&window, "measured");
    window.get_by_label_contains("토크나이저의 BOS는 한 번만");
    let nothing = workspace.folder("nothing.txt");
    std::fs::write(&nothing, "").unwrap();
    drop_folders(&mut window, &[nothing]);
    wait_until(&mut window, "the refusal", |app| {
        app.state.finished().is_some_and(|done| matches!(done.evaluation, Some(Err(_))))
    });
    assert_speaks_korean(&window, "not measured");

    // Damaged in several ways at once: each remark is Korean.
    let theirs = workspace.home.path().join("theirs");
    copy_folder(&workspace.folder("base-merged"), &theirs);
    std::fs::remove_file(theirs.join("tokenizer.json")).unwrap();
    let config_path = theirs.join("config.json");
    let config = std::fs::read_to_string(&config_path).unwrap();
    let config = config
        .replacen('{', "{\"_name_or_path\": \"../base\",", 1)
        .replace("\"intermediate_size\": ", "\"intermediate_size\": 1");
    std::fs::write(&config_path, config).unwrap();
    std::fs::write(theirs.join("SHA256SUMS"), "zzzz\n").unwrap();
    // A process of its own would answer in its own words, which are English.
    let mut window = open_window(Machine { program: None, ..workspace.machine() }, Theme::Light, 1.0);
    window.state_mut().ask(AppCommand::SwitchLanguage);
    for folder in [&theirs, &workspace.folder("cut")] {
        if !folder.exists() {
            copy_folder(&theirs, folder);
            let weights = folder.join("model-00002-of-00004.safetensors");
            std::fs::OpenOptions::new().write(true).open(weights).unwrap().set_len(1_000).unwrap();
        }
        window.set_size(egui::vec2(SMALLEST.x, 1400.0));
        enter_path(&mut window, WellKind::Output, folder);
        wait_until(&mut window, "the answer", |app| {
            let is_checked = app.state.finished().is_some_and(|done| done.verified.is_some())
                && !app.state.jobs.is_running(JobKind::Verify);
            let is_of_this = app.state.finished().is_some_and(|done| done.provenance.merged == *folder);
            (is_checked && is_of_this) || app.state.notice.is_some()
        });
        assert_speaks_korean(&window, &folder.display().to_string());
    }
}

/// Work that never comes to an end; its thread ends with the test.
fn held() -> Result<(), Problem> {
    loop {
        std::thread::park();
    }
}

fn ignore(_: &mut AppState, _: &egui::Context, _: Result<(), Problem>) {}
