//! A model as GGUF files: of a finished folder, or of a merge whose values are computed as they are read, so that no
//! folder lies in between. Several types are one pass over the tensors.

mod beside;
mod float_model;
mod lora;
mod place;
mod plan;
mod run;
mod tiles;

pub use self::{
    place::GgufPlace,
    plan::{GgufFile, GgufPlan},
    run::GgufReceipt,
};
