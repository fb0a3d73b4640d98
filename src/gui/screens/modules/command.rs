//! What is asked of the Modules screen.

use egui::Key;

use super::state::ModulesView;
use crate::gui::app::{
    command::face::{Face, ScreenCommand},
    screen::Screen,
    state::AppState,
};
use crate::tree::SortColumn;

/// What is asked of the Modules screen.
#[derive(Clone, Debug, PartialEq)]
pub enum ModulesCommand {
    /// Open or fold a module of the tree.
    Toggle(String),
    /// Look at one module.
    Select(String),
    /// Show only modules whose path contains this.
    Filter(String),
    /// Put the cursor into the filter.
    FocusFilter,
    /// Sort by this column: largest first, smallest first, as the tree has them.
    Sort(SortColumn),
    /// Show only modules that change.
    ShowOnlyChanged(bool),
    /// Show the tree as a table or as printed text.
    ShowAs(ModulesView),
    /// Put the path of the module in the inspector on the clipboard.
    CopyPath,
    /// Put a printed tree on the clipboard.
    CopyPrinted(PrintedSide),
}

/// One of the two printed trees.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum PrintedSide {
    /// The base's.
    Base,
    /// The base's with the adapter.
    Adapted,
}

impl ScreenCommand for ModulesCommand {
    const LISTED: &'static [(Self, Face)] = &[
        (Self::FocusFilter, Face::new("filter-hint").tooltip("filter-tooltip").key(Key::F).when(has_modules)),
        (Self::ShowOnlyChanged(true), ONLY_CHANGED.when(|state| has_modules(state) && !state.modules.only_changed)),
        (Self::ShowOnlyChanged(false), ONLY_CHANGED.when(|state| has_modules(state) && state.modules.only_changed)),
        (
            Self::ShowAs(ModulesView::Table),
            Face::new("table")
                .place("modules")
                .key(Key::P)
                .when(|state| has_modules(state) && state.modules.view == ModulesView::Printed),
        ),
        (
            Self::ShowAs(ModulesView::Printed),
            Face::new("printed")
                .place("modules")
                .tooltip("printed.tooltip")
                .key(Key::P)
                .when(|state| has_modules(state) && state.modules.view == ModulesView::Table),
        ),
    ];
}

const ONLY_CHANGED: Face = Face::new("only-changed").place("modules");

fn has_modules(state: &AppState) -> bool {
    state.is_reachable(Screen::Modules)
}
