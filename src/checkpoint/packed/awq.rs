//! AWQ in the layout `gemm`: `qweight`, `qzeros` and `scales`, inputs in groups of neighbours.

use std::sync::Arc;

use super::{
    PackedError, QuantizationMethod,
    by_input::{Groups, Rows},
    gptq::{GroupSize, refuse_lone},
    settings::Settings,
    store::Store,
};
use crate::numeric::{
    Dtype, TileShape,
    codec::{Awq, ByInput as _},
};

/// What tables are called, behind the name of their module or of their weight.
pub(super) const TABLES: [&str; 3] = [".qweight", ".qzeros", ".scales"];

/// Takes every module with its tables.
pub(super) fn unpack(store: &mut Store<'_>, settings: &Settings) -> Result<(), PackedError> {
    let modules = store.names_before(".qweight");
    if !modules.is_empty() {
        settings.only(&["version", "format", "checkpoint_format"], &["gemm"])?;
        settings.only(&["backend"], &["autoawq"])?;
        settings.only(&["pack_dtype"], &["int32", "torch.int32"])?;
        if let Some(bits) = settings.integer(&["bits", "w_bit"])?.filter(|bits| *bits != 4) {
            return Err(PackedError::BadConfig { key: "bits", said: bits.to_string() });
        }
        let group_size = GroupSize::read(settings, &["group_size", "q_group_size"])?;
        for module in modules {
            unpack_one(store, group_size, &module)?;
        }
    }
    refuse_lone(store, &[".qzeros", ".scales"])
}

fn unpack_one(store: &mut Store<'_>, group_size: GroupSize, module: &str) -> Result<(), PackedError> {
    let [qweight, qzeros, scales] = ["qweight", "qzeros", "scales"].map(|part| format!("{module}.{part}"));
    let shape = store.get(&qweight).map(|codes| TileShape::of(codes.shape()));
    let TileShape { rows: inputs, columns: words } = shape.unwrap_or(TileShape { rows: 0, columns: 0 });
    let outputs = words.saturating_mul(8);
    let codes = store.take_codes(&qweight, (inputs as u64).saturating_mul(outputs as u64))?;
    let codes = codes.typed(&[Dtype::I32])?.shaped(&[inputs, words])?;
    let scales = store.take_table(&qweight, &scales)?.typed(&[Dtype::F16, Dtype::BF16])?;
    let group_count = scales.shape.first().copied().unwrap_or(0);
    let is_even = group_count > 0 && inputs.is_multiple_of(group_count);
    let said = group_size.count(inputs).or(is_even.then_some(group_count)).unwrap_or(1);
    let scales = scales.shaped(&[said, outputs])?;
    let zeros = store.take_table(&qweight, &qzeros)?.typed(&[Dtype::I32])?;
    let zeros = zeros.shaped(&[said, Awq.zero_bytes(outputs) / 4])?;
    let groups = Groups::Every(match group_size {
        GroupSize::Of(size) => size,
        GroupSize::All | GroupSize::Unsaid => inputs / said,
    });
    let rows = Rows { packing: Awq, inputs, outputs, groups, codes, zeros, scales, cache: Arc::clone(store.cache()) };
    let dtype = rows.dtype();
    store.make(QuantizationMethod::Awq, (&qweight, &format!("{module}.weight")), vec![outputs, inputs], dtype, rows);
    Ok(())
}

#[cfg(test)]
#[expect(clippy::cast_possible_truncation, reason = "small numbers of a test")]
mod tests {
    use serde_json::{Value, json};

    use super::super::fixture::{Model, random};
    use crate::{
        checkpoint::QuantizationMethod,
        numeric::{Dtype, FloatDtype},
    };

    const INPUTS: usize = 96;
    const OUTPUTS: usize = 136;

    fn code(input: usize, output: usize) -> usize {
        random(1, input, output, 16)
    }

    fn zero(group: usize, output: usize) -> usize {
        random(2, group, output, 16)
    }

    fn scale(group: usize, output: usize) -> half::bf16 {
        half::bf16::from_f32(0.01 + random(3, group, output, 1000) as f32 / 1e5)
    }

    /// A row of words, each with its eight outputs in the order of the kernel.
    fn packed(code: impl Fn(usize) -> usize) -> Vec<u8> {
        let order = [0, 2, 4, 6, 1, 3, 5, 7];
        let word = |word: usize| (0..8).map(|nibble| (code(word * 8 + order[nibble]) as u32) << (4 * nibble)).sum();
        (0..OUTPUTS / 8).flat_map(|index| u32::to_le_bytes(word(index))).collect()
    }

    fn folder(group_size: usize, config: &Value) -> Model {
        let mut folder = Model::new(config);
        let groups = INPUTS / group_size;
        let codes = (0..INPUTS).flat_map(|input| packed(|output| code(input, output))).collect();
        folder.put("m.0.qweight", "I32", &[INPUTS, OUTPUTS / 8], codes);
        let zeros = (0..groups).flat_map(|group| packed(|output| zero(group, output))).collect();
        folder.put("m.0.qzeros", "I32", &[groups, OUTPUTS / 8], zeros);
        let scales =
            (0..groups).flat_map(|group| (0..OUTPUTS).flat_map(move |output| scale(group, output).to_le_bytes()));
        folder.put("m.0.scales", "BF16", &[groups, OUTPUTS], scales.collect());
        folder
    }

    fn config() -> Value {
        json!({"quant_method": "awq", "bits": 4, "group_size": 32, "version": "gemm", "zero_point": true})
    }

    fn assert_read(folder: &Model, group_size: usize) {
        let read = folder.opened(|checkpoint| {
            assert_eq!(checkpoint.quantization().unwrap().method, QuantizationMethod::Awq);
            assert_eq!(checkpoint.tensor("m.0.weight").unwrap().dtype(), Dtype::BF16);
            let (shape, values) = folder.values("m.0.weight");
            assert_eq!(shape, [OUTPUTS, INPUTS]);
            for (at, value) in values.into_iter().enumerate() {
                let (output, input) = (at / INPUTS, at % INPUTS);
                let group = input / group_size;
                let exact = scale(group, output).to_f64() * (code(input, output) as f64 - zero(group, output) as f64);
                assert_eq!(f64::from(value), FloatDtype::BF16.round_to_nearest(exact), "{output}, {input}");
            }
        });
        read.unwrap();
    }

    #[test]
    fn groups_of_any_size_are_read_by_the_formula() {
        assert_read(&folder(32, &config()), 32);
        let mut whole = folder(INPUTS, &config());
        whole.config["quantization_config"]["group_size"] = json!(-1);
        assert_read(&whole, INPUTS);
        let mut beside = folder(16, &Value::Null);
        let own = json!({"w_bit": 4, "q_group_size": 16, "version": "GEMM", "zero_point": true});
        beside.files.push(("quant_config.json", own.to_string()));
        assert_read(&beside, 16);
    }

    #[test]
    fn what_contradicts_itself_is_refused_by_name() {
        type Fault = (&'static str, fn(&mut Model));
        fn set(folder: &mut Model, key: &str, value: Value) {
            folder.config["quantization_config"][key] = value;
        }
        let faults: &[Fault] = &[
            ("m.0.scales", |folder| drop(folder.tensors.remove("m.0.scales"))),
            ("m.0.qzeros", |folder| drop(folder.tensors.remove("m.0.qzeros"))),
            ("m.0.scales belongs", |folder| folder.tensors.retain(|name, _| name == "m.0.scales")),
            ("m.0.scales", |folder| folder.tensors.get_mut("m.0.scales").unwrap().1 = vec![6, 68]),
            ("m.0.qzeros", |folder| folder.tensors.get_mut("m.0.qzeros").unwrap().1 = vec![17, 3]),
            ("m.0.scales", |folder| folder.tensors.get_mut("m.0.qweight").unwrap().1 = vec![48, 34]),
            ("m.0.qweight", |folder| folder.tensors.get_mut("m.0.qweight").unwrap().1 = vec![96 * 17]),
            ("m.0.qweight is F32", |folder| folder.tensors.get_mut("m.0.qweight").unwrap().0 = "F32"),
            ("m.0.scales holds a scale of inf", |folder| {
                folder.tensors.get_mut("m.0.scales").unwrap().2[..2].copy_from_slice(&[0x80, 0x7f]);
            }),
            ("m.0.scales", |folder| set(folder, "group_size", json!(64))),
            ("group_size: -2", |folder| set(folder, "group_size", json!(-2))),
            ("bits: 3", |folder| set(folder, "bits", json!(3))),
            ("version: gemv", |folder| set(folder, "version", json!("gemv"))),
            ("version: gemv_fast", |folder| set(folder, "version", json!("gemv_fast"))),
            ("version: exllama", |folder| set(folder, "version", json!("exllama"))),
            ("backend: llm-awq", |folder| set(folder, "backend", json!("llm-awq"))),
            ("format: marlin", |folder| set(folder, "format", json!("marlin"))),
        ];
        assert_eq!(folder(32, &config()).refusal(), "it is read");
        for (index, (said, damage)) in faults.iter().enumerate() {
            let mut folder = folder(32, &config());
            damage(&mut folder);
            let refusal = folder.refusal();
            assert!(refusal.contains(said), "{index}: {refusal:?} does not say {said:?}");
        }
    }
}
