//! A merge packed as NF4 that somebody spoilt: one code, one scale, one table, and each is found.

use std::{
    fs,
    path::{Path, PathBuf},
};

use lorafuse::{
    checkpoint::Checkpoint,
    job::JobContext,
    numeric::{FloatDtype, codec::Nf4Format},
    plan::{DtypePolicy, MergeRequest},
    verify::{self, VerifyReport, VerifyRequest},
};

use serde_json::{Value, json};

use crate::support::{golden, merged, repository, sample};

/// A merge into a base that was packed, packed again.
struct Packed {
    _root: tempfile::TempDir,
    request: MergeRequest,
}

const TARGET: &str = "model.layers.1.mlp.up_proj.weight";

impl Packed {
    fn new(is_double: bool) -> Self {
        Self::of(&repository().join("tests/golden-quant/bnb-nf4"), DtypePolicy::Keep, is_double)
    }

    fn of(case: &Path, dtype: DtypePolicy, is_double: bool) -> Self {
        let root = tempfile::tempdir().unwrap();
        let request = MergeRequest {
            dtype,
            requantize: Some(Nf4Format { is_double, ..Nf4Format::default() }),
            ..MergeRequest::new(case.join("base"), case.join("adapter"), root.path().join("merged"))
        };
        merged(&request);
        Self { _root: root, request }
    }

    fn judged(&self) -> VerifyReport {
        let request = VerifyRequest {
            merged: self.request.output.clone(),
            base: Some(self.request.base.clone()),
            adapters: self.request.adapters.clone(),
        };
        verify::run(&request, &JobContext::unwatched()).unwrap()
    }

    /// Where byte `at` of a stored tensor lies.
    fn place(&self, stored: &str, at: usize) -> (PathBuf, usize) {
        let model = Checkpoint::open(&self.request.output).unwrap();
        let tensor = &model.stored_tensors()[stored];
        (tensor.file().path().to_owned(), usize::try_from(tensor.file_offset()).unwrap() + at)
    }

    /// The report after one byte was changed; the byte is put back.
    fn with_byte(&self, stored: &str, at: usize, change: impl Fn(u8) -> u8) -> VerifyReport {
        let (path, at) = self.place(stored, at);
        let content = fs::read(&path).unwrap();
        let mut spoilt = content.clone();
        spoilt[at] = change(spoilt[at]);
        assert_ne!(spoilt[at], content[at]);
        fs::write(&path, spoilt).unwrap();
        let report = self.judged();
        fs::write(&path, content).unwrap();
        report
    }

    fn is_found(&self, stored: &str, at: usize, change: impl Fn(u8) -> u8) {
        let report = self.with_byte(stored, at, change);
        assert!(!report.is_passed(), "{stored}, byte {at}: {:#?}", report.checks);
    }
}

#[test]
fn unspoilt_it_passes_and_its_policy_is_named() {
    for is_double in [false, true] {
        let report = Packed::of(&sample(), DtypePolicy::Convert(FloatDtype::BF16), is_double).judged();
        assert!(report.is_passed(), "{:#?}", report.checks);
        let set = report.changed_set.unwrap();
        assert_eq!((set.changed_as_target.len(), set.unchanged.len(), set.wrong.len()), (28, 11, 0));
        let said: Vec<String> = set.changed_as_target.iter().map(|verdict| verdict.policy.to_string()).collect();
        assert!(said.iter().all(|policy| policy == "one rounding, then NF4's codes"), "{said:?}");
    }
}

#[test]
fn the_hash_of_a_target_is_that_of_the_receipt() {
    let packed = Packed::new(true);
    let output = packed.request.output.with_file_name("again");
    let receipt = merged(&MergeRequest { output, ..packed.request.clone() });
    let set = packed.judged().changed_set.unwrap();
    assert_eq!(set.changed_as_target.len(), 14);
    for verdict in set.changed_as_target {
        let record = receipt.tensors.iter().find(|record| record.name == verdict.name).unwrap();
        assert_eq!(record.blake3, verdict.blake3, "{}", verdict.name);
    }
}

#[test]
fn one_code_is_found() {
    let packed = Packed::new(false);
    // To the neighbour, in either half of a byte, and far away; the codes of the ends have one neighbour only.
    let neighbour = |code: u8| if code == 15 { 14 } else { code + 1 };
    packed.is_found(TARGET, 1_234, |byte| byte & 0xf0 | neighbour(byte & 15));
    packed.is_found(TARGET, 0, |byte| neighbour(byte >> 4) << 4 | byte & 15);
    packed.is_found(TARGET, 3_071, |byte| byte ^ 0x80);
    let report = packed.with_byte(TARGET, 777, |byte| byte ^ 8);
    let wrong = &report.changed_set.unwrap().wrong;
    assert_eq!((wrong.len(), wrong[0].agreement.wrong_count), (1, 1), "one value of one tensor");
}

#[test]
fn one_scale_is_found() {
    let packed = Packed::new(false);
    let table = format!("{TARGET}.absmax");
    // The least bit of float32 that a bfloat16 has, and one that it has not.
    packed.is_found(&table, 4 * 17 + 2, |byte| byte ^ 1);
    packed.is_found(&table, 4 * 17, |byte| byte ^ 1);
    packed.is_found(&table, 4 * 95 + 3, |byte| byte ^ 0x80);
}

#[test]
fn one_table_is_found() {
    for is_double in [false, true] {
        let packed = Packed::new(is_double);
        packed.is_found(&format!("{TARGET}.quant_map"), 4 * 3, |byte| byte ^ 1);
        let state = format!("{TARGET}.quant_state.bitsandbytes__nf4");
        // `nf4` to `nf5`, and the block 64 to 65.
        packed.is_found(&state, 18, |_| b'5');
        packed.is_found(&state, 36, |_| b'5');
    }
    let packed = Packed::new(true);
    packed.is_found(&format!("{TARGET}.absmax"), 50, |byte| byte.wrapping_add(3));
    packed.is_found(&format!("{TARGET}.nested_absmax"), 1, |byte| byte ^ 0x10);
    packed.is_found(&format!("{TARGET}.nested_quant_map"), 4 * 200 + 2, |byte| byte ^ 0x10);
    let state = format!("{TARGET}.quant_state.bitsandbytes__nf4");
    let (path, at) = packed.place(&state, 0);
    let content = fs::read(path).unwrap();
    let text = String::from_utf8_lossy(&content[at..at + 200]).into_owned();
    let offset = text.find("nested_offset").unwrap() + 20;
    packed.is_found(&state, offset, |digit| if digit == b'9' { b'8' } else { digit + 1 });
}

#[test]
fn a_layer_that_is_no_target_is_held_to_its_packing_too() {
    let packed = Packed::of(&golden("llama-regex-target"), DtypePolicy::Keep, false);
    assert!(packed.judged().is_passed());
    packed.is_found("model.layers.0.mlp.gate_proj.weight", 100, |byte| byte ^ 0x10);
    packed.is_found("model.layers.0.mlp.gate_proj.weight.absmax", 6, |byte| byte ^ 1);
}

#[test]
fn a_config_by_which_no_loader_reads_the_packed_weights_is_found() {
    let packed = Packed::new(false);
    let path = packed.request.output.join("config.json");
    let whole = fs::read_to_string(&path).unwrap();
    let spoils: [&dyn Fn(&mut Value); 4] = [
        &|config| _ = config.as_object_mut().unwrap().remove("quantization_config"),
        &|config| config["quantization_config"]["load_in_8bit"] = true.into(),
        &|config| config["quantization_config"]["llm_int8_skip_modules"] = json!(["q_proj"]),
        &|config| {
            for key in ["load_in_4bit", "_load_in_4bit"] {
                config["quantization_config"][key] = false.into();
            }
        },
    ];
    for (at, spoil) in spoils.iter().enumerate() {
        let mut config: Value = serde_json::from_str(&whole).unwrap();
        spoil(&mut config);
        fs::write(&path, config.to_string()).unwrap();
        assert!(!packed.judged().is_passed(), "change {at} passes");
    }
    fs::write(&path, whole).unwrap();
    assert!(packed.judged().is_passed());
}
