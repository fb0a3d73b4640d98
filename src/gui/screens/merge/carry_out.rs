//! Carries out what is chosen on the Merge screen.

use egui::Context;

use crate::gui::app::{
    command::UiCommand,
    jobs::workers::{self, Workers},
    logic::inspect,
    state::{AppState, Job},
};

/// Takes a choice, and plans anew where the plan depends on it.
pub(in crate::gui) fn carry_out(state: &mut AppState, workers: &mut Workers, ctx: &Context, command: &UiCommand) {
    if state.is_locked() {
        return;
    }
    let before = (state.options, state.adapters());
    match *command {
        UiCommand::ChooseDtype(dtype) => state.options.dtype = dtype,
        UiCommand::ChooseStrength(strength) => state.options.strength = strength,
        UiCommand::ChooseRounding(rounding) => state.options.rounding = rounding,
        UiCommand::WriteCard(writes_card) => state.options.writes_card = writes_card,
        UiCommand::ChooseDevice(device) => state.options.device = device,
        UiCommand::AddAdapter => workers::add_adapter(state, workers, ctx),
        UiCommand::RemoveAdapter(index) if index < state.more_adapters.len() => {
            state.more_adapters.remove(index);
        }
        UiCommand::ChooseAdapterStrength(index, strength) => {
            state.more_adapters.get_mut(index).into_iter().for_each(|adapter| adapter.strength = strength);
        }
        _ => {}
    }
    let (options, adapters) = before;
    let is_same_sum = (options.dtype, options.rounding) == (state.options.dtype, state.options.rounding);
    if !is_same_sum || adapters != state.adapters() {
        plan_anew(state, workers, ctx);
    }
}

/// Plans with other options. A slider asks in every frame, so while one look is under way the next waits for it.
fn plan_anew(state: &mut AppState, workers: &mut Workers, ctx: &Context) {
    if matches!(state.job, Job::Opening(_)) {
        workers.is_question_old = true;
    } else {
        inspect(state, ctx);
    }
}
