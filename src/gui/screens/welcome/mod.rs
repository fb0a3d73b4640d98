//! Nothing is loaded yet.

pub mod recent_pairs;
pub mod sample_facts;
pub mod screen;
