//! Both trees as PyTorch prints them, side by side, differences marked.

use std::sync::Arc;

use egui::{Color32, Rect, Role, ScrollArea, Sense, Stroke, StrokeKind, Ui, UiBuilder, WidgetInfo, pos2, vec2};

use super::{
    command::ModulesCommand,
    printed_diff::{DiffLine, PrintedDiff},
    state::ModulesView,
};
use crate::{
    gui::{
        app::{
            command::{Command, of_app::AppCommand},
            state::AppState,
        },
        design::{
            screen_header::{at_right, screen_header_ui, segmented_width},
            tokens::{Colors, Type, grid, space},
            widget::{Align, ButtonLook, Icon, Run, runs_ui, segmented_ui, text_ui, text_width},
        },
        frame::command_button::CommandButton,
    },
    message::{Language, message},
};

/// Line numbers and the mark beside them.
const GUTTER: f32 = 58.0;

/// The strip that shows all differences at once.
const OVERVIEW: f32 = 18.0;

/// The Modules screen as text.
pub(in crate::gui) fn printed_ui(ui: &mut Ui, state: &AppState, commands: &mut Vec<Command>) {
    let rect = ui.max_rect();
    let colors = Colors::of(ui);
    let words = state.words();
    let diff = Arc::clone(&state.modules.printed);
    let is_pair = diff.right_count > 0;
    let summary = if is_pair {
        words.say(&message!("printed-summary", differing: diff.differing, added: diff.added))
    } else {
        words.text("printed-same").to_owned()
    };
    let color = if is_pair { colors.adapter } else { colors.text_secondary };
    let (line, body) = screen_header_ui(ui, rect, words.text("modules"), &[(&summary, Type::BODY, color)]);
    let labels = [words.text("table"), words.text("printed")];
    let switch = at_right(line, vec2(segmented_width(ui, &labels), grid::BUTTON));
    let switch = UiBuilder::new().max_rect(switch);
    if let Some(0) = ui.scope_builder(switch, |ui| segmented_ui(ui, &labels, 1)).inner {
        commands.push(ModulesCommand::ShowAs(ModulesView::Table).into());
    }
    let overview_width = if is_pair { OVERVIEW } else { 0.0 };
    let panes = Rect::from_min_max(body.min, body.max - vec2(overview_width, 0.0));
    let code = Rect::from_min_max(panes.min + vec2(0.0, grid::PANEL_TITLE), panes.max);
    ui.painter().rect_filled(code, 0.0, colors.panel);
    let widths = pane_widths(ui, &diff, code.width());
    let overview = Rect::from_min_max(code.right_top(), body.max);
    let target = if is_pair { overview_ui(ui, overview, &diff, words) } else { None };
    let seen = lines_ui(ui, code, widths, &diff, target);
    if is_pair {
        let lines = diff.lines.len().max(1) as f32 * grid::CODE_ROW;
        let at = |y: f32| overview.top() + (y / lines).clamp(0.0, 1.0) * overview.height();
        let frame = Rect::from_x_y_ranges(overview.x_range().shrink(2.0), at(seen.top())..=at(seen.bottom()));
        ui.painter().rect_stroke(frame, 2.0, Stroke::new(1.0, colors.text_tertiary), StrokeKind::Inside);
    }
    let titles = Rect::from_min_size(panes.min, vec2(panes.width(), grid::PANEL_TITLE));
    let left = Rect::from_min_size(titles.min - vec2(seen.left(), 0.0), vec2(widths[0], titles.height()));
    titles_ui(ui, titles, left, &diff, words, commands);
    let stroke = Stroke::new(1.0, colors.stroke);
    ui.painter().hline(body.x_range(), titles.bottom() - 0.5, stroke);
    if is_pair && left.right() > body.left() {
        ui.painter().vline(left.right().round() + 0.5, body.y_range(), stroke);
        ui.painter().vline(panes.right().round() + 0.5, body.y_range(), stroke);
    }
}

/// Widths of both panes: what their longest lines need, and all that there is.
fn pane_widths(ui: &Ui, diff: &PrintedDiff, width: f32) -> [f32; 2] {
    let glyph = text_width(ui, "0", Type::MONO_SMALL);
    let needed = |columns: usize| GUTTER + columns as f32 * glyph + space::S12;
    if diff.right_count == 0 {
        return [width.max(needed(diff.left_columns)), 0.0];
    }
    let (left, right) = (needed(diff.left_columns), needed(diff.right_columns));
    let spare = (width - left - right).max(0.0);
    [left + (spare / 2.0).round(), right + spare - (spare / 2.0).round()]
}

/// Name, length and copy button of each pane, moving sideways with it.
fn titles_ui(ui: &mut Ui, rect: Rect, left: Rect, diff: &PrintedDiff, words: Language, commands: &mut Vec<Command>) {
    ui.scope_builder(UiBuilder::new().id_salt("titles").max_rect(rect), |ui| {
        ui.set_clip_rect(rect.intersect(ui.clip_rect()));
        let title = PaneTitle { name: words.text("base"), count: diff.left_count, copy: words.text("copy-base-tree") };
        title.show(ui, left.intersect(rect), || diff.text(false), words, commands);
        if diff.right_count > 0 {
            let right = Rect::from_min_max(left.right_top(), rect.max);
            let title = PaneTitle {
                name: words.text("base-and-adapter"),
                count: diff.right_count,
                copy: words.text("copy-adapted-tree"),
            };
            title.show(ui, right.intersect(rect), || diff.text(true), words, commands);
        }
    });
}

struct PaneTitle {
    name: &'static str,
    count: usize,
    copy: &'static str,
}

impl PaneTitle {
    fn show(&self, ui: &mut Ui, rect: Rect, text: impl Fn() -> String, words: Language, commands: &mut Vec<Command>) {
        let colors = Colors::of(ui);
        let inner = rect.shrink2(vec2(space::S16, 0.0));
        if inner.width() < 200.0 {
            return;
        }
        let name = text_ui(ui, inner, Align::Left, self.name, Type::BODY_STRONG, colors.text);
        // The text is made when it is asked for, not in every frame.
        let button = CommandButton::new(AppCommand::CopyText(String::new()), ButtonLook::Small);
        let button = button.icon(Icon::Copy).label(words.text("copy")).hover(self.copy);
        let area = at_right(inner, vec2(button.width(ui, words) - space::S8, grid::SMALL_BUTTON));
        let rest =
            Rect::from_min_max(pos2(name.rect.right() + space::S8, inner.top()), pos2(area.left(), inner.bottom()));
        let count = words.say(&message!("lines", count: self.count));
        if text_width(ui, &count, Type::EVIDENCE) < rest.width() {
            text_ui(ui, rest, Align::Left, &count, Type::EVIDENCE, colors.text_secondary);
        }
        let mut asked = Vec::new();
        ui.push_id(self.copy, |ui| button.show(ui, area, words, &mut asked));
        if !asked.is_empty() {
            commands.push(AppCommand::CopyText(text()).into());
        }
    }
}

/// All differences as marks; returns the row that was clicked.
fn overview_ui(ui: &mut Ui, rect: Rect, diff: &PrintedDiff, words: Language) -> Option<usize> {
    let colors = Colors::of(ui);
    let response = ui.allocate_rect(rect, Sense::click_and_drag());
    response.widget_info(|| WidgetInfo::labeled(Role::Slider, true, words.text("overview")));
    let count = diff.lines.len().max(1) as f32;
    for run in &diff.changed_runs {
        let top = rect.top() + run.start as f32 / count * rect.height();
        let bottom = rect.top() + run.end as f32 / count * rect.height();
        let mark = Rect::from_min_max(pos2(rect.left() + 6.0, top), pos2(rect.right() - 6.0, bottom.max(top + 2.0)));
        ui.painter().rect_filled(mark, 1.0, colors.adapter);
    }
    let pointer = response.interact_pointer_pos()?;
    #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "a row of the list")]
    let row = ((pointer.y - rect.top()) / rect.height() * count).max(0.0) as usize;
    Some(row.min(diff.lines.len().saturating_sub(1)))
}

/// The lines; returns what is seen of them, in points from their top left.
fn lines_ui(ui: &mut Ui, rect: Rect, widths: [f32; 2], diff: &PrintedDiff, target: Option<usize>) -> Rect {
    ui.scope_builder(UiBuilder::new().id_salt("printed").max_rect(rect), |ui| {
        ui.set_clip_rect(rect.intersect(ui.clip_rect()));
        ui.spacing_mut().item_spacing = egui::Vec2::ZERO;
        let mut area = ScrollArea::both().auto_shrink(false);
        if let Some(row) = target {
            let centered = row as f32 * grid::CODE_ROW - rect.height() / 2.0;
            area = area.vertical_scroll_offset(centered.max(0.0));
        }
        let shown = area.show_rows(ui, grid::CODE_ROW, diff.lines.len(), |ui, range| {
            for line in &diff.lines[range] {
                let (_, row) = ui.allocate_space(vec2(widths[0] + widths[1], grid::CODE_ROW));
                line_ui(ui, row, widths[0], line, diff.right_count > 0);
                ui.advance_cursor_after_rect(row);
            }
        });
        Rect::from_min_size(shown.state.clamped_offset().to_pos2(), rect.size())
    })
    .inner
}

fn line_ui(ui: &mut Ui, row: Rect, left_width: f32, line: &DiffLine, is_pair: bool) {
    let (left, right) = row.split_left_right_at_x(row.left() + left_width);
    let marks = is_pair && line.is_changed;
    side_ui(ui, left, line.left.as_ref(), marks.then_some(line), is_pair);
    if is_pair {
        side_ui(ui, right, line.right.as_ref(), marks.then_some(line), true);
        if marks {
            let edge = Rect::from_min_size(right.min + vec2(1.0, 0.0), vec2(3.0, right.height()));
            ui.painter().rect_filled(edge, 0.0, Colors::of(ui).adapter);
        }
    }
}

/// One side of a line; `changed` is the line where its sides differ.
fn side_ui(ui: &mut Ui, rect: Rect, text: Option<&(usize, String)>, changed: Option<&DiffLine>, is_pair: bool) {
    let colors = Colors::of(ui);
    let Some((number, text)) = text else {
        if is_pair {
            ui.painter().rect_filled(rect, 0.0, colors.sunken);
        }
        return;
    };
    let number_area = Rect::from_min_size(rect.min, vec2(34.0, rect.height()));
    if let Some(line) = changed {
        let is_added = line.left.is_none();
        let fill = if is_added { colors.adapter_faint } else { colors.adapter_soft };
        ui.painter().rect_filled(rect, 0.0, fill);
        let mark = Rect::from_min_size(rect.min + vec2(36.0, 0.0), vec2(16.0, rect.height()));
        text_ui(ui, mark, Align::Center, if is_added { "+" } else { "~" }, Type::MONO_SMALL, colors.adapter);
    }
    text_ui(ui, number_area, Align::Right, &number.to_string(), Type::MONO_SMALL, colors.text_tertiary);
    let area = Rect::from_min_max(rect.min + vec2(GUTTER, 0.0), rect.max);
    let replaced = changed.filter(|line| line.left.is_some()).and_then(|_| class_of(text));
    let ink = colors.text;
    match replaced {
        Some((before, class, after)) => {
            let run = |text, color: Color32| -> Run<'_> { (text, Type::MONO_SMALL, color) };
            runs_ui(ui, area, Align::Left, &[run(before, ink), run(class, colors.adapter), run(after, ink)]);
        }
        None => {
            text_ui(ui, area, Align::Left, text, Type::MONO_SMALL, ink);
        }
    }
}

/// `(q_proj): lora.Linear(…` in three parts with the class in the middle.
fn class_of(text: &str) -> Option<(&str, &str, &str)> {
    let start = text.find("): ")? + 3;
    let end = start + text[start..].find('(')?;
    Some((&text[..start], &text[start..end], &text[end..]))
}

#[cfg(test)]
mod tests {
    use super::class_of;

    #[test]
    fn the_class_is_the_part_that_differs() {
        assert_eq!(class_of("  (q_proj): lora.Linear("), Some(("  (q_proj): ", "lora.Linear", "(")));
        assert_eq!(class_of(")"), None);
    }
}
