//! `demo`: the whole pipeline on the built-in sample, to bf16, no display needed.

use std::{path::PathBuf, process::ExitCode};

use lorafuse::{
    evaluate::{self, EvalRequest, EvalText, ModelSource},
    merge,
    numeric::FloatDtype,
    plan::{DtypePolicy, MergePlan, MergeRequest},
    report::RunReport,
    sample::Sample,
    verify::{self, VerifyOptions, VerifyRequest},
};

use super::{
    Failure, Outcome,
    args::DemoArgs,
    compare::{score_text, write_new},
    merge::receipt_text,
    print,
    session::Session,
    verify::report_text,
};

/// The sample's texts, each held out of both trainings.
const TEXTS: [&str; 4] = ["korean_chat.txt", "korean_reviews.txt", "english_plays.txt", "three_sentences.txt"];

/// The dtype of the merged model.
const DTYPE: FloatDtype = FloatDtype::BF16;

/// Numbered folders that are tried before giving up.
const MAX_FOLDERS: usize = 10_000;

/// Runs the command.
pub fn run(args: &DemoArgs) -> Outcome {
    let sample = Sample::find()?;
    let folder = match &args.output {
        Some(folder) => folder.clone(),
        None => fresh_folder()?,
    };
    let request = MergeRequest {
        dtype: DtypePolicy::Convert(DTYPE),
        ..MergeRequest::new(sample.base(), sample.adapter(), folder.join("merged"))
    };
    let plan = MergePlan::new(&request)?;
    let session = Session::start();
    let receipt = session.run(|job| merge::run(&plan, job))?;
    print(&receipt_text(&receipt))?;
    let request = VerifyRequest { merged: request.output, base: Some(request.base), adapters: request.adapters };
    let options = VerifyOptions { program: std::env::current_exe().ok(), ..VerifyOptions::default() };
    let verified = session.run(|job| verify::run_with(&request, &options, job))?;
    print(&report_text(&verified))?;
    let models = vec![
        ModelSource::Stored(sample.base()),
        ModelSource::Cast { model: sample.base(), dtype: DTYPE },
        ModelSource::WithAdapters {
            base: sample.base(),
            trained_quantization: None,
            adapters: request.adapters.clone(),
        },
        ModelSource::Stored(request.merged.clone()),
    ];
    let texts = TEXTS.iter().map(|name| EvalText::read(&sample.texts().join(name))).collect::<Result<_, _>>()?;
    let evaluated = session.run(|job| evaluate::run(&EvalRequest::new(models, texts), job))?;
    let names: Vec<String> = evaluated.models.iter().map(|model| model.name.clone()).collect();
    print(&format!("\n{}", score_text(&evaluated, &names)))?;
    let is_passed = verified.is_passed();
    let report =
        RunReport { merge: Some(receipt), verify: Some(verified), evaluate: Some(evaluated), ..RunReport::new(&plan) };
    write_new(&folder.join("report.json"), &report.to_json())?;
    write_new(&folder.join("report.md"), &report.to_markdown())?;
    print(&format!("The merged model and its report are in {}\n", folder.display()))?;
    Ok(if is_passed { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

/// The first `lorafuse-demo-N` that does not exist here.
fn fresh_folder() -> Result<PathBuf, Failure> {
    let folders = (1..=MAX_FOLDERS).map(|index| PathBuf::from(format!("lorafuse-demo-{index}")));
    let fresh = folders.into_iter().find(|folder| folder.symlink_metadata().is_err());
    fresh.ok_or_else(|| Failure::plain(&"there are too many lorafuse-demo folders here; give one with -o"))
}
