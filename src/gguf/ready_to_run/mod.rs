//! What people need beside GGUF files to run them: the commands, a `Modelfile` for Ollama, and a `README.md`.

mod chat;
mod commands;
mod contents;
mod keys;
mod modelfile;
mod readme;
mod template;
mod texts;

pub use self::{
    commands::{MODELFILE, RunCommands, lora_command},
    contents::{Provenance, ReadyToRun, RunFile},
    texts::README,
};
