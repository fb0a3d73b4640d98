//! The plan, the merge at work, and what it did.

pub mod carry_out;
pub mod command;
pub mod device_option;
pub mod done;
pub mod jobs;
pub mod merge_options;
pub mod options;
pub mod plan;
pub mod plan_checks;
pub mod plan_components;
pub mod plan_steps;
pub mod progress;
pub mod rounding_option;
pub mod run_lists;
pub mod strength_option;
pub mod survival;
pub mod throughput_chart;
