//! The model card: what Hugging Face reads in `README.md`, and what a reader should know of the merge.

use std::{fmt::Write as _, fs::OpenOptions, io::Write as _, path::Path};

use super::RunReport;
use crate::{
    error::{IoAction, IoContext as _, IoError},
    numeric::FloatDtype,
    plan::{DtypePolicy, PackedSurvival, Warning},
    platform, units,
    verify::Outcome,
};

/// The file that the Hub shows.
pub const CARD_FILE: &str = "README.md";

/// A card in the making.
const PART_FILE: &str = ".README.md.part";

/// Folders of a training run, which look like the first half of an id of the Hub.
const LOCAL_FOLDERS: [&str; 9] =
    ["models", "model", "output", "outputs", "checkpoints", "runs", "data", "results", "sample"];

/// The card of a merge, as Markdown behind Hugging Face's YAML. It names no path of the machine.
#[must_use]
pub fn model_card(report: &RunReport) -> String {
    let mut out = front_matter(report);
    let plan = &report.plan;
    let adapters: Vec<&str> = plan.adapters.iter().map(|adapter| adapter.name.as_str()).collect();
    writeln!(out, "# {} with {}\n", plan.base.name, adapters.join(" and ")).ok();
    writeln!(
        out,
        "{} fused into {}. It is a whole model: neither base nor adapter is needed to run it.\n",
        if adapters.len() == 1 { "An adapter" } else { "Adapters" },
        base_id(report)
            .map_or_else(|| format!("`{}`", plan.base.name), |id| format!("[{id}](https://huggingface.co/{id})")),
    )
    .ok();
    writeln!(out, "| | |\n|---|---|").ok();
    for (adapter, strength) in plan.adapters.iter().zip(&plan.strengths) {
        writeln!(out, "{}", adapter.row(*strength)).ok();
    }
    let unpacked = plan.warnings.iter().find_map(|warning| match warning {
        Warning::Dequantised { method, dtype, .. } => Some((method, FloatDtype::of(*dtype)?.config_name())),
        _ => None,
    });
    let dtype = match (plan.dtype, unpacked) {
        (DtypePolicy::Keep, None) => "as in the base".to_owned(),
        (DtypePolicy::Keep, Some((method, dtype))) => format!("{dtype}, unpacked from {method}"),
        (DtypePolicy::Convert(dtype), None) => dtype.config_name().to_owned(),
        (DtypePolicy::Convert(dtype), Some((method, _))) => format!("{}, unpacked from {method}", dtype.config_name()),
    };
    writeln!(
        out,
        "| Weights | {} parameters, {} |",
        units::count(plan.base.parameters),
        units::bytes(plan.bytes.output)
    )
    .ok();
    writeln!(out, "| Dtype | {dtype} |").ok();
    if let Some(quantization) = plan.trained_quantization {
        let as_trained = "the base was quantised to it and back first, as the adapter's trainer had it";
        writeln!(out, "| Merged into | `{quantization}` of the base: {as_trained} |").ok();
    }
    if let Some(format) = plan.requantize {
        writeln!(out, "| Linear layers | {}, as bitsandbytes packs them |", format.label()).ok();
    }
    writeln!(out, "| Rounding | {} |", plan.rounding.label()).ok();
    survival(&mut out, report);
    checks(&mut out, report);
    writeln!(out, "\nMerged by lorafuse {}.", report.lorafuse_version).ok();
    out
}

/// Writes the card into `folder`; false if there is a `README.md`, which stays as it is.
///
/// # Errors
/// A file that cannot be written.
pub fn write_card(folder: &Path, text: &str) -> Result<bool, IoError> {
    let (part, path) = (folder.join(PART_FILE), folder.join(CARD_FILE));
    if path.symlink_metadata().is_ok() {
        return Ok(false);
    }
    // Under another name first, so that a card is whole or not there.
    let mut file =
        OpenOptions::new().write(true).create(true).truncate(true).open(&part).at(IoAction::CreateCard, &part)?;
    file.write_all(text.as_bytes()).at(IoAction::WriteCard, &part)?;
    file.sync_all().at(IoAction::SyncCard, &part)?;
    drop(file);
    platform::rename_into_place(&part, &path).at(IoAction::NameCard, &path)?;
    platform::sync_folder(folder).at(IoAction::SyncFolder, folder)?;
    Ok(true)
}

fn front_matter(report: &RunReport) -> String {
    let mut out = String::from("---\n");
    if let Some(id) = base_id(report) {
        writeln!(out, "base_model: {id}\nbase_model_relation: finetune").ok();
    }
    writeln!(out, "library_name: transformers").ok();
    if report.plan.base.architecture.as_deref().is_some_and(|name| name.ends_with("ForCausalLM")) {
        writeln!(out, "pipeline_tag: text-generation").ok();
    }
    out.push_str("tags:\n- merge\n");
    let mut methods: Vec<String> = report.plan.adapters.iter().map(|adapter| tag(&adapter.method)).collect();
    methods.sort();
    methods.dedup();
    for method in methods {
        writeln!(out, "- {method}").ok();
    }
    out.push_str("- lorafuse\n---\n\n");
    out
}

/// The base's id on the Hub: that of the cache's snapshot, or the one that the first adapter names, if it is none of a
/// folder.
fn base_id(report: &RunReport) -> Option<&str> {
    let own = Some(report.plan.base.name.as_str()).filter(|name| is_hub_id(name));
    own.or_else(|| report.plan.adapters.first()?.trained_on.as_deref().filter(|name| is_hub_id(name)))
}

/// `owner/name`, in the letters that the Hub allows.
fn is_hub_id(name: &str) -> bool {
    let is_part = |part: &str| {
        let is_allowed = |c: char| c.is_ascii_alphanumeric() || matches!(c, '-' | '_' | '.');
        !part.is_empty() && part.len() <= 96 && part.chars().all(is_allowed) && !part.starts_with(['.', '-'])
    };
    let Some((owner, model)) = name.split_once('/') else { return false };
    is_part(owner) && is_part(model) && !LOCAL_FOLDERS.contains(&owner) && !model.starts_with("checkpoint-")
}

/// A method as a tag: `lora`, `trainable-tokens`.
fn tag(method: &str) -> String {
    let lower = method.to_lowercase();
    let words: Vec<&str> = lower.split(|c: char| !c.is_ascii_alphanumeric()).filter(|word| !word.is_empty()).collect();
    words.join("-")
}

fn survival(out: &mut String, report: &RunReport) {
    let Some(receipt) = &report.merge else { return };
    let stats = receipt.update_stats();
    if let Some(packed) = PackedSurvival::of(&stats) {
        writeln!(out, "| Kept after packing | {packed} |").ok();
    } else if let (Some(gain), Some(change)) = (stats.gain(), stats.relative_change()) {
        writeln!(
            out,
            "| Kept after rounding | {:.2} % of the update (‖Δ‖/‖W‖ {change:.2e}); {:.1} % of the target values changed |",
            100.0 * gain,
            100.0 * stats.changed_share(),
        )
        .ok();
        if let Some(advice) = report.advice() {
            writeln!(out, "| Note | {advice} |").ok();
        }
    }
}

fn checks(out: &mut String, report: &RunReport) {
    let Some(verify) = &report.verify else {
        writeln!(out, "\nNot verified when this card was written: `lorafuse verify` checks the folder.").ok();
        return;
    };
    writeln!(out, "\n## Checks\n").ok();
    for check in verify.checks.iter().filter(|check| check.outcome != Outcome::Skipped) {
        writeln!(out, "- {}: {} ({})", check.question, check.outcome.label(), check.evidence).ok();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ids_of_the_hub_are_told_from_folders() {
        for id in ["meta-llama/Llama-3.1-8B", "Qwen/Qwen3-0.6B", "org/base_1.5"] {
            assert!(is_hub_id(id), "{id}");
        }
        for path in [
            "base",
            "/data/base",
            "./base",
            "a/b/c",
            "models/llama",
            "org/",
            "/x",
            "C:/x",
            "outputs/checkpoint-5",
            "org/a b",
        ] {
            assert!(!is_hub_id(path), "{path}");
        }
        assert_eq!(tag("Trainable tokens"), "trainable-tokens");
    }

    #[test]
    fn a_card_that_is_there_stays() {
        let folder = tempfile::tempdir().unwrap();
        assert!(write_card(folder.path(), "ours").unwrap());
        assert!(!write_card(folder.path(), "other").unwrap());
        assert_eq!(std::fs::read_to_string(folder.path().join(CARD_FILE)).unwrap(), "ours");
    }
}
