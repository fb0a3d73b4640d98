//! An adapter that does not fit, and folders that do not open.

pub mod screen;
