//! From a model as transformers has it to a GGUF file that llama.cpp, Ollama and LM Studio run: names, shapes and row
//! orders, hyperparameters, tokenizer, and the type of every tensor.
//!
//! A file is planned to the byte before a weight is read. What llama.cpp would compute otherwise than the model was
//! trained is refused by name.

mod error;
mod export;
mod family;
mod file_type;
mod hyperparameters;
mod names;
mod note;
mod open;
mod ready_to_run;
mod refusals;
mod rope;
mod row_map;
mod settings;
mod shapes;
mod source;
mod tensors;
mod tokenizer;

pub use self::{
    error::ExportError,
    export::GgufExport,
    family::Family,
    file_type::{FileType, MixtureModel},
    note::ExportNote,
    open::open_model,
    ready_to_run::{MODELFILE, Provenance, README, ReadyToRun, RunCommands, RunFile},
    row_map::RowMap,
    source::{Part, Source},
    tensors::OutputTensor,
    tokenizer::check_hash,
};
