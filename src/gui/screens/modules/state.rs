//! State of the Modules screen.

use std::{
    collections::{BTreeMap, BTreeSet},
    sync::Arc,
};

use crate::tree::{ChangeGrid, ChangeMap, HeatScale, PrintedDiff, TensorTally, TreeOrder, TreeRow};

/// How the Modules screen shows the tree.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum ModulesView {
    /// The tree table.
    #[default]
    Table,
    /// Both trees as PyTorch prints them.
    Printed,
}

/// State of the Modules screen.
#[derive(Debug, Default)]
pub struct ModulesState {
    /// Part of a path that rows must contain.
    pub filter: String,
    /// Whether unchanged modules are left out.
    pub only_changed: bool,
    /// The column that rows are sorted by; `None` shows the tree.
    pub order: Option<TreeOrder>,
    /// Modules whose folding differs from the default.
    pub toggled: BTreeSet<String>,
    /// The module in the inspector.
    pub selected: Option<String>,
    /// Table or printed.
    pub view: ModulesView,
    /// Rows as filtered and folded; rebuilt when any of the above or the tree changes.
    pub rows: Arc<Vec<TreeRow>>,
    /// Tensors of the modules that pass the filter.
    pub shown: TensorTally,
    /// ‖Δ‖/‖W‖ by module: estimated before a merge, exact after it.
    pub changes: Arc<ChangeMap>,
    /// ‖Δ‖ by module, from the factors; empty until they are read.
    pub delta_norms: Arc<ChangeMap>,
    /// The scale of all of them; `None` while there are none.
    pub scale: Option<HeatScale>,
    /// The same as modules × layers.
    pub map: Arc<ChangeGrid>,
    /// Both printed trees, aligned.
    pub printed: Arc<PrintedDiff>,
    /// Singular values of Δ by module, the largest first, for those that were looked at.
    pub spectra: BTreeMap<String, Vec<f64>>,
}
