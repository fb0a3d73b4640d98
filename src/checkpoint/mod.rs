//! A model folder as it lies on disk: config, side files and a sorted index of logical tensors.
//!
//! Opening reads headers only, so a 150 GB base opens as fast as a small one. Files are chosen by transformers'
//! precedence, never by glob, and no code from a checkpoint is ever run.

mod config;
mod entered_path;
mod error;
mod files;
mod folder;
mod foreign;
pub mod gguf;
mod header;
mod header_json;
pub mod hub_cache;
mod hub_names;
mod index;
mod json_problem;
mod json_text;
mod model_card;
mod packed;
mod pickle;
mod safetensors_file;
mod side_content;
mod source;
mod strided;
mod tensor;
mod text_file;
mod unmerged;
mod weight_file;
mod widened;

use std::{
    collections::BTreeMap,
    path::{Path, PathBuf},
    sync::Arc,
};

pub use self::{
    config::{DTYPE_KEYS, ModelConfig},
    entered_path::entered_path,
    error::CheckpointError,
    files::{INDEX_FILE, SINGLE_FILE, WeightFiles, missing_weights, models_below, open_weights},
    folder::{FileRole, SideFile, side_files},
    foreign::ForeignFormat,
    header::{Header, HeaderError, HeaderTensor, header_bytes},
    hub_names::{original_names, plain_name},
    index::WeightIndex,
    json_problem::JsonProblem,
    json_text::JsonText,
    model_card::{card_base_models, card_licence},
    packed::{PackedError, Quantization, QuantizationMethod, QuantizationNote, StoredPart},
    pickle::{PickleError, PickleFile, PickledValue, holds_tensors},
    safetensors_file::{HEADER_LEN_BYTES, MAX_HEADER_BYTES, SafetensorsFile},
    side_content::SideContent,
    source::Source,
    strided::StridedSpan,
    tensor::{ComputedRows, LogicalTensor, Storage},
    text_file::{read_text, read_text_bytes},
    unmerged::Unmerged,
    weight_file::{WeightFile, WeightFormat},
};
use self::{gguf::SideFolder, packed::Found};
use crate::{
    error::{IoAction, IoContext as _},
    numeric::codec::Nf4Format,
};

/// A base or merged model, opened but not loaded.
#[derive(Debug)]
pub struct Checkpoint {
    root: PathBuf,
    name: Option<String>,
    config: ModelConfig,
    files: Vec<Arc<dyn WeightFile>>,
    index: Option<WeightIndex>,
    tensors: BTreeMap<String, LogicalTensor>,
    quantization: Option<Quantization>,
    stale_quantization: Option<String>,
    trained_quantization: Option<Nf4Format>,
    side_files: Vec<SideFile>,
    side_content: SideContent,
    /// What a GGUF file says of itself, and where its side files lie.
    gguf: Option<(gguf::GgufOrigin, Arc<SideFolder>)>,
}

impl Checkpoint {
    /// Opens the model at `path`: config, weight headers and the list of side files. `path` is its folder, one weight
    /// file with `config.json` beside it, or an entry of the Hugging Face cache (the snapshot of its main revision).
    ///
    /// # Errors
    /// A folder that is missing, is an adapter, has no config or no weights; a header that is truncated, oversized or
    /// inconsistent; an index that disagrees with its files; a download that is not complete.
    pub fn open(path: &Path) -> Result<Self, CheckpointError> {
        let source = Source::find(path)?;
        Self::open_source(&source).map_err(|error| error.explained_by_cache(&source.root))
    }

    fn open_source(Source { root, weights }: &Source) -> Result<Self, CheckpointError> {
        let config_path = root.join("config.json");
        let chosen = weights.is_none().then(|| WeightFiles::find(root)).transpose()?;
        if !config_path.is_file() {
            return Err(if root.join("adapter_config.json").is_file() {
                CheckpointError::IsAdapter { path: root.to_owned() }
            } else {
                CheckpointError::NoConfig { path: root.to_owned() }
            });
        }
        let mut config = ModelConfig::read(&config_path)?;
        let (files, index) = match (weights, chosen) {
            (None, Some(chosen)) => chosen.open(root)?,
            (weights, _) => (weights.iter().map(|file| open_weights(file)).collect::<Result<_, _>>()?, None),
        };
        let mut tensors = collect_tensors(&files, index.as_ref(), root)?;
        omit_tied_head(&mut tensors, &config);
        let found = packed::unpack(&config, &tensors, root);
        let found = found.map_err(|problem| CheckpointError::Packed { problem, path: root.to_owned() })?;
        let (mut quantization, mut stale_quantization) = (None, None);
        match found {
            Found::Plain => {}
            Found::SaidOnly { method } => {
                config = config.dequantised(None, &config_path)?;
                stale_quantization = Some(method);
            }
            Found::Packed(found, unpacked) => {
                config = config.dequantised(Some(found.dtype), &config_path)?;
                (tensors, quantization) = (unpacked, Some(found));
            }
        }
        let side_files = side_files(root).at(IoAction::ListFolder, root)?;
        Ok(Self {
            root: root.to_owned(),
            name: None,
            config,
            files,
            index,
            tensors,
            quantization,
            stale_quantization,
            trained_quantization: None,
            side_files,
            side_content: SideContent::of_folder(root),
            gguf: None,
        })
    }

    /// This model with another config and other tensors, as if a folder held them; files and root stay those of this one.
    ///
    /// # Errors
    /// A config that is no JSON object.
    pub fn with_tensors(&self, config_text: &str, tensors: Vec<LogicalTensor>) -> Result<Self, CheckpointError> {
        let config = ModelConfig::parse(config_text, &self.root.join("config.json"))?;
        let tensors = tensors.into_iter().map(|tensor| (tensor.name().to_owned(), tensor)).collect();
        Ok(Self {
            root: self.root.clone(),
            name: self.name.clone(),
            config,
            files: self.files.clone(),
            index: self.index.clone(),
            tensors,
            quantization: self.quantization.clone(),
            stale_quantization: self.stale_quantization.clone(),
            trained_quantization: self.trained_quantization,
            side_files: self.side_files.clone(),
            side_content: self.side_content.clone(),
            gguf: self.gguf.clone(),
        })
    }

    /// This model under another `name`, with `files` beside its weights in place of those that lie in its folder, by
    /// their path below it.
    #[must_use]
    pub fn with_side_files(mut self, name: String, files: BTreeMap<String, Vec<u8>>) -> Self {
        self.name = Some(name);
        self.side_files = files.iter().map(|(path, bytes)| SideFile::new(path, bytes.len() as u64)).collect();
        self.side_content = SideContent::made(&self.root, files);
        self
    }

    /// What the files beside the weights hold.
    #[must_use]
    pub fn side_content(&self) -> &SideContent {
        &self.side_content
    }

    /// What it was opened from: the folder, or a GGUF file.
    #[must_use]
    pub fn root(&self) -> &Path {
        &self.root
    }

    /// The folder in which tokenizer and other side files lie; those of a GGUF file are made when it is opened.
    #[must_use]
    pub fn side_root(&self) -> &Path {
        self.gguf.as_ref().map_or(&self.root, |(_, side)| side.path())
    }

    /// The folder's own name, for messages; a Hugging Face cache snapshot gives the name of its repository, and a model
    /// that no folder holds has the one that it was given.
    #[must_use]
    pub fn name(&self) -> String {
        self.name.clone().unwrap_or_else(|| folder_name(&self.root))
    }

    /// `config.json`.
    #[must_use]
    pub fn config(&self) -> &ModelConfig {
        &self.config
    }

    /// The weight files, in the order of their names.
    #[must_use]
    pub fn files(&self) -> &[Arc<dyn WeightFile>] {
        &self.files
    }

    /// `model.safetensors.index.json`, where the weights are sharded.
    #[must_use]
    pub fn index(&self) -> Option<&WeightIndex> {
        self.index.as_ref()
    }

    /// How its files pack the weights that [`Self::tensors`] holds as numbers; `None` where they do not, or in a way that
    /// is not read ([`ModelConfig::quantization`] names it then).
    #[must_use]
    pub fn quantization(&self) -> Option<&Quantization> {
        self.quantization.as_ref()
    }

    /// The method that the config names though nothing is packed; [`Self::config`] no longer says it.
    #[must_use]
    pub fn stale_quantization(&self) -> Option<&str> {
        self.stale_quantization.as_deref()
    }

    /// How a trainer packed its plain weights, where [`Self::tensors`] holds them as that trainer saw them.
    #[must_use]
    pub fn trained_quantization(&self) -> Option<Nf4Format> {
        self.trained_quantization
    }

    /// The class of a module whose weight is the packed `tensor`, as its library calls it.
    #[must_use]
    pub fn packed_class(&self, tensor: &str) -> Option<&'static str> {
        let quantization = self.quantization.as_ref()?;
        let part = quantization.parts.get(self.tensor(tensor)?.stored_name())?;
        matches!(part, StoredPart::Codes(_)).then(|| quantization.method.linear_class()).flatten()
    }

    /// What the stored `tensor` is to the quantisation of its model, by its name where that is not read; `None` for
    /// weights as they are.
    #[must_use]
    pub fn stored_part(&self, tensor: &LogicalTensor) -> Option<StoredPart> {
        match &self.quantization {
            Some(quantization) => quantization.parts.get(tensor.name()).copied(),
            None => packed::part_by_name(tensor, self),
        }
    }

    /// What should be known of how packed weights are read: what opening them showed, and what their tables say, which
    /// are read for it.
    ///
    /// # Errors
    /// A read that fails.
    pub fn packing_notes(&self) -> Result<Vec<QuantizationNote>, CheckpointError> {
        let Some(quantization) = &self.quantization else { return Ok(Vec::new()) };
        let (mut field_count, mut tensor_count) = (0, 0);
        for tensor in self.tensors.values() {
            if let Storage::Computed(rows) = tensor.storage() {
                let count = rows.wrapped_zero_count()?;
                field_count += count;
                tensor_count += usize::from(count > 0);
            }
        }
        let wrapped = QuantizationNote::WrappedZeros { field_count, tensor_count };
        Ok(quantization.notes.iter().cloned().chain((tensor_count > 0).then_some(wrapped)).collect())
    }

    /// Every tensor as it lies in the files: the codes and tables of a quantised model.
    #[must_use]
    pub fn stored_tensors(&self) -> &BTreeMap<String, LogicalTensor> {
        self.quantization.as_ref().map_or(&self.tensors, |quantization| &quantization.stored)
    }

    /// Every tensor of the model by name, sorted.
    #[must_use]
    pub fn tensors(&self) -> &BTreeMap<String, LogicalTensor> {
        &self.tensors
    }

    /// One tensor.
    #[must_use]
    pub fn tensor(&self, name: &str) -> Option<&LogicalTensor> {
        self.tensors.get(name)
    }

    /// All files that are not weights in use, with what they are.
    #[must_use]
    pub fn side_files(&self) -> &[SideFile] {
        &self.side_files
    }

    /// Bytes of all tensors as they are stored.
    #[must_use]
    pub fn byte_count(&self) -> u64 {
        self.stored_tensors().values().map(LogicalTensor::byte_count).sum()
    }

    /// Bytes that lie in the files for `tensor`: those of its codes and tables, where it is packed.
    #[must_use]
    pub fn stored_byte_count(&self, tensor: &LogicalTensor) -> u64 {
        let packed = self
            .quantization
            .as_ref()
            .filter(|quantization| matches!(quantization.parts.get(tensor.stored_name()), Some(StoredPart::Codes(_))));
        let Some(Quantization { parts, stored, .. }) = packed else { return tensor.byte_count() };
        let codes = tensor.stored_name();
        // Tables are named after the module, or after the parameter that was cut into blocks.
        let owner = match codes.strip_suffix("blocks") {
            Some(parameter) => parameter,
            None => codes.rfind('.').map_or(codes, |dot| &codes[..=dot]),
        };
        let owned = parts.range(owner.to_owned()..).map(|(name, _)| name).take_while(|name| name.starts_with(owner));
        owned.filter_map(|name| stored.get(name)).map(LogicalTensor::byte_count).sum()
    }

    /// Elements of all tensors of the model.
    #[must_use]
    pub fn parameter_count(&self) -> u64 {
        self.tensors.values().map(|tensor| tensor.element_count() as u64).sum()
    }

    /// The dtype that holds most bytes, then the others.
    #[must_use]
    pub fn dtypes_by_bytes(&self) -> Vec<(crate::numeric::Dtype, u64)> {
        let mut sums = BTreeMap::new();
        for tensor in self.tensors.values() {
            *sums.entry(tensor.dtype()).or_insert(0) += tensor.byte_count();
        }
        let mut sums: Vec<_> = sums.into_iter().collect();
        sums.sort_by_key(|(_, byte_count)| std::cmp::Reverse(*byte_count));
        sums
    }
}

/// The last component of a path that means something to a person.
#[must_use]
pub fn folder_name(path: &Path) -> String {
    let component = |path: &Path| path.file_name().map(|name| name.to_string_lossy().into_owned());
    // Hugging Face's cache: …/models--org--name/snapshots/<commit>
    let repository = path
        .parent()
        .filter(|parent| parent.ends_with("snapshots"))
        .and_then(Path::parent)
        .and_then(component)
        .and_then(|name| name.strip_prefix("models--").map(|id| id.replace("--", "/")));
    repository
        .or_else(|| component(path))
        .or_else(|| path.canonicalize().ok().as_deref().and_then(component))
        .unwrap_or_else(|| path.display().to_string())
}

/// Leaves out an output head that is the embedding itself, as `save_pretrained` does: a pickle lists both names of one
/// storage. A config that says nothing ties them, which is transformers' default.
fn omit_tied_head(tensors: &mut BTreeMap<String, LogicalTensor>, config: &ModelConfig) {
    if config.get("tie_word_embeddings").and_then(serde_json::Value::as_bool) == Some(false) {
        return;
    }
    let place =
        |tensor: &LogicalTensor| (tensor.file().path().to_owned(), tensor.file_offset(), tensor.shape().to_vec());
    let is_head = |name: &str| name.ends_with("lm_head.weight") || name.ends_with("embed_out.weight");
    let heads: Vec<String> = tensors.keys().filter(|name| is_head(name)).cloned().collect();
    for head in heads {
        let own_place = place(&tensors[&head]);
        let is_shared = tensors.values().any(|other| other.name() != head && place(other) == own_place);
        if is_shared {
            tensors.remove(&head);
        }
    }
}

/// Opens the shards that the index of this name lists, headers only, for files that are no model's.
///
/// # Errors
/// A missing shard, a damaged header, an index that disagrees with its files or names others outside the folder.
pub fn open_indexed(root: &Path, index_name: &'static str) -> Result<Vec<Arc<dyn WeightFile>>, CheckpointError> {
    let (files, index) = WeightFiles::Sharded(index_name).open(root)?;
    collect_tensors(&files, index.as_ref(), root)?;
    Ok(files)
}

fn collect_tensors(
    files: &[Arc<dyn WeightFile>],
    index: Option<&WeightIndex>,
    root: &Path,
) -> Result<BTreeMap<String, LogicalTensor>, CheckpointError> {
    let mut tensors: BTreeMap<String, LogicalTensor> = BTreeMap::new();
    for file in files {
        for tensor in Arc::clone(file).tensors() {
            if let Some(first) = tensors.insert(tensor.name().to_owned(), tensor.clone()) {
                let shards = [first.file().name().to_owned(), file.name().to_owned()];
                let (tensor, path) = (first.name().to_owned(), root.to_owned());
                return Err(CheckpointError::DuplicateTensor { tensor, shards, path });
            }
        }
    }
    if let Some(index) = index {
        check_index(index, &tensors, root)?;
    }
    if tensors.is_empty() {
        return Err(CheckpointError::Empty { path: root.to_owned() });
    }
    Ok(tensors)
}

/// Every tensor that the index names lies where it says. The converse is not asked: transformers (5.23) takes the list
/// of shards from the index and loads all that they hold, so a tensor that the index forgot is part of the model.
fn check_index(
    index: &WeightIndex,
    tensors: &BTreeMap<String, LogicalTensor>,
    root: &Path,
) -> Result<(), CheckpointError> {
    let mut missing = Vec::new();
    for (name, shard) in &index.weight_map {
        match tensors.get(name) {
            None => missing.push(name.clone()),
            Some(tensor) if tensor.file().name() != shard => {
                return Err(CheckpointError::IndexMisplaces {
                    tensor: name.clone(),
                    indexed: shard.clone(),
                    found: tensor.file().name().to_owned(),
                    path: root.to_owned(),
                });
            }
            Some(_) => {}
        }
    }
    if missing.is_empty() {
        return Ok(());
    }
    Err(CheckpointError::IndexedTensorsMissing { tensors: missing, path: root.to_owned() })
}
