//! The proof, and the way out.

pub mod carry_out;
pub mod checks;
pub mod documents;
pub mod files;
pub mod manifest;
pub mod screen;
