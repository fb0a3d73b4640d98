//! Both trees as PyTorch prints them, side by side, differences marked.

use std::sync::Arc;

use egui::{Align, Rangef, Rect, ScrollArea, Stroke, StrokeKind, UiBuilder, Vec2};

use super::{
    command::{ModulesCommand, PrintedSide},
    screen::view_switch_ui,
    state::ModulesView,
};
use crate::{
    gui::{
        design::{
            layout::text::{canvas_spans_ui, text_ui},
            tokens::code,
        },
        prelude::*,
    },
    tree::{DiffLine, PrintedDiff, parts_around_class},
};

/// The Modules screen as text.
pub(in crate::gui) fn printed_ui(ui: &mut Ui, state: &AppState, commands: &mut Vec<Command>) {
    let words = state.words();
    let diff = Arc::clone(&state.modules.printed);
    let is_pair = diff.right_count > 0;
    let (summary, ink) = if is_pair {
        (words.say(&message!("printed-summary", differing: diff.differing, added: diff.added)), Ink::Adapter)
    } else {
        (words.text("printed-same").to_owned(), Ink::Secondary)
    };
    page_title_ui(ui, words.text("modules"), &[(&summary, Type::BODY, ink)], |ui| {
        view_switch_ui(ui, ModulesView::Printed, words, commands);
    });
    let mut overview = None;
    if is_pair {
        side_ui(ui, "overview", code::OVERVIEW, |ui| {
            let target = overview_ui(ui, &diff, words);
            overview = Some((ui.painter().clone(), ui.max_rect(), target));
        });
    }
    let body = ui.available_rect_before_wrap();
    let titles = spot(ui, vec2(body.width(), grid::PANEL_TITLE));
    let stroke = Stroke::new(1.0, Colors::of(ui).stroke);
    let lines = body.with_min_y(titles.bottom());
    ui.painter().rect_filled(lines, 0.0, Colors::of(ui).panel);
    let widths = pane_widths(ui, &diff, body.width());
    let seen = lines_ui(ui, widths, &diff, overview.as_ref().and_then(|(_, _, target)| *target));
    ui.painter().hline(body.x_range(), titles.bottom() - 0.5, stroke);
    let left = Rangef::new(body.left() - seen.left(), body.left() - seen.left() + widths[0]);
    pane_title_ui(ui, titles, left, PrintedSide::Base, &diff, words, commands);
    let Some((painter, area, _)) = overview else { return };
    pane_title_ui(ui, titles, Rangef::new(left.max, body.right()), PrintedSide::Adapted, &diff, words, commands);
    ui.painter().with_clip_rect(body).vline(left.max.round() + 0.5, body.y_range(), stroke);
    // What is seen of all lines.
    let count = diff.lines.len().max(1) as f32 * grid::CODE_ROW;
    let at = |y: f32| area.top() + (y / count).clamp(0.0, 1.0) * area.height();
    let frame = Rect::from_x_y_ranges(area.x_range().shrink(2.0), at(seen.top())..=at(seen.bottom()));
    painter.rect_stroke(frame, 2.0, Stroke::new(1.0, Colors::of(ui).text_tertiary), StrokeKind::Inside);
    painter.vline(area.left() + 0.5, area.y_range(), stroke);
}

/// Widths of both panes: what their longest lines need, and all that there is.
fn pane_widths(ui: &Ui, diff: &PrintedDiff, width: f32) -> [f32; 2] {
    let glyph = text_width(ui, "0", Type::MONO_SMALL);
    let needed = |columns: usize| code::GUTTER + columns as f32 * glyph + space::S12;
    if diff.right_count == 0 {
        return [width.max(needed(diff.left_columns)), 0.0];
    }
    let (left, right) = (needed(diff.left_columns), needed(diff.right_columns));
    let spare = (width - left - right).max(0.0);
    [left + (spare / 2.0).round(), right + spare - (spare / 2.0).round()]
}

/// Name, length and copy button of a pane, in what is seen of it.
fn pane_title_ui(
    ui: &mut Ui,
    titles: Rect,
    pane: Rangef,
    side: PrintedSide,
    diff: &PrintedDiff,
    words: Language,
    commands: &mut Vec<Command>,
) {
    let area = Rect::from_x_y_ranges(pane, titles.y_range()).intersect(titles);
    if area.width() < code::LEAST_PANE {
        return;
    }
    let (name, count, hover) = match side {
        PrintedSide::Base => ("base", diff.left_count, "copy-base-tree"),
        PrintedSide::Adapted => ("base-and-adapter", diff.right_count, "copy-adapted-tree"),
    };
    let count = words.say(&message!("lines", count: count));
    ui.scope_builder(UiBuilder::new().max_rect(area.shrink2(vec2(space::S16, 0.0))), |ui| {
        let left = |ui: &mut Ui| {
            let count = (count.as_str(), Type::EVIDENCE, Ink::Secondary);
            _ = paragraph_spans_ui(
                ui,
                &[(words.text(name), Type::BODY_STRONG, Ink::Primary), ("  ", Type::BODY, Ink::Primary), count],
            );
        };
        let copy = |ui: &mut Ui| {
            let button = CommandButton::new(ModulesCommand::CopyPrinted(side), ButtonLook::Small);
            button.icon(Icon::Copy).label(words.text("copy")).hover(words.text(hover)).add(ui, words, commands);
        };
        Sides::new().height(grid::PANEL_TITLE).shrink_left().show(ui, left, copy);
    });
}

/// All differences as marks; returns the line that was clicked.
fn overview_ui(ui: &mut Ui, diff: &PrintedDiff, words: Language) -> Option<usize> {
    let area = ui.max_rect();
    let response = ui.allocate_rect(area, Sense::click_and_drag());
    response.widget_info(|| WidgetInfo::labeled(Role::Slider, true, words.text("overview")));
    let count = diff.lines.len().max(1) as f32;
    let at = |line: usize| area.top() + line as f32 / count * area.height();
    let across = Rangef::new(area.center().x, area.center().x).expand(code::OVERVIEW_MARK / 2.0);
    for run in &diff.changed_runs {
        let (top, bottom) = (at(run.start), at(run.end));
        let mark = Rect::from_x_y_ranges(across, top..=bottom.max(top + 2.0));
        ui.painter().rect_filled(mark, 1.0, Colors::of(ui).adapter);
    }
    let pointer = response.interact_pointer_pos()?;
    #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "a row of the list")]
    let line = ((pointer.y - area.top()) / area.height() * count).max(0.0) as usize;
    Some(line.min(diff.lines.len().saturating_sub(1)))
}

/// The lines; returns what is seen of them, in points from their top left.
fn lines_ui(ui: &mut Ui, widths: [f32; 2], diff: &PrintedDiff, target: Option<usize>) -> Rect {
    ui.scope(|ui| {
        ui.spacing_mut().item_spacing = Vec2::ZERO;
        let size = ui.available_size();
        let mut area = ScrollArea::both().id_salt("printed").auto_shrink(false);
        if let Some(line) = target {
            let centered = line as f32 * grid::CODE_ROW - size.y / 2.0;
            area = area.vertical_scroll_offset(centered.max(0.0));
        }
        let shown = area.show_rows(ui, grid::CODE_ROW, diff.lines.len(), |ui, range| {
            ui.set_min_width(widths[0] + widths[1]);
            for line in &diff.lines[range] {
                canvas_ui(ui, grid::CODE_ROW, |ui, row| line_ui(ui, row, widths[0], line, diff.right_count > 0));
            }
        });
        Rect::from_min_size(shown.state.clamped_offset().to_pos2(), size)
    })
    .inner
}

fn line_ui(ui: &mut Ui, row: Rect, left_width: f32, line: &DiffLine, is_pair: bool) {
    let (left, right) = row.split_left_right_at_x(row.left() + left_width);
    let marks = is_pair && line.is_changed;
    pane_ui(ui, left, line.left.as_ref(), marks.then_some(line), is_pair);
    if is_pair {
        pane_ui(ui, right, line.right.as_ref(), marks.then_some(line), true);
        if marks {
            let edge = Rect::from_min_size(right.min + vec2(1.0, 0.0), vec2(code::EDGE, right.height()));
            ui.painter().rect_filled(edge, 0.0, Colors::of(ui).adapter);
        }
    }
}

/// One pane of a line; `changed` is the line where its sides differ.
fn pane_ui(ui: &mut Ui, rect: Rect, text: Option<&(usize, String)>, changed: Option<&DiffLine>, is_pair: bool) {
    let colors = Colors::of(ui);
    let Some((number, text)) = text else {
        if is_pair {
            ui.painter().rect_filled(rect, 0.0, colors.sunken);
        }
        return;
    };
    if let Some(line) = changed {
        let is_added = line.left.is_none();
        let fill = if is_added { colors.adapter_faint } else { colors.adapter_soft };
        ui.painter().rect_filled(rect, 0.0, fill);
        let mark =
            Rect::from_center_size(pos2(rect.left() + code::MARK, rect.center().y), vec2(space::S16, rect.height()));
        text_ui(ui, mark, Align::Center, if is_added { "+" } else { "~" }, Type::MONO_SMALL, colors.adapter);
    }
    let numbers = rect.with_max_x(rect.left() + code::NUMBERS);
    text_ui(ui, numbers, Align::Max, &number.to_string(), Type::MONO_SMALL, colors.text_tertiary);
    let replaced = changed.filter(|line| line.left.is_some()).and_then(|_| parts_around_class(text));
    let (before, class, after) = replaced.unwrap_or((text, "", ""));
    let spans = [(before, Ink::Primary), (class, Ink::Adapter), (after, Ink::Primary)];
    let spans = spans.map(|(text, ink)| (text, Type::MONO_SMALL, ink));
    canvas_spans_ui(ui, rect.with_min_x(rect.left() + code::GUTTER), Align::Min, &spans);
}
