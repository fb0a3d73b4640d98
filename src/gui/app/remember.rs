//! Notes in the history what is opened, merged and judged here, as it happens.

use super::state::AppState;
use crate::report::{HistoryEntry, RunOutcome, now_secs};

/// Notes how far the merge of what is in the wells got.
pub(in crate::gui) fn remember(state: &mut AppState, outcome: RunOutcome) {
    let (Some(base), adapters) = (state.wells.base.path.clone(), state.adapters()) else { return };
    if adapters.is_empty() {
        return;
    }
    let entry = HistoryEntry {
        base,
        adapters,
        output: state.wells.output.path.clone(),
        dtype: state.options.dtype,
        requantize: state.options.requantize,
        rounding: state.options.rounding,
        outcome,
        unix_secs: now_secs(),
    };
    // Where nothing can be written it lasts until the end, which is worth no word.
    state.history.note(entry).ok();
    state.recent_states.clear();
}

/// Notes what the checks of the folder that is shown found.
pub(in crate::gui) fn remember_verdict(state: &mut AppState) {
    let Some(done) = state.finished() else { return };
    let (merged, outcome) = (done.provenance.merged.clone(), RunOutcome::of(done.verified.as_ref()));
    state.history.conclude(&merged, outcome).ok();
    state.recent_states.clear();
}
