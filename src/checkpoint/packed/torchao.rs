//! torchao's `Int8Tensor` as transformers 5 saves it: a byte for each weight, a scale and a zero point for each row, and
//! in the header's metadata what each weight is.

use std::collections::BTreeMap;

use serde_json::Value;

use super::{
    PackedError, QuantizationMethod,
    scaled::ScaledRows,
    scales::{ScaleRange, Scales},
    spread::Spread,
    store::{Store, float_dtype},
    zero_points::ZeroPoints,
};
use crate::{
    checkpoint::JsonProblem,
    numeric::{Dtype, codec::RowCode},
};

/// What tables are called, behind the name of their module or of their weight.
pub(super) const TABLES: [&str; 3] = ["._weight_qdata", "._weight_scale", "._weight_zero_point"];

/// Takes the weights of `quant_method: torchao`; none of them where one is of another class, which holds tiles of a kernel
/// or codes of another width.
pub(super) fn unpack(store: &mut Store<'_>) -> Result<(), PackedError> {
    let modules = store.names_before("._weight_qdata");
    let mut states = Vec::new();
    let mut metadata: BTreeMap<String, BTreeMap<String, String>> = BTreeMap::new();
    for module in &modules {
        let weight = format!("{module}.weight");
        let Some(codes) = store.get(&format!("{module}._weight_qdata")) else { continue };
        let of_file = metadata.entry(codes.file().name().to_owned()).or_insert_with(|| codes.file().metadata());
        let missing = || PackedError::MissingTable { tensor: weight.clone(), table: "__metadata__".to_owned() };
        let text = of_file.get(&weight).ok_or_else(missing)?;
        let state: Value = serde_json::from_str(text).map_err(|error| PackedError::BadState {
            tensor: weight.clone(),
            problem: JsonProblem::new(text, &error),
        })?;
        if state["_type"] != "Int8Tensor" {
            return Ok(());
        }
        states.push(state);
    }
    for (module, state) in modules.iter().zip(&states) {
        take(store, module, state)?;
    }
    for table in TABLES {
        if let Some(module) = store.names_before(table).pop() {
            return Err(PackedError::LoneTable { table: format!("{module}{table}") });
        }
    }
    Ok(())
}

fn take(store: &mut Store<'_>, module: &str, state: &Value) -> Result<(), PackedError> {
    let [codes, scales, zero_points] = TABLES.map(|table| format!("{module}{table}"));
    let weight = format!("{module}.weight");
    let says = |key, said: &Value| PackedError::StateSays { tensor: weight.clone(), key, said: said.to_string() };
    let count = store.get(&codes).map_or(0, |stored| stored.element_count() as u64);
    let codes = store.take_codes(&codes, count)?.typed(&[Dtype::I8])?;
    let &[rows, columns] = &codes.shape[..] else {
        return Err(PackedError::WrongShape { tensor: codes.name, shape: codes.shape, expected: vec![1, 1] });
    };
    let data = &state["_data"];
    // A block is a row: the library has others, of which no file was seen.
    let block = &data["block_size"];
    if count == 0 || block[0] != 1 || block[1].as_u64() != Some(columns as u64) || !block[2].is_null() {
        return Err(says("block_size", block));
    }
    let said = &data["dtype"]["_data"];
    let dtype = said.as_str().and_then(float_dtype).ok_or_else(|| says("dtype", said))?;
    let shape = vec![rows, columns];
    let table = store.take_table(&weight, &scales)?;
    let scales = Scales::new(Spread::Row.checked(&shape, table)?, &Scales::FLOATS, ScaleRange::NotNegative)?;
    let zero_points = if store.get(&zero_points).is_some() {
        let table = store.take_table(&weight, &zero_points)?.typed(&[Dtype::I8])?;
        Some(ZeroPoints::Bytes(Spread::Row.checked(&shape, table)?))
    } else {
        None
    };
    let stored = codes.name.clone();
    let grid = Spread::Row.grid(&shape);
    let rows = ScaledRows { dtype, code: RowCode::Int8, codes, grid, scales, zero_points, group_index: None };
    store.make(QuantizationMethod::TorchaoInt8, (&stored, &weight), shape, dtype, rows);
    Ok(())
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use crate::checkpoint::packed::fixture::{Model, assert_refused, assert_values, noise, scales};

    const CODES: &str = "m.q._weight_qdata";
    const SCALES: &str = "m.q._weight_scale";
    const ZERO_POINTS: &str = "m.q._weight_zero_point";

    fn state() -> Value {
        json!({
            "_type": "Int8Tensor",
            "_data": {"block_size": [1, 6], "dtype": {"_type": "torch.dtype", "_data": "bfloat16"}},
            "_tensor_data_names": ["zero_point", "qdata", "scale"],
        })
    }

    /// A weight of 5 × 6 whose header says `state` of it.
    fn model(state: &Value) -> Model {
        let mut model = Model::new(&json!({"quant_method": "torchao"}))
            .with(CODES, "I8", &[5, 6], noise(30, 5))
            .with_f32(SCALES, &[5, 1], &scales(5))
            .with(ZERO_POINTS, "I8", &[5, 1], [0, 1, 0xff, 0x7f, 0x80]);
        model.metadata.insert("m.q.weight".to_owned(), state.to_string());
        model
    }

    #[test]
    fn a_row_has_a_scale_and_a_zero_point() {
        let (codes, scales) = (noise(30, 5), scales(5));
        let code = |row: usize, column: usize| i16::from(codes[row * 6 + column].cast_signed());
        let (shape, values) = model(&state()).values("m.q.weight");
        assert_eq!(shape, [5, 6]);
        let zero_points = [0, 1, -1, 127, -128];
        assert_values(&values, 6, |row, column| f32::from(code(row, column) - zero_points[row]) * scales[row]);
        let (_, values) = model(&state()).without(ZERO_POINTS).values("m.q.weight");
        assert_values(&values, 6, |row, column| f32::from(code(row, column)) * scales[row]);
    }

    #[test]
    fn another_class_leaves_the_model_packed_and_is_named() {
        let other = json!({"_type": "Int4TilePackedTo4dTensor", "_data": {}});
        let named = model(&other).opened(|model| {
            assert!(model.quantization().is_none());
            model.config().quantization().map(str::to_owned)
        });
        assert_eq!(named.unwrap().as_deref(), Some("torchao"));
    }

    #[test]
    fn what_cannot_be_read_is_refused_by_name() {
        let usual = || model(&state());
        let saying = |pointer: &str, value: Value| {
            let mut state = state();
            *state.pointer_mut(pointer).unwrap() = value;
            model(&state)
        };
        let mut silent = usual();
        silent.metadata.clear();
        let mut cut = usual();
        cut.metadata.insert("m.q.weight".to_owned(), "{\"_type\": ".to_owned());
        assert_refused(vec![
            (silent, "MissingTable", "__metadata__"),
            (cut, "BadState", "m.q.weight"),
            (saying("/_data/block_size", json!([1, 3])), "StateSays", "block_size"),
            (saying("/_data/block_size", json!([5, 6])), "StateSays", "block_size"),
            (saying("/_data/dtype/_data", json!("int8")), "StateSays", "dtype"),
            (usual().without(CODES), "LoneTable", SCALES),
            (usual().without(SCALES), "MissingTable", SCALES),
            (usual().with(CODES, "U8", &[5, 6], [0; 30]), "WrongDtype", CODES),
            (usual().with_f32(SCALES, &[1], &[1.0]), "WrongShape", SCALES),
            (usual().with_f32(SCALES, &[5, 1], &[f32::NAN; 5]), "BadScale", SCALES),
            (usual().with(ZERO_POINTS, "I8", &[1, 5], [0; 5]), "WrongShape", ZERO_POINTS),
            (usual().with("m.q.weight", "BF16", &[5, 6], [0; 60]), "LoneTable", "m.q.weight"),
        ]);
    }
}
