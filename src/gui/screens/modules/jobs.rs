//! What is computed about modules in the background.

use std::sync::Arc;

use egui::Context;

use super::module_list::show_changes;
use crate::{
    gui::app::{
        jobs::kind::JobKind,
        state::{AppState, Phase},
    },
    matching::module_of,
    message::Problem,
    tree::{self, RelativeChanges},
};

/// Reads the factors of the plan, and some rows of the weights that it changes.
pub(in crate::gui) fn estimate_changes(state: &mut AppState, ctx: &Context) {
    // They follow from the inputs, wherever the merge is to go.
    let Some(plan) = state.plan().cloned() else { return state.jobs.forget(JobKind::EstimateChanges) };
    let measure =
        move |_: &_| Ok(RelativeChanges::measure(&plan.base, &plan.matching, &plan.adapters, &plan.strengths));
    state.jobs.start(JobKind::EstimateChanges, ctx, measure, take_estimate);
}

fn take_estimate(state: &mut AppState, ctx: &Context, estimated: Result<RelativeChanges, Problem>) {
    let Ok(estimated) = estimated else { return };
    state.modules.delta_norms = Arc::new(estimated.delta_norms);
    // A merge that is done knows its changes better.
    if !matches!(state.phase, Phase::Done(_)) {
        show_changes(state, ctx, estimated.by_module, !estimated.is_exact);
    }
}

/// Computes the singular values of Δ of the selected module, where they are not known yet.
pub(in crate::gui) fn look_at_spectrum(state: &mut AppState, ctx: &Context) {
    let (Some(module), Some(plan)) = (&state.modules.selected, state.plan()) else { return };
    if state.modules.spectra.contains_key(module) {
        return;
    }
    let (module, plan) = (module.clone(), Arc::clone(plan));
    let compute = move |_: &_| {
        let applied = plan.matching.applied.iter().find(|applied| module_of(&applied.tensor) == module);
        let values = applied.map(|applied| tree::singular_values(applied, &plan.adapters, &plan.strengths));
        Ok((module, values.and_then(Result::ok).flatten().unwrap_or_default()))
    };
    state.jobs.start(JobKind::Spectrum, ctx, compute, |state: &mut AppState, _, computed| {
        if let Ok((module, values)) = computed {
            state.modules.spectra.insert(module, values);
        }
    });
}
