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
    own: PartTensors,
    shared: Arc<PartTensors>,
    /// Paths of modules beneath this one that have factors too.
    below: Vec<String>,
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
