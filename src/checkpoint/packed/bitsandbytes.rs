//! bitsandbytes' 4-bit weights: codes, one scale a block (itself packed where it is double quantised), and a state in
//! JSON that tells shape, dtype and block.

use std::{ops::Range, sync::Arc};

use serde::Deserialize;
use serde_json::Value;

use super::{
    PackedError, QuantizationMethod, QuantizationNote,
    store::{Bytes, Store, float_dtype},
};
use crate::{
    checkpoint::{CheckpointError, ComputedRows, JsonProblem, WeightFile},
    error::IoError,
    numeric::{
        Dtype, FloatDtype, TileShape,
        codec::{FP4, FourBit, NF4},
    },
};

/// What stands between the name of a weight and its kind of state.
pub(super) const STATE: &str = ".quant_state.bitsandbytes__";

/// What tables are called, behind the name of their module or of their weight.
pub(super) const TABLES: [&str; 6] = [
    ".absmax",
    ".quant_map",
    ".nested_absmax",
    ".nested_quant_map",
    ".quant_state.bitsandbytes__nf4",
    ".quant_state.bitsandbytes__fp4",
];

/// Block sizes that the library makes.
const BLOCKS: Range<u64> = 32..4097;

/// A state longer than this is none.
const MAX_STATE_BYTES: u64 = 1 << 16;

/// Scales that are looked at in one go.
const CHECKED_AT_ONCE: usize = 1 << 16;

/// The state of a weight; the last three where its scales are packed too.
#[derive(Deserialize)]
struct State {
    quant_type: String,
    blocksize: u64,
    dtype: String,
    shape: Vec<usize>,
    nested_blocksize: Option<u64>,
    nested_dtype: Option<String>,
    nested_offset: Option<f64>,
}

/// Rows that are decoded when they are read.
#[derive(Debug)]
struct Rows {
    codec: FourBit,
    columns: usize,
    codes: Bytes,
    scales: Scales,
}

/// The scale of each block.
#[derive(Debug)]
enum Scales {
    Plain(Bytes),
    /// `map[code] · absmax of its block + offset`, two roundings.
    Nested {
        codes: Bytes,
        map: Vec<f32>,
        absmax: Bytes,
        block: usize,
        offset: f32,
    },
}

/// What the states of all weights said.
#[derive(Default)]
struct Seen {
    /// Weights whose scales are packed too, and the others.
    nested_count: usize,
    plain_count: usize,
    /// States of float32, and what was made of their weights.
    wide_count: usize,
    rounded_to: Option<FloatDtype>,
}

/// Takes every 4-bit weight with its tables; `said` is what the config says of them, where it does.
pub(super) fn unpack(store: &mut Store<'_>, said: Option<&Value>) -> Result<(), PackedError> {
    let mut seen = Seen::default();
    for (method, kind, table) in [(QuantizationMethod::Nf4, "nf4", NF4), (QuantizationMethod::Fp4, "fp4", FP4)] {
        for tensor in store.names_before(&format!("{STATE}{kind}")) {
            let other = if kind == "nf4" { "fp4" } else { "nf4" };
            if store.get(&format!("{tensor}{STATE}{other}")).is_some() {
                return Err(PackedError::SeveralStates { tensor });
            }
            unpack_one(store, method, (kind, table), &tensor, &mut seen)?;
        }
    }
    for ending in [".absmax", ".nested_absmax", ".quant_map", ".nested_quant_map"] {
        if let Some(tensor) = store.names_before(ending).pop() {
            return Err(PackedError::MissingTable { table: format!("{tensor}{STATE}nf4"), tensor });
        }
    }
    note(store, said.unwrap_or(&Value::Null), &seen);
    Ok(())
}

/// Notes where the config says otherwise than the states, and what the dtype of the states became.
fn note(store: &mut Store<'_>, said: &Value, seen: &Seen) {
    if seen.nested_count + seen.plain_count == 0 {
        return;
    }
    let kinds: Vec<&str> = [(QuantizationMethod::Nf4, "nf4"), (QuantizationMethod::Fp4, "fp4")]
        .into_iter()
        .filter_map(|(method, kind)| store.has_made(method).then_some(kind))
        .collect();
    let kinds = kinds.join(", ");
    if let Some(kind) = said["bnb_4bit_quant_type"].as_str().filter(|kind| *kind != kinds) {
        store.note(differs("bnb_4bit_quant_type", kind, kinds));
    }
    let found = match (seen.nested_count, seen.plain_count) {
        (_, 0) => "true",
        (0, _) => "false",
        _ => "true, false",
    };
    let is_double = said["bnb_4bit_use_double_quant"].as_bool().map(|is_double| is_double.to_string());
    if let Some(is_double) = is_double.filter(|is_double| is_double != found) {
        store.note(differs("bnb_4bit_use_double_quant", &is_double, found.to_owned()));
    }
    let tensor_count = seen.wide_count;
    match seen.rounded_to {
        Some(FloatDtype::F32) => {}
        _ if tensor_count == 0 => {}
        Some(dtype) => store.note(QuantizationNote::RoundedStates { tensor_count, dtype: dtype.stored() }),
        None => store.note(QuantizationNote::WideStates { tensor_count }),
    }
}

/// A key of the config beside what the states say.
pub(super) fn differs(key: &'static str, said: &str, found: String) -> QuantizationNote {
    QuantizationNote::ConfigDiffers { key, said: said.to_owned(), found }
}

fn unpack_one(
    store: &mut Store<'_>,
    method: QuantizationMethod,
    (kind, known): (&str, [f32; 16]),
    tensor: &str,
    seen: &mut Seen,
) -> Result<(), PackedError> {
    let state_name = format!("{tensor}{STATE}{kind}");
    let says = |key, said: String| PackedError::StateSays { tensor: state_name.clone(), key, said };
    let state = read_state(store, tensor, &state_name)?;
    if state.quant_type != kind {
        return Err(says("quant_type", state.quant_type));
    }
    if !BLOCKS.contains(&state.blocksize) || !state.blocksize.is_power_of_two() {
        return Err(says("blocksize", state.blocksize.to_string()));
    }
    let Some(mut dtype) = float_dtype(&state.dtype) else { return Err(says("dtype", state.dtype)) };
    // A merge into packed weights on a CPU writes float32 here, whatever the model has.
    if dtype == FloatDtype::F32 {
        seen.wide_count += 1;
        seen.rounded_to = store.config_dtype();
        dtype = seen.rounded_to.unwrap_or(dtype);
    }
    let product = state.shape.iter().try_fold(1_usize, |product, length| product.checked_mul(*length));
    let Some(count) = product.filter(|count| *count > 0 && !state.shape.is_empty()) else {
        return Err(says("shape", format!("{:?}", state.shape)));
    };
    let block = usize::try_from(state.blocksize).unwrap_or(usize::MAX);
    let codec = FourBit { table: code_book(store, tensor, &known)?, block, dtype };
    let blocks = count.div_ceil(block);
    // The bytes may stand under another dtype, which says how they are sharded and nothing about them.
    let codes = store.take_codes(tensor, count as u64)?;
    let codes = codes.typed(&[Dtype::U8, Dtype::BF16, Dtype::F16, Dtype::F32])?;
    let (size, needed) = (codes.dtype.bitsize() as u64 / 8, count.div_ceil(2) as u64);
    let codes = codes.sized(needed.next_multiple_of(size))?;
    let scales = scales(store, tensor, &state_name, &state, blocks)?;
    match scales {
        Scales::Plain(_) => seen.plain_count += 1,
        Scales::Nested { .. } => seen.nested_count += 1,
    }
    let columns = TileShape::of(&state.shape).columns;
    store.make(method, (tensor, tensor), state.shape, dtype, Rows { codec, columns, codes, scales });
    Ok(())
}

fn read_state(store: &mut Store<'_>, tensor: &str, name: &str) -> Result<State, PackedError> {
    let bytes = store.take_table(tensor, name)?.typed(&[Dtype::U8])?;
    if bytes.byte_count > MAX_STATE_BYTES {
        return Err(PackedError::WrongSize { tensor: bytes.name, held: bytes.byte_count, needed: MAX_STATE_BYTES });
    }
    let text = String::from_utf8_lossy(&bytes.read_all()?).into_owned();
    serde_json::from_str(&text)
        .map_err(|error| PackedError::BadState { tensor: name.to_owned(), problem: JsonProblem::new(&text, &error) })
}

/// The values of the codes as the file has them, which are those that the library has built in.
fn code_book(store: &mut Store<'_>, tensor: &str, known: &[f32; 16]) -> Result<[f32; 16], PackedError> {
    let map = store.take_table(tensor, &format!("{tensor}.quant_map"))?.typed(&[Dtype::F32])?.sized(64)?;
    let values = map.read_f32(0..16)?;
    let table: [f32; 16] = values.try_into().unwrap_or(*known);
    if table != *known {
        return Err(PackedError::UnknownCodeBook { tensor: map.name });
    }
    Ok(table)
}

fn scales(
    store: &mut Store<'_>,
    tensor: &str,
    state_name: &str,
    state: &State,
    blocks: usize,
) -> Result<Scales, PackedError> {
    let absmax = store.take_table(tensor, &format!("{tensor}.absmax"))?.typed(&[Dtype::F32, Dtype::U8])?;
    let [nested_absmax, nested_map] = ["nested_absmax", "nested_quant_map"].map(|table| format!("{tensor}.{table}"));
    let lacks = |key| PackedError::StateLacks { tensor: state_name.to_owned(), key };
    if absmax.dtype == Dtype::F32 {
        for table in [&nested_absmax, &nested_map] {
            if store.get(table).is_some() {
                return Err(PackedError::LoneTable { table: table.clone() });
            }
        }
        if let Some(offset) = state.nested_offset {
            let (tensor, said) = (state_name.to_owned(), offset.to_string());
            return Err(PackedError::StateSays { tensor, key: "nested_offset", said });
        }
        return Ok(Scales::Plain(absmax.sized(blocks as u64 * 4)?));
    }
    let codes = absmax.sized(blocks as u64)?;
    let offset = state.nested_offset.ok_or_else(|| lacks("nested_offset"))?;
    if let Some(said) = state.nested_dtype.clone().filter(|said| float_dtype(said) != Some(FloatDtype::F32)) {
        return Err(PackedError::StateSays { tensor: state_name.to_owned(), key: "nested_dtype", said });
    }
    let block = state.nested_blocksize.ok_or_else(|| lacks("nested_blocksize"))?;
    let block = usize::try_from(block).ok().filter(|block| *block > 0).ok_or_else(|| {
        let (tensor, said) = (state_name.to_owned(), block.to_string());
        PackedError::StateSays { tensor, key: "nested_blocksize", said }
    })?;
    #[expect(clippy::cast_possible_truncation, reason = "a float32, written as JSON writes numbers")]
    let offset = offset as f32;
    if !offset.is_finite() {
        return Err(PackedError::BadScale { tensor: state_name.to_owned(), value: offset.into() });
    }
    let map = store.take_table(tensor, &nested_map)?.typed(&[Dtype::F32])?.sized(256 * 4)?.read_f32(0..256)?;
    let absmax = store.take_table(tensor, &nested_absmax)?.typed(&[Dtype::F32])?;
    let absmax = absmax.sized(blocks.div_ceil(block) as u64 * 4)?;
    Ok(Scales::Nested { codes, map, absmax, block, offset })
}

impl Scales {
    fn read(&self, blocks: Range<usize>) -> Result<Vec<f32>, IoError> {
        match self {
            Self::Plain(absmax) => absmax.read_f32(blocks),
            Self::Nested { codes, map, absmax, block, offset } => {
                let first = blocks.start / block;
                let factors = absmax.read_f32(first..blocks.end.div_ceil(*block))?;
                let codes = codes.read_vec(blocks.clone())?;
                let scale =
                    |(index, code): (usize, u8)| map[usize::from(code)] * factors[index / block - first] + offset;
                Ok(blocks.zip(codes).map(scale).collect())
            }
        }
    }

    fn bytes(&self) -> &Bytes {
        match self {
            Self::Plain(bytes) | Self::Nested { codes: bytes, .. } => bytes,
        }
    }
}

impl ComputedRows for Rows {
    fn file(&self) -> &Arc<dyn WeightFile> {
        &self.codes.file
    }

    fn read_row_bytes(&self, rows: Range<usize>, bytes: &mut [u8]) -> Result<(), CheckpointError> {
        let elements = rows.start * self.columns..rows.end * self.columns;
        let codes = self.codes.read_vec(FourBit::code_bytes(&elements))?;
        let scales = self.scales.read(self.codec.blocks(&elements))?;
        self.codec.decode(&elements, &codes, &scales, bytes);
        Ok(())
    }

    fn check(&self) -> Result<(), CheckpointError> {
        let table = self.scales.bytes();
        let count = match &self.scales {
            Scales::Plain(absmax) => absmax.byte_count / 4,
            Scales::Nested { codes, .. } => codes.byte_count,
        };
        let count = usize::try_from(count).unwrap_or(usize::MAX);
        for start in (0..count).step_by(CHECKED_AT_ONCE) {
            let scales = self.scales.read(start..(start + CHECKED_AT_ONCE).min(count))?;
            if let Some(bad) = scales.into_iter().find(|scale| !scale.is_finite() || *scale < 0.0) {
                let problem = PackedError::BadScale { tensor: table.name.clone(), value: bad.into() };
                return Err(CheckpointError::Packed { problem, path: table.file.path().to_owned() });
            }
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::{FP4, NF4};
    use crate::{
        checkpoint::{
            QuantizationNote,
            packed::fixture::{Model, noise},
        },
        numeric::Dtype,
    };

    /// A model with a weight of 64 values for each kind and dtype of state.
    fn model(said: &serde_json::Value, states: &[(&str, &str)]) -> Model {
        let mut model = Model::new(said);
        for (index, (kind, dtype)) in states.iter().enumerate() {
            let weight = format!("m.{index}.weight");
            let state = json!({"quant_type": kind, "blocksize": 64, "dtype": dtype, "shape": [8, 8]}).to_string();
            let name = format!("{weight}.quant_state.bitsandbytes__{kind}");
            model.put(&weight, "U8", &[32, 1], noise(32, 1));
            model.put(&name, "U8", &[state.len()], state.into_bytes());
            let table = if *kind == "nf4" { NF4 } else { FP4 };
            model = model.with_f32(&format!("{weight}.quant_map"), &[16], &table);
            model = model.with_f32(&format!("{weight}.absmax"), &[1], &[0.5]);
        }
        model
    }

    fn notes(model: &Model) -> Vec<QuantizationNote> {
        model.opened(|model| model.packing_notes().unwrap()).unwrap()
    }

    #[test]
    fn what_the_config_says_otherwise_than_the_states_is_noted() {
        let states = [("nf4", "bfloat16")];
        let differs = |key, said: &str, found: &str| QuantizationNote::ConfigDiffers {
            key,
            said: said.to_owned(),
            found: found.to_owned(),
        };
        let agreeing = json!({
            "quant_method": "bitsandbytes", "load_in_4bit": true, "load_in_8bit": false, "bnb_4bit_quant_type": "nf4",
            "bnb_4bit_use_double_quant": false,
        });
        assert_eq!(notes(&model(&agreeing, &states)), []);
        let contradicting = json!({
            "quant_method": "bitsandbytes", "load_in_4bit": false, "load_in_8bit": true, "bnb_4bit_quant_type": "fp4",
            "bnb_4bit_use_double_quant": true,
        });
        let found = "bitsandbytes NF4";
        let expected = [
            differs("bnb_4bit_quant_type", "fp4", "nf4"),
            differs("bnb_4bit_use_double_quant", "true", "false"),
            differs("load_in_8bit", "true", found),
            differs("load_in_4bit", "false", found),
        ];
        assert_eq!(notes(&model(&contradicting, &states)), expected);
        let nf4 = json!({"quant_method": "bitsandbytes", "bnb_4bit_quant_type": "nf4"});
        let mixed = model(&nf4, &[("nf4", "bfloat16"), ("fp4", "bfloat16")]);
        assert_eq!(notes(&mixed), [differs("bnb_4bit_quant_type", "nf4", "nf4, fp4")]);
    }

    #[test]
    fn states_of_float32_are_rounded_to_the_models_dtype_and_noted() {
        let said = || json!({"quant_method": "bitsandbytes"});
        let states = [("nf4", "float32"), ("nf4", "bfloat16")];
        let dtype = |model: &Model| model.opened(|model| model.tensor("m.0.weight").unwrap().dtype()).unwrap();
        let rounded = model(&said(), &states);
        assert_eq!(notes(&rounded), [QuantizationNote::RoundedStates { tensor_count: 1, dtype: Dtype::BF16 }]);
        assert_eq!(dtype(&rounded), Dtype::BF16);
        let mut wide = model(&said(), &states);
        wide.config = json!({"quantization_config": said()});
        assert_eq!(notes(&wide), [QuantizationNote::WideStates { tensor_count: 1 }]);
        assert_eq!(dtype(&wide), Dtype::F32);
        wide.config["torch_dtype"] = json!("float32");
        assert_eq!(notes(&wide), []);
    }
}
