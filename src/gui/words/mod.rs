//! What the window says beyond plain texts: failures, and what the rooms found out.

pub mod problem;
pub mod speech;
