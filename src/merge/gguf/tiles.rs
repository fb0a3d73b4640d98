//! Rows of one tensor for every file: read once, encoded for each type, written at their place, claimed in the journal.

use std::{
    fs::File,
    ops::Range,
    path::PathBuf,
    sync::{
        Mutex,
        atomic::{AtomicUsize, Ordering},
    },
};

use serde::{Deserialize, Serialize};

use super::super::{
    MergeError,
    journal::{Claim, Journal, hash_range},
};
use crate::{
    error::{IoAction, IoContext as _},
    gguf::{GgufExport, OutputTensor},
    job::{JobContext, JobEvent},
    platform,
};

/// What the journal says of a tile.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(super) struct TileClaim {
    /// The file, the tensor in it and its first row.
    tile: String,
    /// BLAKE3 of its bytes.
    blake3: String,
}

impl Claim for TileClaim {
    fn key(&self) -> &str {
        &self.tile
    }
}

/// A file under way.
pub(super) struct OpenFile<'a> {
    pub(super) name: &'a str,
    pub(super) export: &'a GgufExport,
    pub(super) file: File,
    pub(super) path: PathBuf,
    pub(super) is_resumed: bool,
}

/// What a thread computes in, kept from tile to tile.
#[derive(Default)]
pub(super) struct Scratch {
    values: Vec<f32>,
    /// A tensor for each type of a tile.
    types: Vec<OutputTensor>,
    /// The tile in each of these types.
    encoded: Vec<Vec<u8>>,
}

/// All files of a run, which have the same tensors in the same order.
pub(super) struct Tiles<'a> {
    files: &'a [OpenFile<'a>],
    journal: Mutex<Journal<TileClaim>>,
    /// Tiles of each tensor that are not done.
    left: Vec<AtomicUsize>,
    kept_byte_count: Mutex<u64>,
}

impl<'a> Tiles<'a> {
    pub(super) fn new(files: &'a [OpenFile<'a>], journal: Journal<TileClaim>) -> Self {
        let mut tensors = files.iter().map(|file| file.export.tensors.iter().map(|tensor| &tensor.stored.name));
        if let Some(first) = tensors.next() {
            assert!(tensors.all(|others| others.eq(first.clone())), "types change no order");
        }
        let left = tensors_of(files).iter().map(|tensor| AtomicUsize::new(tensor.tiles().count())).collect();
        Self { files, journal: Mutex::new(journal), left, kept_byte_count: Mutex::new(0) }
    }

    /// Every tile, as a tensor's index and rows of it, in the order of the files.
    pub(super) fn all(&self) -> impl Iterator<Item = (usize, Range<usize>)> + use<'a> {
        let tensors = tensors_of(self.files).iter().enumerate();
        tensors.flat_map(|(index, tensor)| tensor.tiles().map(move |rows| (index, rows)))
    }

    /// Bytes that an interrupted run had written and this one kept.
    pub(super) fn kept_byte_count(&self) -> u64 {
        *locked(&self.kept_byte_count)
    }

    /// Writes a tile to every file that lacks it.
    ///
    /// # Errors
    /// A read or a write that fails, a value that a type cannot hold, a cancelled job.
    pub(super) fn write(
        &self,
        index: usize,
        rows: &Range<usize>,
        scratch: &mut Scratch,
        job: &JobContext,
    ) -> Result<(), MergeError> {
        job.check_cancelled()?;
        let tensor = &tensors_of(self.files)[index];
        job.set_current(tensor.stored.name.as_str());
        let mut wanting = Vec::new();
        for file in self.files {
            if !self.is_kept(file, index, rows, job)? {
                wanting.push(file);
            }
        }
        if !wanting.is_empty() {
            self.make(&wanting, index, rows, scratch)?;
            self.put(&wanting, index, rows, scratch, job)?;
        }
        if self.left[index].fetch_sub(1, Ordering::AcqRel) == 1 {
            tensor.source.tensors().for_each(crate::checkpoint::LogicalTensor::forget);
            job.send(JobEvent::TensorDone { name: tensor.stored.name.clone() });
        }
        Ok(())
    }

    /// Encodes the tile for every type that `files` have.
    fn make(
        &self,
        files: &[&OpenFile<'_>],
        index: usize,
        rows: &Range<usize>,
        scratch: &mut Scratch,
    ) -> Result<(), MergeError> {
        let Scratch { values, types, encoded } = scratch;
        types.clear();
        // What two mixtures hold in one type is encoded once.
        for tensor in files.iter().map(|file| &file.export.tensors[index]) {
            if types.iter().all(|known: &OutputTensor| known.stored.ggml_type != tensor.stored.ggml_type) {
                types.push(tensor.clone());
            }
        }
        encoded.resize_with(encoded.len().max(types.len()), Vec::new);
        // What is left over from another tile is written over.
        for (tensor, bytes) in types.iter().zip(encoded.iter_mut()) {
            bytes.resize(places_in(tensor, rows, rows).len(), 0);
        }
        for strip in tensors_of(self.files)[index].strips(rows.clone()) {
            tensors_of(self.files)[index].read(strip.clone(), values)?;
            for (tensor, bytes) in types.iter().zip(encoded.iter_mut()) {
                tensor.encode(values, &mut bytes[places_in(tensor, rows, &strip)])?;
            }
        }
        Ok(())
    }

    /// Writes what was made.
    fn put(
        &self,
        files: &[&OpenFile<'_>],
        index: usize,
        rows: &Range<usize>,
        scratch: &Scratch,
        job: &JobContext,
    ) -> Result<(), MergeError> {
        for file in files {
            let tensor = &file.export.tensors[index];
            let mut made = scratch.types.iter().zip(&scratch.encoded);
            let of_type = |(made, _): &(&OutputTensor, _)| made.stored.ggml_type == tensor.stored.ggml_type;
            let Some((_, bytes)) = made.find(of_type) else { unreachable!("made for every file") };
            let place = place(file, tensor, rows);
            platform::write_all_at(&file.file, bytes, place.start).at(IoAction::WriteWeights, &file.path)?;
            let claim = TileClaim { tile: key(file, tensor, rows), blake3: blake3::hash(bytes).to_hex().to_string() };
            locked(&self.journal).record(&claim)?;
            job.advance(bytes.len() as u64);
        }
        Ok(())
    }

    /// Whether an interrupted run wrote the tile, and its bytes are still what it wrote.
    fn is_kept(
        &self,
        file: &OpenFile<'_>,
        index: usize,
        rows: &Range<usize>,
        job: &JobContext,
    ) -> Result<bool, MergeError> {
        if !file.is_resumed {
            return Ok(false);
        }
        let tensor = &file.export.tensors[index];
        let Some(claim) = locked(&self.journal).claim(&key(file, tensor, rows)).cloned() else { return Ok(false) };
        let place = place(file, tensor, rows);
        let byte_count = place.end - place.start;
        let is_kept = hash_range(&file.file, &file.path, place, job)?.to_hex().as_str() == claim.blake3;
        if is_kept {
            *locked(&self.kept_byte_count) += byte_count;
            job.advance(byte_count);
        }
        Ok(is_kept)
    }
}

/// Where the bytes of `part` lie among those of the tile `rows`.
fn places_in(tensor: &OutputTensor, rows: &Range<usize>, part: &Range<usize>) -> Range<usize> {
    let range = tensor.byte_range(&(part.start - rows.start..part.end - rows.start));
    let place = |at: u64| usize::try_from(at).unwrap_or_else(|_| unreachable!("a tile is in memory"));
    place(range.start)..place(range.end)
}

fn tensors_of<'a>(files: &'a [OpenFile<'_>]) -> &'a [OutputTensor] {
    files.first().map_or(&[], |file| &file.export.tensors)
}

fn place(file: &OpenFile<'_>, tensor: &OutputTensor, rows: &Range<usize>) -> Range<u64> {
    let range = tensor.byte_range(rows);
    let start = file.export.header.data_start + tensor.stored.offset;
    start + range.start..start + range.end
}

fn key(file: &OpenFile<'_>, tensor: &OutputTensor, rows: &Range<usize>) -> String {
    format!("{}/{}/{}", file.name, tensor.stored.name, rows.start)
}

/// A lock whose holder never panics.
fn locked<T>(lock: &Mutex<T>) -> std::sync::MutexGuard<'_, T> {
    lock.lock().unwrap_or_else(std::sync::PoisonError::into_inner)
}
