//! Paints the window: header with the wells, navigation, the screen, status line.

use egui::{Rect, Stroke, Ui, UiBuilder, pos2};

use super::{
    command::UiCommand,
    panel,
    state::{AppState, Job, ModulesView, Screen},
    tokens::{Palette, grid},
};

/// The whole window.
pub(super) fn window_ui(ui: &mut Ui, state: &AppState, commands: &mut Vec<UiCommand>) {
    let palette = Palette::of(ui);
    let full = ui.max_rect();
    ui.painter().rect_filled(full, 0.0, palette.app);
    let header = Rect::from_min_max(full.min, pos2(full.right(), full.top() + grid::HEADER));
    let status = Rect::from_min_max(pos2(full.left(), full.bottom() - grid::STATUS), full.max);
    let navigation = Rect::from_min_max(header.left_bottom(), pos2(full.left() + grid::NAVIGATION, status.top()));
    let content = Rect::from_min_max(navigation.right_top(), status.right_top());
    let stroke = Stroke::new(1.0, palette.stroke);
    ui.painter().hline(full.x_range(), header.bottom() - 0.5, stroke);
    ui.painter().hline(full.x_range(), status.top() + 0.5, stroke);
    ui.painter().vline(navigation.right() - 0.5, navigation.y_range(), stroke);

    area_ui(ui, "header", header, |ui| panel::header_ui(ui, header, state, commands));
    area_ui(ui, "navigation", navigation, |ui| panel::navigation_ui(ui, navigation, state, commands));
    area_ui(ui, "content", content, |ui| screen_ui(ui, content, state, commands));
    area_ui(ui, "status", status, |ui| panel::status_bar_ui(ui, status, state));
    if let Some(palette) = &state.palette {
        panel::palette_ui(ui, full, state, palette, commands);
    }
    if state.is_drop_hovering {
        panel::drop_hint_ui(ui, full, state.words());
    }
}

fn screen_ui(ui: &mut Ui, rect: Rect, state: &AppState, commands: &mut Vec<UiCommand>) {
    if state.is_welcome() {
        return panel::welcome_ui(ui, rect, state, commands);
    }
    match (state.screen, &state.job) {
        (Screen::Merge, Job::Running(running)) => panel::merge_running_ui(ui, rect, state, running, commands),
        (Screen::Merge, Job::Done(done)) if done.made.is_some() => {
            panel::merge_done_ui(ui, rect, state, done, commands);
        }
        (Screen::Merge, Job::Failed(problem)) => panel::merge_failed_ui(ui, rect, state, problem, commands),
        // A folder that was opened as it is has no merge to show: it is judged.
        (Screen::Merge | Screen::Report, Job::Done(done)) => panel::report_ui(ui, rect, state, done, commands),
        (Screen::Merge, _) => panel::merge_plan_ui(ui, rect, state, commands),
        (Screen::Compare, Job::Done(done)) => panel::compare_ui(ui, rect, state, done, commands),
        // A result that is gone (its inputs changed) has no screen of its own.
        (Screen::Modules | Screen::Compare | Screen::Report, _) => modules_ui(ui, rect, state, commands),
    }
}

fn modules_ui(ui: &mut Ui, rect: Rect, state: &AppState, commands: &mut Vec<UiCommand>) {
    let Some(inspection) = &state.inspection else { return };
    if !inspection.misfits.is_empty() {
        panel::mismatch_ui(ui, rect, state, inspection, commands);
    } else if inspection.tree.is_none() {
        panel::problems_ui(ui, rect, state, inspection, commands);
    } else if state.modules.view == ModulesView::Printed {
        panel::printed_ui(ui, rect, state, commands);
    } else {
        panel::modules_ui(ui, rect, state, inspection, commands);
    }
}

/// A child that paints in `rect` and nowhere else.
fn area_ui(ui: &mut Ui, name: &str, rect: Rect, add: impl FnOnce(&mut Ui)) {
    ui.scope_builder(UiBuilder::new().id_salt(name).max_rect(rect), |ui| {
        ui.set_clip_rect(rect.intersect(ui.clip_rect()));
        add(ui);
    });
}
