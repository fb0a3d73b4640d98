//! From the drop of a pair to the first frame with its modules.

use std::{
    path::Path,
    time::{Duration, Instant},
};

use lorafuse::{checkpoint::header_bytes, gui::Job};
use serde_json::{Map, json};

use crate::{
    sparse_llama::{VOCAB, plain},
    window::{FRAME, Window},
};

/// What it may take.
const LIMIT: Duration = Duration::from_millis(300);

/// Windows that open the pair, one after the other.
const ROUNDS: usize = 5;

/// Rank of the adapter, as most people train it.
const RANK: usize = 16;

/// Every linear of a layer, with its outputs and inputs.
const LINEARS: [(&str, usize, usize); 7] = [
    ("self_attn.q_proj", 4096, 4096),
    ("self_attn.k_proj", 1024, 4096),
    ("self_attn.v_proj", 1024, 4096),
    ("self_attn.o_proj", 4096, 4096),
    ("mlp.gate_proj", 14336, 4096),
    ("mlp.up_proj", 14336, 4096),
    ("mlp.down_proj", 4096, 14336),
];

/// Opens a Llama of 8 billion weights with an adapter on all of its 224 linears, both made of headers and holes.
pub fn measure() {
    let folder = tempfile::tempdir().unwrap();
    let (base, adapter) = (folder.path().join("llama-8b"), folder.path().join("adapter"));
    let model = plain(&base, VOCAB, "BF16");
    let adapter_bytes = write_adapter(&adapter);
    println!(
        "opening {} weights in {} tensors, adapter of {} MB",
        model.parameter_count(),
        model.tensors().len(),
        adapter_bytes / 1_000_000
    );
    let (mut rows, mut plans) = (Vec::new(), Vec::new());
    for _ in 0..ROUNDS {
        let mut window = Window::new();
        // The welcome screen reads the sample before anybody can drop anything.
        window.run_until(|app| app.state.sample.is_some());
        let dropped = Instant::now();
        window.drop_folders(&[base.clone(), adapter.clone()]);
        let mut first_rows = None;
        while first_rows.is_none() || !matches!(window.app.state.job, Job::Planned(_)) {
            let began = Instant::now();
            window.frame(Vec::new());
            let has_rows = !window.app.state.modules.rows.is_empty();
            first_rows = first_rows.or_else(|| has_rows.then(|| dropped.elapsed()));
            std::thread::sleep(FRAME.saturating_sub(began.elapsed()));
        }
        rows.extend(first_rows);
        plans.push(dropped.elapsed());
    }
    crate::print("  drop to the first frame with modules", &mut rows, LIMIT);
    crate::print("  drop to the plan", &mut plans, Duration::from_secs(1));
}

/// Writes it with float32 factors that are all holes; returns its bytes.
fn write_adapter(folder: &Path) -> usize {
    std::fs::create_dir_all(folder).unwrap();
    let targets = LINEARS.map(|(name, ..)| name.rsplit('.').next().unwrap());
    let config = json!({"peft_type": "LORA", "r": RANK, "lora_alpha": 32, "target_modules": targets});
    std::fs::write(folder.join("adapter_config.json"), config.to_string()).unwrap();
    let (mut header, mut end) = (Map::new(), 0);
    for layer in 0..32 {
        for (linear, outputs, inputs) in LINEARS {
            for (factor, shape) in [("lora_A", [RANK, inputs]), ("lora_B", [outputs, RANK])] {
                let name = format!("base_model.model.model.layers.{layer}.{linear}.{factor}.weight");
                let start = end;
                end += shape[0] * shape[1] * 4;
                header.insert(name, json!({"dtype": "F32", "shape": shape, "data_offsets": [start, end]}));
            }
        }
    }
    let head = header_bytes(serde_json::Value::Object(header).to_string().as_bytes());
    let path = folder.join("adapter_model.safetensors");
    std::fs::write(&path, &head).unwrap();
    std::fs::OpenOptions::new().write(true).open(&path).unwrap().set_len((head.len() + end) as u64).unwrap();
    end
}
