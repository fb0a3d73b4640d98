//! Every layout that MLX has against its formula.

use half::{bf16, f16};
use serde_json::{Value, json};

use crate::{
    checkpoint::{Checkpoint, CheckpointError, QuantizationMethod, QuantizationNote, header_bytes},
    numeric::{
        Float8, FloatDtype,
        codec::{E2M1, Scale8},
    },
};

/// Columns of the weights here: the model's `hidden_size`.
pub(super) const COLUMNS: usize = 384;

pub(super) struct Tensor {
    pub name: String,
    pub dtype: &'static str,
    pub shape: Vec<usize>,
    pub bytes: Vec<u8>,
}

pub(super) fn tensor(name: &str, dtype: &'static str, shape: &[usize], bytes: Vec<u8>) -> Tensor {
    Tensor { name: name.to_owned(), dtype, shape: shape.to_vec(), bytes }
}

/// Bytes without a pattern that a wrong place would repeat.
fn noise(count: usize) -> Vec<u8> {
    let mut state = 0x9e37_79b9_u32;
    let next = |_| {
        state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
        state.to_be_bytes()[0]
    };
    (0..count).map(next).collect()
}

fn rounded(dtype: FloatDtype, value: f32) -> f32 {
    match dtype {
        FloatDtype::F32 => value,
        FloatDtype::F16 => f16::from_f32(value).to_f32(),
        FloatDtype::BF16 => bf16::from_f32(value).to_f32(),
    }
}

fn stored(dtype: FloatDtype, values: &[f32]) -> Vec<u8> {
    let one = |value: &f32| match dtype {
        FloatDtype::F32 => value.to_le_bytes().to_vec(),
        FloatDtype::F16 => f16::from_f32(*value).to_le_bytes().to_vec(),
        FloatDtype::BF16 => bf16::from_f32(*value).to_le_bytes().to_vec(),
    };
    values.iter().flat_map(one).collect()
}

fn name_of(dtype: FloatDtype) -> &'static str {
    match dtype {
        FloatDtype::F32 => "F32",
        FloatDtype::F16 => "F16",
        FloatDtype::BF16 => "BF16",
    }
}

/// Code number `index` of a stream, bit by bit.
fn code(codes: &[u8], bits: usize, index: usize) -> u16 {
    let bit = |at: usize| u16::from(codes[at / 8] >> (at % 8) & 1);
    (0..bits).map(|place| bit(index * bits + place) << place).sum()
}

/// A module of `rows` in affine mode, and its weights by the formula.
pub(super) fn affine(
    module: &str,
    rows: &[usize],
    bits: usize,
    group: usize,
    dtype: FloatDtype,
) -> (Vec<Tensor>, Vec<f32>) {
    let count = rows.iter().product::<usize>() * COLUMNS;
    let codes = noise(count * bits / 8);
    let table = |from: f32, step: f32| -> Vec<f32> {
        (0..count / group).map(|index| rounded(dtype, from + step * (index as f32 * 0.7).sin())).collect()
    };
    // Half of the scales are negative, as MLX has them.
    let (scales, biases) = (table(0.0, 0.013), table(-0.2, 0.31));
    let weight = |index| {
        let product = rounded(dtype, f32::from(code(&codes, bits, index)) * scales[index / group]);
        rounded(dtype, product + biases[index / group])
    };
    let weights = (0..count).map(weight).collect();
    let shape = |last: usize| [rows, &[last]].concat();
    let (words, groups) = (shape(COLUMNS * bits / 32), shape(COLUMNS / group));
    let tensors = vec![
        tensor(&format!("{module}.scales"), name_of(dtype), &groups, stored(dtype, &scales)),
        tensor(&format!("{module}.biases"), name_of(dtype), &groups, stored(dtype, &biases)),
        tensor(&format!("{module}.weight"), "U32", &words, codes),
    ];
    (tensors, weights)
}

/// A module of floats, and its weights by the formula.
pub(super) fn floats(module: &str, mode: &str, dtype: FloatDtype) -> (Vec<Tensor>, Vec<f32>) {
    let (bits, group) = if mode == "mxfp8" { (8, 32) } else { (4, if mode == "nvfp4" { 16 } else { 32 }) };
    let count = 4 * COLUMNS;
    // No code here is NaN.
    let codes: Vec<u8> =
        noise(count * bits / 8).into_iter().map(|byte| byte & if bits == 8 { 0xbf } else { 0xff }).collect();
    let (kind, first) = if mode == "nvfp4" { (Scale8::E4M3, 0x30) } else { (Scale8::E8M0, 110) };
    let scales: Vec<u8> = noise(count / group).into_iter().map(|byte| first + byte % 16).collect();
    let weight = |index: usize| {
        let element = match bits {
            8 => Float8::E4M3.widen(codes[index]).to_f32(),
            _ => E2M1[usize::from(code(&codes, 4, index))],
        };
        rounded(dtype, element * kind.value(scales[index / group]))
    };
    let weights = (0..count).map(weight).collect();
    let tensors = vec![
        tensor(&format!("{module}.scales"), "U8", &[4, COLUMNS / group], scales),
        tensor(&format!("{module}.weight"), "U32", &[4, COLUMNS * bits / 32], codes),
    ];
    (tensors, weights)
}

pub(super) fn config(quantization: &Value) -> Value {
    json!({"model_type": "llama", "hidden_size": COLUMNS, "dtype": "bfloat16", "quantization": quantization})
}

#[expect(clippy::disallowed_methods, reason = "files of a folder that the test owns")]
pub(super) fn opened(config: &Value, tensors: &[Tensor]) -> Result<Checkpoint, CheckpointError> {
    let folder = tempfile::tempdir().unwrap();
    let mut header = serde_json::Map::new();
    let mut data = Vec::new();
    for Tensor { name, dtype, shape, bytes } in tensors {
        let offsets = [data.len(), data.len() + bytes.len()];
        header.insert(name.clone(), json!({"dtype": dtype, "shape": shape, "data_offsets": offsets}));
        data.extend(bytes);
    }
    let file = [header_bytes(Value::Object(header).to_string().as_bytes()), data].concat();
    std::fs::write(folder.path().join("model.safetensors"), file).unwrap();
    std::fs::write(folder.path().join("config.json"), config.to_string()).unwrap();
    Checkpoint::open(folder.path())
}

pub(super) fn affine_said(bits: usize, group: usize) -> Value {
    json!({"group_size": group, "bits": bits, "mode": "affine"})
}

/// Looks at the shape and every value of `module`, whole and in rows.
fn assert_weights(model: &Checkpoint, module: &str, shape: &[usize], dtype: FloatDtype, weights: &[f32]) {
    let tensor = model.tensor(&format!("{module}.weight")).unwrap();
    assert_eq!((tensor.shape(), tensor.dtype()), (shape, dtype.stored()), "{module}");
    assert_eq!(tensor.read_all().unwrap(), weights, "{module}");
    for row in 0..tensor.tile_shape().rows {
        let mut values = vec![0.0; COLUMNS];
        tensor.read_rows(row..row + 1, &mut values).unwrap();
        assert_eq!(values, weights[row * COLUMNS..][..COLUMNS], "{module}: row {row}");
    }
}

#[test]
fn every_affine_layout_is_read_by_its_name_and_from_its_tensors() {
    for dtype in [FloatDtype::BF16, FloatDtype::F16, FloatDtype::F32] {
        let mut said = affine_said(4, 64);
        let (mut tensors, mut expected) = (Vec::new(), Vec::new());
        for (bits, group) in [1, 2, 3, 4, 5, 6, 8].into_iter().flat_map(|bits| [32, 64, 128].map(|group| (bits, group)))
        {
            for (rows, part) in [(&[5][..], "named.q_proj"), (&[3][..], "q_proj"), (&[2, 3][..], "expert")] {
                let module = format!("model.layers.{bits}.{group}.{part}");
                let (own, weights) = affine(&module, rows, bits, group, dtype);
                // Of an expert no size is known from the config.
                if part != "q_proj" {
                    said[&module] = affine_said(bits, group);
                }
                tensors.extend(own);
                expected.push((module, [rows, &[COLUMNS]].concat(), weights));
            }
        }
        let model = opened(&config(&said), &tensors).unwrap();
        assert_eq!(model.tensors().len(), expected.len());
        for (module, shape, weights) in expected {
            assert_weights(&model, &module, &shape, dtype, &weights);
        }
        let quantization = model.quantization().unwrap();
        assert_eq!((quantization.method, quantization.dtype), (QuantizationMethod::MlxAffine, dtype));
        assert_eq!(quantization.parts.len(), tensors.len());
        assert_eq!(model.config().quantization(), None);
    }
}

#[test]
fn every_float_mode_is_read_in_the_dtype_of_the_config() {
    for (said_dtype, dtype) in [(json!("float16"), FloatDtype::F16), (Value::Null, FloatDtype::BF16)] {
        let mut said = json!({"group_size": 32, "bits": 4, "mode": "mxfp4"});
        let (mut tensors, mut expected) = (Vec::new(), Vec::new());
        for mode in ["mxfp4", "mxfp8", "nvfp4"] {
            for part in ["k_proj", "named.expert"] {
                let module = format!("model.layers.{mode}.{part}");
                let (own, weights) = floats(&module, mode, dtype);
                if part == "named.expert" {
                    // Bits and group that are not said are those of the mode.
                    said[&module] = json!({"mode": mode});
                }
                tensors.extend(own);
                expected.push((module, weights));
            }
        }
        // A router is often left in another mode.
        let (router, router_weights) = affine("model.gate", &[2], 8, 64, FloatDtype::BF16);
        said["model.gate"] = json!({"bits": 8, "group_size": 64});
        tensors.extend(router);
        let mut config = config(&said);
        config["dtype"] = said_dtype;
        let model = opened(&config, &tensors).unwrap();
        for (module, weights) in expected {
            assert_weights(&model, &module, &[4, COLUMNS], dtype, &weights);
        }
        assert_weights(&model, "model.gate", &[2, COLUMNS], FloatDtype::BF16, &router_weights);
    }
}

/// Three modules as the config says, one that is not packed, and a norm.
pub(super) fn plain_model() -> (Value, Vec<Tensor>) {
    let mut tensors: Vec<Tensor> = ["q_proj", "k_proj", "o_proj"]
        .into_iter()
        .flat_map(|part| affine(part, &[COLUMNS], 4, 64, FloatDtype::BF16).0)
        .collect();
    tensors.push(tensor("v_proj.weight", "BF16", &[2, COLUMNS], vec![0; 4 * COLUMNS]));
    tensors.push(tensor("v_proj.bias", "BF16", &[2], vec![0; 4]));
    tensors.push(tensor("norm.weight", "BF16", &[COLUMNS], vec![0; 2 * COLUMNS]));
    let mut said = affine_said(4, 64);
    said["v_proj"] = json!(false);
    (config(&said), tensors)
}

#[test]
fn either_key_says_what_is_packed_and_biases_of_layers_stay() {
    for keys in [&["quantization"][..], &["quantization_config"], &["quantization", "quantization_config"]] {
        let (mut config, tensors) = plain_model();
        let said = config.as_object_mut().unwrap().remove("quantization").unwrap();
        for key in keys {
            config[key] = said.clone();
        }
        let model = opened(&config, &tensors).unwrap();
        let names: Vec<&String> = model.tensors().keys().collect();
        let expected =
            ["k_proj.weight", "norm.weight", "o_proj.weight", "q_proj.weight", "v_proj.bias", "v_proj.weight"];
        assert_eq!(names, expected, "{keys:?}");
        assert_eq!(model.config().quantization(), None, "{keys:?}");
    }
}

#[test]
fn a_config_that_is_wrong_of_all_its_unnamed_modules_is_no_fault() {
    let (mut config, tensors) = plain_model();
    config["quantization"] = affine_said(8, 32);
    let model = opened(&config, &tensors).unwrap();
    assert_eq!(model.tensor("q_proj.weight").unwrap().shape(), [COLUMNS, COLUMNS]);
    let [said, found] = [(8, 32), (4, 64)]
        .map(|(bits, group)| format!(r#"{{"group_size": {group}, "bits": {bits}, "mode": "affine"}}"#));
    let notes = model.quantization().unwrap().notes.clone();
    assert_eq!(notes, [QuantizationNote::LayoutDiffers { tensor_count: 3, said, found }]);
    let (config, tensors) = plain_model();
    assert_eq!(opened(&config, &tensors).unwrap().quantization().unwrap().notes, []);
}

#[test]
fn models_that_mlx_lm_writes_otherwise_are_left_packed() {
    for model_type in ["qwen3_next", "mixtral", "gpt_oss", "mistral3", ""] {
        let (mut config, tensors) = plain_model();
        config["model_type"] = json!(model_type);
        let model = opened(&config, &tensors).unwrap();
        assert!(model.quantization().is_none(), "{model_type}");
        assert_eq!(model.config().quantization(), Some("mlx-lm"), "{model_type}");
    }
}
