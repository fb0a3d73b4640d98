//! The files of a merged folder, and what can be taken out of it.

use super::command::ReportCommand;
use crate::{
    gui::{
        frame::progress_note::{moved_text, progress_note_ui},
        prelude::*,
    },
    report::{FileState, ManifestRow, Origin},
    units::path::written_path,
};

/// Every file of the folder.
pub(in crate::gui) fn manifest_ui(ui: &mut Ui, done: &MergedFolder, words: Language) {
    let files = &done.manifest;
    let columns = [
        TableColumn::wide(words.text("file")),
        TableColumn::text(words.text("origin"), grid::column::WORD),
        TableColumn::number(words.text("bytes"), grid::column::NUMBER),
    ];
    // The ways out stand below it, in sight.
    let height = (ui.available_height() - grid::EXPORT - grid::GAP).max(grid::LEAST_TABLE);
    tall_ui(ui, height, |ui| {
        Surface::titled(words.text("manifest")).remark(&remark(files, words)).filling().show(ui, |ui| {
            Table::new("manifest", &columns).scrolling().show(ui, files.len(), |cells, index| {
                let file = &files[index];
                let present = file.present_byte_count();
                let ink = if present.is_some() { Ink::Primary } else { Ink::Secondary };
                let (origin, origin_ink) = origin(file);
                cells.path(&file.name, ink);
                cells.text(words.text(origin), Type::EVIDENCE, origin_ink);
                cells.number(&present.map_or_else(|| "—".to_owned(), units::count), ink);
            });
        });
    });
}

/// How much the folder holds now, and how much of it went.
fn remark(files: &[ManifestRow], words: Language) -> String {
    let present: Vec<u64> = files.iter().filter_map(ManifestRow::present_byte_count).collect();
    let note = words.say(&message!("manifest-note", count: present.len(), bytes: units::bytes(present.iter().sum())));
    match files.len() - present.len() {
        0 => note,
        missing => format!("{note}, {}", words.say(&message!("missing-files", count: missing))),
    }
}

fn origin(file: &ManifestRow) -> (&'static str, Ink) {
    match (file.state, file.origin) {
        // Where it came from says nothing of what is there now.
        (FileState::Missing, _) => ("missing-file", Ink::Error),
        (FileState::Changed { .. }, _) => ("changed-file", Ink::Warn),
        (FileState::Kept, Origin::Merged) => ("merged", Ink::Merged),
        (FileState::Kept, Origin::Edited) => ("edited", Ink::Secondary),
        (FileState::Kept, Origin::Copied) => ("copied", Ink::Secondary),
        (FileState::Kept, Origin::Added) => ("added-file", Ink::Secondary),
        (FileState::Kept, Origin::Found) => ("found-file", Ink::Secondary),
    }
}

/// What can be made of the result.
pub(in crate::gui) fn export_ui(ui: &mut Ui, state: &AppState, done: &MergedFolder, commands: &mut Vec<Command>) {
    let words = state.words();
    // Beside the buttons, for the status line is at the other end of the window.
    let remark = match &done.written {
        Some(path) => words.say(&message!("exported", path: written_path(path, state.machine.home.as_deref()))),
        None if done.is_sealed => words.text("is-sealed").to_owned(),
        None => words.text("export-note").to_owned(),
    };
    let remark_ui = |ui: &mut Ui| {
        // Some of the line belongs to the title.
        ui.set_max_width(ui.available_width() - grid::EXPORT);
        path_ui(ui, &remark, Type::CAPTION, Ink::Secondary);
    };
    Surface::titled(words.text("export-title")).filling().show_with(ui, remark_ui, |ui| {
        rule_ui(ui);
        inset_ui(ui, space::S12, space::S12, |ui| match state.jobs.progress(JobKind::Seal) {
            Some(progress) => {
                let moved = moved_text(progress, state);
                let cancel = CommandButton::new(ReportCommand::CancelSeal, ButtonLook::Plain);
                let title = words.text("sealing");
                let note = |ui: &mut Ui| progress_note_ui(ui, &progress.sample, title, moved.as_deref(), "", words);
                let cancel_ui = |ui: &mut Ui| cancel.add(ui, words, commands);
                Sides::new().spacing(space::S16).shrink_left().show(ui, |ui| _ = ui.vertical(note), cancel_ui);
            }
            None => buttons_ui(ui, words, done, commands),
        });
    });
}

fn buttons_ui(ui: &mut Ui, words: Language, done: &MergedFolder, commands: &mut Vec<Command>) {
    ui.spacing_mut().item_spacing.y = space::S8;
    ui.horizontal_wrapped(|ui| {
        let button = |command: Command, look| CommandButton::new(command, look).height(grid::PRIMARY_BUTTON);
        button(ReportCommand::Export.into(), ButtonLook::Primary).add(ui, words, commands);
        button(AppCommand::ExportPicture.into(), ButtonLook::Plain).add(ui, words, commands);
        if !done.is_sealed {
            button(ReportCommand::Seal.into(), ButtonLook::Plain).add(ui, words, commands);
        }
        button(ReportCommand::OpenFolder.into(), ButtonLook::Plain).with_icon().add(ui, words, commands);
    });
}
