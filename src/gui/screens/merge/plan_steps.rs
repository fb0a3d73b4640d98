//! What a merge does, by kind of step, and where the bytes that it writes belong.

use super::plan_components::components_ui;
use crate::{
    gui::prelude::*,
    plan::{DtypePolicy, MergePlan, PlanRow, PlanRowKind, PlanTotals},
};

/// Names shown of what a step is done to, and where there is little room.
const NAMES_SHOWN: usize = 2;
const NAMES_SHOWN_NARROW: usize = 1;

/// The panel; where it is narrow, what is done stands below the step's name.
pub(in crate::gui) fn steps_ui(ui: &mut Ui, totals: &PlanTotals, plan: &MergePlan, words: Language) {
    let is_narrow = ui.available_width() < grid::NARROW / 2.0 + space::S32;
    let bytes = [words.text("read"), words.text("write")].map(|title| TableColumn::number(title, grid::column::WORD));
    let step = words.text("step");
    let named = [
        TableColumn::text(step, grid::column::WORD),
        TableColumn::text(words.text("count"), grid::column::NUMBER),
        TableColumn::wide(words.text("how")),
    ];
    let columns: Vec<_> = if is_narrow { vec![TableColumn::wide(step)] } else { named.to_vec() };
    let columns: Vec<_> = columns.into_iter().chain(bytes).collect();
    let row_height = if is_narrow { grid::TWO_LINES } else { grid::TREE_ROW };
    Surface::titled(words.text("what-will-be-done")).remark(words.text("same-plan")).show(ui, |ui| {
        Table::new("steps", &columns).row_height(row_height).show(ui, totals.rows.len(), |cells, index| {
            let item = &totals.rows[index];
            let (name, count, how, ink) =
                described(item, plan, if is_narrow { NAMES_SHOWN_NARROW } else { NAMES_SHOWN }, words);
            if is_narrow {
                cells.cell(|ui| {
                    ui.vertical(|ui| {
                        ui.add_space(space::S4);
                        let gap = ("   ", Type::EVIDENCE, Ink::Primary);
                        spans_ui(ui, &[(name, Type::BODY_MEDIUM, ink), gap, (&count, Type::EVIDENCE, Ink::Primary)]);
                        label_ui(ui, &how, Type::EVIDENCE, Ink::Secondary);
                    });
                });
            } else {
                cells.text(name, Type::BODY_MEDIUM, ink);
                cells.text(&count, Type::EVIDENCE, Ink::Primary);
                cells.text(&how, Type::EVIDENCE, Ink::Secondary);
            }
            cells.number(&units::bytes(item.read_bytes), Ink::Primary);
            cells.number(&units::bytes(item.write_bytes), Ink::Primary);
        });
        components_ui(ui, &totals.by_component, words);
    });
}

fn described(item: &PlanRow, plan: &MergePlan, most: usize, words: Language) -> (&'static str, String, String, Ink) {
    let names = || words.say(&message!("listed", names: &item.names, most: most));
    let tensors = || words.say(&message!("tensors", count: item.count));
    let files = || words.say(&message!("files", count: item.count));
    match item.kind {
        PlanRowKind::Update => {
            let how = match plan.dtype {
                DtypePolicy::Keep => words.text("update-how-kept").to_owned(),
                DtypePolicy::Convert(dtype) => {
                    words.say(&message!("update-how", scale: plan.shared_scale().map_or_else(|| "s".to_owned(), units::trimmed), dtype: dtype.stored().to_string()))
                }
            };
            (words.text("update"), tensors(), how, Ink::Adapter)
        }
        PlanRowKind::Replace => (words.text("replace"), tensors(), names(), Ink::Adapter),
        PlanRowKind::Add => (words.text("add"), tensors(), names(), Ink::Adapter),
        PlanRowKind::Convert => (words.text("convert"), tensors(), names(), Ink::Primary),
        PlanRowKind::CopyTensors => (words.text("copy-step"), tensors(), names(), Ink::Primary),
        PlanRowKind::EditFiles => (words.text("edit"), files(), names(), Ink::Primary),
        PlanRowKind::CopyFiles => (words.text("copy-step"), files(), names(), Ink::Primary),
    }
}
