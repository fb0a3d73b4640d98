//! What every test of the window does and asks.

use egui::accesskit::Role;
use egui_kittest::{
    Harness, SnapshotOptions,
    kittest::{NodeT as _, Queryable as _},
};
use lorafuse::gui::{AppCommand, LorafuseApp, Phase, Screen};

use crate::support::{Workspace, drop_folders, wait_until};

pub fn is_planned(app: &LorafuseApp) -> bool {
    matches!(app.state.phase, Phase::Planned(_))
}

pub fn is_done(app: &LorafuseApp) -> bool {
    matches!(app.state.phase, Phase::Done(_))
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
