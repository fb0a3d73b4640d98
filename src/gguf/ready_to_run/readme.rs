//! The `README.md` of a folder: what its files are and how each program runs them.

use std::fmt::Write as _;

use super::{
    commands::{MODELFILE, RunCommands, ollama_name, quoted},
    contents::ReadyToRun,
    template::Found,
};
use crate::units;

/// The text; it names no path of the machine.
pub(super) fn text(ready: &ReadyToRun) -> String {
    let mut out = String::new();
    writeln!(out, "# {}\n", ready.name).ok();
    origin(&mut out, ready);
    writeln!(out, "\n| File | Type | Size | Bits a weight |\n|---|---|---|---|").ok();
    for file in &ready.files {
        let size = units::bytes(file.byte_count);
        writeln!(out, "| `{}` | {} | {size} | {} |", file.name, file.file_type, file.bits_per_weight).ok();
    }
    let Some(file) = ready.files.first() else { return out };
    let commands = RunCommands::of_folder("".as_ref(), &ready.name, &file.name);
    writeln!(out, "\nThe commands are typed in this folder.").ok();
    if let Some(command) = commands.ollama {
        writeln!(out, "\n## Ollama\n\n```sh\n{command}\n```\n").ok();
        ollama_notes(&mut out, ready);
    }
    writeln!(out, "\n## LM Studio\n\n```sh\n{}\n```\n", commands.lm_studio).ok();
    let name = ollama_name(&ready.name);
    writeln!(out, "Or copy the file to `~/.lmstudio/models/local/{name}/`; LM Studio wants both levels of folders.")
        .ok();
    writeln!(out, "\n## llama.cpp\n\n```sh\n{}\n```\n", commands.llama_cpp).ok();
    writeln!(out, "`llama-server -m {}` serves it in a browser.", quoted(&file.name)).ok();
    writeln!(out, "\nMade by lorafuse {}.", env!("CARGO_PKG_VERSION")).ok();
    out
}

fn origin(out: &mut String, ready: &ReadyToRun) {
    let provenance = &ready.provenance;
    match provenance.adapters.as_slice() {
        [] => writeln!(out, "`{}` as GGUF.", provenance.base),
        adapters => {
            let adapters: Vec<String> = adapters.iter().map(|adapter| format!("`{adapter}`")).collect();
            writeln!(out, "`{}` with {} merged into it, as GGUF.", provenance.base, adapters.join(", "))
        }
    }
    .ok();
    for (whose, licence) in &provenance.licences {
        writeln!(out, "\nLicence of `{whose}`, as its card says: {licence}.").ok();
    }
    if !provenance.licence_files.is_empty() {
        let files: Vec<String> = provenance.licence_files.iter().map(|file| format!("`{file}`")).collect();
        writeln!(out, "\nLicence files: {}.", files.join(", ")).ok();
    }
}

fn ollama_notes(out: &mut String, ready: &ReadyToRun) {
    match &ready.template {
        Found::Proven(template) => {
            writeln!(
                out,
                "The chat template in the `{MODELFILE}` gives the same text as the model's own for turns of user and \
                 assistant; tools are not in it."
            )
            .ok();
            if !template.takes_system() {
                writeln!(out, "The model's own template takes no system message; neither does this one.").ok();
            }
        }
        Found::Unknown => {
            writeln!(
                out,
                "The `{MODELFILE}` has no TEMPLATE: the model's own could not be put into Ollama's language with \
                 certainty. Ollama takes one of its own where it knows the model's; where it does not, answers are poor \
                 until you write a TEMPLATE. LM Studio and llama.cpp read the model's own."
            )
            .ok();
        }
        Found::Missing => {
            writeln!(out, "The model has no chat template: it continues the text that it is given.").ok();
        }
    }
    if ready.files.len() > 1 {
        writeln!(out, "For another file, change the line `FROM` in the `{MODELFILE}`.").ok();
    }
}
