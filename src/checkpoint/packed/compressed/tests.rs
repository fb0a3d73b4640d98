//! Each layout by its formula, with what the config says of it, and what is refused.

use serde_json::{Value, json};

use crate::{
    checkpoint::packed::{
        PackedError,
        fixture::{Model, assert_refused, assert_values, e4m3, e4m3_codes, f32_bytes, noise, scales},
    },
    numeric::codec::E2M1,
};

const WEIGHT: &str = "m.q.weight";
const PACKED: &str = "m.q.weight_packed";
const SCALES: &str = "m.q.weight_scale";
const SHAPE: &str = "m.q.weight_shape";
const ZERO_POINTS: &str = "m.q.weight_zero_point";
const GROUP_INDEX: &str = "m.q.weight_g_idx";
const SYMMETRIC: &str = "/config_groups/group_0/weights/symmetric";
const FORMAT: &str = "/config_groups/group_0/format";
const BITS: &str = "/config_groups/group_0/weights/num_bits";
const GLOBAL: &str = "m.q.weight_global_scale";

/// A config of one group for all linear layers.
fn config(format: &str, weights: &Value) -> Value {
    json!({
        "quant_method": "compressed-tensors", "format": format, "sparsity_config": {}, "transform_config": {},
        "config_groups": {"group_0": {"targets": ["Linear"], "weights": weights, "format": null}},
    })
}

fn i32_bytes(values: &[i32]) -> Vec<u8> {
    values.iter().flat_map(|value| value.to_le_bytes()).collect()
}

fn shape_bytes(shape: [i64; 2]) -> Vec<u8> {
    shape.into_iter().flat_map(i64::to_le_bytes).collect()
}

/// `codes` in 32-bit words, the first in the lowest bits; where none straddles, as many in each as it holds whole.
fn words(codes: &[u8], bits: usize, is_straddling: bool) -> Vec<u32> {
    let per_word = if is_straddling { 32 } else { 32 / bits * bits };
    let mut words = vec![0; (codes.len() * bits).div_ceil(per_word)];
    for (index, code) in codes.iter().enumerate() {
        for bit in 0..bits {
            let at = index * bits + bit;
            words[at / per_word] |= u32::from(code >> bit & 1) << (at % per_word);
        }
    }
    words
}

fn word_bytes(words: &[u32]) -> Vec<u8> {
    words.iter().flat_map(|word| word.to_le_bytes()).collect()
}

/// A packed weight with the codes that it was made from.
struct Packed {
    rows: usize,
    columns: usize,
    bits: usize,
    group: usize,
    is_straddling: bool,
}

impl Packed {
    const USUAL: Self = Self { rows: 3, columns: 24, bits: 4, group: 8, is_straddling: true };

    fn codes(&self) -> Vec<u8> {
        noise(self.rows * self.columns, 11).into_iter().map(|byte| byte >> (8 - self.bits)).collect()
    }

    fn zero_codes(&self) -> Vec<u8> {
        noise(self.rows * self.across(), 12).into_iter().map(|byte| byte >> (8 - self.bits)).collect()
    }

    fn across(&self) -> usize {
        self.columns / self.group
    }

    fn model(&self) -> Model {
        let rows = self.codes();
        let packed: Vec<u32> =
            rows.chunks(self.columns).flat_map(|row| words(row, self.bits, self.is_straddling)).collect();
        let weights = json!({
            "num_bits": self.bits, "type": "int", "symmetric": true, "strategy": "group", "group_size": self.group,
        });
        Model::new(&config("pack-quantized", &weights))
            .with(PACKED, "I32", &[self.rows, packed.len() / self.rows], word_bytes(&packed))
            .with_f32(SCALES, &[self.rows, self.across()], &scales(self.rows * self.across()))
            .with(SHAPE, "I64", &[2], shape_bytes([self.rows as i64, self.columns as i64]))
    }

    /// The same with zero points, packed along rows.
    fn asymmetric(&self) -> Model {
        let codes = self.zero_codes();
        let columns: Vec<Vec<u32>> = (0..self.across())
            .map(|column| {
                let codes: Vec<u8> = codes.iter().skip(column).step_by(self.across()).copied().collect();
                words(&codes, self.bits, self.is_straddling)
            })
            .collect();
        let down = columns[0].len();
        let table: Vec<u32> = (0..down).flat_map(|row| columns.iter().map(move |column| column[row])).collect();
        self.model().saying("/config_groups/group_0/weights/symmetric", json!(false)).with(
            ZERO_POINTS,
            "I32",
            &[down, self.across()],
            word_bytes(&table),
        )
    }

    /// What a code stands for, by its row, its column and the group of that.
    fn values(&self, zero_codes: Option<Vec<u8>>) -> impl Fn(usize, usize, usize) -> f32 {
        let (columns, across, offset) = (self.columns, self.across(), 1_i16 << (self.bits - 1));
        let (codes, scales) = (self.codes(), scales(self.rows * across));
        move |row, column, group| {
            let at = row * across + group;
            let zero_point = zero_codes.as_ref().map_or(0, |codes| i16::from(codes[at]) - offset);
            f32::from(i16::from(codes[row * columns + column]) - offset - zero_point) * scales[at]
        }
    }
}

#[test]
fn integers_of_any_count_of_bits_are_unpacked_with_their_zero_points() {
    for bits in 1..=8 {
        for is_straddling in [true, false] {
            // Rows that end within a word, and more of them than a word has zero points.
            let packed = Packed { rows: 37, columns: 144, bits, group: 24, is_straddling };
            let (shape, values) = packed.model().values(WEIGHT);
            assert_eq!(shape, [37, 144]);
            let exact = packed.values(None);
            assert_values(&values, 144, |row, column| exact(row, column, column / 24));
            let exact = packed.values(Some(packed.zero_codes()));
            let (_, values) = packed.asymmetric().values(WEIGHT);
            assert_values(&values, 144, |row, column| exact(row, column, column / 24));
        }
    }
}

#[test]
fn an_index_gives_each_column_its_group_unless_it_says_that_they_lie_in_order() {
    let packed = Packed::USUAL;
    let index: Vec<i32> = (0..24).map(|column| column * 7 % 3).collect();
    let exact = packed.values(Some(packed.zero_codes()));
    let model = packed.asymmetric().with(GROUP_INDEX, "I32", &[24], i32_bytes(&index));
    assert_values(&model.values(WEIGHT).1, 24, |row, column| exact(row, column, column * 7 % 3));
    let exact = packed.values(None);
    let model = packed.model().with(GROUP_INDEX, "I32", &[24], i32_bytes(&[-1; 24]));
    assert_values(&model.values(WEIGHT).1, 24, |row, column| exact(row, column, column / 8));
}

#[test]
fn a_row_may_have_one_scale_and_zero_points_may_have_a_byte_each() {
    let packed = Packed { group: 24, ..Packed::USUAL };
    for (strategy, group_size) in [(json!("channel"), json!(null)), (json!(null), json!(-1))] {
        let model = packed
            .model()
            .saying("/config_groups/group_0/weights/strategy", strategy)
            .saying("/config_groups/group_0/weights/group_size", group_size)
            .saying("/config_groups/group_0/weights/symmetric", json!(false))
            .with(ZERO_POINTS, "I8", &[3, 1], [1, 0xfe, 7]);
        let exact = packed.values(Some(vec![9, 6, 15]));
        assert_values(&model.values(WEIGHT).1, 24, |row, column| exact(row, column, 0));
    }
}

/// A weight of 5 × 6 in 8-bit floats, in blocks of 2 × 4.
fn float_blocks() -> Model {
    let weights = json!({"num_bits": 8, "type": "float", "strategy": "block", "block_structure": [2, 4]});
    Model::new(&config("float-quantized", &weights))
        .with(WEIGHT, "F8_E4M3", &[5, 6], e4m3_codes(30, 4))
        .with_f32(SCALES, &[3, 2], &scales(6))
        .with_f32("m.q.input_scale", &[1], &[7.0])
        .with_f32("m.q.output_scale", &[1], &[7.0])
        .with_f32("m.attn.k_scale", &[1], &[7.0])
}

/// A weight of 5 × 6 in integers, with one scale and one zero point a row.
fn int_rows() -> Model {
    let weights = json!({"num_bits": 8, "type": "int", "strategy": "channel", "symmetric": false});
    Model::new(&config("int-quantized", &weights))
        .with(WEIGHT, "I8", &[5, 6], noise(30, 5))
        .with_f32(SCALES, &[5, 1], &scales(5))
        .with(ZERO_POINTS, "I8", &[5, 1], [0, 1, 0xff, 0x7f, 0x80])
}

#[test]
fn a_byte_for_each_weight_is_a_float_or_an_integer() {
    let (codes, scales) = (e4m3_codes(30, 4), scales(6));
    for format in ["float-quantized", "naive-quantized"] {
        let (shape, values) = float_blocks().saying("/format", json!(format)).values(WEIGHT);
        assert_eq!(shape, [5, 6]);
        assert_values(&values, 6, |row, column| e4m3(codes[row * 6 + column]) * scales[row / 2 * 2 + column / 4]);
    }
    let codes = noise(30, 5);
    let code = |row: usize, column: usize| i16::from(codes[row * 6 + column].cast_signed());
    for format in ["int-quantized", "naive-quantized"] {
        let (_, values) = int_rows().saying("/format", json!(format)).values(WEIGHT);
        let zero_points = [0, 1, -1, 127, -128];
        assert_values(&values, 6, |row, column| f32::from(code(row, column) - zero_points[row]) * scales[row]);
    }
    let one = int_rows()
        .without(ZERO_POINTS)
        .saying("/config_groups/group_0/weights/symmetric", json!(true))
        .saying("/config_groups/group_0/weights/strategy", json!("tensor"))
        .with_f32(SCALES, &[1], &scales[..1]);
    assert_values(&one.values(WEIGHT).1, 6, |row, column| f32::from(code(row, column)) * scales[0]);
}

/// A weight of 3 × 32 in 4-bit floats, with the scales of NVFP4.
fn nvfp4() -> Model {
    let weights = json!({"num_bits": 4, "type": "float", "strategy": "tensor_group", "group_size": 16});
    Model::new(&config("nvfp4-pack-quantized", &weights))
        .with(PACKED, "U8", &[3, 16], noise(48, 6))
        .with(SCALES, "F8_E4M3", &[3, 2], [0x30, 0x41, 0x52, 0x63, 0x74, 0x05])
        .with_f32(GLOBAL, &[1], &[73.1])
        .with_f32("m.q.input_global_scale", &[1], &[7.0])
}

/// The same with those of MXFP4.
fn mxfp4() -> Model {
    let weights = json!({"num_bits": 4, "type": "float", "strategy": "group", "group_size": 32});
    Model::new(&config("mxfp4-pack-quantized", &weights)).with(PACKED, "U8", &[3, 16], noise(48, 6)).with(
        SCALES,
        "U8",
        &[3, 1],
        [117, 120, 127],
    )
}

#[test]
fn four_bit_floats_have_scales_that_are_divided_or_powers_of_two() {
    let codes = noise(48, 6);
    let code = |row: usize, column: usize| E2M1[usize::from(codes[row * 16 + column / 2] >> (column % 2 * 4) & 15)];
    let scales = [0x30, 0x41, 0x52, 0x63, 0x74, 0x05].map(|code| e4m3(code) / 73.1);
    let (shape, values) = nvfp4().values(WEIGHT);
    assert_eq!(shape, [3, 32]);
    assert_values(&values, 32, |row, column| code(row, column) * scales[row * 2 + column / 16]);
    let (_, values) = mxfp4().values(WEIGHT);
    let powers = [2.0_f32.powi(-10), 2.0_f32.powi(-7), 1.0];
    assert_values(&values, 32, |row, column| code(row, column) * powers[row]);
}

/// Two groups, of 8 and of 4 weights to a scale, each with these targets, over a weight with 8 to a scale.
fn two_groups(of_eight: Value, of_four: Value) -> Model {
    let group = |targets: Value, size: usize| {
        json!({
            "targets": targets, "format": "pack-quantized",
            "weights": {"num_bits": 4, "type": "int", "strategy": "group", "group_size": size, "symmetric": true},
        })
    };
    let mut model = Packed::USUAL.model().saying("/format", json!("mixed-precision"));
    model.config["quantization_config"]["config_groups"] =
        json!({"group_0": group(of_four, 4), "group_1": group(of_eight, 8), "group_2": {"targets": ["re:.*"]}});
    model
}

#[test]
fn a_group_is_found_by_path_by_pattern_by_class_or_by_tensors() {
    for (of_eight, of_four) in [
        (json!(["m.q"]), json!(["re:m.*"])),
        (json!(["re:.*q$"]), json!(["Linear"])),
        (json!(["re:^(?!.*vision).*q$"]), json!(["re:vision.*"])),
        (json!(["Linear"]), json!(["re:.*k$"])),
        // The pattern is matched from the beginning, so that neither names it.
        (json!(["re:x.*"]), json!(["re:q"])),
        (json!(["Linear"]), json!(["Linear"])),
    ] {
        let (_, values) = two_groups(of_eight, of_four).values(WEIGHT);
        let exact = Packed::USUAL.values(None);
        assert_values(&values, 24, |row, column| exact(row, column, column / 8));
    }
    // Found by its name, and not as that group says.
    let wrong = two_groups(json!(["Linear"]), json!(["m.q"])).problem();
    assert!(matches!(&wrong, Some(PackedError::WrongShape { tensor, .. }) if tensor == SCALES), "{wrong:?}");
}

fn ignoring(mut model: Model, ignored: Value) -> Model {
    model.config["quantization_config"]["ignore"] = ignored;
    model
}

#[test]
fn what_the_config_says_beside_the_tensors_may_go_with_them() {
    let exact = Packed::USUAL.values(None);
    for model in [
        // Zero points that are zeros, as early releases wrote them.
        Packed::USUAL.model().with(ZERO_POINTS, "I8", &[3, 3], [0; 9]),
        ignoring(Packed::USUAL.model(), json!(["lm_head", "re:q.*", "m.q.k"])),
        Packed::USUAL.model().saying(FORMAT, json!("pack-quantized")).saying("/format", json!("mixed-precision")),
        Packed::USUAL.model().saying(FORMAT, json!("pack-quantized")),
    ] {
        assert_values(&model.values(WEIGHT).1, 24, |row, column| exact(row, column, column / 8));
    }
}

#[test]
fn layouts_that_are_not_read_leave_the_model_packed_and_are_named() {
    let usual = || Packed::USUAL.model();
    let rotated = json!({"config_groups": {"R1": {"type": "hadamard"}}});
    for (model, name) in [
        (usual().saying("/format", json!("marlin-24")), "marlin-24"),
        (usual().saying("/format", json!("mxfp8-quantized")), "mxfp8-quantized"),
        (usual().saying("/format", json!("mxfp6-pack-quantized")), "mxfp6-pack-quantized"),
        (usual().saying("/sparsity_config", json!({"format": "sparse-24-bitmask"})), "sparse-24-bitmask"),
        (usual().saying("/transform_config", rotated), "compressed-tensors with a transform_config"),
    ] {
        let named = model.opened(|model| {
            assert!(model.quantization().is_none(), "{name}");
            model.config().quantization().map(str::to_owned)
        });
        assert_eq!(named.unwrap().as_deref(), Some(name));
    }
    let dense = usual()
        .saying("/sparsity_config", json!({"format": "dense"}))
        .saying("/transform_config", json!({"config_groups": {}}));
    assert!(dense.opened(|model| model.quantization().is_some()).unwrap());
}

#[test]
fn packed_integers_that_cannot_be_read_are_refused_by_name() {
    let usual = || Packed::USUAL.model();
    let weights = |key: &str, value: Value| usual().saying(&format!("/config_groups/group_0/weights/{key}"), value);
    let shape = |shape: [i64; 2]| usual().with(SHAPE, "I64", &[2], shape_bytes(shape));
    let index = |index: [i32; 24]| usual().with(GROUP_INDEX, "I32", &[24], i32_bytes(&index));
    let scale = |value: f32| usual().with_f32(SCALES, &[3, 3], &[&scales(8)[..], &[value]].concat());
    // Two words are what 20 codes of 3 bits are in either layout, at other places.
    let ambiguous = Packed { rows: 1, columns: 20, bits: 3, group: 20, is_straddling: true };
    assert_refused(vec![
        (usual().without(PACKED), "LoneTable", SCALES),
        (usual().without(SCALES), "MissingTable", SCALES),
        (usual().without(SHAPE), "MissingTable", SHAPE),
        (shape([3, 25]), "WrongShape", PACKED),
        (shape([3, 16]), "WrongShape", PACKED),
        (shape([2, 24]), "WrongShape", PACKED),
        (shape([3, i64::MAX / 4]), "WrongShape", PACKED),
        (shape([3, 0]), "StateSays", SHAPE),
        (shape([-3, -24]), "StateSays", SHAPE),
        (shape([i64::MAX, i64::MAX]), "StateSays", SHAPE),
        (usual().with(SHAPE, "I64", &[1], [3, 0, 0, 0, 0, 0, 0, 0]), "WrongSize", SHAPE),
        (usual().with_f32(SHAPE, &[2], &[3.0, 24.0]), "WrongDtype", SHAPE),
        (usual().with(PACKED, "I8", &[3, 3], [0; 9]), "WrongDtype", PACKED),
        (usual().with(PACKED, "I32", &[9], [0; 36]), "WrongShape", PACKED),
        (ambiguous.model(), "StateSays", PACKED),
        (usual().with_f32(SCALES, &[3, 2], &scales(6)), "WrongShape", SCALES),
        (usual().with(SCALES, "I32", &[3, 3], [0; 36]), "WrongDtype", SCALES),
        (scale(f32::NAN), "BadScale", SCALES),
        (scale(f32::INFINITY), "BadScale", SCALES),
        (weights("group_size", json!(7)), "StateSays", SCALES),
        (weights("group_size", json!(0)), "BadConfig", "group_size"),
        (weights("num_bits", json!(9)), "BadConfig", "num_bits"),
        (weights("num_bits", json!(null)), "BadConfig", "num_bits"),
        (weights("num_bits", json!(8)), "WrongShape", PACKED),
        (weights("type", json!("float")), "BadConfig", "type"),
        (weights("strategy", json!("token")), "BadConfig", "strategy"),
        (weights("symmetric", json!(false)), "MissingTable", ZERO_POINTS),
        (usual().saying("/config_groups", json!(null)), "BadConfig", "config_groups"),
        (usual().saying("/config_groups/group_0/targets", json!(["re:("])), "BadConfig", "targets"),
        (usual().saying("/config_groups", json!({})), "NoGroup", "m.q"),
        (Packed::USUAL.asymmetric().with(ZERO_POINTS, "I32", &[3, 3], [0; 36]), "WrongShape", ZERO_POINTS),
        (Packed::USUAL.asymmetric().with(ZERO_POINTS, "U8", &[1, 3], [0; 3]), "WrongDtype", ZERO_POINTS),
        (index([3; 24]), "StateSays", GROUP_INDEX),
        (index([-2; 24]), "StateSays", GROUP_INDEX),
        (index(std::array::from_fn(|column| if column == 20 { -1 } else { 0 })), "StateSays", GROUP_INDEX),
        (index(std::array::from_fn(|column| if column == 20 { 0 } else { -1 })), "StateSays", GROUP_INDEX),
        (usual().with(ZERO_POINTS, "I8", &[3, 3], [0, 0, 0, 0, 0, 0, 0, 0, 1]), "Contradicted", ZERO_POINTS),
        (Packed::USUAL.asymmetric().saying(SYMMETRIC, json!(true)), "Contradicted", ZERO_POINTS),
        (ignoring(usual(), json!(["lm_head", "m.q"])), "Contradicted", "ignore"),
        (ignoring(usual(), json!(["re:.*q$"])), "Contradicted", PACKED),
        (ignoring(usual(), json!("m.k")), "BadConfig", "ignore"),
        (
            usual().saying(FORMAT, json!("pack-quantized")).saying("/format", json!("int-quantized")),
            "BadConfig",
            "format",
        ),
        (usual().saying("/format", json!("int-quantized")), "NoGroup", "m.q"),
        (usual().saying("/format", json!("naive-quantized")), "NoGroup", "m.q"),
        (usual().with(GROUP_INDEX, "I32", &[23], i32_bytes(&[0; 23])), "WrongShape", GROUP_INDEX),
        (usual().with("m.k.weight_shape", "I64", &[2], shape_bytes([3, 24])), "LoneTable", "m.k.weight_shape"),
        (usual().with_f32("m.k.weight_scale", &[1], &[1.0]), "LoneTable", "m.k.weight_scale"),
        (usual().with_f32("m.k.input_scale", &[1], &[1.0]), "LoneTable", "m.k.input_scale"),
    ]);
}

#[test]
fn bytes_and_four_bit_floats_that_cannot_be_read_are_refused_by_name() {
    assert_refused(vec![
        (float_blocks().without(SCALES), "MissingTable", WEIGHT),
        (float_blocks().with(WEIGHT, "BF16", &[5, 6], [0; 60]), "WrongDtype", WEIGHT),
        (float_blocks().with(WEIGHT, "F8_E4M3", &[5, 6], [0x7f; 30]), "BadCode", WEIGHT),
        (float_blocks().with(WEIGHT, "I8", &[5, 6], [1; 30]), "NoGroup", "m.q"),
        (float_blocks().with(WEIGHT, "F8_E4M3", &[30], [0; 30]), "WrongShape", WEIGHT),
        (float_blocks().with_f32(SCALES, &[2, 2], &scales(4)), "WrongShape", SCALES),
        (float_blocks().with_f32(SCALES, &[3, 2], &[0.0; 6]), "BadScale", SCALES),
        (float_blocks().with(ZERO_POINTS, "F8_E4M3", &[3, 2], [0; 6]), "LoneTable", ZERO_POINTS),
        (
            float_blocks().saying("/config_groups/group_0/weights/block_structure", json!([2])),
            "BadConfig",
            "block_structure",
        ),
        (int_rows().without(ZERO_POINTS), "MissingTable", ZERO_POINTS),
        (int_rows().saying(SYMMETRIC, json!(true)), "Contradicted", ZERO_POINTS),
        (ignoring(int_rows(), json!(["m.q"])), "Contradicted", WEIGHT),
        (int_rows().saying("/format", json!("pack-quantized")), "NoGroup", "m.q"),
        (nvfp4().saying("/format", json!("float-quantized")).saying(BITS, json!(8)), "NoGroup", "m.q"),
        (int_rows().with(ZERO_POINTS, "I8", &[5], [0; 5]), "WrongShape", ZERO_POINTS),
        (int_rows().without(SCALES), "LoneTable", ZERO_POINTS),
        (int_rows().with_f32(SCALES, &[5, 1], &[f32::NAN; 5]), "BadScale", SCALES),
        (nvfp4().without(SCALES), "MissingTable", SCALES),
        (nvfp4().without(GLOBAL), "MissingTable", GLOBAL),
        (nvfp4().without(PACKED), "LoneTable", SCALES),
        (nvfp4().with_f32(GLOBAL, &[1], &[0.0]), "BadScale", GLOBAL),
        (nvfp4().with_f32(GLOBAL, &[1], &[f32::NAN]), "BadScale", GLOBAL),
        (nvfp4().with(GLOBAL, "F32", &[2], f32_bytes(&[1.0; 2])), "WrongSize", GLOBAL),
        (nvfp4().with(SCALES, "F8_E4M3", &[3, 2], [0x7f; 6]), "BadScale", SCALES),
        (nvfp4().with(SCALES, "F8_E4M3", &[3, 1], [1; 3]), "WrongShape", SCALES),
        (nvfp4().saying("/config_groups/group_0/weights/group_size", json!(32)), "StateSays", PACKED),
        (mxfp4().with(SCALES, "U8", &[3, 1], [255; 3]), "BadScale", SCALES),
        (mxfp4().with_f32(SCALES, &[3, 1], &[1.0; 3]), "WrongDtype", SCALES),
        (mxfp4().with_f32(GLOBAL, &[1], &[1.0]), "LoneTable", GLOBAL),
    ]);
}
