//! Takes what workers have finished or reported since the last frame.

use std::{sync::Arc, time::Instant};

use egui::Context;

use super::{
    background::{Outcome, Task},
    evaluation::Evaluation,
    inspection::Inspection,
    logic::{inspect, notice, problem_notice, set_path, show_changes, take_routed},
    problem::Problem,
    recent,
    run::{self, RunError},
    state::{AppState, Job, Running, Tone},
    view::ChangeMap,
    wake::FRAME_INTERVAL,
    workers::{self, Workers},
};
use crate::job::{JobEvent, Stage};

/// Facts kept for the list of events.
const EVENTS_KEPT: usize = 200;

/// Takes what workers have finished since the last frame.
pub(super) fn drain(state: &mut AppState, workers: &mut Workers, ctx: &Context) {
    drain_job(state, workers, ctx);
    if let Some((kind, dialog)) = workers.dialog.take() {
        match dialog.try_take() {
            Ok(Some(path)) => set_path(state, ctx, kind, Some(path)),
            Ok(None) => {}
            Err(dialog) => workers.dialog = Some((kind, dialog)),
        }
    }
    if let Some(dialog) = workers.text_dialog.take() {
        match dialog.try_take() {
            Ok(Some(texts)) => workers::measure(state, ctx, texts),
            Ok(None) => {}
            Err(dialog) => workers.text_dialog = Some(dialog),
        }
    }
    drain_evaluation(state, ctx);
    if let Some(Ok(greeting)) = finished(&mut workers.greeting) {
        state.sample = Some(greeting.sample);
        state.recent_states = greeting.recent_states;
    }
    // A worker that was lost found none; it is not sent again.
    if let Some(gpus) = finished(&mut workers.gpus) {
        state.gpus = Some(gpus.unwrap_or_default());
    }
    if let Some(routed) = finished(&mut workers.routing) {
        take_routed(state, ctx, routed.unwrap_or_default());
    }
    if let Some(Ok(estimated)) = finished(&mut workers.estimating)
        && matches!(state.job, Job::Planned(_) | Job::Running(_))
    {
        show_changes(state, estimated.by_module, !estimated.is_exact);
    }
    let words = state.words();
    if let Some(verified) = finished(&mut workers.verifying)
        && let Job::Done(done) = &mut state.job
    {
        let (report, duration_secs) = verified.unwrap_or_else(|Lost| (Err(Problem::lost_worker(words)), 0.0));
        done.verified = report;
        done.verify_duration_secs = duration_secs;
        done.is_verifying = false;
    }
    if let Some(discarded) = finished(&mut workers.discarding) {
        let notice = match discarded {
            Ok(Ok(())) => notice(Tone::Neutral, state.words().discarded.to_owned()),
            Ok(Err(problem)) => problem_notice(&problem),
            Err(Lost) => problem_notice(&Problem::lost_worker(words)),
        };
        // A merge that was started meanwhile goes on, and its result stays.
        if matches!(state.job, Job::Planned(_)) {
            inspect(state, ctx);
        }
        state.notice = Some(notice);
    }
    if let Some(exported) = finished(&mut workers.exporting) {
        let words = state.words();
        state.notice = Some(match exported {
            Ok(Ok(path)) => notice(Tone::Good, (words.exported)(&path.display().to_string())),
            Ok(Err(problem)) => problem_notice(&problem),
            Err(Lost) => problem_notice(&Problem::lost_worker(words)),
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
                state.notice = Some(problem_notice(&Problem::lost_worker(state.words())));
            }
        },
        Job::Running(running) => {
            drain_events(running);
            match running.task.poll() {
                Outcome::Pending => ctx.request_repaint_after(FRAME_INTERVAL),
                Outcome::Ready(result) => take_result(state, ctx, result),
                Outcome::Lost => {
                    state.job = Job::Failed(Problem::lost_worker(state.words()));
                }
            }
        }
        Job::Idle | Job::Planned(_) | Job::Done(_) | Job::Failed(_) => {}
    }
}

fn drain_events(running: &mut Running) {
    running.waker.look();
    while let Ok(event) = running.watch.events.try_recv() {
        let at = running.started.elapsed();
        match event {
            JobEvent::StageStarted(stage) => running.start_stage(stage),
            JobEvent::TensorDone { name } => {
                if running.stage == Stage::Merging {
                    running.tensors_done += 1;
                }
                running.events.push((at, name));
            }
            JobEvent::Note(text) | JobEvent::Warning(text) => running.events.push((at, text)),
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

fn drain_evaluation(state: &mut AppState, ctx: &Context) {
    let words = state.words();
    let Job::Done(done) = &mut state.job else { return };
    let Evaluation::Running(measuring) = &mut done.evaluation else { return };
    match measuring.task.poll() {
        Outcome::Pending => {
            measuring.waker.look();
            // Its progress is all in the counters; the facts would only fill the channel.
            while measuring.watch.events.try_recv().is_ok() {}
            measuring.sample = measuring.watch.progress.sample();
            ctx.request_repaint_after(FRAME_INTERVAL);
        }
        Outcome::Ready(Ok(measured)) => done.evaluation = Evaluation::Done(measured),
        Outcome::Ready(Err(problem)) => done.evaluation = Evaluation::Failed(problem),
        Outcome::Lost => done.evaluation = Evaluation::Failed(Problem::lost_worker(words)),
    }
}

fn take_inspection(state: &mut AppState, workers: &mut Workers, ctx: &Context, inspection: Inspection) {
    if state.output_is_proposed {
        state.wells.output.set(inspection.output.clone());
    }
    state.modules.printed = Arc::clone(&inspection.printed);
    state.job = match &inspection.plan {
        Some(Ok(plan)) => Job::Planned(Arc::clone(plan)),
        Some(Err(_)) | None => Job::Idle,
    };
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
    workers.estimating = match &state.job {
        Job::Planned(plan) => Some(workers::estimate(plan, inspection.delta_norms.clone(), ctx)),
        _ => None,
    };
    state.inspection = Some(Arc::new(inspection));
    show_changes(state, ChangeMap::new(), false);
}

fn take_result(state: &mut AppState, ctx: &Context, result: run::RunResult) {
    match result {
        Ok(finished) => {
            let changes = finished.changes.clone();
            if let (Some(base), Some(adapter)) = (&state.wells.base.path, &state.wells.adapter.path) {
                recent::remember_merged(&mut state.recent, base, adapter, &finished.receipt.output);
            }
            state.job = Job::Done(Box::new(finished));
            state.notice = None;
            show_changes(state, changes, false);
        }
        Err(RunError::Cancelled) => {
            inspect(state, ctx);
            state.notice = Some(notice(Tone::Neutral, state.words().cancelled_status.to_owned()));
        }
        Err(RunError::Failed(problem)) => state.job = Job::Failed(problem),
    }
}
