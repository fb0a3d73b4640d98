//! A GGUF file as a model: the tensors, the config and the tokenizer that transformers has for it.
//!
//! Nothing is inverted by rules of its own. The file's metadata become a config, its tensors names and shapes; then the
//! export is asked what it would make of such a model, must come to this very file, and each of its steps is taken back.

mod agreement;
mod config;
mod file_type;
mod inverted;
mod lora;
mod merges;
mod metadata;
mod model_file;
mod names;
mod tokenizer;

use std::{
    collections::{BTreeMap, BTreeSet},
    path::{Path, PathBuf},
    sync::Arc,
};

use serde_json::{Map, Value};

pub use self::lora::{LoraFile, is_lora_file, open_lora};
use self::{config::Sizes, inverted::Inverted, metadata::Metadata, model_file::ModelFile};
use super::{
    ExportError, Family, FileType, OutputTensor, RowMap, Source, hyperparameters::hyperparameters, settings::Settings,
    source::Part, tensors::Tensors,
};
use crate::{
    checkpoint::{
        Checkpoint, CheckpointError, ForeignFormat, LogicalTensor, Source as Place, Storage, WeightFile, WeightFiles,
        gguf::{GgufFile, GgufModel, GgufModelError, GgufTensor, GgufValue, SideFolder, plain_dtype},
    },
    numeric::{Dtype, FloatDtype},
};

/// Tensors that no model has.
const MOST_TENSORS: usize = 1 << 20;

/// Opens the model at `path`: a GGUF file, a folder whose only weights are one, or whatever [`Checkpoint::open`] takes.
///
/// # Errors
/// As [`Checkpoint::open`]; a GGUF file that is damaged, or says something that is not known to leave the model as it is.
pub fn open_model(path: &Path) -> Result<Checkpoint, CheckpointError> {
    match gguf_file(path)? {
        Some(file) => open_file(&GgufFile::open(&file)?),
        None => Checkpoint::open(path),
    }
}

/// The GGUF file that `path` is, or that lies there alone.
fn gguf_file(path: &Path) -> Result<Option<PathBuf>, CheckpointError> {
    let root = match Place::find(path) {
        Err(CheckpointError::Foreign { format: ForeignFormat::Gguf, path }) => return Ok(Some(path)),
        Ok(Place { root, weights: None }) => root,
        _ => return Ok(None),
    };
    if !matches!(WeightFiles::find(&root), Err(CheckpointError::Foreign { format: ForeignFormat::Gguf, .. })) {
        return Ok(None);
    }
    let entries = std::fs::read_dir(&root).into_iter().flatten().flatten().map(|entry| entry.path());
    let is_gguf = |path: &PathBuf| path.is_file() && ForeignFormat::of_file(path) == Some(ForeignFormat::Gguf);
    let mut files: Vec<PathBuf> = entries.filter(is_gguf).collect();
    files.sort();
    if files.len() > 1 {
        let name = |path: &PathBuf| path.file_name().unwrap_or_default().to_string_lossy().into_owned();
        let files = files.iter().map(name).collect();
        return Err(CheckpointError::Gguf { problem: GgufModelError::Several { files }, path: root });
    }
    Ok(files.pop())
}

/// Opens `file` as a model.
fn open_file(file: &Arc<GgufFile>) -> Result<Checkpoint, CheckpointError> {
    refuse_other_kinds(file)?;
    let metadata = Metadata::of(file)?;
    let family = config::family(&metadata)?;
    if family.ignores_head() && metadata.tensor("output.weight").is_some() {
        return Err(file.fault(GgufModelError::UnknownTensor { tensor: "output.weight".to_owned() }));
    }
    let sizes = Sizes::of(&metadata)?;
    let dtype = file_type::dtype(file);
    let config = config::config(&metadata, family, &sizes, dtype)?;
    let outputs = exported(&metadata, family, &config)?;
    let made = invert(file, &outputs)?;
    let (files, missing) = tokenizer::side_files(&metadata, &config);
    let named: Vec<(&str, String)> = files.iter().map(|(name, text)| (*name, text.clone())).collect();
    let side = Arc::new(SideFolder::new(&named)?);
    let origin = file_type::origin(file, dtype, missing);
    let model_file = ModelFile { file: Arc::clone(file), tensors: made.tensors.clone() };
    Checkpoint::of_gguf(GgufModel {
        path: file.path().to_owned(),
        config_text: text_of(&config),
        file: Arc::new(model_file),
        tensors: made.tensors,
        codes: made.codes,
        origin,
        side,
    })
}

fn refuse_other_kinds(file: &GgufFile) -> Result<(), CheckpointError> {
    let header = file.gguf_header();
    match header.get("general.type") {
        None => {}
        Some(GgufValue::String(kind)) if kind == "model" => {}
        Some(GgufValue::String(kind)) if kind == "adapter" => return Err(file.fault(GgufModelError::IsAdapter)),
        Some(kind) => return Err(file.fault(GgufModelError::OtherKind { kind: metadata::shown(kind) })),
    }
    match header.get("split.count").and_then(metadata::whole) {
        Some(count) if count > 1 => Err(file.fault(GgufModelError::Split { count })),
        _ => Ok(()),
    }
}

fn text_of(config: &Map<String, Value>) -> String {
    format!("{:#}\n", Value::Object(config.clone()))
}

/// What an export would make of the model that the file is said to be, which is this very file.
fn exported(
    metadata: &Metadata<'_>,
    family: Family,
    config: &Map<String, Value>,
) -> Result<Vec<OutputTensor>, CheckpointError> {
    let file = metadata.file;
    let mut tensors = Vec::new();
    for tensor in &file.gguf_header().tensors {
        let unknown = || file.fault(GgufModelError::UnknownTensor { tensor: tensor.name.clone() });
        for (name, shape) in names::model_tensors(metadata, family, tensor).ok_or_else(unknown)? {
            tensors.push(inverted::unread(name, shape, Arc::<GgufFile>::clone(file)));
        }
        if tensors.len() > MOST_TENSORS {
            return Err(unknown());
        }
    }
    let model = Checkpoint::of_gguf(GgufModel {
        path: file.path().to_owned(),
        config_text: text_of(config),
        file: Arc::<GgufFile>::clone(file),
        tensors,
        codes: Vec::new(),
        origin: file_type::origin(file, FloatDtype::F32, None),
        side: Arc::new(SideFolder::new(&[])?),
    })?;
    let refused = |error: ExportError| fault_of(file, error);
    let settings = Settings::of(&model, family);
    let keys = hyperparameters(family, &settings).map_err(refused)?;
    agreement::refuse_unexplained(metadata, family, &keys)?;
    let outputs = Tensors::of(&model, family, &settings).and_then(|tensors| tensors.typed(FileType::F32));
    outputs.map_err(refused)
}

/// What an export says is wrong with a model, said of the file that the model is in.
fn fault_of(file: &GgufFile, error: ExportError) -> CheckpointError {
    let dims = |shape: Vec<usize>| shape.into_iter().rev().map(|dim| dim as u64).collect();
    file.fault(match error {
        ExportError::Weights(error) => return error,
        ExportError::NoSetting { key, .. } => GgufModelError::NoKey { key: key.to_owned() },
        ExportError::BadSetting { key, value, .. } => GgufModelError::BadKey { key, value },
        ExportError::NoTensor { tensor, .. } => GgufModelError::NoTensor { tensor },
        ExportError::UnplacedTensor { tensor, .. } => GgufModelError::UnknownTensor { tensor },
        ExportError::UnfitTensor { tensor, shape, .. } => GgufModelError::UnfitTensor { tensor, dims: dims(shape) },
        other => GgufModelError::Refused { problem: other.to_string() },
    })
}

/// The tensors of the model, and those of them that are codes in the file.
#[derive(Default)]
struct Made {
    tensors: Vec<LogicalTensor>,
    codes: Vec<(LogicalTensor, u64)>,
}

/// Takes back what an export does: each tensor of the file becomes those that it was made of.
fn invert(file: &Arc<GgufFile>, outputs: &[OutputTensor]) -> Result<Made, CheckpointError> {
    let header = file.gguf_header();
    let by_name: BTreeMap<&str, &OutputTensor> =
        outputs.iter().map(|output| (output.stored.name.as_str(), output)).collect();
    let held: BTreeSet<&str> = header.tensors.iter().map(|tensor| tensor.name.as_str()).collect();
    if let Some(output) = outputs.iter().find(|output| !held.contains(output.stored.name.as_str())) {
        return Err(file.fault(GgufModelError::NoTensor { tensor: output.stored.name.clone() }));
    }
    let mut made = Made::default();
    for tensor in &header.tensors {
        let Some(output) = by_name.get(tensor.name.as_str()) else {
            return Err(file.fault(GgufModelError::UnknownTensor { tensor: tensor.name.clone() }));
        };
        if output.stored.dims != tensor.dims {
            let (tensor, dims) = (tensor.name.clone(), tensor.dims.clone());
            return Err(file.fault(GgufModelError::UnfitTensor { tensor, dims }));
        }
        let stored = file.stored(tensor);
        match &output.source {
            Source::Values(values) => refuse_other_values(file, &stored, values)?,
            Source::Turned(own) => {
                let source = Source::Turned(stored.clone());
                made.push(file, tensor, own, (source, 0..output.rows()), output.columns(), true);
            }
            Source::Rows { parts, added } => {
                let mut first = 0;
                for Part { tensor: own, map, rows } in parts {
                    let map = match map.inverse() {
                        Some(RowMap::Same) => RowMap::From(first),
                        Some(map) if parts.len() == 1 => map,
                        _ => {
                            return Err(file.fault(GgufModelError::UnknownTensor { tensor: tensor.name.clone() }));
                        }
                    };
                    let is_plain = matches!(map, RowMap::From(_)) && *added == 0.0;
                    let part = Part { tensor: stored.clone(), map, rows: *rows };
                    let source = Source::Rows { parts: vec![part], added: -added };
                    made.push(file, tensor, own, (source, first..first + rows), output.columns(), !is_plain);
                    first += rows;
                }
            }
        }
    }
    Ok(made)
}

impl Made {
    /// Adds `own`, which is `rows` of `tensor`; they are made anew where they do not stand there as they are.
    fn push(
        &mut self,
        file: &Arc<GgufFile>,
        tensor: &GgufTensor,
        own: &LogicalTensor,
        (source, rows): (Source, std::ops::Range<usize>),
        columns: usize,
        is_made_anew: bool,
    ) {
        let (block, block_bytes) = (tensor.ggml_type.block_len(), tensor.ggml_type.block_byte_count());
        let place = |row: usize| (row * columns / block * block_bytes) as u64;
        let span = |rows: &std::ops::Range<usize>| Storage::Span {
            file: Arc::<GgufFile>::clone(file),
            offset: file.place(tensor) + place(rows.start),
            byte_count: place(rows.end) - place(rows.start),
        };
        let (name, shape) = (own.name().to_owned(), own.shape().to_vec());
        let plain = plain_dtype(tensor.ggml_type);
        if let (Some(dtype), false) = (plain, is_made_anew) {
            self.tensors.push(LogicalTensor::new(name, shape, dtype, span(&rows)));
            return;
        }
        if plain.is_none() {
            let byte_count = usize::try_from(place(rows.end) - place(rows.start)).unwrap_or(usize::MAX);
            let codes = LogicalTensor::new(name.clone(), vec![byte_count], Dtype::U8, span(&rows));
            self.codes.push((codes, own.element_count() as u64));
        }
        let dtype = plain.and_then(FloatDtype::of).unwrap_or(FloatDtype::F32);
        let own_columns = own.tile_shape().columns;
        let turned = matches!(source, Source::Turned(_));
        let inverted = Inverted {
            source,
            columns: if turned { own_columns } else { columns },
            own_columns,
            value_count: own.element_count(),
            dtype,
            file: Arc::<GgufFile>::clone(file),
        };
        self.tensors.push(LogicalTensor::new(name, shape, dtype.stored(), Storage::Computed(Arc::new(inverted))));
    }
}

/// Refuses factors of rotations that are not those of the config which was made of them.
fn refuse_other_values(file: &GgufFile, stored: &LogicalTensor, values: &[f32]) -> Result<(), CheckpointError> {
    let is_close = |(one, other): (&f32, &f32)| (one - other).abs() <= one.abs() * 1e-6;
    if stored.read_all()?.iter().zip(values).all(is_close) {
        return Ok(());
    }
    let (key, value) = (stored.name().to_owned(), format!("{} factors", values.len()));
    Err(file.fault(GgufModelError::BadKey { key, value }))
}
