//! How a merged folder stands, in one line and what it rests on.

use crate::{
    gui::{
        app::state::AppState,
        design::{ink::Ink, widget::Icon},
    },
    message::{Language, message},
    report::MergedFolder,
    verify::{Outcome, Proof, Question, Standing, VerifyReport},
};

/// The line that a report leads with.
pub(in crate::gui) struct Verdict {
    /// Its shape.
    pub icon: Icon,
    /// What it comes to.
    pub title: String,
    /// What that rests on.
    pub note: String,
}

impl Verdict {
    /// The ink of its shape.
    pub(in crate::gui) fn ink(&self) -> Ink {
        match self.icon {
            Icon::Passed => Ink::Ok,
            Icon::Warning => Ink::Warn,
            Icon::Failed => Ink::Error,
            _ => Ink::Accent,
        }
    }

    /// The verdict on `done`.
    pub(in crate::gui) fn of(state: &AppState, done: &MergedFolder) -> Self {
        let words = state.words();
        let standing = state.standing(done);
        let (icon, title) = match standing {
            Standing::Checking => (Icon::AtWork, words.text("verdict-running").to_owned()),
            Standing::Unchecked(_) => (Icon::Warning, words.text("verdict-unknown").to_owned()),
            Standing::Failed(report) => (Icon::Failed, failure(report, words)),
            Standing::Identical(_) => (Icon::Warning, words.text("verdict-identical").to_owned()),
            Standing::Held { proof, has_remark, .. } => {
                let title = match (proof, has_remark) {
                    (Proof::StandsAlone, false) => words.text("verdict-passed"),
                    (Proof::StandsAlone, true) => words.text("verdict-warning"),
                    (Proof::Recomputed, _) => words.text("verdict-recomputed"),
                    (Proof::ByItself, _) => words.text("verdict-sound"),
                };
                (if has_remark { Icon::Warning } else { Icon::Passed }, title.to_owned())
            }
        };
        Self { icon, title, note: note(done, standing, words) }
    }
}

fn note(done: &MergedFolder, standing: Standing<'_>, words: Language) -> String {
    let report = match standing {
        Standing::Checking => return done.merged.name.clone(),
        Standing::Unchecked(problem) => {
            return problem.map_or_else(String::new, |problem| problem.title(words));
        }
        Standing::Failed(report) | Standing::Identical(report) | Standing::Held { report, .. } => report,
    };
    let (made, held) = report.made_and_held();
    let is_recomputed = report.answer(Question::ChangedTargets).is_some();
    let counts = match (is_recomputed, done.provenance.base.is_some()) {
        (true, _) => words.say(&message!("verdict-note", passed: held, total: made)),
        (false, false) => words.say(&message!("judged-alone-note", passed: held, total: made)),
        (false, true) => words.say(&message!("judged-without-adapter-note", passed: held, total: made)),
    };
    // A merge of ours was made at the strength that its plan says.
    let strength = done.provenance.shared_strength().filter(|_| is_recomputed && done.made.is_none());
    let strength = strength.map(|strength| {
        let id = if standing.is_proven() { "merged-at" } else { "judged-at" };
        words.say(&message!(id, strength: strength))
    });
    strength.into_iter().chain([counts]).collect::<Vec<_>>().join(" ")
}

/// The diagnosis, or what a failed check means for the folder, the gravest first: a folder that loads alone may still
/// point at its base.
fn failure(report: &VerifyReport, words: Language) -> String {
    if let Some(diagnosis) = &report.diagnosis {
        return words.as_line(diagnosis);
    }
    let has_failed = |question: Question| report.answer(question).is_some_and(|check| check.outcome == Outcome::Failed);
    let meanings = [
        (Question::ChangedTargets, words.text("verdict-failed")),
        (Question::NothingLeftOut, words.text("verdict-failed")),
        (Question::Complete, words.text("verdict-incomplete")),
        (Question::Alone, words.text("verdict-not-alone")),
        (Question::Independent, words.text("verdict-dependent")),
    ];
    let meaning = meanings.into_iter().find(|(question, _)| has_failed(*question));
    meaning.map_or(words.text("verdict-faulty"), |(_, meaning)| meaning).to_owned()
}
