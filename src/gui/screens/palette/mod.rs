//! The list of all commands.

pub mod list;
pub mod screen;
