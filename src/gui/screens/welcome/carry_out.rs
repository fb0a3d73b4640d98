//! Carries out what is asked of the welcome screen.

use egui::Context;

use super::command::WelcomeCommand;
use crate::{
    gui::{
        app::{notice::Notice, screen::Screen, state::AppState},
        frame::wells::inspect::inspect,
        screens::merge::merge_options::MergeOptions,
    },
    message::Problem,
    numeric::FloatDtype,
    plan::{DtypePolicy, free_name},
    report::{HistoryEntry, RunOutcome},
    sample::Sample,
    units::path::lexically_normal,
};

/// Fills the wells at once, or forgets what they were filled with.
pub(in crate::gui) fn carry_out(state: &mut AppState, ctx: &Context, command: WelcomeCommand) {
    match command {
        WelcomeCommand::OpenSample => open_sample(state, ctx),
        WelcomeCommand::OpenRecent(entry) => open_recent(state, ctx, *entry),
        WelcomeCommand::ClearRecent => {
            state.history.clear().ok();
            state.recent_states.clear();
        }
    }
}

/// Fills the wells and chooses as it was then: what was merged is judged again, what was interrupted goes on.
fn open_recent(state: &mut AppState, ctx: &Context, entry: HistoryEntry) {
    let mut adapters = entry.adapters.into_iter();
    let Some(first) = adapters.next().filter(|_| !state.is_locked()) else { return };
    state.wells.base.set(Some(entry.base));
    state.wells.adapter.set(Some(first.path));
    state.more_adapters = adapters.collect();
    state.output_is_proposed = entry.output.is_none();
    state.wells.output.set(entry.output);
    let (dtype, requantize, rounding) = (entry.dtype, entry.requantize, entry.rounding);
    state.options =
        MergeOptions { dtype, requantize, accepts_loss: false, rounding, strength: first.strength, ..state.options };
    state.screen = if entry.outcome == RunOutcome::Started { Screen::Merge } else { Screen::Modules };
    inspect(state, ctx);
}

fn open_sample(state: &mut AppState, ctx: &Context) {
    let sample = match Sample::find() {
        Ok(sample) => sample,
        Err(error) => {
            state.notice = Some(Notice::of_problem(&Problem::of(&error), state.words()));
            return;
        }
    };
    // Where the program lies was resolved by the system, so its folders are no links.
    state.wells.base.set(Some(lexically_normal(&sample.base())));
    state.wells.adapter.set(Some(lexically_normal(&sample.adapter())));
    // The sample may lie where nothing can be written, so its output goes to the user's own folder.
    let folder = state.machine.home.clone().or_else(|| std::env::current_dir().ok());
    state.wells.output.set(folder.map(|folder| free_name(&folder.join("lorafuse-sample-merged"))));
    state.output_is_proposed = false;
    state.screen = Screen::Modules;
    state.more_adapters.clear();
    // What the welcome screen promises: half the file, so that the question why has its answer.
    let dtype = DtypePolicy::Convert(FloatDtype::BF16);
    state.options = MergeOptions { dtype, requantize: None, strength: 1.0, ..state.options };
    inspect(state, ctx);
}
