//! Every fault that packed weights can have, against the words of its refusal.

use half::bf16;
use serde_json::{Value, json};

use super::tests::{COLUMNS, Tensor, affine, affine_said, config, floats, opened, plain_model, tensor};
use crate::{
    checkpoint::{CheckpointError, Storage},
    numeric::FloatDtype,
};

/// One change to a model that is right, and what its refusal must say.
type Fault = (fn(&mut Value, &mut Vec<Tensor>), &'static [&'static str]);

fn find<'a>(tensors: &'a mut [Tensor], name: &str) -> &'a mut Tensor {
    tensors.iter_mut().find(|tensor| tensor.name == name).unwrap()
}

fn remove(tensors: &mut Vec<Tensor>, name: &str) {
    tensors.retain(|tensor| tensor.name != name);
}

/// Gives `name` other dimensions, and zeros.
fn reshape(tensors: &mut [Tensor], name: &str, dtype: &'static str, shape: &[usize]) {
    let size = match dtype {
        "U8" => 1,
        "F32" | "U32" => 4,
        _ => 2,
    };
    *find(tensors, name) = tensor(name, dtype, shape, vec![0; shape.iter().product::<usize>() * size]);
}

const FAULTS: [Fault; 29] = [
    // Tables that are missing or left over.
    (|_, tensors| remove(tensors, "q_proj.biases"), &["q_proj.weight", "q_proj.biases", "missing"]),
    (|_, tensors| remove(tensors, "q_proj.scales"), &["q_proj.weight", "q_proj.scales", "missing"]),
    (|_, tensors| remove(tensors, "q_proj.weight"), &["q_proj.scales", "not there"]),
    (
        |_, tensors| tensors.retain(|tensor| !["q_proj.scales", "q_proj.biases"].contains(&tensor.name.as_str())),
        &["q_proj.weight", "q_proj.scales", "missing"],
    ),
    (
        |_, tensors| tensors.retain(|tensor| !["q_proj.scales", "q_proj.weight"].contains(&tensor.name.as_str())),
        &["q_proj.biases", "not there"],
    ),
    (
        |_, tensors| tensors.push(tensor("q_proj.global_scale", "F32", &[1], vec![0; 4])),
        &["q_proj.global_scale", "another way"],
    ),
    (
        |_, tensors| tensors.push(tensor("lone.global_scale", "F32", &[1], vec![0; 4])),
        &["lone.global_scale", "not there"],
    ),
    (|_, tensors| tensors.push(tensor("codes", "U32", &[1], vec![0; 4])), &["codes", "codes.scales", "missing"]),
    // Shapes.
    (
        |_, tensors| reshape(tensors, "q_proj.scales", "BF16", &[COLUMNS - 1, 6]),
        &["q_proj.scales", "383 × 6", "384 × 6"],
    ),
    (|_, tensors| reshape(tensors, "q_proj.biases", "BF16", &[COLUMNS, 3]), &["q_proj.biases", "384 × 3", "384 × 6"]),
    (|_, tensors| reshape(tensors, "q_proj.weight", "U32", &[COLUMNS, 47]), &["q_proj.weight", "384 × 47", "384 × 48"]),
    (|_, tensors| reshape(tensors, "q_proj.weight", "U32", &[COLUMNS]), &["q_proj.weight", "384"]),
    (|_, tensors| reshape(tensors, "q_proj.weight", "U32", &[0, 48]), &["q_proj.weight", "0 × 48"]),
    (|_, tensors| reshape(tensors, "q_proj.scales", "BF16", &[]), &["q_proj.scales"]),
    (
        // Half of the scales, which mlx-lm takes for groups of 128.
        |_, tensors| {
            reshape(tensors, "q_proj.scales", "BF16", &[COLUMNS, 3]);
            reshape(tensors, "q_proj.biases", "BF16", &[COLUMNS, 3]);
        },
        &["q_proj.scales", "384 × 3", "384 × 6"],
    ),
    (|config, _| config["hidden_size"] = json!(512), &["k_proj.scales", "384 × 6", "384 × 8"]),
    (
        |config, _| {
            config["num_attention_heads"] = json!(7);
            config["head_dim"] = json!(64);
        },
        &["o_proj.scales", "384 × 6", "384 × 7"],
    ),
    // Dtypes.
    (|_, tensors| find(tensors, "q_proj.weight").dtype = "I32", &["q_proj.weight", "I32", "U32"]),
    (|_, tensors| find(tensors, "q_proj.biases").dtype = "F16", &["q_proj.biases", "F16", "BF16"]),
    (|_, tensors| reshape(tensors, "q_proj.scales", "U8", &[COLUMNS, 6]), &["q_proj.scales", "U8", "BF16"]),
    // A float mode has no biases.
    (
        |config, tensors| {
            config["quantization"]["q_proj"] = json!({"mode": "mxfp4"});
            reshape(tensors, "q_proj.scales", "U8", &[COLUMNS, 12]);
        },
        &["q_proj.biases", "another way"],
    ),
    // What the config says.
    (|config, _| config["quantization"]["q_proj"] = json!(false), &["config.json", "q_proj", "false"]),
    (|config, _| config["quantization"]["v_proj"] = affine_said(4, 64), &["config.json", "v_proj", "64"]),
    (|config, _| config["quantization"]["q_proj"] = affine_said(8, 64), &["q_proj.weight", "384 × 48", "384 × 96"]),
    (|config, _| config["quantization"]["mode"] = json!("mxfp3"), &["mode", "mxfp3"]),
    (|config, _| config["quantization"]["bits"] = json!(7), &["bits", "7"]),
    (|config, _| config["quantization"]["q_proj"] = affine_said(4, 48), &["group_size", "48"]),
    (|config, _| config["quantization_config"] = affine_said(4, 64), &["quantization_config", "v_proj", "false"]),
    (
        |config, _| {
            config.as_object_mut().unwrap().remove("quantization");
        },
        &["k_proj.weight", "config.json", "missing"],
    ),
];

#[test]
fn every_fault_of_the_layout_is_refused_by_name() {
    let (config, tensors) = plain_model();
    opened(&config, &tensors).unwrap();
    for (index, (spoil, words)) in FAULTS.into_iter().enumerate() {
        let (mut config, mut tensors) = plain_model();
        spoil(&mut config, &mut tensors);
        let error = opened(&config, &tensors).map(drop).unwrap_err();
        assert!(matches!(error, CheckpointError::Packed { .. }), "{index}: {error}");
        for word in words {
            assert!(error.to_string().contains(word), "{index}: `{word}` is not in: {error}");
        }
    }
}

#[test]
fn tables_and_codes_that_are_no_numbers_are_found_before_a_merge() {
    let nan = bf16::NAN.to_le_bytes();
    let infinity = bf16::NEG_INFINITY.to_le_bytes();
    let cases: [(&str, &str, &[u8]); 6] = [
        ("affine", "q_proj.scales", &nan),
        ("affine", "q_proj.biases", &infinity),
        ("mxfp4", "q_proj.scales", &[255]),
        ("mxfp8", "q_proj.scales", &[255]),
        ("mxfp8", "q_proj.weight", &[0xff]),
        ("nvfp4", "q_proj.scales", &[0x7f]),
    ];
    for (mode, name, bad) in cases {
        for is_spoiled in [false, true] {
            let mut tensors = match mode {
                "affine" => affine("q_proj", &[4], 4, 64, FloatDtype::BF16).0,
                _ => floats("q_proj", mode, FloatDtype::BF16).0,
            };
            if is_spoiled {
                let bytes = &mut find(&mut tensors, name).bytes;
                let end = bytes.len();
                bytes[end - bad.len()..].copy_from_slice(bad);
            }
            let model = opened(&config(&affine_said(4, 64)), &tensors).unwrap();
            let Storage::Computed(rows) = model.tensor("q_proj.weight").unwrap().storage() else { panic!("packed") };
            match rows.check() {
                Ok(()) => assert!(!is_spoiled, "{mode}: {name}"),
                Err(error) => assert!(is_spoiled && error.to_string().contains(name), "{mode}: {error}"),
            }
        }
    }
}
