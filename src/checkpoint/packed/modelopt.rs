//! `ModelOpt`'s NVFP4 and FP8: scales that are multiplied with each other, and with the codes.

use serde_json::Value;

use super::{
    PackedError, QuantizationMethod, activations,
    four_bit_floats::{Names, take_nvfp4},
    fp8,
    scales::Global,
    spread::Spread,
    store::Store,
};

/// Takes the weights of `quant_method: modelopt`; none of them where `config` names an algorithm that is not read.
pub(super) fn unpack(store: &mut Store<'_>, config: &Value) -> Result<(), PackedError> {
    if !matches!(config["quant_algo"].as_str(), None | Some("NVFP4" | "FP8")) {
        return Ok(());
    }
    for module in store.names_before(".weight_scale_2") {
        let [weight, scales, global] = ["weight", "weight_scale", "weight_scale_2"].map(|it| format!("{module}.{it}"));
        if store.get(&weight).is_none() {
            return Err(PackedError::LoneTable { table: global });
        }
        let names = Names { codes: &weight, scales: &scales, weight: &weight };
        take_nvfp4(store, QuantizationMethod::ModelOptNvfp4, &names, (Global::Factor, &global))?;
    }
    for module in store.names_before(".weight_scale") {
        let [weight, scale] = ["weight", "weight_scale"].map(|it| format!("{module}.{it}"));
        fp8::take(store, QuantizationMethod::ModelOptFp8, &weight, &scale, Spread::Tensor)?;
    }
    // Activations were scaled before the weights were packed: they are those of another model.
    if let Some(module) = store.names_before(".pre_quant_scale").pop() {
        return Err(PackedError::LoneTable { table: format!("{module}.pre_quant_scale") });
    }
    activations::set_aside(store)?;
    fp8::refuse_bare(store, "_scale")
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use crate::{
        checkpoint::packed::fixture::{Model, assert_refused, assert_values, e4m3, e4m3_codes, noise},
        numeric::codec::E2M1,
    };

    const WEIGHT: &str = "m.q.weight";
    const SCALES: &str = "m.q.weight_scale";
    const GLOBAL: &str = "m.q.weight_scale_2";

    fn block_scales() -> Vec<u8> {
        e4m3_codes(6, 9).into_iter().map(|code| code & 0x7f).collect()
    }

    /// A weight of 3 × 32.
    fn nvfp4() -> Model {
        Model::new(&json!({"quant_method": "modelopt", "quant_algo": "NVFP4"}))
            .with(WEIGHT, "U8", &[3, 16], noise(48, 1))
            .with(SCALES, "F8_E4M3", &[3, 2], block_scales())
            .with_f32(GLOBAL, &[], &[0.013_7])
            .with_f32("m.q.input_scale", &[], &[7.0])
    }

    #[test]
    fn the_scale_of_a_block_is_multiplied_with_that_of_the_tensor() {
        let (codes, scales) = (noise(48, 1), block_scales());
        let (shape, values) = nvfp4().values(WEIGHT);
        assert_eq!(shape, [3, 32]);
        assert_values(&values, 32, |row, column| {
            let code = codes[row * 16 + column / 2] >> (column % 2 * 4) & 15;
            E2M1[usize::from(code)] * (e4m3(scales[row * 2 + column / 16]) * 0.013_7)
        });
    }

    #[test]
    fn fp8_has_one_scale() {
        let codes = e4m3_codes(6, 2);
        let model = Model::new(&json!({"quant_method": "modelopt", "quant_algo": "FP8"}))
            .with(WEIGHT, "F8_E4M3", &[2, 3], codes.clone())
            .with_f32(SCALES, &[], &[0.013_7])
            .with_f32("m.k_proj.k_scale", &[], &[7.0]);
        assert_values(&model.values(WEIGHT).1, 3, |row, column| e4m3(codes[row * 3 + column]) * 0.013_7);
    }

    #[test]
    fn another_algorithm_leaves_the_model_packed_and_is_named() {
        let model = nvfp4().saying("/quant_algo", json!("W4A8_AWQ"));
        let named = model.opened(|model| {
            assert!(model.quantization().is_none());
            model.config().quantization().map(str::to_owned)
        });
        assert_eq!(named.unwrap().as_deref(), Some("W4A8_AWQ"));
    }

    #[test]
    fn what_cannot_be_read_is_refused_by_name() {
        assert_refused(vec![
            (nvfp4().without(WEIGHT), "LoneTable", GLOBAL),
            (nvfp4().without(SCALES), "MissingTable", SCALES),
            (nvfp4().without(GLOBAL), "WrongDtype", WEIGHT),
            (nvfp4().with(SCALES, "F8_E4M3", &[3, 1], [8; 3]), "WrongShape", SCALES),
            (nvfp4().with_f32(SCALES, &[3, 2], &[1.0; 6]), "WrongDtype", SCALES),
            (nvfp4().with(SCALES, "F8_E4M3", &[3, 2], [0x7f; 6]), "BadScale", SCALES),
            (nvfp4().with(SCALES, "F8_E4M3", &[3, 2], [0x88; 6]), "BadScale", SCALES),
            (nvfp4().with_f32(GLOBAL, &[], &[0.0]), "BadScale", GLOBAL),
            (nvfp4().with_f32(GLOBAL, &[2], &[1.0; 2]), "WrongSize", GLOBAL),
            (nvfp4().with_f32("m.q.pre_quant_scale", &[32], &[1.0; 32]), "LoneTable", "m.q.pre_quant_scale"),
        ]);
    }
}
