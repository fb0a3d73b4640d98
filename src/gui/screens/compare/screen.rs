//! What the merge cost and what it did not: bytes, perplexity, the amount of change, time, answers.

use egui::{Rect, Ui, pos2, vec2};

use super::command::CompareCommand;
use super::{
    answers::answers_ui, change_table::change_table_ui, evaluation::Texts, perplexity::perplexity_ui,
    size_chart::size_chart_ui, size_table::size_table_ui, time_chart::time_ui, verdict::compare_verdict_ui,
};
use crate::gui::{
    app::{command::Command, jobs::kind::JobKind, merged_folder::MergedFolder, state::AppState},
    design::{
        screen_header::screen_header_ui,
        tokens::{Colors, Type, grid, space},
        widget::{ButtonLook, flowing_ui},
    },
    frame::command_button::CommandButton,
};

/// A panel of this screen: place, the least bottom, what it shows; it returns where it stands.
type Panel = fn(&mut Ui, Rect, f32, &AppState, &MergedFolder, &mut Vec<Command>) -> Rect;

/// In the order of the questions: why the size, what time; as good as before, how much changed.
const LEFT: [Panel; 4] = [size_chart_ui, size_table_ui, time_ui, answers_ui];
const RIGHT: [Panel; 2] = [perplexity_ui, change_table_ui];

/// The Compare screen.
pub(in crate::gui) fn compare_ui(ui: &mut Ui, state: &AppState, done: &MergedFolder, commands: &mut Vec<Command>) {
    let rect = ui.max_rect();
    let colors = Colors::of(ui);
    let words = state.words();
    let subtitle = [(words.text("compare-subtitle"), Type::BODY, colors.text_secondary)];
    let is_narrow = rect.width() < grid::NARROW;
    let (line, body) = screen_header_ui(ui, rect, words.text("compare"), if is_narrow { &[] } else { &subtitle });
    buttons_ui(ui, line, state, done, commands);
    flowing_ui(ui, "compare", body, |ui, view| {
        let area = view.shrink(space::S16);
        let verdict = compare_verdict_ui(ui, area, state, done);
        let area = Rect::from_min_max(pos2(area.left(), verdict.bottom() + grid::GAP), area.max);
        let width = if is_narrow { area.width() } else { ((area.width() - grid::GAP) * 0.49).round() };
        let left = Rect::from_min_size(area.min, vec2(width, area.height()));
        let mut column = |ui: &mut Ui, place: Rect, least_bottom: f32, panels: &[Panel]| {
            let mut bottom = place.top() - grid::GAP;
            for (index, panel) in panels.iter().enumerate() {
                let least = if index + 1 == panels.len() { least_bottom } else { 0.0 };
                let area =
                    Rect::from_min_max(pos2(place.left(), bottom + grid::GAP), pos2(place.right(), f32::INFINITY));
                // A panel with nothing to say yet takes no place.
                let shown = panel(ui, area, least, state, done, commands);
                if shown.height() > 0.0 {
                    bottom = shown.bottom();
                }
            }
            bottom
        };
        let bottom = if is_narrow {
            column(ui, left, 0.0, &[RIGHT, [LEFT[0], LEFT[1]], [LEFT[2], LEFT[3]]].concat())
        } else {
            let right = Rect::from_min_max(pos2(left.right() + grid::GAP, area.top()), area.max);
            // Until something is measured, the first panel has the column to itself.
            let shown = if done.measured().is_some() { 2 } else { 1 };
            column(ui, left, area.bottom(), &LEFT).max(column(ui, right, area.bottom(), &RIGHT[..shown]))
        };
        bottom + space::S16
    });
}

/// Other texts, or an end to the measurement, and the table to paste, at the right of the title line.
fn buttons_ui(ui: &mut Ui, line: Rect, state: &AppState, done: &MergedFolder, commands: &mut Vec<Command>) {
    let words = state.words();
    let is_measuring = state.jobs.is_running(JobKind::Evaluate);
    let buttons = match done.evaluation {
        _ if is_measuring => vec![CommandButton::new(CompareCommand::CancelMeasurement, ButtonLook::Plain)],
        Some(_) => {
            let mut buttons = vec![
                CommandButton::new(CompareCommand::BrowseTexts, ButtonLook::Plain),
                CommandButton::new(CompareCommand::Measure(Texts::BuiltIn), ButtonLook::Plain),
            ];
            if done.measured().is_some() {
                buttons.push(CommandButton::new(CompareCommand::CopyTables, ButtonLook::Plain).with_icon());
            }
            buttons
        }
        None => return,
    };
    let mut right = line.right();
    for button in buttons {
        let size = vec2(button.width(ui, words), grid::BUTTON);
        let place = Rect::from_min_size(pos2(right - size.x, line.center().y - size.y / 2.0), size);
        button.show(ui, place, words, commands);
        right = place.left() - space::S8;
    }
}
