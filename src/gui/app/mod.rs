//! The window as a whole: what it knows, what is asked of it, and the work that it starts.

pub mod application;
pub mod carry_out;
pub mod close;
pub mod closing;
pub mod command;
pub mod dialogs;
pub mod drain;
pub mod input;
pub mod inspection;
pub mod jobs;
pub mod launch;
pub mod logic;
pub mod machine;
pub mod notice;
pub mod remember;
pub mod screen;
pub mod settings;
pub mod state;
