//! Merges whose linear layers are packed again as NF4: bitsandbytes' own bytes, whatever the tiles, with the share of the
//! change that survives told before and after, and refused where it is less than half.

use std::{collections::BTreeMap, fs, path::Path, sync::Arc};

use lorafuse::{
    checkpoint::Checkpoint,
    job::JobContext,
    merge::{self, CpuKernel, IoMode, MergeError, MergeReceipt, in_memory},
    numeric::{
        CpuLevel, FloatDtype,
        codec::{NestedScales, Nf4Encoder, Nf4Format},
    },
    plan::{DtypePolicy, MergePlan, MergeRequest, PackedSurvival, PlanError, Rounding},
    verify::{self, VerifyRequest},
};
use serde_json::{Value, json};

use crate::support::{bytes, golden, lorafuse, merged, put, repository, sample, sha256_start, stderr, toy_request};

const SINGLE: Nf4Format = Nf4Format { block: 64, is_double: false };
const DOUBLE: Nf4Format = Nf4Format { block: 64, is_double: true };

fn quantised(case: &str) -> std::path::PathBuf {
    repository().join("tests/golden-quant").join(case)
}

fn request_on(case: &Path, output: &Path, format: Option<Nf4Format>) -> MergeRequest {
    MergeRequest {
        requantize: format,
        accepts_loss: true,
        ..MergeRequest::new(case.join("base"), case.join("adapter"), output)
    }
}

fn sample_request(output: &Path, format: Option<Nf4Format>) -> MergeRequest {
    MergeRequest { dtype: DtypePolicy::Convert(FloatDtype::BF16), ..request_on(&sample(), output, format) }
}

/// A stored tensor's bytes, as they lie in the file.
fn stored(model: &Checkpoint, name: &str) -> Vec<u8> {
    let tensor = model.stored_tensors().get(name).unwrap_or_else(|| panic!("{name} is not stored"));
    let mut bytes = vec![0; usize::try_from(tensor.byte_count()).unwrap()];
    tensor.read_row_bytes(0..tensor.tile_shape().rows, &mut bytes).unwrap();
    bytes
}

fn floats(bytes: &[u8]) -> Vec<f32> {
    bytes.as_chunks().0.iter().map(|bytes| f32::from_le_bytes(*bytes)).collect()
}

/// Every packed weight of `output` is what the encoder makes of the plain merge; the number of packed weights.
fn assert_packs(output: &Path, plain: &Path, format: Nf4Format) -> usize {
    let (packed, plain) = (Checkpoint::open(output).unwrap(), Checkpoint::open(plain).unwrap());
    let mut count = 0;
    for (name, tensor) in plain.tensors() {
        let numbers = bytes(&plain, name);
        let Some(state) = packed.stored_tensors().get(&format!("{name}.quant_state.bitsandbytes__nf4")) else {
            assert!(stored(&packed, name) == numbers, "{name} is not packed and has other bytes");
            continue;
        };
        let dtype = FloatDtype::of(tensor.dtype()).unwrap();
        let element_count = tensor.element_count();
        let (mut codes, mut absmax) =
            (vec![0; element_count.div_ceil(2)], vec![0.0; element_count.div_ceil(format.block)]);
        Nf4Encoder { block: format.block, dtype }.encode(&numbers, &mut codes, &mut absmax).unwrap();
        assert!(stored(&packed, name) == codes, "{name}: other codes");
        assert_eq!(packed.stored_tensors()[name].shape(), [codes.len(), 1], "{name}");
        let state: Value = serde_json::from_slice(&stored(&packed, state.name())).unwrap();
        assert_eq!((&state["shape"], &state["blocksize"]), (&json!(tensor.shape()), &json!(format.block)), "{name}");
        assert_eq!(state["dtype"], dtype.config_name(), "{name}");
        if format.is_double {
            let nested = NestedScales::of(&absmax);
            assert!(stored(&packed, &format!("{name}.absmax")) == nested.codes, "{name}: other scales");
            assert_eq!(floats(&stored(&packed, &format!("{name}.nested_absmax"))), nested.absmax, "{name}");
            let offset: f32 = serde_json::from_value(state["nested_offset"].clone()).unwrap();
            assert_eq!(offset, nested.offset, "{name}");
        } else {
            assert_eq!(floats(&stored(&packed, &format!("{name}.absmax"))), absmax, "{name}");
        }
        count += 1;
    }
    count
}

#[test]
fn a_packed_merge_is_the_plain_one_packed() {
    let root = tempfile::tempdir().unwrap();
    let at = |name: &str| root.path().join(name);
    let plain = merged(&sample_request(&at("plain"), None));
    for (index, format) in [SINGLE, DOUBLE, Nf4Format { block: 4096, is_double: true }].into_iter().enumerate() {
        let output = at(&index.to_string());
        let receipt = merged(&sample_request(&output, Some(format)));
        assert_eq!(assert_packs(&output, &at("plain"), format), 28, "{format:?}");
        assert!(
            receipt.bytes.output * 10 < plain.bytes.output * 6,
            "{} of {}",
            receipt.bytes.output,
            plain.bytes.output
        );
        let files: u64 = fs::read_dir(&output).unwrap().map(|file| file.unwrap().metadata().unwrap().len()).sum();
        assert!(files > receipt.bytes.output && files < receipt.bytes.output + 1_000_000);
    }
}

#[test]
fn its_bytes_are_those_of_bitsandbytes() {
    // Made by `tests/tools/check_requantized.py --golden`: what `quantize_4bit` makes of the plain merge.
    let golden: BTreeMap<String, String> =
        serde_json::from_str(&fs::read_to_string(repository().join("tests/expected/requantized.json")).unwrap())
            .unwrap();
    let root = tempfile::tempdir().unwrap();
    let (output, plain) = (root.path().join("packed"), root.path().join("plain"));
    merged(&request_on(&quantised("bnb-nf4"), &output, Some(SINGLE)));
    merged(&request_on(&quantised("bnb-nf4"), &plain, None));
    let (packed, plain) = (Checkpoint::open(&output).unwrap(), Checkpoint::open(&plain).unwrap());
    let hash = |bytes: &[u8]| sha256_start(bytes, 32);
    let mut equal_count = 0;
    for name in plain.tensors().keys().filter(|name| golden.contains_key(*name)) {
        // Another processor may sum a product otherwise, and round one value in a hundred thousand the other way.
        if hash(&bytes(&plain, name)) != golden[&format!("{name}.plain")] {
            continue;
        }
        for ending in ["", ".absmax", ".quant_map"] {
            let table = format!("{name}{ending}");
            assert_eq!(hash(&stored(&packed, &table)), golden[&table], "{table}");
        }
        equal_count += 1;
    }
    assert!(equal_count >= 10, "only {equal_count} of 14 plain weights are those that bitsandbytes was given");
}

#[test]
fn neither_tiles_nor_devices_nor_the_way_to_the_disk_change_a_byte() {
    let root = tempfile::tempdir().unwrap();
    let at = |name: &str| root.path().join(name);
    let run = |name: &str, tile_elements: usize, workers: usize, io: IoMode| {
        let mut plan = MergePlan::new(&sample_request(&at(name), Some(DOUBLE))).unwrap();
        plan.tile_elements = tile_elements;
        let mut kernel = CpuKernel::with(workers, CpuLevel::detected()).unwrap();
        merge::run_with(&mut kernel, &plan, io, &JobContext::unwatched()).unwrap();
    };
    run("whole", 1 << 20, 2, IoMode::Cached);
    run("small", 700, 3, IoMode::Cached);
    run("direct", 5_000, 1, IoMode::Direct);
    for name in ["small", "direct"] {
        for file in fs::read_dir(at("whole")).unwrap() {
            let file = file.unwrap().file_name();
            assert!(
                fs::read(at("whole").join(&file)).unwrap() == fs::read(at(name).join(&file)).unwrap(),
                "{name}: {file:?}"
            );
        }
    }
}

#[test]
fn rows_that_end_within_a_block_are_packed_through() {
    // 48 and 96 columns: blocks of 256 begin in the middle of rows, and tiles end there.
    let root = tempfile::tempdir().unwrap();
    let format = Nf4Format { block: 256, is_double: false };
    let case = golden("llama-lora-bf16");
    merged(&request_on(&case, &root.path().join("plain"), None));
    let mut plan = MergePlan::new(&request_on(&case, &root.path().join("packed"), Some(format))).unwrap();
    plan.tile_elements = 1;
    merge::run(&plan, &JobContext::unwatched()).unwrap();
    assert!(assert_packs(&root.path().join("packed"), &root.path().join("plain"), format) > 5);
}

#[test]
fn every_golden_case_is_packed_and_proven_or_refused_by_name() {
    let (mut packed, mut refused) = (0, 0);
    for entry in fs::read_dir(repository().join("tests/golden")).unwrap() {
        let case = entry.unwrap().path();
        let scratch = tempfile::tempdir().unwrap();
        let request = request_on(&case, &scratch.path().join("merged"), Some(DOUBLE));
        if MergePlan::resolved(&MergeRequest { requantize: None, ..request.clone() }).is_err() {
            continue;
        }
        match MergePlan::resolved(&request) {
            Ok(_) => {
                merged(&request);
                let adapters = request.adapters.clone();
                let proof =
                    VerifyRequest { merged: request.output.clone(), base: Some(request.base.clone()), adapters };
                let report = verify::run(&proof, &JobContext::unwatched()).unwrap();
                assert!(report.is_passed(), "{}: {:#?}", case.display(), report.checks);
                packed += 1;
            }
            Err(PlanError::UndecidedLayers { tensors, .. }) => {
                assert!(!tensors.is_empty());
                refused += 1;
            }
            Err(error) => {
                assert!(matches!(error, PlanError::NothingToPack { .. }), "{}: {error}", case.display());
                refused += 1;
            }
        }
    }
    assert!(packed > 40 && refused > 40, "{packed} packed, {refused} refused");
}

#[test]
fn what_transformers_reads_stands_in_the_config() {
    let root = tempfile::tempdir().unwrap();
    let config = |folder: &Path| -> Value {
        serde_json::from_str(&fs::read_to_string(folder.join("config.json")).unwrap()).unwrap()
    };
    let key = "quantization_config";
    for (case, format) in [("bnb-nf4", SINGLE), ("bnb-nf4-double", DOUBLE)] {
        let output = root.path().join(case);
        merged(&request_on(&quantised(case), &output, Some(format)));
        let mut expected = config(&quantised(case).join("base"));
        // transformers packed the base of this case with one exception to its rule.
        expected[key]["llm_int8_skip_modules"] = Value::Null;
        assert_eq!(config(&output)[key], expected[key], "{case}");
        assert_eq!(config(&output)["dtype"], "bfloat16");
    }
}

#[test]
fn in_memory_it_has_the_same_bits() {
    for format in [SINGLE, DOUBLE, Nf4Format { block: 512, is_double: true }] {
        for case in ["llama-lora-bf16", "llama-dora", "llama-ia3"] {
            let root = tempfile::tempdir().unwrap();
            let request = request_on(&golden(case), &root.path().join("merged"), Some(format));
            let computed = in_memory(&Arc::new(MergePlan::resolved(&request).unwrap())).unwrap();
            merged(&request);
            let written = Checkpoint::open(&request.output).unwrap();
            for (name, tensor) in written.tensors() {
                assert!(bytes(&computed, name) == bytes(&written, name), "{case}, {format:?}: {name}");
                let rows = tensor.tile_shape().rows;
                let mut last = vec![0; bytes(&written, name).len() / rows];
                computed.tensor(name).unwrap().read_row_bytes(rows - 1..rows, &mut last).unwrap();
                assert!(bytes(&written, name).ends_with(&last), "{case}, {format:?}: the last row of {name}");
            }
        }
    }
}

/// The bnb-nf4 case at a strength of which its grid keeps nothing.
fn weak(output: &Path) -> MergeRequest {
    let mut request = request_on(&quantised("bnb-nf4"), output, Some(SINGLE));
    request.adapters[0].strength = 0.05;
    request
}

#[test]
fn a_change_that_the_grid_erases_is_told_before_and_after_and_refused() {
    let root = tempfile::tempdir().unwrap();
    let output = root.path().join("merged");
    let request = MergeRequest { accepts_loss: false, ..weak(&output) };
    let plan = MergePlan::new(&request).unwrap();
    let estimate = plan.estimate_survival(&JobContext::unwatched()).unwrap();
    let before = estimate.packed_survival().unwrap();
    assert!(before.gain < 0.05 && before.moved_share < 0.001, "{before:?}");
    assert!(matches!(estimate.refuse_loss(), Err(PlanError::TooMuchLost { gain }) if gain < 0.05));
    let error = merge::run(&plan, &JobContext::unwatched()).unwrap_err();
    assert!(matches!(error, MergeError::Plan(_)), "{error}");
    assert!(fs::read_dir(root.path()).unwrap().next().is_none(), "nothing is written");

    let after = PackedSurvival::of(&merged(&weak(&output)).update_stats()).unwrap();
    assert!((after.gain - before.gain).abs() < 1e-9 && after.moved_share == before.moved_share, "{before:?} {after:?}");
}

#[test]
fn a_change_that_the_dtype_alone_erases_is_not_laid_to_packing() {
    let root = tempfile::tempdir().unwrap();
    let mut request = MergeRequest { accepts_loss: false, ..weak(&root.path().join("merged")) };
    request.adapters[0].strength = 5e-4;
    let estimate = MergePlan::new(&request).unwrap().estimate_survival(&JobContext::unwatched()).unwrap();
    let error = estimate.refuse_loss().unwrap_err();
    let PlanError::RoundedAway { dtype, rounded_gain, .. } = error else { panic!("{error}") };
    assert_eq!(dtype, FloatDtype::BF16);
    assert!(rounded_gain < 0.5, "{rounded_gain}");
    assert!(error.to_string().contains("one bf16 value to the next"), "{error}");
}

#[test]
fn a_change_that_is_as_large_as_the_grid_survives() {
    let root = tempfile::tempdir().unwrap();
    let mut request = weak(&root.path().join("merged"));
    (request.accepts_loss, request.adapters[0].strength) = (false, 1.0);
    let receipt: MergeReceipt = merged(&request);
    let kept = PackedSurvival::of(&receipt.update_stats()).unwrap();
    assert!(kept.gain > 0.9 && kept.moved_share > 0.3, "{kept:?}");
    // Of a base that lies on no grid the change survives on the whole, under the noise of packing.
    let estimate = MergePlan::resolved(&sample_request(Path::new("unused"), None)).unwrap();
    let if_packed = estimate.estimate_survival(&JobContext::unwatched()).unwrap().if_packed.unwrap();
    assert!(PackedSurvival::of(&if_packed).unwrap().gain > 0.9);
}

#[test]
fn what_the_data_does_not_decide_is_refused_by_name() {
    let root = tempfile::tempdir().unwrap();
    crate::support::put_toy(root.path());
    let toy = |change: fn(&mut MergeRequest)| {
        let mut request = MergeRequest { requantize: Some(SINGLE), ..toy_request(root.path()) };
        change(&mut request);
        MergePlan::new(&request).unwrap_err().to_string()
    };
    let said = toy(|_| {});
    assert!(said.contains("ToyForCausalLM") && said.contains("model.layers.0.proj.weight"), "{said}");
    let said = toy(|request| request.rounding = Rounding::Stochastic { seed: 1 });
    assert!(said.contains("by chance"), "{said}");
    let gpt2 = request_on(&golden("gpt2-conv1d"), Path::new("unused"), Some(SINGLE));
    let said = MergePlan::resolved(&gpt2).unwrap_err().to_string();
    assert!(said.contains("GPT2LMHeadModel") && said.contains("c_attn"), "{said}");
    // The class is known, its code is not.
    let own = root.path().join("own");
    for file in fs::read_dir(golden("llama-lora-bf16").join("base")).unwrap() {
        let file = file.unwrap();
        put(&own.join(file.file_name()), fs::read(file.path()).unwrap());
    }
    let config = fs::read_to_string(own.join("config.json")).unwrap();
    put(&own.join("config.json"), config.replacen('{', r#"{"auto_map": {"AutoModelForCausalLM": "own.Own"},"#, 1));
    let request =
        MergeRequest { base: own, ..request_on(&golden("llama-lora-bf16"), Path::new("unused"), Some(SINGLE)) };
    assert!(matches!(MergePlan::resolved(&request), Err(PlanError::UndecidedLayers { .. })));
}

#[test]
fn the_command_line_tells_what_survives_and_takes_a_yes() {
    let root = tempfile::tempdir().unwrap();
    let case = quantised("bnb-nf4");
    let (base, adapter) = (case.join("base"), case.join("adapter"));
    let run = |output: &str, more: &[&str]| {
        let output = root.path().join(output);
        let [base, adapter, output] = [&base, &adapter, &output].map(|path| path.to_str().unwrap());
        let fixed = ["merge", base, adapter, "-o", output, "--strength", "0.05", "--device", "cpu"];
        lorafuse(root.path(), &[&fixed[..], more].concat())
    };
    let refused = run("refused", &["--requantize", "nf4"]);
    assert_eq!(refused.status.code(), Some(1));
    let said = stderr(&refused);
    assert!(said.contains("before: NF4 keeps 2 %") && said.contains("--accept-loss"), "{said}");
    assert!(!root.path().join("refused").exists());
    let dry = run("dry", &["--requantize", "nf4,double", "--dry-run"]);
    assert_eq!(dry.status.code(), Some(1), "{}", stderr(&dry));
    // Blocks of 128 lie on another grid than the base's.
    let taken = run("taken", &["--requantize", "nf4,double,block 128", "--accept-loss"]);
    assert!(taken.status.success(), "{}", stderr(&taken));
    let told = String::from_utf8_lossy(&taken.stdout).into_owned();
    assert!(told.contains("after: NF4 keeps 45 %"), "{told}");
    let card = fs::read_to_string(root.path().join("taken/README.md")).unwrap();
    assert!(card.contains("NF4 (requantised, double, blocks of 128)"), "{card}");
    for wrong in [&["--requantize", "fp4"][..], &["--accept-loss"]] {
        assert_eq!(run("wrong", wrong).status.code(), Some(2), "{wrong:?}");
    }
}
