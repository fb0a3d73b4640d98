//! `gguf`: a finished model as one file for llama.cpp, Ollama and LM Studio.

use std::{collections::BTreeMap, path::PathBuf, process::ExitCode};

use lorafuse::{
    checkpoint::{Checkpoint, LogicalTensor, folder_name},
    gguf::{GgufExport, open_model},
    units,
};
use serde_json::json;

use super::{
    Failure, Outcome,
    args::GgufArgs,
    print,
    session::Session,
    table::{Align, render},
    tell,
};

/// Runs the command.
pub fn run(args: &GgufArgs) -> Outcome {
    let checkpoint = open_model(&args.model)?;
    let export = GgufExport::new(&checkpoint, args.file_type)?;
    let output = args.output.clone().unwrap_or_else(|| default_output(&checkpoint, &export));
    for note in &export.notes {
        tell(&format!("note: {note}"));
    }
    if !args.dry_run {
        Session::start().run(|job| export.write(&output, job))?;
    }
    if args.json {
        let text = serde_json::to_string_pretty(&document(&export, &output)).map_err(|error| Failure::plain(&error))?;
        print(&format!("{text}\n"))?;
    } else if args.dry_run {
        print(&plan_text(&export, &output))?;
    } else {
        let byte_count = units::bytes(export.header.file_byte_count());
        print(&format!("Wrote {} ({byte_count}, {})\n", output.display(), export.file_type))?;
    }
    Ok(ExitCode::SUCCESS)
}

/// `NAME-TYPE.gguf` here, as the field names such files.
fn default_output(checkpoint: &Checkpoint, export: &GgufExport) -> PathBuf {
    let name = folder_name(checkpoint.root()).replace(['/', '\\'], "-");
    PathBuf::from(format!("{name}-{}.gguf", export.file_type))
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

fn plan_text(export: &GgufExport, output: &std::path::Path) -> String {
    let mut rows = vec![
        ["Write".to_owned(), format!("{}, {}", output.display(), units::bytes(export.header.file_byte_count()))],
        ["Type".to_owned(), format!("{}, {:.2} bits a weight", export.file_type, export.bits_per_weight())],
    ];
    for (name, count, byte_count) in by_type(export) {
        rows.push([name.to_owned(), format!("{}, {}", units::plural(count, "tensor"), units::bytes(byte_count))]);
    }
    render(&["", ""], &[Align::Left, Align::Left], &rows)
}

fn document(export: &GgufExport, output: &std::path::Path) -> serde_json::Value {
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
        "output": output.display().to_string(),
        "type": export.file_type.name(),
        "bytes": export.header.file_byte_count(),
        "bits_per_weight": export.bits_per_weight(),
        "notes": export.notes.iter().map(ToString::to_string).collect::<Vec<_>>(),
        "tensors": tensors.collect::<Vec<_>>(),
    })
}
