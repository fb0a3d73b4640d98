//! From the drop of a pair to the first frame with its modules.

use std::{
    path::Path,
    time::{Duration, Instant},
};

use lorafuse::gui::Phase;
use serde_json::json;

use crate::{
    sparse_llama::{LAYERS, LINEARS, VOCAB, plain, put_holes},
    window::{FRAME, Window},
};

/// What it may take.
const LIMIT: Duration = Duration::from_millis(300);

/// Windows that open the pair, one after the other.
const ROUNDS: usize = 5;

/// Rank of the adapter, as most people train it.
const RANK: usize = 16;

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
        while first_rows.is_none() || !matches!(window.app.state.phase, Phase::Planned(_)) {
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
fn write_adapter(folder: &Path) -> u64 {
    std::fs::create_dir_all(folder).unwrap();
    let targets = LINEARS.map(|(name, ..)| name.rsplit('.').next().unwrap());
    let config = json!({"peft_type": "LORA", "r": RANK, "lora_alpha": 32, "target_modules": targets});
    std::fs::write(folder.join("adapter_config.json"), config.to_string()).unwrap();
    let mut tensors = Vec::new();
    for layer in 0..LAYERS {
        for (linear, outputs, inputs) in LINEARS {
            let name = |factor: &str| format!("base_model.model.model.layers.{layer}.{linear}.{factor}.weight");
            tensors.push((name("lora_A"), "F32", vec![RANK, inputs]));
            tensors.push((name("lora_B"), "F32", vec![outputs, RANK]));
        }
    }
    put_holes(&folder.join("adapter_model.safetensors"), &tensors)
}
