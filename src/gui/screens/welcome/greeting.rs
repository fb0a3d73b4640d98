//! What the welcome screen shows, read in the background.

use egui::Context;

use crate::{
    gui::app::{jobs::kind::JobKind, state::AppState},
    message::Problem,
    platform::FileDialogs,
    report::{RecentState, SampleFacts},
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
