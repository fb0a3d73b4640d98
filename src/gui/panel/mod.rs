//! The screens, one file each. They read the state and emit commands.

mod command_button;
mod compare;
mod error_banner;
mod figures;
mod header;
mod heat;
mod inspector;
mod merge_done;
mod merge_options;
mod merge_plan;
mod merge_running;
mod mismatch;
mod module_columns;
mod module_row;
mod modules;
mod navigation;
mod next_step;
mod perplexity;
mod perplexity_chart;
mod printed;
mod recent;
mod report;
mod run_lists;
mod screen_header;
mod size_chart;
mod status_bar;
mod throughput;
mod welcome;
mod well_view;

pub(super) use self::{
    compare::compare_ui,
    header::header_ui,
    merge_done::{merge_done_ui, merge_failed_ui},
    merge_plan::merge_plan_ui,
    merge_running::merge_running_ui,
    mismatch::{mismatch_ui, problems_ui},
    modules::{filter_id, modules_ui},
    navigation::navigation_ui,
    printed::printed_ui,
    report::report_ui,
    status_bar::{drop_hint_ui, status_bar_ui},
    welcome::welcome_ui,
};
