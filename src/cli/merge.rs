//! `merge`: plan, run, report.

use std::{fmt::Write as _, process::ExitCode};

use lorafuse::{
    merge::{self, MergeReceipt, device},
    message::Language,
    numeric::codec::Nf4Format,
    plan::{MergePlan, PackedSurvival},
    report::{CARD_FILE, PlanSummary, RunReport, model_card, write_card},
    size::SizeFact,
    units,
};

use super::{
    Outcome,
    args::{MergeArgs, usage_error},
    base_hint, print,
    session::Session,
    table::{Align, render},
    tell,
};

/// Runs the command.
pub fn run(args: &MergeArgs) -> Outcome {
    let request = args.request().unwrap_or_else(|message| usage_error(&message));
    let plan =
        MergePlan::new(&request).map_err(|error| base_hint::with_suggestion(error, &args.base, &args.adapters))?;
    for warning in &plan.warnings {
        tell(&format!("warning: {warning}"));
    }
    let session = Session::start();
    if args.dry_run {
        let survival = session.run(|job| plan.estimate_survival(job))?;
        let refusal = if plan.accepts_loss { Ok(()) } else { survival.refuse_loss() };
        let report = RunReport { survival: Some(survival), ..RunReport::new(&plan) };
        print(&if args.json { report.to_json() } else { plan_text(&plan, &report) })?;
        refusal?;
        return Ok(ExitCode::SUCCESS);
    }
    if plan.requantize.is_some() {
        let survival = session.run(|job| plan.estimate_survival(job))?;
        if let Some(packed) = survival.packed_survival() {
            tell(&format!("before: {packed}"));
        }
        if !plan.accepts_loss {
            survival.refuse_loss()?;
        }
    }
    let (mut kernel, device) = device::open(args.device, &plan)?;
    tell(&format!("device: {}", device.reason));
    let receipt = session.run(|job| merge::run_with(&mut *kernel, &plan, args.io, job))?;
    if let Some(tally) = &device.tally {
        tell(&format!("device: {}", tally.count()));
    }
    for name in receipt.lost() {
        tell(&format!("warning: {name}: the update is smaller than the dtype can hold, so nothing of it is left"));
    }
    let report = RunReport { merge: Some(receipt), ..RunReport::new(&plan) };
    if let Some(advice) = report.advice() {
        tell(&format!("warning: {advice}"));
    }
    if args.card && !write_card(&plan.output, &model_card(&report))? {
        tell(&format!("warning: {CARD_FILE} was there already and stays as it is"));
    }
    if args.seal {
        session.run(|job| merge::seal(&plan.output, job))?;
    }
    print(&if args.json { report.to_json() } else { report.merge.as_ref().map(receipt_text).unwrap_or_default() })?;
    Ok(ExitCode::SUCCESS)
}

/// The plan for people.
pub fn plan_text(plan: &MergePlan, report: &RunReport) -> String {
    let summary: &PlanSummary = &report.plan;
    let bytes = summary.bytes;
    let row = |title: &str, text: String| [title.to_owned(), text];
    let tensors =
        |count: usize, byte_count: u64| format!("{}, {}", units::plural(count, "tensor"), units::bytes(byte_count));
    let mut rows = vec![
        row("Read", units::bytes(bytes.input)),
        row(
            "Write",
            format!("{} in {}", units::bytes(plan.output_bytes()), units::plural(plan.shards.len(), "weight file")),
        ),
        row("Updated", tensors(summary.updated_tensors, bytes.updated)),
        row("Replaced", tensors(summary.replaced_tensors, bytes.replaced)),
        row("Added", tensors(summary.added_tensors, bytes.added)),
        row("Converted", tensors(summary.converted_tensors, bytes.converted)),
        row("Copied", tensors(summary.copied_tensors, bytes.copied)),
        row("Packing", summary.requantize.map_or_else(|| "none".to_owned(), Nf4Format::label)),
        row("Rounding", summary.rounding.label()),
        row("Tokenizer", summary.tokenizer.sentence().to_string()),
        row("Other files", summary.side_files.join(", ")),
    ];
    if let Some(survival) = &report.survival {
        let sentences = [
            survival.sentence().map(|sentence| sentence.to_string()),
            survival.packed_survival().map(|packed| packed.to_string()),
            survival.advice.as_ref().map(ToString::to_string),
        ];
        rows.extend(sentences.into_iter().flatten().map(|sentence| row("Survival", sentence)));
    }
    // What differs is among the warnings as well, but those go another way.
    rows.extend(plan.quantised_training().map(|finding| row("Training", finding.evidence.to_string())));
    rows.extend(plan.twin.iter().map(|twin| row("Twin", base_hint::twin_line(twin))));
    rows.extend(report.size.iter().map(|fact| row("Size", fact.to_string())));
    rows.extend(summary.checks.iter().map(|check| row(&Language::English.say(&check.title()), check.to_string())));
    render(&["", ""], &[Align::Left, Align::Left], &rows)
}

/// What was done, for people.
pub fn receipt_text(receipt: &MergeReceipt) -> String {
    let stats = receipt.update_stats();
    let mut out = String::new();
    #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "a positive rate for display")]
    let rate = (receipt.bytes.output as f64 / receipt.duration_secs.max(1e-9)) as u64;
    writeln!(
        out,
        "Merged {} into {} in {} ({}/s, {})",
        units::plural(receipt.updated().count(), "tensor"),
        receipt.output.display(),
        units::duration(receipt.duration_secs),
        units::bytes(rate),
        receipt.device,
    )
    .ok();
    if receipt.resumed_byte_count > 0 {
        let kept = units::bytes(receipt.resumed_byte_count);
        writeln!(out, "{kept} of it were kept from an interrupted run, after their hashes were checked").ok();
    }
    if let (Some(change), Some(packed)) = (stats.relative_change(), PackedSurvival::of(&stats)) {
        writeln!(out, "‖Δ‖/‖W‖ {change:.4}; after: {packed}").ok();
    } else if let (Some(change), Some(gain)) = (stats.relative_change(), stats.gain()) {
        writeln!(
            out,
            "‖Δ‖/‖W‖ {change:.4}; {:.2} % of the change is kept after rounding; {} of {} target values changed",
            100.0 * gain,
            units::count(stats.changed_count),
            units::count(stats.element_count),
        )
        .ok();
    }
    let (tensor_count, byte_count) = receipt.bf16_in_f32();
    if tensor_count > 0 {
        writeln!(out, "{}", SizeFact::Bf16InF32 { tensor_count, byte_count }).ok();
    }
    out
}
