//! The diff of the module trees.

pub mod carry_out;
pub mod columns;
pub mod command;
pub mod heat_map;
pub mod inspector;
pub mod jobs;
pub mod module_list;
pub mod printed;
pub mod row;
pub mod screen;
pub mod spectrum;
pub mod state;
pub mod walk;
