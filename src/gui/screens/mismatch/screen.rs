//! An adapter that does not fit, and folders that do not open.

use crate::{
    gui::{
        app::inspection::Slot,
        frame::{
            error_banner::error_banner_ui,
            wells::{command::WellsCommand, trouble::ways_out, well::WellKind},
        },
        prelude::*,
    },
    message::{Message, Problem},
};

/// One or both folders do not open.
pub(in crate::gui) fn problems_ui(ui: &mut Ui, state: &AppState, inspection: &Inspection, commands: &mut Vec<Command>) {
    let words = state.words();
    page_title_ui(ui, words.text("modules"), &[], |_| ());
    page_body_ui(ui, "problems", |ui| {
        let failed = [
            (failed(&inspection.base), WellKind::Base, &inspection.base_choices),
            (failed(&inspection.adapter), WellKind::Adapter, &inspection.adapter_choices),
        ];
        for (problem, kind, choices) in failed {
            let Some(problem) = problem else { continue };
            error_banner_ui(ui, state, problem, ways_out(kind, choices, words), commands);
            ui.add_space(grid::GAP);
        }
        if matches!((&inspection.base, &inspection.adapter), (Slot::Empty, Slot::Open(_))) {
            choose_base_ui(ui, inspection, words, commands);
        }
    });
}

/// The way on from an adapter without a base.
fn choose_base_ui(ui: &mut Ui, inspection: &Inspection, words: Language, commands: &mut Vec<Command>) {
    paragraph_ui(ui, words.text("adapter-only"), Type::BODY, Ink::Secondary);
    let suggestions = &inspection.suggested_bases;
    if let Some(base) = suggestions.first() {
        let place = Message::of(&base.found_in);
        let found = match base.missing.len() {
            0 => words.say(&message!("base-found", place: place)),
            count => words.say(&message!("base-found-incomplete", place: place, count: count)),
        };
        ui.add_space(space::S4);
        paragraph_ui(ui, &found, Type::BODY, Ink::Secondary);
    }
    ui.add_space(space::S12);
    ui.horizontal_wrapped(|ui| {
        for (index, base) in suggestions.iter().enumerate() {
            let label = words.say(&message!("use-base", name: &base.name));
            let command = WellsCommand::Fill(WellKind::Base, base.path.clone());
            let look = if index == 0 { ButtonLook::Primary } else { ButtonLook::Plain };
            CommandButton::new(command, look).label(&label).height(grid::PRIMARY_BUTTON).add(ui, words, commands);
        }
        let look = if suggestions.is_empty() { ButtonLook::Primary } else { ButtonLook::Plain };
        CommandButton::new(WellsCommand::Browse(WellKind::Base), look)
            .icon(Icon::Folder)
            .label(words.text("choose-base"))
            .height(grid::PRIMARY_BUTTON)
            .add(ui, words, commands);
    });
}

fn failed<T>(slot: &Slot<T>) -> Option<&Problem> {
    match slot {
        Slot::Failed(problem) => Some(problem),
        _ => None,
    }
}

/// The adapter's tensors that have no place, with what that suggests.
pub(in crate::gui) fn mismatch_ui(ui: &mut Ui, state: &AppState, inspection: &Inspection, commands: &mut Vec<Command>) {
    let words = state.words();
    let fit = inspection.fit.unwrap_or_default();
    let misfit: usize = inspection.misfits.iter().map(|misfit| misfit.tensor_count).sum();
    let placed = words.say(&message!("tensors-placed", placed: fit.placed, total: fit.adapter_tensors));
    let summary = words.say(&message!("misfit-summary", count: misfit));
    let subtitle = [
        (placed.as_str(), Type::BODY, Ink::Secondary),
        ("  ·  ", Type::BODY, Ink::Tertiary),
        (summary.as_str(), Type::BODY, Ink::Error),
    ];
    page_title_ui(ui, words.text("modules"), &subtitle, |_| ());
    page_body_ui(ui, "mismatch", |ui| {
        let problem = Problem {
            what: message!(
                "problem-misfit",
                misfit: misfit,
                placed: fit.adapter_tensors.saturating_sub(misfit),
                total: fit.adapter_tensors,
            ),
            hint: inspection.misfit_hint.clone(),
            path: state.wells.adapter.path.as_ref().map(|path| path.to_string_lossy().into_owned()),
        };
        let ways_out = [WellKind::Adapter, WellKind::Base].into_iter().flat_map(|kind| ways_out(kind, &[], words));
        error_banner_ui(ui, state, &problem, ways_out.collect(), commands);
        ui.add_space(grid::GAP);
        misfits_ui(ui, inspection, words);
    });
}

/// Module and shape in the adapter and in the base, and below them why they do not fit.
fn misfits_ui(ui: &mut Ui, inspection: &Inspection, words: Language) {
    let trained_on = inspection.adapter.open().and_then(|facts| facts.trained_on.as_deref());
    let remark = trained_on.map_or_else(String::new, |name| format!("{} {name}", words.text("says-its-base-is")));
    let columns = [
        TableColumn::wide(words.text("in-the-adapter")),
        TableColumn::number(words.text("shape"), grid::column::BYTES),
        TableColumn::wide(words.text("nearest-in-the-base")),
        TableColumn::number(words.text("shape"), grid::column::BYTES),
    ];
    let least = grid::PANEL_TITLE + grid::TABLE_HEADER + grid::LEAST_LIST;
    let height = ui.available_height().max(least);
    ui.allocate_ui(vec2(ui.available_width(), height), |ui| {
        Surface::titled(words.text("misfit-table")).remark(&remark).filling().show(ui, |ui| {
            let table = Table::new("misfits", &columns).scrolling();
            table.show(ui, 2 * inspection.misfits.len(), |cells, index| {
                let misfit = &inspection.misfits[index / 2];
                if index % 2 == 1 {
                    cells.heading(&words.as_line(&misfit.reason), Type::EVIDENCE, Ink::Secondary);
                    return;
                }
                cells.goes_on();
                let shape = misfit.shape.as_ref().map(|shape| words.said(shape)).unwrap_or_default();
                cells.path(&misfit.module, Ink::Primary);
                cells.text(&shape, Type::MONO_SMALL, Ink::Adapter);
                cells.path(&misfit.nearest, Ink::Secondary);
                cells.text(&misfit.nearest_shape, Type::MONO_SMALL, Ink::Secondary);
            });
        });
    });
}
