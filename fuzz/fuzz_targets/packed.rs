//! Packed weights: a config and a quantisation state that say anything of a few tensors. What is accepted can be read to
//! the end, row by row; what is refused is refused in a sentence.

#![no_main]

use std::{fs, path::PathBuf};

use libfuzzer_sys::fuzz_target;
use lorafuse::checkpoint::{Checkpoint, header_bytes};
use serde_json::{Map, Value, json};

/// Bytes of data that the tensors share.
const MOST_BYTES: usize = 1 << 16;

/// Tensors whose names mean something to a scheme; the input says which are there, of what dtype and shape.
const NAMES: [&str; 25] = [
    "a.weight",
    "a.weight.absmax",
    "a.weight.quant_map",
    "a.weight.nested_absmax",
    "a.weight.nested_quant_map",
    "a.SCB",
    "a.weight_format",
    "a.weight_scale_inv",
    "a.weight_scale",
    "a.weight_scale_2",
    "a.weight_packed",
    "a.weight_shape",
    "a.weight_zero_point",
    "a.weight_global_scale",
    "a.weight_g_idx",
    "a.qweight",
    "a.qzeros",
    "a.scales",
    "a.biases",
    "a.g_idx",
    "a_blocks",
    "a_scales",
    "a._weight_qdata",
    "a._weight_scale",
    "a._weight_zero_point",
];

const DTYPES: [&str; 9] = ["U8", "I8", "I32", "U32", "I64", "F32", "F16", "BF16", "F8_E4M3"];

fuzz_target!(|input: &[u8]| {
    // The config, the state and the tensors, each of which ends with a zero.
    let mut parts = input.splitn(3, |byte| *byte == 0);
    let (Some(config), Some(state), Some(tensors)) = (parts.next(), parts.next(), parts.next()) else { return };
    let Ok(mut config) = serde_json::from_slice::<Value>(config) else { return };
    let Some(keys) = config.as_object_mut() else { return };
    keys.entry("model_type").or_insert_with(|| "llama".into());
    let folder = folder();
    fs::write(folder.join("config.json"), config.to_string()).expect("a folder of our own");
    fs::write(folder.join("model.safetensors"), file(state, tensors)).expect("a folder of our own");
    match Checkpoint::open(&folder) {
        Ok(model) => model.tensors().values().for_each(|tensor| {
            let row_count = tensor.tile_shape().rows;
            let row = usize::try_from(tensor.byte_count()).expect("small") / row_count.max(1);
            for start in 0..row_count.min(3) {
                let mut bytes = vec![0; row];
                tensor.read_row_bytes(start..start + 1, &mut bytes).ok();
            }
        }),
        Err(error) => assert!(error.to_string().len() < 4_000, "an endless message: {error}"),
    }
});

fn folder() -> PathBuf {
    let folder = std::env::temp_dir().join(format!("lorafuse-fuzz-packed-{}", std::process::id()));
    fs::create_dir_all(&folder).expect("a folder of our own");
    folder
}

/// A file of tensors: four bytes each for name, dtype, rows and columns; their data are the same bytes again and again.
fn file(state: &[u8], tensors: &[u8]) -> Vec<u8> {
    let (mut header, mut data) = (Map::new(), Vec::new());
    let mut put = |name: &str, dtype: &str, shape: &[usize], bytes: &[u8]| {
        if header.contains_key(name) || data.len() + bytes.len() > MOST_BYTES {
            return;
        }
        let entry = json!({"dtype": dtype, "shape": shape, "data_offsets": [data.len(), data.len() + bytes.len()]});
        header.insert(name.to_owned(), entry);
        data.extend_from_slice(bytes);
    };
    if !state.is_empty() {
        put("a.weight.quant_state.bitsandbytes__nf4", "U8", &[state.len()], state);
    }
    for entry in tensors.chunks_exact(4) {
        let (name, dtype) = (NAMES[usize::from(entry[0]) % NAMES.len()], DTYPES[usize::from(entry[1]) % DTYPES.len()]);
        let shape = [usize::from(entry[2]), usize::from(entry[3] % 64)];
        let size = dtype.parse::<lorafuse::numeric::Dtype>().expect("one of ours").bitsize() / 8;
        let bytes: Vec<u8> = tensors.iter().copied().cycle().take(shape[0] * shape[1] * size).collect();
        put(name, dtype, &shape, &bytes);
    }
    [header_bytes(Value::Object(header).to_string().as_bytes()), data].concat()
}
