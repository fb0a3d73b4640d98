//! How quantised weights lie in a file: packed several to an element, with tables beside them.

use crate::checkpoint::{Checkpoint, LogicalTensor, StoredPart};

/// What a tensor is to quantisation.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Packing {
    /// Weights as they are, one to an element.
    Plain,
    /// The codes of so many weights.
    Packed(u64),
    /// Scales, zero points, code books: what turns packed weights into numbers again.
    Table,
}

/// Endings of bitsandbytes' tables, behind the name of the weight.
const BITSANDBYTES_TABLES: [&str; 4] = [".absmax", ".quant_map", ".nested_absmax", ".nested_quant_map"];

/// Its states, one for each 4-bit format.
const BITSANDBYTES_STATE: &str = ".quant_state.bitsandbytes__";

/// The tables of GPTQ and AWQ, beside `qweight`.
const GPTQ_TABLES: [&str; 3] = [".qzeros", ".scales", ".g_idx"];

/// The scales of 8-bit weights, beside `weight`.
const SCALES: [&str; 5] = [".SCB", ".weight_format", ".weight_scale_inv", ".weight_scale", ".input_scale"];

impl Packing {
    /// What the stored `tensor` is to the quantisation of `checkpoint`; by its name, where the method is not read.
    pub(super) fn of(tensor: &LogicalTensor, checkpoint: &Checkpoint) -> Self {
        let name = tensor.name();
        if let Some(quantization) = checkpoint.quantization() {
            return match quantization.parts.get(name) {
                Some(StoredPart::Codes(weight_count)) => Self::Packed(*weight_count),
                Some(StoredPart::Table) => Self::Table,
                None => Self::Plain,
            };
        }
        let count = tensor.element_count() as u64;
        let has = |sibling: &str| checkpoint.tensor(sibling).is_some();
        let without = |endings: &[&str]| endings.iter().find_map(|ending| name.strip_suffix(ending)).map(str::to_owned);
        let bits = tensor.dtype().bitsize() as u64;
        if name.contains(BITSANDBYTES_STATE) || without(&BITSANDBYTES_TABLES).is_some_and(|weight| has(&weight)) {
            return Self::Table;
        }
        if has(&format!("{name}.absmax")) {
            return Self::Packed(count * (bits / 4));
        }
        if name.ends_with(".qweight") {
            return Self::Packed(count * (bits / configured_bits(checkpoint)).max(1));
        }
        if without(&GPTQ_TABLES).is_some_and(|module| has(&format!("{module}.qweight"))) {
            return Self::Table;
        }
        // gpt-oss: two values of 4 bits in a byte.
        if name.ends_with("_blocks") && has(&name.replace("_blocks", "_scales")) {
            return Self::Packed(count * (bits / 4));
        }
        if name.ends_with("_scales") && has(&name.replace("_scales", "_blocks")) {
            return Self::Table;
        }
        if without(&SCALES).is_some_and(|module| has(&format!("{module}.weight"))) {
            return Self::Table;
        }
        if bits == 8 && SCALES.iter().any(|scale| has(&name.replace(".weight", scale))) {
            return Self::Packed(count);
        }
        Self::Plain
    }
}

/// `quantization_config.bits`, 4 where the config does not say.
fn configured_bits(checkpoint: &Checkpoint) -> u64 {
    let config = checkpoint.config().get("quantization_config");
    config.and_then(|config| config["bits"].as_u64()).filter(|bits| (1..=32).contains(bits)).unwrap_or(4)
}
