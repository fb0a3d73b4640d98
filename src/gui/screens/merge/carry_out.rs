//! Carries out what is asked of the Merge screen.

use egui::Context;

use super::command::MergeCommand;
use crate::gui::{
    app::{
        inspection::free_name,
        jobs::workers::{self, Workers},
        screen::Screen,
        state::{AppState, Job},
    },
    frame::wells::fill::inspect,
};

/// Chooses, merges, stops, plans again.
pub(in crate::gui) fn carry_out(state: &mut AppState, workers: &mut Workers, ctx: &Context, command: MergeCommand) {
    match command {
        MergeCommand::ChooseDtype(dtype) => choose(state, workers, ctx, |state| state.options.dtype = dtype),
        MergeCommand::ChooseStrength(strength) => {
            choose(state, workers, ctx, |state| state.options.strength = strength);
        }
        MergeCommand::ChooseRounding(rounding) => {
            choose(state, workers, ctx, |state| state.options.rounding = rounding);
        }
        MergeCommand::WriteCard(writes_card) => {
            choose(state, workers, ctx, |state| state.options.writes_card = writes_card);
        }
        MergeCommand::ChooseDevice(device) => choose(state, workers, ctx, |state| state.options.device = device),
        MergeCommand::AddAdapter => workers::add_adapter(state, workers, ctx),
        MergeCommand::RemoveAdapter(index) => choose(state, workers, ctx, |state| {
            if index < state.more_adapters.len() {
                state.more_adapters.remove(index);
            }
        }),
        MergeCommand::ChooseAdapterStrength(index, strength) => choose(state, workers, ctx, |state| {
            state.more_adapters.get_mut(index).into_iter().for_each(|adapter| adapter.strength = strength);
        }),
        MergeCommand::Start => workers::start_merge(state, ctx),
        MergeCommand::Cancel => cancel(state),
        MergeCommand::DiscardPartial => workers::discard_partial(state, workers, ctx),
        MergeCommand::PlanAgain => {
            if !state.is_locked() {
                inspect(state, ctx);
            }
        }
        MergeCommand::MergeAgain => merge_again(state, ctx),
    }
}

/// Takes a choice, and plans anew where the plan depends on it.
fn choose(state: &mut AppState, workers: &mut Workers, ctx: &Context, take: impl FnOnce(&mut AppState)) {
    if state.is_locked() {
        return;
    }
    let planned = |state: &AppState| (state.options.dtype, state.options.rounding, state.adapters());
    let before = planned(state);
    take(state);
    if before == planned(state) {
        return;
    }
    // A slider asks in every frame, so while one look is under way the next waits for it.
    if matches!(state.job, Job::Opening(_)) {
        workers.is_question_old = true;
    } else {
        inspect(state, ctx);
    }
}

fn cancel(state: &mut AppState) {
    if let Job::Running(running) = &mut state.job {
        running.watch.cancel();
        running.is_cancelling = true;
    }
}

/// Back to the plan, for the first name beside the folder that is there now.
fn merge_again(state: &mut AppState, ctx: &Context) {
    let Some(done) = state.finished().filter(|done| done.made.is_some()) else { return };
    let output = free_name(&done.sources.merged);
    state.wells.output.set(Some(output));
    state.output_is_proposed = false;
    state.screen = Screen::Merge;
    inspect(state, ctx);
}
