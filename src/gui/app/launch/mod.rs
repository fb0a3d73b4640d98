//! Opening the window, and what is said where there is none.

pub mod fault_window;
pub mod launch_error;
pub mod open;
pub mod probe;
pub mod renderers;
