//! What the comparison comes to, in one line, and what that rests on; the panels below it show the rest.

use crate::{
    gui::{prelude::*, screens::report::verdict::Verdict},
    report::EvalVerdict,
    size::{SizeBar, SizeChange},
};

/// The panel.
pub(in crate::gui) fn compare_verdict_ui(ui: &mut Ui, state: &AppState, done: &MergedFolder) {
    let verdict = verdict(state, done);
    let row = Row::new(&verdict.title, Type::FIGURE, Ink::Primary).icon(verdict.icon, verdict.ink());
    let row = row.margins(space::S16, space::S12);
    let row = if verdict.note.is_empty() { row } else { row.note(&verdict.note, Type::BODY, Ink::Secondary) };
    Surface::plain().show(ui, |ui| row.show(ui));
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
    let measured = done.measured().filter(|_| icon != Icon::AtWork);
    let closeness = measured.and_then(|measured| measured.summary(words)?.closeness.as_deref()).unwrap_or_default();
    let note =
        [closeness, size.as_str(), equals].into_iter().filter(|part| !part.is_empty()).collect::<Vec<_>>().join(" ");
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
