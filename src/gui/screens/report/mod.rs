//! The proof, and the way out.

pub mod carry_out;
pub mod checks;
pub mod command;
pub mod files;
pub mod jobs;
pub mod picture;
pub mod screen;
pub mod verdict;
