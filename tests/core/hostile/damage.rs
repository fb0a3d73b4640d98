//! Whatever a file holds: the readers take what the format allows, refuse the rest with a hint, and never panic.

use std::{collections::BTreeMap, path::Path};

use lorafuse::{
    checkpoint::{Checkpoint, CheckpointError, HeaderError, INDEX_FILE},
    error::Hint as _,
    job::JobContext,
    merge,
    plan::MergePlan,
};
use proptest::{prelude::*, sample::Index};
use safetensors::{SafeTensorError, SafeTensors};
use serde_json::json;

use crate::support::{FileBuilder, bytes, noise, put, put_toy, toy_adapter_file, toy_base_file, toy_request};

/// Names that a header may give to dtypes: known to the safetensors crate, and of tomorrow.
const DTYPES: [&str; 14] =
    ["F32", "BF16", "F16", "F64", "I64", "U8", "BOOL", "F8_E4M3", "F4", "F6_E2M3", "C64", "U4", "I128", "F8_E3M4_X"];

/// Numbers that sit at the edge of something.
const NUMBERS: [&str; 12] = [
    "0",
    "1",
    "3",
    "8",
    "-1",
    "1.5",
    "1e3",
    "96",
    "4294967296",
    "4611686018427387904",
    "9223372036854775808",
    "18446744073709551615",
];

/// A tensor: dtype, shape, bytes.
type Tensor = (String, Vec<usize>, Vec<u8>);

fn tensor() -> impl Strategy<Value = Tensor> {
    (prop::sample::select(&DTYPES[..]), prop::collection::vec(0_usize..6, 0..4), any::<u8>()).prop_map(
        |(dtype, mut shape, seed)| {
            let bit_count: usize = dtype.parse::<lorafuse::numeric::Dtype>().unwrap().bitsize();
            // Whole bytes, whatever the dtype.
            if let Some(last) = shape.last_mut().filter(|_| !bit_count.is_multiple_of(8)) {
                *last *= 4;
            }
            if shape.is_empty() && !bit_count.is_multiple_of(8) {
                shape.push(4);
            }
            let byte_count = shape.iter().product::<usize>() * bit_count / 8;
            let data = (0..byte_count).map(|at| seed.wrapping_add(u8::try_from(at % 256).unwrap())).collect();
            (dtype.to_owned(), shape, data)
        },
    )
}

fn file_of(tensors: &BTreeMap<String, Tensor>) -> FileBuilder {
    let add = |file: FileBuilder, (name, (dtype, shape, data)): (&String, &Tensor)| {
        file.raw(name, dtype, shape, data.clone())
    };
    tensors.iter().fold(FileBuilder::default(), add)
}

/// One change to a file.
#[derive(Clone, Debug)]
enum Damage {
    Set(Index, u8),
    Remove(Index, usize),
    Repeat(Index, usize),
    Truncate(Index),
    /// The nth number in the text becomes another.
    Number(Index, &'static str),
    /// The nth string in the text becomes a copy of another.
    Text(Index, Index),
}

fn damage() -> impl Strategy<Value = Damage> {
    let at = any::<Index>;
    prop_oneof![
        (at(), any::<u8>()).prop_map(|(at, byte)| Damage::Set(at, byte)),
        (at(), 1_usize..20).prop_map(|(at, count)| Damage::Remove(at, count)),
        (at(), 1_usize..60).prop_map(|(at, count)| Damage::Repeat(at, count)),
        at().prop_map(Damage::Truncate),
        (at(), prop::sample::select(&NUMBERS[..])).prop_map(|(at, number)| Damage::Number(at, number)),
        (at(), at()).prop_map(|(at, from)| Damage::Text(at, from)),
    ]
}

/// Runs of `bytes` that `belongs` to.
fn runs(bytes: &[u8], belongs: impl Fn(&u8) -> bool) -> Vec<std::ops::Range<usize>> {
    let mut runs: Vec<std::ops::Range<usize>> = Vec::new();
    for at in (0..bytes.len()).filter(|at| belongs(&bytes[*at])) {
        match runs.last_mut().filter(|run| run.end == at) {
            Some(run) => run.end += 1,
            None => runs.push(at..at + 1),
        }
    }
    runs
}

fn damaged(mut bytes: Vec<u8>, damage: &[Damage]) -> Vec<u8> {
    for change in damage {
        if bytes.is_empty() {
            break;
        }
        match change {
            Damage::Set(at, byte) => *at.get_mut(&mut bytes) = *byte,
            Damage::Remove(at, count) => {
                let start = at.index(bytes.len());
                bytes.drain(start..(start + count).min(bytes.len()));
            }
            Damage::Repeat(at, count) => {
                let start = at.index(bytes.len());
                let again = bytes[start..(start + count).min(bytes.len())].to_vec();
                bytes.splice(start..start, again);
            }
            Damage::Truncate(at) => bytes.truncate(at.index(bytes.len())),
            Damage::Number(at, number) => {
                let numbers = runs(&bytes, u8::is_ascii_digit);
                if !numbers.is_empty() {
                    bytes.splice(at.get(&numbers).clone(), number.bytes());
                }
            }
            Damage::Text(at, from) => {
                let words = runs(&bytes, |byte| byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'.'));
                if !words.is_empty() {
                    let word = bytes[from.get(&words).clone()].to_vec();
                    bytes.splice(at.get(&words).clone(), word);
                }
            }
        }
    }
    bytes
}

/// The file with its length in front told true, so that damage to the header gets past the first check.
fn with_true_length(mut bytes: Vec<u8>, header_len: usize, len_before: usize) -> Vec<u8> {
    let header_len = (header_len + bytes.len()).saturating_sub(len_before);
    if let Some(length) = bytes.get_mut(..8) {
        length.copy_from_slice(&(header_len as u64).to_le_bytes());
    }
    bytes
}

/// Plans and, where that succeeds, merges and opens the result: an error has a hint, and nothing panics.
fn merge_or_refuse(root: &Path) -> Result<(), TestCaseError> {
    let request = toy_request(root);
    match MergePlan::new(&request) {
        Err(error) => prop_assert!(error.hint().is_some(), "{} has no hint", error),
        Ok(plan) => {
            if let Err(error) = merge::run(&plan, &JobContext::unwatched()) {
                prop_assert!(error.hint().is_some(), "{} has no hint", error);
                prop_assert!(!request.output.exists());
            } else {
                let merged = Checkpoint::open(&request.output);
                prop_assert!(merged.is_ok(), "what was written does not open: {:?}", merged.err());
            }
        }
    }
    Ok(())
}

/// Whether we refuse on purpose what the safetensors crate takes.
fn is_stricter(error: &CheckpointError) -> bool {
    match error {
        CheckpointError::BadHeader { problem, .. } => match problem {
            HeaderError::NamedTwice { .. } => true,
            // A product that overflows beside a zero.
            HeaderError::TooManyElements { shape, .. } => shape.contains(&0),
            HeaderError::NotJson { problem } => problem.contains("unknown field") || problem.contains("64 dimensions"),
            _ => false,
        },
        CheckpointError::Empty { .. } => true,
        _ => false,
    }
}

proptest! {
    #[test]
    fn any_consistent_file_is_read_as_it_was_written(
        tensors in prop::collection::btree_map("\\PC{0,12}|[a-z.0-9]{1,20}", tensor(), 1..8)
    ) {
        prop_assume!(!tensors.contains_key("__metadata__"));
        let root = tempfile::tempdir().unwrap();
        put(&root.path().join("config.json"), "{}");
        put(&root.path().join("model.safetensors"), file_of(&tensors).build());
        let checkpoint = Checkpoint::open(root.path()).unwrap();
        prop_assert_eq!(checkpoint.tensors().keys().collect::<Vec<_>>(), tensors.keys().collect::<Vec<_>>());
        for (name, (dtype, shape, data)) in &tensors {
            let tensor = checkpoint.tensor(name).unwrap();
            prop_assert_eq!(&tensor.dtype().to_string(), dtype);
            prop_assert_eq!(tensor.shape(), shape);
            prop_assert_eq!(&bytes(&checkpoint, name), data);
        }
    }

    #[test]
    fn a_damaged_weight_file_is_judged_as_the_safetensors_crate_judges_it(
        tensors in prop::collection::btree_map("[a-c]{1,2}", tensor(), 1..5),
        damage in prop::collection::vec(damage(), 1..4),
        tells_true_length in any::<bool>(),
    ) {
        let whole = file_of(&tensors).build();
        let header_len = usize::try_from(u64::from_le_bytes(whole[..8].try_into().unwrap())).unwrap();
        let mut file = damaged(whole.clone(), &damage);
        if tells_true_length {
            file = with_true_length(file, header_len, whole.len());
        }
        let root = tempfile::tempdir().unwrap();
        put(&root.path().join("config.json"), "{}");
        put(&root.path().join("model.safetensors"), &file);
        match (Checkpoint::open(root.path()), SafeTensors::deserialize(&file)) {
            (Ok(ours), Ok(theirs)) => prop_assert_eq!(ours.tensors().len(), theirs.len()),
            (Err(error), Ok(_)) => prop_assert!(is_stricter(&error), "only we refuse it: {}", error),
            (Err(error), Err(_)) => prop_assert!(error.hint().is_some(), "{} has no hint", error),
            (Ok(ours), Err(error)) => {
                let is_newer = matches!(error, SafeTensorError::InvalidHeaderDeserialization(_))
                    && error.to_string().contains("unknown variant");
                prop_assert!(is_newer, "only we take it: {}: {:?}", error, ours.tensors().keys());
            }
        }
    }

    #[test]
    fn damage_to_any_file_of_a_merge_never_panics(
        file in 0_usize..5,
        damage in prop::collection::vec(damage(), 1..3),
        tells_true_length in any::<bool>(),
    ) {
        let root = tempfile::tempdir().unwrap();
        put_toy(root.path());
        if file == 4 {
            put(&root.path().join("base/a.safetensors"), toy_base_file().build());
            put(&root.path().join("base/b.safetensors"), FileBuilder::default().f32("b", &[3], noise(1)).build());
            std::fs::remove_file(root.path().join("base/model.safetensors")).unwrap();
            let index = json!({"metadata": {"total_size": 364}, "weight_map": {
                "model.norm.weight": "a.safetensors", "model.layers.0.proj.weight": "a.safetensors", "b": "b.safetensors",
            }});
            put(&root.path().join("base").join(INDEX_FILE), index.to_string());
        }
        put(&root.path().join("base/tokenizer_config.json"), r#"{"name_or_path": "a/b", "chat_template": "{{ x }}"}"#);
        let name = [
            "base/model.safetensors",
            "adapter/adapter_model.safetensors",
            "base/config.json",
            "adapter/adapter_config.json",
            "base/model.safetensors.index.json",
        ][file];
        let whole = match file {
            0 => toy_base_file().build(),
            1 => toy_adapter_file().build(),
            _ => std::fs::read(root.path().join(name)).unwrap(),
        };
        let header_len = (file < 2).then(|| usize::try_from(u64::from_le_bytes(whole[..8].try_into().unwrap())).unwrap());
        let mut changed = damaged(whole.clone(), &damage);
        if let Some(header_len) = header_len.filter(|_| tells_true_length) {
            changed = with_true_length(changed, header_len, whole.len());
        }
        put(&root.path().join(name), changed);
        merge_or_refuse(root.path())?;
    }

    #[test]
    fn noise_in_place_of_any_file_never_panics(file in 0_usize..4, content in prop::collection::vec(any::<u8>(), 0..400)) {
        let root = tempfile::tempdir().unwrap();
        put_toy(root.path());
        let name = [
            "base/model.safetensors",
            "adapter/adapter_model.safetensors",
            "base/config.json",
            "adapter/adapter_config.json",
        ][file];
        put(&root.path().join(name), content);
        prop_assert!(MergePlan::new(&toy_request(root.path())).is_err());
    }
}
