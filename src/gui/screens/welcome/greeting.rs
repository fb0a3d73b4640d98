//! What the welcome screen shows, read in the background.

use egui::Context;

use super::sample_facts::SampleFacts;
use crate::message::Problem;
use crate::report::RecentState;
use crate::{
    gui::app::{jobs::kind::JobKind, state::AppState},
    platform::FileDialogs,
};

struct Greeting {
    sample: Result<SampleFacts, Problem>,
    recent_states: Vec<RecentState>,
    file_dialogs: FileDialogs,
}

/// Reads the sample's headers, and looks for the folders of earlier pairs and for what shows dialogs.
pub(in crate::gui) fn greet(state: &mut AppState, ctx: &Context) {
    let recent = state.recent().to_vec();
    let read = move |_: &_| {
        Ok(Greeting {
            sample: SampleFacts::read(),
            recent_states: recent.iter().map(RecentState::of).collect(),
            file_dialogs: FileDialogs::detect(),
        })
    };
    state.jobs.start(JobKind::Greet, ctx, read, |state: &mut AppState, _, greeting| {
        if let Ok(greeting) = greeting {
            state.sample = Some(greeting.sample);
            state.recent_states = greeting.recent_states;
            state.file_dialogs = Some(greeting.file_dialogs);
        }
    });
}
