//! The screens, one file each. They read the state and emit commands.

mod answers;
mod change_table;
mod command_button;
mod compare;
mod device_option;
mod error_banner;
mod figures;
mod header;
mod heat;
mod inspector;
mod merge_done;
mod merge_options;
mod merge_plan;
mod merge_plan_checks;
mod merge_plan_steps;
mod merge_running;
mod mismatch;
mod module_columns;
mod module_row;
mod modules;
mod navigation;
mod next_step;
mod palette;
mod perplexity;
mod perplexity_chart;
mod plan_components;
mod printed;
mod progress_note;
mod recent;
mod report;
mod report_checks;
mod report_files;
mod rounding_option;
mod run_lists;
mod screen_header;
mod size_chart;
mod size_table;
mod spectrum;
mod status_bar;
mod strength_option;
mod throughput;
mod time_chart;
mod welcome;
mod well_view;

pub(super) use self::{
    compare::compare_ui,
    header::{header_ui, well_rect},
    merge_done::{merge_done_ui, merge_failed_ui},
    merge_plan::merge_plan_ui,
    merge_running::merge_running_ui,
    mismatch::{mismatch_ui, problems_ui},
    modules::{filter_id, modules_ui},
    navigation::navigation_ui,
    palette::{palette_id, palette_ui},
    printed::printed_ui,
    report::report_ui,
    status_bar::{drop_hint_ui, status_bar_ui},
    welcome::welcome_ui,
};
