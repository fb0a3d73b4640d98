//! The diff as a tree table, with the map, the inspector and the way on beside it.

use std::sync::Arc;

use egui::{Id, Key, Modifiers, Rect, Role, Sense, Stroke, Ui, UiBuilder, WidgetInfo, pos2, vec2};
use egui_extras::{Column, TableBuilder};

use super::{
    columns::{ModuleColumn, ModuleColumns},
    command::ModulesCommand,
    inspector::inspector_ui,
    row::ModuleRow,
    state::ModulesView,
    tree_order::SortColumn,
    walk::walk,
};
use crate::{
    gui::{
        app::{
            command::{Command, face::ScreenCommand},
            inspection::{Inspection, Slot},
            state::AppState,
        },
        design::{
            screen_header::{screen_header_ui, segmented_width},
            tokens::{Colors, Type, grid, space},
            widget::{Align, Run, checkbox_ui, filter_ui, segmented_ui, text_ui, text_width},
        },
    },
    message::{Language, message},
};

/// Width of the side with map and inspector, where there is room for it.
const SIDE: f32 = 424.0;

/// Its width in a narrow window.
const NARROW_SIDE: f32 = 280.0;

/// Widths of the filter field.
const FILTER: f32 = 150.0;

/// The filter field, for the shortcut that focuses it.
pub(in crate::gui) fn filter_id() -> Id {
    Id::unique("module filter")
}

/// The Modules screen as a table.
pub(in crate::gui) fn modules_ui(ui: &mut Ui, state: &AppState, inspection: &Inspection, commands: &mut Vec<Command>) {
    let rect = ui.max_rect();
    let colors = Colors::of(ui);
    let words = state.words();
    let facts = facts(inspection, words);
    let tools = tools_width(ui, words);
    let runs =
        fitting_runs(ui, &facts, rect.width() - tools - text_width(ui, words.text("modules"), Type::TITLE) - 64.0);
    let (line, body) = screen_header_ui(ui, rect, words.text("modules"), &runs);
    tools_ui(ui, line, state, commands);
    let side_width = if rect.width() < grid::NARROW { NARROW_SIDE } else { SIDE };
    let table = Rect::from_min_max(body.min, pos2(body.right() - side_width, body.bottom()));
    let side = Rect::from_min_max(table.right_top(), body.max);
    let footer = Rect::from_min_max(pos2(table.left(), table.bottom() - 28.0), table.max);
    let rows = Rect::from_min_max(table.min, footer.right_top());
    ui.painter().rect_filled(rows, 0.0, colors.panel);
    table_ui(ui, rows, state, commands);
    let stroke = Stroke::new(1.0, colors.stroke);
    ui.painter().hline(footer.x_range(), footer.top() + 0.5, stroke);
    ui.painter().vline(side.left() + 0.5, side.y_range(), stroke);
    if let Slot::Open(base) = &inspection.base {
        let (total, changed) = (base.tensor_count, inspection.fit.map_or(0, |fit| fit.changed_tensors));
        let is_part = state.modules.only_changed || !state.modules.filter.is_empty();
        let text = words.say(&if is_part {
            let (shown, changed) = (state.modules.shown.tensor_count, state.modules.shown.changed_count);
            message!("tree-footer-shown", shown: shown, total: total, changed: changed)
        } else {
            message!("tree-footer", total: total, changed: changed, kept: total - changed)
        });
        text_ui(ui, footer.shrink2(vec2(space::S16, 0.0)), Align::Left, &text, Type::EVIDENCE, colors.text_secondary);
    }
    ui.scope_builder(UiBuilder::new().id_salt("side").max_rect(side), |ui| {
        ui.set_clip_rect(side.intersect(ui.clip_rect()));
        inspector_ui(ui, side, state, inspection, commands);
    });
}

/// `28 of 39 tensors change · rank 16 · scale 32/16 = 2 · 56 of 56 adapter tensors placed`, the first part apart
/// because it is set in bold.
fn facts(inspection: &Inspection, words: Language) -> Vec<String> {
    let Some(fit) = inspection.fit else { return vec![String::new(), words.text("base-only").to_owned()] };
    let count = words.say(&message!("tensors-change", changed: fit.changed_tensors, total: fit.base_tensors));
    let mut facts = vec![count, words.text("tensors-change.rest").to_owned()];
    if let Some(adapter) = inspection.adapter.open() {
        facts.extend(adapter.rank.map(|rank| format!("{} {rank}", words.text("rank"))));
        facts.extend(adapter.scaling.map(|scaling| format!("{} {scaling}", words.text("scale"))));
    }
    facts.push(words.say(&message!("tensors-placed", placed: fit.placed, total: fit.adapter_tensors)));
    facts
}

/// The first facts, as many as fit `width`.
fn fitting_runs<'a>(ui: &Ui, facts: &'a [String], width: f32) -> Vec<Run<'a>> {
    const SEPARATOR: &str = "  ·  ";
    let colors = Colors::of(ui);
    let mut runs: Vec<Run<'a>> = Vec::new();
    let mut used = 0.0;
    for (index, fact) in facts.iter().enumerate() {
        let separator = if index > 1 { SEPARATOR } else { "" };
        used += text_width(ui, separator, Type::BODY) + text_width(ui, fact, Type::BODY);
        if index > 1 && used > width {
            break;
        }
        let (kind, ink) =
            if index == 0 { (Type::BODY_STRONG, colors.text) } else { (Type::BODY, colors.text_secondary) };
        runs.extend([(separator, Type::BODY, colors.text_tertiary), (fact.as_str(), kind, ink)]);
    }
    runs
}

fn check_width(ui: &Ui, words: Language) -> f32 {
    text_width(ui, words.text("only-changed"), Type::BODY) + 22.0
}

fn tools_width(ui: &Ui, words: Language) -> f32 {
    segmented_width(ui, &[words.text("table"), words.text("printed")])
        + FILTER
        + check_width(ui, words)
        + 2.0 * space::S12
}

/// Only changed, filter, table or text.
fn tools_ui(ui: &mut Ui, line: Rect, state: &AppState, commands: &mut Vec<Command>) {
    let words = state.words();
    let modules = &state.modules;
    let labels = [words.text("table"), words.text("printed")];
    let mut right = line.right();
    let mut place = |width: f32| {
        let area = Rect::from_min_max(pos2(right - width, line.center().y), pos2(right, line.center().y));
        right -= width + space::S12;
        area.expand2(vec2(0.0, grid::BUTTON / 2.0))
    };
    let switch = UiBuilder::new().max_rect(place(segmented_width(ui, &labels)));
    if let Some(clicked) = ui.scope_builder(switch, |ui| segmented_ui(ui, &labels, 0)).inner {
        let view = [ModulesView::Table, ModulesView::Printed][clicked];
        commands.push(ModulesCommand::ShowAs(view).into());
    }
    let mut filter = modules.filter.clone();
    let is_cleared = state.has_filter()
        && state.palette.is_none()
        && ui.input_mut(|input| input.consume_key(Modifiers::NONE, Key::Escape));
    let field = place(FILTER);
    let response = ui
        .scope_builder(UiBuilder::new().max_rect(field), |ui| {
            filter_ui(ui, field.size(), filter_id(), &mut filter, words.text("filter-hint"))
        })
        .inner;
    if is_cleared {
        commands.push(ModulesCommand::Filter(String::new()).into());
    } else if response.changed() {
        commands.push(ModulesCommand::Filter(filter).into());
    }
    if let Some(face) = ModulesCommand::FocusFilter.face() {
        response.on_hover_text(face.hover_text(words, ui.ctx()));
    }
    let check = place(check_width(ui, words));
    let check_box = |ui: &mut Ui| checkbox_ui(ui, words.text("only-changed"), modules.only_changed);
    if ui.scope_builder(UiBuilder::new().max_rect(check), check_box).inner {
        commands.push(ModulesCommand::ShowOnlyChanged(!modules.only_changed).into());
    }
}

fn table_ui(ui: &mut Ui, rect: Rect, state: &AppState, commands: &mut Vec<Command>) {
    let colors = Colors::of(ui);
    let words = state.words();
    let rows = Arc::clone(&state.modules.rows);
    let scale = state.modules.scale;
    let columns = ModuleColumns::fitting(rect.width());
    let header = Rect::from_min_size(rect.min, vec2(rect.width(), grid::TABLE_HEADER));
    header_ui(ui, header, &columns, state, commands);
    let body = Rect::from_min_max(header.left_bottom(), rect.max);
    if rows.is_empty() {
        let line = Rect::from_min_size(body.min, vec2(body.width(), 64.0));
        text_ui(ui, line, Align::Center, words.text("no-rows"), Type::BODY, colors.text_secondary);
        return;
    }
    ui.scope_builder(UiBuilder::new().id_salt("tree table").max_rect(body), |ui| {
        ui.spacing_mut().item_spacing = egui::Vec2::ZERO;
        let walked = walk(ui, state, &rows);
        let mut builder = TableBuilder::new(ui);
        if let Some((command, row)) = walked {
            builder = builder.scroll_to_row(row, None);
            commands.push(command.into());
        }
        for width in columns.widths() {
            builder = builder.column(Column::exact(width));
        }
        builder.auto_shrink(false).max_scroll_height(f32::INFINITY).body(|body| {
            body.rows(grid::TREE_ROW, rows.len(), |mut row| {
                let Some(item) = rows.get(row.index()) else { return };
                row.col(|ui| {
                    let full = Rect::from_min_size(ui.max_rect().min, vec2(columns.width, grid::TREE_ROW));
                    ModuleRow { item, columns: &columns, state, scale }.show(ui, full, commands);
                });
                for _ in columns.widths().skip(1) {
                    row.col(|_| {});
                }
            });
        });
    });
}

/// Titles; a click sorts by one, and by the tree again after both directions.
fn header_ui(ui: &mut Ui, rect: Rect, columns: &ModuleColumns, state: &AppState, commands: &mut Vec<Command>) {
    let colors = Colors::of(ui);
    let words = state.words();
    ui.painter().rect_filled(rect, 0.0, colors.app);
    ui.painter().hline(rect.x_range(), rect.bottom() - 0.5, Stroke::new(1.0, colors.stroke));
    let name = Rect::from_min_max(rect.min + vec2(space::S16, 0.0), pos2(rect.left() + columns.names, rect.bottom()));
    let names = (SortColumn::Module, name, Align::Left, words.text("module"));
    let others = columns.cells(rect).map(|(column, cell)| {
        // Heat cells are centred in what their margins leave.
        let (align, cell) = match column {
            ModuleColumn::Change => (Align::Center, cell.translate(vec2(-1.0, 0.0))),
            _ => (Align::Right, cell),
        };
        (column.sorts_by(), cell, align, column.title(words))
    });
    for (column, cell, align, title) in std::iter::once(names).chain(others) {
        let order = state.modules.order.filter(|order| order.column == column);
        let arrow = order.map_or("", |order| if order.is_descending { " ↓" } else { " ↑" });
        let response = ui.interact(cell, ui.scope_id().with(("sort", title)), Sense::click());
        let label = words.say(&message!("sort-by", column: title));
        response.widget_info(|| WidgetInfo::selected(Role::Button, true, order.is_some(), &label));
        let ink = if order.is_some() {
            colors.accent
        } else if response.hovered() || response.has_focus() {
            colors.text
        } else {
            colors.text_secondary
        };
        text_ui(ui, cell, align, &format!("{title}{arrow}"), Type::CAPTION, ink);
        let hover = match column {
            SortColumn::Change => format!("{}. {label}", words.text("change-explained")),
            _ => label,
        };
        if response.on_hover_text(hover).clicked() {
            commands.push(ModulesCommand::Sort(column).into());
        }
    }
}
