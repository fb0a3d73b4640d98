//! Takes what jobs have reported and finished since the last frame, in the one place where that happens.

use egui::Context;

use super::state::AppState;
use crate::gui::screens::merge::jobs::watch_merge;

/// Hands every fact and every result to who waits for it.
pub(in crate::gui) fn drain(state: &mut AppState, ctx: &Context) {
    let told = state.jobs.look(ctx);
    watch_merge(state, told);
    while let Some(result) = state.jobs.take_result() {
        result.hand_over(state, ctx);
    }
}
