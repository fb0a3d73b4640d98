//! What the merge cost and what it did not.

pub mod answers;
pub mod carry_out;
pub mod change_amount;
pub mod command;
pub mod jobs;
pub mod model_face;
pub mod perplexity;
pub mod perplexity_chart;
pub mod screen;
pub mod size_chart;
pub mod size_table;
pub mod time;
pub mod verdict;
