//! What every test of the window does and asks.

use std::path::Path;

use egui::{Theme, accesskit::Role};
use egui_kittest::{
    Harness, SnapshotOptions,
    kittest::{NodeT as _, Queryable as _},
};
use lorafuse::gui::{AppCommand, JobKind, LorafuseApp, MergeCommand, Phase, Screen, WellKind, WellsCommand};

use crate::support::{Workspace, drop_folders, open_window, wait_until};

/// The window as tests of a result hold it.
pub type Window = Harness<'static, LorafuseApp>;

pub fn is_planned(app: &LorafuseApp) -> bool {
    matches!(app.state.phase, Phase::Planned(_))
}

pub fn is_done(app: &LorafuseApp) -> bool {
    matches!(app.state.phase, Phase::Done(_))
}

pub fn is_merged(app: &LorafuseApp) -> bool {
    app.state.finished().is_some_and(|done| done.made.is_some())
}

pub fn is_checked(app: &LorafuseApp) -> bool {
    app.state.finished().is_some_and(|done| done.verified.is_some()) && !app.state.jobs.is_running(JobKind::Verify)
}

/// A window with the sample in its wells.
pub fn planned(workspace: &Workspace) -> Window {
    let mut window = open_window(workspace.machine(), Theme::Light, 1.0);
    drop_folders(&mut window, &[workspace.folder("base"), workspace.folder("adapter")]);
    wait_until(&mut window, "the plan", is_planned);
    window
}

/// A window with the sample merged to bf16.
pub fn merged(workspace: &Workspace) -> Window {
    let mut window = planned(workspace);
    window.state_mut().ask(MergeCommand::ChooseDtype("bf16".parse().unwrap()));
    window.run_steps(2);
    wait_until(&mut window, "the plan for bf16", is_planned);
    window.state_mut().ask(MergeCommand::Start);
    wait_until(&mut window, "the merge", is_merged);
    window
}

pub fn enter_path(window: &mut Window, kind: WellKind, path: &Path) {
    window.state_mut().ask(WellsCommand::EditPath(kind, path.to_string_lossy().into_owned()));
    window.state_mut().ask(WellsCommand::EnterPath(kind));
    window.run_steps(1);
}

pub fn open_pair(harness: &mut Harness<'_, LorafuseApp>, workspace: &Workspace) {
    drop_folders(harness, &[workspace.folder("adapter"), workspace.folder("base")]);
    wait_until(harness, "the plan", is_planned);
}

pub fn show(harness: &mut Harness<'_, LorafuseApp>, screen: Screen) {
    harness.state_mut().ask(AppCommand::ShowScreen(screen));
    harness.run_steps(3);
}

/// Every text stands inside the window from left to right.
pub fn assert_within(harness: &Harness<'_, LorafuseApp>, width: f32) {
    let mut count = 0;
    for node in harness.query_all_by(|node| node.role() == Role::Label) {
        let rect = node.rect();
        assert!(rect.left() >= 0.0 && rect.right() <= width + 0.5, "{rect:?}: {:?}", node.accesskit_node().label());
        count += 1;
    }
    assert!(count > 10, "there is something on the screen");
}

/// The one blessed tolerance.
pub fn snapshot(harness: &mut Harness<'_, LorafuseApp>, name: &str) {
    let options = SnapshotOptions::new().threshold(1.0).max_failed_pixels(40_usize);
    harness.snapshot_options(name, &options);
}
