//! A language that is a third longer than English, on every screen: whatever its words are, no language is cut off.

use egui::{Rect, Shape, Theme, Vec2, epaint::ClippedShape, vec2};
use egui_kittest::Harness;
use lorafuse::gui::{
    CompareCommand, Language, LorafuseApp, MergeCommand, MergeFailure, ModulesCommand, ModulesView, PaletteCommand,
    Phase, Problem, Screen, Slot, WellKind, WellsCommand,
};

use crate::{
    steps::{is_done, is_planned, open_pair, show},
    support::{
        USUAL_SIZE, Workspace, drop_folders, large_model::write_adapter, measuring::show_measurement, open_window,
        sample, wait_until,
    },
};

type Window = Harness<'static, LorafuseApp>;

/// The sizes that a window has at first and at least.
const SIZES: [Vec2; 2] = [USUAL_SIZE, vec2(900.0, 600.0)];

/// Letters that only the pseudo-language has: names, paths and what others wrote may be cut off.
const ACCENTED: [char; 10] = ['á', 'é', 'í', 'ó', 'ú', 'Á', 'É', 'Í', 'Ó', 'Ú'];

fn pseudo_window(workspace: &Workspace) -> Window {
    let mut window = open_window(workspace.machine(), Theme::Light, 1.0);
    window.state_mut().state.language = Language::Pseudo;
    window.run_steps(2);
    window
}

/// The texts of our own that end in an ellipsis, or reach beyond the area that is painted.
fn cut_off(shapes: &[ClippedShape]) -> (usize, Vec<String>) {
    let (mut count, mut cut) = (0, Vec::new());
    for clipped in shapes {
        visit(&clipped.shape, clipped.clip_rect, &mut count, &mut cut);
    }
    (count, cut)
}

fn visit(shape: &Shape, clip: Rect, count: &mut usize, cut: &mut Vec<String>) {
    match shape {
        Shape::Vec(shapes) => shapes.iter().for_each(|shape| visit(shape, clip, count, cut)),
        Shape::Text(text) if text.galley.text().contains(ACCENTED) => {
            let rect = text.visual_bounding_rect();
            // Above and below, lists scroll.
            let is_beside = rect.left() < clip.left() - 1.0 || rect.right() > clip.right() + 1.0;
            *count += 1;
            if text.galley.elided || (is_beside && rect.intersects(clip)) {
                cut.push(text.galley.text().to_owned());
            }
        }
        _ => {}
    }
}

/// Looks at what is on the screen, in every size, and remembers what is cut off.
fn look(window: &mut Window, screen: &str, found: &mut Vec<String>) {
    for size in SIZES {
        window.set_size(size);
        window.run_steps(3);
        let (count, cut) = cut_off(&window.output().shapes);
        assert!(count > 10, "{screen}: only {count} texts");
        found.extend(cut.into_iter().map(|text| format!("{screen}, {} wide: {text}", size.x)));
    }
}

fn assert_none(found: &[String]) {
    assert!(found.is_empty(), "{} texts are cut off:\n{}", found.len(), found.join("\n"));
}

#[test]
fn no_text_is_cut_off_on_the_way_to_a_proven_merge() {
    let workspace = Workspace::new();
    let mut window = pseudo_window(&workspace);
    let mut found = Vec::new();
    wait_until(&mut window, "the sample's headers", |app| app.state.sample.is_some());
    look(&mut window, "welcome", &mut found);
    window.state_mut().ask(PaletteCommand::Show(true));
    look(&mut window, "palette", &mut found);
    window.state_mut().ask(PaletteCommand::Show(false));

    open_pair(&mut window, &workspace);
    look(&mut window, "modules", &mut found);
    window.state_mut().ask(ModulesCommand::ShowAs(ModulesView::Printed));
    look(&mut window, "printed", &mut found);
    window.state_mut().ask(ModulesCommand::ShowAs(ModulesView::Table));
    show(&mut window, Screen::Merge);
    wait_until(&mut window, "the survival", |app| matches!(app.state.survival, Some(Ok(_))));
    look(&mut window, "plan", &mut found);
    window.state_mut().ask(MergeCommand::ChooseDtype("bf16".parse().unwrap()));
    window.run_steps(2);
    wait_until(&mut window, "the plan for bf16", is_planned);
    look(&mut window, "plan for bf16", &mut found);
    window.state_mut().ask(MergeCommand::Start);
    window.run_steps(1);
    look(&mut window, "running", &mut found);
    wait_until(&mut window, "the end of the merge", is_done);
    for screen in Screen::ALL {
        show(&mut window, screen);
        look(&mut window, &format!("{screen:?}, merged"), &mut found);
    }
    show(&mut window, Screen::Compare);
    show_measurement(&mut window);
    look(&mut window, "measuring", &mut found);
    window.state_mut().ask(CompareCommand::CancelMeasurement);
    window.run_steps(3);
    drop_folders(&mut window, &[sample("texts/three_sentences.txt")]);
    let is_measured = |app: &LorafuseApp| app.state.finished().is_some_and(|done| done.measured().is_some());
    wait_until(&mut window, "the perplexities", is_measured);
    look(&mut window, "measured", &mut found);
    assert_none(&found);
}

#[test]
fn no_text_is_cut_off_where_something_is_wrong() {
    let workspace = Workspace::new();
    let mut found = Vec::new();
    let mut window = pseudo_window(&workspace);
    let nowhere = workspace.folder("nowhere").to_string_lossy().into_owned();
    window.state_mut().ask(WellsCommand::EditPath(WellKind::Base, nowhere));
    window.state_mut().ask(WellsCommand::EnterPath(WellKind::Base));
    window.run_steps(1);
    wait_until(&mut window, "the problem", |app| {
        app.state.inspection.as_ref().is_some_and(|inspection| matches!(inspection.base, Slot::Failed(_)))
    });
    look(&mut window, "no such folder", &mut found);

    let mut window = pseudo_window(&workspace);
    let modules = ["model.layers.0.self_attn.q_proj", "model.layers.77.mlp.up_proj"].map(str::to_owned);
    write_adapter(&workspace.folder("wide"), &modules, 512, 512);
    drop_folders(&mut window, &[workspace.folder("base"), workspace.folder("wide")]);
    wait_until(&mut window, "the misfits", |app| {
        app.state.inspection.as_ref().is_some_and(|inspection| !inspection.misfits.is_empty())
    });
    look(&mut window, "mismatch", &mut found);

    let mut window = pseudo_window(&workspace);
    open_pair(&mut window, &workspace);
    show(&mut window, Screen::Merge);
    let error = lorafuse::merge::MergeError::DiskFull { needed: 9_000_000, free: 1_000, path: "/data/models".into() };
    window.state_mut().state.phase =
        Phase::Failed(MergeFailure { problem: Problem::of(&error), left_behind: Some(Vec::new()) });
    look(&mut window, "failed", &mut found);
    assert_none(&found);
}
