//! A base as a QLoRA trainer saw it: transformers packs the weights of its layers while it loads it.

use std::collections::BTreeSet;

use serde::Serialize;

use super::{Architecture, StackedNames};
use crate::{
    checkpoint::Checkpoint,
    message,
    numeric::{Dtype, FloatDtype, codec::Nf4Format},
};

/// Why it is not known what a trainer saw that packed the base while it loaded it.
#[derive(Debug, Serialize, thiserror::Error)]
#[error("{}", message::english(self))]
#[expect(missing_docs, reason = "the message of each says what its fields are")]
pub enum TrainedError {
    AlreadyPacked { method: String },
    UnknownTensor { tensor: String, class: Option<String> },
    NothingPacked { class: Option<String> },
    OwnKind { tensor: String },
    Experts { parameter: String },
    OtherDtype { tensor: String, dtype: Dtype },
}

/// `base` as a trainer saw it that packed it while it loaded it. What files and tables do not decide is refused.
///
/// # Errors
/// A base that is packed already or has other dtypes than those of 16 bits; a tensor of which it is unknown whether
/// bitsandbytes packs it, or that some releases of transformers pack and others do not.
pub fn packed_while_loading(base: Checkpoint, format: Nf4Format) -> Result<Checkpoint, TrainedError> {
    let names = trained_names(&base)?;
    Ok(base.packed_as(format, &names))
}

/// The weights of `base` that bitsandbytes packs while transformers loads it, as the disk names them.
///
/// # Errors
/// As [`packed_while_loading`].
pub fn trained_names(base: &Checkpoint) -> Result<BTreeSet<String>, TrainedError> {
    if let Some(quantization) = base.quantization() {
        return Err(TrainedError::AlreadyPacked { method: quantization.method.name().to_owned() });
    }
    let architecture = Architecture::of(base);
    let class = || base.config().architecture().map(str::to_owned);
    // transformers 4 has a Linear for each expert, which is packed; transformers 5 one parameter, which is not.
    if let Some(parameter) = StackedNames::new(base, architecture.names()).names().next() {
        return Err(TrainedError::Experts { parameter: parameter.to_owned() });
    }
    let mut names = BTreeSet::new();
    for (name, tensor) in base.tensors().iter().filter(|(_, tensor)| tensor.shape().len() == 2) {
        if architecture.is_made_from_linear(name) {
            return Err(TrainedError::OwnKind { tensor: name.clone() });
        }
        match (architecture.is_packed_layer(name), FloatDtype::of(tensor.dtype())) {
            (Some(false), _) => {}
            (Some(true), Some(FloatDtype::F16 | FloatDtype::BF16)) => {
                names.insert(name.clone());
            }
            (Some(true), _) => return Err(TrainedError::OtherDtype { tensor: name.clone(), dtype: tensor.dtype() }),
            (None, _) => return Err(TrainedError::UnknownTensor { tensor: name.clone(), class: class() }),
        }
    }
    if names.is_empty() {
        return Err(TrainedError::NothingPacked { class: class() });
    }
    Ok(names)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::error::assert_told;

    #[test]
    fn every_reason_is_said_in_korean() {
        let (tensor, class) = (|| "a.weight".to_owned(), || Some("MyModel".to_owned()));
        let cases: [(TrainedError, &[&str]); 6] = [
            (TrainedError::AlreadyPacked { method: "GPTQ".to_owned() }, &["GPTQ"]),
            (TrainedError::UnknownTensor { tensor: tensor(), class: class() }, &["a.weight", "MyModel"]),
            (TrainedError::NothingPacked { class: class() }, &["MyModel"]),
            (TrainedError::OwnKind { tensor: tensor() }, &["a.weight", "Linear"]),
            (TrainedError::Experts { parameter: "experts.up".to_owned() }, &["experts.up", "transformers 4"]),
            (TrainedError::OtherDtype { tensor: tensor(), dtype: Dtype::F32 }, &["a.weight", "F32"]),
        ];
        for (error, parts) in cases {
            assert_told(&error, parts);
        }
    }
}
