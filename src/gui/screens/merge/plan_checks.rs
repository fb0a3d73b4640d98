//! The checks of a plan with their evidence, and where the work will happen.

use egui::{Rect, ScrollArea, Ui, UiBuilder, pos2, vec2};

use super::command::MergeCommand;
use crate::{
    gui::{
        app::{command::Command, state::AppState},
        design::{
            path_text::display_path,
            tokens::{Colors, Type, grid, space},
            widget::{Align, ButtonLook, Icon, hairline, icon_ui, panel_title_ui, prose_ui, text_ui},
        },
        frame::command_button::CommandButton,
        words::problem::Problem,
    },
    message::{Language, message},
    plan::{MergePlan, PreflightCheck},
    units,
};

/// Height of the line under the checks.
const CHECKS_FOOTER: f32 = 36.0;

/// Lowest the checks get before the whole column scrolls.
pub(in crate::gui) fn checks_height(plan: &MergePlan, is_refused: bool) -> f32 {
    let rows = (plan.checks.len() + usize::from(is_refused) + 1 + plan.warnings.len()).min(6) as f32;
    grid::PANEL_TITLE + rows * grid::LIST_ROW + CHECKS_FOOTER
}

/// The checks and warnings, with the check that failed where the output is refused; returns the line under them.
pub(in crate::gui) fn checks_ui(
    ui: &mut Ui,
    rect: Rect,
    plan: &MergePlan,
    refused: Option<&Problem>,
    state: &AppState,
) -> Rect {
    let colors = Colors::of(ui);
    let words = state.words();
    let measured = plan.checks.iter().filter(|check| check.is_measured()).count();
    let remark = words.say(&message!("passed-of", passed: measured, total: PreflightCheck::COUNT));
    let body = panel_title_ui(ui, rect, words.text("checks-title"), &remark);
    hairline(ui, rect, body.top());
    let footer = Rect::from_min_max(pos2(body.left(), body.bottom() - CHECKS_FOOTER), body.max);
    let list = Rect::from_min_max(body.min + vec2(1.0, 0.0), pos2(body.right() - 1.0, footer.top()));
    ui.scope_builder(UiBuilder::new().id_salt("checks").max_rect(list), |ui| {
        ui.set_clip_rect(list.intersect(ui.clip_rect()));
        ui.spacing_mut().item_spacing = egui::Vec2::ZERO;
        ScrollArea::vertical().auto_shrink(false).show(ui, |ui| {
            for check in &plan.checks {
                let (title, evidence) = (words.say(&check.title()), words.as_line(check));
                let (icon, color) =
                    if check.is_measured() { (Icon::Passed, colors.ok) } else { (Icon::Info, colors.text_secondary) };
                check_row_ui(ui, list.width(), icon, color, &title, &evidence);
            }
            if let Some(problem) = refused {
                check_row_ui(ui, list.width(), Icon::Failed, colors.error, words.text("output"), &problem.line(words));
            }
            let (icon, color, survival) = survival(state, colors);
            check_row_ui(ui, list.width(), icon, color, words.text("survives"), &survival);
            for warning in &plan.warnings {
                check_row_ui(
                    ui,
                    list.width(),
                    Icon::Warning,
                    colors.warn,
                    words.text("warnings"),
                    &words.said(warning),
                );
            }
        });
    });
    hairline(ui, rect, footer.top());
    footer
}

/// How much of the adapters the rounding leaves, and what to do where that is little.
fn survival(state: &AppState, colors: &Colors) -> (Icon, egui::Color32, String) {
    let words = state.words();
    match &state.survival {
        None => (Icon::AtWork, colors.accent, words.text("survival-reading").to_owned()),
        Some(Err(problem)) => (Icon::Info, colors.text_secondary, problem.line(words)),
        Some(Ok(estimate)) => {
            let sentence = estimate.sentence().map_or_else(String::new, |sentence| words.with_period(&sentence));
            match &estimate.advice {
                _ if sentence.is_empty() => {
                    (Icon::Info, colors.text_secondary, words.text("survival-unknown").to_owned())
                }
                Some(advice) => (Icon::Warning, colors.warn, format!("{sentence} {}", words.with_period(advice))),
                // An estimate, which the count of passed checks leaves out.
                None => (Icon::Info, colors.ok, sentence),
            }
        }
    }
}

/// Where the work happens, and what an interrupted merge left there.
pub(in crate::gui) fn place_of_work_ui(
    ui: &mut Ui,
    rect: Rect,
    interrupted_bytes: Option<u64>,
    plan: &MergePlan,
    words: Language,
    commands: &mut Vec<Command>,
) {
    let colors = Colors::of(ui);
    let icon = Rect::from_min_size(rect.min + vec2(space::S12 - 2.0, 0.0), vec2(16.0, rect.height()));
    icon_ui(ui, icon, Icon::Info, colors.text_secondary);
    let mut text = Rect::from_min_max(rect.min + vec2(36.0, 0.0), rect.max - vec2(space::S12, 0.0));
    if let Some(byte_count) = interrupted_bytes {
        let button = CommandButton::new(MergeCommand::DiscardPartial, ButtonLook::Small);
        let size = vec2(button.width(ui, words), grid::SMALL_BUTTON);
        let place = Rect::from_min_size(pos2(text.right() - size.x, rect.center().y - size.y / 2.0), size);
        button.show(ui, place, words, commands);
        text.max.x = place.left() - space::S8;
        let note = words.say(&message!("interrupted-note", bytes: units::bytes(byte_count)));
        text_ui(ui, text, Align::Left, &note, Type::EVIDENCE, colors.text_secondary);
        return;
    }
    let name = display_path(&plan.partial_path(), None);
    let name = name.rsplit(['/', '\\']).next().unwrap_or(&name);
    text_ui(
        ui,
        text,
        Align::Left,
        &words.say(&message!("partial-note", name: name)),
        Type::EVIDENCE,
        colors.text_secondary,
    );
}

/// Icon, name, evidence; long evidence wraps.
fn check_row_ui(ui: &mut Ui, width: f32, icon: Icon, color: egui::Color32, title: &str, evidence: &str) {
    let colors = Colors::of(ui);
    let top = ui.cursor().min;
    let text_left = (width * 0.322).clamp(150.0, 234.0).round();
    let evidence_area = Rect::from_min_size(top + vec2(text_left, 5.5), vec2(width - text_left - space::S12, 200.0));
    let height = prose_ui(ui, evidence_area, evidence, Type::EVIDENCE, colors.text_secondary);
    let row = Rect::from_min_size(top, vec2(width, grid::LIST_ROW.max(height + 11.0)));
    let line = Rect::from_min_size(row.min, vec2(row.width(), grid::LIST_ROW));
    icon_ui(ui, Rect::from_min_size(line.min + vec2(10.0, 0.0), vec2(16.0, line.height())), icon, color);
    let name = Rect::from_min_max(line.min + vec2(35.0, 0.0), pos2(line.left() + text_left - 8.0, line.bottom()));
    text_ui(ui, name, Align::Left, title, Type::BODY, colors.text);
    hairline(ui, row, row.bottom());
    ui.allocate_rect(row, egui::Sense::hover());
}
