//! The proof: every check with its evidence, the manifest, and the way out.

use egui::{Color32, Rect, ScrollArea, Ui, UiBuilder, pos2, vec2};

use super::{
    command_button::CommandButton,
    screen_header::{at_right, inside, screen_header_ui},
    status_bar::passed_count,
};
use crate::{
    gui::{
        command::UiCommand,
        run::Finished,
        state::AppState,
        tokens::{Palette, Type, grid, space},
        view::{ManifestRow, Origin, upper_first},
        widget::{
            Align, ButtonLook, Icon, elided_middle, hairline, icon_ui, panel_frame, panel_title_ui, prose_ui,
            table_header, text_ui, wrapped_text_ui,
        },
        words::Words,
    },
    units,
    verify::{Outcome, VerifyReport},
};

/// The Report screen.
pub(in crate::gui) fn report_ui(
    ui: &mut Ui,
    rect: Rect,
    state: &AppState,
    done: &Finished,
    commands: &mut Vec<UiCommand>,
) {
    let palette = Palette::of(ui);
    let words = state.words();
    let subtitle = if done.is_verifying {
        words.verifying.to_owned()
    } else if state.machine.shows_measurements {
        (words.verified_in)(&units::duration(done.verify_duration_secs))
    } else {
        String::new()
    };
    let (line, body) = screen_header_ui(ui, rect, words.report, &[(&subtitle, Type::BODY, palette.text_secondary)]);
    let button = CommandButton::new(UiCommand::VerifyAgain, ButtonLook::Plain).enabled(!done.is_verifying);
    let width = button.width(ui, words);
    button.show(ui, at_right(line, vec2(width, grid::BUTTON)), words, commands);
    let area = inside(body);
    let half = ((area.width() - grid::GAP) / 2.0).round();
    let checks = Rect::from_min_size(area.min, vec2(half, area.height()));
    verdict_ui(ui, checks, done, words);
    let right = Rect::from_min_max(pos2(checks.right() + grid::GAP, area.top()), area.max);
    let export = Rect::from_min_max(pos2(right.left(), right.bottom() - 116.0), right.max);
    let manifest = Rect::from_min_max(right.min, pos2(right.right(), export.top() - grid::GAP));
    manifest_ui(ui, manifest, done, words);
    export_ui(ui, export, state, commands);
}

fn look(outcome: Outcome, palette: &Palette) -> (Icon, Color32) {
    match outcome {
        Outcome::Passed => (Icon::Passed, palette.ok),
        Outcome::Warning => (Icon::Warning, palette.warn),
        Outcome::Failed => (Icon::Failed, palette.error),
        Outcome::Skipped => (Icon::Info, palette.text_secondary),
    }
}

fn verdict_ui(ui: &mut Ui, rect: Rect, done: &Finished, words: &Words) {
    let palette = Palette::of(ui);
    panel_frame(ui, rect);
    let head = Rect::from_min_size(rect.min, vec2(rect.width(), 120.0));
    let (icon, color, title, note) = match &done.verified {
        Ok(report) => {
            let has_warning = report.checks.iter().any(|check| check.outcome == Outcome::Warning);
            let note = (words.verdict_note)(passed_count(report), report.checks.len());
            match (report.is_passed(), has_warning) {
                (true, false) => (Icon::Passed, palette.ok, words.verdict_passed, note),
                (true, true) => (Icon::Warning, palette.warn, words.verdict_warning, note),
                (false, _) => (Icon::Failed, palette.error, words.verdict_failed, note),
            }
        }
        Err(problem) => (Icon::Warning, palette.warn, words.verdict_unknown, problem.what.clone()),
    };
    icon_ui(ui, Rect::from_min_size(head.min + vec2(16.0, 16.0), vec2(20.0, 28.0)), icon, color);
    let text = Rect::from_min_max(head.min + vec2(46.0, 16.0), head.max - vec2(space::S16, 0.0));
    let upper = Rect::from_min_size(text.min, vec2(text.width(), 28.0));
    text_ui(ui, upper, Align::Left, title, Type::FIGURE, palette.text);
    let lower = Rect::from_min_max(text.min + vec2(0.0, 31.0), text.max);
    let height = wrapped_text_ui(ui, lower, &[(&note, Type::BODY, palette.text_secondary)]);
    let list_top = pos2(rect.left(), lower.top() + height + space::S16);
    let list = Rect::from_min_max(list_top, rect.max).shrink2(vec2(1.0, 1.0));
    ui.scope_builder(UiBuilder::new().id_salt("verdict").max_rect(list), |ui| {
        ui.set_clip_rect(list.intersect(ui.clip_rect()));
        ui.spacing_mut().item_spacing = egui::Vec2::ZERO;
        ScrollArea::vertical().auto_shrink(false).show(ui, |ui| {
            if let Ok(report) = &done.verified {
                checks_ui(ui, list.width(), report);
            }
            let note = words.does_not_prove_note;
            let entry = Entry { icon: Icon::Info, color: palette.text_secondary, title: words.does_not_prove };
            entry_ui(ui, list.width(), &entry, std::iter::once(note));
        });
    });
}

struct Entry<'a> {
    icon: Icon,
    color: Color32,
    title: &'a str,
}

fn checks_ui(ui: &mut Ui, width: f32, report: &VerifyReport) {
    let palette = Palette::of(ui);
    for check in &report.checks {
        let (icon, color) = look(check.outcome, palette);
        let evidence = upper_first(&check.evidence);
        let lines = std::iter::once(evidence.as_str()).chain(check.details.iter().map(String::as_str));
        entry_ui(ui, width, &Entry { icon, color, title: check.title }, lines);
    }
}

fn entry_ui<'a>(ui: &mut Ui, width: f32, entry: &Entry<'_>, lines: impl Iterator<Item = &'a str>) {
    let palette = Palette::of(ui);
    let top = ui.cursor().min;
    hairline(ui, Rect::from_min_size(top, vec2(width, 1.0)), top.y + 1.0);
    let title = Rect::from_min_size(top + vec2(44.0, 12.0), vec2(width - 60.0, 18.0));
    let icon = Rect::from_min_size(top + vec2(16.0, 12.0), vec2(16.0, 18.0));
    icon_ui(ui, icon, entry.icon, entry.color);
    text_ui(ui, title, Align::Left, entry.title, Type::BODY_STRONG, palette.text);
    let mut y = title.bottom() + 6.0;
    for line in lines {
        let area = Rect::from_min_size(pos2(title.left(), y), vec2(title.width(), 400.0));
        y += prose_ui(ui, area, line, Type::EVIDENCE, palette.text_secondary) + 3.0;
    }
    let row = Rect::from_min_max(top, pos2(top.x + width, y + 9.0));
    ui.allocate_rect(row, egui::Sense::hover());
}

/// File, origin, bytes.
fn manifest_cells(row: Rect) -> [Rect; 3] {
    let inner = row.shrink2(vec2(space::S12, 0.0));
    let at = |left: f32, right: f32| Rect::from_min_max(pos2(left, row.top()), pos2(right, row.bottom()));
    let bytes = inner.right() - 100.0;
    let origin = bytes - 64.0;
    [at(inner.left(), origin - space::S8), at(origin, bytes), at(bytes, inner.right())]
}

fn manifest_ui(ui: &mut Ui, rect: Rect, done: &Finished, words: &Words) {
    let palette = Palette::of(ui);
    let files = &done.manifest;
    let total: u64 = files.iter().map(|file| file.byte_count).sum();
    let remark = (words.manifest_note)(files.len(), &units::bytes(total));
    let body = panel_title_ui(ui, rect, words.manifest, &remark);
    let header = table_header(ui, body);
    let titles = [(words.file, Align::Left), (words.origin, Align::Left), (words.bytes, Align::Right)];
    for (cell, (title, align)) in manifest_cells(header).into_iter().zip(titles) {
        text_ui(ui, cell, align, title, Type::CAPTION, palette.text_secondary);
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

fn manifest_row_ui(ui: &mut Ui, row: Rect, file: &ManifestRow, words: &Words) {
    let palette = Palette::of(ui);
    let (origin, ink) = match file.origin {
        Origin::Merged => (words.merged, palette.merged),
        Origin::Edited => (words.edited, palette.text_secondary),
        Origin::Copied => (words.copied, palette.text_secondary),
    };
    let [name_area, origin_area, bytes_area] = manifest_cells(row);
    let name = elided_middle(ui, &file.name, Type::MONO_SMALL, name_area.width());
    text_ui(ui, name_area, Align::Left, &name, Type::MONO_SMALL, palette.text);
    text_ui(ui, origin_area, Align::Left, origin, Type::EVIDENCE, ink);
    text_ui(ui, bytes_area, Align::Right, &units::count(file.byte_count), Type::MONO, palette.text);
}

fn export_ui(ui: &mut Ui, rect: Rect, state: &AppState, commands: &mut Vec<UiCommand>) {
    let words = state.words();
    let body = panel_title_ui(ui, rect, words.export_title, words.export_note);
    hairline(ui, rect, body.top());
    let inner = body.shrink2(vec2(space::S12, 0.0));
    let export = CommandButton::new(UiCommand::ExportReport, ButtonLook::Primary);
    let top = inner.center().y - grid::PRIMARY_BUTTON / 2.0;
    let place = Rect::from_min_size(pos2(inner.left(), top), vec2(export.width(ui, words), grid::PRIMARY_BUTTON));
    export.show(ui, place, words, commands);
    let folder = CommandButton::new(UiCommand::OpenFolder, ButtonLook::Plain).icon(Icon::Folder);
    let width = folder.width(ui, words);
    let place = Rect::from_min_size(pos2(place.right() + space::S8, top), vec2(width, grid::PRIMARY_BUTTON));
    folder.show(ui, place, words, commands);
}
