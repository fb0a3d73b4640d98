//! The plan before it runs: what will be read and written, step by step, and the checks with their evidence.

use egui::{Rect, ScrollArea, Ui, UiBuilder, pos2, vec2};

use super::{
    command_button::CommandButton,
    error_banner::error_banner_ui,
    figures::{Figure, figures_height, figures_ui},
    merge_options::merge_options_ui,
    screen_header::screen_header_ui,
};
use crate::{
    gui::{
        command::UiCommand,
        inspection::Inspection,
        state::AppState,
        tokens::{Palette, Type, grid, space},
        view::{PlanRow, PlanRowKind, display_path, upper_first},
        watched::Work,
        widget::{
            Align, ButtonLook, Icon, hairline, icon_ui, panel_title_ui, prose_ui, scrolled_ui, table_header, text_ui,
        },
        words::Words,
    },
    plan::{DtypePolicy, MergePlan},
    units,
};

/// Width of the options, where there is room for it.
const SIDE: f32 = 436.0;

/// Their width in a narrow window.
const NARROW_SIDE: f32 = 312.0;

/// Narrower than this a step takes two lines.
const TWO_LINES: f32 = 640.0;

/// Height of the line under the checks.
const CHECKS_FOOTER: f32 = 36.0;

/// The Merge screen before a run.
pub(in crate::gui) fn merge_plan_ui(ui: &mut Ui, rect: Rect, state: &AppState, commands: &mut Vec<UiCommand>) {
    let palette = Palette::of(ui);
    let words = state.words();
    let subtitle = [(words.plan_subtitle, Type::BODY, palette.text_secondary)];
    let (_, body) = screen_header_ui(ui, rect, words.merge, &subtitle);
    let Some(inspection) = state.inspection.as_deref() else { return };
    let Some(plan) = &inspection.plan else { return };
    let side_width = if rect.width() < grid::NARROW { NARROW_SIDE } else { SIDE };
    let (left, side) = body.split_left_right_at_x(body.right() - side_width - space::S16 - grid::GAP / 2.0);
    match plan {
        Ok(plan) => {
            let width = left.width() - space::S16 - grid::GAP / 2.0;
            let figures = figures(inspection, plan, state);
            let rows = &inspection.plan_summary.rows;
            let heights = [
                figures_height(width, figures.len()),
                steps_height(width, rows),
                checks_height(plan),
                2.0 * grid::GAP + 2.0 * space::S16,
            ];
            scrolled_ui(ui, "plan", left, heights.iter().sum(), |ui, area| {
                let area = Rect::from_min_size(
                    area.min + vec2(space::S16, space::S16),
                    vec2(width, area.height() - 2.0 * space::S16),
                );
                figures_ui(ui, area, &figures);
                let steps = Rect::from_min_size(area.min + vec2(0.0, heights[0] + grid::GAP), vec2(width, heights[1]));
                steps_ui(ui, steps, rows, plan, words);
                let checks = Rect::from_min_max(steps.left_bottom() + vec2(0.0, grid::GAP), area.max);
                let footer = checks_ui(ui, checks, plan, state);
                place_of_work_ui(ui, footer, inspection.interrupted_bytes, plan, words, commands);
            });
        }
        Err(problem) => {
            let area = Rect::from_min_max(
                left.min + vec2(space::S16, space::S16),
                left.max - vec2(grid::GAP / 2.0, space::S16),
            );
            error_banner_ui(ui, area, problem, state.machine.home.as_deref());
        }
    }
    let side =
        Rect::from_min_max(side.min + vec2(grid::GAP / 2.0, space::S16), side.max - vec2(space::S16, space::S16));
    merge_options_ui(ui, side, state, inspection, commands);
}

fn step_height(width: f32) -> f32 {
    if width < TWO_LINES { 48.0 } else { grid::LIST_ROW }
}

fn steps_height(width: f32, rows: &[PlanRow]) -> f32 {
    grid::PANEL_TITLE + grid::PANEL_TABLE_HEADER + rows.len() as f32 * step_height(width)
}

/// Lowest the checks get before the whole column scrolls.
fn checks_height(plan: &MergePlan) -> f32 {
    let rows = (plan.checks.len() + 1 + plan.warnings.len()).min(6) as f32;
    grid::PANEL_TITLE + rows * grid::LIST_ROW + CHECKS_FOOTER
}

fn figures(inspection: &Inspection, plan: &MergePlan, state: &AppState) -> Vec<Figure> {
    let words = state.words();
    let summary = &inspection.plan_summary;
    let adapters = inspection.adapter.open().into_iter().chain(&inspection.more_adapters);
    let adapter_bytes: u64 = adapters.map(|facts| facts.byte_count).sum();
    let mut figures = vec![
        Figure {
            label: words.read,
            value: units::bytes(summary.bytes.input + adapter_bytes),
            remark: (words.read_note)(&units::bytes(summary.bytes.input), &units::bytes(adapter_bytes)),
        },
        Figure {
            label: words.write,
            value: units::bytes(summary.output_bytes),
            remark: (words.write_note)(&units::bytes(summary.bytes.output), plan.shards.len()),
        },
        Figure {
            label: words.tensors_figure,
            value: units::count(summary.tensor_count as u64),
            remark: (words.tensors_note)(plan.matching.applied.len()),
        },
    ];
    if state.machine.shows_measurements
        && let Some(free) = summary.free_bytes
    {
        let remark = words.on_this_volume.to_owned();
        figures.push(Figure { label: words.free_disk, value: units::bytes(free), remark });
    }
    figures
}

/// Where the cells of a step stand; on a narrow panel its description has a line of its own.
struct StepCells {
    name: Rect,
    count: Rect,
    how: Rect,
    read: Rect,
    write: Rect,
}

impl StepCells {
    fn of(row: Rect) -> Self {
        let inner = row.shrink2(vec2(space::S16, 0.0));
        let at = |left: f32, right: f32| Rect::from_min_max(pos2(left, row.top()), pos2(right, row.bottom()));
        let (left, right) = (inner.left(), inner.right());
        let mut cells = Self {
            name: at(left, left + 72.0),
            count: at(left + 76.0, left + 164.0),
            how: at(left + 168.0, right - 176.0),
            read: at(right - 168.0, right - 88.0),
            write: at(right - 80.0, right),
        };
        if row.width() < TWO_LINES {
            let upper = |area: &mut Rect| area.max.y = area.min.y + row.height().min(grid::LIST_ROW);
            [&mut cells.name, &mut cells.count, &mut cells.read, &mut cells.write].into_iter().for_each(upper);
            cells.how = Rect::from_min_max(pos2(left, row.bottom() - 24.0), pos2(right, row.bottom() - 4.0));
        }
        cells
    }
}

fn steps_ui(ui: &mut Ui, rect: Rect, rows: &[PlanRow], plan: &MergePlan, words: &Words) {
    let palette = Palette::of(ui);
    let body = panel_title_ui(ui, rect, words.what_will_be_done, words.same_plan);
    let header = table_header(ui, body);
    let cells = StepCells::of(header);
    let titles = [
        (cells.name, Align::Left, words.step),
        (cells.count, Align::Left, words.count),
        (cells.how, Align::Left, words.how),
        (cells.read, Align::Right, words.read),
        (cells.write, Align::Right, words.write),
    ];
    let is_narrow = rect.width() < TWO_LINES;
    for (index, (area, align, title)) in titles.into_iter().enumerate() {
        if !(is_narrow && index == 2) {
            text_ui(ui, area, align, title, Type::CAPTION, palette.text_secondary);
        }
    }
    for (index, item) in rows.iter().enumerate() {
        let height = step_height(rect.width());
        let top = header.bottom() + index as f32 * height;
        let row = Rect::from_min_size(pos2(rect.left(), top), vec2(rect.width(), height));
        if index > 0 {
            hairline(ui, rect, row.top());
        }
        let (name, count, how, ink) = described(item, plan, words, palette);
        let cells = StepCells::of(row);
        text_ui(ui, cells.name, Align::Left, name, Type::BODY_MEDIUM, ink);
        text_ui(ui, cells.count, Align::Left, &count, Type::EVIDENCE, palette.text);
        text_ui(ui, cells.how, Align::Left, &how, Type::EVIDENCE, palette.text_secondary);
        text_ui(ui, cells.read, Align::Right, &units::bytes(item.read_bytes), Type::MONO, palette.text);
        text_ui(ui, cells.write, Align::Right, &units::bytes(item.write_bytes), Type::MONO, palette.text);
    }
}

fn described(
    item: &PlanRow,
    plan: &MergePlan,
    words: &Words,
    palette: &Palette,
) -> (&'static str, String, String, egui::Color32) {
    let names = item.names.clone();
    match item.kind {
        PlanRowKind::Update => {
            let how = match plan.dtype {
                DtypePolicy::Keep => words.update_how_kept.to_owned(),
                DtypePolicy::Convert(dtype) => (words.update_how)(&shared_scale(plan), &dtype.stored().to_string()),
            };
            (words.update, (words.tensors)(item.count), how, palette.adapter)
        }
        PlanRowKind::Replace => (words.replace, (words.tensors)(item.count), names, palette.adapter),
        PlanRowKind::Add => (words.add, (words.tensors)(item.count), names, palette.adapter),
        PlanRowKind::Convert => (words.convert, (words.tensors)(item.count), names, palette.text),
        PlanRowKind::CopyTensors => (words.copy_step, (words.tensors)(item.count), names, palette.text),
        PlanRowKind::EditFiles => (words.edit, (words.files)(item.count), names, palette.text),
        PlanRowKind::CopyFiles => (words.copy_step, (words.files)(item.count), names, palette.text),
    }
}

/// The scale as a number where all targets share one, else its letter.
fn shared_scale(plan: &MergePlan) -> String {
    let scales = plan.adapters.iter().zip(&plan.strengths).flat_map(|(adapter, strength)| {
        adapter.targets().iter().map(move |target| target.scaling().map(|scaling| scaling.value() * strength))
    });
    let scales: Vec<Option<f64>> = scales.collect();
    match scales.first() {
        Some(Some(first)) if scales.iter().all(|scale| *scale == Some(*first)) => {
            let text = format!("{first:.4}");
            text.trim_end_matches('0').trim_end_matches('.').to_owned()
        }
        _ => "s".to_owned(),
    }
}

/// The checks and warnings; returns the line under them.
fn checks_ui(ui: &mut Ui, rect: Rect, plan: &MergePlan, state: &AppState) -> Rect {
    let palette = Palette::of(ui);
    let words = state.words();
    let remark = (words.passed_of)(plan.checks.len(), plan.checks.len());
    let body = panel_title_ui(ui, rect, words.checks_title, &remark);
    hairline(ui, rect, body.top());
    let footer = Rect::from_min_max(pos2(body.left(), body.bottom() - CHECKS_FOOTER), body.max);
    let list = Rect::from_min_max(body.min + vec2(1.0, 0.0), pos2(body.right() - 1.0, footer.top()));
    ui.scope_builder(UiBuilder::new().id_salt("checks").max_rect(list), |ui| {
        ui.set_clip_rect(list.intersect(ui.clip_rect()));
        ui.spacing_mut().item_spacing = egui::Vec2::ZERO;
        ScrollArea::vertical().auto_shrink(false).show(ui, |ui| {
            for check in &plan.checks {
                check_row_ui(ui, list.width(), Icon::Passed, palette.ok, check.title, &upper_first(&check.evidence));
            }
            let (icon, color, survival) = survival(state, palette);
            check_row_ui(ui, list.width(), icon, color, words.survives, &survival);
            for warning in &plan.warnings {
                check_row_ui(ui, list.width(), Icon::Warning, palette.warn, words.warnings, warning);
            }
        });
    });
    hairline(ui, rect, footer.top());
    footer
}

/// How much of the adapters the rounding leaves, and what to do where that is little.
fn survival(state: &AppState, palette: &Palette) -> (Icon, egui::Color32, String) {
    let words = state.words();
    match &state.survival {
        Work::Idle | Work::Running(_) => (Icon::AtWork, palette.accent, words.survival_reading.to_owned()),
        Work::Failed(problem) => (Icon::Info, palette.text_secondary, problem.line()),
        Work::Done(estimate) => {
            let sentence = (words.survival)(estimate);
            match &estimate.advice {
                _ if sentence.is_empty() => (Icon::Info, palette.text_secondary, words.survival_unknown.to_owned()),
                Some(advice) => {
                    (Icon::Warning, palette.warn, format!("{sentence} {}", (words.survival_advice)(advice)))
                }
                None => (Icon::Passed, palette.ok, sentence),
            }
        }
    }
}

/// Where the work happens, and what an interrupted merge left there.
fn place_of_work_ui(
    ui: &mut Ui,
    rect: Rect,
    interrupted_bytes: Option<u64>,
    plan: &MergePlan,
    words: &Words,
    commands: &mut Vec<UiCommand>,
) {
    let palette = Palette::of(ui);
    let icon = Rect::from_min_size(rect.min + vec2(space::S12 - 2.0, 0.0), vec2(16.0, rect.height()));
    icon_ui(ui, icon, Icon::Info, palette.text_secondary);
    let mut text = Rect::from_min_max(rect.min + vec2(36.0, 0.0), rect.max - vec2(space::S12, 0.0));
    if let Some(byte_count) = interrupted_bytes {
        let button = CommandButton::new(UiCommand::DiscardPartial, ButtonLook::Small);
        let size = vec2(button.width(ui, words), grid::SMALL_BUTTON);
        let place = Rect::from_min_size(pos2(text.right() - size.x, rect.center().y - size.y / 2.0), size);
        button.show(ui, place, words, commands);
        text.max.x = place.left() - space::S8;
        let note = (words.interrupted_note)(&units::bytes(byte_count));
        text_ui(ui, text, Align::Left, &note, Type::EVIDENCE, palette.text_secondary);
        return;
    }
    let name = display_path(&plan.partial_path(), None);
    let name = name.rsplit(['/', '\\']).next().unwrap_or(&name);
    text_ui(ui, text, Align::Left, &(words.partial_note)(name), Type::EVIDENCE, palette.text_secondary);
}

/// Icon, name, evidence; long evidence wraps.
fn check_row_ui(ui: &mut Ui, width: f32, icon: Icon, color: egui::Color32, title: &str, evidence: &str) {
    let palette = Palette::of(ui);
    let top = ui.cursor().min;
    let text_left = (width * 0.322).clamp(150.0, 234.0).round();
    let evidence_area = Rect::from_min_size(top + vec2(text_left, 5.5), vec2(width - text_left - space::S12, 200.0));
    let height = prose_ui(ui, evidence_area, evidence, Type::EVIDENCE, palette.text_secondary);
    let row = Rect::from_min_size(top, vec2(width, grid::LIST_ROW.max(height + 11.0)));
    let line = Rect::from_min_size(row.min, vec2(row.width(), grid::LIST_ROW));
    icon_ui(ui, Rect::from_min_size(line.min + vec2(10.0, 0.0), vec2(16.0, line.height())), icon, color);
    let name = Rect::from_min_max(line.min + vec2(35.0, 0.0), pos2(line.left() + text_left - 8.0, line.bottom()));
    text_ui(ui, name, Align::Left, title, Type::BODY, palette.text);
    hairline(ui, row, row.bottom());
    ui.allocate_rect(row, egui::Sense::hover());
}
