//! Lorafuse fuses a LoRA adapter into its base model, shows what changes, and proves the result.

pub mod adapter;
pub mod checkpoint;
pub mod error;
#[cfg(feature = "gui")]
pub mod gui;
pub mod job;
pub mod matching;
pub mod merge;
pub mod numeric;
pub mod plan;
pub mod platform;
pub mod report;
pub mod sample;
pub mod tree;
pub mod units;
pub mod verify;
