//! A model large enough that a merge takes a while: a row of ones in each weight and holes else, so that it costs
//! neither time nor disk to make.

use std::{
    io::{Seek as _, SeekFrom, Write as _},
    path::Path,
};

use safetensors::tensor::TensorView;

/// Rank of every adapter made here.
const RANK: usize = 4;

/// A Llama-like model of square projections.
pub struct LargeModel {
    /// Weight files; the layers are dealt out to them.
    pub shards: usize,
    /// Layers, each with `q_proj`, `k_proj`, `v_proj` and `o_proj`.
    pub layers: usize,
    /// Rows and columns of each projection.
    pub width: usize,
}

impl LargeModel {
    const PROJECTIONS: [&str; 4] = ["q_proj", "k_proj", "v_proj", "o_proj"];

    /// Tensors of the base.
    pub fn tensor_count(&self) -> usize {
        self.layers * Self::PROJECTIONS.len()
    }

    /// Bytes of all tensors as float32.
    pub fn byte_count(&self) -> usize {
        self.tensor_count() * self.tensor_bytes()
    }

    fn tensor_bytes(&self) -> usize {
        self.width * self.width * 4
    }

    /// Writes the base and an adapter for every `q_proj` and `v_proj`.
    pub fn write(&self, base: &Path, adapter: &Path) {
        std::fs::create_dir_all(base).unwrap();
        let mut weight_map = serde_json::Map::new();
        for shard in 0..self.shards {
            let name = format!("model-{:05}-of-{:05}.safetensors", shard + 1, self.shards);
            let layers = shard * self.layers / self.shards..(shard + 1) * self.layers / self.shards;
            let tensors: Vec<String> = layers.flat_map(Self::tensors).collect();
            self.write_shard(&base.join(&name), &tensors);
            weight_map.extend(tensors.into_iter().map(|tensor| (tensor, name.clone().into())));
        }
        let index = serde_json::json!({ "metadata": { "total_size": self.byte_count() }, "weight_map": weight_map });
        std::fs::write(base.join("model.safetensors.index.json"), index.to_string()).unwrap();
        let config = serde_json::json!({
            "architectures": ["LlamaForCausalLM"], "model_type": "llama", "num_hidden_layers": self.layers,
            "torch_dtype": "float32",
        });
        std::fs::write(base.join("config.json"), config.to_string()).unwrap();
        let targets = (0..self.layers).flat_map(|layer| {
            ["q_proj", "v_proj"].map(|projection| format!("model.layers.{layer}.self_attn.{projection}"))
        });
        write_adapter(adapter, &targets.collect::<Vec<_>>(), self.width, self.width);
    }

    fn tensors(layer: usize) -> impl Iterator<Item = String> {
        Self::PROJECTIONS.map(|projection| format!("model.layers.{layer}.self_attn.{projection}.weight")).into_iter()
    }

    fn write_shard(&self, path: &Path, tensors: &[String]) {
        let mut header = serde_json::Map::new();
        for (index, tensor) in tensors.iter().enumerate() {
            let offsets = [index * self.tensor_bytes(), (index + 1) * self.tensor_bytes()];
            let entry =
                serde_json::json!({ "dtype": "F32", "shape": [self.width, self.width], "data_offsets": offsets });
            header.insert(tensor.clone(), entry);
        }
        let header = serde_json::Value::Object(header).to_string();
        let mut start = (header.len() as u64).to_le_bytes().to_vec();
        start.extend_from_slice(header.as_bytes());
        let ones: Vec<u8> = (0..self.width).flat_map(|_| 1.0_f32.to_le_bytes()).collect();
        let mut sparse = std::fs::File::create(path).unwrap();
        sparse.write_all(&start).unwrap();
        for index in 0..tensors.len() {
            sparse.seek(SeekFrom::Start((start.len() + index * self.tensor_bytes()) as u64)).unwrap();
            sparse.write_all(&ones).unwrap();
        }
        sparse.set_len((start.len() + tensors.len() * self.tensor_bytes()) as u64).unwrap();
    }
}

/// Writes an adapter that updates each of `modules`.
pub fn write_adapter(folder: &Path, modules: &[String], out_features: usize, in_features: usize) {
    std::fs::create_dir_all(folder).unwrap();
    let config = serde_json::json!({
        "peft_type": "LORA", "r": RANK, "lora_alpha": 8, "target_modules": ["q_proj", "v_proj"],
        "base_model_name_or_path": "someone/else",
    });
    std::fs::write(folder.join("adapter_config.json"), config.to_string()).unwrap();
    let factor = |count: usize| (0..count).flat_map(|index| (index as f32).sin().to_le_bytes()).collect::<Vec<u8>>();
    let (a, b) = (factor(RANK * in_features), factor(out_features * RANK));
    let view = |shape: Vec<usize>, data| TensorView::new(safetensors::Dtype::F32, shape, data).unwrap();
    let tensors = modules.iter().flat_map(|module| {
        [
            (format!("base_model.model.{module}.lora_A.weight"), view(vec![RANK, in_features], &a)),
            (format!("base_model.model.{module}.lora_B.weight"), view(vec![out_features, RANK], &b)),
        ]
    });
    let bytes = safetensors::serialize(tensors, None).unwrap();
    std::fs::write(folder.join("adapter_model.safetensors"), bytes).unwrap();
}
