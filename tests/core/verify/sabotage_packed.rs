//! A merge packed as NF4 that somebody spoilt: one code, one scale, one table, and each is found.

use std::{
    fs,
    path::{Path, PathBuf},
};

use lorafuse::{
    checkpoint::{Checkpoint, LogicalTensor},
    job::JobContext,
    numeric::{
        FloatDtype,
        codec::{Nf4Encoder, Nf4Format},
    },
    plan::{DtypePolicy, MergeRequest, Nf4Tables},
    verify::{self, Detail, Question, VerifyReport, VerifyRequest},
};

use serde_json::{Value, json};

use crate::support::{FileBuilder, golden, merged, put_model, repository, sample};

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
        judged(&self.request.output, &self.request)
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

    /// The report on the folder with `weights` packed otherwise, plain for `None`, and the list of exceptions `skipped`.
    fn repacked(&self, weights: &[(&str, Option<Nf4Format>)], skipped: Option<&Value>) -> VerifyReport {
        let plain = MergeRequest {
            requantize: None,
            output: self.request.output.with_file_name(format!("plain-{}", weights.len())),
            ..self.request.clone()
        };
        let _ = fs::remove_dir_all(&plain.output);
        merged(&plain);
        let (plain, packed) =
            (Checkpoint::open(&plain.output).unwrap(), Checkpoint::open(&self.request.output).unwrap());
        let is_of = |stored: &str, name: &str| {
            stored.strip_prefix(name).is_some_and(|rest| rest.is_empty() || rest.starts_with('.'))
        };
        let kept =
            packed.stored_tensors().iter().filter(|(stored, _)| !weights.iter().any(|(name, _)| is_of(stored, name)));
        let mut file = FileBuilder::default();
        for (name, tensor) in kept {
            file = file.raw(name, &tensor.dtype().to_string(), tensor.shape(), read(tensor));
        }
        for (name, format) in weights {
            let tensor = plain.tensor(name).unwrap();
            file = match format {
                Some(format) => with_packed(file, tensor, *format),
                None => file.raw(name, &tensor.dtype().to_string(), tensor.shape(), read(tensor)),
            };
        }
        let root = self.request.output.with_file_name("repacked");
        let _ = fs::remove_dir_all(&root);
        let config = fs::read_to_string(self.request.output.join("config.json")).unwrap();
        let mut config: Value = serde_json::from_str(&config).unwrap();
        if let Some(skipped) = skipped {
            config["quantization_config"]["llm_int8_skip_modules"] = skipped.clone();
        }
        put_model(&root, &config, &file);
        judged(&root.join("base"), &self.request)
    }

    fn is_found(&self, stored: &str, at: usize, change: impl Fn(u8) -> u8) {
        let report = self.with_byte(stored, at, change);
        assert!(!report.is_passed(), "{stored}, byte {at}: {:#?}", report.checks);
    }
}

fn judged(merged: &Path, request: &MergeRequest) -> VerifyReport {
    let request = VerifyRequest {
        merged: merged.to_owned(),
        base: Some(request.base.clone()),
        adapters: request.adapters.clone(),
    };
    verify::run(&request, &JobContext::unwatched()).unwrap()
}

fn read(tensor: &LogicalTensor) -> Vec<u8> {
    let mut bytes = vec![0; usize::try_from(tensor.byte_count()).unwrap()];
    tensor.read_row_bytes(0..tensor.tile_shape().rows, &mut bytes).unwrap();
    bytes
}

/// `file` with `tensor` as bitsandbytes packs it.
fn with_packed(mut file: FileBuilder, tensor: &LogicalTensor, format: Nf4Format) -> FileBuilder {
    let (count, dtype) = (tensor.element_count(), tensor.float_dtype().unwrap());
    let (mut codes, mut absmax) = (vec![0; count.div_ceil(2)], vec![0.0; count.div_ceil(format.block)]);
    Nf4Encoder { block: format.block, dtype }.encode(&read(tensor), &mut codes, &mut absmax).unwrap();
    let layout = Nf4Tables { name: tensor.name(), shape: tensor.shape(), dtype, format };
    let mut bytes = [codes, layout.bytes(&absmax)].concat();
    for output in layout.outputs() {
        let rest = bytes.split_off(usize::try_from(output.byte_count).unwrap());
        file = file.raw(&output.name, &output.dtype.to_string(), &output.shape, bytes);
        bytes = rest;
    }
    file
}

/// What a report says of the folder as a whole.
fn details(report: &VerifyReport) -> &[Detail] {
    &report.answer(Question::Complete).unwrap().details
}

#[test]
fn unspoilt_it_passes_and_its_policy_is_named() {
    for is_double in [false, true] {
        let report = Packed::of(&sample(), DtypePolicy::Convert(FloatDtype::BF16), is_double).judged();
        assert!(report.is_passed(), "{:#?}", report.checks);
        let set = report.changed_set.clone().unwrap();
        assert_eq!((set.changed_as_target.len(), set.unchanged.len(), set.wrong.len()), (28, 11, 0));
        let said: Vec<String> = set.changed_as_target.iter().map(|verdict| verdict.policy.to_string()).collect();
        assert!(said.iter().all(|policy| policy == "one rounding, then NF4's codes"), "{said:?}");
        let evidence = report.answer(Question::ChangedTargets).unwrap().evidence.to_string();
        assert!(evidence.contains("or by the code or scale beside it"), "{evidence}");
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

#[test]
fn what_is_packed_where_a_loader_expects_it_plain_is_found() {
    let packed = Packed::new(false);
    let report = packed.repacked(&[], None);
    assert!(report.is_passed(), "{:#?}", report.checks);
    for name in ["lm_head.weight", "model.embed_tokens.weight"] {
        let report = packed.repacked(&[(name, Some(Nf4Format::default()))], None);
        assert!(!report.is_passed(), "{name}");
        let expected = Detail::PackedPlain { names: vec![name.to_owned()] };
        assert!(details(&report).contains(&expected), "{name}: {:#?}", details(&report));
    }
}

#[test]
fn what_is_plain_where_a_loader_packs_it_is_found() {
    let packed = Packed::new(false);
    let layer = "model.layers.0.self_attn.q_proj.weight";
    let is_found = |report: &VerifyReport, name: &str| {
        let expected = Detail::PlainPacked { names: vec![name.to_owned()] };
        !report.is_passed() && details(report).contains(&expected)
    };
    assert!(is_found(&packed.repacked(&[(layer, None)], None), layer));
    // A list of exceptions replaces transformers' own, an empty one too.
    let none = json!([]);
    assert!(is_found(&packed.repacked(&[], Some(&none)), "lm_head.weight"));
    let head = [("lm_head.weight", Some(Nf4Format::default()))];
    assert!(
        !details(&packed.repacked(&head, Some(&none)))
            .iter()
            .any(|detail| matches!(detail, Detail::PackedPlain { .. }))
    );
}

#[test]
fn exceptions_as_unsloth_lists_them_are_what_a_loader_leaves_plain() {
    let packed = Packed::new(false);
    let plain: Vec<String> = ["gate", "up", "down"]
        .map(|part| format!("model.layers.1.mlp.{part}_proj.weight"))
        .into_iter()
        .chain(["q", "k", "v", "o"].map(|part| format!("model.layers.0.self_attn.{part}_proj.weight")))
        .collect();
    let weights: Vec<_> = plain.iter().map(|name| (name.as_str(), None)).collect();
    let common = ["lm_head", "multi_modal_projector", "merger", "modality_projection"];
    let lists = [
        [&common[..], &["model.layers.1.mlp", "model.layers.0.self_attn"]].concat(),
        [&common[..], &["router", "visual", "vision_tower", "model.layers.0.self_attn", "model.layers.1.mlp"]].concat(),
    ];
    for list in lists {
        let report = packed.repacked(&weights, Some(&json!(list)));
        assert!(report.is_passed(), "{list:?}: {:#?}", report.checks);
    }
    let short = [&common[..], &["model.layers.1.mlp"]].concat();
    assert!(!packed.repacked(&weights, Some(&json!(short))).is_passed());
}

#[test]
fn blocks_of_several_sizes_are_told() {
    let packed = Packed::new(false);
    let report = packed.repacked(&[(TARGET, Some(Nf4Format { block: 128, is_double: false }))], None);
    assert!(report.is_passed(), "{:#?}", report.checks);
    assert!(details(&report).contains(&Detail::MixedPacking { format_count: 2 }), "{:#?}", details(&report));
}
