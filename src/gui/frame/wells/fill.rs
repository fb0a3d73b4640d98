//! Puts folders into the wells.

use std::path::PathBuf;

use egui::Context;

use super::{drop_target::Route, inspect::inspect, well::WellKind};
use crate::{
    gui::app::{screen::Screen, state::AppState},
    plan::{AdapterRequest, DtypePolicy},
};

/// Fills or empties a well, where inputs may change now.
pub(in crate::gui) fn set_path(state: &mut AppState, ctx: &Context, kind: WellKind, path: Option<PathBuf>) {
    if state.is_locked() || state.wells.get(kind).path == path {
        return;
    }
    match kind {
        WellKind::Output => state.output_is_proposed = path.is_none(),
        WellKind::Base | WellKind::Adapter => state.screen = Screen::Modules,
    }
    if kind == WellKind::Adapter {
        // Another adapter begins another merge.
        state.more_adapters.clear();
        state.options.strength = 1.0;
        state.options.accepts_loss = false;
    }
    if kind == WellKind::Base {
        // The dtype was chosen for another model.
        (state.options.dtype, state.options.requantize) = (DtypePolicy::Keep, None);
    }
    state.unknown_drop = None;
    state.wells.get_mut(kind).set(path);
    inspect(state, ctx);
}

/// Fills each well with the dropped folder that belongs to it; of others the last is told about.
pub(in crate::gui) fn take_routed(state: &mut AppState, ctx: &Context, routed: Vec<Route>) {
    let (mut has_adapter, mut unknown_drop) = (false, None);
    for route in routed {
        let (kind, path) = match route {
            Ok(found) => found,
            Err(unknown) => {
                unknown_drop = Some(unknown);
                continue;
            }
        };
        // Of several adapters dropped together, the first fills the well and the others join it.
        if kind == WellKind::Adapter && std::mem::replace(&mut has_adapter, true) {
            add_adapter(state, ctx, path);
        } else {
            set_path(state, ctx, kind, Some(path));
        }
    }
    state.unknown_drop = unknown_drop;
}

/// One more adapter beside that of the well, which it fills while that is empty.
pub(in crate::gui) fn add_adapter(state: &mut AppState, ctx: &Context, path: PathBuf) {
    if state.wells.adapter.path.is_none() {
        set_path(state, ctx, WellKind::Adapter, Some(path));
    } else if state.adapters().iter().all(|adapter| adapter.path != path) && !state.is_locked() {
        state.more_adapters.push(AdapterRequest { path, strength: 1.0 });
        inspect(state, ctx);
    }
}
