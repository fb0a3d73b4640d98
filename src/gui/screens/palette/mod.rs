//! The list of all commands.

pub mod carry_out;
pub mod command;
pub mod list;
pub mod screen;
pub mod search;
