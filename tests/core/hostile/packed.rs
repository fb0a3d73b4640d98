//! Packed weights that are incomplete or contradict themselves: refused by the tensor's name before anything is written.
//! transformers with bitsandbytes loads some of these without a word. Whatever else is damaged, nothing panics.

use std::{collections::BTreeMap, path::Path};

use lorafuse::{
    checkpoint::{Checkpoint, LogicalTensor},
    error::Hint as _,
    job::JobContext,
    merge,
    numeric::Dtype,
    plan::{MergePlan, MergeRequest, PlanError, Warning},
    verify::{self, VerifyError, VerifyRequest},
};
use proptest::prelude::*;
use serde_json::{Value, json};

use crate::support::{FileBuilder, evaluation::read_json, listing, noise, put, put_toy, repository, toy_request};

const WEIGHT: &str = "model.layers.0.self_attn.q_proj.weight";
const MODULE: &str = "model.layers.0.self_attn.q_proj";
const STATE: &str = "quant_state.bitsandbytes__nf4";

/// dtype, shape and bytes.
type Stored = (String, Vec<usize>, Vec<u8>);

/// The base of a golden case, to be damaged.
struct Damaged {
    case: &'static str,
    config: Value,
    tensors: BTreeMap<String, Stored>,
}

impl Damaged {
    fn of(case: &'static str) -> Self {
        let folder = repository().join("tests/golden-quant").join(case).join("base");
        let model = Checkpoint::open(&folder).unwrap();
        let stored = |tensor: &LogicalTensor| {
            let mut bytes = vec![0; usize::try_from(tensor.byte_count()).unwrap()];
            tensor.read_row_bytes(0..tensor.tile_shape().rows, &mut bytes).unwrap();
            (tensor.dtype().name().to_owned(), tensor.shape().to_vec(), bytes)
        };
        let tensors = model.stored_tensors().iter().map(|(name, tensor)| (name.clone(), stored(tensor))).collect();
        Self { case, config: read_json(&folder.join("config.json")), tensors }
    }

    /// A table of [`WEIGHT`], or with an empty `ending` the weight itself.
    fn part(&mut self, ending: &str) -> &mut Stored {
        self.tensors.get_mut(&name(ending)).unwrap()
    }

    fn remove(&mut self, ending: &str) {
        self.tensors.remove(&name(ending)).unwrap();
    }

    fn edit_state(&mut self, edit: impl Fn(&mut Value)) {
        let (_, shape, bytes) = self.part(STATE);
        let mut state: Value = serde_json::from_slice(bytes).unwrap();
        edit(&mut state);
        *bytes = state.to_string().into_bytes();
        *shape = vec![bytes.len()];
    }

    /// Writes it into `folder`.
    fn write(&self, folder: &Path) {
        let file = self.tensors.iter().fold(FileBuilder::default(), |file, (name, (dtype, shape, bytes))| {
            file.raw(name, dtype, shape, bytes.clone())
        });
        put(&folder.join("model.safetensors"), file.build());
        put(&folder.join("config.json"), self.config.to_string());
    }

    /// What opening, planning or merging says; nothing may have been written.
    fn refusal(&self) -> String {
        let folder = tempfile::tempdir().unwrap();
        self.write(&folder.path().join("base"));
        let adapter = repository().join("tests/golden-quant").join(self.case).join("adapter");
        let request = MergeRequest::new(folder.path().join("base"), adapter, folder.path().join("merged"));
        let plan = MergePlan::new(&request);
        let (said, has_hint) = match plan {
            Err(error) => (error.to_string(), error.hint().is_some()),
            Ok(plan) => {
                let error = merge::run(&plan, &JobContext::unwatched()).unwrap_err();
                (error.to_string(), error.hint().is_some())
            }
        };
        assert!(has_hint, "{said} has no hint");
        assert_eq!(listing(folder.path()), ["base"], "nothing is written");
        said
    }
}

fn name(ending: &str) -> String {
    if ending.is_empty() { WEIGHT.to_owned() } else { format!("{WEIGHT}.{ending}") }
}

/// What is done to a model, and words of what is said then.
type Fault<'a> = (&'a dyn Fn(&mut Damaged), &'a str);

/// Damages a case in each of these ways and looks for the words in what is said.
fn assert_refused(case: &'static str, faults: &[Fault<'_>]) {
    for (damage, words) in faults {
        let mut model = Damaged::of(case);
        damage(&mut model);
        let said = model.refusal();
        assert!(said.contains(words), "{case}: {said:?} should say {words:?}");
    }
}

fn set_f32(stored: &mut Stored, index: usize, value: f32) {
    stored.2[index * 4..index * 4 + 4].copy_from_slice(&value.to_le_bytes());
}

fn shorten(stored: &mut Stored, byte_count: usize) {
    stored.2.truncate(stored.2.len() - byte_count);
    stored.1 = vec![stored.1[0] - 1];
}

#[test]
fn four_bit_weights_with_a_table_too_few_or_a_state_that_is_wrong() {
    assert_refused(
        "bnb-nf4",
        &[
            (&|model| model.remove("absmax"), "q_proj.weight.absmax, without which it cannot be read, is missing"),
            (&|model| shorten(model.part("absmax"), 4), "q_proj.weight.absmax holds"),
            (&|model| model.remove("quant_map"), "q_proj.weight.quant_map, without which"),
            (&|model| shorten(model.part("quant_map"), 4), "q_proj.weight.quant_map holds"),
            (&|model| set_f32(model.part("quant_map"), 3, 0.5), "q_proj.weight.quant_map is another code book"),
            (&|model| model.remove(STATE), "quant_state.bitsandbytes__nf4, without which"),
            (&|model| model.part(STATE).2.truncate(9), "quant_state"),
            (&|model| model.edit_state(|state| *state = json!([1])), "cannot be read: "),
            (&|model| model.edit_state(|state| state["quant_type"] = json!("fp4")), "says quant_type: fp4"),
            (&|model| model.edit_state(|state| state["quant_type"] = json!("nf3")), "says quant_type: nf3"),
            (&|model| model.edit_state(|state| state["blocksize"] = json!(0)), "says blocksize: 0"),
            (&|model| model.edit_state(|state| state["blocksize"] = json!(-64)), "cannot be read: "),
            (&|model| model.edit_state(|state| state["blocksize"] = json!(96)), "says blocksize: 96"),
            (&|model| model.edit_state(|state| state["blocksize"] = json!(8192)), "says blocksize: 8192"),
            (&|model| model.edit_state(|state| state["dtype"] = json!("float64")), "says dtype: float64"),
            (&|model| model.edit_state(|state| state["shape"] = json!([64, 63])), "q_proj.weight holds"),
            (&|model| model.edit_state(|state| state["shape"] = json!([])), "says shape: []"),
            (&|model| model.edit_state(|state| state["shape"] = json!([64, 0])), "says shape: [64, 0]"),
            (&|model| model.edit_state(|state| state["shape"] = json!([64, -64])), "cannot be read: "),
            (&|model| model.edit_state(|state| state["shape"] = json!([1_u64 << 40, 1_u64 << 40])), "says shape"),
            (&|model| model.edit_state(|state| state["nested_offset"] = json!(0.5)), "says nested_offset"),
            (&|model| model.part("").0 = "I8".to_owned(), "q_proj.weight is I8, where packed weights have U8"),
            (&|model| model.remove(""), "its packed weights are not"),
            (
                &|model| {
                    let state = model.part(STATE).clone();
                    model.tensors.insert(name("quant_state.bitsandbytes__fp4"), state);
                },
                "has two quantisation states",
            ),
            (
                &|model| {
                    let absmax = model.part("absmax").clone();
                    model.tensors.insert(name("nested_absmax"), absmax);
                },
                "nested_absmax belongs to packed weights that are",
            ),
            (
                &|model| {
                    for table in ["absmax", "quant_map", STATE] {
                        model.remove(table);
                    }
                },
                "q_proj.weight is packed, and nothing",
            ),
            (&|model| set_f32(model.part("absmax"), 5, f32::NAN), "q_proj.weight.absmax holds a scale of NaN"),
            (&|model| set_f32(model.part("absmax"), 5, f32::INFINITY), "q_proj.weight.absmax holds a scale of inf"),
            (&|model| set_f32(model.part("absmax"), 5, -1.0), "q_proj.weight.absmax holds a scale of -1"),
        ],
    );
}

#[test]
fn scales_that_are_packed_too_and_lack_what_unpacks_them() {
    assert_refused(
        "bnb-nf4-double",
        &[
            (&|model| model.remove("nested_absmax"), "nested_absmax, without which"),
            (&|model| model.remove("nested_quant_map"), "nested_quant_map, without which"),
            (&|model| shorten(model.part("nested_quant_map"), 4), "nested_quant_map holds"),
            (
                &|model| {
                    let (_, shape, bytes) = model.part("nested_absmax");
                    bytes.extend([0; 4]);
                    shape[0] += 1;
                },
                "nested_absmax holds",
            ),
            (
                &|model| model.edit_state(|state| _ = state.as_object_mut().unwrap().remove("nested_offset")),
                "`nested_offset`",
            ),
            (
                &|model| model.edit_state(|state| _ = state.as_object_mut().unwrap().remove("nested_blocksize")),
                "`nested_blocksize`",
            ),
            (&|model| model.edit_state(|state| state["nested_blocksize"] = json!(0)), "says nested_blocksize: 0"),
            (&|model| shorten(model.part("absmax"), 1), "q_proj.weight.absmax holds"),
            (&|model| set_f32(model.part("nested_absmax"), 0, f32::NAN), "holds a scale of NaN"),
            (&|model| set_f32(model.part("nested_absmax"), 0, -1.0e6), "holds a scale of -"),
        ],
    );
}

#[test]
fn eight_bit_weights_without_their_scales_or_in_an_order_that_is_gone() {
    let scales = "model.layers.0.self_attn.q_proj.SCB";
    let order = "model.layers.0.self_attn.q_proj.weight_format";
    assert_refused(
        "bnb-int8",
        &[
            (&|model| _ = model.tensors.remove(scales).unwrap(), "q_proj.weight is packed, and nothing"),
            (&|model| shorten(model.tensors.get_mut(scales).unwrap(), 4), "q_proj.SCB holds"),
            (&|model| set_f32(model.tensors.get_mut(scales).unwrap(), 2, f32::NAN), "q_proj.SCB holds a scale of NaN"),
            (&|model| model.part("").0 = "U8".to_owned(), "q_proj.weight is U8, where packed weights have I8"),
            (&|model| model.tensors.get_mut(order).unwrap().2 = vec![2], "says weight_format: 2"),
            (&|model| model.remove(""), "its packed weights are not"),
        ],
    );
}

#[test]
fn tables_of_a_second_layout_and_a_config_of_another() {
    let with = |ending: &'static str| {
        move |model: &mut Damaged| {
            _ = model.tensors.insert(format!("{MODULE}.{ending}"), ("F32".into(), vec![1], vec![0; 4]));
        }
    };
    let lone = "belongs to packed weights that are not there, or are packed in another way";
    let method = |method: &'static str| {
        move |model: &mut Damaged| model.config["quantization_config"]["quant_method"] = json!(method)
    };
    assert_refused(
        "bnb-nf4",
        &[
            (&with("qweight"), lone),
            (&with("weight_scale"), lone),
            (&with("weight.foo"), lone),
            (&method("gptq"), "packed by gptq, and not one of them is"),
            (&method("fp8"), "packed by fp8, and not one of them is"),
        ],
    );
    assert_refused("fp8-block128", &[(&with("qweight"), lone)]);
    assert_refused(
        "bnb-nf4-double",
        &[(&|model| model.edit_state(|state| state["nested_dtype"] = json!("float16")), "says nested_dtype: float16")],
    );
    assert_refused(
        "bnb-int8",
        &[(
            &|model| _ = model.config.as_object_mut().unwrap().remove("quantization_config"),
            "is packed, and quantization_config, without which",
        )],
    );
}

#[test]
fn packed_conv1d_layers_are_refused_for_packers_turn_them() {
    let root = tempfile::tempdir().unwrap();
    let module = "transformer.h.0.attn.c_proj";
    let base = FileBuilder::default()
        .raw(&format!("{module}.weight"), "I8", &[4, 4], vec![1; 16])
        .f32(&format!("{module}.SCB"), &[4], noise(1))
        .f32(&format!("{module}.bias"), &[4], noise(2));
    let config = json!({
        "model_type": "gpt2", "architectures": ["GPT2LMHeadModel"],
        "quantization_config": {"quant_method": "bitsandbytes", "load_in_8bit": true},
    });
    put(&root.path().join("base/model.safetensors"), base.build());
    put(&root.path().join("base/config.json"), config.to_string());
    let factor = |factor: &str| format!("base_model.model.{module}.lora_{factor}.weight");
    let adapter = FileBuilder::default().f32(&factor("A"), &[2, 4], noise(3)).f32(&factor("B"), &[4, 2], noise(4));
    put(&root.path().join("adapter/adapter_model.safetensors"), adapter.build());
    let config =
        json!({"peft_type": "LORA", "r": 2, "lora_alpha": 4, "target_modules": ["c_proj"], "fan_in_fan_out": true});
    put(&root.path().join("adapter/adapter_config.json"), config.to_string());
    // A square one would be written the wrong way round, and load without a word.
    let error = MergePlan::new(&toy_request(root.path())).unwrap_err();
    assert!(matches!(&error, PlanError::QuantizedBase { method, .. } if method.contains("Conv1D")), "{error}");
    // Nor is a merge of somebody else's held against it.
    let request = VerifyRequest {
        merged: root.path().join("base"),
        base: Some(root.path().join("base")),
        adapters: toy_request(root.path()).adapters,
    };
    let error = verify::run(&request, &JobContext::unwatched()).unwrap_err();
    assert!(matches!(&error, VerifyError::PackedBase { method, .. } if method.contains("Conv1D")), "{error}");
}

#[test]
fn states_describe_themselves_whatever_the_config_says() {
    let mut unnamed = Damaged::of("bnb-nf4");
    unnamed.config.as_object_mut().unwrap().remove("quantization_config");
    let folder = tempfile::tempdir().unwrap();
    unnamed.write(folder.path());
    assert!(Checkpoint::open(folder.path()).unwrap().quantization().is_some(), "the states say it all");
}

/// Numbers that sit at the edge of something, for a state or a config.
const EDGES: [&str; 9] = ["0", "-1", "1", "63", "1e300", "18446744073709551615", "null", "[]", "\"int4\""];

proptest! {
    #![proptest_config(ProptestConfig { cases: 400, ..ProptestConfig::default() })]

    /// Whatever is damaged of any of the cases, it is refused with a hint or read to the end, and nothing panics.
    #[test]
    fn damage_to_packed_weights_never_panics(
        case in prop::sample::select(every_case()),
        place in any::<prop::sample::Index>(),
        damage in prop_oneof![
            any::<u8>().prop_map(Damage::Byte),
            Just(Damage::Cut),
            Just(Damage::Remove),
            prop::sample::select(&EDGES[..]).prop_map(Damage::Config),
            prop::sample::select(vec!["U8", "I8", "I32", "F32", "BF16", "F8_E4M3", "I64"]).prop_map(Damage::Dtype),
        ],
    ) {
        let mut model = Damaged::of(case);
        model.damage(place, damage);
        let folder = tempfile::tempdir().unwrap();
        model.write(folder.path());
        match Checkpoint::open(folder.path()) {
            Ok(opened) => opened.tensors().values().for_each(read),
            Err(error) => prop_assert!(error.hint().is_some(), "{error} has no hint"),
        }
    }
}

fn every_case() -> Vec<&'static str> {
    let mut names: Vec<&'static str> = listing(&repository().join("tests/golden-quant"))
        .into_iter()
        .map(|name| &*Box::leak(name.into_boxed_str()))
        .collect();
    names.sort_unstable();
    names
}

/// What is done to a model at a place of it.
#[derive(Clone, Copy, Debug)]
enum Damage {
    /// A byte of a tensor is another.
    Byte(u8),
    /// A tensor has one row less.
    Cut,
    /// A tensor is gone.
    Remove,
    /// A value of the quantisation's config is another.
    Config(&'static str),
    /// A tensor's dtype is another of the same size, or its shape another that fits.
    Dtype(&'static str),
}

impl Damaged {
    fn damage(&mut self, place: prop::sample::Index, damage: Damage) {
        let name = place.get(&self.tensors.keys().cloned().collect::<Vec<_>>()).clone();
        let (dtype, shape, bytes) = self.tensors.get_mut(&name).unwrap();
        match damage {
            Damage::Byte(_) if bytes.is_empty() => {}
            Damage::Byte(byte) => {
                let at = place.index(bytes.len());
                bytes[at] = byte;
            }
            Damage::Cut => {
                if let Some(rows) = shape.first_mut().filter(|rows| **rows > 0) {
                    bytes.truncate(bytes.len() / *rows * (*rows - 1));
                    *rows -= 1;
                }
            }
            Damage::Remove => _ = self.tensors.remove(&name),
            Damage::Config(value) => {
                let key =
                    if self.config["quantization_config"].is_object() { "quantization_config" } else { "quantization" };
                let Some(object) = self.config[key].as_object_mut().filter(|object| !object.is_empty()) else { return };
                let keys: Vec<String> = object.keys().cloned().collect();
                object[place.get(&keys)] = serde_json::from_str(value).unwrap();
            }
            Damage::Dtype(other) => {
                let size = other.parse::<Dtype>().unwrap().bitsize() / 8;
                if bytes.len().is_multiple_of(size) {
                    (*dtype, *shape) = (other.to_owned(), vec![bytes.len() / size]);
                }
            }
        }
    }
}

/// Reads a tensor to the end; codes and scales that are no numbers are errors of their own.
fn read(tensor: &LogicalTensor) {
    let mut bytes = vec![0; usize::try_from(tensor.byte_count()).unwrap()];
    if let Err(error) = tensor.read_row_bytes(0..tensor.tile_shape().rows, &mut bytes) {
        assert!(error.hint().is_some(), "{error} has no hint");
    }
}

#[test]
fn a_key_left_behind_beside_plain_weights_goes_and_is_said_to() {
    let plain = |quantization: Value| {
        let root = tempfile::tempdir().unwrap();
        put_toy(root.path());
        let mut config = read_json(&root.path().join("base/config.json"));
        config["quantization_config"] = quantization;
        put(&root.path().join("base/config.json"), config.to_string());
        (MergePlan::new(&toy_request(root.path())), root)
    };
    for method in [json!({"quant_method": "bitsandbytes", "load_in_4bit": true}), json!({"load_in_4bit": true})] {
        let (plan, _root) = plain(method);
        let plan = plan.unwrap();
        assert!(plan.warnings.iter().any(|warning| matches!(warning, Warning::StaleQuantization { .. })));
        assert!(
            plan.base.config().quantization().is_none(),
            "a leftover key makes a loader read plain weights as codes"
        );
    }
    // BitNet quantises plain weights while they are loaded; rotated weights are those of no plain class.
    let weights = json!({"num_bits": 4, "type": "int", "strategy": "channel", "symmetric": true});
    let rotated = json!({
        "quant_method": "compressed-tensors", "format": "pack-quantized",
        "config_groups": {"group_0": {"targets": ["Linear"], "weights": weights}},
        "transform_config": {"config_groups": {"u": {"type": "hadamard"}}},
    });
    for method in [json!({"quant_method": "bitnet"}), rotated] {
        let refused = plain(method.clone()).0.map(|plan| plan.warnings);
        assert!(matches!(refused, Err(PlanError::QuantizedBase { .. })), "{method}: {refused:?}");
    }
}
