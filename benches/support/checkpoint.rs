//! Llama-shaped checkpoints with random weights and an adapter for them, as large as real ones.

use std::{
    fs::File,
    io::{BufWriter, Write as _},
    path::Path,
};

use half::bf16;
use serde_json::{Map, Value, json};

/// Values that all tensors are cut from, each from another place: real entropy, cheap to make.
const POOL_LEN: usize = 1 << 24;

/// Tensor bytes of one file at most.
const SHARD_BYTES: u64 = 5_000_000_000;

/// A tensor that is to be written.
type NamedShape = (String, Vec<usize>);

/// The dimensions of a Llama.
#[derive(Clone, Copy)]
pub struct Shape {
    pub hidden: usize,
    pub intermediate: usize,
    pub layers: usize,
    pub heads: usize,
    pub key_value_heads: usize,
    pub vocab: usize,
    pub is_tied: bool,
}

impl Shape {
    /// A shape by its name.
    pub fn named(name: &str) -> Option<Self> {
        let shape = |hidden, intermediate, layers, heads, vocab, is_tied| {
            Some(Self { hidden, intermediate, layers, heads, key_value_heads: heads / 4, vocab, is_tied })
        };
        match name {
            "tiny" => shape(256, 688, 4, 8, 4_096, false),
            // Llama-3.2-1B, 2.47 GB in bfloat16.
            "1b" => shape(2_048, 8_192, 16, 32, 128_256, true),
            // Llama-3-8B with a Korean vocabulary, 16.3 GB in bfloat16.
            "8b-kr" => shape(4_096, 14_336, 32, 32, 145_088, false),
            _ => None,
        }
    }

    /// `(name, out_features, in_features)` of a layer's projections.
    fn projections(&self) -> [(&'static str, usize, usize); 7] {
        let key_value = self.hidden / self.heads * self.key_value_heads;
        [
            ("mlp.down_proj", self.hidden, self.intermediate),
            ("mlp.gate_proj", self.intermediate, self.hidden),
            ("mlp.up_proj", self.intermediate, self.hidden),
            ("self_attn.k_proj", key_value, self.hidden),
            ("self_attn.o_proj", self.hidden, self.hidden),
            ("self_attn.q_proj", self.hidden, self.hidden),
            ("self_attn.v_proj", key_value, self.hidden),
        ]
    }

    fn tensors(&self) -> Vec<NamedShape> {
        let mut tensors = vec![("model.embed_tokens.weight".to_owned(), vec![self.vocab, self.hidden])];
        for layer in 0..self.layers {
            let prefix = format!("model.layers.{layer}");
            for norm in ["input_layernorm", "post_attention_layernorm"] {
                tensors.push((format!("{prefix}.{norm}.weight"), vec![self.hidden]));
            }
            for (name, rows, columns) in self.projections() {
                tensors.push((format!("{prefix}.{name}.weight"), vec![rows, columns]));
            }
        }
        tensors.push(("model.norm.weight".to_owned(), vec![self.hidden]));
        if !self.is_tied {
            tensors.push(("lm_head.weight".to_owned(), vec![self.vocab, self.hidden]));
        }
        tensors
    }

    fn config(&self, dtype: &str) -> Value {
        json!({
            "architectures": ["LlamaForCausalLM"], "model_type": "llama", "hidden_size": self.hidden,
            "intermediate_size": self.intermediate, "num_hidden_layers": self.layers,
            "num_attention_heads": self.heads, "num_key_value_heads": self.key_value_heads,
            "vocab_size": self.vocab, "tie_word_embeddings": self.is_tied, "rms_norm_eps": 1e-5,
            "rope_theta": 500_000.0, "max_position_embeddings": 8192, "hidden_act": "silu",
            "torch_dtype": if dtype == "BF16" { "bfloat16" } else { "float32" },
        })
    }
}

/// Random values of a normal distribution's spread, encoded in one dtype.
struct Pool {
    bytes: Vec<u8>,
    element_bytes: usize,
    state: u64,
}

impl Pool {
    fn new(dtype: &str, deviation: f32) -> Self {
        let mut state = 0x9e37_79b9_7f4a_7c15_u64;
        let mut values = (0..POOL_LEN).map(|_| {
            // The sum of four uniform bytes is close enough to a normal distribution.
            let bytes = next(&mut state).to_le_bytes();
            let sum: i32 = bytes[..4].iter().map(|byte| i32::from(*byte)).sum();
            (sum as f32 - 510.0) / 148.0 * deviation
        });
        let bytes: Vec<u8> = match dtype {
            "BF16" => values.by_ref().flat_map(|value| bf16::from_f32(value).to_le_bytes()).collect(),
            _ => values.by_ref().flat_map(f32::to_le_bytes).collect(),
        };
        drop(values);
        Self { element_bytes: bytes.len() / POOL_LEN, bytes, state }
    }

    fn write(&mut self, mut element_count: usize, out: &mut impl std::io::Write) -> std::io::Result<()> {
        while element_count > 0 {
            let start = usize::try_from(next(&mut self.state) % (POOL_LEN as u64 / 2)).unwrap_or(0);
            let count = element_count.min(POOL_LEN - start);
            out.write_all(&self.bytes[start * self.element_bytes..(start + count) * self.element_bytes])?;
            element_count -= count;
        }
        Ok(())
    }
}

fn next(state: &mut u64) -> u64 {
    *state ^= *state << 13;
    *state ^= *state >> 7;
    *state ^= *state << 17;
    *state
}

/// Writes a checkpoint to `folder`.
pub fn write_base(folder: &Path, shape: Shape, dtype: &str) -> std::io::Result<()> {
    std::fs::create_dir_all(folder)?;
    let mut pool = Pool::new(dtype, 0.02);
    let byte_count = |shape: &[usize]| (shape.iter().product::<usize>() * pool.element_bytes) as u64;
    let mut shards: Vec<(u64, Vec<NamedShape>)> = Vec::new();
    for (name, dimensions) in shape.tensors() {
        let bytes = byte_count(&dimensions);
        match shards.last_mut() {
            Some((total, tensors)) if *total + bytes <= SHARD_BYTES => {
                *total += bytes;
                tensors.push((name, dimensions));
            }
            _ => shards.push((bytes, vec![(name, dimensions)])),
        }
    }
    let count = shards.len();
    let mut weight_map = Map::new();
    for (index, (_, tensors)) in shards.iter().enumerate() {
        let file_name = match count {
            1 => "model.safetensors".to_owned(),
            _ => format!("model-{:05}-of-{count:05}.safetensors", index + 1),
        };
        for (name, _) in tensors {
            weight_map.insert(name.clone(), json!(file_name));
        }
        write_file(&folder.join(file_name), tensors, dtype, &mut pool)?;
    }
    if count > 1 {
        let index = json!({"metadata": {}, "weight_map": weight_map});
        std::fs::write(folder.join("model.safetensors.index.json"), index.to_string())?;
    }
    std::fs::write(folder.join("config.json"), shape.config(dtype).to_string())
}

/// Writes an adapter of `rank` on all projections, with a full copy of the output layer if asked.
pub fn write_adapter(folder: &Path, shape: Shape, rank: usize, saves_head: bool) -> std::io::Result<()> {
    std::fs::create_dir_all(folder)?;
    let mut tensors = Vec::new();
    for layer in 0..shape.layers {
        for (name, rows, columns) in shape.projections() {
            let key = format!("base_model.model.model.layers.{layer}.{name}");
            tensors.push((format!("{key}.lora_A.weight"), vec![rank, columns]));
            tensors.push((format!("{key}.lora_B.weight"), vec![rows, rank]));
        }
    }
    if saves_head {
        tensors.push(("base_model.model.lm_head.weight".to_owned(), vec![shape.vocab, shape.hidden]));
    }
    write_file(&folder.join("adapter_model.safetensors"), &tensors, "F32", &mut Pool::new("F32", 0.01))?;
    let modules: Vec<&str> =
        shape.projections().iter().map(|(name, ..)| name.rsplit('.').next().unwrap_or(name)).collect();
    let config = json!({
        "peft_type": "LORA", "task_type": "CAUSAL_LM", "r": rank, "lora_alpha": 2 * rank, "lora_dropout": 0.0,
        "bias": "none", "fan_in_fan_out": false, "target_modules": modules,
        "modules_to_save": if saves_head { json!(["lm_head"]) } else { Value::Null },
        "base_model_name_or_path": "bench/base",
    });
    std::fs::write(folder.join("adapter_config.json"), config.to_string())
}

fn write_file(path: &Path, tensors: &[NamedShape], dtype: &str, pool: &mut Pool) -> std::io::Result<()> {
    let mut header = Map::from_iter([("__metadata__".to_owned(), json!({"format": "pt"}))]);
    let mut end = 0;
    for (name, shape) in tensors {
        let start = end;
        end += shape.iter().product::<usize>() * pool.element_bytes;
        header.insert(name.clone(), json!({"dtype": dtype, "shape": shape, "data_offsets": [start, end]}));
    }
    let mut header = Value::Object(header).to_string();
    // The header is padded to eight bytes, as the reference implementation does.
    header.push_str(&" ".repeat(header.len().next_multiple_of(8) - header.len()));
    let mut file = BufWriter::with_capacity(1 << 20, File::create(path)?);
    file.write_all(&(header.len() as u64).to_le_bytes())?;
    file.write_all(header.as_bytes())?;
    for (_, shape) in tensors {
        pool.write(shape.iter().product(), &mut file)?;
    }
    file.into_inner()?.sync_all()
}
