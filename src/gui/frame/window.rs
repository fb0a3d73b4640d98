//! Paints the window: header with the wells, navigation, the screen, status line.

use egui::{Rect, Stroke, Ui, UiBuilder, pos2};

use super::{
    closing_question::closing_question_ui,
    navigation::navigation_ui,
    status_bar::{drop_hint_ui, status_bar_ui},
    wells::{header::header_ui, trouble::troubles_ui},
};
use crate::gui::{
    app::{
        closing::Closing,
        command::Command,
        screen::Screen,
        state::{AppState, Phase},
    },
    design::tokens::{Colors, grid},
    screens::{
        compare::screen::compare_ui,
        merge::{
            done::{merge_done_ui, merge_failed_ui},
            plan::merge_plan_ui,
            progress::merge_running_ui,
        },
        mismatch::screen::{mismatch_ui, problems_ui},
        modules::{printed::printed_ui, screen::modules_ui, state::ModulesView},
        palette::screen::palette_ui,
        report::screen::report_ui,
        welcome::screen::welcome_ui,
    },
};

/// The whole window.
pub(in crate::gui) fn window_ui(ui: &mut Ui, state: &AppState, commands: &mut Vec<Command>) {
    let colors = Colors::of(ui);
    let full = ui.max_rect();
    ui.painter().rect_filled(full, 0.0, colors.app);
    let header = Rect::from_min_max(full.min, pos2(full.right(), full.top() + grid::HEADER));
    let status = Rect::from_min_max(pos2(full.left(), full.bottom() - grid::STATUS), full.max);
    let navigation = Rect::from_min_max(header.left_bottom(), pos2(full.left() + grid::NAVIGATION, status.top()));
    let content = Rect::from_min_max(navigation.right_top(), status.right_top());
    let stroke = Stroke::new(1.0, colors.stroke);
    ui.painter().hline(full.x_range(), header.bottom() - 0.5, stroke);
    ui.painter().hline(full.x_range(), status.top() + 0.5, stroke);
    ui.painter().vline(navigation.right() - 0.5, navigation.y_range(), stroke);

    area_ui(ui, "header", header, |ui| header_ui(ui, header, state, commands));
    area_ui(ui, "navigation", navigation, |ui| navigation_ui(ui, navigation, state, commands));
    let screen = capped(content);
    area_ui(ui, "content", screen, |ui| {
        let rest = troubles_ui(ui, screen, state, commands);
        area_ui(ui, "screen", rest, |ui| screen_ui(ui, state, commands));
    });
    area_ui(ui, "status", status, |ui| status_bar_ui(ui, status, state));
    if let Some(search) = &state.palette {
        palette_ui(ui, full, state, search, commands);
    }
    if state.hover.is_some() {
        // The wells above it say which of them will take it.
        drop_hint_ui(ui, content, state.words());
    }
    if state.closing != Closing::No {
        closing_question_ui(ui, full, state, commands);
    }
}

/// The middle of `content`, no wider than a screen is read.
fn capped(content: Rect) -> Rect {
    let margin = ((content.width() - grid::CONTENT) / 2.0).max(0.0).round();
    content.shrink2(egui::vec2(margin, 0.0))
}

fn screen_ui(ui: &mut Ui, state: &AppState, commands: &mut Vec<Command>) {
    if state.is_welcome() {
        return welcome_ui(ui, state, commands);
    }
    match (state.screen, &state.phase) {
        (Screen::Merge, Phase::Running(running)) => merge_running_ui(ui, state, running, commands),
        (Screen::Merge, Phase::Done(done)) if done.made.is_some() => {
            merge_done_ui(ui, state, done, commands);
        }
        (Screen::Merge, Phase::Failed(failure)) => merge_failed_ui(ui, state, failure, commands),
        // A folder that was opened as it is has no merge to show: it is judged.
        (Screen::Merge | Screen::Report, Phase::Done(done)) => report_ui(ui, state, done, commands),
        (Screen::Merge, _) => merge_plan_ui(ui, state, commands),
        (Screen::Compare, Phase::Done(done)) => compare_ui(ui, state, done, commands),
        // A result that is gone (its inputs changed) has no screen of its own.
        (Screen::Modules | Screen::Compare | Screen::Report, _) => modules_screen_ui(ui, state, commands),
    }
}

fn modules_screen_ui(ui: &mut Ui, state: &AppState, commands: &mut Vec<Command>) {
    let Some(inspection) = &state.inspection else { return };
    if !inspection.misfits.is_empty() {
        mismatch_ui(ui, state, inspection, commands);
    } else if inspection.tree.is_none() {
        problems_ui(ui, state, inspection, commands);
    } else if state.modules.view == ModulesView::Printed {
        printed_ui(ui, state, commands);
    } else {
        modules_ui(ui, state, inspection, commands);
    }
}

/// A child that paints in `rect` and nowhere else.
fn area_ui(ui: &mut Ui, name: &str, rect: Rect, add: impl FnOnce(&mut Ui)) {
    ui.scope_builder(UiBuilder::new().id_salt(name).max_rect(rect), |ui| {
        ui.set_clip_rect(rect.intersect(ui.clip_rect()));
        add(ui);
    });
}
