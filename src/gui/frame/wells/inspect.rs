//! A look at the wells, and what follows from what it finds.

use std::sync::Arc;

use egui::Context;

use crate::message::Problem;
use crate::{
    gui::{
        app::{
            inspection::{Inspection, InspectionRequest},
            jobs::kind::JobKind,
            notice::Notice,
            remember::remember,
            screen::Screen,
            state::{AppState, Phase},
        },
        screens::{
            merge::survival::estimate_survival,
            modules::{
                jobs::{estimate_changes, look_at_spectrum},
                module_list::{rebuild_rows, show_changes},
            },
            report::jobs::verify_again,
        },
    },
    report::{MergedFolder, RunOutcome},
    tree::ChangeMap,
};

/// Looks at the wells anew; a look that is still under way is forgotten, and so is what was asked about a result.
pub(in crate::gui) fn inspect(state: &mut AppState, ctx: &Context) {
    state.notice = None;
    let (base, adapters) = (state.wells.base.path.clone(), state.adapters());
    let output = state.wells.output.path.clone().filter(|_| !state.output_is_proposed);
    let recorded = base.as_ref().zip(output.as_ref());
    let recorded = recorded.and_then(|(base, output)| state.history.made(base, &adapters, output)).cloned();
    let (options, home) = (state.options, state.machine.home.clone());
    let question = InspectionRequest { base, adapters, output, options, home, recorded };
    state.phase = Phase::Opening;
    state.jobs.forget_result();
    state.jobs.start(JobKind::Inspect, ctx, move |_| Ok(Inspection::new(&question)), take_inspection);
}

fn take_inspection(state: &mut AppState, ctx: &Context, inspected: Result<Inspection, Problem>) {
    match inspected {
        Ok(inspection) => {
            show_inspection(state, ctx, inspection);
            if std::mem::take(&mut state.is_question_old) {
                inspect(state, ctx);
            }
        }
        Err(problem) => {
            state.phase = Phase::Idle;
            state.notice = Some(Notice::of_problem(&problem, state.words()));
        }
    }
}

fn show_inspection(state: &mut AppState, ctx: &Context, mut inspection: Inspection) {
    let found = inspection.found.take();
    if state.output_is_proposed {
        state.wells.output.set(inspection.output.clone());
    }
    state.modules.printed = Arc::clone(&inspection.printed);
    state.phase = match &inspection.plan {
        Some(Ok(plan)) => Phase::Planned(Arc::clone(plan)),
        Some(Err(_)) | None => Phase::Idle,
    };
    let selected_is_gone =
        |path: &String| inspection.tree.as_ref().is_none_or(|tree| tree.walk().all(|node| node.path != *path));
    if state.modules.selected.as_ref().is_none_or(selected_is_gone) {
        let first_changed = inspection.tree.as_ref().and_then(|tree| tree.walk().find(|node| !node.lora.is_empty()));
        state.modules.selected = first_changed.map(|node| node.path.clone());
    }
    if matches!(state.phase, Phase::Planned(_)) {
        remember(state, RunOutcome::Opened);
    }
    let are_same_inputs = state.inspection.as_ref().is_some_and(|before| before.inputs == inspection.inputs);
    let norms = std::mem::take(&mut inspection.delta_norms);
    if !are_same_inputs || !norms.is_empty() {
        state.modules.delta_norms = Arc::new(norms);
    }
    state.inspection = Some(Arc::new(inspection));
    if are_same_inputs {
        // What is known of their changes stays until it is known better.
        rebuild_rows(state, ctx);
    } else {
        state.modules.spectra.clear();
        show_changes(state, ctx, ChangeMap::new(), false);
    }
    estimate_survival(state, ctx);
    estimate_changes(state, ctx);
    look_at_spectrum(state, ctx);
    match found {
        Some(Ok(found)) => show_found(state, ctx, found),
        Some(Err(problem)) => state.notice = Some(Notice::of_problem(&problem, state.words())),
        None => {}
    }
}

/// A folder that somebody merged: shown at once, and checked in the background.
fn show_found(state: &mut AppState, ctx: &Context, found: Box<MergedFolder>) {
    state.phase = Phase::Done(found);
    state.screen = Screen::Report;
    verify_again(state, ctx);
}
