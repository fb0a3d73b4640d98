//! The Merge screen after a run: what was written and done to each target, or what went wrong.

use super::command::MergeCommand;
use crate::{
    gui::{
        design::widget::heat_cell_ui,
        frame::{
            error_banner::error_banner_ui,
            wells::{command::WellsCommand, well::WellKind},
        },
        prelude::*,
        screens::report::{command::ReportCommand, verdict::Verdict},
    },
    report::{Made, MergeFailure},
    tree::heat_number,
    units::path::display_path,
};

/// A merge that succeeded.
pub(in crate::gui) fn merge_done_ui(ui: &mut Ui, state: &AppState, done: &MergedFolder, commands: &mut Vec<Command>) {
    let words = state.words();
    let (_, subtitle) = titles(state.standing(done), words);
    page_title_ui(ui, words.text("merge"), &[(subtitle, Type::BODY, Ink::Secondary)], |_| ());
    let Some(made) = &done.made else { return };
    page_body_ui(ui, "merge done", |ui| {
        verdict_ui(ui, state, done, commands);
        ui.add_space(grid::GAP);
        figures_ui(ui, &figures(state, done, made));
        ui.add_space(grid::GAP);
        updated_ui(ui, state, done);
    });
}

fn verdict_ui(ui: &mut Ui, state: &AppState, done: &MergedFolder, commands: &mut Vec<Command>) {
    let words = state.words();
    let verdict = Verdict::of(state, done);
    let standing = state.standing(done);
    let title = titles(standing, words).0.unwrap_or(&verdict.title);
    let path = display_path(&done.provenance.merged, state.machine.home.as_deref());
    Surface::plain().show(ui, |ui| {
        Row::new(title, Type::FIGURE, Ink::Primary)
            .icon(verdict.icon, verdict.ink())
            .margins(space::S16, space::S12)
            .show_below(ui, |ui| {
                path_ui(ui, &path, Type::MONO, Ink::Secondary);
                ui.add_space(space::S12);
                ui.spacing_mut().item_spacing.y = space::S8;
                ui.horizontal_wrapped(|ui| {
                    let button = |command: Command, look| CommandButton::new(command, look);
                    let check = matches!(standing, Standing::Unchecked(_)).then(|| {
                        button(ReportCommand::VerifyAgain.into(), ButtonLook::Plain).label(words.text("check-now"))
                    });
                    let ways_on = [
                        button(AppCommand::ShowScreen(Screen::Compare).into(), ButtonLook::Primary)
                            .label(words.text("see-compare")),
                        button(AppCommand::ShowScreen(Screen::Report).into(), ButtonLook::Plain)
                            .label(words.text("see-report")),
                        button(ReportCommand::OpenFolder.into(), ButtonLook::Plain).with_icon(),
                        button(MergeCommand::MergeAgain.into(), ButtonLook::Plain),
                    ];
                    for button in check.into_iter().chain(ways_on) {
                        button.add(ui, words, commands);
                    }
                });
            });
        if let Some(packed) = done.packed_survival() {
            let (icon, ink) =
                if packed.is_little() { (Icon::Warning, Ink::Warn) } else { (Icon::Info, Ink::Secondary) };
            let sentence = words.with_period(&packed);
            let row = Row::new(&sentence, Type::EVIDENCE, Ink::Primary).icon(icon, ink);
            row.margins(space::S16, space::S8).rule().show(ui);
        }
        if let Some(advice) = done.advice() {
            let advice = words.with_period(&advice);
            Row::new(&advice, Type::EVIDENCE, Ink::Primary)
                .icon(Icon::Warning, Ink::Warn)
                .margins(space::S16, space::S8)
                .rule()
                .show(ui);
        }
    });
}

/// The title of the result, where the verdict has no better one, and what the screen says of it.
fn titles(standing: Standing<'_>, words: Language) -> (Option<&'static str>, &'static str) {
    let title = match standing {
        Standing::Checking => Some("merge-done-checking"),
        Standing::Unchecked(_) => Some("merge-done-unchecked"),
        Standing::Failed(_) | Standing::Identical(_) => None,
        Standing::Held { has_remark: false, .. } => Some("merge-done"),
        Standing::Held { has_remark: true, .. } => Some("merge-done-remark"),
    };
    let is_held = matches!(standing, Standing::Held { .. });
    let subtitle = if is_held { "merge-done-subtitle" } else { "merge-written-subtitle" };
    (title.map(|id| words.text(id)), words.text(subtitle))
}

fn figures(state: &AppState, done: &MergedFolder, made: &Made) -> Vec<Figure> {
    let words = state.words();
    let receipt = &made.receipt;
    let written: u64 = done.manifest.iter().map(|file| file.byte_count).sum();
    let lost = receipt.lost().len();
    let largest = done.updated.first();
    let figure = |label, value, remark| Figure { label: words.text(label), value, remark };
    let lost = if lost > 0 {
        message!("lost-targets", count: lost)
    } else {
        message!("no-lost-targets", count: done.updated.len())
    };
    let mut figures = vec![
        figure("written", units::bytes(written), words.say(&message!("files", count: done.manifest.len()))),
        figure("updated-tensors", units::count(done.updated.len() as u64), words.say(&lost)),
        figure(
            "largest-change",
            largest.and_then(|row| row.change).map_or_else(|| "—".to_owned(), heat_number),
            largest.map_or_else(String::new, |row| row.module.clone()),
        ),
    ];
    let stats = receipt.update_stats();
    if let Some(gain) = stats.gain() {
        let remark = format!("{} {}", words.text("elements-changed"), units::count(stats.changed_count));
        figures.push(figure("kept-figure", format!("{:.2} %", 100.0 * gain), remark));
    }
    if state.machine.shows_measurements {
        figures.push(figure("duration", units::duration(receipt.duration_secs), words.said(&receipt.device)));
    }
    figures
}

fn updated_ui(ui: &mut Ui, state: &AppState, done: &MergedFolder) {
    let words = state.words();
    let kept = words.say(&message!("kept-in", dtype: &done.merged.dtype));
    let columns = [
        TableColumn::wide(words.text("module")),
        TableColumn::centered("‖Δ‖ / ‖W‖", grid::column::HEAT),
        TableColumn::number(words.text("elements-changed"), grid::column::COUNTS),
        TableColumn::number(&kept, grid::column::NUMBER),
    ];
    Surface::titled(words.text("updated-tensors")).remark(words.text("largest-first")).filling().show(ui, |ui| {
        Table::new("updated", &columns).scrolling().show(ui, done.updated.len(), |cells, index| {
            let row = &done.updated[index];
            cells.path(&row.module, Ink::Primary);
            cells.canvas(|ui, area| {
                if let (Some(value), Some(scale)) = (row.change, state.modules.scale) {
                    heat_cell_ui(ui, area.shrink2(vec2(0.0, space::S4)), value, scale);
                }
            });
            let changed = format!("{} / {}", units::count(row.changed_count), units::count(row.element_count));
            cells.number(&changed, Ink::Primary);
            let kept = row.gain.map_or_else(|| "—".to_owned(), |gain| format!("{:.2} %", 100.0 * gain));
            cells.number(&kept, Ink::Primary);
        });
    });
}

/// A merge that stopped with an error.
pub(in crate::gui) fn merge_failed_ui(
    ui: &mut Ui,
    state: &AppState,
    failure: &MergeFailure,
    commands: &mut Vec<Command>,
) {
    let words = state.words();
    let home = state.machine.home.as_deref();
    let left = match failure.left_behind.as_deref() {
        None => String::new(),
        Some([]) => words.text("nothing-left").to_owned(),
        Some(there) => {
            let paths = there.iter().map(|path| display_path(path, home)).collect::<Vec<_>>().join(", ");
            words.say(&message!("there-now", paths: paths))
        }
    };
    page_title_ui(ui, words.text("merge-failed"), &[(&left, Type::BODY, Ink::Secondary)], |_| ());
    page_body_ui(ui, "merge failed", |ui| {
        let elsewhere = CommandButton::new(WellsCommand::Browse(WellKind::Output), ButtonLook::Plain);
        let elsewhere = elsewhere.icon(Icon::Folder).label(words.text("another-place"));
        let buttons = vec![CommandButton::new(MergeCommand::PlanAgain, ButtonLook::Plain), elsewhere];
        error_banner_ui(ui, state, &failure.problem, buttons, commands);
    });
}
