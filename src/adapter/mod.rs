//! An adapter folder: its typed config and its tensors, grouped by the module that they change.
//!
//! Opening reads headers only; factors are loaded one target at a time while merging, so that an adapter of any size
//! costs the memory of its largest module. A method is one file or folder of `methods` behind the [`Method`]
//! trait.

mod beside;
mod buffers;
pub mod composition;
mod error;
mod expected;
mod float8;
mod folder;
mod folder_kind;
mod group;
mod key;
mod llama_cpp;
mod method;
mod methods;
mod mlx;
mod note;
mod origin;
mod own_weights;
mod part;
mod parts;
mod peft_config;
mod refusals;
mod refused;
mod scaling;
mod scan;
mod suggested_base;
mod support;
mod target;
mod twin;
mod typed;
mod value_head;

use std::{
    path::{Path, PathBuf},
    sync::Arc,
};

#[cfg(test)]
pub(crate) use self::refusals::all as all_refusals;
pub(crate) use self::target::joined;
use self::{beside::Beside, folder::AdapterFolder, group::group, method::Precision};
pub use self::{
    beside::is_trainer_state,
    buffers::is_recomputed,
    composition::WeightedUpdate,
    error::{AdapterError, Contradiction},
    expected::ExpectedShape,
    folder::adapters_below,
    folder_kind::{FolderContents, FolderKind, UnknownFolder, is_merge_of, is_model, recognize},
    group::{Stray, is_factor_like},
    key::{AdapterKey, CopyKind},
    method::{Content, Layer, Method, Nested, Orientation, Reading, RowUpdate, TargetUpdate, common_row_block},
    methods::{AdaLora, Ia3, LnTuning, LoHa, LoKr, Lora, MethodSpec, Oft, TrainableTokens},
    note::Note,
    origin::ForeignAdapter,
    part::Part,
    parts::{PartTensors, Parts},
    peft_config::PeftConfig,
    refused::{Feature, RefusalReason, WayOut},
    scaling::Scaling,
    suggested_base::{BaseSuggestion, FoundIn, suggested_bases, suggested_in},
    target::{Companion, Effect, Placement, Replacement, Target, Window},
    twin::Twin,
    value_head::{is_value_head, is_value_head_file},
};
use crate::{
    checkpoint::{Checkpoint, LogicalTensor, SideFile, WeightFile, folder_name, side_files},
    error::{IoAction, IoContext as _},
};

/// The name of an adapter's config in its folder.
pub const CONFIG_FILE: &str = "adapter_config.json";

/// An adapter, opened but not loaded.
#[derive(Debug)]
pub struct Adapter {
    root: PathBuf,
    config: PeftConfig,
    method: Box<dyn Method>,
    /// Its own weights, then what lies beside them and belongs to it.
    files: Vec<Arc<dyn WeightFile>>,
    own_file_count: usize,
    targets: Vec<Target>,
    strays: Vec<Stray>,
    side_files: Vec<SideFile>,
}

impl Adapter {
    /// Opens the adapter at `path`: PEFT's or mlx-lm's folder, its weight file, a LoRA file of llama.cpp, an entry of the
    /// Hugging Face cache, or a folder with one adapter below it.
    ///
    /// # Errors
    /// A folder that is missing or is a full model; a config without the numbers that scaling needs; a method or init
    /// that this version does not merge, by its name; factors that do not pair, have no elements or contradict the
    /// config's rank.
    pub fn open(path: &Path) -> Result<Self, AdapterError> {
        Self::opened(path, None)
    }

    /// The same for a merge into `base`, which tells the order of rows in a LoRA file of llama.cpp.
    ///
    /// # Errors
    /// As [`Self::open`]; a LoRA file for another architecture.
    pub fn open_for(path: &Path, base: &Checkpoint) -> Result<Self, AdapterError> {
        Self::opened(path, Some(base))
    }

    fn opened(path: &Path, base: Option<&Checkpoint>) -> Result<Self, AdapterError> {
        if let Some(file) = llama_cpp::file_at(path) {
            return llama_cpp::open(&file, base);
        }
        let AdapterFolder { root, weights } = AdapterFolder::find(path)?;
        let config_path = root.join(CONFIG_FILE);
        let config = PeftConfig::read(&config_path)?;
        let is_mlx = mlx::is_mlx(&config);
        let config = if is_mlx { mlx::peft_config(&config, &config_path)? } else { config };
        let method = support::method_for(&config, &config_path)
            .map_err(|error| origin::with_seen_method(error, &weights, &root))?;
        let mut files = weights.open(&root)?;
        let own_file_count = files.len();
        let side_files = side_files(&root).at(IoAction::ListFolder, &root)?;
        let beside = Beside::find(&root, &files, &side_files)?;
        files.extend(beside.files);
        let tensors = files.iter().flat_map(|file| Arc::clone(file).tensors()).collect();
        let path = weights.path(&root);
        let tensors = if is_mlx { mlx::peft_tensors(tensors, &path)? } else { tensors };
        let (tensors, float8_notes) = float8::widened(tensors, &path)?;
        let (targets, strays) = group(&config, method.as_ref(), tensors, &path)?;
        let config = config.with_notes(beside.notes.into_iter().chain(float8_notes));
        Ok(Self { root, config, method, files, own_file_count, targets, strays, side_files })
    }

    /// The folder.
    #[must_use]
    pub fn root(&self) -> &Path {
        &self.root
    }

    /// The folder's own name, for messages.
    #[must_use]
    pub fn name(&self) -> String {
        folder_name(&self.root)
    }

    /// `adapter_config.json`.
    #[must_use]
    pub fn config(&self) -> &PeftConfig {
        &self.config
    }

    /// What was decided while it was read, for the user to know; each once.
    #[must_use]
    pub fn notes(&self) -> Vec<Note> {
        let mut notes = self.config.notes().to_vec();
        for note in self.targets.iter().filter_map(|target| target.update()?.note()) {
            if !notes.contains(&note) {
                notes.push(note);
            }
        }
        notes
    }

    /// The method as people name it ("LoRA").
    #[must_use]
    pub fn method_name(&self) -> &'static str {
        self.method.name()
    }

    /// The weight files: its own, then those beside them whose tensors belong to it.
    #[must_use]
    pub fn files(&self) -> &[Arc<dyn WeightFile>] {
        &self.files
    }

    /// The files beside its own weights.
    #[must_use]
    pub fn files_beside(&self) -> &[Arc<dyn WeightFile>] {
        &self.files[self.own_file_count..]
    }

    /// The parameters that it changes, sorted by path.
    #[must_use]
    pub fn targets(&self) -> &[Target] {
        &self.targets
    }

    /// Tensors that belong to no target.
    #[must_use]
    pub fn strays(&self) -> &[Stray] {
        &self.strays
    }

    /// Tokenizer, template and other files beside the weights.
    #[must_use]
    pub fn side_files(&self) -> &[SideFile] {
        &self.side_files
    }

    /// Tensors in its files.
    #[must_use]
    pub fn tensor_count(&self) -> usize {
        self.tensors().len()
    }

    /// Elements in its files.
    #[must_use]
    pub fn parameter_count(&self) -> u64 {
        self.tensors().iter().map(|tensor| tensor.element_count() as u64).sum()
    }

    /// Every tensor of its files once, though several parameters may be changed by one.
    #[must_use]
    pub fn tensors(&self) -> Vec<&LogicalTensor> {
        let of_targets = self.targets.iter().flat_map(Target::tensors);
        let mut tensors: Vec<&LogicalTensor> =
            of_targets.chain(self.strays.iter().map(|stray| &stray.tensor)).collect();
        let place = |tensor: &&LogicalTensor| (tensor.name().to_owned(), tensor.file().path().to_owned());
        tensors.sort_by_cached_key(place);
        tensors.dedup_by_key(|tensor| place(tensor));
        tensors
    }
}
