//! View-models: what the panels show, as plain data, made and tested without any window.

mod dtype_option;
mod facts;
mod heat_map;
mod manifest;
mod misfit;
mod model_role;
mod module_detail;
mod path_text;
mod perplexity;
mod plan_summary;
mod printed_diff;
mod scale;
mod size_chart;
mod tree_order;
mod tree_rows;
mod updated_tensors;

use std::collections::BTreeMap;

pub use self::{
    dtype_option::DtypeOption,
    facts::{AdapterFacts, ModelFacts},
    heat_map::{HeatCell, HeatMap, HeatScale},
    manifest::{ManifestRow, Origin, listed, manifest},
    misfit::{Misfit, misfits},
    model_role::{ModelRole, Told},
    module_detail::{ModuleDetail, ModuleNumbers},
    path_text::{composed, display_path, elide_middle, lexically_normal, unbroken, upper_first, written_path},
    perplexity::{Pair, PerplexityTable, Score, TextRow, percent_change},
    plan_summary::{ComponentBytes, PlanRow, PlanRowKind, PlanSummary},
    printed_diff::{DiffLine, PrintedDiff},
    scale::{ByteUnit, log_marks, round_step},
    size_chart::{Component, SizeBar},
    tree_order::{SortColumn, TreeOrder},
    tree_rows::{Folding, Heat, TreeQuery, TreeRow, tree_rows},
    updated_tensors::{UpdatedTensor, updated_tensors},
};

/// A number by module path.
pub type ChangeMap = BTreeMap<String, f64>;

/// The module that a tensor belongs to.
#[must_use]
pub fn module_of(tensor: &str) -> &str {
    tensor.rsplit_once('.').map_or(tensor, |(module, _)| module)
}

/// `19.5 MB` as number and unit, for key figures.
#[must_use]
pub fn split_unit(text: &str) -> (&str, &str) {
    text.split_once(' ').unwrap_or((text, ""))
}

/// `4.87 M`, `287.7 k`: a parameter count in three or four digits.
#[must_use]
pub fn parameter_count(count: u64) -> String {
    let (value, unit) = match count {
        0..1_000 => return count.to_string(),
        1_000..1_000_000 => (count as f64 / 1e3, "k"),
        1_000_000..1_000_000_000 => (count as f64 / 1e6, "M"),
        _ => (count as f64 / 1e9, "B"),
    };
    let decimals = if value < 100.0 { 2 } else { 1 };
    format!("{value:.decimals$} {unit}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn parameter_counts_are_short() {
        assert_eq!(parameter_count(4_868_352), "4.87 M");
        assert_eq!(parameter_count(287_744), "287.7 k");
        assert_eq!(parameter_count(8_170_000_000), "8.17 B");
    }
}
