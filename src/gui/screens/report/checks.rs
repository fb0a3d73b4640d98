//! The verdict on a merged folder and every check with its evidence.

use crate::gui::design::layout::rule::placed_ui;
use egui::{Color32, Rect, ScrollArea, Ui, UiBuilder, pos2, vec2};

use super::{command::ReportCommand, verdict::Verdict};
use crate::{
    gui::{
        app::{command::Command, jobs::kind::JobKind, merged_folder::MergedFolder, state::AppState},
        design::{
            tokens::{Colors, Type, grid, space},
            widget::{Align, ButtonLook, Icon, hairline, icon_ui, panel_frame, prose_ui, text_ui, wrapped_text_ui},
        },
        frame::{
            command_button::CommandButton,
            progress_note::{moved_text, progress_note_ui},
        },
    },
    message::{Language, message},
    verify::{Outcome, Question, VerifyReport},
};

fn look(outcome: Outcome, colors: &Colors) -> (Icon, Color32) {
    match outcome {
        Outcome::Passed => (Icon::Passed, colors.ok),
        Outcome::Warning => (Icon::Warning, colors.warn),
        Outcome::Failed => (Icon::Failed, colors.error),
        Outcome::Skipped => (Icon::Info, colors.text_secondary),
    }
}

/// The verdict and the checks that it rests on.
pub(in crate::gui) fn verdict_ui(
    ui: &mut Ui,
    rect: Rect,
    done: &MergedFolder,
    state: &AppState,
    commands: &mut Vec<Command>,
) {
    let colors = Colors::of(ui);
    let words = state.words();
    panel_frame(ui, rect);
    let standing = state.standing(done);
    let verdict = Verdict::of(state, done);
    let icon_area = Rect::from_min_size(rect.min + vec2(16.0, 16.0), vec2(20.0, 28.0));
    icon_ui(ui, icon_area, verdict.icon, verdict.ink().color(ui));
    let text = Rect::from_min_max(rect.min + vec2(46.0, 16.0), pos2(rect.right() - space::S16, f32::INFINITY));
    let title_height = wrapped_text_ui(ui, text, &[(&verdict.title, Type::FIGURE, colors.text)]);
    let lower = Rect::from_min_max(text.min + vec2(0.0, title_height + 3.0), text.max);
    let height = wrapped_text_ui(ui, lower, &[(&verdict.note, Type::BODY, colors.text_secondary)]);
    let mut list_top = pos2(rect.left(), lower.top() + height + space::S16);
    if let Some(strength) = done.found_strength() {
        let label = words.say(&message!("judge-at", strength: strength));
        let button = CommandButton::new(ReportCommand::JudgeAtFoundStrength, ButtonLook::Primary).label(&label);
        let size = vec2(button.width(ui, words), grid::BUTTON);
        button.show(ui, Rect::from_min_size(pos2(text.left(), list_top.y - space::S4), size), words, commands);
        list_top.y += size.y + space::S8;
    }
    if let Some(progress) = state.jobs.progress(JobKind::Verify) {
        let sample = &progress.sample;
        let moved = moved_text(progress, state).map(|moved| words.say(&message!("bytes-read", moved: &moved)));
        let area = Rect::from_min_max(list_top, rect.max - vec2(space::S16, 0.0)).translate(vec2(0.0, -space::S8));
        let area = Rect::from_min_max(area.min + vec2(space::S16, 0.0), area.max);
        let note = placed_ui(ui, area, |ui| {
            progress_note_ui(ui, sample, words.text("verifying"), moved.as_deref(), "", words);
        });
        list_top.y = note.bottom();
    }
    let list = Rect::from_min_max(list_top, rect.max).shrink2(vec2(1.0, 1.0));
    ui.scope_builder(UiBuilder::new().id_salt("verdict").max_rect(list), |ui| {
        ui.set_clip_rect(list.intersect(ui.clip_rect()));
        ui.spacing_mut().item_spacing = egui::Vec2::ZERO;
        ScrollArea::vertical().auto_shrink(false).show(ui, |ui| {
            if let Some(report) = standing.report() {
                checks_ui(ui, list.width(), report, words);
            }
            // What a proof does not prove is worth saying only where there is one.
            if standing.is_proven() {
                let note = words.text("does-not-prove-note");
                let entry =
                    Entry { icon: Icon::Info, color: colors.text_secondary, title: words.text("does-not-prove") };
                entry_ui(ui, list.width(), &entry, std::iter::once(note));
            }
        });
    });
}

struct Entry<'a> {
    icon: Icon,
    color: Color32,
    title: &'a str,
}

/// Files of one line of the list of what was opened; a folder of shards would fill the screen.
const OPENED_SHOWN: usize = 24;

fn checks_ui(ui: &mut Ui, width: f32, report: &VerifyReport, words: Language) {
    let colors = Colors::of(ui);
    for check in &report.checks {
        let (icon, color) = look(check.outcome, colors);
        let evidence = words.as_line(&check.evidence);
        let details: Vec<String> = check.details.iter().map(|detail| words.said(detail)).collect();
        let lines = std::iter::once(evidence.as_str()).chain(details.iter().map(String::as_str));
        // What the process opened belongs to the check that started it.
        let opened = report.alone.as_ref().filter(|_| check.question == Question::Alone).map(|alone| {
            format!(
                "{}: `{}`",
                words.text("files-opened"),
                words.say(&message!("listed", names: &alone.opened, most: OPENED_SHOWN))
            )
        });
        let lines = lines.chain(opened.as_deref());
        entry_ui(ui, width, &Entry { icon, color, title: &words.said(&check.question) }, lines);
    }
}

fn entry_ui<'a>(ui: &mut Ui, width: f32, entry: &Entry<'_>, lines: impl Iterator<Item = &'a str>) {
    let colors = Colors::of(ui);
    let top = ui.cursor().min;
    hairline(ui, Rect::from_min_size(top, vec2(width, 1.0)), top.y + 1.0);
    let title = Rect::from_min_size(top + vec2(44.0, 12.0), vec2(width - 60.0, 18.0));
    let icon = Rect::from_min_size(top + vec2(16.0, 12.0), vec2(16.0, 18.0));
    icon_ui(ui, icon, entry.icon, entry.color);
    text_ui(ui, title, Align::Left, entry.title, Type::BODY_STRONG, colors.text);
    let mut y = title.bottom() + 6.0;
    for line in lines {
        let area = Rect::from_min_size(pos2(title.left(), y), vec2(title.width(), 400.0));
        y += prose_ui(ui, area, line, Type::EVIDENCE, colors.text_secondary) + 3.0;
    }
    let row = Rect::from_min_max(top, pos2(top.x + width, y + 9.0));
    ui.allocate_rect(row, egui::Sense::hover());
}
