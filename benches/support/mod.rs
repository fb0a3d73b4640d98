//! The pieces of the benchmark.

pub mod child;
pub mod machine;
pub mod options;
pub mod synthetic;
pub mod table;
pub mod workspace;
