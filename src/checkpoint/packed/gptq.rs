//! GPTQ: `qweight`, `qzeros`, `scales` and, where inputs were quantised in another order than they stand in, `g_idx`.

use std::sync::Arc;

use super::{
    PackedError, QuantizationMethod,
    by_input::{Groups, Rows},
    settings::Settings,
    store::{Bytes, Store},
};
use crate::{
    checkpoint::LogicalTensor,
    numeric::{
        Dtype, TileShape,
        codec::{ByInput as _, Gptq},
    },
};

/// What tables are called, behind the name of their module or of their weight.
pub(super) const TABLES: [&str; 4] = [".qweight", ".qzeros", ".scales", ".g_idx"];

/// Bits that a code may have.
const BITS: [i64; 4] = [2, 3, 4, 8];

/// What the config says of all modules.
struct Defaults {
    bits: usize,
    group_size: GroupSize,
    zeros_less_one: bool,
    /// The version, as it is said, where every zero point is said to be the middle of the codes.
    symmetric_version: Option<String>,
    /// Whether single modules may have other bits and groups, which their shapes tell.
    is_dynamic: bool,
    is_reordered: bool,
}

/// Inputs of a group.
#[derive(Clone, Copy)]
pub(super) enum GroupSize {
    Unsaid,
    /// All inputs of a module.
    All,
    Of(usize),
}

/// Takes every module with its tables.
pub(super) fn unpack(store: &mut Store<'_>, settings: &Settings) -> Result<(), PackedError> {
    let modules = store.names_before(".qweight");
    if !modules.is_empty() {
        let defaults = Defaults::read(settings)?;
        for module in modules {
            unpack_one(store, &defaults, &module)?;
        }
    }
    refuse_lone(store, &[".qzeros", ".scales", ".g_idx"])
}

/// Refuses tables whose module is not there.
pub(super) fn refuse_lone(store: &Store<'_>, endings: &[&str]) -> Result<(), PackedError> {
    for ending in endings {
        if let Some(module) = store.names_before(ending).pop() {
            return Err(PackedError::LoneTable { table: format!("{module}{ending}") });
        }
    }
    Ok(())
}

impl GroupSize {
    pub fn read(settings: &Settings, keys: &[&'static str]) -> Result<Self, PackedError> {
        match settings.integer(keys)? {
            None => Ok(Self::Unsaid),
            Some(-1) => Ok(Self::All),
            Some(size) => {
                let bad = || PackedError::BadConfig { key: "group_size", said: size.to_string() };
                usize::try_from(size).ok().filter(|size| *size > 0).map(Self::Of).ok_or_else(bad)
            }
        }
    }

    /// Groups of so many inputs; `None` where it is not said.
    pub fn count(self, inputs: usize) -> Option<usize> {
        match self {
            Self::Unsaid => None,
            Self::All => Some(1),
            Self::Of(size) => Some(inputs.div_ceil(size)),
        }
    }
}

impl Defaults {
    fn read(settings: &Settings) -> Result<Self, PackedError> {
        // Weights that were put into the order of one kernel say so here.
        settings.only(&["checkpoint_format", "format"], &["gptq", "gptq_v2"])?;
        settings.only(&["pack_dtype"], &["int32", "torch.int32"])?;
        for key in ["is_marlin_format", "is_bitblas_format"] {
            if settings.get(key).is_some_and(|said| said.as_bool() != Some(false)) {
                return Err(PackedError::OtherLayout { key, said: "true".to_owned() });
            }
        }
        let lacks = |key| PackedError::StateLacks { tensor: "quantization_config".to_owned(), key };
        let bits = settings.integer(&["bits"])?.ok_or_else(|| lacks("bits"))?;
        let Some(bits) = BITS.into_iter().find(|known| *known == bits).and_then(|bits| usize::try_from(bits).ok())
        else {
            return Err(PackedError::BadConfig { key: "bits", said: bits.to_string() });
        };
        let version = settings.get("checkpoint_format").or_else(|| settings.get("format"));
        let version = version.and_then(|version| version.as_str()).unwrap_or("gptq").to_owned();
        let is_true = |key| settings.get(key).and_then(serde_json::Value::as_bool) == Some(true);
        Ok(Self {
            bits,
            group_size: GroupSize::read(settings, &["group_size"])?,
            zeros_less_one: !version.eq_ignore_ascii_case("gptq_v2"),
            symmetric_version: is_true("sym").then_some(version),
            is_dynamic: settings
                .get("dynamic")
                .is_some_and(|dynamic| dynamic.as_object().is_some_and(|rules| !rules.is_empty())),
            is_reordered: is_true("desc_act"),
        })
    }

    /// Refuses symmetric weights whose zero points are in the middle only as the other version stores them; `zeros` are
    /// those of a module of `outputs`, and its first group tells.
    fn refuse_other_version(&self, packing: &Gptq, zeros: &Bytes, outputs: usize) -> Result<(), PackedError> {
        let row_byte_count = packing.zero_bytes(outputs);
        let Some(version) = &self.symmetric_version else { return Ok(()) };
        if outputs == 0 || zeros.byte_count < row_byte_count as u64 {
            return Ok(());
        }
        let mut found = vec![0; outputs];
        packing.zeros(&zeros.read_vec(0..row_byte_count)?, 0..outputs, &mut found);
        let middle = 1 << (packing.bits - 1);
        let others = if packing.zeros_less_one { middle + 1 } else { middle - 1 };
        if found.iter().any(|zero| *zero != others) {
            return Ok(());
        }
        let (tensor, said) = (zeros.name.clone(), version.clone());
        Err(PackedError::Contradicted { tensor, key: "checkpoint_format", said })
    }
}

fn unpack_one(store: &mut Store<'_>, defaults: &Defaults, module: &str) -> Result<(), PackedError> {
    let [qweight, qzeros, scales, g_idx] =
        ["qweight", "qzeros", "scales", "g_idx"].map(|part| format!("{module}.{part}"));
    let stored = |name: &str| store.get(name).map(|tensor| TileShape::of(tensor.shape()));
    let TileShape { rows: code_rows, columns: outputs } = stored(&qweight).unwrap_or(TileShape { rows: 0, columns: 0 });
    let zero_columns = stored(&qzeros).map_or(0, |shape| shape.columns);
    let listed = store.get(&g_idx).map(LogicalTensor::element_count).filter(|count| *count > 0);
    let packing = |bits| Gptq { bits, zeros_less_one: defaults.zeros_less_one };
    let inputs_by = |bits: usize| listed.unwrap_or(code_rows.saturating_mul(32) / bits);
    let fits = |bits: usize| {
        let packing = packing(bits);
        inputs_by(bits) > 0
            && packing.code_rows(inputs_by(bits)) == code_rows
            && packing.zero_bytes(outputs) / 4 == zero_columns
    };
    let mut bits = defaults.bits;
    if defaults.is_dynamic && !fits(bits) {
        let mut fitting = [2, 3, 4, 8].into_iter().filter(|bits| fits(*bits));
        bits = fitting.next().filter(|_| fitting.next().is_none()).unwrap_or(bits);
    }
    let (packing, inputs) = (packing(bits), inputs_by(bits));
    let codes = store.take_codes(&qweight, (inputs as u64).saturating_mul(outputs as u64))?.typed(&[Dtype::I32])?;
    let codes = codes.shaped(&[packing.code_rows(inputs), outputs])?;
    let scales = store.take_table(&qweight, &scales)?.typed(&[Dtype::F16, Dtype::BF16])?;
    let group_count = scales.shape.first().copied().unwrap_or(0);
    let said = defaults.group_size.count(inputs).filter(|_| !defaults.is_dynamic);
    let scales = scales.shaped(&[said.unwrap_or(group_count), outputs])?;
    let zeros = store.take_table(&qweight, &qzeros)?.typed(&[Dtype::I32])?;
    let zeros = zeros.shaped(&[group_count, packing.zero_bytes(outputs) / 4])?;
    // One packer wrote all modules.
    if !store.has_made(QuantizationMethod::Gptq) {
        defaults.refuse_other_version(&packing, &zeros, outputs)?;
    }
    let groups = groups(store, defaults, (&qweight, &g_idx), inputs, &scales)?;
    let rows = Rows { packing, inputs, outputs, groups, codes, zeros, scales, cache: Arc::clone(store.cache()) };
    let dtype = rows.dtype();
    store.make(QuantizationMethod::Gptq, (&qweight, &format!("{module}.weight")), vec![outputs, inputs], dtype, rows);
    Ok(())
}

/// The groups of a module that has those of `scales`.
fn groups(
    store: &mut Store<'_>,
    defaults: &Defaults,
    (qweight, g_idx): (&str, &str),
    inputs: usize,
    scales: &Bytes,
) -> Result<Groups, PackedError> {
    let count = scales.shape.first().copied().unwrap_or(0);
    if store.get(g_idx).is_some() {
        let index = store.take_table(qweight, g_idx)?.typed(&[Dtype::I32])?;
        // Some packers leave an empty one where the order is that of the inputs.
        if index.byte_count > 0 {
            return Ok(Groups::Listed(index.shaped(&[inputs])?));
        }
    }
    if defaults.is_reordered && count > 1 {
        return Err(PackedError::MissingTable { tensor: qweight.to_owned(), table: g_idx.to_owned() });
    }
    let size = match defaults.group_size {
        GroupSize::Of(size) if inputs.div_ceil(size) == count => size,
        _ if count > 0 && inputs.is_multiple_of(count) => inputs / count,
        _ => {
            return Err(PackedError::WrongShape {
                tensor: scales.name.clone(),
                shape: scales.shape.clone(),
                expected: vec![
                    defaults.group_size.count(inputs).unwrap_or(1),
                    scales.shape.get(1).copied().unwrap_or(0),
                ],
            });
        }
    };
    Ok(Groups::Every(size))
}

#[cfg(test)]
#[expect(clippy::cast_possible_truncation, reason = "small numbers of a test")]
mod tests {
    use serde_json::{Value, json};

    use super::super::fixture::{Model, random, stream};
    use crate::{
        checkpoint::{CheckpointError, PackedError, QuantizationMethod, QuantizationNote},
        error::assert_told,
        numeric::{Dtype, FloatDtype},
    };

    const INPUTS: usize = 96;
    const OUTPUTS: usize = 160;

    /// A module as the formula packs it.
    #[derive(Clone, Copy)]
    struct Module {
        bits: usize,
        group_size: usize,
        is_v2: bool,
        is_reordered: bool,
        has_index: bool,
    }

    const PLAIN: Module = Module { bits: 4, group_size: 32, is_v2: false, is_reordered: false, has_index: true };

    impl Module {
        fn code(&self, input: usize, output: usize) -> usize {
            random(1, input, output, 1 << self.bits)
        }

        fn zero(&self, group: usize, output: usize) -> usize {
            random(2, group, output, 1 << self.bits)
        }

        fn scale(group: usize, output: usize) -> half::f16 {
            half::f16::from_f32(0.01 + random(3, group, output, 1000) as f32 / 1e5)
        }

        fn group(&self, input: usize) -> usize {
            if self.is_reordered { random(4, input, 0, INPUTS / self.group_size) } else { input / self.group_size }
        }

        fn put(&self, folder: &mut Model, name: &str) {
            let groups = INPUTS / self.group_size;
            let columns: Vec<Vec<u32>> = (0..OUTPUTS)
                .map(|output| stream(self.bits, (0..INPUTS).map(|input| self.code(input, output))))
                .collect();
            let rows = columns[0].len();
            let words = (0..rows).flat_map(|row| columns.iter().map(move |column| column[row]));
            let qweight = words.flat_map(u32::to_le_bytes).collect();
            folder.put(&format!("{name}.qweight"), "I32", &[rows, OUTPUTS], qweight);
            let less = usize::from(!self.is_v2);
            let field = |group, output| (self.zero(group, output) + (1 << self.bits) - less) % (1 << self.bits);
            let zeros: Vec<u32> = (0..groups)
                .flat_map(|group| stream(self.bits, (0..OUTPUTS).map(|output| field(group, output))))
                .collect();
            let shape = [groups, zeros.len() / groups];
            folder.put(
                &format!("{name}.qzeros"),
                "I32",
                &shape,
                zeros.into_iter().flat_map(u32::to_le_bytes).collect(),
            );
            let scales = (0..groups).flat_map(|group| (0..OUTPUTS).map(move |output| Self::scale(group, output)));
            let scales = scales.flat_map(half::f16::to_le_bytes).collect();
            folder.put(&format!("{name}.scales"), "F16", &[groups, OUTPUTS], scales);
            if self.has_index {
                let index = (0..INPUTS).flat_map(|input| (self.group(input) as u32).to_le_bytes()).collect();
                folder.put(&format!("{name}.g_idx"), "I32", &[INPUTS], index);
            }
        }

        fn assert_read(&self, folder: &Model, name: &str) {
            let read = folder.opened(|checkpoint| {
                assert_eq!(checkpoint.quantization().unwrap().method, QuantizationMethod::Gptq);
                let (shape, values) = folder.values(&format!("{name}.weight"));
                assert_eq!(shape, [OUTPUTS, INPUTS]);
                assert_eq!(checkpoint.tensor(&format!("{name}.weight")).unwrap().dtype(), Dtype::F16);
                for (at, value) in values.into_iter().enumerate() {
                    let (output, input) = (at / INPUTS, at % INPUTS);
                    let group = self.group(input);
                    let steps = self.code(input, output) as f64 - self.zero(group, output) as f64;
                    let exact = Self::scale(group, output).to_f64() * steps;
                    assert_eq!(f64::from(value), FloatDtype::F16.round_to_nearest(exact), "{output}, {input}");
                }
            });
            read.unwrap();
        }
    }

    fn config(module: &Module) -> Value {
        json!({
            "quant_method": "gptq",
            "bits": module.bits,
            "group_size": if module.group_size == INPUTS { -1 } else { module.group_size as i64 },
            "desc_act": module.is_reordered,
            "checkpoint_format": if module.is_v2 { "gptq_v2" } else { "gptq" },
        })
    }

    fn folder(module: &Module) -> Model {
        let mut folder = Model::new(&config(module));
        module.put(&mut folder, "m.0");
        folder
    }

    #[test]
    fn every_width_version_and_order_is_read_by_the_formula() {
        for bits in [2, 3, 4, 8] {
            for is_v2 in [false, true] {
                let module = Module { bits, is_v2, ..PLAIN };
                for module in [
                    module,
                    Module { is_reordered: true, ..module },
                    Module { has_index: false, ..module },
                    Module { group_size: INPUTS, ..module },
                    Module { group_size: INPUTS, has_index: false, ..module },
                ] {
                    module.assert_read(&folder(&module), "m.0");
                }
            }
        }
    }

    #[test]
    fn a_packers_own_file_completes_the_config() {
        let module = Module { is_v2: true, has_index: false, ..PLAIN };
        let mut beside = folder(&module);
        beside.config = json!({});
        beside.files.push(("quantize_config.json", config(&module).to_string()));
        module.assert_read(&beside, "m.0");
        beside.config = json!({"quantization_config": {"quant_method": "gptq", "bits": 4}});
        module.assert_read(&beside, "m.0");
        beside.files.clear();
        beside.config = json!({});
        assert!(beside.refusal().contains("quantization_config"), "{}", beside.refusal());
    }

    #[test]
    fn shapes_tell_the_bits_of_a_module_with_a_rule_of_its_own() {
        let (four, eight) = (PLAIN, Module { bits: 8, group_size: 16, has_index: false, ..PLAIN });
        let mut mixed = folder(&four);
        eight.put(&mut mixed, "m.1");
        assert!(mixed.refusal().contains("m.1.q"), "{}", mixed.refusal());
        mixed.config["quantization_config"]["dynamic"] = json!({"+:m\\.1": {"bits": 8, "group_size": 16}});
        four.assert_read(&mixed, "m.0");
        eight.assert_read(&mixed, "m.1");
    }

    #[test]
    fn what_contradicts_itself_is_refused_by_name() {
        type Fault = (&'static str, fn(&mut Model));
        fn set(folder: &mut Model, key: &str, value: Value) {
            folder.config["quantization_config"][key] = value;
        }
        fn shape<'a>(folder: &'a mut Model, part: &str) -> &'a mut Vec<usize> {
            &mut folder.tensors.get_mut(&format!("m.0.{part}")).unwrap().1
        }
        let faults: &[Fault] = &[
            ("m.0.scales", |folder| drop(folder.tensors.remove("m.0.scales"))),
            ("m.0.qzeros", |folder| drop(folder.tensors.remove("m.0.qzeros"))),
            ("m.0.qzeros belongs", |folder| folder.tensors.retain(|name, _| name == "m.0.qzeros")),
            ("m.0.g_idx belongs", |folder| {
                folder.tensors.remove("m.0.qweight");
                folder.tensors.remove("m.0.scales");
                folder.tensors.remove("m.0.qzeros");
            }),
            ("m.0.g_idx", |folder| {
                folder.tensors.remove("m.0.g_idx");
                set(folder, "desc_act", json!(true));
            }),
            ("m.0.qweight", |folder| *shape(folder, "qweight") = vec![24, 80]),
            ("m.0.qweight", |folder| *shape(folder, "qweight") = vec![1, 12, 160]),
            ("m.0.scales", |folder| *shape(folder, "scales") = vec![6, 80]),
            ("m.0.qzeros", |folder| *shape(folder, "qzeros") = vec![6, 10]),
            ("m.0.qweight", |folder| folder.put("m.0.g_idx", "I32", &[64], vec![0; 256])),
            ("m.0.qweight is U32", |folder| folder.tensors.get_mut("m.0.qweight").unwrap().0 = "U32"),
            ("m.0.scales is I16", |folder| folder.tensors.get_mut("m.0.scales").unwrap().0 = "I16"),
            ("m.0.g_idx puts an input into group 3", |folder| {
                folder.tensors.get_mut("m.0.g_idx").unwrap().2[4 * 95] = 3;
            }),
            ("m.0.g_idx puts an input into group -1", |folder| {
                folder.tensors.get_mut("m.0.g_idx").unwrap().2[..4].fill(255);
            }),
            ("m.0.scales holds a scale of NaN", |folder| {
                folder.tensors.get_mut("m.0.scales").unwrap().2[..2].fill(0x7f);
            }),
            ("m.0.weight", |folder| folder.put("m.0.weight", "F16", &[1], vec![0; 2])),
            ("bits: 5", |folder| set(folder, "bits", json!(5))),
            ("bits: \"4\"", |folder| set(folder, "bits", json!("4"))),
            ("`bits`", |folder| set(folder, "bits", Value::Null)),
            ("m.0.q", |folder| set(folder, "bits", json!(8))),
            ("m.0.scales", |folder| set(folder, "group_size", json!(64))),
            ("group_size: 0", |folder| set(folder, "group_size", json!(0))),
            ("checkpoint_format: marlin", |folder| set(folder, "checkpoint_format", json!("marlin"))),
            ("checkpoint_format: bitblas", |folder| set(folder, "checkpoint_format", json!("bitblas"))),
            ("format: planar", |folder| set(folder, "format", json!("planar"))),
            ("pack_dtype: int16", |folder| set(folder, "pack_dtype", json!("int16"))),
            ("is_marlin_format: true", |folder| set(folder, "is_marlin_format", json!(true))),
        ];
        assert_eq!(folder(&PLAIN).refusal(), "it is read");
        for (index, (said, damage)) in faults.iter().enumerate() {
            let mut folder = folder(&PLAIN);
            damage(&mut folder);
            let refusal = folder.refusal();
            assert!(refusal.contains(said), "{index}: {refusal:?} does not say {said:?}");
        }
    }

    #[test]
    fn symmetric_zero_points_of_the_other_version_are_refused() {
        for bits in [2, 3, 4, 8] {
            for is_v2 in [false, true] {
                let module = Module { bits, is_v2, ..PLAIN };
                let with_fields = |stored: usize| {
                    let mut folder = folder(&module);
                    folder.config["quantization_config"]["sym"] = json!(true);
                    let (_, shape, bytes) = folder.tensors.get_mut("m.0.qzeros").unwrap();
                    let row = stream(bits, (0..OUTPUTS).map(|_| stored)).into_iter().flat_map(u32::to_le_bytes);
                    *bytes = row.collect::<Vec<u8>>().repeat(shape[0]);
                    folder
                };
                let middle = 1 << (bits - 1);
                let (own, other) = if is_v2 { (middle, middle - 1) } else { (middle - 1, middle) };
                assert_eq!(with_fields(own).refusal(), "it is read", "{bits}, {is_v2}");
                let refusal = with_fields(other).refusal();
                let said = if is_v2 { "checkpoint_format: gptq_v2" } else { "checkpoint_format: gptq," };
                assert!(refusal.contains(said) && refusal.contains("m.0.qzeros"), "{refusal}");
                let mut unsaid = with_fields(other);
                unsaid.config["quantization_config"]["sym"] = json!(false);
                assert_eq!(unsaid.refusal(), "it is read", "asymmetric weights may have any");
            }
        }
    }

    #[test]
    fn fields_of_ones_are_read_as_zero_and_counted() {
        let notes = |module: &Module| folder(module).opened(|model| model.packing_notes().unwrap()).unwrap();
        let groups = INPUTS / PLAIN.group_size;
        let is_zero = |(group, output): &(usize, usize)| PLAIN.zero(*group, *output) == 0;
        let places = (0..groups).flat_map(|group| (0..OUTPUTS).map(move |output| (group, output)));
        let field_count = places.filter(is_zero).count() as u64;
        assert!(field_count > 0);
        assert_eq!(notes(&PLAIN), [QuantizationNote::WrappedZeros { field_count, tensor_count: 1 }]);
        // The second version stores what it means.
        assert_eq!(notes(&Module { is_v2: true, ..PLAIN }), []);
    }

    #[test]
    fn a_layout_of_a_kernel_and_a_group_that_is_none_are_told() {
        let told = |problem, parts: &[&str]| {
            assert_told(&CheckpointError::Packed { problem, path: "/data/x".into() }, parts);
        };
        let said = "marlin".to_owned();
        told(PackedError::OtherLayout { key: "checkpoint_format", said }, &["checkpoint_format", "marlin"]);
        let tensor = "m.0.g_idx".to_owned();
        told(PackedError::NoSuchGroup { tensor, group: -1, count: 3 }, &["m.0.g_idx", "-1", "3개"]);
    }
}
