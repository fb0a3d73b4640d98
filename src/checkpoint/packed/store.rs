//! The tensors of the files while packed weights are looked for: what is taken, and what is made of it.

use std::{
    collections::{BTreeMap, HashSet},
    ops::Range,
    sync::Arc,
};

use super::{PackedError, Quantization, QuantizationMethod, QuantizationNote, StoredPart, unit_cache::UnitCache};
use crate::{
    checkpoint::{ComputedRows, LogicalTensor, ModelConfig, Storage, WeightFile},
    error::{IoAction, IoContext as _, IoError},
    numeric::{Dtype, FloatDtype, widen},
    platform,
};

/// What is looked through.
pub(super) struct Store<'a> {
    stored: &'a BTreeMap<String, LogicalTensor>,
    config: &'a ModelConfig,
    tables: &'static [&'static [&'static str]],
    parts: BTreeMap<String, StoredPart>,
    made: Vec<LogicalTensor>,
    methods: Vec<QuantizationMethod>,
    cache: Arc<UnitCache>,
    notes: Vec<QuantizationNote>,
}

impl<'a> Store<'a> {
    /// `tables` are the endings of every format's tables.
    pub fn new(
        stored: &'a BTreeMap<String, LogicalTensor>,
        config: &'a ModelConfig,
        tables: &'static [&'static [&'static str]],
    ) -> Self {
        Self {
            tables,
            stored,
            config,
            parts: BTreeMap::new(),
            made: Vec::new(),
            methods: Vec::new(),
            cache: Arc::default(),
            notes: Vec::new(),
        }
    }

    /// Adds what should be known of what was taken.
    pub fn note(&mut self, note: QuantizationNote) {
        self.notes.push(note);
    }

    /// Whether a tensor was made by `method`.
    pub fn has_made(&self, method: QuantizationMethod) -> bool {
        self.methods.contains(&method)
    }

    /// What all tensors of the checkpoint that are decoded across their rows keep in memory.
    pub fn cache(&self) -> &Arc<UnitCache> {
        &self.cache
    }

    fn tables(&self) -> impl Iterator<Item = &'static str> {
        self.tables.iter().copied().flatten().copied()
    }

    /// The names before `ending`, of all tensors that have it and are not taken.
    pub fn names_before(&self, ending: &str) -> Vec<String> {
        let free = self.stored.keys().filter(|name| !self.parts.contains_key(*name));
        free.filter_map(|name| name.strip_suffix(ending)).map(str::to_owned).collect()
    }

    /// The tensor of this name, where it is there.
    pub fn get(&self, name: &str) -> Option<&'a LogicalTensor> {
        self.stored.get(name)
    }

    /// Takes the codes of `weight_count` weights.
    pub fn take_codes(&mut self, name: &str, weight_count: u64) -> Result<Bytes, PackedError> {
        if !self.stored.contains_key(name) {
            return Err(PackedError::MissingCodes { tensor: name.to_owned() });
        }
        self.take(name, name, StoredPart::Codes(weight_count))
    }

    /// Takes a table of the weight `tensor`.
    pub fn take_table(&mut self, tensor: &str, table: &str) -> Result<Bytes, PackedError> {
        self.take(tensor, table, StoredPart::Table)
    }

    /// Takes a table that says nothing about weights, where it is there.
    pub fn set_aside(&mut self, table: &str) {
        if self.stored.contains_key(table) {
            self.parts.insert(table.to_owned(), StoredPart::Table);
        }
    }

    fn take(&mut self, tensor: &str, name: &str, part: StoredPart) -> Result<Bytes, PackedError> {
        // A table that no format declares would not be seen where it stands beside another's.
        let is_declared = || self.tables().any(|table| name.ends_with(table));
        debug_assert!(matches!(part, StoredPart::Codes(_)) || is_declared(), "{name} is in no format's TABLES");
        let missing = || PackedError::MissingTable { tensor: tensor.to_owned(), table: name.to_owned() };
        let stored = self.stored.get(name).ok_or_else(missing)?;
        self.parts.insert(name.to_owned(), part);
        Bytes::of(stored)
    }

    /// Adds a tensor of the model, which is made from the codes that the files call `stored_name`.
    pub fn make(
        &mut self,
        method: QuantizationMethod,
        (stored_name, name): (&str, &str),
        shape: Vec<usize>,
        dtype: FloatDtype,
        rows: impl ComputedRows + 'static,
    ) {
        if !self.methods.contains(&method) {
            self.methods.push(method);
        }
        let storage = Storage::Computed(Arc::new(rows));
        self.made.push(LogicalTensor::new(stored_name.to_owned(), shape, dtype.stored(), storage).renamed(name));
    }

    /// An integer weight that no scheme has taken, in a model whose integers are codes, has lost its tables.
    pub fn refuse_integer_weights(&self) -> Result<(), PackedError> {
        let is_integer = |tensor: &&LogicalTensor| [Dtype::U8, Dtype::I8].contains(&tensor.dtype());
        let is_free = |tensor: &&LogicalTensor| !self.parts.contains_key(tensor.name());
        let weights = self.stored.values().filter(|tensor| tensor.name().ends_with(".weight"));
        match weights.filter(is_integer).find(is_free) {
            Some(tensor) => Err(PackedError::MissingTables { tensor: tensor.name().to_owned() }),
            None => Ok(()),
        }
    }

    /// A table that no scheme has taken, of a weight that one has: the files say two things of it.
    fn refuse_second_tables(&self) -> Result<(), PackedError> {
        let modules: HashSet<&str> = self.made.iter().filter_map(|made| made.name().strip_suffix(".weight")).collect();
        let weights: HashSet<&str> = self.made.iter().map(LogicalTensor::name).collect();
        let is_second = |name: &&String| {
            let of_weight = name.rsplit_once(".weight.").is_some_and(|(module, _)| modules.contains(module));
            let mut owners = self.tables().filter_map(|table| name.strip_suffix(table));
            let is_table = of_weight || owners.any(|owner| modules.contains(owner) || weights.contains(owner));
            is_table && !self.parts.contains_key(*name)
        };
        match self.stored.keys().find(is_second) {
            Some(table) => Err(PackedError::LoneTable { table: table.clone() }),
            None => Ok(()),
        }
    }

    /// The dtype of the config, where it is one that weights have.
    pub fn config_dtype(&self) -> Option<FloatDtype> {
        let part = self.config.get("text_config");
        let said = ["dtype", "torch_dtype"].into_iter().find_map(|key| {
            let nested = || part?.get(key)?.as_str();
            self.config.get(key).and_then(serde_json::Value::as_str).or_else(nested)
        });
        float_dtype(said?)
    }

    /// The model that was found, quantisation and tensors; `None` without any packed weight.
    pub fn into_model(self) -> Result<Option<Model>, PackedError> {
        let Some(method) = self.methods.first().copied() else { return Ok(None) };
        self.refuse_second_tables()?;
        let plain = self.stored.values().filter(|tensor| !self.parts.contains_key(tensor.name()));
        let mut sums: BTreeMap<Dtype, u64> = BTreeMap::new();
        for tensor in &self.made {
            *sums.entry(tensor.dtype()).or_default() += tensor.element_count() as u64;
        }
        let most = sums.into_iter().max_by_key(|(_, count)| *count).and_then(|(dtype, _)| FloatDtype::of(dtype));
        let mut tensors: BTreeMap<String, LogicalTensor> =
            plain.map(|tensor| (tensor.name().to_owned(), tensor.clone())).collect();
        for tensor in self.made {
            let name = tensor.name().to_owned();
            if tensors.insert(name.clone(), tensor).is_some() {
                return Err(PackedError::LoneTable { table: name });
            }
        }
        let dtype = most.unwrap_or(FloatDtype::BF16);
        let config = self.config.quantization_config().cloned();
        let (stored, parts, notes) = (self.stored.clone(), self.parts, self.notes);
        Ok(Some((Quantization { method, dtype, stored, parts, config, notes }, tensors)))
    }
}

/// How weights are packed, and the tensors that they stand for.
type Model = (Quantization, BTreeMap<String, LogicalTensor>);

/// A dtype by its name in a config or a state.
pub(super) fn float_dtype(name: &str) -> Option<FloatDtype> {
    let name = name.strip_prefix("torch.").unwrap_or(name);
    [FloatDtype::F16, FloatDtype::BF16, FloatDtype::F32].into_iter().find(|dtype| dtype.config_name() == name)
}

/// The bytes of a stored tensor, of which any range can be read.
#[derive(Clone, Debug)]
pub(super) struct Bytes {
    pub name: String,
    pub shape: Vec<usize>,
    pub dtype: Dtype,
    pub byte_count: u64,
    pub file: Arc<dyn WeightFile>,
    offset: u64,
}

impl Bytes {
    fn of(stored: &LogicalTensor) -> Result<Self, PackedError> {
        let Some((file, offset)) = stored.span() else {
            return Err(PackedError::Scattered { tensor: stored.name().to_owned() });
        };
        Ok(Self {
            name: stored.name().to_owned(),
            shape: stored.shape().to_vec(),
            dtype: stored.dtype(),
            byte_count: stored.byte_count(),
            file: Arc::clone(file),
            offset,
        })
    }

    /// The same, where the dtype is one of `expected`.
    pub fn typed(self, expected: &[Dtype]) -> Result<Self, PackedError> {
        if expected.contains(&self.dtype) {
            return Ok(self);
        }
        let expected = expected.iter().map(Dtype::to_string).collect::<Vec<_>>().join(", ");
        Err(PackedError::WrongDtype { tensor: self.name, dtype: self.dtype, expected })
    }

    /// The same, where it holds `needed` bytes.
    pub fn sized(self, needed: u64) -> Result<Self, PackedError> {
        if self.byte_count == needed {
            return Ok(self);
        }
        Err(PackedError::WrongSize { tensor: self.name, held: self.byte_count, needed })
    }

    /// The same, where it has this shape.
    pub fn shaped(self, expected: &[usize]) -> Result<Self, PackedError> {
        if self.shape == expected {
            return Ok(self);
        }
        Err(PackedError::WrongShape { tensor: self.name, shape: self.shape, expected: expected.to_vec() })
    }

    /// Reads `range` of its bytes.
    pub fn read(&self, range: Range<usize>, bytes: &mut [u8]) -> Result<(), IoError> {
        let offset = self.offset + range.start as u64;
        platform::read_exact_at(self.file.handle(), &mut bytes[..range.len()], offset)
            .at(IoAction::ReadWeights, self.file.path())
    }

    /// Reads `range` of its bytes into memory of its own.
    pub fn read_vec(&self, range: Range<usize>) -> Result<Vec<u8>, IoError> {
        let mut bytes = vec![0; range.len()];
        self.read(range, &mut bytes)?;
        Ok(bytes)
    }

    /// All of its bytes; for tables that are small whatever the model.
    pub fn read_all(&self) -> Result<Vec<u8>, IoError> {
        self.read_vec(0..usize::try_from(self.byte_count).unwrap_or(usize::MAX))
    }

    /// Reads the elements of `range` as f32; their dtype must be a float's.
    pub fn read_f32(&self, range: Range<usize>) -> Result<Vec<f32>, IoError> {
        let Some(dtype) = FloatDtype::of(self.dtype) else { unreachable!("{}: asked when it was taken", self.name) };
        let size = dtype.byte_count();
        let mut values = vec![0.0; range.len()];
        widen(dtype, &self.read_vec(range.start * size..range.end * size)?, &mut values);
        Ok(values)
    }
}
