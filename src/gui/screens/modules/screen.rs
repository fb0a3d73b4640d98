//! The diff as a tree table, with the map, the inspector and the way on beside it.

use std::sync::Arc;

use egui::{Id, Key, Modifiers, Stroke};

use super::{
    columns::ModuleColumn, command::ModulesCommand, inspector::inspector_ui, row::ModuleRow, state::ModulesView,
    walk::walk,
};
use crate::gui::{
    app::{command::face::ScreenCommand, inspection::Slot},
    design::widget::{checkbox_ui, filter_ui, segmented_ui},
    prelude::*,
};
use crate::tree::{SortColumn, TreeOrder};

/// The filter field, for the shortcut that focuses it.
pub(in crate::gui) fn filter_id() -> Id {
    Id::unique("module filter")
}

/// The Modules screen as a table.
pub(in crate::gui) fn modules_ui(ui: &mut Ui, state: &AppState, inspection: &Inspection, commands: &mut Vec<Command>) {
    let words = state.words();
    let [count, facts] = facts(inspection, words);
    let subtitle = [(count.as_str(), Type::BODY_STRONG, Ink::Primary), (facts.as_str(), Type::BODY, Ink::Secondary)];
    page_title_ui(ui, words.text("modules"), &subtitle, |ui| {
        view_switch_ui(ui, ModulesView::Table, words, commands);
        filter_field_ui(ui, state, commands);
        let only_changed = state.modules.only_changed;
        if checkbox_ui(ui, words.text("only-changed"), only_changed) {
            commands.push(ModulesCommand::ShowOnlyChanged(!only_changed).into());
        }
    });
    let side = if ui.available_width() < grid::NARROW { grid::NARROW_SIDE } else { grid::SIDE };
    side_ui(ui, "inspector", side, |ui| inspector_ui(ui, state, inspection, commands));
    let body = ui.available_rect_before_wrap();
    ui.painter().vline(body.right() + 0.5, body.y_range(), Stroke::new(1.0, Colors::of(ui).stroke));
    foot_ui(ui, "tree footer", grid::LIST_ROW, |ui| footer_ui(ui, state, inspection));
    ui.painter().rect_filled(ui.available_rect_before_wrap(), 0.0, Colors::of(ui).panel);
    table_ui(ui, state, commands);
}

/// Table or text.
pub(super) fn view_switch_ui(ui: &mut Ui, shown: ModulesView, words: Language, commands: &mut Vec<Command>) {
    let views = [ModulesView::Table, ModulesView::Printed];
    let labels = [words.text("table"), words.text("printed")];
    if let Some(clicked) = segmented_ui(ui, &labels, usize::from(shown == ModulesView::Printed)) {
        commands.push(ModulesCommand::ShowAs(views[clicked]).into());
    }
}

/// `28 of 39`, set in bold, and ` tensors change · rank 16 · scale 32/16 = 2 · 56 of 56 adapter tensors placed`.
fn facts(inspection: &Inspection, words: Language) -> [String; 2] {
    let Some(fit) = inspection.fit else { return [String::new(), words.text("base-only").to_owned()] };
    let count = words.say(&message!("tensors-change", changed: fit.changed_tensors, total: fit.base_tensors));
    let mut facts = vec![words.text("tensors-change.rest").to_owned()];
    if let Some(adapter) = inspection.adapter.open() {
        facts.extend(adapter.rank.map(|rank| format!("{} {rank}", words.text("rank"))));
        facts.extend(adapter.scaling.map(|scaling| format!("{} {scaling}", words.text("scale"))));
    }
    facts.push(words.say(&message!("tensors-placed", placed: fit.placed, total: fit.adapter_tensors)));
    [count, facts.join("  ·  ")]
}

fn filter_field_ui(ui: &mut Ui, state: &AppState, commands: &mut Vec<Command>) {
    let words = state.words();
    let mut filter = state.modules.filter.clone();
    let is_cleared = state.has_filter()
        && state.palette.is_none()
        && ui.input_mut(|input| input.consume_key(Modifiers::NONE, Key::Escape));
    let size = vec2(grid::FILTER, grid::BUTTON);
    let response = filter_ui(ui, size, filter_id(), &mut filter, words.text("filter-hint"));
    if is_cleared {
        commands.push(ModulesCommand::Filter(String::new()).into());
    } else if response.changed() {
        commands.push(ModulesCommand::Filter(filter).into());
    }
    if let Some(face) = ModulesCommand::FocusFilter.face() {
        response.on_hover_text(face.hover_text(words, ui.ctx()));
    }
}

/// How many tensors change, of those that are shown.
fn footer_ui(ui: &mut Ui, state: &AppState, inspection: &Inspection) {
    let Slot::Open(base) = &inspection.base else { return };
    let (total, changed) = (base.tensor_count, inspection.fit.map_or(0, |fit| fit.changed_tensors));
    let is_part = state.modules.only_changed || !state.modules.filter.is_empty();
    let text = state.words().say(&if is_part {
        let (shown, changed) = (state.modules.shown.tensor_count, state.modules.shown.changed_count);
        message!("tree-footer-shown", shown: shown, total: total, changed: changed)
    } else {
        message!("tree-footer", total: total, changed: changed, kept: total - changed)
    });
    ends_ui(ui, grid::LIST_ROW, space::S16, &[(&text, Type::EVIDENCE, Ink::Secondary)], &[]);
}

/// The rows; a click on a title sorts by it, and by the tree again after both directions.
fn table_ui(ui: &mut Ui, state: &AppState, commands: &mut Vec<Command>) {
    let words = state.words();
    let rows = Arc::clone(&state.modules.rows);
    let order = state.modules.order;
    let shown = ModuleColumn::fitting(ui.available_width());
    let sort_by = |title| words.say(&message!("sort-by", column: title));
    let hovers: Vec<String> = shown.iter().map(|column| sort_by(column.title(words))).collect();
    let names_hover = sort_by(words.text("module"));
    let direction = TreeOrder::direction(order, SortColumn::Module);
    let mut columns = vec![TableColumn::wide(words.text("module")).sorts(direction, &names_hover)];
    columns.extend(shown.iter().zip(&hovers).map(|(column, hover)| column.in_table(order, hover, words)));
    let mut table = Table::new("modules", &columns).edge(space::S16).without_rules();
    if !rows.is_empty() {
        let walked = walk(ui, state, &rows);
        table = table.scrolling().showing(walked.as_ref().map(|(_, row)| *row));
        commands.extend(walked.map(|(command, _)| command.into()));
    }
    let clicked = table.show(ui, rows.len(), |cells, index| {
        let Some(item) = rows.get(index) else { return };
        ModuleRow { item, columns: &shown, state }.show(cells, commands);
    });
    if let Some(index) = clicked {
        let column = index.checked_sub(1).map_or(SortColumn::Module, |index| shown[index].sorts_by());
        commands.push(ModulesCommand::Sort(column).into());
    }
    if rows.is_empty() {
        ui.vertical_centered(|ui| {
            ui.add_space(space::S24);
            paragraph_ui(ui, words.text("no-rows"), Type::BODY, Ink::Secondary);
        });
    }
}
