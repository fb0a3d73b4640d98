//! `gguf`: a finished model, or base and adapters, as files for llama.cpp, Ollama and LM Studio.

use std::{collections::BTreeMap, fmt::Write as _, path::Path, process::ExitCode, sync::Arc};

use lorafuse::{
    checkpoint::LogicalTensor,
    gguf::{FileType, GgufExport, lora_command, open_model},
    merge::{self, GgufPlace, GgufPlan, GgufReceipt},
    plan::{MergePlan, MergeRequest},
    units,
};
use serde_json::json;

use super::{
    Failure, Outcome,
    args::{GgufArgs, usage_error, with_strengths},
    base_hint, print,
    session::Session,
    table::{Align, render},
    tell,
};

/// Runs the command.
pub fn run(args: &GgufArgs) -> Outcome {
    let mut plan = plan(args)?;
    if args.seal && plan.place.is_file() {
        usage_error("`--seal` hashes the files of a folder: name one with `-o`");
    }
    let merge_warnings = plan.merge.iter().flat_map(|merge| &merge.warnings);
    merge_warnings.for_each(|warning| tell(&format!("warning: {warning}")));
    let mut notes: Vec<String> = Vec::new();
    for note in plan.files.iter().flat_map(|file| &file.export.notes).map(ToString::to_string) {
        if !notes.contains(&note) {
            tell(&format!("note: {note}"));
            notes.push(note);
        }
    }
    let mut receipt = None;
    if !args.dry_run {
        plan.check_output()?;
        let session = Session::start();
        receipt = Some(session.run(|job| plan.run(job))?);
        if args.seal {
            session.run(|job| merge::seal(plan.place.path(), job))?;
        }
    }
    if args.json {
        let document = document(&plan, &notes, receipt.as_ref());
        let text = serde_json::to_string_pretty(&document).map_err(|error| Failure::plain(&error))?;
        print(&format!("{text}\n"))?;
    } else if let Some(receipt) = &receipt {
        print(&receipt_text(&plan, receipt))?;
    } else {
        print(&plan_text(&plan))?;
    }
    Ok(ExitCode::SUCCESS)
}

/// The files of a finished model, or of a merge.
fn plan(args: &GgufArgs) -> Result<GgufPlan, Failure> {
    let place = args.output.clone().map(GgufPlace::of);
    if let Some(base) = &args.base {
        return lora_plan(args, base, place);
    }
    let file_types = if args.file_types.is_empty() { vec![FileType::Q8_0] } else { args.file_types.clone() };
    if args.file_types.len() > 1 && place.as_ref().is_some_and(GgufPlace::is_file) {
        usage_error("several types are several files: name a folder with `-o`");
    }
    if args.adapter.is_empty() {
        if args.trained.as_trained.is_some() {
            usage_error("`--as-trained` is about adapters: name them with `--adapter`");
        }
        return Ok(GgufPlan::of_model(open_model(&args.model)?, &file_types, place)?);
    }
    let adapters = with_strengths(&args.adapter, &args.strength).unwrap_or_else(|message| usage_error(&message));
    let request = MergeRequest {
        adapters,
        trained_quantization: args.trained.as_trained,
        ..MergeRequest::new(&args.model, "", args.output.clone().unwrap_or_default())
    };
    let merge =
        MergePlan::resolved(&request).map_err(|error| base_hint::with_suggestion(error, &args.model, &args.adapter))?;
    Ok(GgufPlan::of_merge(Arc::new(merge), &file_types, place)?)
}

/// The LoRA file of an adapter.
fn lora_plan(args: &GgufArgs, base: &Path, place: Option<GgufPlace>) -> Result<GgufPlan, Failure> {
    let file_type = match args.file_types.as_slice() {
        [] => FileType::F32,
        [file_type] => *file_type,
        _ => usage_error("a LoRA file has one type"),
    };
    let place = place.map(|place| match place {
        GgufPlace::File(path) => path,
        GgufPlace::Folder(_) => usage_error("a LoRA file is one file: name it NAME.gguf with `-o`"),
    });
    let request = MergeRequest::new(base, &args.model, args.output.clone().unwrap_or_default());
    let merge = MergePlan::resolved(&request)
        .map_err(|error| base_hint::with_suggestion(error, base, std::slice::from_ref(&args.model)))?;
    Ok(GgufPlan::of_lora(Arc::new(merge), file_type, place)?)
}

/// Tensors and bytes by their type, the most bytes first.
fn by_type(export: &GgufExport) -> Vec<(&'static str, usize, u64)> {
    let mut sums: BTreeMap<&'static str, (usize, u64)> = BTreeMap::new();
    for tensor in &export.tensors {
        let sum = sums.entry(tensor.stored.ggml_type.name()).or_default();
        *sum = (sum.0 + 1, sum.1 + tensor.stored.byte_count);
    }
    let mut sums: Vec<_> = sums.into_iter().map(|(name, (count, bytes))| (name, count, bytes)).collect();
    sums.sort_by_key(|(_, _, byte_count)| std::cmp::Reverse(*byte_count));
    sums
}

fn plan_text(plan: &GgufPlan) -> String {
    let mut rows = vec![["Write".to_owned(), plan.place.path().display().to_string()]];
    for file in &plan.files {
        let export = &file.export;
        rows.push([
            export.file_type.to_string(),
            format!("{}, {:.2} bits a weight", units::bytes(export.header.file_byte_count()), export.bits_per_weight()),
        ]);
        for (name, count, byte_count) in by_type(export) {
            let of_type = format!("{}, {}", units::plural(count, "tensor"), units::bytes(byte_count));
            rows.push([String::new(), format!("{name}: {of_type}")]);
        }
    }
    render(&["", ""], &[Align::Left, Align::Left], &rows)
}

fn receipt_text(plan: &GgufPlan, receipt: &GgufReceipt) -> String {
    let mut out = String::new();
    let file_types: Vec<String> = plan.files.iter().map(|file| file.export.file_type.to_string()).collect();
    writeln!(
        out,
        "Wrote {} ({}, {}) in {}",
        receipt.output.display(),
        units::bytes(plan.byte_count()),
        file_types.join(", "),
        units::duration(receipt.duration_secs),
    )
    .ok();
    if receipt.resumed_byte_count > 0 {
        let kept = units::bytes(receipt.resumed_byte_count);
        writeln!(out, "{kept} of it were kept from an interrupted run, after their hashes were checked").ok();
    }
    if plan.is_lora() {
        writeln!(out, "llama.cpp  {}", lora_command(plan.place.path())).ok();
        return out;
    }
    let commands = plan.commands();
    let mut rows: Vec<[String; 2]> = Vec::new();
    if let Some(command) = commands.ollama {
        rows.push(["Ollama".to_owned(), command]);
    }
    rows.push(["LM Studio".to_owned(), commands.lm_studio]);
    rows.push(["llama.cpp".to_owned(), commands.llama_cpp]);
    out.push_str(&render(&["", ""], &[Align::Left, Align::Left], &rows));
    out
}

fn document(plan: &GgufPlan, notes: &[String], receipt: Option<&GgufReceipt>) -> serde_json::Value {
    let files = plan.files.iter().map(|file| {
        let export = &file.export;
        let tensors = export.tensors.iter().map(|tensor| {
            let stored = &tensor.stored;
            json!({
                "name": stored.name,
                "dims": stored.dims,
                "type": stored.ggml_type.name(),
                "bytes": stored.byte_count,
                "from": tensor.source.tensors().map(LogicalTensor::name).collect::<Vec<_>>(),
            })
        });
        json!({
            "name": file.name,
            "type": export.file_type.name(),
            "bytes": export.header.file_byte_count(),
            "bits_per_weight": export.bits_per_weight(),
            "tensors": tensors.collect::<Vec<_>>(),
        })
    });
    json!({
        "output": plan.place.path().display().to_string(),
        "notes": notes,
        "files": files.collect::<Vec<_>>(),
        "commands": if plan.is_lora() { json!({"llama_cpp": lora_command(plan.place.path())}) } else { json!(plan.commands()) },
        "receipt": receipt,
    })
}
