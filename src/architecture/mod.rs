//! What is known of transformers' classes, as data: which modules are `Conv1D`, where input embedding and output head
//! are, which parameters are tied, and what tensors are called in memory. What the data does not decide is said to be
//! unknown.

mod class;
mod embeddings;
mod experts;
mod from_linear;
mod linear;
mod loading;
mod names;
mod parameters;
mod part;
mod recast;
mod stacked;
mod task_class;
mod ties;
mod trained;
mod vocabulary;

use std::sync::OnceLock;

pub use self::{
    class::{Class, class, has_conv1d, is_conv1d_anywhere, is_known_class, is_known_type},
    experts::{EXPERT_PARAMETERS, IN_OUT_EXPERTS, INTERLEAVED_EXPERTS, OTHERWISE_BEFORE_5, TRANSPOSED_EXPERTS},
    loading::{Loading, UnevenRows},
    names::DiskNames,
    part::Part,
    recast::Recast,
    stacked::{OnDisk, Piece, StackedNames, parameters_of_piece},
    task_class::{HeadParameter, Place, TaskClass, TaskFamily},
    ties::{Member, SCALE_KEY, SeparableHead, TieGroup},
    trained::{TrainedError, packed_while_loading, trained_names},
    vocabulary::Vocabulary,
};
use crate::checkpoint::{Checkpoint, LogicalTensor};

/// How mlx-lm calls the experts of a layer, which it stacks whatever the model calls each.
const MLX_EXPERTS: &str = ".switch_mlp.";

/// The class of one checkpoint, with its parts, asked in the names that its tensors have on disk.
#[derive(Debug)]
pub struct Architecture<'a> {
    checkpoint: &'a Checkpoint,
    /// Made when it is first asked for: most models have no other names in memory.
    names: OnceLock<DiskNames>,
    /// The model itself, then the configs nested in it.
    parts: Vec<Part>,
    class: Option<&'static Class>,
    /// Whether the disk holds as `Linear` what the table knows as `Conv1D`.
    holds_conv1d_as_linear: OnceLock<bool>,
}

impl<'a> Architecture<'a> {
    /// Looks up the class that `checkpoint`'s config names.
    #[must_use]
    pub fn of(checkpoint: &'a Checkpoint) -> Self {
        let config = checkpoint.config();
        let class_name = config.architecture();
        let stated_type = Some(config.model_type()).filter(|model_type| !model_type.is_empty());
        let model_type = stated_type.or_else(|| class_name.and_then(class::type_of_class)).unwrap_or_default();
        let root =
            Part { config_path: Vec::new(), model_type: model_type.to_owned(), class: class_name.map(str::to_owned) };
        let parts = std::iter::once(root).chain(part::nested(config)).collect();
        let class = class_name.and_then(class);
        Self { checkpoint, names: OnceLock::new(), parts, class, holds_conv1d_as_linear: OnceLock::new() }
    }

    /// The checkpoint that it was looked up for.
    #[must_use]
    pub fn checkpoint(&self) -> &'a Checkpoint {
        self.checkpoint
    }

    /// Whether transformers itself has the class: then what the table does not list of it is not there.
    #[must_use]
    pub fn is_known(&self) -> bool {
        self.is_known_part(&self.parts[0])
    }

    /// The class, where it has an embedding, a head or ties.
    #[must_use]
    pub fn class(&self) -> Option<&'static Class> {
        self.class
    }

    /// The model itself, then the configs nested in it, in the order of the file.
    #[must_use]
    pub fn parts(&self) -> &[Part] {
        &self.parts
    }

    /// Names on disk and in memory.
    #[must_use]
    pub fn names(&self) -> &DiskNames {
        self.names.get_or_init(|| DiskNames::new(self.checkpoint))
    }

    /// Whether the module at the disk path `module` is transformers' `Conv1D`, whose weight is stored (in, out);
    /// `None` where the class of that part of the model is unknown.
    #[must_use]
    pub fn is_conv1d(&self, module: &str) -> Option<bool> {
        let (root, nested) = self.parts.split_first()?;
        let is_conv1d = |part: &Part| has_conv1d(&part.model_type, module) && !self.holds_conv1d_as_linear();
        // The innermost config that names a segment of the path speaks for it.
        let own = nested.iter().filter(|part| part.holds(module)).max_by_key(|part| part.config_path.len());
        match own {
            Some(part) if self.is_known_part(part) => Some(is_conv1d(part)),
            None if self.is_known_part(root) => Some(is_conv1d(root) || nested.iter().any(is_conv1d)),
            _ => None,
        }
    }

    /// What packs the checkpoint's weights in a way that is not read; `None` where nothing does. That is a method, or
    /// `Conv1D` layers: a packer takes them for `Linear` and turns them, and the plain class wants them turned back.
    #[must_use]
    pub fn unread_quantization(&self) -> Option<String> {
        let config = self.checkpoint.config();
        if let Some(method) = config.quantization() {
            let is_stacked = || self.checkpoint.tensors().keys().any(|name| name.contains(MLX_EXPERTS));
            return Some(if method == "mlx-lm" && is_stacked() {
                format!("{method} with the experts of {} stacked as switch_mlp", config.model_type())
            } else {
                method.to_owned()
            });
        }
        let quantization = self.checkpoint.quantization().filter(|_| config.get("auto_map").is_none())?;
        // llama.cpp's converter turned them itself, and they are turned back.
        if self.checkpoint.gguf().is_some() {
            return None;
        }
        let is_turned = |(name, tensor): (&String, &LogicalTensor)| {
            let Some(module) = name.strip_suffix(".weight") else { return false };
            quantization.parts.contains_key(tensor.stored_name())
                && self.parts.iter().any(|part| has_conv1d(&part.model_type, module))
        };
        let has_turned = self.checkpoint.tensors().iter().any(is_turned);
        has_turned.then(|| format!("{} in Conv1D layers", quantization.method.name()))
    }

    /// Whether code of its own builds the model with `Linear` where its namesake in transformers has `Conv1D`: then the
    /// weights that are not square have a row for each element of their bias.
    fn holds_conv1d_as_linear(&self) -> bool {
        let is_linear = |(name, tensor): (&String, &LogicalTensor)| {
            let &[rows, columns] = tensor.shape() else { return false };
            let Some(module) = name.strip_suffix(".weight").filter(|_| rows != columns) else { return false };
            let is_in_table = self.parts.iter().any(|part| has_conv1d(&part.model_type, module));
            is_in_table && self.bias_len(module) == Some(rows)
        };
        *self.holds_conv1d_as_linear.get_or_init(|| self.checkpoint.tensors().iter().any(is_linear))
    }

    /// Elements of the bias beside the weight of `module` (a disk path): one for each output feature.
    #[must_use]
    pub fn bias_len(&self, module: &str) -> Option<usize> {
        match self.checkpoint.tensor(&format!("{module}.bias"))?.shape() {
            &[length] => Some(length),
            _ => None,
        }
    }

    /// Code that comes with a checkpoint may give a known model type other modules, unless its class is known too.
    fn is_known_part(&self, part: &Part) -> bool {
        let is_own_code = part.config_path.is_empty() && self.checkpoint.config().get("auto_map").is_some();
        match &part.class {
            Some(class) if is_known_class(class) => true,
            _ => is_known_type(&part.model_type) && !is_own_code,
        }
    }
}
