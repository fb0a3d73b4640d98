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
mod lora;
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
    error::{ExportError, LoraProblem},
    export::GgufExport,
    family::Family,
    file_type::{FileType, MixtureModel},
    lora::{LORA_A, LORA_ALPHA, LORA_B, LORA_TYPES, TOKEN_EMBEDDING, lora_metadata, model_outputs},
    note::ExportNote,
    open::{LoraFile, is_lora_file, open_lora, open_model},
    ready_to_run::{MODELFILE, Provenance, README, ReadyToRun, RunCommands, RunFile, lora_command},
    row_map::RowMap,
    source::{Part, Source},
    tensors::OutputTensor,
    tokenizer::check_hash,
};
