//! The plan before it runs: what will be read and written, step by step, and the checks with their evidence.

use egui::{Frame, Margin};

use super::{options::merge_options_ui, plan_checks::checks_ui, plan_steps::steps_ui};
use crate::{
    gui::{frame::error_banner::error_banner_ui, prelude::*},
    plan::MergePlan,
};

/// The Merge screen before a run.
pub(in crate::gui) fn merge_plan_ui(ui: &mut Ui, state: &AppState, commands: &mut Vec<Command>) {
    let words = state.words();
    let Some(inspection) = state.inspection.as_deref() else { return };
    let is_interrupted = inspection.interrupted_bytes.is_some();
    let subtitle = if is_interrupted { words.text("plan-subtitle-interrupted") } else { words.text("plan-subtitle") };
    page_title_ui(ui, words.text("merge"), &[(subtitle, Type::BODY, Ink::Secondary)], |_| ());
    let options = if ui.available_width() < grid::NARROW { grid::NARROW_OPTIONS } else { grid::OPTIONS };
    side_ui(ui, "merge options", options + space::S16 + space::S4, |ui| {
        let margin = Margin { left: 4, right: 16, top: 16, bottom: 16 };
        Frame::new().inner_margin(margin).show(ui, |ui| merge_options_ui(ui, state, inspection, commands));
    });
    page_body_ui(ui, "plan", |ui| match (&inspection.resolved, &inspection.plan) {
        (Some(plan), _) => {
            figures_ui(ui, &figures(inspection, plan, state));
            ui.add_space(grid::GAP);
            steps_ui(ui, &inspection.plan_totals, plan, words);
            ui.add_space(grid::GAP);
            checks_ui(ui, inspection, plan, state, commands);
        }
        (None, Some(Err(problem))) => error_banner_ui(ui, state, problem, Vec::new(), commands),
        (None, _) => {}
    });
}

fn figures(inspection: &Inspection, plan: &MergePlan, state: &AppState) -> Vec<Figure> {
    let words = state.words();
    let totals = &inspection.plan_totals;
    let adapters = inspection.adapter.open().into_iter().chain(&inspection.more_adapters);
    let adapter_bytes: u64 = adapters.map(|facts| facts.byte_count).sum();
    let read = message!("read-note", base: units::bytes(totals.bytes.input), adapter: units::bytes(adapter_bytes));
    let written = message!("write-note", weights: units::bytes(totals.bytes.output), shards: plan.shards.len());
    let figure = |label, value, remark| Figure { label: words.text(label), value, remark };
    let mut figures = vec![
        figure("read", units::bytes(totals.bytes.input + adapter_bytes), words.say(&read)),
        figure("write", units::bytes(totals.output_bytes), words.say(&written)),
        figure(
            "tensors-figure",
            units::count(totals.tensor_count as u64),
            words.say(&message!("tensors-note", changed: plan.matching.applied.len())),
        ),
    ];
    if let Some(free) = totals.free_bytes.filter(|_| state.machine.shows_measurements) {
        figures.push(figure("free-disk", units::bytes(free), words.text("on-this-volume").to_owned()));
    }
    figures
}
