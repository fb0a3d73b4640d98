//! Work away from the window's thread.

pub mod background;
pub mod wake;
pub mod watched;
pub mod workers;
