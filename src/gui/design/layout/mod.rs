//! How a screen is laid out: by egui, from pages, panels, rows and the one table; no screen computes a rectangle.

pub mod columns;
pub mod page;
pub mod panel;
pub mod row;
pub mod rule;
pub mod table;
pub mod text;
