//! What a merge does, by kind of step, and where the bytes that it writes belong.

use egui::{Rect, Ui, pos2, vec2};

use super::plan_components::{components_height, components_ui};
use crate::{
    gui::design::{
        tokens::{Colors, Type, grid, space},
        widget::{Align, hairline, panel_title_ui, table_header, text_ui},
    },
    message::{Language, message},
    plan::{DtypePolicy, MergePlan, PlanRow, PlanRowKind, PlanTotals},
    units,
};

/// Names shown of what a step is done to.
const NAMES_SHOWN: usize = 2;

/// Narrower than this a step takes two lines.
const TWO_LINES: f32 = 640.0;

fn step_height(width: f32) -> f32 {
    if width < TWO_LINES { 48.0 } else { grid::LIST_ROW }
}

/// Height of the panel across `width`.
pub(in crate::gui) fn steps_height(width: f32, summary: &PlanTotals) -> f32 {
    let rows = summary.rows.len() as f32 * step_height(width);
    grid::PANEL_TITLE + grid::PANEL_TABLE_HEADER + rows + components_height(width)
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

/// The panel.
pub(in crate::gui) fn steps_ui(ui: &mut Ui, rect: Rect, summary: &PlanTotals, plan: &MergePlan, words: Language) {
    let colors = Colors::of(ui);
    let body = panel_title_ui(ui, rect, words.text("what-will-be-done"), words.text("same-plan"));
    let header = table_header(ui, body);
    let cells = StepCells::of(header);
    let titles = [
        (cells.name, Align::Left, words.text("step")),
        (cells.count, Align::Left, words.text("count")),
        (cells.how, Align::Left, words.text("how")),
        (cells.read, Align::Right, words.text("read")),
        (cells.write, Align::Right, words.text("write")),
    ];
    let is_narrow = rect.width() < TWO_LINES;
    for (index, (area, align, title)) in titles.into_iter().enumerate() {
        if !(is_narrow && index == 2) {
            text_ui(ui, area, align, title, Type::CAPTION, colors.text_secondary);
        }
    }
    for (index, item) in summary.rows.iter().enumerate() {
        let height = step_height(rect.width());
        let top = header.bottom() + index as f32 * height;
        let row = Rect::from_min_size(pos2(rect.left(), top), vec2(rect.width(), height));
        if index > 0 {
            hairline(ui, rect, row.top());
        }
        let (name, count, how, ink) = described(item, plan, words, colors);
        let cells = StepCells::of(row);
        text_ui(ui, cells.name, Align::Left, name, Type::BODY_MEDIUM, ink);
        text_ui(ui, cells.count, Align::Left, &count, Type::EVIDENCE, colors.text);
        text_ui(ui, cells.how, Align::Left, &how, Type::EVIDENCE, colors.text_secondary);
        text_ui(ui, cells.read, Align::Right, &units::bytes(item.read_bytes), Type::MONO, colors.text);
        text_ui(ui, cells.write, Align::Right, &units::bytes(item.write_bytes), Type::MONO, colors.text);
    }
    let strip = Rect::from_min_max(pos2(rect.left(), rect.bottom() - components_height(rect.width())), rect.max);
    hairline(ui, rect, strip.top());
    components_ui(ui, strip, &summary.by_component, words);
}

fn described(
    item: &PlanRow,
    plan: &MergePlan,
    words: Language,
    colors: &Colors,
) -> (&'static str, String, String, egui::Color32) {
    let names = words.say(&message!("listed", names: &item.names, most: NAMES_SHOWN));
    match item.kind {
        PlanRowKind::Update => {
            let how = match plan.dtype {
                DtypePolicy::Keep => words.text("update-how-kept").to_owned(),
                DtypePolicy::Convert(dtype) => {
                    words.say(&message!("update-how", scale: shared_scale(plan), dtype: dtype.stored().to_string()))
                }
            };
            (words.text("update"), words.say(&message!("tensors", count: item.count)), how, colors.adapter)
        }
        PlanRowKind::Replace => {
            (words.text("replace"), words.say(&message!("tensors", count: item.count)), names, colors.adapter)
        }
        PlanRowKind::Add => {
            (words.text("add"), words.say(&message!("tensors", count: item.count)), names, colors.adapter)
        }
        PlanRowKind::Convert => {
            (words.text("convert"), words.say(&message!("tensors", count: item.count)), names, colors.text)
        }
        PlanRowKind::CopyTensors => {
            (words.text("copy-step"), words.say(&message!("tensors", count: item.count)), names, colors.text)
        }
        PlanRowKind::EditFiles => {
            (words.text("edit"), words.say(&message!("files", count: item.count)), names, colors.text)
        }
        PlanRowKind::CopyFiles => {
            (words.text("copy-step"), words.say(&message!("files", count: item.count)), names, colors.text)
        }
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
