//! `verify`: any merged folder, judged.

use std::process::ExitCode;

use lorafuse::verify::{self, VerifyOptions, VerifyReport, VerifyRequest};

use super::{
    Failure, Outcome,
    args::{VerifyArgs, usage_error, with_strengths},
    print,
    session::Session,
    table::{Align, render},
};

/// Details shown for one check; `--json` has all.
const SHOWN_DETAILS: usize = 10;

/// Runs the command; a failed check is exit code 1.
pub fn run(args: &VerifyArgs) -> Outcome {
    let adapters = with_strengths(&args.adapter, &args.strength).unwrap_or_else(|message| usage_error(&message));
    let request = VerifyRequest { merged: args.merged.clone(), base: args.base.clone(), adapters };
    let rounding = args.rounding.rounding().unwrap_or_else(|message| usage_error(&message));
    let options = VerifyOptions {
        rounding,
        trained_quantization: args.trained.as_trained,
        program: std::env::current_exe().ok(),
    };
    let report = Session::start().run(|job| verify::run_with(&request, &options, job))?;
    if args.json {
        let text = serde_json::to_string_pretty(&report).map_err(|error| Failure::plain(&error))?;
        print(&format!("{text}\n"))?;
    } else {
        print(&report_text(&report))?;
    }
    Ok(if report.is_passed() { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

/// The checks for people.
pub fn report_text(report: &VerifyReport) -> String {
    let mut rows = Vec::new();
    if let Some(diagnosis) = &report.diagnosis {
        rows.push([String::new(), "Diagnosis".to_owned(), diagnosis.to_string()]);
    }
    for check in &report.checks {
        rows.push([check.outcome.label().to_owned(), check.question.to_string(), check.evidence.to_string()]);
        for detail in check.details.iter().take(SHOWN_DETAILS) {
            rows.push([String::new(), String::new(), detail.to_string()]);
        }
        if let Some(more) = check.details.len().checked_sub(SHOWN_DETAILS).filter(|more| *more > 0) {
            rows.push([String::new(), String::new(), format!("and {more} more")]);
        }
    }
    render(&["", "", ""], &[Align::Left; 3], &rows)
}
