//! Weights in 8-bit floats: `fp8` (scales by blocks, or one for each matrix) and `fbgemm_fp8` (one for each output).

use serde_json::Value;

use super::{
    PackedError, QuantizationMethod, activations,
    scaled::ScaledRows,
    scales::{ScaleRange, Scales},
    spread::Spread,
    store::Store,
};
use crate::numeric::{Dtype, FloatDtype, codec::RowCode};

/// What tables are called, behind the name of their module or of their weight.
pub(super) const TABLES: [&str; 4] = [".weight_scale_inv", ".weight_scale", "_scale_inv", "_scale"];

/// Takes the weights of `quant_method: fp8`, whose `quantization_config` is `config`.
pub(super) fn unpack(store: &mut Store<'_>, config: &Value) -> Result<(), PackedError> {
    let spread = match block_size(config)? {
        Some((rows, columns)) => Spread::Block(rows, columns),
        None => Spread::Tensor,
    };
    for tensor in store.names_before("_scale_inv") {
        take(store, QuantizationMethod::Fp8, &tensor, &format!("{tensor}_scale_inv"), spread)?;
    }
    // AutoFP8's name for it.
    for module in store.names_before(".weight_scale") {
        let (tensor, table) = (format!("{module}.weight"), format!("{module}.weight_scale"));
        if store.get(&format!("{tensor}_scale_inv")).is_some() {
            return Err(PackedError::LoneTable { table });
        }
        take(store, QuantizationMethod::Fp8, &tensor, &table, spread)?;
    }
    activations::set_aside(store)?;
    refuse_bare(store, "_scale_inv")
}

/// Takes the weights of `quant_method: fbgemm_fp8`; Llama 4's experts, whose outputs are their columns, among them.
pub(super) fn unpack_fbgemm(store: &mut Store<'_>) -> Result<(), PackedError> {
    let method = QuantizationMethod::FbgemmFp8;
    for module in store.names_before(".weight_scale") {
        take(store, method, &format!("{module}.weight"), &format!("{module}.weight_scale"), Spread::Row)?;
    }
    for experts in ["gate_up_proj", "down_proj"] {
        for module in store.names_before(&format!("{experts}_scale")) {
            let tensor = format!("{module}{experts}");
            take(store, method, &tensor, &format!("{tensor}_scale"), Spread::Column)?;
        }
    }
    activations::set_aside(store)?;
    refuse_bare(store, "_scale")
}

/// `weight_block_size`: rows and columns of a block; `None` where a matrix has one scale.
fn block_size(config: &Value) -> Result<Option<(usize, usize)>, PackedError> {
    let said = &config["weight_block_size"];
    if said.is_null() {
        return Ok(None);
    }
    let side = |index: usize| usize::try_from(said[index].as_u64()?).ok().filter(|side| *side > 0);
    match (side(0), side(1), said[2].is_null()) {
        (Some(rows), Some(columns), true) => Ok(Some((rows, columns))),
        _ => Err(PackedError::BadConfig { key: "weight_block_size", said: said.to_string() }),
    }
}

/// Takes the weight `tensor` with the scales `table`.
pub(super) fn take(
    store: &mut Store<'_>,
    method: QuantizationMethod,
    tensor: &str,
    table: &str,
    spread: Spread,
) -> Result<(), PackedError> {
    let Some(stored) = store.get(tensor) else { return Err(PackedError::LoneTable { table: table.to_owned() }) };
    let count = stored.element_count() as u64;
    let codes = store.take_codes(tensor, count)?.typed(&[Dtype::F8_E4M3])?;
    if count == 0 || codes.shape.len() < 2 {
        let expected = vec![1, codes.shape.iter().product::<usize>().max(1)];
        return Err(PackedError::WrongShape { tensor: codes.name, shape: codes.shape, expected });
    }
    let table = store.take_table(tensor, table)?;
    if spread == Spread::Tensor && !spread.fits(&codes.shape, &table.shape) && table.shape.len() > 1 {
        // A grid, and nothing says of what blocks.
        return Err(PackedError::BadConfig { key: "weight_block_size", said: "null".to_owned() });
    }
    let dtypes = [Scales::FLOATS.as_slice(), &Scales::POWERS].concat();
    let scales = Scales::new(spread.checked(&codes.shape, table)?, &dtypes, ScaleRange::Positive)?;
    let dtype = store.config_dtype().filter(|dtype| *dtype != FloatDtype::F32).unwrap_or(FloatDtype::BF16);
    let (shape, grid) = (codes.shape.clone(), spread.grid(&codes.shape));
    let rows = ScaledRows { dtype, code: RowCode::E4M3, codes, grid, scales, zero_points: None, group_index: None };
    store.make(method, (tensor, tensor), shape, dtype, rows);
    Ok(())
}

/// Refuses 8-bit weights that were left because they have no scales; `ending` is that of those.
pub(super) fn refuse_bare(store: &Store<'_>, ending: &str) -> Result<(), PackedError> {
    let eight_bit = [Dtype::F8_E4M3, Dtype::F8_E5M2, Dtype::F8_E4M3FNUZ, Dtype::F8_E5M2FNUZ, Dtype::F8_E8M0, Dtype::I8];
    for tensor in store.names_before("") {
        if store.get(&tensor).is_some_and(|stored| eight_bit.contains(&stored.dtype())) {
            return Err(PackedError::MissingTable { table: format!("{tensor}{ending}"), tensor });
        }
    }
    Ok(())
}

/// Refuses weights beside scales of which no config says how they are packed.
pub(super) fn refuse_unexplained(store: &Store<'_>) -> Result<(), PackedError> {
    for (ending, of) in [("_scale_inv", ""), (".weight_scale", ".weight"), (".weight_packed", ".weight_packed")] {
        let mut tensors = store.names_before(ending).into_iter().map(|prefix| format!("{prefix}{of}"));
        if let Some(tensor) = tensors.find(|tensor| store.get(tensor).is_some()) {
            return Err(PackedError::MissingTable { tensor, table: "quantization_config".to_owned() });
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::checkpoint::packed::fixture::{
        Model, assert_refused, assert_values, e4m3, e4m3_codes, f32_bytes, scales,
    };

    const WEIGHT: &str = "m.q.weight";
    const SCALES: &str = "m.q.weight_scale_inv";

    /// A weight of 5 × 7 in blocks of 2 × 3.
    fn blocks() -> Model {
        Model::new(&json!({"quant_method": "fp8", "weight_block_size": [2, 3]}))
            .with(WEIGHT, "F8_E4M3", &[5, 7], e4m3_codes(35, 1))
            .with_f32(SCALES, &[3, 3], &scales(9))
            .with("m.norm.weight", "BF16", &[2], [1, 2, 3, 4])
    }

    /// A weight of 5 × 7 with one scale.
    fn whole() -> Model {
        Model::new(&json!({"quant_method": "fp8", "weight_block_size": null}))
            .with(WEIGHT, "F8_E4M3", &[5, 7], e4m3_codes(35, 2))
            .with_f32(SCALES, &[], &[0.013_7])
    }

    #[test]
    fn every_block_has_its_scale_in_each_dtype_of_scales() {
        let codes = e4m3_codes(35, 1);
        let powers: Vec<u8> = (117..126).collect();
        let rounded: Vec<half::bf16> = scales(9).into_iter().map(half::bf16::from_f32).collect();
        let of_powers: Vec<f32> = powers.iter().map(|code| 2.0_f32.powi(i32::from(*code) - 127)).collect();
        let halves: Vec<u8> = rounded.iter().flat_map(|scale| scale.to_le_bytes()).collect();
        for (dtype, bytes, scales) in [
            ("F32", f32_bytes(&scales(9)), scales(9)),
            ("BF16", halves, rounded.iter().map(|scale| scale.to_f32()).collect()),
            ("F8_E8M0", powers.clone(), of_powers.clone()),
            ("U8", powers, of_powers),
        ] {
            let (shape, values) = blocks().with(SCALES, dtype, &[3, 3], bytes).values(WEIGHT);
            assert_eq!(shape, [5, 7], "{dtype}");
            assert_values(&values, 7, |row, column| e4m3(codes[row * 7 + column]) * scales[row / 2 * 3 + column / 3]);
        }
    }

    #[test]
    fn experts_in_one_tensor_have_grids_of_their_own() {
        let (codes, scales) = (e4m3_codes(70, 3), scales(18));
        let model = blocks().with("m.experts.gate_up_proj", "F8_E4M3", &[2, 5, 7], codes.clone()).with_f32(
            "m.experts.gate_up_proj_scale_inv",
            &[2, 3, 3],
            &scales,
        );
        let (shape, values) = model.values("m.experts.gate_up_proj");
        assert_eq!(shape, [2, 5, 7]);
        assert_values(&values, 7, |row, column| {
            e4m3(codes[row * 7 + column]) * scales[row / 5 * 9 + row % 5 / 2 * 3 + column / 3]
        });
        let model = whole()
            .with("m.experts.down_proj", "F8_E4M3", &[2, 5, 7], codes.clone())
            .with_f32("m.experts.down_proj_scale_inv", &[2, 1, 1], &scales[..2])
            .with_f32("m.experts.down_proj_activation_scale", &[2], &[1.0, 2.0]);
        let (_, values) = model.values("m.experts.down_proj");
        assert_values(&values, 7, |row, column| e4m3(codes[row * 7 + column]) * scales[row / 5]);
    }

    #[test]
    fn one_scale_is_that_of_the_whole_weight_under_either_name() {
        let codes = e4m3_codes(35, 2);
        let auto = whole()
            .without(SCALES)
            .with_f32("m.q.weight_scale", &[1], &[0.013_7])
            .with_f32("m.q.input_scale", &[1], &[7.0])
            .with_f32("m.attn.k_scale", &[1], &[7.0])
            .with_f32("m.attn.v_scale", &[1], &[7.0]);
        for model in [whole(), auto] {
            let (_, values) = model.values(WEIGHT);
            assert_values(&values, 7, |row, column| e4m3(codes[row * 7 + column]) * 0.013_7);
            let names = model.opened(|model| model.tensors().keys().cloned().collect::<Vec<_>>()).unwrap();
            assert_eq!(names, [WEIGHT]);
        }
    }

    #[test]
    fn fbgemm_scales_outputs_which_are_the_columns_of_llama_4s_experts() {
        let (codes, scales) = (e4m3_codes(70, 5), scales(14));
        let model = Model::new(&json!({"quant_method": "fbgemm_fp8"}))
            .with(WEIGHT, "F8_E4M3", &[5, 7], codes[..35].to_vec())
            .with_f32("m.q.weight_scale", &[5, 1], &scales[..5])
            .with_f32("m.q.input_scale_ub", &[1], &[1200.0])
            .with("m.experts.gate_up_proj", "F8_E4M3", &[2, 5, 7], codes.clone())
            .with_f32("m.experts.gate_up_proj_scale", &[2, 1, 7], &scales)
            .with("m.experts.down_proj", "F8_E4M3", &[2, 5, 7], codes.clone())
            .with_f32("m.experts.down_proj_scale", &[2, 7, 1], &scales);
        assert_values(&model.values(WEIGHT).1, 7, |row, column| e4m3(codes[row * 7 + column]) * scales[row]);
        for experts in ["m.experts.gate_up_proj", "m.experts.down_proj"] {
            let (shape, values) = model.values(experts);
            assert_eq!(shape, [2, 5, 7]);
            assert_values(&values, 7, |row, column| e4m3(codes[row * 7 + column]) * scales[row / 5 * 7 + column]);
        }
    }

    #[test]
    fn weights_are_of_the_configs_dtype_where_that_has_16_bits() {
        for (said, dtype) in [("float16", Dtype::F16), ("float32", Dtype::BF16), ("bfloat16", Dtype::BF16)] {
            let mut model = whole();
            model.config["torch_dtype"] = said.into();
            assert_eq!(model.opened(|model| model.tensor(WEIGHT).unwrap().dtype()).unwrap(), dtype, "{said}");
        }
    }

    #[test]
    fn scales_that_no_config_explains_are_refused() {
        let mut model = blocks();
        model.config["quantization_config"] = json!(null);
        let auto = model.clone().without(SCALES).with_f32("m.q.weight_scale", &[], &[1.0]);
        assert_refused(vec![
            (model, "MissingTable", "quantization_config"),
            (auto, "MissingTable", "quantization_config"),
        ]);
    }

    #[test]
    fn what_cannot_be_read_is_refused_by_name() {
        let scale = |value: f32| blocks().with_f32(SCALES, &[3, 3], &[&scales(8)[..], &[value]].concat());
        let mut nan_code = e4m3_codes(35, 1);
        nan_code[17] = 0xff;
        assert_refused(vec![
            (blocks().without(SCALES), "MissingTable", SCALES),
            (blocks().without(WEIGHT), "LoneTable", SCALES),
            (blocks().with_f32(SCALES, &[3, 2], &scales(6)), "WrongShape", SCALES),
            (blocks().with_f32(SCALES, &[], &scales(1)), "WrongShape", SCALES),
            (blocks().with(SCALES, "I8", &[3, 3], [1; 9]), "WrongDtype", SCALES),
            (blocks().with(SCALES, "F8_E8M0", &[3, 3], [255; 9]), "BadScale", SCALES),
            (blocks().with(WEIGHT, "BF16", &[5, 7], [0; 70]), "WrongDtype", WEIGHT),
            (blocks().with(WEIGHT, "I8", &[5, 7], [0; 35]), "WrongDtype", WEIGHT),
            (blocks().with(WEIGHT, "F8_E5M2", &[5, 7], [0; 35]), "WrongDtype", WEIGHT),
            (blocks().with(WEIGHT, "F8_E4M3FNUZ", &[5, 7], [0; 35]), "WrongDtype", WEIGHT),
            (blocks().with(WEIGHT, "F8_E4M3", &[35], e4m3_codes(35, 1)), "WrongShape", WEIGHT),
            (blocks().with(WEIGHT, "F8_E4M3", &[0, 7], []), "WrongShape", WEIGHT),
            (blocks().with(WEIGHT, "F8_E4M3", &[5, 7], nan_code), "BadCode", WEIGHT),
            (scale(f32::NAN), "BadScale", SCALES),
            (scale(f32::INFINITY), "BadScale", SCALES),
            (scale(0.0), "BadScale", SCALES),
            (scale(-1.0), "BadScale", SCALES),
            (blocks().with_f32("m.q.weight_scale", &[3, 3], &scales(9)), "LoneTable", "m.q.weight_scale"),
            (blocks().with_f32("m.k.activation_scale", &[], &[1.0]), "LoneTable", "m.k.activation_scale"),
            (blocks().with("m.k.weight", "F8_E5M2", &[1, 1], [0]), "MissingTable", "m.k.weight"),
            (blocks().saying("/weight_block_size", json!(null)), "BadConfig", "weight_block_size"),
            (blocks().saying("/weight_block_size", json!([0, 3])), "BadConfig", "weight_block_size"),
            (blocks().saying("/weight_block_size", json!([2])), "BadConfig", "weight_block_size"),
            (blocks().saying("/weight_block_size", json!([2, 3, 4])), "BadConfig", "weight_block_size"),
            (whole().with_f32(SCALES, &[2], &scales(2)), "WrongShape", SCALES),
            (whole().with_f32(SCALES, &[], &[f32::NAN]), "BadScale", SCALES),
        ]);
    }
}
