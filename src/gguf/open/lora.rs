//! A LoRA file of llama.cpp in PEFT's terms: names by the tables of an export, its row orders taken back.

use std::{collections::BTreeMap, path::Path, sync::Arc};

use super::{
    inverted::Inverted,
    metadata::{self, Metadata},
    model_file::ModelFile,
    names,
};
use crate::{
    checkpoint::{
        Checkpoint, CheckpointError, ComputedRows, ForeignFormat, LogicalTensor, Storage, WeightFile,
        gguf::{GgufFile, GgufHeader, GgufModelError, GgufTensor, GgufValue, plain_dtype},
    },
    gguf::{Family, LORA_A, LORA_ALPHA, LORA_B, Part, RowMap, Source, TOKEN_EMBEDDING, settings::Settings},
    numeric::FloatDtype,
};

/// Ranks that no adapter comes near.
const MOST_RANK: usize = 1 << 16;

/// A LoRA file in PEFT's terms.
#[derive(Debug)]
pub struct LoraFile {
    /// The file; its tensors have PEFT's names and shapes.
    pub file: Arc<dyn WeightFile>,
    /// alpha; 0 where every factor is 1, as llama.cpp takes it.
    pub alpha: f64,
    /// Rank of every module.
    pub ranks: BTreeMap<String, usize>,
}

/// Whether the file at `path` is a GGUF file that says that it holds an adapter.
#[must_use]
pub fn is_lora_file(path: &Path) -> bool {
    path.is_file()
        && ForeignFormat::of_content(path) == Some(ForeignFormat::Gguf)
        && GgufHeader::open(path).is_ok_and(
            |header| matches!(header.get("general.type"), Some(GgufValue::String(kind)) if kind == "adapter"),
        )
}

/// Opens the LoRA file at `path`. Rows of some factors stand in an order that only the `base` tells: without it they
/// have names and shapes, and are not read.
///
/// # Errors
/// A file that is damaged, another kind of adapter, an architecture that is not covered or not the base's, a factor
/// without the other one, or with other dimensions.
pub fn open_lora(path: &Path, base: Option<&Checkpoint>) -> Result<LoraFile, CheckpointError> {
    let file = GgufFile::open(path)?;
    let metadata = Metadata::of(&file)?;
    match file.gguf_header().get("adapter.type") {
        Some(GgufValue::String(kind)) if kind == "lora" => {}
        Some(kind) => return Err(file.fault(GgufModelError::NotLora { kind: metadata::shown(kind) })),
        None => return Err(file.fault(GgufModelError::NoKey { key: "adapter.type".to_owned() })),
    }
    let alpha = match file.gguf_header().get(LORA_ALPHA) {
        Some(GgufValue::F32(alpha)) if alpha.is_finite() => f64::from(*alpha),
        Some(alpha) => {
            let (key, value) = (LORA_ALPHA.to_owned(), metadata::shown(alpha));
            return Err(file.fault(GgufModelError::BadKey { key, value }));
        }
        None => return Err(file.fault(GgufModelError::NoKey { key: LORA_ALPHA.to_owned() })),
    };
    let opening = Opening { file: &file, family: family(&metadata, base)?, metadata, base };
    let mut tensors = Vec::new();
    let mut ranks = BTreeMap::new();
    for (name, [a, b]) in opening.pairs()? {
        for (module, factors) in opening.modules(name, a, b)? {
            ranks.insert(module, factors[0].shape()[0]);
            tensors.extend(factors);
        }
    }
    let file = Arc::new(ModelFile { file: Arc::clone(&file), tensors });
    Ok(LoraFile { file, alpha, ranks })
}

/// The family that the file is for: the base's, or the one that its architecture and its tensors tell.
fn family(metadata: &Metadata<'_>, base: Option<&Checkpoint>) -> Result<Family, CheckpointError> {
    let file = metadata.file;
    let architecture = metadata.architecture.to_owned();
    let known: Vec<Family> = Family::ALL.into_iter().filter(|family| family.architecture() == architecture).collect();
    if known.is_empty() {
        let covered = Family::ALL.map(Family::architecture).to_vec();
        return Err(file.fault(GgufModelError::UnknownArchitecture { architecture, covered }));
    }
    if let Some(family) = base.and_then(|base| Family::of(base).ok()) {
        if family.architecture() == architecture {
            return Ok(family);
        }
        let base = family.architecture().to_owned();
        return Err(file.fault(GgufModelError::OtherArchitecture { architecture, base }));
    }
    let has_experts = file.gguf_header().tensors.iter().any(|tensor| tensor.name.contains("_exps."));
    let family = known.iter().find(|family| family.has_experts() == has_experts).or(known.first());
    family.copied().ok_or_else(|| file.fault(GgufModelError::UnknownTensor { tensor: architecture }))
}

/// A file while it is opened.
struct Opening<'a> {
    file: &'a Arc<GgufFile>,
    metadata: Metadata<'a>,
    family: Family,
    base: Option<&'a Checkpoint>,
}

/// PEFT's two factors.
type Factors = [LogicalTensor; 2];

impl<'a> Opening<'a> {
    /// Both factors of each tensor of the model.
    fn pairs(&self) -> Result<BTreeMap<&'a str, [&'a GgufTensor; 2]>, CheckpointError> {
        let mut halves: BTreeMap<&str, [Option<&GgufTensor>; 2]> = BTreeMap::new();
        for tensor in &self.file.gguf_header().tensors {
            let (name, place) = match (tensor.name.strip_suffix(LORA_A), tensor.name.strip_suffix(LORA_B)) {
                (Some(name), _) => (name, 0),
                (_, Some(name)) => (name, 1),
                _ => return Err(self.unknown(&tensor.name)),
            };
            halves.entry(name).or_default()[place] = Some(tensor);
        }
        if halves.is_empty() {
            return Err(self.file.fault(GgufModelError::NoTensor { tensor: LORA_A.to_owned() }));
        }
        let whole = |(name, halves): (&'a str, [Option<&'a GgufTensor>; 2])| match halves {
            [Some(a), Some(b)] => Ok((name, [a, b])),
            [a, _] => {
                let absent = if a.is_some() { LORA_B } else { LORA_A };
                Err(self.file.fault(GgufModelError::NoTensor { tensor: format!("{name}{absent}") }))
            }
        };
        halves.into_iter().map(whole).collect()
    }

    fn unknown(&self, tensor: &str) -> CheckpointError {
        self.file.fault(GgufModelError::UnknownTensor { tensor: tensor.to_owned() })
    }

    fn unfit(&self, tensor: &GgufTensor) -> CheckpointError {
        let (tensor, dims) = (tensor.name.clone(), tensor.dims.clone());
        self.file.fault(GgufModelError::UnfitTensor { tensor, dims })
    }

    /// The modules of PEFT that the pair `a` and `b` of the tensor `name` is for, with their factors.
    fn modules(&self, name: &str, a: &GgufTensor, b: &GgufTensor) -> Result<Vec<(String, Factors)>, CheckpointError> {
        let sizes = |tensor: &GgufTensor| {
            let sizes = tensor.dims.iter().map(|dim| usize::try_from(*dim).ok()).collect::<Option<Vec<_>>>();
            sizes.ok_or_else(|| self.unfit(tensor))
        };
        let (a_dims, b_dims) = (sizes(a)?, sizes(b)?);
        let is_embedding = name == TOKEN_EMBEDDING;
        // A matrix of the model, a row of it first.
        let (dims, rank) = match (a_dims.as_slice(), b_dims.as_slice()) {
            (&[rank, tokens], &[b_rank, columns]) if is_embedding && rank == b_rank => (vec![columns, tokens], rank),
            (&[inner, rank], &[b_rank, out]) if !is_embedding && rank == b_rank => (vec![inner, out], rank),
            (&[inner, rank, count], &[b_rank, out, b_count]) if rank == b_rank && count == b_count => {
                (vec![inner, out, count], rank)
            }
            _ => return Err(self.unfit(b)),
        };
        if rank > MOST_RANK {
            return Err(self.unfit(a));
        }
        let dims = dims.into_iter().map(|dim| dim as u64).collect();
        let whole = GgufTensor { name: name.to_owned(), dims, ..a.clone() };
        let named = names::model_tensors(&self.metadata, self.family, &whole).ok_or_else(|| self.unknown(name))?;
        let count = named.len();
        let is_stack = a_dims.len() == 3;
        if count == 0 || is_stack != (count > 1 || name.contains("_exps.")) || is_stack && count != a_dims[2] {
            return Err(self.unfit(a));
        }
        let out = b_dims[1];
        let map = self.row_map(name, out)?;
        let mut modules = Vec::with_capacity(count);
        for (index, (parameter, _)) in named.into_iter().enumerate() {
            let module = parameter.strip_suffix(".weight").ok_or_else(|| self.unknown(name))?.to_owned();
            let key = |factor: &str| format!("base_model.model.{module}.{factor}");
            let factors = if is_embedding {
                let stored = self.file.stored(a);
                let turned = self.made(a, key("lora_embedding_A"), Source::Turned(stored), [rank, a_dims[1]]);
                [turned, self.rows(b, key("lora_embedding_B"), Some(RowMap::From(0)), [out, rank])]
            } else {
                let (first_a, first_b) = (index * rank, index * out);
                let b_map = if is_stack { Some(RowMap::From(first_b)) } else { map };
                [
                    self.rows(a, key("lora_A.weight"), Some(RowMap::From(first_a)), [rank, a_dims[0]]),
                    self.rows(b, key("lora_B.weight"), b_map, [out, rank]),
                ]
            };
            modules.push((module, factors));
        }
        Ok(modules)
    }

    /// Where rows of PEFT's B stand in the file; `None` where only the base tells, and there is none.
    fn row_map(&self, name: &str, rows: usize) -> Result<Option<RowMap>, CheckpointError> {
        let part = name.split('.').rev().nth(1).unwrap_or_default();
        if !RowMap::is_reordered(self.family, part) {
            return Ok(Some(RowMap::From(0)));
        }
        let Some(base) = self.base else { return Ok(None) };
        let settings = Settings::of(base, self.family);
        let refused = |error: crate::gguf::ExportError| super::fault_of(self.file, error);
        let (heads, key_heads) = (settings.heads().map_err(refused)?, settings.key_heads().map_err(refused)?);
        let map = RowMap::of_part(self.family, part, rows, heads as usize, key_heads as usize);
        let map = map.filter(|map| map.takes_whole_heads(rows)).and_then(RowMap::inverse);
        map.map(Some).ok_or_else(|| {
            let dims = vec![rows as u64];
            self.file.fault(GgufModelError::UnfitTensor { tensor: name.to_owned(), dims })
        })
    }

    /// Rows of `tensor` in the order of `map`.
    fn rows(&self, tensor: &GgufTensor, name: String, map: Option<RowMap>, shape: [usize; 2]) -> LogicalTensor {
        let stored = self.file.stored(tensor);
        let Some(map) = map else {
            let file: Arc<dyn WeightFile> = Arc::<GgufFile>::clone(self.file);
            let rows = Storage::Computed(Arc::new(Unordered { tensor: name.clone(), file }));
            return LogicalTensor::new(name, shape.to_vec(), FloatDtype::F32.stored(), rows);
        };
        let part = Part { tensor: matrix(&stored), map, rows: shape[0] };
        self.made(tensor, name, Source::Rows { parts: vec![part], added: 0.0 }, shape)
    }

    fn made(&self, tensor: &GgufTensor, name: String, source: Source, shape: [usize; 2]) -> LogicalTensor {
        let dtype = plain_dtype(tensor.ggml_type).and_then(FloatDtype::of).unwrap_or(FloatDtype::F32);
        let is_turned = matches!(source, Source::Turned(_));
        let inverted = Inverted {
            columns: shape[1],
            own_columns: shape[1],
            value_count: shape[0] * shape[1],
            source,
            dtype,
            file: Arc::<GgufFile>::clone(self.file),
        };
        debug_assert!(is_turned || shape[1] as u64 == tensor.dims[0], "rows of the file are rows of the factor");
        LogicalTensor::new(name, shape.to_vec(), dtype.stored(), Storage::Computed(Arc::new(inverted)))
    }
}

/// A stack of matrices as one, its rows below each other.
fn matrix(tensor: &LogicalTensor) -> LogicalTensor {
    let shape = tensor.shape();
    let columns = shape.last().copied().unwrap_or(1);
    let rows = shape.iter().rev().skip(1).product();
    LogicalTensor::new(tensor.name().to_owned(), vec![rows, columns], tensor.dtype(), tensor.storage().clone())
}

/// Rows whose order only the base tells.
#[derive(Debug)]
struct Unordered {
    tensor: String,
    file: Arc<dyn WeightFile>,
}

impl ComputedRows for Unordered {
    fn file(&self) -> &Arc<dyn WeightFile> {
        &self.file
    }

    fn read_row_bytes(&self, _rows: std::ops::Range<usize>, _bytes: &mut [u8]) -> Result<(), CheckpointError> {
        let problem = "llama.cpp stores these rows in an order that only the base model tells".to_owned();
        Err(CheckpointError::NotComputed { tensor: self.tensor.clone(), problem, path: self.file.path().to_owned() })
    }
}
