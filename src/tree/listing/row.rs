//! One row of the tree table.

/// One row of the table.
#[derive(Clone, Debug, PartialEq)]
pub struct TreeRow {
    /// Path of the module; empty for the model itself.
    pub path: String,
    /// What stands in the first column.
    pub label: String,
    /// The class, or what is folded here.
    pub class: String,
    /// Levels below the root.
    pub depth: usize,
    /// Whether there is something to open, and whether it is.
    pub folding: Folding,
    /// Elements of the base weight.
    pub element_count: usize,
    /// Shape of the base weight.
    pub base_shape: String,
    /// Its dtype.
    pub dtype: String,
    /// Shape of lora_A.
    pub a_shape: String,
    /// Shape of lora_B.
    pub b_shape: String,
    /// Rank of the update.
    pub rank: String,
    /// s.
    pub scale: String,
    /// Whether an adapter changes this module or one inside it.
    pub is_changed: bool,
    /// The last column.
    pub heat: Heat,
}

/// Whether a row can be opened.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Folding {
    /// Nothing inside.
    Leaf,
    /// Children follow.
    Open,
    /// Children are hidden.
    Folded,
}

/// ‖Δ‖/‖W‖ of a row.
#[derive(Clone, Debug, PartialEq)]
pub enum Heat {
    /// A module without weights.
    Empty,
    /// A weight that no adapter touches.
    Unchanged,
    /// A weight that changes, by how much is known after the merge.
    Unknown,
    /// By how much.
    Value(f64),
    /// The changes inside a folded module or a layer.
    Strip(Vec<f64>),
}

impl TreeRow {
    /// Its label before, in and after the first place where it has `filter`, whatever the case.
    #[must_use]
    pub fn around_match(&self, filter: &str) -> [&str; 3] {
        around_match(&self.label, filter.trim())
    }
}

fn around_match<'a>(label: &'a str, filter: &str) -> [&'a str; 3] {
    let at = (!filter.is_empty()).then(|| label.to_lowercase().find(&filter.to_lowercase())).flatten();
    let parts = at.and_then(|at| {
        let (before, rest) = label.split_at_checked(at)?;
        let (found, after) = rest.split_at_checked(filter.len())?;
        Some([before, found, after])
    });
    parts.unwrap_or([label, "", ""])
}

#[cfg(test)]
mod tests {
    use super::around_match;

    #[test]
    fn a_match_is_found_in_any_case() {
        assert_eq!(around_match("model.layers.0.q_proj", "Q_pr"), ["model.layers.0.", "q_pr", "oj"]);
        assert_eq!(around_match("q_proj", ""), ["q_proj", "", ""]);
        assert_eq!(around_match("q_proj", "mlp"), ["q_proj", "", ""]);
    }
}
