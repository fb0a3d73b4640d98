//! What can be taken out of a merged folder: reports as files, tables as text.

use std::{
    fmt::Write as _,
    io::Write as _,
    path::{Path, PathBuf},
    sync::Arc,
};

use super::{MergedFolder, RunReport, ScoreTable, SpeedTable};
use crate::{
    error::{IoAction, IoContext as _},
    evaluate::EvalReport,
    merge::MergeReceipt,
    message::{Language, Problem},
    plan::MergePlan,
    verify::VerifyReport,
};

/// What can be said about a folder whose merge nobody watched.
#[derive(Debug, serde::Serialize)]
struct Judged {
    lorafuse_version: &'static str,
    verify: Option<VerifyReport>,
    evaluate: Option<EvalReport>,
}

/// A report, to be put into words and written by a worker: a large model has thousands of tensors.
#[derive(Debug)]
pub struct Documents {
    content: Content,
    output: PathBuf,
}

#[derive(Debug)]
enum Content {
    Made { plan: Arc<MergePlan>, receipt: MergeReceipt, verify: Option<VerifyReport>, evaluate: Option<EvalReport> },
    Judged { judged: Judged, markdown: String },
}

impl Documents {
    /// The report on `finished`; on a folder whose merge nobody watched, what was checked and measured.
    #[must_use]
    pub fn of(finished: &MergedFolder, words: Language) -> Self {
        let verify = finished.verified.as_ref().and_then(|report| report.as_ref().ok()).cloned();
        let evaluate = evaluated(finished);
        let output = finished.provenance.merged.clone();
        let content = match &finished.made {
            Some(made) => {
                Content::Made { plan: Arc::clone(&made.plan), receipt: made.receipt.clone(), verify, evaluate }
            }
            None => Content::Judged {
                markdown: judged_markdown(finished, verify.as_ref(), words),
                judged: Judged { lorafuse_version: env!("CARGO_PKG_VERSION"), verify, evaluate },
            },
        };
        Self { content, output }
    }

    /// The JSON and the Markdown.
    fn texts(self) -> (String, String) {
        match self.content {
            Content::Made { plan, receipt, verify, evaluate } => {
                let report = RunReport { merge: Some(receipt), verify, evaluate, ..RunReport::new(&plan) };
                (report.to_json(), report.to_markdown())
            }
            Content::Judged { judged, markdown } => {
                (serde_json::to_string_pretty(&judged).unwrap_or_default() + "\n", markdown)
            }
        }
    }

    /// Writes `<output>-report.json` and `.md` beside the output, numbered where they exist; returns the Markdown's
    /// path.
    ///
    /// # Errors
    /// Whatever the system says.
    pub fn write(self) -> Result<PathBuf, Problem> {
        let output = self.output.clone();
        let (json, markdown_text) = self.texts();
        let name = output.file_name().unwrap_or_default().to_string_lossy().into_owned();
        let place = |number: usize, extension: &str| {
            let number = if number < 2 { String::new() } else { format!("-{number}") };
            output.with_file_name(format!("{name}-report{number}.{extension}"))
        };
        let is_free = |number: &usize| !place(*number, "json").exists() && !place(*number, "md").exists();
        let number = (1..1000).find(is_free).unwrap_or(1);
        write_new(&place(number, "json"), json.as_bytes())?;
        let markdown = place(number, "md");
        write_new(&markdown, markdown_text.as_bytes())?;
        Ok(markdown)
    }
}

/// The evaluation with the seconds and answers, where there are any.
fn evaluated(finished: &MergedFolder) -> Option<EvalReport> {
    let mut report = finished.measured()?.report.clone();
    if let Some(timed) = finished.timed() {
        report.take_speed(timed.report.clone());
    }
    Some(report)
}

/// The tables of `finished` as Markdown, to be pasted into a report of one's own.
#[must_use]
pub fn comparison_markdown(finished: &MergedFolder, words: Language) -> String {
    let mut out = String::new();
    if let (Some(measured), Some(report)) = (finished.measured(), evaluated(finished)) {
        let dtype = finished.sizes.merged.float_dtype;
        let names: Vec<String> = measured.roles.iter().map(|role| role.name(words, dtype)).collect();
        let scores = ScoreTable::new(&report, &names);
        push_table(&mut out, &scores.header, &scores.cells());
        writeln!(out, "\n{}: {}\n", scores.measure, scores.protocol).ok();
        if let Some(speeds) = SpeedTable::new(&report, &names) {
            push_table(&mut out, &speeds.header, &speeds.rows);
            writeln!(out, "\n{}", speeds.note).ok();
        }
    }
    out
}

/// Checks and tables of a folder whose merge nobody watched.
fn judged_markdown(finished: &MergedFolder, verify: Option<&VerifyReport>, words: Language) -> String {
    let mut out = format!("# {}\n\n## {}\n\n", finished.merged.name, words.text("checks"));
    for check in verify.into_iter().flat_map(|report| &report.checks) {
        writeln!(out, "- {}: {} ({})", check.question, check.outcome.label(), check.evidence).ok();
    }
    let sizes = &finished.sizes;
    for fact in sizes.between.iter().chain(&sizes.of_merged) {
        writeln!(out, "- {}", words.as_sentence(&fact.sentence())).ok();
    }
    let tables = comparison_markdown(finished, words);
    if !tables.is_empty() {
        write!(out, "\n## {}\n\n{tables}", words.text("compare")).ok();
    }
    out
}

fn push_table(out: &mut String, header: &[String], rows: &[Vec<String>]) {
    writeln!(out, "| {} |\n|{}", header.join(" | "), "---|".repeat(header.len())).ok();
    for row in rows {
        writeln!(out, "| {} |", row.join(" | ")).ok();
    }
}

/// Writes a file that is not there yet.
///
/// # Errors
/// Whatever the system says.
pub fn write_new(path: &Path, bytes: &[u8]) -> Result<(), Problem> {
    let created = std::fs::OpenOptions::new().write(true).create_new(true).open(path);
    let written = created.and_then(|mut file| file.write_all(bytes));
    written.at(IoAction::WriteReport, path).map_err(|error| Problem::of(&error))
}
