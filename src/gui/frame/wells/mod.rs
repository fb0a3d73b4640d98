//! Base, adapter, output: what is in them, and what they say about it.

pub mod carry_out;
pub mod command;
pub mod drop_target;
pub mod fill;
pub mod header;
pub mod hover;
pub mod inspect;
pub mod trouble;
pub mod well;
pub mod well_view;
