//! A Llama of 8 billion weights in files of headers and holes, which cost nothing.

use std::{
    collections::HashMap,
    io::{Seek as _, SeekFrom, Write as _},
    path::Path,
    sync::Arc,
};

use lorafuse::{
    checkpoint::{Checkpoint, SafetensorsFile, WeightFile as _, header_bytes},
    numeric::{Dtype, codec::NF4},
};
use serde_json::{Map, json};

/// Rows of the embedding, as Korean models have them.
pub const VOCAB: usize = 145_088;

/// Decoder layers.
pub const LAYERS: usize = 32;

/// Every linear of a layer, with its outputs and inputs.
pub const LINEARS: [(&str, usize, usize); 7] = [
    ("self_attn.q_proj", 4096, 4096),
    ("self_attn.k_proj", 1024, 4096),
    ("self_attn.v_proj", 1024, 4096),
    ("self_attn.o_proj", 4096, 4096),
    ("mlp.gate_proj", 14336, 4096),
    ("mlp.up_proj", 14336, 4096),
    ("mlp.down_proj", 4096, 14336),
];

/// A Llama of 8 billion weights with 145,088 tokens, as Korean ones have them: name and shape.
fn tensors(vocab: usize) -> Vec<(String, Vec<usize>)> {
    let mut tensors = vec![
        ("model.embed_tokens.weight".to_owned(), vec![vocab, 4096]),
        ("lm_head.weight".to_owned(), vec![vocab, 4096]),
        ("model.norm.weight".to_owned(), vec![4096]),
    ];
    for layer in 0..LAYERS {
        let name = |part: &str| format!("model.layers.{layer}.{part}.weight");
        tensors.extend(LINEARS.map(|(part, rows, columns)| (name(part), vec![rows, columns])));
        tensors.extend(["input_layernorm", "post_attention_layernorm"].map(|part| (name(part), vec![4096])));
    }
    tensors
}

/// What bitsandbytes makes of a matrix in NF4 with nested quantisation: name, dtype, shape.
fn nf4(name: &str, element_count: usize) -> Vec<(String, &'static str, Vec<usize>)> {
    let blocks = element_count / 64;
    vec![
        (name.to_owned(), "U8", vec![element_count / 2, 1]),
        (format!("{name}.absmax"), "U8", vec![blocks]),
        (format!("{name}.nested_absmax"), "F32", vec![blocks / 256]),
        (format!("{name}.quant_map"), "F32", vec![16]),
        (format!("{name}.nested_quant_map"), "F32", vec![256]),
        (format!("{name}.quant_state.bitsandbytes__nf4"), "U8", vec![172]),
    ]
}

/// What must stand in the tables of a matrix so that its codes can be read.
fn nf4_content(name: &str, shape: &[usize]) -> [(String, Vec<u8>); 2] {
    let state = json!({
        "quant_type": "nf4", "blocksize": 64, "dtype": "bfloat16", "shape": shape, "nested_blocksize": 256,
        "nested_dtype": "float32", "nested_offset": 0.0,
    });
    [
        (format!("{name}.quant_map"), NF4.iter().flat_map(|value| value.to_le_bytes()).collect()),
        (format!("{name}.quant_state.bitsandbytes__nf4"), format!("{:172}", state.to_string()).into_bytes()),
    ]
}

/// Writes a model of headers and a hole.
fn put_sparse(folder: &Path, vocab: usize, tensors: &[(String, &str, Vec<usize>)]) -> Checkpoint {
    put_model(folder, vocab, tensors, &[])
}

/// The same with a few tensors that are no holes.
fn put_model(
    folder: &Path,
    vocab: usize,
    tensors: &[(String, &str, Vec<usize>)],
    filled: &[(String, Vec<u8>)],
) -> Checkpoint {
    std::fs::create_dir_all(folder).unwrap();
    let config = json!({"model_type": "llama", "architectures": ["LlamaForCausalLM"], "vocab_size": vocab});
    std::fs::write(folder.join("config.json"), config.to_string()).unwrap();
    let path = folder.join("model.safetensors");
    put_holes(&path, tensors);
    let file = std::fs::OpenOptions::new().write(true).open(&path).unwrap();
    let places = Arc::new(SafetensorsFile::open(&path).unwrap()).tensors();
    let places: HashMap<&str, u64> = places.iter().map(|tensor| (tensor.name(), tensor.file_offset())).collect();
    for (name, bytes) in filled {
        (&file).seek(SeekFrom::Start(places[name.as_str()])).unwrap();
        (&file).write_all(bytes).unwrap();
    }
    Checkpoint::open(folder).unwrap()
}

/// Writes tensors (name, dtype, shape) as a header and a hole; returns the bytes of the hole.
pub fn put_holes(path: &Path, tensors: &[(String, &str, Vec<usize>)]) -> u64 {
    let mut header = Map::new();
    let mut end = 0_u64;
    for (name, dtype, shape) in tensors {
        let start = end;
        let count: usize = shape.iter().product();
        end += count as u64 * Dtype::parse(dtype).unwrap().bitsize() as u64 / 8;
        header.insert(name.clone(), json!({"dtype": dtype, "shape": shape, "data_offsets": [start, end]}));
    }
    let head = header_bytes(serde_json::Value::Object(header).to_string().as_bytes());
    std::fs::write(path, &head).unwrap();
    let file = std::fs::OpenOptions::new().write(true).open(path).unwrap();
    file.set_len(head.len() as u64 + end).unwrap();
    end
}

/// All of it in `dtype`.
pub fn plain(folder: &Path, vocab: usize, dtype: &'static str) -> Checkpoint {
    let tensors: Vec<_> = tensors(vocab).into_iter().map(|(name, shape)| (name, dtype, shape)).collect();
    put_sparse(folder, vocab, &tensors)
}

/// NF4 linears; everything else in `rest`.
pub fn quantised(folder: &Path, vocab: usize, rest: &'static str) -> Checkpoint {
    let model = tensors(vocab);
    let is_packed = |(name, shape): &&(String, Vec<usize>)| shape.len() == 2 && name.contains("layers");
    let filled: Vec<_> = model.iter().filter(is_packed).flat_map(|(name, shape)| nf4_content(name, shape)).collect();
    let tensors: Vec<_> = model
        .into_iter()
        .flat_map(|(name, shape)| match shape.as_slice() {
            [rows, columns] if name.contains("layers") => nf4(&name, rows * columns),
            _ => vec![(name, rest, shape)],
        })
        .collect();
    put_model(folder, vocab, &tensors, &filled)
}
