//! Weight files beside an adapter's own: what training changed besides the factors, what only the trainer needs, and
//! whole models that happen to lie there.
//!
//! Trainers keep fully trained tensors in files of their own (LLaVA's `non_lora_trainables.bin`, ms-swift's
//! `vit.safetensors`). Such a file is read as a part of the adapter, so that each of its tensors has a place or stops the
//! merge; only names that are known to hold something else are left out.

use std::{collections::BTreeSet, path::Path, sync::Arc};

use super::{
    AdapterError, AdapterKey, CopyKind, Feature, Note, RefusalReason, WayOut,
    own_weights::{is_earlier_state, is_own_form},
    value_head,
};
use crate::checkpoint::{FileRole, LogicalTensor, SideFile, WeightFile, holds_tensors, open_weights};

/// Beginnings of names of what a trainer needs to go on: arguments, optimizer, scheduler, random states, DeepSpeed's
/// partitions.
const TRAINER_STATE: [&str; 14] = [
    "training_args",
    "training_state",
    "trainer_state",
    "optimizer",
    "scheduler",
    "lr_scheduler",
    "scaler",
    "sampler",
    "rng_state",
    "random_states",
    "dl_state_dict",
    "zero_pp_rank",
    "bf16_zero_pp_rank",
    "mp_rank",
];

/// Extensions of files that can be read.
const READ: [&str; 4] = ["safetensors", "bin", "pt", "pth"];

/// The name of vLLM's rows behind the vocabulary.
const EXTRA_VOCABULARY: &str = "new_embeddings";

/// What lies beside an adapter's own weights.
#[derive(Debug, Default)]
pub(super) struct Beside {
    /// Files whose tensors belong to the adapter.
    pub files: Vec<Arc<dyn WeightFile>>,
    /// What was decided about the others, for the user to know.
    pub notes: Vec<Note>,
}

/// What a file is by its name.
enum Kind {
    TrainerState,
    OtherForm,
    FullModel,
    ExtraVocabulary,
    OtherFormat,
    Weights,
}

impl Beside {
    /// Sorts `listed`, the files of the folder `root`, beside the adapter's `own`.
    ///
    /// # Errors
    /// A file of weights that cannot be read, so that what training left in it is unknown; vLLM's rows behind the
    /// vocabulary.
    pub fn find(root: &Path, own: &[Arc<dyn WeightFile>], listed: &[SideFile]) -> Result<Self, AdapterError> {
        let adapted = adapted_weights(own);
        let mut beside = Self::default();
        let (mut full, mut other_forms, mut unread) = (Vec::new(), Vec::new(), Vec::new());
        for file in listed.iter().filter(|file| is_weights(file) && !is_one_of(file, own)) {
            let name = &file.relative_path;
            if let Some((folder, last)) = name.rsplit_once('/') {
                let is_known = matches!(kind_of(last), Kind::TrainerState) || is_other_adapter(root, folder);
                unread.extend((!is_known).then(|| name.clone()));
                continue;
            }
            match kind_of(name) {
                Kind::TrainerState => {}
                Kind::OtherForm => other_forms.push(name.clone()),
                Kind::OtherFormat => unread.push(name.clone()),
                // TRL keeps its value head, and nothing else, in a file of that name.
                Kind::FullModel => match open_weights(&root.join(name)) {
                    Ok(file) if holds_only(&file, value_head::is_value_head) => beside.take(file),
                    // DeepSpeed's trainer saves the factors once more under it.
                    Ok(file) if holds_only(&file, is_factor) => other_forms.push(name.clone()),
                    _ => full.push(name.clone()),
                },
                Kind::ExtraVocabulary => {
                    return Err(AdapterError::Unsupported {
                        feature: Feature::ExtraVocabulary { file: name.clone() },
                        reason: RefusalReason::RowsBehindVocabulary,
                        way_out: WayOut::SaveResized,
                        path: root.to_owned(),
                    });
                }
                Kind::Weights => {
                    let Some(file) = opened(root, name)? else { continue };
                    let holds_adapted =
                        |tensor: &LogicalTensor| plain_name(tensor.name()).is_some_and(|name| adapted.contains(&name));
                    if Arc::clone(&file).tensors().iter().any(holds_adapted) {
                        full.push(name.clone());
                    } else {
                        beside.take(file);
                    }
                }
            }
        }
        let notes = [
            (!full.is_empty()).then_some(Note::FullWeights { files: full }),
            (!other_forms.is_empty()).then_some(Note::OtherForm { files: other_forms }),
            (!unread.is_empty()).then_some(Note::NotRead { files: unread }),
        ];
        beside.notes.extend(notes.into_iter().flatten());
        Ok(beside)
    }

    fn take(&mut self, file: Arc<dyn WeightFile>) {
        let tensor_count = Arc::clone(&file).tensors().len();
        // A value head is told where it is set aside.
        let is_news = tensor_count > 0 && !holds_only(&file, value_head::is_value_head);
        self.notes.extend(is_news.then(|| Note::AlsoRead { file: file.name().to_owned(), tensor_count }));
        self.files.push(file);
    }
}

fn is_weights(file: &SideFile) -> bool {
    matches!(file.role, FileRole::Weights | FileRole::Adapter) && !is_json(&file.relative_path)
}

fn is_json(path: &str) -> bool {
    Path::new(path).extension().is_some_and(|extension| extension.eq_ignore_ascii_case("json"))
}

fn is_one_of(file: &SideFile, own: &[Arc<dyn WeightFile>]) -> bool {
    own.iter().any(|own| own.name() == file.relative_path)
}

fn kind_of(name: &str) -> Kind {
    let lower = name.to_ascii_lowercase();
    let (stem, extension) = lower.rsplit_once('.').unwrap_or((&lower, ""));
    let is_model =
        stem == "model" || ["pytorch_model", "model-", "model_", "model."].iter().any(|start| stem.starts_with(start));
    if is_trainer_state(&lower) {
        Kind::TrainerState
    } else if is_own_form(&lower) {
        Kind::OtherForm
    } else if is_model || stem.starts_with("consolidated") || stem.starts_with("model") && extension == "safetensors" {
        Kind::FullModel
    } else if !READ.contains(&extension) {
        Kind::OtherFormat
    } else if stem == EXTRA_VOCABULARY {
        Kind::ExtraVocabulary
    } else {
        Kind::Weights
    }
}

/// Whether the file `name` holds what a trainer needs to go on, or an earlier state of the same training.
#[must_use]
pub fn is_trainer_state(name: &str) -> bool {
    let lower = name.to_ascii_lowercase();
    TRAINER_STATE.iter().any(|start| lower.starts_with(start)) || is_earlier_state(&lower)
}

/// Whether one of the folders from `root` down to `folder` is an adapter of its own.
fn is_other_adapter(root: &Path, folder: &str) -> bool {
    let ends = folder.match_indices('/').map(|(at, _)| at).chain([folder.len()]);
    ends.into_iter().any(|end| root.join(&folder[..end]).join(super::CONFIG_FILE).is_file())
}

/// Opens a file of unknown purpose; `None` for a pickle without a tensor, which holds nothing trained.
fn opened(root: &Path, name: &str) -> Result<Option<Arc<dyn WeightFile>>, AdapterError> {
    let path = root.join(name);
    match open_weights(&path) {
        Ok(file) => Ok(Some(file)),
        Err(_) if !holds_tensors(&path) => Ok(None),
        Err(problem) => Err(AdapterError::UnreadBeside { file: name.to_owned(), problem: Box::new(problem) }),
    }
}

fn holds_only(file: &Arc<dyn WeightFile>, is_such: impl Fn(&str) -> bool) -> bool {
    let tensors = Arc::clone(file).tensors();
    !tensors.is_empty() && tensors.iter().all(|tensor| is_such(tensor.name()))
}

fn is_factor(name: &str) -> bool {
    !matches!(AdapterKey::parse(name), AdapterKey::Full { .. })
}

/// The weights that the adapter's own factors change. A file that holds one of them whole, under its plain name, is a
/// model of its own: before or after the merge, which cannot be told.
fn adapted_weights(own: &[Arc<dyn WeightFile>]) -> BTreeSet<String> {
    let tensors = own.iter().flat_map(|file| Arc::clone(file).tensors());
    let modules = tensors.filter_map(|tensor| match AdapterKey::parse(tensor.name()) {
        AdapterKey::Factor { module, .. } => Some(module),
        AdapterKey::Shared { .. } | AdapterKey::Full { .. } => None,
    });
    modules.map(|module| without_model(&format!("{module}.weight")).to_owned()).collect()
}

/// The name of a tensor that is a model's own, without the wrapper's prefixes.
fn plain_name(name: &str) -> Option<String> {
    match AdapterKey::parse(name) {
        AdapterKey::Full { parameter, kind: CopyKind::Plain } => Some(without_model(&parameter).to_owned()),
        AdapterKey::Full { .. } | AdapterKey::Factor { .. } | AdapterKey::Shared { .. } => None,
    }
}

fn without_model(name: &str) -> &str {
    name.trim_start_matches("model.")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn files_are_sorted_by_name() {
        let state = [
            "training_args.bin",
            "optimizer.pt",
            "optimizer_0.bin",
            "scheduler.pt",
            "scaler.pt",
            "rng_state_3.pth",
            "random_states_0.pkl",
            "zero_pp_rank_0_mp_rank_00_optim_states.pt",
            "0000100_adapters.safetensors",
        ];
        assert!(state.iter().all(|name| matches!(kind_of(name), Kind::TrainerState)));
        let full = ["model.safetensors", "model-00001-of-00002.safetensors", "pytorch_model.bin", "model.pt"];
        assert!(full.iter().all(|name| matches!(kind_of(name), Kind::FullModel)));
        let trained = [
            "non_lora_trainables.bin",
            "non_lora_state_dict.bin",
            "vit.safetensors",
            "value_head.bin",
            "mm_projector.bin",
            "trainable_params.bin",
            "modeling.pt",
        ];
        assert!(trained.iter().all(|name| matches!(kind_of(name), Kind::Weights)));
        assert!(matches!(kind_of("adapter_model.bin"), Kind::OtherForm));
        assert!(matches!(kind_of("unet.gguf"), Kind::OtherFormat));
        assert!(matches!(kind_of("new_embeddings.safetensors"), Kind::ExtraVocabulary));
    }
}
