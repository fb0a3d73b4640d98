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
