//! `compare`: how models predict texts.

use std::{fs::OpenOptions, io::Write as _, path::Path, process::ExitCode};

use lorafuse::{
    error::IoContext as _,
    evaluate::{self, EvalError, EvalReport, EvalRequest, EvalText, ModelSource},
    plan::AdapterRequest,
    report::ScoreTable,
};

use super::{
    Failure, Outcome,
    args::CompareArgs,
    print,
    session::Session,
    table::{Align, render},
};

/// Runs the command.
pub fn run(args: &CompareArgs) -> Outcome {
    let request = EvalRequest { window: args.window, ..EvalRequest::new(models(args), texts(args)?) };
    let report = Session::start().run(|job| evaluate::run(&request, job))?;
    let json = serde_json::to_string_pretty(&report).map_err(|error| Failure::plain(&error))? + "\n";
    if let Some(path) = &args.output {
        write_new(path, &json)?;
    }
    if args.json {
        print(&json)?;
    } else {
        let names: Vec<&str> = report.models.iter().map(|model| model.name.as_str()).collect();
        print(&score_text(&report, &names))?;
    }
    Ok(ExitCode::SUCCESS)
}

/// The models in the order of the table: as given, base + adapter second.
fn models(args: &CompareArgs) -> Vec<ModelSource> {
    let mut models: Vec<ModelSource> = args.models.iter().cloned().map(ModelSource::Stored).collect();
    if let (Some(base), false) = (args.models.first(), args.adapter.is_empty()) {
        let adapters = args.adapter.iter().map(|path| AdapterRequest { path: path.clone(), strength: 1.0 }).collect();
        models.insert(1, ModelSource::WithAdapters { base: base.clone(), adapters });
    }
    models
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
    for path in &args.tokens {
        texts.push(EvalText::read_tokens(path)?);
    }
    Ok(texts)
}

/// The table for people, models titled `names`.
pub fn score_text(report: &EvalReport, names: &[&str]) -> String {
    let names: Vec<String> = names.iter().map(|name| (*name).to_owned()).collect();
    let table = ScoreTable::new(report, &names);
    let header: Vec<&str> = table.header.iter().map(String::as_str).collect();
    let mut align = vec![Align::Right; header.len()];
    align[0] = Align::Left;
    let rows = render(&header, &align, &table.cells());
    format!("{rows}Perplexity; in brackets the 95 % interval of the paired difference. {}\n", table.protocol)
}

/// Writes a report where nothing is yet.
pub fn write_new(path: &Path, text: &str) -> Result<(), Failure> {
    let mut file = OpenOptions::new().write(true).create_new(true).open(path).at("create the report", path)?;
    file.write_all(text.as_bytes()).at("write the report", path)?;
    Ok(())
}
