//! Carries out what is asked of the Merge screen.

use egui::Context;

use super::{
    command::MergeCommand,
    jobs::{cancel_merge, discard_partial, start_merge},
    merge_options::MergeOptions,
};
use crate::{
    gui::{
        app::{
            dialogs::{self, FolderDialog},
            screen::Screen,
            state::{AppState, Phase},
        },
        frame::wells::{fill::add_adapter, inspect::inspect},
    },
    plan::free_name,
};

/// Chooses, merges, stops, plans again.
pub(in crate::gui) fn carry_out(state: &mut AppState, ctx: &Context, command: MergeCommand) {
    match command {
        MergeCommand::ChooseDtype(dtype) => choose(state, ctx, |state| {
            (state.options.dtype, state.options.requantize, state.options.accepts_loss) = (dtype, None, false);
        }),
        MergeCommand::Requantize(format) => choose(state, ctx, |state| state.options.requantize = Some(format)),
        MergeCommand::AcceptLoss(accepts) => choose(state, ctx, |state| state.options.accepts_loss = accepts),
        MergeCommand::ChooseStrength(strength) => {
            choose(state, ctx, |state| state.options.strength = strength);
        }
        MergeCommand::ChooseRounding(rounding) => {
            choose(state, ctx, |state| state.options.rounding = rounding);
        }
        MergeCommand::WriteCard(writes_card) => {
            choose(state, ctx, |state| state.options.writes_card = writes_card);
        }
        MergeCommand::ChooseDevice(device) => choose(state, ctx, |state| state.options.device = device),
        MergeCommand::AddAdapter => choose_adapter(state, ctx),
        MergeCommand::RemoveAdapter(index) => choose(state, ctx, |state| {
            if index < state.more_adapters.len() {
                state.more_adapters.remove(index);
            }
        }),
        MergeCommand::ChooseAdapterStrength(index, strength) => choose(state, ctx, |state| {
            state.more_adapters.get_mut(index).into_iter().for_each(|adapter| adapter.strength = strength);
        }),
        MergeCommand::Start => start_merge(state, ctx),
        MergeCommand::Cancel => cancel_merge(state),
        MergeCommand::DiscardPartial => discard_partial(state, ctx),
        MergeCommand::PlanAgain => {
            if !state.is_locked() {
                inspect(state, ctx);
            }
        }
        MergeCommand::MergeAgain => merge_again(state, ctx),
    }
}

/// Takes a choice, and plans anew where the plan depends on it.
fn choose(state: &mut AppState, ctx: &Context, take: impl FnOnce(&mut AppState)) {
    if state.is_locked() {
        return;
    }
    let planned = |state: &AppState| {
        let MergeOptions { dtype, requantize, accepts_loss, rounding, .. } = state.options;
        (dtype, requantize, accepts_loss, rounding, state.adapters())
    };
    let before = planned(state);
    take(state);
    if before == planned(state) {
        return;
    }
    // A slider asks in every frame, so while one look is under way the next waits for it.
    if matches!(state.phase, Phase::Opening) {
        state.is_question_old = true;
    } else {
        inspect(state, ctx);
    }
}

/// Chooses the folder of one more adapter.
fn choose_adapter(state: &mut AppState, ctx: &Context) {
    if dialogs::are_missing(state, "no-file-dialog") {
        return;
    }
    let title = dialogs::title(&MergeCommand::AddAdapter, state);
    let dialog = FolderDialog { title, start: state.wells.adapter.path.clone(), is_new: false };
    dialog.show(state, ctx, add_adapter);
}

/// Back to the plan, for the first name beside the folder that is there now.
fn merge_again(state: &mut AppState, ctx: &Context) {
    let Some(done) = state.finished().filter(|done| done.made.is_some()) else { return };
    let output = free_name(&done.provenance.merged);
    state.wells.output.set(Some(output));
    state.output_is_proposed = false;
    state.screen = Screen::Merge;
    inspect(state, ctx);
}
