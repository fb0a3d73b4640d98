//! The report as people read it.

use std::fmt::Write as _;

use super::{ChangeTable, ModelSummary, RunReport, ScoreTable, SpeedTable, conclusions};
use crate::{evaluate::EvalReport, merge::MergeReceipt, size::SizeFact, units, verify::VerifyReport};

/// Modules shown in the table of changes; the JSON has all.
const SHOWN_MODULES: usize = 12;

/// Renders the whole report.
pub(super) fn render(report: &RunReport) -> String {
    let mut out = String::from("# Merge report\n\n");
    inputs(&mut out, report);
    if let Some(receipt) = &report.merge {
        merge(&mut out, receipt, report);
    }
    sizes(&mut out, report);
    if let Some(verify) = &report.verify {
        checks(&mut out, verify);
    }
    if let Some(evaluation) = &report.evaluate {
        perplexities(&mut out, evaluation);
    }
    writeln!(out, "\nMade by lorafuse {}.", report.lorafuse_version).ok();
    out
}

/// `LlamaForCausalLM, 4,868,352 parameters, 19.5 MB in F32`.
fn model_line(model: &ModelSummary) -> String {
    let architecture = model.architecture.as_deref().unwrap_or("unknown architecture");
    let dtypes: Vec<&str> = model.dtypes.iter().map(|(dtype, _)| dtype.as_str()).collect();
    format!(
        "{architecture}, {} parameters, {} in {}",
        units::count(model.parameters),
        units::bytes(model.bytes),
        dtypes.join(" and "),
    )
}

fn inputs(out: &mut String, report: &RunReport) {
    let plan = &report.plan;
    writeln!(out, "| | |\n|---|---|").ok();
    writeln!(out, "| Base | `{}`: {} |", plan.base.name, model_line(&plan.base)).ok();
    for (adapter, strength) in plan.adapters.iter().zip(&plan.strengths) {
        writeln!(out, "{}", adapter.row(*strength)).ok();
    }
    writeln!(
        out,
        "| Output | {} in {}: {} updated, {} converted, {} copied |",
        units::bytes(plan.bytes.output),
        units::plural(plan.shards.len(), "file"),
        units::plural(plan.updated_tensors, "tensor"),
        plan.converted_tensors,
        plan.copied_tensors,
    )
    .ok();
    if let Some(format) = plan.requantize {
        writeln!(out, "| Linear layers | {} |", format.label()).ok();
    }
    writeln!(out, "| Rounding | {} |", plan.rounding.label()).ok();
    writeln!(out, "| Tokenizer | {} |", plan.tokenizer.sentence()).ok();
    if let Some(survival) = &report.survival {
        let sentences = [
            survival.sentence().map(|sentence| sentence.to_string()),
            survival.packed_survival().map(|packed| packed.to_string()),
            survival.advice.as_ref().map(ToString::to_string),
        ];
        for sentence in sentences.into_iter().flatten() {
            writeln!(out, "| Survival | {sentence} |").ok();
        }
    }
    for warning in &plan.warnings {
        writeln!(out, "| Note | {warning} |").ok();
    }
}

fn merge(out: &mut String, receipt: &MergeReceipt, report: &RunReport) {
    let stats = receipt.update_stats();
    writeln!(out, "\n## Merge\n").ok();
    writeln!(
        out,
        "{} on {}. ‖Δ‖/‖W‖ over all targets: {}. Of the change asked for, {} is in the stored weights; {} of {} target values differ from the base.",
        units::duration(receipt.duration_secs),
        receipt.device,
        number(stats.relative_change()),
        stats.gain().map_or("nothing".to_owned(), |gain| format!("{:.2} %", 100.0 * gain)),
        units::count(stats.changed_count),
        units::count(stats.element_count),
    )
    .ok();
    if let Some(advice) = report.advice() {
        writeln!(out, "\n**{advice}**").ok();
    }
    writeln!(out, "\n| Tensor | ‖Δ‖/‖W‖ | kept | values changed |\n|---|---:|---:|---:|").ok();
    for record in receipt.updated().take(SHOWN_MODULES) {
        let Some(stats) = &record.stats else { continue };
        writeln!(
            out,
            "| `{}` | {} | {:.2} % | {:.1} % |",
            record.name,
            number(stats.relative_change()),
            100.0 * stats.gain().unwrap_or(0.0),
            100.0 * stats.changed_count as f64 / stats.element_count.max(1) as f64,
        )
        .ok();
    }
    if let Some(more) = receipt.updated().count().checked_sub(SHOWN_MODULES).filter(|more| *more > 0) {
        writeln!(out, "| and {more} more | | | |").ok();
    }
}

fn sizes(out: &mut String, report: &RunReport) {
    writeln!(out, "\n## Size\n").ok();
    for fact in &report.size {
        writeln!(out, "- {fact}").ok();
    }
    let (tensor_count, byte_count) = report.merge.as_ref().map(MergeReceipt::bf16_in_f32).unwrap_or_default();
    if tensor_count > 0 {
        writeln!(out, "- {}", SizeFact::Bf16InF32 { tensor_count, byte_count }).ok();
    }
}

fn checks(out: &mut String, verify: &VerifyReport) {
    if let Some(diagnosis) = &verify.diagnosis {
        writeln!(out, "\n**Failed: {diagnosis}.**").ok();
    }
    writeln!(out, "\n## Checks\n\n| Check | Result | Evidence |\n|---|---|---|").ok();
    for check in &verify.checks {
        writeln!(out, "| {} | {} | {} |", check.question, check.outcome.label(), check.evidence).ok();
    }
    for detail in verify.checks.iter().flat_map(|check| &check.details) {
        writeln!(out, "\n- {detail}").ok();
    }
}

fn perplexities(out: &mut String, report: &EvalReport) {
    let names: Vec<String> = report.models.iter().map(|model| model.name.clone()).collect();
    let scores = ScoreTable::new(report, &names);
    writeln!(out, "\n## {}\n", scores.measure).ok();
    for conclusion in conclusions(report, &names) {
        writeln!(out, "- {conclusion}").ok();
    }
    table(out, &scores.header, &scores.cells());
    writeln!(out, "\nIn brackets the 95 % interval of the paired difference. Protocol: {}.", scores.protocol).ok();
    if let Some(changes) = ChangeTable::new(report, &names) {
        writeln!(out, "\n## Amount of change").ok();
        table(out, &changes.header, &changes.rows);
        writeln!(out, "\n{}", changes.note).ok();
    }
    if let Some(speeds) = SpeedTable::new(report, &names) {
        writeln!(out, "\n## Time and memory").ok();
        table(out, &speeds.header, &speeds.rows);
        writeln!(out, "\n{}", speeds.note).ok();
        for answer in &speeds.answers {
            writeln!(out, "\n{answer}").ok();
        }
    }
}

/// A table with words in its first column and numbers in the others.
fn table(out: &mut String, header: &[String], rows: &[Vec<String>]) {
    writeln!(out, "\n| {} |", header.join(" | ")).ok();
    writeln!(out, "|---|{}", "---:|".repeat(header.len() - 1)).ok();
    for cells in rows {
        writeln!(out, "| {} |", cells.join(" | ")).ok();
    }
}

fn number(value: Option<f64>) -> String {
    value.map_or_else(|| "—".to_owned(), |value| format!("{value:.4}"))
}
