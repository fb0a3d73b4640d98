//! A merge into what a QLoRA trainer saw of a 16-bit base: its weights are those of bitsandbytes, to the bit.

use std::{collections::BTreeMap, path::Path};

use lorafuse::{
    architecture::{TrainedError, packed_while_loading},
    checkpoint::Checkpoint,
    job::JobContext,
    numeric::codec::Nf4Format,
    plan::{MergePlan, MergeRequest, PlanError, Warning},
    verify::{self, Diagnosis, VerifyOptions, VerifyReport, VerifyRequest},
};

use crate::support::{
    FileBuilder, bytes, evaluation::read_json, golden, lorafuse, merged, put, repository, sha256_start, stderr,
};

/// By base and setting: the hashes of the weights that bitsandbytes packed (`tests/tools/make_as_trained.py`).
type Seen = BTreeMap<String, BTreeMap<String, BTreeMap<String, String>>>;

fn seen() -> Seen {
    serde_json::from_value(read_json(&repository().join("tests/expected/as_trained.json"))).unwrap()
}

fn trained(text: &str) -> Nf4Format {
    text.parse().unwrap()
}

fn opened(base: &Path, quantization: Nf4Format) -> Result<Checkpoint, TrainedError> {
    packed_while_loading(Checkpoint::open(base).unwrap(), quantization)
}

#[test]
fn the_weights_are_those_that_bitsandbytes_packs_while_transformers_loads() {
    let seen = seen();
    assert_eq!(seen.len(), 3);
    for (case, settings) in seen {
        let base = golden(&case).join("base");
        let plain = Checkpoint::open(&base).unwrap();
        for (setting, hashes) in settings {
            assert!(!hashes.is_empty(), "{case}");
            let ours = opened(&base, trained(&setting)).unwrap();
            for name in plain.tensors().keys() {
                let (own, packed) = (bytes(&plain, name), bytes(&ours, name));
                match hashes.get(name) {
                    Some(hash) => assert_eq!(&sha256_start(&packed, 32), hash, "{case}, {setting}: {name}"),
                    None => assert!(own == packed, "{case}, {setting}: {name} stays plain"),
                }
            }
            assert!(hashes.keys().all(|name| plain.tensor(name).is_some()), "{case}: names on disk");
        }
    }
}

#[test]
fn rows_read_apart_are_those_of_the_whole() {
    for setting in ["nf4,block=4096", "nf4,double,block=32", "nf4,double"] {
        // 32 columns: blocks end inside rows and go on over them.
        let base = opened(&golden("llama-lora-bf16").join("base"), trained(setting)).unwrap();
        for tensor in base.tensors().values() {
            let (whole, shape) = (bytes(&base, tensor.name()), tensor.tile_shape());
            let row_byte_count = shape.columns * tensor.dtype().bitsize() / 8;
            for (start, end) in [(0, 1), (1, 2), (shape.rows / 3, shape.rows), (shape.rows - 1, shape.rows)] {
                let mut rows = vec![0; (end.min(shape.rows) - start) * row_byte_count];
                tensor.read_row_bytes(start..end.min(shape.rows), &mut rows).unwrap();
                assert!(rows == whole[start * row_byte_count..][..rows.len()], "{setting}: {}", tensor.name());
            }
        }
    }
}

fn request(setting: &str, root: &Path, output: &str) -> MergeRequest {
    let case = golden("llama-lora-bf16");
    MergeRequest {
        trained_quantization: Some(trained(setting)),
        ..MergeRequest::new(case.join("base"), case.join("adapter"), root.join(output))
    }
}

fn judged(request: &MergeRequest, trained_quantization: Option<Nf4Format>) -> VerifyReport {
    let proof = VerifyRequest {
        merged: request.output.clone(),
        base: Some(request.base.clone()),
        adapters: request.adapters.clone(),
    };
    let options = VerifyOptions { trained_quantization, ..VerifyOptions::default() };
    verify::run_with(&proof, &options, &JobContext::unwatched()).unwrap()
}

#[test]
fn a_merge_is_that_into_the_model_which_the_trainer_saw_and_is_proven() {
    for setting in ["nf4", "nf4,double", "nf4,double,block=128"] {
        let root = tempfile::tempdir().unwrap();
        let request = request(setting, root.path(), "merged");
        merged(&request);
        let base = opened(&request.base, trained(setting)).unwrap();
        let plain = base.tensors().values().fold(FileBuilder::default(), |file, tensor| {
            file.raw(tensor.name(), tensor.dtype().name(), tensor.shape(), bytes(&base, tensor.name()))
        });
        put(&root.path().join("plain/model.safetensors"), plain.build());
        put(&root.path().join("plain/config.json"), base.config().text().as_str());
        let plain = MergeRequest {
            base: root.path().join("plain"),
            output: root.path().join("of-plain"),
            trained_quantization: None,
            ..request.clone()
        };
        merged(&plain);
        let [ours, expected] = [&request, &plain].map(|request| Checkpoint::open(&request.output).unwrap());
        assert!(ours.tensors().keys().eq(expected.tensors().keys()));
        for name in ours.tensors().keys() {
            assert!(bytes(&ours, name) == bytes(&expected, name), "{setting}: {name}");
        }
        let proven = judged(&request, request.trained_quantization);
        assert!(proven.is_passed(), "{setting}: {:?}", proven.diagnosis);
        let judged = judged(&request, None);
        assert!(!judged.is_passed());
        assert_eq!(judged.diagnosis, Some(Diagnosis::TrainedOn { quantization: trained(setting).to_string() }));
    }
}

#[test]
fn the_plan_says_what_the_base_is_taken_as() {
    let root = tempfile::tempdir().unwrap();
    let plan = MergePlan::new(&request("nf4,double", root.path(), "merged")).unwrap();
    let said = plan.warnings.iter().find(|warning| matches!(warning, Warning::PackedAsTrained { .. })).unwrap();
    let said = said.to_string();
    assert!(said.contains("quantised to NF4 (block 64, double) in the stream"), "{said}");
    assert_eq!(plan.base.trained_quantization(), Some(trained("nf4,double")));
    assert!(plan.base.quantization().is_none(), "nothing of the files is packed");
}

#[test]
fn a_merge_that_is_packed_again_says_so_and_is_explained_by_what_the_trainer_saw() {
    let root = tempfile::tempdir().unwrap();
    let request = MergeRequest {
        requantize: Some(Nf4Format::default()),
        accepts_loss: true,
        ..request("nf4,block=32", root.path(), "merged")
    };
    let plan = MergePlan::new(&request).unwrap();
    let said = plan.warnings.iter().find(|warning| matches!(warning, Warning::PackedAsTrained { .. })).unwrap();
    let said = said.to_string();
    assert!(said.contains("packed again, as NF4") && !said.contains("not quantised"), "{said}");
    merged(&request);
    let proven = judged(&request, request.trained_quantization);
    assert!(proven.is_passed(), "{:#?}", proven.checks);
    let explained = judged(&request, None);
    assert!(!explained.is_passed());
    assert_eq!(explained.diagnosis, Some(Diagnosis::TrainedOn { quantization: "nf4,block=32".to_owned() }));

    // A fault of a packed merge into the plain base is no sign of another base.
    let plain = MergeRequest { trained_quantization: None, output: root.path().join("plain"), ..request };
    merged(&plain);
    let model = Checkpoint::open(&plain.output).unwrap();
    let tensor = &model.stored_tensors()["model.layers.0.mlp.gate_proj.weight"];
    let (path, at) = (tensor.file().path().to_owned(), usize::try_from(tensor.file_offset()).unwrap());
    let mut content = std::fs::read(&path).unwrap();
    content[at] ^= 0x80;
    std::fs::write(&path, content).unwrap();
    let spoilt = judged(&plain, None);
    assert!(!spoilt.is_passed());
    assert!(!matches!(spoilt.diagnosis, Some(Diagnosis::TrainedOn { .. })), "{:?}", spoilt.diagnosis);
}

#[test]
fn what_no_file_decides_is_refused_by_name() {
    let refused = |base: &Path| match opened(base, trained("nf4")) {
        Ok(_) => panic!("{} is taken", base.display()),
        Err(error) => error,
    };
    let packed = refused(&repository().join("tests/golden-quant/bnb-nf4/base"));
    assert!(matches!(packed, TrainedError::AlreadyPacked { .. }), "{packed}");
    let wide = refused(&golden("llama-lora").join("base"));
    assert!(matches!(wide, TrainedError::OtherDtype { .. }), "{wide}");
    for (case, tensor) in [("gpt2-conv1d", "transformer.h.0.attn.c_attn.weight"), ("mha-lora", "")] {
        let unknown = refused(&golden(case).join("base"));
        assert!(
            matches!(&unknown, TrainedError::UnknownTensor { tensor: found, .. } if found.contains(tensor)),
            "{unknown}"
        );
    }
    let derived = refused(&golden("falcon-fused").join("base"));
    assert!(matches!(derived, TrainedError::OwnKind { .. }), "{derived}");
    let experts = refused(&golden("mixtral-experts").join("base"));
    assert!(matches!(experts, TrainedError::Experts { .. }), "{experts}");

    let root = tempfile::tempdir().unwrap();
    let case = repository().join("tests/golden-quant/bnb-nf4");
    let packed = MergeRequest {
        trained_quantization: Some(trained("nf4")),
        ..MergeRequest::new(case.join("base"), case.join("adapter"), root.path().join("merged"))
    };
    let error = MergePlan::new(&packed).unwrap_err();
    assert!(matches!(error, PlanError::Trained(TrainedError::AlreadyPacked { .. })), "{error}");
}

#[test]
fn the_command_line_takes_it_writes_it_into_the_card_and_proves_it() {
    let root = tempfile::tempdir().unwrap();
    let case = golden("llama-lora-bf16");
    let [base, adapter] = ["base", "adapter"].map(|part| case.join(part).to_string_lossy().into_owned());
    let option = ["--as-trained", "nf4,double"];
    let merge = lorafuse(root.path(), &["merge", &base, &adapter, "-o", "merged", option[0], option[1]]);
    assert!(merge.status.success(), "{}", stderr(&merge));
    assert!(stderr(&merge).contains("as the adapter's trainer saw it"), "{}", stderr(&merge));
    let card = std::fs::read_to_string(root.path().join("merged/README.md")).unwrap();
    assert!(card.contains("| Merged into | `nf4,double` of the base"), "{card}");
    let check = ["verify", "merged", "--base", &base, "--adapter", &adapter];
    assert!(lorafuse(root.path(), &[&check[..], &option].concat()).status.success());
    assert_eq!(lorafuse(root.path(), &check).status.code(), Some(1));
    let wrong = lorafuse(root.path(), &["merge", &base, &adapter, "-o", "other", "--as-trained", "nf4,tripled"]);
    assert_eq!(wrong.status.code(), Some(2));
}
