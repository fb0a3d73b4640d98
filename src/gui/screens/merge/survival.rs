//! How much of the adapters the planned rounding leaves, estimated in the background.

use egui::Context;

use crate::gui::app::{jobs::kind::JobKind, state::AppState};
use crate::message::Problem;

/// Estimates it for the plan at hand; without one there is nothing to say.
pub(in crate::gui) fn estimate_survival(state: &mut AppState, ctx: &Context) {
    state.survival = None;
    let Some(plan) = state.plan().cloned() else { return state.jobs.forget(JobKind::EstimateSurvival) };
    let estimate = move |job: &_| plan.estimate_survival(job).map_err(|error| Problem::of(&error));
    let take = |state: &mut AppState, _: &Context, estimated| state.survival = Some(estimated);
    state.jobs.start(JobKind::EstimateSurvival, ctx, estimate, take);
}
