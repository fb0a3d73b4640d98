//! One row of the tree table.

use egui::{CornerRadius, Id, Rect, Role, Sense, Stroke, StrokeKind, Ui, WidgetInfo, pos2, vec2};

use super::{
    columns::{ModuleColumn, ModuleColumns},
    command::ModulesCommand,
    heat::{heat_cell_ui, heat_strip_ui},
    heat_map::HeatScale,
    tree_row::{Folding, Heat, TreeRow},
};
use crate::gui::{
    app::{command::Command, state::AppState},
    design::{
        tokens::{Colors, Type, grid, space},
        widget::{Align, Icon, icon_ui, runs_ui, text_ui, text_width},
    },
};

/// A row and what it takes to paint it.
pub(in crate::gui) struct ModuleRow<'a> {
    pub item: &'a TreeRow,
    pub columns: &'a ModuleColumns,
    pub state: &'a AppState,
    pub scale: Option<HeatScale>,
}

/// The row of the module at `path`, wherever it stands.
pub(in crate::gui) fn row_id(path: &str) -> Id {
    Id::unique(("module", path))
}

impl ModuleRow<'_> {
    /// Paints it across `rect`; a click opens, folds or selects.
    pub fn show(&self, ui: &mut Ui, rect: Rect, commands: &mut Vec<Command>) {
        let colors = Colors::of(ui);
        let item = self.item;
        let clip = ui.clip_rect();
        ui.set_clip_rect(Rect::from_min_max(clip.min, pos2(rect.right(), clip.bottom())));
        let response = ui.interact(rect, row_id(&item.path), Sense::click());
        let is_selected = self.state.modules.selected.as_deref() == Some(item.path.as_str());
        response.widget_info(|| WidgetInfo::selected(Role::TreeItem, true, is_selected, self.description()));
        if is_selected {
            ui.painter().rect_filled(rect, 0.0, colors.selected);
            let bar = Rect::from_min_size(rect.min, vec2(2.0, rect.height()));
            ui.painter().rect_filled(bar, 0.0, colors.accent);
        } else if response.hovered() {
            ui.painter().rect_filled(rect, 0.0, colors.hover);
        }
        if response.has_focus() {
            let stroke = Stroke::new(2.0, colors.accent);
            ui.painter().rect_stroke(rect.shrink(1.0), CornerRadius::ZERO, stroke, StrokeKind::Inside);
        }
        self.name_ui(ui, rect);
        for (column, cell) in self.columns.cells(rect) {
            self.value_ui(ui, column, cell);
        }
        if response.clicked() {
            let path = item.path.clone();
            let is_leaf = item.folding == Folding::Leaf;
            let command = if is_leaf { ModulesCommand::Select(path) } else { ModulesCommand::Toggle(path) };
            commands.push(command.into());
        }
    }

    fn name_ui(&self, ui: &mut Ui, rect: Rect) {
        let colors = Colors::of(ui);
        let item = self.item;
        let left = rect.left() + space::S16 + item.depth as f32 * grid::TREE_INDENT;
        let icon = match item.folding {
            Folding::Leaf => None,
            Folding::Open => Some(Icon::ChevronDown),
            Folding::Folded => Some(Icon::ChevronRight),
        };
        if let Some(icon) = icon {
            let area = Rect::from_min_size(pos2(left - 3.0, rect.top()), vec2(16.0, rect.height()));
            icon_ui(ui, area, icon, colors.text_secondary);
        }
        let ink = if item.is_changed || item.depth == 0 { colors.text } else { colors.text_tertiary };
        let name = Rect::from_min_max(pos2(left + 14.0, rect.top()), pos2(self.name_right(ui, rect), rect.bottom()));
        let needed = text_width(ui, &item.label, Type::BODY) + text_width(ui, &item.class, Type::CAPTION) + space::S8;
        // What the filter found stands out.
        let [before, found, after] = around_match(&item.label, self.state.modules.filter.trim());
        let runs = [
            (before, Type::BODY, ink),
            (found, Type::BODY_STRONG, colors.accent),
            (after, Type::BODY, ink),
            ("  ", Type::CAPTION, ink),
            (item.class.as_str(), Type::CAPTION, colors.text_tertiary),
        ];
        // A class that would be cut off is left to the inspector.
        let is_class_shown = !item.class.is_empty() && (item.folding != Folding::Leaf || needed <= name.width());
        runs_ui(ui, name, Align::Left, &runs[..if is_class_shown { 5 } else { 3 }]);
    }

    /// A long name may use what its shape leaves of the next column; a row without values all of it.
    fn name_right(&self, ui: &Ui, rect: Rect) -> f32 {
        let cell_of = |wanted| self.columns.cells(rect).find(|(column, _)| *column == wanted).map(|(_, cell)| cell);
        if self.item.folding != Folding::Leaf {
            return cell_of(ModuleColumn::Change).map_or(rect.right(), |cell| cell.left());
        }
        let shape_width = text_width(ui, &self.item.base_shape, Type::MONO);
        cell_of(ModuleColumn::BaseLayer).map_or(rect.right(), |cell| cell.right() - shape_width - space::S8)
    }

    fn value_ui(&self, ui: &mut Ui, column: ModuleColumn, cell: Rect) {
        let colors = Colors::of(ui);
        let item = self.item;
        let ink = if item.is_changed { colors.text } else { colors.text_tertiary };
        let (text, color) = match column {
            ModuleColumn::BaseLayer => (&item.base_shape, ink),
            ModuleColumn::Dtype => (&item.dtype, colors.text_tertiary),
            ModuleColumn::LoraA => (&item.a_shape, colors.adapter),
            ModuleColumn::LoraB => (&item.b_shape, colors.adapter),
            ModuleColumn::Rank => (&item.rank, colors.text_secondary),
            ModuleColumn::Scale => (&item.scale, colors.text_secondary),
            ModuleColumn::Change => return self.change_ui(ui, cell),
        };
        if !text.is_empty() && item.folding == Folding::Leaf {
            text_ui(ui, cell, Align::Right, text, Type::MONO, color);
        }
    }

    fn change_ui(&self, ui: &mut Ui, cell: Rect) {
        let tertiary = Colors::of(ui).text_tertiary;
        let area = Rect::from_min_max(cell.min + vec2(space::S8, 3.0), cell.max - vec2(10.0, 3.0));
        match (&self.item.heat, self.scale) {
            (Heat::Value(value), Some(scale)) => heat_cell_ui(ui, area, *value, scale),
            (Heat::Strip(values), Some(scale)) => heat_strip_ui(ui, area, values, scale),
            (Heat::Unchanged, _) => {
                text_ui(ui, area, Align::Center, self.state.words().text("unchanged"), Type::CAPTION, tertiary);
            }
            (Heat::Unknown, _) => {
                text_ui(ui, area, Align::Center, "—", Type::EVIDENCE, tertiary);
            }
            _ => {}
        }
    }

    /// The row as a screen reader says it.
    fn description(&self) -> String {
        let item = self.item;
        let heat = match &item.heat {
            Heat::Value(value) => format!("{value:.3}"),
            Heat::Unchanged => self.state.words().text("unchanged").to_owned(),
            _ => String::new(),
        };
        let name = if item.path.is_empty() { &item.label } else { &item.path };
        let parts = [name, &item.class, &item.base_shape, &item.dtype, &item.a_shape, &item.b_shape, &heat];
        parts.into_iter().filter(|part| !part.is_empty()).map(String::as_str).collect::<Vec<_>>().join(", ")
    }
}

/// `label` before, in and after the first place where it has `filter`, whatever the case.
fn around_match<'a>(label: &'a str, filter: &str) -> [&'a str; 3] {
    let at = (!filter.is_empty()).then(|| label.to_lowercase().find(&filter.to_lowercase())).flatten();
    let parts = at.and_then(|at| {
        let (before, rest) = label.split_at_checked(at)?;
        let (found, after) = rest.split_at_checked(filter.len())?;
        Some([before, found, after])
    });
    parts.unwrap_or([label, "", ""])
}

#[cfg(test)]
mod tests {
    use super::around_match;

    #[test]
    fn a_match_is_found_in_any_case() {
        assert_eq!(around_match("model.layers.0.q_proj", "Q_pr"), ["model.layers.0.", "q_pr", "oj"]);
        assert_eq!(around_match("q_proj", ""), ["q_proj", "", ""]);
        assert_eq!(around_match("q_proj", "mlp"), ["q_proj", "", ""]);
    }
}
