//! compressed-tensors: one config for many layouts, each of a file here.

mod bytes;
mod config;
mod floats;
mod packed;
#[cfg(test)]
mod tests;

use serde_json::Value;

use self::config::Groups;
use super::{PackedError, activations, fp8, store::Store};
use crate::numeric::Dtype;

/// What tables are called, behind the name of their module or of their weight.
pub(super) const TABLES: [&str; 6] =
    [".weight_packed", ".weight_scale", ".weight_shape", ".weight_zero_point", ".weight_global_scale", ".weight_g_idx"];

/// Takes the weights of a `quantization_config`; none of them where it holds a layout that is not read.
pub(super) fn unpack(store: &mut Store<'_>, config: &Value) -> Result<(), PackedError> {
    let Some(groups) = Groups::read(config)? else { return Ok(()) };
    for module in store.names_before(".weight_packed") {
        let name = format!("{module}.weight_packed");
        groups.refuse_ignored(&module, &name)?;
        let codes = store.get(&name);
        if codes.is_some_and(|codes| codes.dtype() == Dtype::U8) {
            floats::take(store, &groups, &module)?;
        } else {
            packed::take(store, &groups, &module)?;
        }
    }
    for module in store.names_before(".weight_scale") {
        groups.refuse_ignored(&module, &format!("{module}.weight"))?;
        bytes::take(store, &groups, &module)?;
    }
    for table in TABLES {
        if let Some(module) = store.names_before(table).pop() {
            return Err(PackedError::LoneTable { table: format!("{module}{table}") });
        }
    }
    activations::set_aside(store)?;
    fp8::refuse_bare(store, "_scale")
}
