//! What the trainer saw, packed weights or plain ones, against what the base is, and what differs.

use super::{Compared, Finding, Verdict, base_name};
use crate::{
    adapter::Adapter,
    checkpoint::{Checkpoint, QuantizationMethod as Method, original_names},
};

/// Words in a name that say a packed model.
const MARKERS: [&str; 9] = ["bnb", "gptq", "awq", "fp8", "nvfp4", "mxfp4", "4bit", "8bit", "int4"];

/// The finding; `None` where neither side says anything of packed weights.
pub(super) fn finding(base: &Checkpoint, adapter: &Adapter) -> Option<Finding> {
    let name = adapter.config().base_model()?;
    let lower = name.to_ascii_lowercase();
    let is_word = |marker: &str| lower.split(['-', '_', '.', '/']).any(|part| part == marker);
    let marker = MARKERS.into_iter().find(|marker| is_word(marker));
    let trained_on = base_name::shown(name).to_owned();
    let Some(quantization) = base.quantization() else {
        let original = original_names(name).into_iter().next();
        let dtype = base.dtypes_by_bytes().first().map(|(dtype, _)| *dtype);
        let evidence = Compared::QuantisedTraining { marker: marker?, trained_on, original, dtype };
        return Some(Finding::new(Verdict::Differs, evidence));
    };
    if quantization.method == Method::Gguf {
        // No trainer reads such codes: whatever it saw, it was not this.
        return Some(Finding::new(Verdict::Differs, Compared::GgufBase { trained_on }));
    }
    let (method, dtype) = (quantization.method.name(), quantization.dtype.stored());
    Some(match marker {
        Some(marker) if can_be(marker, quantization.method) => {
            Finding::new(Verdict::Agrees, Compared::QuantisedBoth { method, trained_on, dtype })
        }
        Some(marker) => Finding::new(Verdict::Differs, Compared::QuantisedOtherwise { method, trained_on, marker }),
        // Most of those trained in 4 bits quantised while loading, and name what lay on the disk.
        None => Finding::new(Verdict::Unknown, Compared::QuantisedBase { method, trained_on }),
    })
}

/// Whether weights packed by `method` may be what a name with this word says.
fn can_be(marker: &str, method: Method) -> bool {
    let is_four_bit_float = || {
        matches!(
            method,
            Method::CompressedNvfp4
                | Method::ModelOptNvfp4
                | Method::MlxNvfp4
                | Method::CompressedMxfp4
                | Method::MlxMxfp4
                | Method::Mxfp4
        )
    };
    match marker {
        "bnb" => matches!(method, Method::Nf4 | Method::Fp4 | Method::Int8),
        "gptq" => method == Method::Gptq,
        "awq" => method == Method::Awq,
        "fp8" => {
            matches!(method, Method::Fp8 | Method::FbgemmFp8 | Method::CompressedFloat | Method::ModelOptFp8)
        }
        "nvfp4" | "mxfp4" => is_four_bit_float(),
        // How many bits says nothing of how.
        _ => true,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_word_in_a_name_tells_the_packers_apart() {
        assert!(can_be("bnb", Method::Nf4) && can_be("4bit", Method::MlxAffine) && can_be("nvfp4", Method::MlxNvfp4));
        assert!(!can_be("bnb", Method::Gptq) && !can_be("awq", Method::Gptq) && !can_be("fp8", Method::Nf4));
    }
}
