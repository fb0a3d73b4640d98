//! The files of a merged folder, and what can be taken out of it.

use crate::gui::design::layout::rule::placed_ui;
use egui::{Rect, ScrollArea, Ui, UiBuilder, pos2, vec2};

use super::command::ReportCommand;
use crate::{
    gui::{
        app::{
            command::{Command, of_app::AppCommand},
            jobs::kind::JobKind,
            merged_folder::MergedFolder,
            state::AppState,
        },
        design::{
            path_text::written_path,
            tokens::{Colors, Type, grid, space},
            widget::{Align, ButtonLook, elided_middle, hairline, panel_title_ui, table_header, text_ui, text_width},
        },
        frame::{
            command_button::CommandButton,
            progress_note::{moved_text, progress_note_ui},
        },
    },
    message::{Language, message},
    report::{FileState, ManifestRow, Origin},
    units,
};

/// File, origin, bytes.
fn manifest_cells(row: Rect) -> [Rect; 3] {
    let inner = row.shrink2(vec2(space::S12, 0.0));
    let at = |left: f32, right: f32| Rect::from_min_max(pos2(left, row.top()), pos2(right, row.bottom()));
    let bytes = inner.right() - 100.0;
    let origin = bytes - 64.0;
    [at(inner.left(), origin - space::S8), at(origin, bytes), at(bytes, inner.right())]
}

/// Every file of the folder.
pub(in crate::gui) fn manifest_ui(ui: &mut Ui, rect: Rect, done: &MergedFolder, words: Language) {
    let colors = Colors::of(ui);
    let files = &done.manifest;
    let body = panel_title_ui(ui, rect, words.text("manifest"), &remark(files, words));
    let header = table_header(ui, body);
    let titles =
        [(words.text("file"), Align::Left), (words.text("origin"), Align::Left), (words.text("bytes"), Align::Right)];
    for (cell, (title, align)) in manifest_cells(header).into_iter().zip(titles) {
        text_ui(ui, cell, align, title, Type::CAPTION, colors.text_secondary);
    }
    let list = Rect::from_min_max(header.left_bottom(), body.max).shrink2(vec2(1.0, 1.0));
    ui.scope_builder(UiBuilder::new().id_salt("manifest").max_rect(list), |ui| {
        ui.set_clip_rect(list.intersect(ui.clip_rect()));
        ui.spacing_mut().item_spacing = egui::Vec2::ZERO;
        ScrollArea::vertical().auto_shrink(false).show_rows(ui, grid::TREE_ROW, files.len(), |ui, range| {
            for file in &files[range] {
                let (_, row) = ui.allocate_space(vec2(list.width(), grid::TREE_ROW));
                manifest_row_ui(ui, row.expand2(vec2(1.0, 0.0)), file, words);
                hairline(ui, row, row.bottom());
                ui.advance_cursor_after_rect(row);
            }
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

fn manifest_row_ui(ui: &mut Ui, row: Rect, file: &ManifestRow, words: Language) {
    let colors = Colors::of(ui);
    let (origin, ink) = match (file.state, file.origin) {
        // Where it came from says nothing of what is there now.
        (FileState::Missing, _) => (words.text("missing-file"), colors.error),
        (FileState::Changed { .. }, _) => (words.text("changed-file"), colors.warn),
        (FileState::Kept, Origin::Merged) => (words.text("merged"), colors.merged),
        (FileState::Kept, Origin::Edited) => (words.text("edited"), colors.text_secondary),
        (FileState::Kept, Origin::Copied) => (words.text("copied"), colors.text_secondary),
        (FileState::Kept, Origin::Added) => (words.text("added-file"), colors.text_secondary),
        (FileState::Kept, Origin::Found) => (words.text("found-file"), colors.text_secondary),
    };
    let present = file.present_byte_count();
    let name_ink = if present.is_some() { colors.text } else { colors.text_secondary };
    let bytes = present.map_or_else(|| "—".to_owned(), units::count);
    let [name_area, origin_area, bytes_area] = manifest_cells(row);
    let name = elided_middle(ui, &file.name, Type::MONO_SMALL, name_area.width());
    text_ui(ui, name_area, Align::Left, &name, Type::MONO_SMALL, name_ink);
    text_ui(ui, origin_area, Align::Left, origin, Type::EVIDENCE, ink);
    text_ui(ui, bytes_area, Align::Right, &bytes, Type::MONO, name_ink);
}

/// What can be made of the result; in two rows where one is too short.
pub(in crate::gui) fn export_ui(
    ui: &mut Ui,
    rect: Rect,
    state: &AppState,
    done: &MergedFolder,
    commands: &mut Vec<Command>,
) {
    let words = state.words();
    // Beside the buttons, for the status line is at the other end of the window.
    let remark = match &done.written {
        Some(path) => words.say(&message!("exported", path: written_path(path, state.machine.home.as_deref()))),
        None if done.is_sealed => words.text("is-sealed").to_owned(),
        None => words.text("export-note").to_owned(),
    };
    let room = rect.width() - text_width(ui, words.text("export-title"), Type::BODY_STRONG) - 4.0 * space::S12;
    let body = panel_title_ui(ui, rect, words.text("export-title"), &elided_middle(ui, &remark, Type::CAPTION, room));
    hairline(ui, rect, body.top());
    let inner = body.shrink2(vec2(space::S12, 0.0));
    if let Some(progress) = state.jobs.progress(JobKind::Seal) {
        let sample = &progress.sample;
        let moved = moved_text(progress, state);
        let button = CommandButton::new(ReportCommand::CancelSeal, ButtonLook::Plain);
        let size = vec2(button.width(ui, words), grid::BUTTON);
        let place = Rect::from_min_size(pos2(inner.right() - size.x, inner.center().y - size.y / 2.0), size);
        button.show(ui, place, words, commands);
        let area = Rect::from_min_max(inner.min, pos2(place.left() - space::S16, inner.bottom()));
        placed_ui(ui, area, |ui| {
            progress_note_ui(ui, sample, words.text("sealing"), moved.as_deref(), "", words);
        });
        return;
    }
    let mut buttons = vec![
        CommandButton::new(ReportCommand::Export, ButtonLook::Primary),
        CommandButton::new(AppCommand::ExportPicture, ButtonLook::Plain),
    ];
    if !done.is_sealed {
        buttons.push(CommandButton::new(ReportCommand::Seal, ButtonLook::Plain));
    }
    buttons.push(CommandButton::new(ReportCommand::OpenFolder, ButtonLook::Plain).with_icon());
    let widths: Vec<f32> = buttons.iter().map(|button| button.width(ui, words)).collect();
    let all = widths.iter().sum::<f32>() + space::S8 * (widths.len() - 1) as f32;
    let (height, rows) = if all <= inner.width() { (grid::PRIMARY_BUTTON, 1.0) } else { (grid::BUTTON, 2.0) };
    let block = rows * height + (rows - 1.0) * space::S8;
    let top = inner.center().y - block / 2.0;
    let mut next = pos2(inner.left(), top);
    for (button, width) in buttons.into_iter().zip(widths) {
        if next.x + width > inner.right() + 0.5 {
            next = pos2(inner.left(), next.y + height + space::S8);
        }
        button.show(ui, Rect::from_min_size(next, vec2(width, height)), words, commands);
        next.x += width + space::S8;
    }
}
