//! LN tuning: norms that were trained whole (spec section 8). Their tensors replace the base's, so there are no factors.

use std::path::Path;

use super::{AdapterError, Method, Part, Parts, Target};

/// LN tuning.
#[derive(Debug)]
pub struct LnTuning;

impl Method for LnTuning {
    fn name(&self) -> &'static str {
        "LN tuning"
    }

    fn owns(&self, _part: Part) -> bool {
        false
    }

    fn targets(&self, _module: &str, _parts: Parts, _path: &Path) -> Result<Vec<Target>, AdapterError> {
        Ok(Vec::new())
    }
}
