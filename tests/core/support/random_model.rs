//! Models whose weights `torch.randn` drew, from the seed and the shapes alone: PyTorch's generator and its normal
//! distribution, to the bit.

#![expect(clippy::cast_possible_truncation, reason = "small numbers of a test")]
#![expect(clippy::excessive_precision, reason = "the constants as Cephes has them")]

use std::{f32::consts::TAU, path::Path};

use lorafuse::numeric::{FloatDtype, TorchGenerator, narrow};
use serde_json::{Map, Value, json};

/// `torch.randn` of a count that 16 divides: Box and Muller's way, eight pairs at a time.
fn normal(generator: &mut TorchGenerator, count: usize) -> Vec<f32> {
    assert_eq!(count % 16, 0);
    let mut values: Vec<f32> = (0..count).map(|_| (generator.next_u32() & 0xff_ffff) as f32 / 16_777_216.0).collect();
    for block in values.as_chunks_mut::<16>().0 {
        for at in 0..8 {
            let radius = (-2.0 * logarithm(1.0 - block[at])).sqrt();
            let (sine, cosine) = sine_and_cosine(TAU * block[at + 8]);
            (block[at], block[at + 8]) = (radius * cosine, radius * sine);
        }
    }
    values
}

/// Cephes' logarithm as PyTorch compiles it: fused where a product is added.
fn logarithm(value: f32) -> f32 {
    let bits = value.to_bits();
    let mut exponent = ((bits >> 23) as i32 - 127) as f32 + 1.0;
    let mut x = f32::from_bits(bits & 0x807f_ffff | 0x3f00_0000);
    let is_low = x < std::f32::consts::FRAC_1_SQRT_2;
    let low = if is_low { x } else { 0.0 };
    exponent -= if is_low { 1.0 } else { 0.0 };
    x = x - 1.0 + low;
    let square = x * x;
    let mut y = 7.037_683_629_2e-2_f32;
    for factor in [
        -1.151_461_031_0e-1,
        1.167_699_874_0e-1,
        -1.242_014_084_6e-1,
        1.424_932_278_7e-1,
        -1.666_805_766_5e-1,
        2.000_071_476_5e-1,
        -2.499_999_399_3e-1,
        3.333_333_117_4e-1,
    ] {
        y = y.mul_add(x, factor);
    }
    y = (y * x).mul_add(square, exponent * -2.121_944_40e-4);
    y = (-square).mul_add(0.5, y);
    exponent.mul_add(0.693_359_375, x + y)
}

/// Cephes' sine and cosine of what is not negative, likewise.
fn sine_and_cosine(value: f32) -> (f32, f32) {
    let octant = ((value * 1.273_239_544_735_16) as i32 + 1) & !1;
    let y = octant as f32;
    let x = y.mul_add(-0.785_156_25, value);
    let x = y.mul_add(-2.418_756_484_985_351_6e-4, x);
    let x = y.mul_add(-3.774_894_977_445_941e-8, x);
    let square = x * x;
    let cosine = 2.443_315_711_809_948e-5_f32
        .mul_add(square, -1.388_731_625_493_765e-3)
        .mul_add(square, 4.166_664_568_298_827e-2);
    let cosine = (cosine * square).mul_add(square, -(square * 0.5)) + 1.0;
    let sine = (-1.951_529_589_1e-4_f32).mul_add(square, 8.332_160_873_6e-3).mul_add(square, -1.666_665_461_1e-1);
    let sine = (sine * square).mul_add(x, x);
    let (of_sine, of_cosine) = if octant & 2 == 0 { (sine, cosine) } else { (cosine, sine) };
    let sign = |is_negative: bool| if is_negative { -1.0 } else { 1.0 };
    (of_sine * sign(octant & 4 != 0), of_cosine * sign((octant - 2) & 4 == 0))
}

/// Writes `model.safetensors` into `folder` as `recipe` (a `weights.json`) says.
pub fn write_weights(recipe: &Value, folder: &Path) {
    let (dtype, name) = match recipe["dtype"].as_str().unwrap() {
        "float32" => (FloatDtype::F32, "F32"),
        "float16" => (FloatDtype::F16, "F16"),
        "bfloat16" => (FloatDtype::BF16, "BF16"),
        other => panic!("{other}"),
    };
    let mut generator = TorchGenerator::new(recipe["seed"].as_u64().unwrap());
    let (mut header, mut data) = (Map::new(), Vec::new());
    for draw in recipe["draws"].as_array().unwrap() {
        let shape: Vec<usize> = serde_json::from_value(draw["shape"].clone()).unwrap();
        let (factor, added) = (draw["factor"].as_f64().unwrap() as f32, draw["added"].as_f64().unwrap() as f32);
        let drawn = normal(&mut generator, shape.iter().product());
        let values: Vec<f32> = drawn.into_iter().map(|value| value * factor + added).collect();
        let mut bytes = vec![0; values.len() * dtype.byte_count()];
        narrow(dtype, &values, &mut bytes);
        let mut start = data.len();
        for tensor in draw["tensors"].as_array().unwrap() {
            let shape: Vec<usize> = serde_json::from_value(tensor[1].clone()).unwrap();
            let end = start + shape.iter().product::<usize>() * dtype.byte_count();
            let entry = json!({"dtype": name, "shape": shape, "data_offsets": [start, end]});
            header.insert(tensor[0].as_str().unwrap().to_owned(), entry);
            start = end;
        }
        data.extend(bytes);
        assert_eq!(start, data.len());
    }
    let header = Value::Object(header).to_string();
    let mut file = (header.len() as u64).to_le_bytes().to_vec();
    file.extend(header.as_bytes());
    file.extend(data);
    std::fs::write(folder.join("model.safetensors"), file).unwrap();
}

#[test]
fn normal_numbers_are_those_of_torch() {
    // torch.randn(16, generator=torch.Generator().manual_seed(13)), torch 2.15.
    let expected = [
        0x3edf_d33f,
        0x3ebd_78a8,
        0x3fca_70fc,
        0xbe1f_6002,
        0x3e1a_b7b0,
        0xbfac_bc29,
        0xbf35_7d62,
        0xbe79_3932,
        0xbd1f_3a2a,
        0x3f8a_5db2,
        0x3f68_a683,
        0x3da1_88d4,
        0xbdb7_56df,
        0x3e2f_7c4b,
        0xbe21_3f8b,
        0x3ffd_71f1,
    ];
    let drawn = normal(&mut TorchGenerator::new(13), 16);
    assert_eq!(drawn.iter().map(|value| value.to_bits()).collect::<Vec<_>>(), expected);
}
