//! The diff as a tree table, with the map and the inspector beside it.

use std::sync::Arc;

use egui::{CornerRadius, Id, Rect, Role, Sense, Stroke, Ui, UiBuilder, WidgetInfo, pos2, vec2};
use egui_extras::{Column, TableBuilder};

use super::{
    heat::{heat_cell_ui, heat_strip_ui},
    inspector::inspector_ui,
    screen_header::screen_header_ui,
};
use crate::gui::{
    command::UiCommand,
    inspection::{Inspection, Slot},
    state::{AppState, ModulesView},
    tokens::{Palette, Type, grid, space},
    view::{Folding, Heat, HeatScale, TreeRow},
    widget::{Align, Icon, checkbox_ui, filter_ui, icon_ui, segmented_ui, text_ui, text_width},
    words::Words,
};

/// Width of the side with map and inspector.
const SIDE: f32 = 424.0;

/// Widths of the columns after the first.
const COLUMNS: [f32; 7] = [96.0, 46.0, 82.0, 82.0, 42.0, 44.0, 98.0];

/// The filter field, for the shortcut that focuses it.
pub(in crate::gui) fn filter_id() -> Id {
    Id::unique("module filter")
}

/// The Modules screen as a table.
pub(in crate::gui) fn modules_ui(
    ui: &mut Ui,
    rect: Rect,
    state: &AppState,
    inspection: &Inspection,
    commands: &mut Vec<UiCommand>,
) {
    let palette = Palette::of(ui);
    let words = state.words();
    let facts = subtitle(inspection, words);
    let mut runs = Vec::new();
    for (index, (text, is_strong)) in facts.iter().enumerate() {
        let kind = if *is_strong { Type::BODY_STRONG } else { Type::BODY };
        // The second fact ends the sentence that the first begins.
        if index > 1 {
            runs.push(("  ·  ", Type::BODY, palette.text_tertiary));
        }
        runs.push((text.as_str(), kind, if *is_strong { palette.text } else { palette.text_secondary }));
    }
    let (line, body) = screen_header_ui(ui, rect, words.modules, &runs);
    tools_ui(ui, line, state, commands);
    let table = Rect::from_min_max(body.min, pos2(body.right() - SIDE, body.bottom()));
    let side = Rect::from_min_max(table.right_top(), body.max);
    let footer = Rect::from_min_max(pos2(table.left(), table.bottom() - 28.0), table.max);
    let rows = Rect::from_min_max(table.min, footer.right_top());
    ui.painter().rect_filled(rows, 0.0, palette.panel);
    table_ui(ui, rows, state, commands);
    let stroke = Stroke::new(1.0, palette.stroke);
    ui.painter().hline(footer.x_range(), footer.top() + 0.5, stroke);
    ui.painter().vline(side.left() + 0.5, side.y_range(), stroke);
    if let Slot::Open(base) = &inspection.base {
        let changed = inspection.fit.map_or(0, |fit| fit.changed_tensors);
        let text = (words.tree_footer)(base.tensor_count, changed);
        text_ui(ui, footer.shrink2(vec2(space::S16, 0.0)), Align::Left, &text, Type::EVIDENCE, palette.text_secondary);
    }
    ui.scope_builder(UiBuilder::new().id_salt("side").max_rect(side), |ui| {
        ui.set_clip_rect(side.intersect(ui.clip_rect()));
        inspector_ui(ui, side, state, inspection, commands);
    });
}

/// `28 of 39 tensors change · rank 16 · scale 32/16 = 2 · 56 of 56 adapter tensors placed`.
fn subtitle(inspection: &Inspection, words: &Words) -> Vec<(String, bool)> {
    let Some(fit) = inspection.fit else { return vec![(words.base_only.to_owned(), false)] };
    let (count, rest) = (words.tensors_change)(fit.changed_tensors, fit.base_tensors);
    let mut facts = vec![(count, true), (rest, false)];
    if let Some(adapter) = inspection.adapter.open() {
        facts.extend(adapter.rank.map(|rank| (format!("{} {rank}", words.rank), false)));
        facts.extend(adapter.scaling.map(|scaling| (format!("{} {scaling}", words.scale), false)));
    }
    facts.push(((words.tensors_placed)(fit.placed, fit.adapter_tensors), false));
    facts
}

/// Only changed, filter, table or text.
fn tools_ui(ui: &mut Ui, line: Rect, state: &AppState, commands: &mut Vec<UiCommand>) {
    let words = state.words();
    let modules = &state.modules;
    let height = vec2(0.0, grid::BUTTON);
    let labels = [words.table, words.printed];
    let width: f32 = labels.iter().map(|label| text_width(ui, label, Type::BODY_MEDIUM) + 24.0).sum();
    let mut right = line.right();
    let mut place = |width: f32| {
        let area = Rect::from_min_max(pos2(right - width, line.center().y), pos2(right, line.center().y));
        right -= width + space::S12;
        area.expand2(height / 2.0)
    };
    let switch = place(width);
    let chosen = usize::from(modules.view == ModulesView::Printed);
    if let Some(clicked) = segmented_ui(ui, switch, &labels, chosen) {
        let view = [ModulesView::Table, ModulesView::Printed][clicked];
        commands.push(UiCommand::ShowModulesAs(view));
    }
    if modules.view == ModulesView::Printed {
        return;
    }
    let mut filter = modules.filter.clone();
    let response = filter_ui(ui, place(150.0), filter_id(), &mut filter, words.filter_hint);
    if response.changed() {
        commands.push(UiCommand::FilterModules(filter));
    }
    response.on_hover_text(UiCommand::FocusFilter.hover_text(words, ui.ctx()));
    let check = place(text_width(ui, words.only_changed, Type::BODY) + 22.0);
    if checkbox_ui(ui, check, words.only_changed, modules.only_changed) {
        commands.push(UiCommand::ShowOnlyChanged(!modules.only_changed));
    }
}

fn table_ui(ui: &mut Ui, rect: Rect, state: &AppState, commands: &mut Vec<UiCommand>) {
    let palette = Palette::of(ui);
    let words = state.words();
    let rows = Arc::clone(&state.modules.rows);
    let scale = HeatScale::of(&state.modules.changes);
    let header = Rect::from_min_size(rect.min, vec2(rect.width(), grid::TABLE_HEADER));
    ui.painter().rect_filled(header, 0.0, palette.app);
    ui.painter().hline(header.x_range(), header.bottom() - 0.5, Stroke::new(1.0, palette.stroke));
    let first = rect.width() - COLUMNS.iter().sum::<f32>();
    header_ui(ui, header, first, words);
    let body = Rect::from_min_max(header.left_bottom(), rect.max);
    if rows.is_empty() {
        text_ui(
            ui,
            Rect::from_min_size(body.min, vec2(body.width(), 64.0)),
            Align::Center,
            words.no_rows,
            Type::BODY,
            palette.text_secondary,
        );
        return;
    }
    ui.scope_builder(UiBuilder::new().id_salt("tree table").max_rect(body), |ui| {
        ui.spacing_mut().item_spacing = egui::Vec2::ZERO;
        let mut builder = TableBuilder::new(ui).column(Column::exact(first));
        for width in COLUMNS {
            builder = builder.column(Column::exact(width));
        }
        builder.auto_shrink(false).max_scroll_height(f32::INFINITY).body(|body| {
            body.rows(grid::TREE_ROW, rows.len(), |mut row| {
                let Some(item) = rows.get(row.index()) else { return };
                let mut left = None;
                row.col(|ui| {
                    let cell = ui.max_rect();
                    left = Some(cell);
                    let full = Rect::from_min_size(cell.min, vec2(rect.width(), cell.height()));
                    let paint = RowPainter { item, full, state, scale };
                    paint.row_ui(ui, first, commands);
                });
                for _ in COLUMNS {
                    row.col(|_| {});
                }
            });
        });
    });
}

/// Where a column after the first lies in a row.
fn cell(full: Rect, first: f32, index: usize) -> Rect {
    let left = full.left() + first + COLUMNS[..index].iter().sum::<f32>();
    Rect::from_min_size(pos2(left, full.top()), vec2(COLUMNS[index], full.height()))
}

fn header_ui(ui: &mut Ui, rect: Rect, first: f32, words: &Words) {
    let color = Palette::of(ui).text_secondary;
    let name = Rect::from_min_max(rect.min + vec2(space::S16, 0.0), pos2(rect.left() + first, rect.bottom()));
    text_ui(ui, name, Align::Left, words.module, Type::CAPTION, color);
    let titles = ["base_layer", words.dtype, "lora_A", "lora_B", words.rank, words.scale, "‖Δ‖ / ‖W‖"];
    for (index, title) in titles.into_iter().enumerate() {
        let area = cell(rect, first, index);
        let (align, area) =
            if index == 6 { (Align::Center, area.translate(vec2(-1.0, 0.0))) } else { (Align::Right, area) };
        text_ui(ui, area, align, title, Type::CAPTION, color);
    }
}

struct RowPainter<'a> {
    item: &'a TreeRow,
    full: Rect,
    state: &'a AppState,
    scale: Option<HeatScale>,
}

impl RowPainter<'_> {
    fn row_ui(&self, ui: &mut Ui, first: f32, commands: &mut Vec<UiCommand>) {
        let palette = Palette::of(ui);
        let item = self.item;
        let clip = ui.clip_rect();
        ui.set_clip_rect(Rect::from_min_max(clip.min, pos2(self.full.right(), clip.bottom())));
        let id = Id::unique(("module", &item.path));
        let response = ui.interact(self.full, id, Sense::click());
        let is_selected = self.state.modules.selected.as_deref() == Some(item.path.as_str());
        response.widget_info(|| WidgetInfo::selected(Role::TreeItem, true, is_selected, self.description()));
        if is_selected {
            ui.painter().rect_filled(self.full, 0.0, palette.selected);
            let bar = Rect::from_min_size(self.full.min, vec2(2.0, self.full.height()));
            ui.painter().rect_filled(bar, 0.0, palette.accent);
        } else if response.hovered() {
            ui.painter().rect_filled(self.full, 0.0, palette.hover);
        }
        if response.has_focus() {
            let stroke = Stroke::new(2.0, palette.accent);
            ui.painter().rect_stroke(self.full.shrink(1.0), CornerRadius::ZERO, stroke, egui::StrokeKind::Inside);
        }
        self.name_ui(ui, first);
        self.values_ui(ui, first);
        if response.clicked() {
            commands.push(if item.folding == Folding::Leaf {
                UiCommand::SelectModule(item.path.clone())
            } else {
                UiCommand::ToggleModule(item.path.clone())
            });
        }
    }

    fn name_ui(&self, ui: &mut Ui, first: f32) {
        let palette = Palette::of(ui);
        let item = self.item;
        let left = self.full.left() + space::S16 + item.depth as f32 * grid::TREE_INDENT;
        let icon = match item.folding {
            Folding::Leaf => None,
            Folding::Open => Some(Icon::ChevronDown),
            Folding::Folded => Some(Icon::ChevronRight),
        };
        if let Some(icon) = icon {
            let area = Rect::from_min_size(pos2(left - 3.0, self.full.top()), vec2(16.0, self.full.height()));
            icon_ui(ui, area, icon, palette.text_secondary);
        }
        let text_left = left + 14.0;
        let ink = if item.is_changed || item.depth == 0 { palette.text } else { palette.text_tertiary };
        // A long name may use what its shape leaves of the next column.
        let shape_width =
            if item.folding == Folding::Leaf { text_width(ui, &item.base_shape, Type::MONO) } else { 0.0 };
        let right = self.full.left() + first + COLUMNS[0] - shape_width - space::S8;
        let name = Rect::from_min_max(pos2(text_left, self.full.top()), pos2(right, self.full.bottom()));
        let runs = [
            (item.label.as_str(), Type::BODY, ink),
            ("  ", Type::CAPTION, ink),
            (item.class.as_str(), Type::CAPTION, palette.text_tertiary),
        ];
        crate::gui::widget::runs_ui(ui, name, Align::Left, &runs[..if item.class.is_empty() { 1 } else { 3 }]);
    }

    fn values_ui(&self, ui: &mut Ui, first: f32) {
        let palette = Palette::of(ui);
        let item = self.item;
        let is_leaf = item.folding == Folding::Leaf;
        let ink = if item.is_changed { palette.text } else { palette.text_tertiary };
        let columns = [
            (&item.base_shape, ink),
            (&item.dtype, palette.text_tertiary),
            (&item.a_shape, palette.adapter),
            (&item.b_shape, palette.adapter),
            (&item.rank, palette.text_secondary),
            (&item.scale, palette.text_secondary),
        ];
        for (index, (text, color)) in columns.into_iter().enumerate() {
            if !text.is_empty() && is_leaf {
                text_ui(ui, cell(self.full, first, index), Align::Right, text, Type::MONO, color);
            }
        }
        let area = cell(self.full, first, 6);
        let area = Rect::from_min_max(area.min + vec2(space::S8, 3.0), area.max - vec2(10.0, 3.0));
        match (&item.heat, self.scale) {
            (Heat::Value(value), Some(scale)) => heat_cell_ui(ui, area, *value, scale),
            (Heat::Strip(values), Some(scale)) => heat_strip_ui(ui, area, values, scale),
            (Heat::Unchanged, _) => {
                let text = self.state.words().unchanged;
                text_ui(ui, area, Align::Center, text, Type::CAPTION, palette.text_tertiary);
            }
            (Heat::Unknown, _) => {
                text_ui(ui, area, Align::Center, "—", Type::EVIDENCE, palette.text_tertiary);
            }
            _ => {}
        }
    }

    /// The row as a screen reader says it.
    fn description(&self) -> String {
        let item = self.item;
        let heat = match &item.heat {
            Heat::Value(value) => format!("{value:.3}"),
            Heat::Unchanged => self.state.words().unchanged.to_owned(),
            _ => String::new(),
        };
        let name = if item.path.is_empty() { &item.label } else { &item.path };
        let parts = [name, &item.class, &item.base_shape, &item.dtype, &item.a_shape, &item.b_shape, &heat];
        parts.into_iter().filter(|part| !part.is_empty()).map(String::as_str).collect::<Vec<_>>().join(", ")
    }
}
