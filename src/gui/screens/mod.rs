//! The screens, a folder each: what is painted, the view-models that it paints, and what it does when asked.

pub mod compare;
pub mod merge;
pub mod mismatch;
pub mod modules;
pub mod palette;
pub mod report;
pub mod welcome;
