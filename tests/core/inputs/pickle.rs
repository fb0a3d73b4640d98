//! `.bin` files as PyTorch writes them, read without running code: the same tensors, the same merge, clear refusals.

use std::{
    io::Write as _,
    path::{Path, PathBuf},
    sync::Arc,
};

use lorafuse::{
    checkpoint::{Checkpoint, CheckpointError, LogicalTensor, PickleError, open_weights},
    error::Hint as _,
    job::JobContext,
    numeric::{Dtype, row_tiles},
    plan::{DtypePolicy, MergePlan, MergeRequest},
    verify::{self, VerifyRequest},
};
use zip::write::SimpleFileOptions;

use crate::support::{self, golden, merged, put, put_toy, repository, toy_request};

fn fixture(name: &str) -> PathBuf {
    repository().join("tests/pickle").join(name)
}

fn tensors(path: &Path) -> Vec<LogicalTensor> {
    open_weights(path).unwrap().tensors()
}

/// All bytes of a tensor, read in tiles of at most `elements`.
fn bytes_in_tiles(tensor: &LogicalTensor, elements: usize) -> Vec<u8> {
    let shape = tensor.tile_shape();
    let row_byte_count = shape.columns * tensor.dtype().bitsize() / 8;
    let mut out = Vec::new();
    for rows in row_tiles(shape, elements) {
        let mut bytes = vec![0; rows.len() * row_byte_count];
        tensor.read_row_bytes(rows, &mut bytes).unwrap();
        out.extend(bytes);
    }
    out
}

/// The error that a file opens with.
fn problem(path: &Path) -> PickleError {
    let error = open_weights(path).unwrap_err();
    assert!(error.hint().is_some(), "{error} has no hint");
    assert!(error.to_string().ends_with(&path.display().to_string()), "{error}");
    let CheckpointError::Pickle { problem, .. } = error else { panic!("{error}") };
    problem
}

#[test]
fn every_view_is_what_pytorch_makes_of_it() {
    let expected = tensors(&fixture("views.safetensors"));
    for file in ["views.bin", "views_protocol5.bin"] {
        let views = tensors(&fixture(file));
        assert_eq!(views.len(), expected.len(), "{file}");
        for expected in &expected {
            let view = views.iter().find(|view| view.name() == expected.name()).unwrap();
            assert_eq!((view.shape(), view.dtype()), (expected.shape(), expected.dtype()), "{}", view.name());
            assert_eq!(view.byte_count(), expected.byte_count(), "{}", view.name());
            for elements in [1, 7, 100, 1 << 20] {
                let (ours, theirs) = (bytes_in_tiles(view, elements), bytes_in_tiles(expected, elements));
                assert_eq!(ours, theirs, "{file}: {} in tiles of {elements}", view.name());
            }
        }
    }
}

#[test]
fn contiguous_tensors_are_spans_and_tied_ones_share_theirs() {
    let views = tensors(&fixture("views.bin"));
    let view = |name: &str| views.iter().find(|view| view.name() == name).unwrap();
    let is_span = |name: &str| view(name).span().is_some();
    for name in ["whole", "rows", "scalar", "empty", "parameter", "flags", "positions", "bytes", "float8"] {
        assert!(is_span(name), "{name}");
    }
    for name in ["transposed", "columns", "every_other_row", "column", "expanded", "permuted", "inner"] {
        assert!(!is_span(name), "{name}");
    }
    assert_eq!(view("whole").span().unwrap().1, view("tied").span().unwrap().1);
}

#[test]
fn a_pickled_base_merges_to_the_same_bytes_as_its_safetensors_twin() {
    let root = tempfile::tempdir().unwrap();
    let outputs = ["safetensors", "pickled"].map(|name| root.path().join(name));
    let twin = golden("llama-lora");
    let requests = [
        MergeRequest::new(twin.join("base"), twin.join("adapter"), &outputs[0]),
        MergeRequest::new(fixture("base"), fixture("adapter"), &outputs[1]),
    ];
    for request in &requests {
        drop(merged(request));
    }
    let [expected, ours] = outputs.each_ref().map(|path| Checkpoint::open(path).unwrap());
    assert_eq!(ours.tensors().keys().collect::<Vec<_>>(), expected.tensors().keys().collect::<Vec<_>>());
    for name in expected.tensors().keys() {
        assert_eq!(support::bytes(&ours, name), support::bytes(&expected, name), "{name}");
    }
    let names: Vec<&str> = ours.files().iter().map(|file| file.name()).collect();
    assert_eq!(names, ["model-00001-of-00002.safetensors", "model-00002-of-00002.safetensors"]);
    assert!(support::listing(&outputs[1]).iter().all(|name| !name.contains(".bin")), "no pickle travels along");
    let [_, request] = requests;
    let proof = VerifyRequest { merged: request.output, base: Some(request.base), adapters: request.adapters };
    assert!(verify::run(&proof, &JobContext::unwatched()).unwrap().is_passed());
}

#[test]
fn views_of_a_base_are_written_as_plain_tensors() {
    let root = tempfile::tempdir().unwrap();
    put_toy(root.path());
    let base = root.path().join("base");
    std::fs::remove_file(base.join("model.safetensors")).unwrap();
    // A view with the shape of the toy's weights: 6 × 4, transposed in its storage.
    let entry = |name: &str, key: &str, shape: [u8; 2], strides: [u8; 2]| Entry {
        name: name.to_owned(),
        key: key.to_owned(),
        shape,
        strides,
    };
    let entries = [
        entry("model.layers.0.proj.weight", "0", [6, 4], [1, 6]),
        entry("model.layers.1.proj.weight", "0", [6, 4], [4, 1]),
        entry("model.other.weight", "1", [4, 6], [1, 4]),
    ];
    let storages =
        [(0..24).map(|value| value as f32).collect::<Vec<_>>(), (0..24).map(|value| value as f32 / 2.0).collect()];
    put(&base.join("pytorch_model.bin"), archive(&state_dict(&entries), &storages, &[]));
    drop(merged(&toy_request(root.path())));
    let merged = Checkpoint::open(&root.path().join("merged")).unwrap();
    let expected: Vec<f64> = (0..24).map(|index| f64::from(index % 6 * 4 + index / 6) / 2.0).collect();
    assert_eq!(support::values(merged.tensor("model.other.weight").unwrap()), expected);
    let plan = MergePlan::new(&MergeRequest {
        dtype: DtypePolicy::Keep,
        output: root.path().join("again"),
        ..toy_request(root.path())
    })
    .unwrap();
    assert_eq!(plan.steps().filter(|step| step.source.span().is_none()).count(), 2);
}

#[test]
fn a_head_that_is_the_embedding_is_left_out_as_save_pretrained_does() {
    let root = tempfile::tempdir().unwrap();
    let entry = |name: &str| Entry { name: name.to_owned(), key: "0".to_owned(), shape: [6, 4], strides: [4, 1] };
    let pickle = state_dict(&["model.embed_tokens.weight", "lm_head.weight", "model.other.weight"].map(entry));
    put(&root.path().join("pytorch_model.bin"), archive(&pickle, &[vec![1.0; 24]], &[]));
    let names = |config: &str| {
        put(&root.path().join("config.json"), config);
        Checkpoint::open(root.path()).unwrap().tensors().keys().cloned().collect::<Vec<_>>()
    };
    let others = ["model.embed_tokens.weight", "model.other.weight"];
    assert_eq!(names("{}"), others);
    assert_eq!(names(r#"{"tie_word_embeddings": true}"#), others);
    assert_eq!(names(r#"{"tie_word_embeddings": false}"#).len(), 3);
}

#[test]
fn state_dicts_of_modules_and_alone_nested_ones_are_read() {
    for file in ["with_metadata.bin", "nested_alone.bin"] {
        let names: Vec<String> = tensors(&fixture(file)).iter().map(|tensor| tensor.name().to_owned()).collect();
        assert_eq!(names, ["proj.weight", "proj.bias"], "{file}");
    }
}

#[test]
fn other_pickles_are_named() {
    assert!(matches!(problem(&fixture("legacy.bin")), PickleError::Legacy));
    assert!(matches!(problem(&fixture("scripted.bin")), PickleError::TorchScript));
    let PickleError::Nested { key, beside } = problem(&fixture("nested.bin")) else { panic!() };
    assert_eq!((key.as_str(), beside.as_slice()), ("model", &["optimizer".to_owned(), "epoch".to_owned()][..]));
    let PickleError::NotAStateDict { found } = problem(&fixture("module.bin")) else { panic!() };
    assert_eq!(found.to_string(), "an object of __main__.Trained");
    let PickleError::NotATensor { entry, found } = problem(&fixture("quantised.bin")) else { panic!() };
    assert_eq!(
        (entry.as_str(), found.to_string().as_str()),
        ("quantised", "an object of torch._utils._rebuild_qtensor")
    );
}

/// A tensor of a pickle in the making: `f32`, two dimensions.
struct Entry {
    name: String,
    key: String,
    shape: [u8; 2],
    strides: [u8; 2],
}

fn text(value: &str) -> Vec<u8> {
    [&b"X"[..], &u32::try_from(value.len()).unwrap().to_le_bytes(), value.as_bytes()].concat()
}

/// A pickle that calls `torch._utils._rebuild_tensor_v2` for each entry, as PyTorch does.
fn state_dict(entries: &[Entry]) -> Vec<u8> {
    let mut out = b"\x80\x02}(".to_vec();
    for Entry { name, key, shape, strides } in entries {
        out.extend(text(name));
        out.extend(b"ctorch._utils\n_rebuild_tensor_v2\n((");
        out.extend(text("storage"));
        out.extend(b"ctorch\nFloatStorage\n");
        out.extend(text(key));
        out.extend(text("cpu"));
        out.extend(b"K\x18tQK\x00");
        out.extend([b'K', shape[0], b'K', shape[1], 0x86, b'K', strides[0], b'K', strides[1], 0x86]);
        out.extend(b"\x89}tR");
    }
    out.extend(b"u.");
    out
}

/// A zip archive with this pickle and these storages, and `extra` records.
fn archive(pickle: &[u8], storages: &[Vec<f32>], extra: &[(&str, &[u8])]) -> Vec<u8> {
    let mut zip = zip::ZipWriter::new(std::io::Cursor::new(Vec::new()));
    let options = SimpleFileOptions::default().compression_method(zip::CompressionMethod::Stored);
    let mut add = |name: &str, content: &[u8]| {
        zip.start_file(format!("archive/{name}"), options).unwrap();
        zip.write_all(content).unwrap();
    };
    add("data.pkl", pickle);
    for (key, values) in storages.iter().enumerate() {
        let bytes: Vec<u8> = values.iter().flat_map(|value| value.to_le_bytes()).collect();
        add(&format!("data/{key}"), &bytes);
    }
    for (name, content) in extra {
        add(name, content);
    }
    zip.finish().unwrap().into_inner()
}

/// The error that these bytes open with as a `.bin`.
fn problem_of(bytes: &[u8]) -> PickleError {
    let root = tempfile::tempdir().unwrap();
    let path = root.path().join("weights.bin");
    put(&path, bytes);
    problem(&path)
}

fn one_entry() -> Vec<u8> {
    state_dict(&[Entry { name: "w".to_owned(), key: "0".to_owned(), shape: [6, 4], strides: [4, 1] }])
}

#[test]
fn archives_that_lie_are_refused() {
    let storage = [vec![0.0; 24]];
    let good = archive(&one_entry(), &storage, &[("byteorder", b"little")]);
    let root = tempfile::tempdir().unwrap();
    put(&root.path().join("good.bin"), &good);
    assert_eq!(tensors(&root.path().join("good.bin")).len(), 1);

    assert!(matches!(problem_of(b""), PickleError::NotAnArchive { .. }));
    assert!(matches!(problem_of(b"Entry not found"), PickleError::NotAnArchive { .. }));
    assert!(matches!(problem_of(&good[..good.len() - 30]), PickleError::NotAnArchive { .. }));
    let big = archive(&one_entry(), &storage, &[("byteorder", b"big")]);
    assert!(matches!(problem_of(&big), PickleError::ByteOrder { order } if order == "big"));
    assert!(
        matches!(problem_of(&archive(&one_entry(), &[], &[])), PickleError::NoStorage { tensor, .. } if tensor == "w")
    );
    let short = archive(&one_entry(), &[vec![0.0; 23]], &[]);
    assert!(matches!(problem_of(&short), PickleError::BadTensor { entry, .. } if entry == "w"));
    assert!(matches!(problem_of(&archive(b"N.", &[], &[])), PickleError::NotAStateDict { .. }));
    assert!(matches!(problem_of(&archive(b"}(K\x01Nu.", &[], &[])), PickleError::BadKey { .. }));
    assert!(
        matches!(problem_of(&archive(b"}(X\x01\0\0\0aNu.", &[], &[])), PickleError::NotATensor { entry, .. } if entry == "a")
    );
    let twice = state_dict(&["w", "w"].map(|name| Entry {
        name: name.to_owned(),
        key: "0".to_owned(),
        shape: [6, 4],
        strides: [4, 1],
    }));
    assert!(
        matches!(problem_of(&archive(&twice, &storage, &[])), PickleError::DuplicateTensor { entry } if entry == "w")
    );
}

#[test]
fn records_beyond_the_file_or_compressed_are_refused() {
    let good = archive(&one_entry(), &[vec![0.0; 24]], &[]);
    let at = good.windows(14).rposition(|window| window == b"archive/data/0").unwrap();
    // The central directory's header stands 46 bytes before the name: method at 10, sizes at 20 and 24.
    let header = at - 46;
    let mut compressed = good.clone();
    compressed[header + 10] = 8;
    assert!(matches!(problem_of(&compressed), PickleError::Packed { .. }), "{:?}", problem_of(&compressed));
    let mut oversized = good.clone();
    for size in [20, 24] {
        oversized[header + size..header + size + 4].copy_from_slice(&0x7fff_ffff_u32.to_le_bytes());
    }
    let error = problem_of(&oversized);
    assert!(matches!(error, PickleError::OutsideFile { .. } | PickleError::NotAnArchive { .. }), "{error}");
}

/// Any byte changed anywhere: an error or the same tensors' worth of bytes inside the file, never a panic.
#[test]
fn no_changed_byte_makes_the_reader_panic() {
    let good = archive(&one_entry(), &[vec![1.0; 24]], &[("byteorder", b"little")]);
    let root = tempfile::tempdir().unwrap();
    let path = root.path().join("weights.bin");
    let mut read = 0;
    for index in 0..good.len() {
        for flip in [0x01, 0x80, 0xff] {
            let mut damaged = good.clone();
            damaged[index] ^= flip;
            put(&path, &damaged);
            let Ok(file) = open_weights(&path) else { continue };
            for tensor in Arc::clone(&file).tensors() {
                assert_eq!(bytes_in_tiles(&tensor, 10).len() as u64, tensor.byte_count());
                read += 1;
            }
        }
    }
    assert!(read > 0, "a changed byte of a storage is not noticed by this reader");
}

#[test]
fn code_in_a_pickle_is_not_run() {
    let root = tempfile::tempdir().unwrap();
    let trace = root.path().join("trace");
    let mut pickle = b"\x80\x02cos\nsystem\n".to_vec();
    pickle.extend(text(&format!("touch {}", trace.display())));
    pickle.extend(b"\x85R.");
    let PickleError::NotAStateDict { found } = problem_of(&archive(&pickle, &[], &[])) else { panic!() };
    assert_eq!(found.to_string(), "an object of os.system");
    assert!(!trace.exists());
}

#[test]
fn safetensors_win_over_pickles() {
    let root = tempfile::tempdir().unwrap();
    put_toy(root.path());
    put(&root.path().join("base/pytorch_model.bin"), "never opened");
    put(&root.path().join("adapter/adapter_model.bin"), "never opened");
    let plan = MergePlan::new(&toy_request(root.path())).unwrap();
    assert_eq!(plan.base.files()[0].name(), "model.safetensors");
    assert_eq!(plan.adapters[0].files()[0].name(), "adapter_model.safetensors");
    assert!(plan.base.tensors().values().all(|tensor| tensor.dtype() == Dtype::F32));
}
