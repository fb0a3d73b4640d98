//! Numbers by module.

use std::collections::BTreeMap;

/// A number by module path.
pub type ChangeMap = BTreeMap<String, f64>;

/// The module that a tensor belongs to.
#[must_use]
pub fn module_of(tensor: &str) -> &str {
    tensor.rsplit_once('.').map_or(tensor, |(module, _)| module)
}
