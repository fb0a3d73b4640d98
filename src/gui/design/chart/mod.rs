//! What all charts are made of: axes, dots with whiskers, stacked bars, and the marks of their legends.

pub mod axis;
pub mod bar;
pub mod dots;
pub mod plot;
