//! Rows and map of the Modules screen: made at once for a model of usual size, on a worker for one with very many
//! modules.

use std::sync::Arc;

use egui::Context;

use super::state::ModulesState;
use crate::{
    gui::app::{inspection::Inspection, jobs::kind::JobKind, state::AppState},
    tree::{ChangeGrid, ChangeMap, HeatScale, TensorTally, TreeQuery, TreeRow, tree_rows},
};

/// Modules up to which the rows are made within a frame: well under a millisecond.
const MOST_AT_ONCE: usize = 2_000;

/// What a worker makes of the modules.
pub(in crate::gui) struct ModuleList {
    rows: Vec<TreeRow>,
    shown: TensorTally,
    /// Only where the changes are others than before.
    map: Option<ChangeGrid>,
}

impl ModuleList {
    /// Puts it where panels look.
    pub(in crate::gui) fn show(self, modules: &mut ModulesState) {
        let old = std::mem::replace(&mut modules.rows, Arc::new(self.rows));
        if old.len() > MOST_AT_ONCE {
            // Giving back the memory of very many rows takes as long as several frames.
            std::thread::Builder::new().name("drop rows".to_owned()).spawn(move || drop(old)).ok();
        }
        modules.shown = self.shown;
        if let Some(map) = self.map {
            modules.map = Arc::new(map);
        }
    }
}

/// Shows other changes everywhere: rows, map and scale.
pub(in crate::gui) fn show_changes(state: &mut AppState, ctx: &Context, changes: ChangeMap, are_estimates: bool) {
    state.modules.scale = HeatScale::of(changes.values().copied(), are_estimates);
    state.modules.changes = Arc::new(changes);
    make(state, ctx, true);
}

/// Rows of the tree as it is folded, filtered and sorted now.
pub(in crate::gui) fn rebuild_rows(state: &mut AppState, ctx: &Context) {
    // A map that is still being made comes with the next list.
    let lacks_map = state.jobs.is_running(JobKind::ListModules);
    make(state, ctx, lacks_map);
}

fn make(state: &mut AppState, ctx: &Context, has_map: bool) {
    state.jobs.forget(JobKind::ListModules);
    let Some(inspection) = state.inspection.clone().filter(|inspection| inspection.tree.is_some()) else {
        (state.modules.rows, state.modules.map) = (Arc::default(), Arc::default());
        return;
    };
    let modules = &state.modules;
    let (toggled, filter, only_changed) = (modules.toggled.clone(), modules.filter.clone(), modules.only_changed);
    let (order, changes) = (modules.order, Arc::clone(&modules.changes));
    let is_small = inspection.module_count <= MOST_AT_ONCE;
    let list = move || {
        let query = TreeQuery { toggled: &toggled, filter: &filter, only_changed, changes: &changes, order };
        of(&inspection, query, has_map)
    };
    if is_small {
        list().show(&mut state.modules);
    } else {
        state.jobs.start(
            JobKind::ListModules,
            ctx,
            move |_| Ok(list()),
            |state: &mut AppState, _, list| {
                if let Ok(list) = list {
                    list.show(&mut state.modules);
                }
            },
        );
    }
}

fn of(inspection: &Inspection, query: TreeQuery<'_>, has_map: bool) -> ModuleList {
    let rows = inspection.tree.as_ref().map(|tree| tree_rows(tree, query)).unwrap_or_default();
    let tree = inspection.tree.as_ref().filter(|_| has_map);
    let map = tree.map(|tree| ChangeGrid::new(tree.walk().map(|node| node.path.as_str()), query.changes));
    let shown = inspection.tree.as_ref().map(|tree| TensorTally::of(tree, query)).unwrap_or_default();
    ModuleList { rows, shown, map }
}
