//! What a run leaves behind, finished, stopped or killed; and that a merge becomes a file with one rounding.

use std::{path::Path, sync::Arc};

use lorafuse::{
    checkpoint::{Checkpoint, gguf::GgufHeader},
    gguf::{ExportError, FileType, GgufExport},
    job::JobContext,
    merge::{GgufPlace, GgufPlan, MergeError},
    numeric::FloatDtype,
    plan::{DtypePolicy, MergePlan, MergeRequest, PlanError},
};

use super::models::Case;
use crate::support::{cancelling, listing, merged, sample};

fn plan_of(model: &Path, file_type: FileType, output: &Path) -> Result<GgufPlan, MergeError> {
    let place = GgufPlace::of(output.to_owned());
    let mut plan = GgufPlan::of_model(Checkpoint::open(model).unwrap(), &[file_type], Some(place))?;
    plan.check_output()?;
    Ok(plan)
}

fn merge_plan(types: &[FileType], output: &Path) -> GgufPlan {
    let request = MergeRequest::new(sample().join("base"), sample().join("adapter"), output);
    let merge = Arc::new(MergePlan::resolved(&request).unwrap());
    GgufPlan::of_merge(merge, types, Some(GgufPlace::of(output.to_owned()))).unwrap()
}

/// The tensors' bytes, name by name, and the keys but for the model's name.
fn content(path: &Path) -> (Vec<(String, Vec<u8>)>, Vec<String>) {
    let header = GgufHeader::open(path).unwrap();
    let bytes = std::fs::read(path).unwrap();
    let tensors = header.tensors.iter().map(|tensor| {
        let start = usize::try_from(header.data_start + tensor.offset).unwrap();
        (tensor.name.clone(), bytes[start..][..usize::try_from(tensor.byte_count).unwrap()].to_vec())
    });
    let keys = header.metadata.iter().filter(|(key, _)| key != "general.name").map(|entry| format!("{entry:?}"));
    (tensors.collect(), keys.collect())
}

#[test]
fn nothing_is_overwritten_and_a_cancelled_run_before_the_first_byte_leaves_nothing() {
    let case = Case::new("llama-spm");
    let path = case.folder.path().join("out.gguf");
    std::fs::write(&path, "mine").unwrap();
    let refused = plan_of(case.folder.path(), FileType::Q8_0, &path).expect_err("exists");
    let MergeError::Plan(error) = &refused else { panic!("{refused}") };
    assert!(matches!(**error, PlanError::OutputFileExists { .. }), "{refused}");
    assert_eq!(std::fs::read(&path).unwrap(), b"mine");
    std::fs::remove_file(&path).unwrap();

    // A folder of somebody else under the name of the work folder.
    let partial = case.folder.path().join("out.gguf.partial");
    std::fs::create_dir(&partial).unwrap();
    std::fs::write(partial.join("precious"), "kept").unwrap();
    let job = JobContext::unwatched();
    let plan = plan_of(case.folder.path(), FileType::Q8_0, &path).unwrap();
    assert!(matches!(plan.run(&job), Err(MergeError::PartialIsForeign { .. })));
    assert_eq!(std::fs::read(partial.join("precious")).unwrap(), b"kept");
    std::fs::remove_dir_all(&partial).unwrap();

    let before = listing(case.folder.path());
    let (cancelled, watch) = JobContext::new(|| {});
    watch.cancel();
    assert!(plan.run(&cancelled).unwrap_err().is_cancelled());
    assert_eq!(listing(case.folder.path()), before);

    plan.run(&job).unwrap();
    assert!(path.is_file() && !partial.exists());
}

#[test]
fn a_weight_that_its_type_cannot_hold_is_named_and_nothing_is_left() {
    let case = Case::new("gpt2");
    let path = case.folder.path().join("model.safetensors");
    let mut bytes = std::fs::read(&path).unwrap();
    let len = bytes.len();
    // The last values of the file: position embeddings stay single precision, token embeddings do not.
    bytes[len - 4..].copy_from_slice(&f32::NAN.to_le_bytes());
    std::fs::write(&path, bytes).unwrap();
    let before = listing(case.folder.path());
    let plan = plan_of(case.folder.path(), FileType::F16, &case.folder.path().join("out.gguf")).unwrap();
    let refused = plan.run(&JobContext::unwatched()).expect_err("NaN");
    let MergeError::Export(error) = &refused else { panic!("{refused}") };
    assert!(matches!(**error, ExportError::Values { .. }), "{refused}");
    assert_eq!(listing(case.folder.path()), before);
}

/// The file of base and adapters is that of the folder merged in float32: one rounding, and the tokenizer and the
/// templates that the merged folder has.
#[test]
fn a_merge_without_a_folder_is_the_file_of_its_folder_in_single_precision() {
    let root = tempfile::tempdir().unwrap();
    let folder = root.path().join("merged");
    let request = MergeRequest::new(sample().join("base"), sample().join("adapter"), &folder);
    merged(&MergeRequest { dtype: DtypePolicy::Convert(FloatDtype::F32), ..request });
    for file_type in [FileType::Q8_0, FileType::Q4KM, FileType::Bf16] {
        let [direct, by_folder] =
            ["direct", "by-folder"].map(|name| root.path().join(format!("{name}-{file_type}.gguf")));
        merge_plan(&[file_type], &direct).run(&JobContext::unwatched()).unwrap();
        plan_of(&folder, file_type, &by_folder).unwrap().run(&JobContext::unwatched()).unwrap();
        assert!(content(&direct) == content(&by_folder), "{file_type}");
    }
}

#[test]
fn several_types_in_one_pass_are_the_files_of_each() {
    let root = tempfile::tempdir().unwrap();
    let types = [FileType::Q4KM, FileType::Q8_0, FileType::Q4KM, FileType::F32];
    let all = root.path().join("all");
    let receipt = merge_plan(&types, &all).run(&JobContext::unwatched()).unwrap();
    assert_eq!(receipt.files.len(), 3, "a type that stands twice is one file");
    for (file, file_type) in receipt.files.iter().zip([FileType::Q4KM, FileType::Q8_0, FileType::F32]) {
        let alone = root.path().join(format!("alone-{file_type}.gguf"));
        merge_plan(&[file_type], &alone).run(&JobContext::unwatched()).unwrap();
        assert!(std::fs::read(all.join(&file.name)).unwrap() == std::fs::read(&alone).unwrap(), "{file_type}");
    }
}

#[test]
fn a_resumed_run_has_the_bytes_of_an_uninterrupted_one() {
    let root = tempfile::tempdir().unwrap();
    let types = [FileType::Q8_0, FileType::F16];
    let whole = root.path().join("whole");
    merge_plan(&types, &whole).run(&JobContext::unwatched()).unwrap();
    let mut resumed = 0;
    for limit in [2, 4, 8, 16] {
        let output = root.path().join(format!("resumed-{limit}"));
        if let Err(error) = merge_plan(&types, &output).run(&cancelling(limit)) {
            assert!(error.is_cancelled(), "{error}");
            let partial = root.path().join(format!("resumed-{limit}.partial"));
            let parts = listing(&partial).into_iter().filter(|name| name.ends_with(".gguf.part"));
            for part in parts {
                assert!(GgufHeader::open(&partial.join(part)).is_err(), "half of a file is none");
            }
            let receipt = merge_plan(&types, &output).run(&JobContext::unwatched()).unwrap();
            resumed += receipt.resumed_byte_count;
        }
        assert_eq!(listing(&output), listing(&whole));
        for name in listing(&whole) {
            assert!(std::fs::read(output.join(&name)).unwrap() == std::fs::read(whole.join(&name)).unwrap(), "{name}");
        }
    }
    assert!(resumed > 0, "no run was interrupted after it had written something");
}

/// A claim is not believed: what another program wrote over a tile is made again.
#[test]
fn a_tile_that_is_not_what_the_journal_says_is_written_again() {
    let root = tempfile::tempdir().unwrap();
    let output = root.path().join("out.gguf");
    let partial = root.path().join("out.gguf.partial");
    let interrupted = (4..40).any(|limit| {
        let error = merge_plan(&[FileType::Q8_0], &output).run(&cancelling(limit)).expect_err("too early to be done");
        matches!(error, MergeError::CancelledKept { .. }) && {
            let journal = std::fs::read_to_string(partial.join("lorafuse.journal")).unwrap();
            journal.lines().count() > 3
        }
    });
    assert!(interrupted);
    let part = partial.join(listing(&partial).into_iter().find(|name| name.ends_with(".gguf.part")).unwrap());
    let mut bytes = std::fs::read(&part).unwrap();
    let export = GgufExport::new(&merge_plan(&[FileType::Q8_0], &output).model, FileType::Q8_0).unwrap();
    let start = usize::try_from(export.header.data_start).unwrap();
    bytes[start..].iter_mut().for_each(|byte| *byte ^= 1);
    std::fs::write(&part, bytes).unwrap();
    let receipt = merge_plan(&[FileType::Q8_0], &output).run(&JobContext::unwatched()).unwrap();
    assert_eq!(receipt.resumed_byte_count, 0);
    let whole = root.path().join("whole.gguf");
    merge_plan(&[FileType::Q8_0], &whole).run(&JobContext::unwatched()).unwrap();
    assert!(std::fs::read(&output).unwrap() == std::fs::read(&whole).unwrap());
}
