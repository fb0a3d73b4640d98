//! Files in the types that are met and never written here: what is opened has the values of the blocks.

use std::path::{Path, PathBuf};

use lorafuse::{
    checkpoint::{
        CheckpointError,
        gguf::{GgufHeader, GgufModelError, GgufTensor},
    },
    gguf::{FileType, open_model},
    numeric::codec::GgmlType,
};

use super::{models::Case, open::exported};
use crate::support::{repository, values};

/// The data of a tensor of `count` values in `ggml_type`: made of its values, or where the type is read only, ggml's own
/// blocks of other values.
fn blocks(ggml_type: GgmlType, values: &[f32]) -> Vec<u8> {
    let mut bytes = vec![0; ggml_type.byte_count(values.len()).unwrap()];
    if ggml_type.encode(values, &mut bytes).is_err() {
        let golden = repository().join(format!("tests/golden-gguf/rows/{ggml_type}.bin"));
        let golden = std::fs::read(golden).unwrap();
        bytes = golden.into_iter().cycle().take(bytes.len()).collect();
    }
    bytes
}

/// Copies of a file in float32: one with its matrices in `ggml_type`, one with the values that those blocks have.
fn in_type(path: &Path, ggml_type: GgmlType) -> [PathBuf; 2] {
    let header = GgufHeader::open(path).unwrap();
    let file = std::fs::read(path).unwrap();
    let (mut tensors, mut data) = ([vec![], vec![]], [vec![], vec![]]);
    for tensor in &header.tensors {
        let start = usize::try_from(header.data_start + tensor.offset).unwrap();
        let bytes = &file[start..][..usize::try_from(tensor.byte_count).unwrap()];
        let is_packed = tensor.dims.len() > 1;
        let values: Vec<f32> = bytes.as_chunks::<4>().0.iter().map(|bytes| f32::from_le_bytes(*bytes)).collect();
        let packed = if is_packed { blocks(ggml_type, &values) } else { bytes.to_vec() };
        let mut unpacked = values;
        if is_packed {
            ggml_type.decode(&packed, &mut unpacked);
        }
        let unpacked = unpacked.iter().flat_map(|value| value.to_le_bytes()).collect();
        for (file, (ggml_type, bytes)) in
            [(if is_packed { ggml_type } else { tensor.ggml_type }, packed), (tensor.ggml_type, unpacked)]
                .into_iter()
                .enumerate()
        {
            tensors[file].push(GgufTensor::new(tensor.name.clone(), tensor.dims.clone(), ggml_type).unwrap());
            data[file].extend(bytes);
            data[file].resize(data[file].len().next_multiple_of(32), 0);
        }
    }
    let mut files = tensors.into_iter().zip(data).zip(["packed", "unpacked"]).map(|((tensors, data), name)| {
        let mut bytes = GgufHeader::new(header.metadata.clone(), tensors).unwrap().to_bytes();
        bytes.extend(data);
        let file = path.with_file_name(format!("{name}-{ggml_type}.gguf"));
        std::fs::write(&file, bytes).unwrap();
        file
    });
    std::array::from_fn(|_| files.next().unwrap())
}

#[test]
fn a_file_of_any_type_that_is_read_has_the_values_of_its_blocks() {
    let golden = Case::new("llama-k256");
    let path = exported(&golden, FileType::F32);
    for ggml_type in GgmlType::ALL {
        let [packed, unpacked] = in_type(&path, ggml_type).map(|file| open_model(&file).unwrap());
        assert_eq!(packed.tensors().len(), unpacked.tensors().len(), "{ggml_type}");
        for tensor in packed.tensors().values() {
            let expected = unpacked.tensor(tensor.name()).unwrap();
            assert_eq!(tensor.shape(), expected.shape(), "{ggml_type}: {}", tensor.name());
            assert_eq!(values(tensor), values(expected), "{ggml_type}: {}", tensor.name());
        }
        let by_type = &packed.gguf().unwrap().by_type;
        assert!(by_type.iter().any(|(name, ..)| *name == ggml_type.name()), "{ggml_type}: {by_type:?}");
    }
}

/// Types of the file that no block of ours has: refused by the name of the tensor and of the type.
#[test]
fn types_that_are_not_read_are_named() {
    let golden = Case::new("llama-spm");
    let path = exported(&golden, FileType::F32);
    let bytes = std::fs::read(&path).unwrap();
    let name = b"blk.0.ffn_up.weight";
    let at = bytes.windows(name.len()).position(|window| window == name).unwrap() + name.len();
    // Behind the name stand the count of dimensions, two of them, and the type.
    let type_at = at + 4 + 2 * 8;
    for (number, type_name) in [(20_u32, "IQ4_NL"), (16, "IQ2_XXS"), (39, "MXFP4"), (999, "999")] {
        let mut copy = bytes.clone();
        copy[type_at..type_at + 4].copy_from_slice(&number.to_le_bytes());
        let other = path.with_file_name("other.gguf");
        std::fs::write(&other, copy).unwrap();
        let Err(CheckpointError::Gguf { problem, .. }) = open_model(&other) else { panic!("{type_name}") };
        assert!(matches!(problem, GgufModelError::Header { .. }), "{type_name}: {problem}");
        let sentence = problem.to_string();
        assert!(sentence.contains(type_name) && sentence.contains("blk.0.ffn_up.weight"), "{sentence}");
    }
}
