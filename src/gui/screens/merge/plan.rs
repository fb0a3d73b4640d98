//! The plan before it runs: what will be read and written, step by step, and the checks with their evidence.

use crate::gui::design::layout::rule::placed_ui;
use egui::{Rect, Ui, vec2};

use super::{
    options::merge_options_ui,
    plan_checks::{checks_height, checks_ui, place_of_work_ui},
    plan_steps::{steps_height, steps_ui},
};
use crate::{
    gui::{
        app::{command::Command, inspection::Inspection, state::AppState},
        design::{
            figures::{Figure, figures_height, figures_ui},
            screen_header::screen_header_ui,
            tokens::{Colors, Type, grid, space},
            widget::scrolled_ui,
        },
        frame::error_banner::error_banner_ui,
    },
    message::message,
    plan::MergePlan,
    units,
};

/// Width of the options, where there is room for it.
const SIDE: f32 = 436.0;

/// Their width in a narrow window.
const NARROW_SIDE: f32 = 312.0;

/// The Merge screen before a run.
pub(in crate::gui) fn merge_plan_ui(ui: &mut Ui, state: &AppState, commands: &mut Vec<Command>) {
    let rect = ui.max_rect();
    let colors = Colors::of(ui);
    let words = state.words();
    let Some(inspection) = state.inspection.as_deref() else { return };
    let is_interrupted = inspection.interrupted_bytes.is_some();
    let subtitle = if is_interrupted { words.text("plan-subtitle-interrupted") } else { words.text("plan-subtitle") };
    let (_, body) = screen_header_ui(ui, rect, words.text("merge"), &[(subtitle, Type::BODY, colors.text_secondary)]);
    let side_width = if rect.width() < grid::NARROW { NARROW_SIDE } else { SIDE };
    let (left, side) = body.split_left_right_at_x(body.right() - side_width - space::S16 - grid::GAP / 2.0);
    match (&inspection.resolved, &inspection.plan) {
        (Some(plan), _) => {
            let width = left.width() - space::S16 - grid::GAP / 2.0;
            let figures = figures(inspection, plan, state);
            let summary = &inspection.plan_totals;
            let heights = [
                figures_height(width, figures.len()),
                steps_height(width, summary),
                checks_height(plan, inspection.refused_output.is_some()),
                2.0 * grid::GAP + 2.0 * space::S16,
            ];
            scrolled_ui(ui, "plan", left, heights.iter().sum(), |ui, area| {
                let area = Rect::from_min_size(
                    area.min + vec2(space::S16, space::S16),
                    vec2(width, area.height() - 2.0 * space::S16),
                );
                ui.scope_builder(egui::UiBuilder::new().max_rect(area), |ui| figures_ui(ui, &figures));
                let steps = Rect::from_min_size(area.min + vec2(0.0, heights[0] + grid::GAP), vec2(width, heights[1]));
                steps_ui(ui, steps, summary, plan, words);
                let checks = Rect::from_min_max(steps.left_bottom() + vec2(0.0, grid::GAP), area.max);
                let refused = inspection.refused_output.as_ref().map(|refused| &refused.problem);
                let footer = checks_ui(ui, checks, plan, refused, state);
                place_of_work_ui(ui, footer, inspection.interrupted_bytes, plan, words, commands);
            });
        }
        (None, Some(Err(problem))) => {
            let area = Rect::from_min_max(
                left.min + vec2(space::S16, space::S16),
                left.max - vec2(grid::GAP / 2.0, space::S16),
            );
            placed_ui(ui, area, |ui| error_banner_ui(ui, problem, state.machine.home.as_deref(), words));
        }
        (None, _) => {}
    }
    let side =
        Rect::from_min_max(side.min + vec2(grid::GAP / 2.0, space::S16), side.max - vec2(space::S16, space::S16));
    merge_options_ui(ui, side, state, inspection, commands);
}

fn figures(inspection: &Inspection, plan: &MergePlan, state: &AppState) -> Vec<Figure> {
    let words = state.words();
    let summary = &inspection.plan_totals;
    let adapters = inspection.adapter.open().into_iter().chain(&inspection.more_adapters);
    let adapter_bytes: u64 = adapters.map(|facts| facts.byte_count).sum();
    let mut figures = vec![
        Figure {
            label: words.text("read"),
            value: units::bytes(summary.bytes.input + adapter_bytes),
            remark: words.say(
                &message!("read-note", base: units::bytes(summary.bytes.input), adapter: units::bytes(adapter_bytes)),
            ),
        },
        Figure {
            label: words.text("write"),
            value: units::bytes(summary.output_bytes),
            remark: words
                .say(&message!("write-note", weights: units::bytes(summary.bytes.output), shards: plan.shards.len())),
        },
        Figure {
            label: words.text("tensors-figure"),
            value: units::count(summary.tensor_count as u64),
            remark: words.say(&message!("tensors-note", changed: plan.matching.applied.len())),
        },
    ];
    if state.machine.shows_measurements
        && let Some(free) = summary.free_bytes
    {
        let remark = words.text("on-this-volume").to_owned();
        figures.push(Figure { label: words.text("free-disk"), value: units::bytes(free), remark });
    }
    figures
}
