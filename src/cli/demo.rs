//! `demo`: the whole pipeline on the built-in sample, to bf16, no display needed.

use std::{
    fs::OpenOptions,
    io::Write as _,
    path::{Path, PathBuf},
    process::ExitCode,
};

use lorafuse::{
    error::IoContext as _,
    merge,
    numeric::FloatDtype,
    plan::{DtypePolicy, MergePlan, MergeRequest},
    report::RunReport,
    sample::Sample,
    verify::{self, VerifyRequest},
};

use super::{Failure, Outcome, args::DemoArgs, merge::receipt_text, print, session::Session, verify::report_text};

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
        dtype: DtypePolicy::Convert(FloatDtype::BF16),
        ..MergeRequest::new(sample.base(), sample.adapter(), folder.join("merged"))
    };
    let plan = MergePlan::new(&request)?;
    let session = Session::start();
    let receipt = session.run(|job| merge::run(&plan, job))?;
    print(&receipt_text(&receipt))?;
    let request = VerifyRequest { merged: request.output, base: Some(request.base), adapters: request.adapters };
    let verified = session.run(|job| verify::run(&request, job))?;
    print(&report_text(&verified))?;
    let is_passed = verified.is_passed();
    let report = RunReport::new(&plan, Some(receipt), Some(verified));
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

fn write_new(path: &Path, text: &str) -> Result<(), Failure> {
    let mut file = OpenOptions::new().write(true).create_new(true).open(path).at("create the report", path)?;
    file.write_all(text.as_bytes()).at("write the report", path)?;
    Ok(())
}
