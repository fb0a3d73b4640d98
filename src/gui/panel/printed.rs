//! Both trees as PyTorch prints them, side by side, differences marked.

use std::sync::Arc;

use egui::{Rect, ScrollArea, Stroke, Ui, UiBuilder, pos2, vec2};

use super::{command_button::CommandButton, screen_header::screen_header_ui};
use crate::gui::{
    command::UiCommand,
    state::{AppState, ModulesView},
    tokens::{Palette, Type, grid, space},
    view::{DiffLine, PrintedDiff},
    widget::{Align, ButtonLook, Icon, segmented_ui, text_ui, text_width},
};

/// The Modules screen as text.
pub(in crate::gui) fn printed_ui(ui: &mut Ui, rect: Rect, state: &AppState, commands: &mut Vec<UiCommand>) {
    let palette = Palette::of(ui);
    let words = state.words();
    let diff = Arc::clone(&state.modules.printed);
    let summary = if diff.right_count == 0 {
        words.printed_same.to_owned()
    } else {
        (words.printed_summary)(diff.differing, diff.added)
    };
    let color = if diff.right_count == 0 { palette.text_secondary } else { palette.adapter };
    let (line, body) = screen_header_ui(ui, rect, words.modules, &[(&summary, Type::BODY, color)]);
    let labels = [words.table, words.printed];
    let width: f32 = labels.iter().map(|label| text_width(ui, label, Type::BODY_MEDIUM) + 24.0).sum();
    let switch = Rect::from_min_max(
        pos2(line.right() - width, line.center().y - grid::BUTTON / 2.0),
        pos2(line.right(), line.center().y + grid::BUTTON / 2.0),
    );
    if let Some(0) = segmented_ui(ui, switch, &labels, 1) {
        commands.push(UiCommand::ShowModulesAs(ModulesView::Table));
    }
    let half = if diff.right_count == 0 { body.width() } else { (body.width() * 0.46).round() };
    let titles = Rect::from_min_size(body.min, vec2(body.width(), grid::PANEL_TITLE));
    let left = Rect::from_min_size(titles.min, vec2(half, titles.height()));
    pane_title_ui(ui, left, words.base, diff.left_count, &diff.text(false), words.copy_base_tree, state, commands);
    if diff.right_count > 0 {
        let right = Rect::from_min_max(left.right_top(), titles.max);
        let text = diff.text(true);
        pane_title_ui(
            ui,
            right,
            words.base_and_adapter,
            diff.right_count,
            &text,
            words.copy_adapted_tree,
            state,
            commands,
        );
    }
    let code = Rect::from_min_max(titles.left_bottom(), body.max);
    ui.painter().rect_filled(code, 0.0, palette.panel);
    lines_ui(ui, code, half, &diff);
    let stroke = Stroke::new(1.0, palette.stroke);
    ui.painter().hline(titles.x_range(), titles.bottom() - 0.5, stroke);
    if diff.right_count > 0 {
        ui.painter().vline(body.left() + half, body.y_range(), stroke);
    }
}

#[expect(clippy::too_many_arguments, reason = "the two panes differ in just these")]
fn pane_title_ui(
    ui: &mut Ui,
    rect: Rect,
    title: &str,
    line_count: usize,
    text: &str,
    copy_label: &str,
    state: &AppState,
    commands: &mut Vec<UiCommand>,
) {
    let palette = Palette::of(ui);
    let words = state.words();
    let inner = rect.shrink2(vec2(space::S16, 0.0));
    let name = text_ui(ui, inner, Align::Left, title, Type::BODY_STRONG, palette.text);
    let rest = Rect::from_min_max(pos2(name.rect.right() + space::S8, inner.top()), inner.max);
    text_ui(ui, rest, Align::Left, &(words.lines)(line_count), Type::EVIDENCE, palette.text_secondary);
    let button =
        CommandButton::new(UiCommand::CopyText(text.to_owned()), ButtonLook::Small).icon(Icon::Copy).label(copy_label);
    let width = button.width(ui, words) - 8.0;
    let area = Rect::from_min_max(
        pos2(inner.right() - width, inner.center().y - grid::SMALL_BUTTON / 2.0),
        pos2(inner.right(), inner.center().y + grid::SMALL_BUTTON / 2.0),
    );
    button.show(ui, area, words, commands);
}

fn lines_ui(ui: &mut Ui, rect: Rect, half: f32, diff: &PrintedDiff) {
    let has_right = diff.right_count > 0;
    ui.scope_builder(UiBuilder::new().id_salt("printed").max_rect(rect), |ui| {
        ui.set_clip_rect(rect.intersect(ui.clip_rect()));
        ui.spacing_mut().item_spacing = egui::Vec2::ZERO;
        ScrollArea::vertical().auto_shrink(false).show_rows(ui, grid::CODE_ROW, diff.lines.len(), |ui, range| {
            for line in &diff.lines[range] {
                let (_, row) = ui.allocate_space(vec2(rect.width(), grid::CODE_ROW));
                let left = Rect::from_min_size(row.min, vec2(half, row.height()));
                side_ui(ui, left, line, line.left.as_ref(), has_right && line.left.is_none(), has_right);
                if has_right {
                    let right = Rect::from_min_max(left.right_top(), row.max);
                    side_ui(ui, right, line, line.right.as_ref(), line.right.is_none(), true);
                }
                ui.advance_cursor_after_rect(row);
            }
        });
    });
}

fn side_ui(ui: &mut Ui, rect: Rect, line: &DiffLine, text: Option<&(usize, String)>, is_filler: bool, marks: bool) {
    let palette = Palette::of(ui);
    let is_added = line.left.is_none();
    if is_filler {
        ui.painter().rect_filled(rect, 0.0, palette.sunken);
    } else if line.is_changed && marks {
        let fill = if is_added { palette.adapter_faint } else { palette.adapter_soft };
        ui.painter().rect_filled(rect, 0.0, fill);
    }
    let Some((number, text)) = text else { return };
    let number_area = Rect::from_min_size(rect.min, vec2(34.0, rect.height()));
    text_ui(ui, number_area, Align::Right, &number.to_string(), Type::MONO_SMALL, palette.text_tertiary);
    if line.is_changed && marks {
        let mark = Rect::from_min_size(rect.min + vec2(36.0, 0.0), vec2(16.0, rect.height()));
        text_ui(ui, mark, Align::Center, if is_added { "+" } else { "~" }, Type::MONO_SMALL, palette.adapter);
    }
    let area = Rect::from_min_max(rect.min + vec2(58.0, 0.0), rect.max - vec2(space::S8, 0.0));
    text_ui(ui, area, Align::Left, text, Type::MONO_SMALL, palette.text);
}
