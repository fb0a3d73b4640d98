//! Takes what workers have finished or reported since the last frame.

use std::{sync::Arc, time::Instant};

use egui::Context;

use super::{
    finished::Finished,
    inspection::Inspection,
    jobs::{
        background::{Outcome, Task},
        wake::FRAME_INTERVAL,
        watched::Work,
        workers::{self, DialogKind, Workers},
    },
    notice::{Notice, Tone},
    recent,
    screen::Screen,
    state::{AppState, Job},
};
use crate::{
    gui::{
        design::path_text::written_path,
        frame::wells::fill::{add_adapter, inspect, set_path, take_routed},
        screens::{
            compare::evaluation::Texts,
            merge::{
                run::{self, RunError},
                run_event::RunEvent,
                running::Running,
            },
            modules::{changes::ChangeMap, module_list::show_changes},
        },
        words::problem::Problem,
    },
    job::{JobEvent, Stage},
    merge,
};

/// Facts kept for the list of events.
const EVENTS_KEPT: usize = 200;

/// Takes what workers have finished since the last frame.
pub(in crate::gui) fn drain(state: &mut AppState, workers: &mut Workers, ctx: &Context) {
    drain_job(state, workers, ctx);
    if let Some((kind, dialog)) = workers.dialog.take() {
        match dialog.try_take() {
            Ok(Some(path)) => match kind {
                DialogKind::Well(kind) => set_path(state, ctx, kind, Some(path)),
                DialogKind::OneMoreAdapter => add_adapter(state, ctx, path),
            },
            Ok(None) => {}
            Err(dialog) => workers.dialog = Some((kind, dialog)),
        }
    }
    if let Some(dialog) = workers.text_dialog.take() {
        match dialog.try_take() {
            Ok(Some(texts)) => workers::measure(state, ctx, Texts::Files(texts)),
            Ok(None) => {}
            Err(dialog) => workers.text_dialog = Some(dialog),
        }
    }
    drain_result(state, workers, ctx);
    let words = state.words();
    state.survival.drain(ctx);
    if let Some(Ok(list)) = finished(&mut workers.modules) {
        list.show(&mut state.modules);
    }
    if let Some(Ok((module, spectrum))) = finished(&mut workers.spectrum) {
        state.modules.spectra.insert(module, spectrum);
    }
    if let Some(Ok(greeting)) = finished(&mut workers.greeting) {
        state.sample = Some(greeting.sample);
        state.recent_states = greeting.recent_states;
        state.file_dialogs = Some(greeting.file_dialogs);
    }
    // A worker that was lost found none; it is not sent again.
    if let Some(gpus) = finished(&mut workers.gpus) {
        state.gpus = Some(gpus.unwrap_or_default());
    }
    if let Some(routed) = finished(&mut workers.routing) {
        take_routed(state, ctx, routed.unwrap_or_default());
    }
    if let Some(Ok(estimated)) = finished(&mut workers.estimating) {
        state.modules.delta_norms = Arc::new(estimated.delta_norms);
        // A merge that is done knows its changes better.
        if matches!(state.job, Job::Planned(_) | Job::Running(_)) {
            show_changes(state, workers, ctx, estimated.by_module, !estimated.is_exact);
        }
    }
    if let Some(discarded) = finished(&mut workers.discarding) {
        let notice = match discarded {
            Ok(Ok(())) => Notice::new(Tone::Neutral, state.words().discarded.to_owned()),
            Ok(Err(problem)) => Notice::of_problem(&problem, words),
            Err(Lost) => Notice::of_problem(&Problem::lost_worker(), words),
        };
        // A merge that was started meanwhile goes on, and its result stays.
        if matches!(state.job, Job::Planned(_)) {
            inspect(state, ctx);
        }
        state.notice = Some(notice);
    }
    // Another folder may be shown by now.
    if let Some(Ok((folder, manifest))) = finished(&mut workers.listing)
        && let Some(done) = state.finished_mut()
        && done.sources.merged == folder
    {
        done.take_manifest(manifest);
    }
    if let Some(exported) = finished(&mut workers.exporting) {
        let words = state.words();
        state.notice = Some(match exported {
            Ok(Ok(path)) => {
                let text = (words.exported)(&written_path(&path, state.machine.home.as_deref()));
                if let Some(done) = state.finished_mut() {
                    done.written = Some(path);
                }
                Notice::new(Tone::Good, text)
            }
            Ok(Err(problem)) => Notice::of_problem(&problem, words),
            Err(Lost) => Notice::of_problem(&Problem::lost_worker(), words),
        });
    }
}

/// A worker that ended without its result.
struct Lost;

/// `None` while the task runs or when there is none.
fn finished<T: Send + 'static>(task: &mut Option<Task<T>>) -> Option<Result<T, Lost>> {
    match task.as_ref()?.poll() {
        Outcome::Pending => None,
        Outcome::Ready(value) => {
            *task = None;
            Some(Ok(value))
        }
        Outcome::Lost => {
            *task = None;
            Some(Err(Lost))
        }
    }
}

fn drain_job(state: &mut AppState, workers: &mut Workers, ctx: &Context) {
    match &mut state.job {
        Job::Opening(task) => match task.poll() {
            Outcome::Pending => {}
            Outcome::Ready(inspection) => {
                take_inspection(state, workers, ctx, inspection);
                if std::mem::take(&mut workers.is_question_old) {
                    inspect(state, ctx);
                }
            }
            Outcome::Lost => {
                state.job = Job::Idle;
                state.notice = Some(Notice::of_problem(&Problem::lost_worker(), state.words()));
            }
        },
        Job::Running(running) => {
            drain_events(running);
            match running.task.poll() {
                Outcome::Pending => ctx.request_repaint_after(FRAME_INTERVAL),
                Outcome::Ready(result) => take_result(state, workers, ctx, result),
                Outcome::Lost => {
                    state.job = Job::Failed(Problem::lost_worker());
                }
            }
        }
        Job::Idle | Job::Planned(_) | Job::Done(_) | Job::Failed(_) => {}
    }
}

fn drain_events(running: &mut Running) {
    running.waker.look();
    let at = running.started.elapsed();
    running.events.extend(running.told.try_iter().map(|event| (at, event)));
    while let Ok(event) = running.watch.events.try_recv() {
        let at = running.started.elapsed();
        match event {
            JobEvent::StageStarted(stage) => running.start_stage(stage),
            JobEvent::TensorDone { name } => {
                if running.stage == Stage::Merging {
                    running.tensors_done += 1;
                }
                running.events.push((at, RunEvent::TensorDone(name)));
            }
            JobEvent::Warning(warning) => running.events.push((at, RunEvent::Warned(warning))),
            JobEvent::ScoringCost { .. } | JobEvent::Loaded { .. } => {}
        }
    }
    let extra = running.events.len().saturating_sub(EVENTS_KEPT);
    running.events.drain(..extra);
    let now = Instant::now();
    if now.duration_since(running.sampled) >= FRAME_INTERVAL {
        running.sampled = now;
        running.sample = running.watch.progress.sample();
        running.rate.observe(now, running.sample.bytes_done);
        if running.stage == Stage::Merging {
            running.throughput.observe(now, running.sample.bytes_done);
        }
    }
}

/// What was asked about a merged folder.
fn drain_result(state: &mut AppState, workers: &mut Workers, ctx: &Context) {
    let Job::Done(done) = &mut state.job else { return };
    done.evaluation.drain(ctx);
    done.timing.drain(ctx);
    if let Some(verifying) = &mut done.verifying {
        let (report, duration_secs) = match verifying.poll(ctx) {
            Outcome::Pending => return drain_seal(state, workers, ctx),
            Outcome::Ready(Ok(verified)) => verified,
            Outcome::Ready(Err(problem)) => (Err(problem), 0.0),
            Outcome::Lost => (Err(Problem::lost_worker()), 0.0),
        };
        done.verified = Some(report);
        done.verify_duration_secs = duration_secs;
        done.verifying = None;
        // The checks are about the folder as it is now, and so is what is shown beside them.
        workers::list_files(state, workers, ctx);
    }
    drain_seal(state, workers, ctx);
}

fn drain_seal(state: &mut AppState, workers: &mut Workers, ctx: &Context) {
    let words = state.words();
    let Some(done) = state.finished_mut() else { return };
    if !done.sealing.drain(ctx) {
        return;
    }
    let notice = match &done.sealing {
        Work::Done(seal) => {
            done.is_sealed = true;
            // One that lay there before was not changed but written anew, by us.
            done.manifest.retain(|file| file.name != merge::SEAL_FILE);
            Notice::new(Tone::Good, (words.sealed)(seal.files.len()))
        }
        Work::Failed(problem) => Notice::of_problem(problem, words),
        Work::Idle | Work::Running(_) => return,
    };
    workers::list_files(state, workers, ctx);
    state.notice = Some(notice);
}

fn take_inspection(state: &mut AppState, workers: &mut Workers, ctx: &Context, mut inspection: Inspection) {
    let found = inspection.found.take();
    if state.output_is_proposed {
        state.wells.output.set(inspection.output.clone());
    }
    state.modules.printed = Arc::clone(&inspection.printed);
    state.job = match &inspection.plan {
        Some(Ok(plan)) => Job::Planned(Arc::clone(plan)),
        Some(Err(_)) | None => Job::Idle,
    };
    state.modules.spectra.clear();
    let selected_is_gone =
        |path: &String| inspection.tree.as_ref().is_none_or(|tree| tree.walk().all(|node| node.path != *path));
    if state.modules.selected.as_ref().is_none_or(selected_is_gone) {
        let first_changed = inspection.tree.as_ref().and_then(|tree| tree.walk().find(|node| !node.lora.is_empty()));
        state.modules.selected = first_changed.map(|node| node.path.clone());
    }
    if let (Job::Planned(_), Some(base), Some(adapter)) =
        (&state.job, &state.wells.base.path, &state.wells.adapter.path)
    {
        recent::remember(&mut state.recent, base, adapter);
    }
    state.survival = match &state.job {
        Job::Planned(plan) => workers::estimate_survival(plan, ctx),
        _ => Work::Idle,
    };
    workers.estimating = match &state.job {
        Job::Planned(plan) => Some(workers::estimate(plan, ctx)),
        _ => None,
    };
    state.modules.delta_norms = Arc::new(std::mem::take(&mut inspection.delta_norms));
    state.inspection = Some(Arc::new(inspection));
    show_changes(state, workers, ctx, ChangeMap::new(), false);
    workers::look_at_spectrum(state, workers, ctx);
    match found {
        Some(Ok(found)) => take_found(state, ctx, found),
        Some(Err(problem)) => state.notice = Some(Notice::of_problem(&problem, state.words())),
        None => {}
    }
}

/// A folder that somebody merged: shown at once, and checked in the background.
fn take_found(state: &mut AppState, ctx: &Context, found: Box<Finished>) {
    state.job = Job::Done(found);
    state.screen = Screen::Report;
    workers::verify_again(state, ctx);
}

fn take_result(state: &mut AppState, workers: &mut Workers, ctx: &Context, result: run::RunResult) {
    match result {
        Ok(finished) => {
            let changes = finished.changes.clone();
            if let (Some(base), Some(adapter)) = (&state.wells.base.path, &state.wells.adapter.path) {
                recent::remember_merged(&mut state.recent, base, adapter, &finished.sources.merged);
            }
            let card_problem = finished.made.as_ref().and_then(|made| made.card_problem.as_ref());
            state.notice = card_problem.map(|problem| Notice::of_problem(problem, state.words()));
            state.job = Job::Done(Box::new(finished));
            show_changes(state, workers, ctx, changes, false);
        }
        Err(RunError::Cancelled) => {
            inspect(state, ctx);
            state.notice = Some(Notice::new(Tone::Neutral, state.words().cancelled_status.to_owned()));
        }
        Err(RunError::Failed(problem)) => state.job = Job::Failed(problem),
    }
}
