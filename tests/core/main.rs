//! Everything that the program promises without its window, in one binary: it links once, and its tests share the cores.
//!
//! A folder is a concept, a file of it one promise. A test that needs the machine or a process to itself says so.

#![expect(
    clippy::unwrap_used,
    clippy::disallowed_methods,
    reason = "folders of its own, in which a failure may stop everything"
)]

#[path = "../support/skip.rs"]
mod skip;
mod support;

/// What the repository says of itself.
mod house {
    mod architecture;
    mod circles;
    mod layout;
    mod packaging;
    mod readme;
    #[cfg(unix)]
    mod setup;
    mod skips;
    mod suites;
}

/// What may be pointed at, and how its files are read.
mod inputs {
    mod beside;
    mod pickle;
    mod quantized;
    mod readable_texts;
    mod sources;
    mod twins;
}

/// What is found before anything runs.
mod inspect {
    mod compatibility;
    mod print_model;
    mod size;
}

/// Which tensor of the base each tensor of an adapter belongs to.
mod matching {
    mod names;
    mod orientation;
    mod scaled_heads;
    mod task_heads;
    mod whole_tensors;
}

/// The merged values, and how they come to the disk.
mod merge {
    mod as_trained;
    #[cfg(unix)]
    mod crash;
    mod device;
    mod engine;
    mod golden;
    mod in_memory;
    mod methods;
    mod peer;
    mod properties;
    mod reports;
    mod requantize;
    mod rounding;
    mod row_blocks;
    mod sample;
    mod special_tokens;
    mod stochastic;
    mod survival;
}

/// What models answer, against what transformers computes.
mod evaluate {
    mod families;
    mod merge_choice;
    mod perplexity;
    mod speed;
    mod texts;
}

/// GGUF files: types, mixtures, the container, and what models become in it.
mod gguf {
    mod container;
    mod export;
    mod lora;
    mod mixtures;
    pub mod models;
    mod notes;
    mod open;
    mod open_types;
    mod ready_to_run;
    mod refusals;
    mod refused_configs;
    mod refused_tensors;
    mod refused_tokenizers;
    mod rows;
    mod writing;
}

/// What is proved of a merged folder.
mod verify {
    mod alone;
    mod gguf;
    mod sabotage;
    mod sabotage_matching;
    mod sabotage_packed;
}

/// Damage and refusals: a clear error, and nothing written.
mod hostile {
    mod adapters;
    mod checkpoints;
    mod damage;
    mod folders;
    mod methods;
    mod packed;
}

/// The program as people run it.
mod cli {
    mod commands;
    #[cfg(target_os = "linux")]
    mod doctor;
    mod gguf;
    mod seal_and_card;
}
