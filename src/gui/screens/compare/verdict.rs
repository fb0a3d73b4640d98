//! What the comparison comes to, in one line, and what that rests on; the panels below it show the rest.

use egui::{Rect, Ui, pos2, vec2};

use crate::{
    gui::{
        app::{jobs::kind::JobKind, merged_folder::MergedFolder, standing::Standing, state::AppState},
        design::{
            tokens::{Colors, Type, space},
            widget::{Icon, icon_ui, panel_frame_behind, wrapped_text_ui},
        },
        screens::report::verdict::Verdict,
    },
    message::Language,
    report::EvalVerdict,
    size::{SizeBar, SizeChange},
};

/// The panel across `place`; returns where it is.
pub(in crate::gui) fn compare_verdict_ui(ui: &mut Ui, place: Rect, state: &AppState, done: &MergedFolder) -> Rect {
    let colors = Colors::of(ui);
    let verdict = verdict(state, done);
    let text = Rect::from_min_max(place.min + vec2(46.0, space::S16), pos2(place.right() - space::S16, f32::INFINITY));
    let frame = ui.painter().add(egui::Shape::Noop);
    let icon = Rect::from_min_size(place.min + vec2(space::S16, space::S16), vec2(20.0, 28.0));
    icon_ui(ui, icon, verdict.icon, verdict.ink().color(ui));
    let mut bottom = text.top() + wrapped_text_ui(ui, text, &[(&verdict.title, Type::FIGURE, colors.text)]);
    if !verdict.note.is_empty() {
        let note = Rect::from_min_max(pos2(text.left(), bottom + 3.0), text.max);
        bottom = note.top() + wrapped_text_ui(ui, note, &[(&verdict.note, Type::BODY, colors.text_secondary)]);
    }
    let area = Rect::from_min_max(place.min, pos2(place.right(), bottom + space::S16));
    panel_frame_behind(ui, frame, area);
    area
}

fn verdict(state: &AppState, done: &MergedFolder) -> Verdict {
    let words = state.words();
    let size = size_sentence(done, words);
    // What is not the merge is not worth comparing.
    if matches!(state.standing(done), Standing::Failed(_) | Standing::Identical(_)) {
        let verdict = Verdict::of(state, done);
        return Verdict { note: [words.text("see-the-report"), &size].join(" ").trim().to_owned(), ..verdict };
    }
    let (icon, title) = match &done.evaluation {
        _ if state.jobs.is_running(JobKind::Evaluate) => (Icon::AtWork, words.text("compare-measuring").to_owned()),
        None => (Icon::Waiting, words.text("compare-waits").to_owned()),
        Some(Err(_)) => (Icon::Warning, words.text("compare-failed").to_owned()),
        Some(Ok(measured)) => match &measured.verdict {
            Some(verdict) => (icon_of(verdict), words.as_line(verdict)),
            None => (Icon::Info, words.text("compare-alone").to_owned()),
        },
    };
    let equals = icon != Icon::AtWork && done.measured().is_some_and(|measured| measured.equals_run_time);
    let equals = if equals { words.text("equals-run-time") } else { "" };
    let note = [size.as_str(), equals].into_iter().filter(|part| !part.is_empty()).collect::<Vec<_>>().join(" ");
    Verdict { icon, title, note }
}

fn icon_of(verdict: &EvalVerdict) -> Icon {
    match verdict {
        EvalVerdict::NotTheMerge => Icon::Failed,
        EvalVerdict::Absent | EvalVerdict::Worse { .. } => Icon::Warning,
        EvalVerdict::Better { .. } | EvalVerdict::WithinChance => Icon::Passed,
        EvalVerdict::Mixed { .. } | EvalVerdict::OtherTokens | EvalVerdict::TooLittleText => Icon::Info,
    }
}

/// How large the folder is beside the base; empty where that is not known.
fn size_sentence(done: &MergedFolder, words: Language) -> String {
    let base = done.sizes.stored.as_ref().map(SizeBar::total).filter(|total| *total > 0);
    base.map_or_else(String::new, |base| words.said(&SizeChange::of(done.sizes.merged.total() as f64 / base as f64)))
}
