//! Checkpoints with the layout of real ones and weights from a counter: the same bytes in every run, on every machine.

use std::{
    fs::File,
    io::{self, Write as _},
    path::Path,
};

use lorafuse::{
    checkpoint::{INDEX_FILE, SINGLE_FILE, header_bytes},
    numeric::{FloatDtype, narrow},
};
use rayon::prelude::*;
use serde_json::{Map, Value, json};

/// Elements made at once, by all threads together.
const BATCH_ELEMENTS: usize = 1 << 22;

/// Elements that one thread makes at once.
const CHUNK_ELEMENTS: usize = 1 << 16;

/// Modules of a layer that get an adapter, all of them as most trainers do.
const TARGETS: [&str; 7] = ["q_proj", "k_proj", "v_proj", "o_proj", "gate_proj", "up_proj", "down_proj"];

/// Weights of an adapter come from the streams of random numbers from here on, those of the base from stream 0 on.
const ADAPTER_STREAMS: u64 = 1 << 20;

/// Standard deviation of weights (and of norms around 1), as transformers initialises a Llama.
const WEIGHT_DEVIATION: f32 = 0.02;

/// Standard deviation of a trained `lora_B`.
const LORA_B_DEVIATION: f32 = 0.01;

/// The sizes of a Llama.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct LlamaShape {
    pub name: &'static str,
    pub hidden: usize,
    pub intermediate: usize,
    pub layers: usize,
    pub heads: usize,
    pub key_value_heads: usize,
    pub vocabulary: usize,
    pub is_tied: bool,
}

/// A base and an adapter to write.
#[derive(Clone, Copy, Debug)]
pub struct Synthetic {
    pub shape: LlamaShape,
    pub dtype: FloatDtype,
    pub rank: usize,
    pub max_shard_bytes: u64,
    /// Whether the adapter brings a trained copy of the embedding too (`modules_to_save`).
    pub saves_embedding: bool,
}

/// A tensor to write.
struct Tensor {
    name: String,
    shape: Vec<usize>,
    deviation: f32,
    mean: f32,
}

impl LlamaShape {
    /// 4.9 M, 1.24 G and 8.17 G parameters.
    pub const ALL: [Self; 3] = [
        Self {
            name: "tiny",
            hidden: 256,
            intermediate: 688,
            layers: 4,
            heads: 8,
            key_value_heads: 2,
            vocabulary: 4096,
            is_tied: false,
        },
        // Llama 3.2 1B.
        Self {
            name: "1b",
            hidden: 2048,
            intermediate: 8192,
            layers: 16,
            heads: 32,
            key_value_heads: 8,
            vocabulary: 128_256,
            is_tied: true,
        },
        // Llama 3 8B with the vocabulary of a Korean fine-tune.
        Self {
            name: "8b-kr",
            hidden: 4096,
            intermediate: 14_336,
            layers: 32,
            heads: 32,
            key_value_heads: 8,
            vocabulary: 145_088,
            is_tied: false,
        },
    ];

    fn tensors(&self) -> Vec<Tensor> {
        let Self { hidden, intermediate, vocabulary, .. } = *self;
        let head_size = hidden / self.heads;
        let (queries, keys) = (self.heads * head_size, self.key_value_heads * head_size);
        let matrix = |name: String, rows, columns| Tensor {
            name,
            shape: vec![rows, columns],
            deviation: WEIGHT_DEVIATION,
            mean: 0.0,
        };
        let norm = |name: String| Tensor { name, shape: vec![hidden], deviation: WEIGHT_DEVIATION, mean: 1.0 };
        let mut tensors = vec![matrix("model.embed_tokens.weight".to_owned(), vocabulary, hidden)];
        for layer in 0..self.layers {
            let name = |module: &str| format!("model.layers.{layer}.{module}.weight");
            tensors.extend([
                norm(name("input_layernorm")),
                matrix(name("mlp.down_proj"), hidden, intermediate),
                matrix(name("mlp.gate_proj"), intermediate, hidden),
                matrix(name("mlp.up_proj"), intermediate, hidden),
                norm(name("post_attention_layernorm")),
                matrix(name("self_attn.k_proj"), keys, hidden),
                matrix(name("self_attn.o_proj"), hidden, queries),
                matrix(name("self_attn.q_proj"), queries, hidden),
                matrix(name("self_attn.v_proj"), keys, hidden),
            ]);
        }
        tensors.push(norm("model.norm.weight".to_owned()));
        if !self.is_tied {
            tensors.push(matrix("lm_head.weight".to_owned(), vocabulary, hidden));
        }
        tensors
    }

    fn config(&self, dtype: FloatDtype) -> Value {
        json!({
            "architectures": ["LlamaForCausalLM"],
            "model_type": "llama",
            "hidden_size": self.hidden,
            "intermediate_size": self.intermediate,
            "num_hidden_layers": self.layers,
            "num_attention_heads": self.heads,
            "num_key_value_heads": self.key_value_heads,
            "vocab_size": self.vocabulary,
            "rms_norm_eps": 1e-5,
            "rope_theta": 500_000.0,
            "max_position_embeddings": 8192,
            "hidden_act": "silu",
            "tie_word_embeddings": self.is_tied,
            "bos_token_id": 0,
            "eos_token_id": 1,
            "torch_dtype": dtype.config_name(),
            "_name_or_path": "local/synthetic-base",
        })
    }
}

impl Synthetic {
    /// Bytes of the base's tensors.
    pub fn base_byte_count(&self) -> u64 {
        self.shape.tensors().iter().map(|tensor| byte_count(tensor, self.dtype)).sum()
    }

    /// Bytes of the adapter's tensors.
    pub fn adapter_byte_count(&self) -> u64 {
        self.adapter_tensors().iter().map(|tensor| byte_count(tensor, FloatDtype::F32)).sum()
    }

    /// Modules that the adapter changes by low-rank factors.
    pub fn target_count(&self) -> usize {
        self.shape.layers * TARGETS.len()
    }

    /// Writes `folder/base` and `folder/adapter`, the adapter's config last.
    pub fn write(&self, folder: &Path) -> io::Result<()> {
        let (base, adapter) = (folder.join("base"), folder.join("adapter"));
        std::fs::create_dir_all(&base)?;
        std::fs::create_dir_all(&adapter)?;
        self.write_base(&base)?;
        write_weights(
            &adapter.join("adapter_model.safetensors"),
            &self.adapter_tensors(),
            FloatDtype::F32,
            ADAPTER_STREAMS,
        )?;
        let saved = if self.saves_embedding { json!(["embed_tokens"]) } else { Value::Null };
        let config = json!({
            "peft_type": "LORA",
            "task_type": "CAUSAL_LM",
            "r": self.rank,
            "lora_alpha": 2 * self.rank,
            "lora_dropout": 0.05,
            "bias": "none",
            "fan_in_fan_out": false,
            "target_modules": TARGETS,
            "modules_to_save": saved,
            "use_rslora": false,
            "use_dora": false,
            "base_model_name_or_path": "local/synthetic-base",
            "inference_mode": true,
        });
        write_json(&adapter.join("adapter_config.json"), &config)
    }

    fn write_base(&self, base: &Path) -> io::Result<()> {
        write_json(&base.join("config.json"), &self.shape.config(self.dtype))?;
        let shards = self.shards();
        let mut weight_map = Map::new();
        let mut first_stream = 0;
        for (index, shard) in shards.iter().enumerate() {
            let name = match shards.len() {
                1 => SINGLE_FILE.to_owned(),
                total => format!("model-{:05}-of-{total:05}.safetensors", index + 1),
            };
            write_weights(&base.join(&name), shard, self.dtype, first_stream)?;
            first_stream += shard.len() as u64;
            weight_map.extend(shard.iter().map(|tensor| (tensor.name.clone(), name.clone().into())));
        }
        if shards.len() > 1 {
            let index = json!({"metadata": {"total_size": self.base_byte_count()}, "weight_map": weight_map});
            write_json(&base.join(INDEX_FILE), &index)?;
        }
        Ok(())
    }

    /// The base's tensors in order, in shards of at most `max_shard_bytes`.
    fn shards(&self) -> Vec<Vec<Tensor>> {
        let mut shards = vec![Vec::new()];
        let mut shard_bytes = 0;
        for tensor in self.shape.tensors() {
            let tensor_bytes = byte_count(&tensor, self.dtype);
            if shard_bytes > 0 && shard_bytes + tensor_bytes > self.max_shard_bytes {
                shards.push(Vec::new());
                shard_bytes = 0;
            }
            shard_bytes += tensor_bytes;
            shards.last_mut().expect("there is a first shard").push(tensor);
        }
        shards
    }

    fn adapter_tensors(&self) -> Vec<Tensor> {
        let mut tensors = Vec::new();
        for Tensor { name, shape, .. } in self.shape.tensors() {
            let Some(module) = name.strip_suffix(".weight") else { continue };
            let key = |part: &str| format!("base_model.model.{module}.{part}.weight");
            if TARGETS.iter().any(|target| module.ends_with(target)) {
                let (rows, columns) = (shape[0], shape[1]);
                let lora_a_deviation = 1.0 / (columns as f32).sqrt();
                let factor = |name, shape, deviation| Tensor { name, shape, deviation, mean: 0.0 };
                tensors.push(factor(key("lora_A"), vec![self.rank, columns], lora_a_deviation));
                tensors.push(factor(key("lora_B"), vec![rows, self.rank], LORA_B_DEVIATION));
            } else if self.saves_embedding && module.ends_with("embed_tokens") {
                let name = format!("base_model.model.{name}");
                tensors.push(Tensor { name, shape, deviation: WEIGHT_DEVIATION, mean: 0.0 });
            }
        }
        tensors
    }
}

fn byte_count(tensor: &Tensor, dtype: FloatDtype) -> u64 {
    (tensor.shape.iter().product::<usize>() * dtype.byte_count()) as u64
}

fn write_json(path: &Path, value: &Value) -> io::Result<()> {
    std::fs::write(path, serde_json::to_string_pretty(value)?)
}

/// Writes one safetensors file; the weights of tensor n come from stream `first_stream` + n.
fn write_weights(path: &Path, tensors: &[Tensor], dtype: FloatDtype, first_stream: u64) -> io::Result<()> {
    let mut header = Map::from_iter([("__metadata__".to_owned(), json!({"format": "pt"}))]);
    let mut end = 0;
    for tensor in tensors {
        let start = end;
        end += byte_count(tensor, dtype);
        let entry = json!({"dtype": dtype.stored(), "shape": tensor.shape, "data_offsets": [start, end]});
        header.insert(tensor.name.clone(), entry);
    }
    let mut file = File::create(path)?;
    file.write_all(&header_bytes(Value::Object(header).to_string().as_bytes()))?;
    let mut bytes = vec![0; BATCH_ELEMENTS * dtype.byte_count()];
    for (stream, tensor) in (first_stream..).zip(tensors) {
        let element_count: usize = tensor.shape.iter().product();
        for start in (0..element_count).step_by(BATCH_ELEMENTS) {
            let batch = &mut bytes[..(element_count - start).min(BATCH_ELEMENTS) * dtype.byte_count()];
            fill(batch, tensor, dtype, stream, start as u64);
            file.write_all(batch)?;
        }
    }
    file.sync_all()
}

/// Values of a tensor from element `first` on.
fn fill(bytes: &mut [u8], tensor: &Tensor, dtype: FloatDtype, stream: u64, first: u64) {
    bytes.par_chunks_mut(CHUNK_ELEMENTS * dtype.byte_count()).enumerate().for_each(|(chunk, bytes)| {
        let first = first + (chunk * CHUNK_ELEMENTS) as u64;
        let count = (bytes.len() / dtype.byte_count()) as u64;
        let values: Vec<f32> =
            (first..first + count).map(|index| tensor.mean + tensor.deviation * normal(stream, index)).collect();
        narrow(dtype, &values, bytes);
    });
}

/// A value of about N(0, 1) that follows from its place alone: `SplitMix64` of a counter, and the sum of its four
/// 16-bit parts (Irwin–Hall).
fn normal(stream: u64, index: u64) -> f32 {
    /// Mean of the sum of four numbers from 0 to 65535.
    const MEAN: f32 = 131_070.0;
    /// Its standard deviation, 65536 / √3.
    const DEVIATION: f32 = 37_837.23;
    let mut bits = (stream << 40 | index).wrapping_add(1).wrapping_mul(0x9e37_79b9_7f4a_7c15);
    bits = (bits ^ (bits >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    bits = (bits ^ (bits >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    bits ^= bits >> 31;
    let sum = (bits & 0xffff) + (bits >> 16 & 0xffff) + (bits >> 32 & 0xffff) + (bits >> 48);
    (sum as f32 - MEAN) / DEVIATION
}
