//! What a stored tensor is by its name alone, where weights are packed by a method that is not read.

use super::{StoredPart, activations, bitsandbytes, fp8, gptq, int8};
use crate::checkpoint::{Checkpoint, LogicalTensor};

/// What `tensor` of `checkpoint`, of which nothing is unpacked, is likely to be; `None` for one that seems plain.
pub fn part_by_name(tensor: &LogicalTensor, checkpoint: &Checkpoint) -> Option<StoredPart> {
    let name = tensor.name();
    let count = tensor.element_count() as u64;
    let has = |sibling: &str| checkpoint.tensor(sibling).is_some();
    let owner = |tables: &[&str]| tables.iter().find_map(|table| name.strip_suffix(table)).map(str::to_owned);
    let bits = tensor.dtype().bitsize() as u64;
    if name.contains(bitsandbytes::STATE) || owner(&bitsandbytes::TABLES).is_some_and(|weight| has(&weight)) {
        return Some(StoredPart::Table);
    }
    if has(&format!("{name}.absmax")) {
        return Some(StoredPart::Codes(count * (bits / 4)));
    }
    if name.ends_with(".qweight") {
        return Some(StoredPart::Codes(count * (bits / configured_bits(checkpoint)).max(1)));
    }
    if owner(&gptq::TABLES).is_some_and(|module| has(&format!("{module}.qweight"))) {
        return Some(StoredPart::Table);
    }
    // gpt-oss: two values of 4 bits in a byte.
    if name.ends_with("_blocks") && has(&name.replace("_blocks", "_scales")) {
        return Some(StoredPart::Codes(count * (bits / 4)));
    }
    if name.ends_with("_scales") && has(&name.replace("_scales", "_blocks")) {
        return Some(StoredPart::Table);
    }
    let scales = || int8::TABLES.into_iter().chain(fp8::TABLES).chain(activations::TABLES);
    if scales().filter_map(|scale| name.strip_suffix(scale)).any(|module| has(&format!("{module}.weight"))) {
        return Some(StoredPart::Table);
    }
    let module = name.strip_suffix(".weight").filter(|_| bits == 8)?;
    scales().any(|scale| has(&format!("{module}{scale}"))).then_some(StoredPart::Codes(count))
}

/// `quantization_config.bits`, 4 where the config does not say.
fn configured_bits(checkpoint: &Checkpoint) -> u64 {
    let config = checkpoint.config().get("quantization_config");
    config.and_then(|config| config["bits"].as_u64()).filter(|bits| (1..=32).contains(bits)).unwrap_or(4)
}
