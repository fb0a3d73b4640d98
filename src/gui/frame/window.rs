//! Paints the window: header with the wells, navigation, the screen, status line.

use egui::{CentralPanel, Frame, Margin, Panel, UiBuilder, Vec2};

use super::{
    closing_question::closing_question_ui,
    navigation::navigation_ui,
    status_bar::{drop_hint_ui, status_bar_ui},
    wells::{header::header_ui, trouble::troubles_ui},
};
use crate::gui::{
    app::{closing::Closing, state::Phase},
    prelude::*,
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
    let full = ui.max_rect();
    ui.painter().rect_filled(full, 0.0, Colors::of(ui).app);
    ui.spacing_mut().item_spacing = Vec2::ZERO;
    let edge = |panel: Panel, size: f32, margin: Margin| {
        panel.exact_size(size).resizable(false).frame(Frame::new().inner_margin(margin))
    };
    let header = edge(Panel::top("header"), grid::HEADER, Margin::symmetric(16, 12));
    header.show(ui, |ui| header_ui(ui, state, commands));
    let status = edge(Panel::bottom("status"), grid::STATUS, Margin::symmetric(16, 0));
    status.show(ui, |ui| status_bar_ui(ui, state));
    let navigation = edge(Panel::left("navigation"), grid::NAVIGATION, Margin { bottom: 4, ..Margin::symmetric(6, 8) });
    navigation.show(ui, |ui| navigation_ui(ui, state, commands));
    let content = ui.available_rect_before_wrap();
    CentralPanel::default().frame(Frame::NONE).show(ui, |ui| {
        centered_ui(ui, grid::CONTENT, 0.0, |ui| {
            troubles_ui(ui, state, commands);
            let rest = UiBuilder::new().id_salt("screen").max_rect(ui.available_rect_before_wrap());
            ui.scope_builder(rest, |ui| screen_ui(ui, state, commands));
        });
    });
    if let Some(search) = &state.palette {
        palette_ui(ui, full, state, search, commands);
    }
    if state.hover.is_some() {
        // The wells above it say which of them will take it.
        drop_hint_ui(ui, content, state.words());
    }
    if state.closing != Closing::No {
        closing_question_ui(ui, state, commands);
    }
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
