//! `ModelOpt`'s NVFP4 and FP8: scales that are multiplied with each other, and with the codes.

use std::path::Path;

use serde_json::Value;

use super::{
    PackedError, QuantizationMethod, activations,
    four_bit_floats::{Names, take_nvfp4},
    fp8,
    scales::Global,
    settings::read_beside,
    spread::Spread,
    store::Store,
};

/// What tables are called, behind the name of their module or of their weight.
pub(super) const TABLES: [&str; 3] = [".weight_scale", ".weight_scale_2", ".pre_quant_scale"];

/// The file that `ModelOpt` writes beside the config.
const OWN_FILE: &str = "hf_quant_config.json";

/// Algorithms that are read.
const ALGORITHMS: [&str; 2] = ["NVFP4", "FP8"];

/// What the packer's own file in `root` says, as a config would say it; `None` where there is none.
///
/// # Errors
/// A file that cannot be read or is no JSON.
pub(super) fn config_beside(root: &Path) -> Result<Option<Value>, PackedError> {
    let Some(said) = read_beside(root, OWN_FILE)? else { return Ok(None) };
    let Value::Object(mut keys) = said["quantization"].clone() else {
        return Err(PackedError::BadConfig { key: "hf_quant_config.json: quantization", said: said.to_string() });
    };
    keys.insert("quant_method".to_owned(), "modelopt".into());
    Ok(Some(Value::Object(keys)))
}

/// Refuses packed weights of an algorithm that is not read; `beside` comes from the packer's own file, so that no config
/// names it.
pub(super) fn refuse_unread(store: &Store<'_>, beside: &Value) -> Result<(), PackedError> {
    let algorithm = beside["quant_algo"].as_str().filter(|algorithm| !ALGORITHMS.contains(algorithm));
    match (algorithm, fp8::refuse_unexplained(store)) {
        (Some(algorithm), Err(_)) => Err(PackedError::OtherLayout { key: "quant_algo", said: algorithm.to_owned() }),
        _ => Ok(()),
    }
}

/// Takes the weights of `quant_method: modelopt`; none of them where `config` names an algorithm that is not read.
pub(super) fn unpack(store: &mut Store<'_>, config: &Value) -> Result<(), PackedError> {
    if config["quant_algo"].as_str().is_some_and(|algorithm| !ALGORITHMS.contains(&algorithm)) {
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

    /// The same with nothing in its config, and `said` in the packer's own file.
    fn with_own_file(model: Model, said: &serde_json::Value) -> Model {
        let files = vec![("hf_quant_config.json", said.to_string())];
        Model { config: json!({"torch_dtype": "bfloat16"}), files, ..model }
    }

    #[test]
    fn the_packers_own_file_says_enough() {
        let (_, expected) = nvfp4().values(WEIGHT);
        let said = json!({"producer": {"name": "modelopt"}, "quantization": {"quant_algo": "NVFP4", "group_size": 16}});
        let model = with_own_file(nvfp4(), &said);
        assert_eq!(model.values(WEIGHT).1, expected);
        assert_refused(vec![
            (with_own_file(nvfp4(), &json!({"quantization": {"quant_algo": "W4A8_AWQ"}})), "OtherLayout", "W4A8_AWQ"),
            (with_own_file(nvfp4(), &json!({"quantization": []})), "BadConfig", "hf_quant_config.json"),
            (Model { config: json!({}), ..nvfp4() }, "MissingTable", "quantization_config"),
        ]);
        // Beside weights that are not packed it says nothing.
        let plain = Model::new(&json!(null)).with_f32("m.q.weight", &[1, 2], &[1.0, 2.0]);
        let plain = with_own_file(plain, &json!({"quantization": {"quant_algo": "W4A8_AWQ"}}));
        assert!(plain.opened(|model| model.quantization().is_none()).unwrap());
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
