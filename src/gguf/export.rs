//! A whole file before it is written: its header to the byte, and where every value will come from.

use std::ops::Range;

use super::{
    ExportError, ExportNote, Family, FileType, OutputTensor,
    hyperparameters::hyperparameters,
    note::notes,
    settings::Settings,
    tensors::Tensors,
    tokenizer::{TokenizerKeys, tokenizer_keys},
};
use crate::{
    checkpoint::{
        Checkpoint, CheckpointError,
        gguf::{GgufHeader, GgufValue},
    },
    numeric::{TileShape, row_tiles},
};

/// Version of the layouts of quantised blocks.
pub(super) const QUANTIZATION_VERSION: u32 = 2;

/// Values of a tile, of which a run keeps account.
const TILE_LEN: usize = 1 << 19;

/// Values that are read and encoded in one go, few enough to stay near the core.
const STRIP_LEN: usize = 1 << 15;

/// A file that can be written.
#[derive(Clone, Debug)]
pub struct GgufExport {
    /// The type that the file is said to have.
    pub file_type: FileType,
    /// Everything before the first tensor.
    pub header: GgufHeader,
    /// The tensors, in the order of the header.
    pub tensors: Vec<OutputTensor>,
    /// What to know of the file.
    pub notes: Vec<ExportNote>,
}

impl GgufExport {
    /// Plans the file that `checkpoint` becomes; headers and texts are read, no weights.
    ///
    /// # Errors
    /// A class that is not covered, a config or a tokenizer that llama.cpp would read otherwise, a tensor without a place.
    pub fn new(checkpoint: &Checkpoint, file_type: FileType) -> Result<Self, ExportError> {
        let family = Family::of(checkpoint)?;
        let settings = Settings::of(checkpoint, family);
        let hyperparameters = hyperparameters(family, &settings)?;
        let found = Tensors::of(checkpoint, family, &settings)?;
        let tensors = found.typed(file_type)?;
        let tokenizer = tokenizer_keys(checkpoint, family, found.token_rows()?)?;
        let TokenizerKeys { keys, left_out, differences, is_phi3 } = tokenizer;
        let mut metadata = general(checkpoint, family, file_type, is_phi3);
        metadata.extend(hyperparameters);
        metadata.extend(keys);
        let stored = tensors.iter().map(|tensor| tensor.stored.clone()).collect();
        let header = GgufHeader::new(metadata, stored)
            .map_err(|problem| ExportError::Header { problem, path: checkpoint.root().to_owned() })?;
        let mut placed = tensors;
        for (tensor, stored) in placed.iter_mut().zip(&header.tensors) {
            tensor.stored = stored.clone();
        }
        let mut notes = notes(checkpoint, family, &settings, file_type, &placed);
        if !left_out.is_empty() {
            notes.push(ExportNote::TokensWithoutRow { tokens: left_out });
        }
        notes.extend(differences);
        Ok(Self { file_type, header, tensors: placed, notes })
    }

    /// Bits of a weight, all tensors together.
    #[must_use]
    pub fn bits_per_weight(&self) -> f64 {
        let byte_count: u64 = self.tensors.iter().map(|tensor| tensor.stored.byte_count).sum();
        let value_count: u64 = self.tensors.iter().map(|tensor| tensor.stored.dims.iter().product::<u64>()).sum();
        byte_count as f64 * 8.0 / value_count as f64
    }
}

impl OutputTensor {
    /// Values of a row as the source gives them; a vector is a column.
    #[must_use]
    pub fn columns(&self) -> usize {
        match self.stored.dims.as_slice() {
            [_] | [] => 1,
            [columns, ..] => usize::try_from(*columns).unwrap_or(usize::MAX),
        }
    }

    /// Rows of [`Self::columns`] values.
    #[must_use]
    pub fn rows(&self) -> usize {
        let values: u64 = self.stored.dims.iter().product();
        usize::try_from(values).unwrap_or(usize::MAX) / self.columns()
    }

    /// Ranges of rows that are written in one go; together they are all rows.
    pub fn tiles(&self) -> impl Iterator<Item = Range<usize>> {
        self.parts_of(0..self.rows(), TILE_LEN)
    }

    /// Ranges of rows that are read and encoded in one go; together they are those of the tile `rows`.
    pub fn strips(&self, rows: Range<usize>) -> impl Iterator<Item = Range<usize>> {
        self.parts_of(rows, STRIP_LEN)
    }

    fn parts_of(&self, rows: Range<usize>, most: usize) -> impl Iterator<Item = Range<usize>> {
        let shape = TileShape { rows: rows.len(), columns: self.columns() };
        // What is turned is read whole, once.
        let most = if matches!(self.source, super::Source::Turned(_)) { usize::MAX } else { most };
        row_tiles(shape, most).map(move |part| rows.start + part.start..rows.start + part.end)
    }

    /// Reads the values of `rows`, and nothing else, into `values`.
    ///
    /// # Errors
    /// A read that fails, a dtype that is no float.
    pub fn read(&self, rows: Range<usize>, values: &mut Vec<f32>) -> Result<(), CheckpointError> {
        let columns = self.columns();
        values.resize(rows.len() * columns, 0.0);
        self.source.read_rows(rows, columns, values)
    }

    /// Where the bytes of `rows` lie in the tensor.
    #[must_use]
    pub fn byte_range(&self, rows: &Range<usize>) -> Range<u64> {
        let byte_count = |rows: usize| self.byte_count(rows * self.columns()) as u64;
        byte_count(rows.start)..byte_count(rows.end)
    }

    /// Encodes `values`, which are whole rows.
    ///
    /// # Errors
    /// A value that the type cannot hold.
    ///
    /// # Panics
    /// If `bytes` are not those of as many rows.
    pub fn encode(&self, values: &[f32], bytes: &mut [u8]) -> Result<(), ExportError> {
        let ggml_type = self.stored.ggml_type;
        ggml_type.encode(values, bytes).map_err(|problem| {
            let (tensor, path) = match self.source.tensors().next() {
                Some(tensor) => (tensor.name().to_owned(), tensor.file().path().to_owned()),
                None => (self.stored.name.clone(), std::path::PathBuf::new()),
            };
            ExportError::Values { tensor, ggml_type: ggml_type.name(), problem, path }
        })
    }

    fn byte_count(&self, value_count: usize) -> usize {
        let byte_count = self.stored.ggml_type.byte_count(value_count);
        byte_count.unwrap_or_else(|| unreachable!("the header was refused otherwise"))
    }
}

/// What is said of every model; `is_phi3` where llama.cpp has to take the tokenizer for that of Phi-3.
fn general(checkpoint: &Checkpoint, family: Family, file_type: FileType, is_phi3: bool) -> Vec<(String, GgufValue)> {
    let mut keys: Vec<(&str, GgufValue)> =
        vec![("general.architecture", family.architecture().into()), ("general.type", "model".into())];
    let name = checkpoint.name();
    // By such a name llama.cpp takes any tokenizer for Phi-3's, whose tokens take the blanks behind them, and ends where
    // it is not; without, it takes none for it.
    let says_phi3 = ["phi-3", "phi3"].iter().any(|phi| name.to_lowercase().contains(phi));
    if is_phi3 && !says_phi3 {
        keys.push(("general.name", GgufValue::String(format!("{name} (Phi-3)"))));
    } else if is_phi3 == says_phi3 {
        keys.push(("general.name", name.as_str().into()));
    }
    if !family.has_experts() {
        keys.push(("general.size_label", GgufValue::String(size_label(checkpoint.parameter_count()))));
    }
    keys.push(("general.file_type", GgufValue::U32(file_type.number())));
    keys.push(("general.quantization_version", GgufValue::U32(QUANTIZATION_VERSION)));
    keys.into_iter().map(|(key, value)| (key.to_owned(), value)).collect()
}

/// `1.2B`, `135M`: two digits at least.
fn size_label(parameter_count: u64) -> String {
    let (unit, suffix) = [(1e12, "T"), (1e9, "B"), (1e6, "M")]
        .into_iter()
        .find(|(unit, _)| parameter_count as f64 >= *unit)
        .unwrap_or((1e3, "K"));
    let scaled = parameter_count as f64 / unit;
    if scaled.round() >= 10.0 { format!("{scaled:.0}{suffix}") } else { format!("{scaled:.1}{suffix}") }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sizes_have_two_digits_at_least() {
        for (count, label) in [
            (1_235_814_400, "1.2B"),
            (134_515_008, "135M"),
            (8_030_261_248, "8.0B"),
            (70_553_706_496, "71B"),
            (9_500, "10K"),
        ] {
            assert_eq!(size_label(count), label);
        }
    }
}
