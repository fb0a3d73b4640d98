//! Scales of activations and of the cache of keys and values, which say nothing about weights.

use super::{PackedError, store::Store};

/// Endings behind the name of a layer.
pub(super) const TABLES: [&str; 8] = [
    ".input_scale",
    ".input_zero_point",
    ".input_global_scale",
    ".input_scale_ub",
    ".activation_scale",
    ".activation_scale_ub",
    ".output_scale",
    ".output_zero_point",
];

/// Endings behind the name of a weight that is no layer's: experts in one tensor.
const OF_WEIGHTS: [&str; 3] = ["_input_scale", "_activation_scale", "_input_scale_ub"];

/// Endings behind the name of an attention, or of one of its layers.
const OF_CACHES: [&str; 7] =
    [".k_scale", ".v_scale", ".q_scale", ".kv_scale", ".k_zero_point", ".v_zero_point", ".q_zero_point"];

/// Sets all of them aside.
///
/// # Errors
/// One that belongs to a layer or a weight that is not there.
pub(super) fn set_aside(store: &mut Store<'_>) -> Result<(), PackedError> {
    let of_layers = TABLES.map(|ending| (ending, &[".weight", ".weight_packed"][..]));
    let of_weights = OF_WEIGHTS.map(|ending| (ending, &[""][..]));
    for (ending, weights) in of_layers.into_iter().chain(of_weights) {
        for prefix in store.names_before(ending) {
            let table = format!("{prefix}{ending}");
            if !weights.iter().any(|weight| store.get(&format!("{prefix}{weight}")).is_some()) {
                return Err(PackedError::LoneTable { table });
            }
            store.set_aside(&table);
        }
    }
    for ending in OF_CACHES {
        for prefix in store.names_before(ending) {
            store.set_aside(&format!("{prefix}{ending}"));
        }
    }
    Ok(())
}
