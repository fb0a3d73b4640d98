//! Whether a GGUF file says of itself what the model is.

use std::collections::BTreeMap;

use super::super::{Check, Detail, Evidence, Question};
use crate::{
    checkpoint::gguf::{GgufHeader, GgufTensor, GgufValue},
    gguf::GgufExport,
};

/// Keys that tell where a file comes from, and change nothing that is computed.
const FREE_KEYS: [&str; 2] = ["general.", "quantize."];

/// The one of them that decides what is run.
const ARCHITECTURE_KEY: &str = "general.architecture";

/// Compares keys, names and shapes with those of the file that base and adapter give.
pub(super) fn check(held: &GgufHeader, expected: &GgufExport) -> Check {
    let keys: BTreeMap<&str, &GgufValue> = held.metadata.iter().map(|(key, value)| (key.as_str(), value)).collect();
    let wanted: BTreeMap<&str, &GgufValue> =
        expected.header.metadata.iter().map(|(key, value)| (key.as_str(), value)).collect();
    let is_free = |key: &str| key != ARCHITECTURE_KEY && FREE_KEYS.iter().any(|start| key.starts_with(start));
    let counts = |key: &&&str| !is_free(key);
    let differing = wanted.keys().filter(counts).filter(|key| keys.get(**key) != wanted.get(**key));
    let unexpected = keys.keys().filter(counts).filter(|key| !wanted.contains_key(**key));
    let mut differing: Vec<String> = differing.chain(unexpected).map(|key| (*key).to_owned()).collect();
    differing.sort();
    let mut problems = Vec::new();
    if !differing.is_empty() {
        problems.push(Detail::OtherKeys { names: differing });
    }
    let (mut missing, mut warnings) = (Vec::new(), Vec::new());
    for tensor in &expected.header.tensors {
        match held.tensors.iter().find(|held| held.name == tensor.name) {
            None => missing.push(tensor.name.clone()),
            Some(held) if held.dims != tensor.dims => {
                let [held, expected] = [held, tensor].map(shape);
                problems.push(Detail::OtherShape { tensor: tensor.name.clone(), held, expected });
            }
            Some(held) if held.ggml_type != tensor.ggml_type => warnings.push(Detail::OtherBlockType {
                tensor: tensor.name.clone(),
                held: held.ggml_type.name(),
                expected: tensor.ggml_type.name(),
            }),
            Some(_) => {}
        }
    }
    let is_unknown = |held: &&GgufTensor| expected.header.tensors.iter().all(|tensor| tensor.name != held.name);
    let unknown: Vec<String> = held.tensors.iter().filter(is_unknown).map(|tensor| tensor.name.clone()).collect();
    if !missing.is_empty() {
        problems.push(Detail::AbsentTensors { names: missing });
    }
    if !unknown.is_empty() {
        problems.push(Detail::UnknownTensors { names: unknown });
    }
    let evidence = Evidence::Held {
        tensor_count: held.tensors.len(),
        parameter_count: held.tensors.iter().map(|tensor| tensor.dims.iter().product::<u64>()).sum(),
        byte_count: held.file_byte_count(),
        file_count: 1,
        unlisted_class: None,
    };
    Check::judged(Question::Complete, evidence, problems, warnings)
}

/// The dimensions as a shape, outermost first.
fn shape(tensor: &GgufTensor) -> Vec<usize> {
    tensor.dims.iter().rev().map(|dim| usize::try_from(*dim).unwrap_or(usize::MAX)).collect()
}
