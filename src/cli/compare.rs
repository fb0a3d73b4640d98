//! `compare`: how models predict texts.

use std::{fmt::Write as _, fs::OpenOptions, io::Write as _, path::Path, process::ExitCode};

use lorafuse::{
    checkpoint::CheckpointError,
    error::{IoAction, IoContext as _},
    evaluate::{self, EvalError, EvalReport, EvalRequest, EvalText, ModelSource, SpeedRequest},
    gguf::open_model,
    numeric::FloatDtype,
    plan::{AdapterRequest, DtypePolicy, MergeRequest},
    platform::keep_freed_memory,
    report::{ChangeTable, ClosenessTable, Conclusion, ScoreTable, SpeedTable, conclusions},
};
use serde::Serialize;

use super::{
    Failure, Outcome,
    args::CompareArgs,
    merge_choice, print,
    session::Session,
    table::{Align, render},
};

/// The report and what it says.
#[derive(Serialize)]
struct Document<'a> {
    #[serde(flatten)]
    report: &'a EvalReport,
    conclusions: Vec<String>,
}

/// Runs the command.
pub fn run(args: &CompareArgs) -> Outcome {
    keep_freed_memory();
    let asked = merge_choice::asked(args)?;
    let (models, choice, titles) = match asked {
        Some(asked) => (asked.models, Some(asked.choice), Some(asked.titles)),
        None => (models(args)?, None, None),
    };
    let mut request = EvalRequest { window: args.window, choice, ..EvalRequest::new(models, texts(args)?) };
    request.memory_budget_bytes = args.memory_budget.unwrap_or(request.memory_budget_bytes);
    let session = Session::start();
    let mut report = session.run(|job| evaluate::run(&request, job))?;
    // Merges in memory have no time of their own.
    if let (Some(text), true) = (request.texts.first(), args.runs > 0 && choice.is_none()) {
        let speed = SpeedRequest {
            models: request.models.clone(),
            text: text.clone(),
            prompt: args.prompt.clone(),
            runs: args.runs,
            program: std::env::current_exe().map_err(|error| Failure::plain(&error))?,
            memory_bytes: None,
        };
        match session.run(|job| evaluate::measure(&speed, job)) {
            Ok(speed) => report.take_speed(speed),
            Err(failure) if failure.is_cancelled() => return Err(failure),
            // The scores took their time and hold without it.
            Err(failure) => failure.warn("the models were not timed"),
        }
    }
    let names = titles.unwrap_or_else(|| report.models.iter().map(|model| model.name.clone()).collect());
    let document = Document { report: &report, conclusions: sentences(&report, &names) };
    let json = serde_json::to_string_pretty(&document).map_err(|error| Failure::plain(&error))? + "\n";
    if let Some(path) = &args.output {
        write_new(path, &json)?;
    }
    if args.json {
        print(&json)?;
    } else {
        print(&score_text(&report, &names))?;
    }
    Ok(ExitCode::SUCCESS)
}

/// The models in the order of the table: as given, after the first its cast and base + adapter.
fn models(args: &CompareArgs) -> Result<Vec<ModelSource>, Failure> {
    let mut models: Vec<ModelSource> = args.models.iter().cloned().map(ModelSource::Stored).collect();
    if let (Some(base), false) = (args.models.first(), args.adapter.is_empty()) {
        let adapters = args.adapter.iter().map(|path| AdapterRequest { path: path.clone(), strength: 1.0 }).collect();
        models.insert(1, ModelSource::WithAdapters { base: base.clone(), trained_quantization: None, adapters });
    }
    if let (Some(base), true) = (args.models.first(), args.in_memory) {
        models.insert(2, ModelSource::InMemory(in_memory_request(args, base)?));
    }
    if let (Some(base), Some(dtype)) = (args.models.first(), args.cast) {
        models.insert(1, ModelSource::Cast { model: base.clone(), dtype });
    }
    Ok(models)
}

/// The merge of the adapters into `base`, in the dtype of the last model.
fn in_memory_request(args: &CompareArgs, base: &Path) -> Result<MergeRequest, CheckpointError> {
    let dtype = |folder: &Path| {
        let dtypes = open_model(folder)?.dtypes_by_bytes();
        Ok::<_, CheckpointError>(dtypes.first().and_then(|(dtype, _)| FloatDtype::of(*dtype)))
    };
    let (own, last) = (dtype(base)?, args.models.last().map_or(Ok(None), |last| dtype(last))?);
    let policy = last.filter(|_| last != own).map_or(DtypePolicy::Keep, DtypePolicy::Convert);
    let adapters = args.adapter.iter().map(|path| AdapterRequest { path: path.clone(), strength: 1.0 }).collect();
    Ok(MergeRequest { adapters, dtype: policy, ..MergeRequest::new(base, &args.adapter[0], base) })
}

fn texts(args: &CompareArgs) -> Result<Vec<EvalText>, EvalError> {
    let mut texts = Vec::new();
    for path in &args.text {
        if args.lines {
            texts.extend(EvalText::read_lines(path)?);
        } else {
            texts.push(EvalText::read(path)?);
        }
    }
    if args.builtin_texts {
        texts.extend(EvalText::builtin());
    }
    for path in &args.tokens {
        texts.push(EvalText::read_tokens(path)?);
    }
    Ok(texts)
}

/// Tables and sentences for people, models titled `names`.
pub fn score_text(report: &EvalReport, names: &[String]) -> String {
    let scores = ScoreTable::new(report, names);
    let mut text = rendered(&scores.header, 1, &scores.cells());
    writeln!(text, "{}; in brackets the 95 % interval of the paired difference. {}", scores.measure, scores.protocol)
        .ok();
    if let Some(changes) = ChangeTable::new(report, names) {
        write!(text, "\n{}{}\n", rendered(&changes.header, 2, &changes.rows), changes.note).ok();
    }
    if let Some(closeness) = ClosenessTable::new(report, names) {
        write!(text, "\n{}{}\n", rendered(&closeness.header, 1, &closeness.rows), closeness.note).ok();
    }
    if let Some(speeds) = SpeedTable::new(report, names) {
        write!(text, "\n{}{}\n", rendered(&speeds.header, 1, &speeds.rows), speeds.note).ok();
        for answer in &speeds.answers {
            write!(text, "\n{answer}\n").ok();
        }
    }
    let sentences = sentences(report, names);
    if !sentences.is_empty() {
        writeln!(text).ok();
    }
    for sentence in sentences {
        writeln!(text, "- {sentence}").ok();
    }
    text
}

fn sentences(report: &EvalReport, names: &[String]) -> Vec<String> {
    conclusions(report, names).iter().map(Conclusion::to_string).collect()
}

/// A table whose first `word_count` columns are words.
fn rendered(header: &[String], word_count: usize, rows: &[Vec<String>]) -> String {
    let align = |column: usize| if column < word_count { Align::Left } else { Align::Right };
    let align: Vec<Align> = (0..header.len()).map(align).collect();
    let header: Vec<&str> = header.iter().map(String::as_str).collect();
    render(&header, &align, rows)
}

/// Writes a report where nothing is yet.
pub fn write_new(path: &Path, text: &str) -> Result<(), Failure> {
    let mut file = OpenOptions::new().write(true).create_new(true).open(path).at(IoAction::CreateReport, path)?;
    file.write_all(text.as_bytes()).at(IoAction::WriteReport, path)?;
    Ok(())
}
