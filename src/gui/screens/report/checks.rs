//! The verdict on a merged folder and every check with its evidence.

use egui::{Color32, Rect, ScrollArea, Ui, UiBuilder, pos2, vec2};

use crate::{
    gui::{
        app::{finished::Finished, jobs::kind::JobKind, state::AppState},
        design::{
            tokens::{Palette, Type, space},
            widget::{Align, Icon, hairline, icon_ui, panel_frame, prose_ui, text_ui, wrapped_text_ui},
        },
        frame::{
            progress_note::{moved_text, progress_note_ui},
            status_bar::passed_count,
        },
        words::Words,
    },
    verify::{Outcome, Question, VerifyReport},
};

fn look(outcome: Outcome, palette: &Palette) -> (Icon, Color32) {
    match outcome {
        Outcome::Passed => (Icon::Passed, palette.ok),
        Outcome::Warning => (Icon::Warning, palette.warn),
        Outcome::Failed => (Icon::Failed, palette.error),
        Outcome::Skipped => (Icon::Info, palette.text_secondary),
    }
}

/// The verdict and the checks that it rests on.
pub(in crate::gui) fn verdict_ui(ui: &mut Ui, rect: Rect, done: &Finished, state: &AppState) {
    let palette = Palette::of(ui);
    let words = state.words();
    panel_frame(ui, rect);
    let head = Rect::from_min_size(rect.min, vec2(rect.width(), 120.0));
    let (icon, color, title, note) = verdict(done, palette, words);
    icon_ui(ui, Rect::from_min_size(head.min + vec2(16.0, 16.0), vec2(20.0, 28.0)), icon, color);
    let text = Rect::from_min_max(head.min + vec2(46.0, 16.0), head.max - vec2(space::S16, 0.0));
    let upper = Rect::from_min_size(text.min, vec2(text.width(), 28.0));
    text_ui(ui, upper, Align::Left, title, Type::FIGURE, palette.text);
    let lower = Rect::from_min_max(text.min + vec2(0.0, 31.0), text.max);
    let height = wrapped_text_ui(ui, lower, &[(&note, Type::BODY, palette.text_secondary)]);
    let mut list_top = pos2(rect.left(), lower.top() + height + space::S16);
    if let Some(progress) = state.jobs.progress(JobKind::Verify) {
        let sample = &progress.sample;
        let moved = moved_text(progress, state);
        let area = Rect::from_min_max(list_top, rect.max - vec2(space::S16, 0.0)).translate(vec2(0.0, -space::S8));
        let area = Rect::from_min_max(area.min + vec2(space::S16, 0.0), area.max);
        list_top.y = progress_note_ui(ui, area, sample, words.verifying, moved.as_deref(), "", words);
    }
    let list = Rect::from_min_max(list_top, rect.max).shrink2(vec2(1.0, 1.0));
    ui.scope_builder(UiBuilder::new().id_salt("verdict").max_rect(list), |ui| {
        ui.set_clip_rect(list.intersect(ui.clip_rect()));
        ui.spacing_mut().item_spacing = egui::Vec2::ZERO;
        ScrollArea::vertical().auto_shrink(false).show(ui, |ui| {
            if let Some(Ok(report)) = &done.verified {
                checks_ui(ui, list.width(), report, words);
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

/// How it went as a whole: icon, colour, title, remark.
fn verdict(done: &Finished, palette: &Palette, words: &Words) -> (Icon, Color32, &'static str, String) {
    match &done.verified {
        Some(Ok(report)) => {
            let has_warning = report.checks.iter().any(|check| check.outcome == Outcome::Warning);
            let is_recomputed = done.sources.base.is_some() && !done.sources.adapters.is_empty();
            let note = if is_recomputed { words.verdict_note } else { words.judged_alone_note };
            let note = note(passed_count(report), report.checks.len());
            match (report.is_passed(), has_warning) {
                (true, false) if !is_recomputed => (Icon::Passed, palette.ok, words.verdict_sound, note),
                (true, false) => (Icon::Passed, palette.ok, words.verdict_passed, note),
                (true, true) => (Icon::Warning, palette.warn, words.verdict_warning, note),
                (false, _) => (Icon::Failed, palette.error, failure(report, words), note),
            }
        }
        Some(Err(problem)) => (Icon::Warning, palette.warn, words.verdict_unknown, problem.what.text(words).to_owned()),
        None => (Icon::AtWork, palette.accent, words.verdict_running, done.merged.name.clone()),
    }
}

/// What a failed check means for the folder, the gravest first: a folder that loads alone may still point at its base.
fn failure(report: &VerifyReport, words: &Words) -> &'static str {
    let has_failed = |question: Question| {
        report.checks.iter().any(|check| check.question == question && check.outcome == Outcome::Failed)
    };
    let meanings = [
        (Question::ChangedTargets, words.verdict_failed),
        (Question::NothingLeftOut, words.verdict_failed),
        (Question::Complete, words.verdict_incomplete),
        (Question::Alone, words.verdict_not_alone),
        (Question::Independent, words.verdict_dependent),
    ];
    let meaning = meanings.into_iter().find(|(question, _)| has_failed(*question));
    meaning.map_or(words.verdict_faulty, |(_, meaning)| meaning)
}

/// Files of one line of the list of what was opened; a folder of shards would fill the screen.
const OPENED_SHOWN: usize = 24;

fn checks_ui(ui: &mut Ui, width: f32, report: &VerifyReport, words: &Words) {
    let palette = Palette::of(ui);
    for check in &report.checks {
        let (icon, color) = look(check.outcome, palette);
        let evidence = (words.evidence)(&check.evidence);
        let details: Vec<String> = check.details.iter().map(words.detail).collect();
        let lines = std::iter::once(evidence.as_str()).chain(details.iter().map(String::as_str));
        // What the process opened belongs to the check that started it.
        let opened = report
            .alone
            .as_ref()
            .filter(|_| check.question == Question::Alone)
            .map(|alone| format!("{}: `{}`", words.files_opened, (words.listed)(&alone.opened, OPENED_SHOWN)));
        let lines = lines.chain(opened.as_deref());
        entry_ui(ui, width, &Entry { icon, color, title: (words.question)(check.question) }, lines);
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
