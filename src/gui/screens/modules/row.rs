//! One row of the tree table.

use egui::{Id, Rect};

use super::{columns::ModuleColumn, command::ModulesCommand};
use crate::{
    gui::{
        design::{
            tokens::heat,
            widget::{heat_cell_ui, heat_strip_ui},
        },
        prelude::*,
    },
    tree::{Folding, Heat, TreeRow},
};

/// Stands for a change that cannot be told.
const UNKNOWN: &str = "—";

/// A row and what it takes to paint it.
pub(in crate::gui) struct ModuleRow<'a> {
    pub item: &'a TreeRow,
    pub columns: &'a [ModuleColumn],
    pub state: &'a AppState,
}

/// The row of the module at `path`, wherever it stands.
pub(in crate::gui) fn row_id(path: &str) -> Id {
    Id::unique(("module", path))
}

impl ModuleRow<'_> {
    /// Paints its cells; a click opens, folds or selects.
    pub fn show(&self, cells: &mut Cells<'_>, commands: &mut Vec<Command>) {
        let item = self.item;
        let is_chosen = self.state.modules.selected.as_deref() == Some(item.path.as_str());
        let label = || self.description();
        let choice = RowChoice { id: row_id(&item.path), role: Role::TreeItem, is_chosen, label: &label };
        let response = cells.choice(&choice, |ui| self.name_ui(ui));
        for column in self.columns {
            match self.value(*column) {
                Some((text, ink)) => cells.number(text, ink),
                None if *column == ModuleColumn::Change => self.change_ui(cells),
                None => cells.blank(),
            }
        }
        if response.is_some_and(|response| response.clicked()) {
            let path = item.path.clone();
            let is_leaf = item.folding == Folding::Leaf;
            let command = if is_leaf { ModulesCommand::Select(path) } else { ModulesCommand::Toggle(path) };
            commands.push(command.into());
        }
    }

    fn name_ui(&self, ui: &mut Ui) {
        let item = self.item;
        ui.set_max_width(ui.available_width() + self.spare(ui));
        ui.add_space(item.depth as f32 * grid::TREE_INDENT);
        let area = spot(ui, vec2(space::S16, ui.available_height()));
        let icon = match item.folding {
            Folding::Leaf => None,
            Folding::Open => Some(Icon::ChevronDown),
            Folding::Folded => Some(Icon::ChevronRight),
        };
        if let Some(icon) = icon {
            icon_ui(ui, area, icon, Ink::Secondary.color(ui));
        }
        let ink = if item.is_changed || item.depth == 0 { Ink::Primary } else { Ink::Tertiary };
        // What the filter found stands out.
        let [before, found, after] = item.around_match(&self.state.modules.filter);
        let spans = [
            (before, Type::BODY, ink),
            (found, Type::BODY_STRONG, Ink::Accent),
            (after, Type::BODY, ink),
            ("  ", Type::CAPTION, ink),
            (item.class.as_str(), Type::CAPTION, Ink::Tertiary),
        ];
        // A class that would be cut off is left to the inspector.
        let is_class_shown = !item.class.is_empty()
            && (item.folding != Folding::Leaf || spans_width(ui, &spans) <= ui.available_width());
        spans_ui(ui, &spans[..if is_class_shown { 5 } else { 3 }]);
    }

    /// A long name may use what its shape leaves of the next column; a row without values all that it has.
    fn spare(&self, ui: &Ui) -> f32 {
        let (used, columns) = match (self.item.folding, self.columns) {
            (Folding::Leaf, [first, ..]) => {
                let shape = self.value(*first).map(|(shape, ink)| spans_width(ui, &[(shape, Type::MONO, ink)]));
                (shape.unwrap_or_default(), std::slice::from_ref(first))
            }
            (_, [between @ .., _]) => (0.0, between),
            (_, []) => return 0.0,
        };
        (ModuleColumn::space(columns) - used - space::S8).max(0.0)
    }

    /// What stands in a column of text.
    fn value(&self, column: ModuleColumn) -> Option<(&str, Ink)> {
        let item = self.item;
        let ink = if item.is_changed { Ink::Primary } else { Ink::Tertiary };
        let (text, ink) = match column {
            ModuleColumn::BaseLayer => (&item.base_shape, ink),
            ModuleColumn::Dtype => (&item.dtype, Ink::Tertiary),
            ModuleColumn::LoraA => (&item.a_shape, Ink::Adapter),
            ModuleColumn::LoraB => (&item.b_shape, Ink::Adapter),
            ModuleColumn::Rank => (&item.rank, Ink::Secondary),
            ModuleColumn::Scale => (&item.scale, Ink::Secondary),
            ModuleColumn::Change => return None,
        };
        (!text.is_empty() && item.folding == Folding::Leaf).then_some((text.as_str(), ink))
    }

    fn change_ui(&self, cells: &mut Cells<'_>) {
        let cell = |area: Rect| Rect::from_center_size(area.center(), vec2(area.width(), heat::CELL));
        match (&self.item.heat, self.state.modules.scale) {
            (Heat::Value(value), Some(scale)) => cells.canvas(|ui, area| heat_cell_ui(ui, cell(area), *value, scale)),
            (Heat::Strip(values), Some(scale)) => cells.canvas(|ui, area| heat_strip_ui(ui, cell(area), values, scale)),
            (Heat::Unchanged, _) => cells.text(self.state.words().text("unchanged"), Type::CAPTION, Ink::Tertiary),
            (Heat::Unknown, _) => cells.text(UNKNOWN, Type::EVIDENCE, Ink::Tertiary),
            _ => cells.blank(),
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
