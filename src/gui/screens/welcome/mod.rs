//! Nothing is loaded yet.

pub mod carry_out;
pub mod command;
pub mod greeting;
pub mod recent_pairs;
pub mod screen;
