//! Where a target's parameter lies on disk.

use crate::adapter::joined;

/// Where a target's parameter lies on disk.
#[derive(Clone, Debug)]
pub(super) struct Located {
    /// The module's path.
    pub module: String,
    /// The parameter, which the disk may call otherwise too (`LayerNorm.beta`).
    pub parameter: String,
}

impl Located {
    /// The tensor's name.
    pub fn name(&self) -> String {
        joined(&self.module, &self.parameter)
    }
}
