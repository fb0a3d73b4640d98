//! Closes the window, not without asking while a merge runs: it would stop.

use egui::{Context, ViewportCommand};

use super::{
    closing::Closing,
    state::{AppState, Phase},
};
use crate::gui::screens::merge::jobs::cancel_merge;

/// Holds the window open while the question stands, and closes it once the merge has stopped.
pub(in crate::gui) fn watch_close(state: &mut AppState, ctx: &Context) {
    if !state.is_locked() {
        if std::mem::take(&mut state.closing) == Closing::Stopping {
            ctx.send_viewport_cmd(ViewportCommand::Close);
        }
        return;
    }
    if ctx.input(|input| input.viewport().close_requested()) {
        ctx.send_viewport_cmd(ViewportCommand::CancelClose);
        if state.closing == Closing::No {
            state.closing = Closing::Asked;
        }
    }
}

/// Stops the merge, after which the window closes; what is finished of it stays for the next run.
pub(in crate::gui) fn stop_and_close(state: &mut AppState) {
    if matches!(state.phase, Phase::Running(_)) {
        cancel_merge(state);
        state.closing = Closing::Stopping;
    }
}
