//! LN tuning: norms that were trained whole (spec section 8). Their tensors replace the base's, so there are no factors.

use std::path::Path;

use crate::adapter::{AdapterError, Method, MethodSpec, Parts, Target};

/// LN tuning's names.
pub(super) const SPEC: MethodSpec = MethodSpec {
    peft_type: "LN_TUNING",
    key_prefix: None,
    factors: &[],
    shared_factors: &[],
    config_keys: &[],
    build: |_, _| Ok(Box::new(LnTuning)),
};

/// LN tuning.
#[derive(Debug)]
pub struct LnTuning;

impl Method for LnTuning {
    fn spec(&self) -> &'static MethodSpec {
        &SPEC
    }

    fn name(&self) -> &'static str {
        "LN tuning"
    }

    fn targets(&self, _module: &str, _parts: Parts, _path: &Path) -> Result<Vec<Target>, AdapterError> {
        Ok(Vec::new())
    }
}
