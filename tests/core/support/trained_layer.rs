//! A layer as trained models have them, and an update of a chosen size.

use std::path::Path;

use half::bf16;
use lorafuse::{
    numeric::{FloatDtype, LowRank},
    plan::MergeRequest,
};
use serde_json::json;

use super::{FileBuilder, noise, put};

/// Rows and columns of the one weight.
pub const ROWS: usize = 1024;
pub const COLUMNS: usize = 1024;
pub const RANK: usize = 16;
pub const NAME: &str = "model.layers.0.proj.weight";

/// W as stored, and Δ in f64, of which ‖Δ‖/‖W‖ is as asked.
pub struct Pair {
    pub weight: Vec<f64>,
    pub delta: Vec<f64>,
}

/// Normal values by the polar form of Box and Muller.
fn normal(seed: usize, deviation: f64) -> impl Fn(usize) -> f64 {
    let (radius, angle) = (noise(seed), noise(seed + 1_000));
    move |index| {
        let (u, v) = (f64::from(radius(index)) + 0.5, f64::from(angle(index)));
        deviation * (-2.0 * (u + 1e-12).ln()).sqrt() * (std::f64::consts::TAU * v).cos()
    }
}

#[expect(clippy::cast_possible_truncation, reason = "what is written is float32")]
fn single(value: f64) -> f32 {
    value as f32
}

/// Writes base (in bfloat16, or float32 that is no bfloat16) and adapter below `root`.
pub fn put_pair(root: &Path, dtype: FloatDtype, ratio: f64) -> Pair {
    let drawn = normal(1, 0.02);
    let weight: Vec<f64> = (0..ROWS * COLUMNS)
        .map(|index| {
            let value = single(drawn(index));
            if dtype == FloatDtype::BF16 { bf16::from_f32(value).to_f64() } else { f64::from(value) }
        })
        .collect();
    let (a, b) = (normal(2, 1.0), normal(3, 1.0));
    let right: Vec<f32> = (0..RANK * COLUMNS).map(|index| single(a(index))).collect();
    let unit: Vec<f32> = (0..ROWS * RANK).map(|index| single(b(index))).collect();
    let norm = weight.iter().map(|value| value * value).sum::<f64>().sqrt();
    let factor = ratio * norm / LowRank::new((ROWS, COLUMNS), RANK, 1.0, unit.clone(), right.clone()).frobenius_norm();
    let left: Vec<f32> = unit.iter().map(|value| single(f64::from(*value) * factor)).collect();
    let mut delta = vec![0.0; ROWS * COLUMNS];
    for (row, left) in delta.chunks_mut(COLUMNS).zip(left.chunks(RANK)) {
        for (left, right) in left.iter().zip(right.chunks(COLUMNS)) {
            for (delta, right) in row.iter_mut().zip(right) {
                *delta += f64::from(*left) * f64::from(*right);
            }
        }
    }

    let stored: Vec<u8> = match dtype {
        FloatDtype::BF16 => weight.iter().flat_map(|value| bf16::from_f64(*value).to_le_bytes()).collect(),
        _ => weight.iter().flat_map(|value| single(*value).to_le_bytes()).collect(),
    };
    let base = FileBuilder::default()
        .raw(NAME, if dtype == FloatDtype::BF16 { "BF16" } else { "F32" }, &[ROWS, COLUMNS], stored)
        .f32("model.norm.weight", &[8], noise(4));
    let module = "base_model.model.model.layers.0.proj";
    let adapter = FileBuilder::default()
        .f32(&format!("{module}.lora_A.weight"), &[RANK, COLUMNS], |index| right[index])
        .f32(&format!("{module}.lora_B.weight"), &[ROWS, RANK], |index| left[index]);
    put(&root.join("base/config.json"), r#"{"model_type": "toy", "architectures": ["ToyForCausalLM"]}"#);
    put(&root.join("base/model.safetensors"), base.build());
    let config = json!({"peft_type": "LORA", "r": RANK, "lora_alpha": RANK, "base_model_name_or_path": "org/toy"});
    put(&root.join("adapter/adapter_config.json"), config.to_string());
    put(&root.join("adapter/adapter_model.safetensors"), adapter.build());
    Pair { weight, delta }
}

/// A merge of the pair to `root/output`.
pub fn request(root: &Path, output: &str) -> MergeRequest {
    MergeRequest::new(root.join("base"), root.join("adapter"), root.join(output))
}
