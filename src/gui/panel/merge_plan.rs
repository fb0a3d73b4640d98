//! The plan before it runs: what will be read and written, step by step, and the checks with their evidence.

use egui::{Rect, ScrollArea, Stroke, Ui, UiBuilder, pos2, vec2};

use super::{
    merge_options::merge_options_ui,
    mismatch::error_banner_ui,
    screen_header::{inside, screen_header_ui},
};
use crate::{
    gui::{
        command::UiCommand,
        inspection::Inspection,
        state::AppState,
        tokens::{Palette, Type, grid, space},
        view::{PlanRow, PlanRowKind, display_path, plan_rows, split_unit},
        widget::{Align, Icon, hairline, icon_ui, panel_frame, panel_title_ui, runs_ui, text_ui, wrapped_text_ui},
        words::Words,
    },
    plan::{DtypePolicy, MergePlan},
    platform, units,
};

/// Width of the options.
const SIDE: f32 = 436.0;

/// The Merge screen before a run.
pub(in crate::gui) fn merge_plan_ui(ui: &mut Ui, rect: Rect, state: &AppState, commands: &mut Vec<UiCommand>) {
    let palette = Palette::of(ui);
    let words = state.words();
    let subtitle = [(words.plan_subtitle, Type::BODY, palette.text_secondary)];
    let (_, body) = screen_header_ui(ui, rect, words.merge, &subtitle);
    let area = inside(body);
    let Some(inspection) = state.inspection.as_deref() else { return };
    let left = Rect::from_min_max(area.min, pos2(area.right() - SIDE - grid::GAP, area.bottom()));
    let side = Rect::from_min_max(pos2(left.right() + grid::GAP, area.top()), area.max);
    match &inspection.plan {
        Some(Ok(plan)) => plan_ui(ui, left, plan, inspection, state),
        Some(Err(problem)) => {
            error_banner_ui(ui, left, problem, state.machine.home.as_deref());
        }
        None => return,
    }
    ui.scope_builder(UiBuilder::new().id_salt("options").max_rect(side), |ui| {
        merge_options_ui(ui, side, state, inspection, commands);
    });
}

fn plan_ui(ui: &mut Ui, rect: Rect, plan: &MergePlan, inspection: &Inspection, state: &AppState) {
    let figures = Rect::from_min_size(rect.min, vec2(rect.width(), 88.0));
    figures_ui(ui, figures, plan, inspection, state);
    let rows = plan_rows(plan);
    let steps_height = grid::PANEL_TITLE + 26.0 + rows.len() as f32 * grid::LIST_ROW;
    let steps = Rect::from_min_size(figures.left_bottom() + vec2(0.0, grid::GAP), vec2(rect.width(), steps_height));
    steps_ui(ui, steps, &rows, plan, state.words());
    let checks = Rect::from_min_max(steps.left_bottom() + vec2(0.0, grid::GAP), rect.max);
    checks_ui(ui, checks, plan, state);
}

/// One key figure of a row: label, number, unit, remark.
pub(super) struct Figure {
    pub label: &'static str,
    pub value: String,
    pub remark: String,
}

/// Key figures side by side in one panel.
pub(super) fn figure_row_ui(ui: &mut Ui, rect: Rect, figures: &[Figure]) {
    let palette = Palette::of(ui);
    panel_frame(ui, rect);
    let width = rect.width() / figures.len().max(1) as f32;
    for (index, figure) in figures.iter().enumerate() {
        let left = rect.left() + index as f32 * width;
        let cell = Rect::from_min_size(pos2(left, rect.top()), vec2(width, rect.height()));
        if index > 0 {
            ui.painter().vline(left.round() + 0.5, rect.y_range().shrink(1.0), Stroke::new(1.0, palette.stroke));
        }
        let inner = Rect::from_min_max(cell.min + vec2(space::S16, 12.0), cell.max - vec2(space::S8, 8.0));
        let label = Rect::from_min_size(inner.min, vec2(inner.width(), 16.0));
        text_ui(ui, label, Align::Left, figure.label, Type::CAPTION_MEDIUM, palette.text_secondary);
        let (number, unit) = split_unit(&figure.value);
        let value = Rect::from_min_size(inner.min + vec2(0.0, 17.0), vec2(inner.width(), 28.0));
        let runs = [
            (number, Type::FIGURE, palette.text),
            (" ", Type::BODY, palette.text_secondary),
            (unit, Type::BODY, palette.text_secondary),
        ];
        runs_ui(ui, value, Align::Left, &runs[..if unit.is_empty() { 1 } else { 3 }]);
        let remark = Rect::from_min_size(inner.min + vec2(0.0, 46.0), vec2(inner.width(), 16.0));
        text_ui(ui, remark, Align::Left, &figure.remark, Type::CAPTION, palette.text_secondary);
    }
}

fn figures_ui(ui: &mut Ui, rect: Rect, plan: &MergePlan, inspection: &Inspection, state: &AppState) {
    let words = state.words();
    let bytes = plan.bytes();
    let adapter_bytes = inspection.adapter.open().map_or(0, |facts| facts.byte_count);
    let changed = plan.matching.applied.len();
    let mut figures = vec![
        Figure {
            label: words.read,
            value: units::bytes(bytes.input + adapter_bytes),
            remark: (words.read_note)(&units::bytes(bytes.input), &units::bytes(adapter_bytes)),
        },
        Figure {
            label: words.write,
            value: units::bytes(plan.output_bytes()),
            remark: (words.write_note)(&units::bytes(bytes.output), plan.shards.len()),
        },
        Figure {
            label: words.tensors_figure,
            value: units::count(plan.steps().count() as u64),
            remark: (words.tensors_note)(changed),
        },
    ];
    let folder = plan.output.ancestors().find(|ancestor| ancestor.is_dir());
    if state.machine.shows_measurements
        && let Some(free) = folder.and_then(platform::free_bytes)
    {
        figures.push(Figure {
            label: words.free_disk,
            value: units::bytes(free),
            remark: words.on_this_volume.to_owned(),
        });
    }
    figure_row_ui(ui, rect, &figures);
}

fn steps_ui(ui: &mut Ui, rect: Rect, rows: &[PlanRow], plan: &MergePlan, words: &Words) {
    let palette = Palette::of(ui);
    let body = panel_title_ui(ui, rect, words.what_will_be_done, words.same_plan);
    let header = Rect::from_min_size(body.min, vec2(body.width(), 26.0));
    ui.painter().rect_filled(header.shrink2(vec2(1.0, 0.0)), 0.0, palette.app);
    hairline(ui, rect, header.top());
    hairline(ui, rect, header.bottom());
    let columns = |row: Rect| {
        let inner = row.shrink2(vec2(space::S16, 0.0));
        let at = |left: f32, right: f32| Rect::from_min_max(pos2(left, row.top()), pos2(right, row.bottom()));
        let right = inner.right();
        [
            at(inner.left(), inner.left() + 72.0),
            at(inner.left() + 76.0, inner.left() + 160.0),
            at(inner.left() + 168.0, right - 176.0),
            at(right - 168.0, right - 88.0),
            at(right - 80.0, right),
        ]
    };
    let titles = [words.step, words.count, words.how, words.read, words.write];
    let aligns = [Align::Left, Align::Left, Align::Left, Align::Right, Align::Right];
    for (index, area) in columns(header).into_iter().enumerate() {
        text_ui(ui, area, aligns[index], titles[index], Type::CAPTION, palette.text_secondary);
    }
    for (index, item) in rows.iter().enumerate() {
        let top = header.bottom() + index as f32 * grid::LIST_ROW;
        let row = Rect::from_min_size(pos2(rect.left(), top), vec2(rect.width(), grid::LIST_ROW));
        if index > 0 {
            hairline(ui, rect, row.top());
        }
        let (name, count, how, ink) = described(item, plan, words, palette);
        let [name_area, count_area, how_area, read_area, write_area] = columns(row);
        text_ui(ui, name_area, Align::Left, name, Type::BODY_MEDIUM, ink);
        text_ui(ui, count_area, Align::Left, &count, Type::EVIDENCE, palette.text);
        text_ui(ui, how_area, Align::Left, &how, Type::EVIDENCE, palette.text_secondary);
        text_ui(ui, read_area, Align::Right, &units::bytes(item.read_bytes), Type::MONO, palette.text);
        text_ui(ui, write_area, Align::Right, &units::bytes(item.write_bytes), Type::MONO, palette.text);
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

fn checks_ui(ui: &mut Ui, rect: Rect, plan: &MergePlan, state: &AppState) {
    let palette = Palette::of(ui);
    let words = state.words();
    let remark = (words.passed_of)(plan.checks.len(), plan.checks.len());
    let body = panel_title_ui(ui, rect, words.checks_title, &remark);
    hairline(ui, rect, body.top());
    let footer = Rect::from_min_max(pos2(body.left(), body.bottom() - 36.0), body.max);
    let list = Rect::from_min_max(body.min + vec2(1.0, 0.0), pos2(body.right() - 1.0, footer.top()));
    ui.scope_builder(UiBuilder::new().id_salt("checks").max_rect(list), |ui| {
        ui.set_clip_rect(list.intersect(ui.clip_rect()));
        ui.spacing_mut().item_spacing = egui::Vec2::ZERO;
        ScrollArea::vertical().auto_shrink(false).show(ui, |ui| {
            for check in &plan.checks {
                check_row_ui(ui, list.width(), Icon::Passed, palette.ok, check.title, &check.evidence);
            }
            for warning in &plan.warnings {
                check_row_ui(ui, list.width(), Icon::Warning, palette.warn, words.warnings, warning);
            }
        });
    });
    hairline(ui, rect, footer.top());
    let icon = Rect::from_min_size(footer.min + vec2(space::S12 - 2.0, 0.0), vec2(16.0, footer.height()));
    icon_ui(ui, icon, Icon::Info, palette.text_secondary);
    let text = Rect::from_min_max(footer.min + vec2(36.0, 0.0), footer.max - vec2(space::S12, 0.0));
    let name = display_path(&plan.partial_path(), None);
    let name = name.rsplit(['/', '\\']).next().unwrap_or(&name);
    text_ui(ui, text, Align::Left, &(words.partial_note)(name), Type::EVIDENCE, palette.text_secondary);
}

/// Icon, name, evidence; long evidence wraps.
fn check_row_ui(ui: &mut Ui, width: f32, icon: Icon, color: egui::Color32, title: &str, evidence: &str) {
    let palette = Palette::of(ui);
    let top = ui.cursor().min;
    let text_left = 234.0;
    let evidence_area = Rect::from_min_size(top + vec2(text_left, 5.5), vec2(width - text_left - space::S12, 200.0));
    let evidence = crate::gui::view::upper_first(evidence);
    let height = wrapped_text_ui(ui, evidence_area, &[(&evidence, Type::EVIDENCE, palette.text_secondary)]);
    let row = Rect::from_min_size(top, vec2(width, grid::LIST_ROW.max(height + 11.0)));
    let line = Rect::from_min_size(row.min, vec2(row.width(), grid::LIST_ROW));
    icon_ui(ui, Rect::from_min_size(line.min + vec2(10.0, 0.0), vec2(16.0, line.height())), icon, color);
    let name = Rect::from_min_max(line.min + vec2(35.0, 0.0), pos2(line.left() + text_left - 8.0, line.bottom()));
    text_ui(ui, name, Align::Left, title, Type::BODY, palette.text);
    hairline(ui, row, row.bottom());
    ui.allocate_rect(row, egui::Sense::hover());
}
