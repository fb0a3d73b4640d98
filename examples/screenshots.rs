//! Writes pictures of every screen into `screenshots/`: 1× and 2×, light and dark, a long path, Korean.
//!
//! `cargo run --example screenshots`

#![expect(
    clippy::unwrap_used,
    clippy::disallowed_methods,
    reason = "folders of its own, in which a failure may stop everything"
)]

#[path = "../tests/gui_support/mod.rs"]
mod gui_support;

use std::path::Path;

use egui::Theme;
use egui_kittest::Harness;
use gui_support::{Workspace, copy_folder, drop_folders, open_window, wait_until};
use lorafuse::gui::{Evaluation, Job, LorafuseApp, Machine, ModulesView, Screen, UiCommand};

fn main() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("screenshots");
    std::fs::create_dir_all(&folder).unwrap();
    for (theme, name) in [(Theme::Light, "light"), (Theme::Dark, "dark")] {
        for scale in [1.0, 2.0] {
            let suffix = if scale > 1.5 { "@2x" } else { "" };
            let save = |harness: &mut Harness<'_, LorafuseApp>, screen: &str| {
                let image = harness.render().unwrap();
                image.save(folder.join(format!("{screen}-{name}{suffix}.png"))).unwrap();
            };
            walk_through(theme, scale, save);
        }
    }
}

fn walk_through(theme: Theme, scale: f32, save: impl Fn(&mut Harness<'_, LorafuseApp>, &str)) {
    let workspace = Workspace::new();
    let machine = Machine { shows_measurements: true, ..workspace.machine() };
    let mut harness = open_window(machine.clone(), theme, scale);
    harness.run_steps(3);
    save(&mut harness, "1-welcome");
    drop_folders(&mut harness, &[workspace.folder("base"), workspace.folder("adapter")]);
    wait_until(&mut harness, "the plan", |app| matches!(app.state.job, Job::Planned(_)));
    save(&mut harness, "2-modules-before");
    show(&mut harness, UiCommand::ShowModulesAs(ModulesView::Printed));
    save(&mut harness, "2-modules-printed");
    show(&mut harness, UiCommand::ShowModulesAs(ModulesView::Table));
    show(&mut harness, UiCommand::ShowScreen(Screen::Merge));
    show(&mut harness, UiCommand::ChooseDtype("bf16".parse().unwrap()));
    wait_until(&mut harness, "the plan", |app| matches!(app.state.job, Job::Planned(_)));
    save(&mut harness, "3-merge-plan");
    harness.state_mut().ask(UiCommand::StartMerge);
    harness.run_steps(2);
    save(&mut harness, "3-merge-running");
    wait_until(&mut harness, "the end", |app| matches!(app.state.job, Job::Done(_)));
    save(&mut harness, "3-merge-done");
    // Scoring takes a while, so the large pictures do with three sentences.
    let texts: &[&str] =
        if scale < 1.5 { &["english_plays", "korean_chat", "korean_reviews"] } else { &["three_sentences"] };
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("assets/sample/texts");
    let texts = texts.iter().map(|name| folder.join(format!("{name}.txt"))).collect();
    show(&mut harness, UiCommand::MeasurePerplexity(texts));
    wait_until(&mut harness, "the perplexities", |app| {
        app.state.finished().is_some_and(|done| !matches!(done.evaluation, Evaluation::Running(_)))
    });
    for (screen, name) in [(Screen::Modules, "2-modules"), (Screen::Compare, "4-compare"), (Screen::Report, "5-report")]
    {
        show(&mut harness, UiCommand::ShowScreen(screen));
        save(&mut harness, name);
    }

    // A long path with Korean in it, in Korean.
    let long = workspace.home.path().join("연구실-공유폴더/2026-하반기/한국어-지시-조정-실험/모델/체크포인트-모음");
    copy_folder(&workspace.folder("base"), &long.join("한국어-영어-베이스"));
    copy_folder(&workspace.folder("adapter"), &long.join("checkpoint-1800"));
    let mut harness = open_window(machine, theme, scale);
    show(&mut harness, UiCommand::SwitchLanguage);
    drop_folders(&mut harness, &[long.join("한국어-영어-베이스"), long.join("checkpoint-1800")]);
    wait_until(&mut harness, "the plan", |app| matches!(app.state.job, Job::Planned(_)));
    save(&mut harness, "7-korean-modules");
    show(&mut harness, UiCommand::ShowScreen(Screen::Merge));
    save(&mut harness, "7-korean-merge");
}

fn show(harness: &mut Harness<'_, LorafuseApp>, command: UiCommand) {
    harness.state_mut().ask(command);
    harness.run_steps(3);
}
