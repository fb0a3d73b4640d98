//! The factors that a method gets for one module.

use std::{collections::BTreeMap, sync::Arc};

use super::Part;
use crate::checkpoint::LogicalTensor;

/// Factors by what they are.
pub type PartTensors = BTreeMap<Part, LogicalTensor>;

/// The factors of one module by what they are, with those that all modules of the file share.
#[derive(Clone, Debug, Default)]
pub struct Parts {
    own: PartTensors,
    shared: Arc<PartTensors>,
    /// Paths of modules beneath this one that have factors too.
    below: Vec<String>,
}

impl Parts {
    /// The module's `own` factors beside those that are `shared`.
    #[must_use]
    pub fn new(own: PartTensors, shared: Arc<PartTensors>) -> Self {
        Self { own, shared, below: Vec::new() }
    }

    /// The same, beside the paths of modules beneath this one that have factors too.
    #[must_use]
    pub fn above(self, below: Vec<String>) -> Self {
        Self { below, ..self }
    }

    /// Whether the module at `path` beneath this one has factors too.
    #[must_use]
    pub fn has_below(&self, path: &str) -> bool {
        self.below.iter().any(|below| below == path)
    }

    /// Whether the module has this factor of its own.
    #[must_use]
    pub fn contains(&self, part: Part) -> bool {
        self.own.contains_key(&part)
    }

    /// Takes a factor of the module out.
    pub fn remove(&mut self, part: Part) -> Option<LogicalTensor> {
        self.own.remove(&part)
    }

    /// A shared factor, also where the file repeats it for each module.
    pub fn shared(&mut self, part: Part) -> Option<LogicalTensor> {
        self.own.remove(&part).or_else(|| self.shared.get(&part).cloned())
    }
}
