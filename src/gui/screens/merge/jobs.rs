//! What the Merge screen does in the background.

use std::sync::Arc;

use egui::Context;

use crate::{
    gui::{
        app::{
            jobs::{kind::JobKind, wake::FRAME_INTERVAL},
            notice::{Notice, Tone},
            remember::remember,
            screen::Screen,
            state::{AppState, Phase},
        },
        frame::wells::inspect::inspect,
        screens::modules::module_list::show_changes,
    },
    job::JobEvent,
    merge::{
        self, RunEvent, Running,
        device::{self, GpuAdapter},
    },
    message::Problem,
    report::{MergeFailure, RunError, RunOptions, RunOutcome, RunResult, merge_and_verify},
};

/// Merges as planned.
pub(in crate::gui) fn start_merge(state: &mut AppState, ctx: &Context) {
    let Phase::Planned(plan) = &state.phase else { return };
    let plan = Arc::clone(plan);
    let (tell, told) = crossbeam_channel::bounded(RunEvent::MOST_TOLD);
    let merge = {
        let plan = Arc::clone(&plan);
        let options = RunOptions {
            device: state.options.device,
            writes_card: state.options.writes_card,
            program: state.machine.program.clone(),
        };
        move |job: &_| Ok(merge_and_verify(&plan, &options, &tell, job))
    };
    state.phase = Phase::Running(Box::new(Running::new(plan, told)));
    state.screen = Screen::Merge;
    state.notice = None;
    remember(state, RunOutcome::Started);
    state.jobs.start(JobKind::Merge, ctx, merge, take_merge);
}

fn take_merge(state: &mut AppState, ctx: &Context, merged: Result<RunResult, Problem>) {
    match merged {
        Ok(Ok(finished)) => {
            let changes = finished.changes.clone();
            remember(state, RunOutcome::of(finished.verified.as_ref()));
            let card_problem = finished.made.as_ref().and_then(|made| made.card_problem.as_ref());
            state.notice = card_problem.map(|problem| Notice::of_problem(problem, state.words()));
            state.phase = Phase::Done(Box::new(finished));
            show_changes(state, ctx, changes, false);
        }
        Ok(Err(RunError::Cancelled)) => {
            inspect(state, ctx);
            state.notice = Some(Notice::new(Tone::Neutral, state.words().text("cancelled-status")));
        }
        Ok(Err(RunError::Failed(failure))) => state.phase = Phase::Failed(failure),
        Err(problem) => state.phase = Phase::Failed(MergeFailure { problem, left_behind: None }),
    }
}

/// Shows what the merge has `told` and how far it is.
pub(in crate::gui) fn watch_merge(state: &mut AppState, told: Vec<(JobKind, JobEvent)>) {
    let Phase::Running(running) = &mut state.phase else { return };
    let events = told.into_iter().filter(|(kind, _)| *kind == JobKind::Merge).map(|(_, event)| event);
    running.take_events(events);
    if let Some(progress) = state.jobs.progress(JobKind::Merge) {
        running.take_sample(&progress.sample, FRAME_INTERVAL);
    }
}

/// Asks the running merge to stop; what is finished is kept for the next one.
pub(in crate::gui) fn cancel_merge(state: &mut AppState) {
    if let Phase::Running(running) = &mut state.phase {
        state.jobs.cancel(JobKind::Merge);
        running.is_cancelling = true;
    }
}

/// Removes what an interrupted merge left in the planned output.
pub(in crate::gui) fn discard_partial(state: &mut AppState, ctx: &Context) {
    let Phase::Planned(plan) = &state.phase else { return };
    let output = plan.output.clone();
    let discard = move |_: &_| merge::discard_partial(&output).map(|_| ()).map_err(|error| Problem::of(&error));
    state.jobs.start(JobKind::Discard, ctx, discard, take_discarded);
}

fn take_discarded(state: &mut AppState, ctx: &Context, discarded: Result<(), Problem>) {
    let notice = match discarded {
        Ok(()) => Notice::new(Tone::Neutral, state.words().text("discarded")),
        Err(problem) => Notice::of_problem(&problem, state.words()),
    };
    // A merge that was started meanwhile goes on, and its result stays.
    if matches!(state.phase, Phase::Planned(_)) {
        inspect(state, ctx);
    }
    state.notice = Some(notice);
}

/// Asks the drivers for GPUs, which may take seconds.
pub(in crate::gui) fn find_gpus(state: &mut AppState, ctx: &Context) {
    let take = |state: &mut AppState, _: &Context, found: Result<Vec<GpuAdapter>, _>| {
        // A worker that was lost found none; it is not sent again.
        state.gpus = Some(found.unwrap_or_default());
    };
    state.jobs.start(JobKind::FindGpus, ctx, |_| Ok(device::list_adapters()), take);
}
