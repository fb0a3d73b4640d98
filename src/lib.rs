//! Lorafuse fuses a LoRA adapter into its base model, shows what changes, and proves the result.
//!
//! Data flows one way, and each step is a room of this crate:
//!
//! ```text
//! numeric → checkpoint → adapter → matching → plan → merge → evaluate → verify → report
//! ```
//!
//! The whole pipeline on the built-in sample:
//!
//! ```
//! use lorafuse::{job::JobContext, merge, plan::{MergePlan, MergeRequest}, sample::Sample, verify};
//!
//! let sample = Sample::find()?;
//! let folder = tempfile::tempdir()?;
//! let request = MergeRequest::new(sample.base(), sample.adapter(), folder.path().join("merged"));
//!
//! let plan = MergePlan::new(&request)?; // nothing is written yet
//! assert_eq!(plan.matching.applied.len(), 28);
//!
//! let job = JobContext::unwatched();
//! let receipt = merge::run(&plan, &job)?;
//! assert!(receipt.lost().is_empty());
//!
//! let proof = verify::VerifyRequest { merged: request.output, base: Some(request.base), adapters: request.adapters };
//! assert!(verify::run(&proof, &job)?.is_passed());
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```

pub mod adapter;
pub mod architecture;
pub mod checkpoint;
pub mod error;
pub mod evaluate;
pub mod fault;
pub mod gguf;
#[cfg(feature = "gui")]
pub mod gui;
pub mod job;
pub mod matching;
pub mod merge;
pub mod message;
pub mod numeric;
pub mod plan;
pub mod platform;
pub mod report;
pub mod sample;
pub mod size;
pub mod tree;
pub mod units;
pub mod verify;

#[cfg(test)]
#[path = "../tests/support/skip.rs"]
mod skip;
