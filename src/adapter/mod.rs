//! An adapter folder: its typed config and its tensors, grouped by the module that they change.
//!
//! Opening reads headers only; factors are loaded one target at a time while merging, so that an adapter of any size
//! costs the memory of its largest module. A method (LoRA now) is one file behind the [`Method`] trait.

mod error;
mod folder;
mod key;
mod lora;
mod method;
mod mlx;
mod peft_config;
mod scaling;
mod suggested_base;
mod support;

use std::{
    collections::BTreeMap,
    path::{Path, PathBuf},
    sync::Arc,
};

use self::folder::AdapterFolder;
pub use self::{
    error::AdapterError,
    key::{AdapterKey, Part},
    lora::Lora,
    method::{Method, Orientation, RowUpdate, Target, TargetUpdate},
    peft_config::PeftConfig,
    scaling::Scaling,
    suggested_base::{BaseSuggestion, FoundIn, suggested_base, suggested_in},
};
use crate::{
    checkpoint::{LogicalTensor, SideFile, WeightFile, folder_name, open_weights, side_files},
    error::IoContext as _,
    job::JobContext,
    numeric::row_tiles,
};

/// The name of an adapter's config in its folder.
pub const CONFIG_FILE: &str = "adapter_config.json";

/// Elements read at once when the factors are scanned.
const SCAN_ELEMENTS: usize = 1 << 20;

/// An adapter, opened but not loaded.
#[derive(Debug)]
pub struct Adapter {
    root: PathBuf,
    config: PeftConfig,
    method: Box<dyn Method>,
    file: Arc<dyn WeightFile>,
    targets: Vec<Target>,
    strays: Vec<Stray>,
    side_files: Vec<SideFile>,
}

/// An adapter tensor that the method does not own: a full copy, a bias, or something unknown.
#[derive(Clone, Debug)]
pub struct Stray {
    /// The tensor, under the name that the file gives it.
    pub tensor: LogicalTensor,
    /// Its name without wrapper prefixes: the base tensor that it would replace.
    pub parameter: String,
}

impl Adapter {
    /// Opens the adapter at `path`: PEFT's or mlx-lm's folder, its weight file, an entry of the Hugging Face cache, or a
    /// folder with one adapter below it.
    ///
    /// # Errors
    /// A folder that is missing or is a full model; a config without the numbers that scaling needs; a method or init
    /// that this version does not merge, by its name; factors that do not pair, have no elements or contradict the
    /// config's rank.
    pub fn open(path: &Path) -> Result<Self, AdapterError> {
        let AdapterFolder { root, weights } = AdapterFolder::find(path)?;
        let config_path = root.join(CONFIG_FILE);
        let config = PeftConfig::read(&config_path)?;
        let is_mlx = mlx::is_mlx(&config);
        let config = if is_mlx { mlx::peft_config(&config, &config_path)? } else { config };
        let method = support::method_for(&config, &config_path)?;
        let file = open_weights(&weights)?;
        let tensors = Arc::clone(&file).tensors();
        let tensors = if is_mlx { mlx::peft_tensors(tensors, &weights)? } else { tensors };
        let (targets, strays) = group(method.as_ref(), tensors, &weights)?;
        let side_files = side_files(&root).at("list the folder", &root)?;
        Ok(Self { root, config, method, file, targets, strays, side_files })
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

    /// The method as people name it ("LoRA").
    #[must_use]
    pub fn method_name(&self) -> &'static str {
        self.method.name()
    }

    /// The weight file.
    #[must_use]
    pub fn file(&self) -> &Arc<dyn WeightFile> {
        &self.file
    }

    /// The modules that it changes, sorted by path.
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

    /// Tensors in the file.
    #[must_use]
    pub fn tensor_count(&self) -> usize {
        self.targets.iter().map(|target| target.update.tensors().len()).sum::<usize>() + self.strays.len()
    }

    /// Elements in the file.
    #[must_use]
    pub fn parameter_count(&self) -> u64 {
        let factors = self.targets.iter().flat_map(|target| target.update.tensors());
        factors.chain(self.strays.iter().map(|stray| &stray.tensor)).map(|tensor| tensor.element_count() as u64).sum()
    }

    /// Reads every factor once: all finite, and not all of them zero.
    ///
    /// # Errors
    /// The names of tensors with NaN or infinity; an adapter whose every update is zero; a cancelled job.
    pub fn scan(&self, job: &JobContext) -> Result<(), AdapterError> {
        let mut non_finite = Vec::new();
        let mut has_effect = false;
        for target in &self.targets {
            let mut all_have_values = true;
            for tensor in target.update.tensors() {
                let mut has_value = false;
                let shape = tensor.tile_shape();
                for rows in row_tiles(shape, SCAN_ELEMENTS) {
                    job.check_cancelled()?;
                    let mut values = vec![0.0; rows.len() * shape.columns];
                    tensor.read_rows(rows, &mut values)?;
                    has_value |= values.iter().any(|value| *value != 0.0);
                    if !values.iter().all(|value| value.is_finite()) && non_finite.last() != Some(&tensor.name()) {
                        non_finite.push(tensor.name());
                    }
                }
                all_have_values &= has_value;
            }
            has_effect |= all_have_values;
        }
        if !non_finite.is_empty() {
            let tensors = non_finite.into_iter().map(str::to_owned).collect();
            return Err(AdapterError::NonFinite { tensors, path: self.file.path().to_owned() });
        }
        if !has_effect {
            return Err(AdapterError::NoEffect { path: self.file.path().to_owned() });
        }
        Ok(())
    }
}

/// Sorts the file's tensors into targets and strays.
fn group(
    method: &dyn Method,
    tensors: Vec<LogicalTensor>,
    path: &Path,
) -> Result<(Vec<Target>, Vec<Stray>), AdapterError> {
    let mut modules: BTreeMap<String, BTreeMap<Part, LogicalTensor>> = BTreeMap::new();
    let mut strays = Vec::new();
    let mut empty = Vec::new();
    for tensor in tensors {
        if tensor.element_count() == 0 {
            empty.push(tensor.name().to_owned());
        }
        match AdapterKey::parse(tensor.name()) {
            AdapterKey::Factor { module, part } if method.owns(part) => {
                let name = tensor.name().to_owned();
                if let Some(first) = modules.entry(module).or_default().insert(part, tensor) {
                    let names = [first.name().to_owned(), name];
                    return Err(AdapterError::SeveralAdapters { names, path: path.to_owned() });
                }
            }
            AdapterKey::Factor { module, part } => {
                strays.push(Stray { parameter: format!("{module}.{part}"), tensor });
            }
            AdapterKey::Full { parameter } => strays.push(Stray { tensor, parameter }),
        }
    }
    if !empty.is_empty() {
        return Err(AdapterError::EmptyTensors { tensors: empty, path: path.to_owned() });
    }
    let mut targets = Vec::with_capacity(modules.len());
    for (module, parts) in modules {
        let update = method.target(&module, parts, path)?;
        targets.push(Target { module, update });
    }
    if targets.is_empty() && strays.is_empty() {
        return Err(AdapterError::Empty { path: path.to_owned() });
    }
    Ok((targets, strays))
}
