//! Packed bytes that many tiles are decoded from. What is stored across the rows that come out of it must be read as a
//! whole for each of them: it is kept for the next ones, whichever thread reads them, and never more than [`MAX_UNITS`].

use std::sync::{Arc, Condvar, Mutex, MutexGuard, OnceLock, PoisonError};

use super::store::Bytes;
use crate::{checkpoint::CheckpointError, error::IoError};

/// Bytes of a unit: a whole module of a model with eight billion weights, or an expert. Less in tests, so that their
/// small modules have several.
pub(super) const UNIT_BYTES: usize = if cfg!(test) { 4 << 10 } else { 32 << 20 };

/// Units in memory: the readers of a merge are in one tensor, or at the end of one and the start of the next.
const MAX_UNITS: usize = 2;

/// Bytes that are read at once where only some columns of them are kept, so that the disk is read in its own order.
const CHUNK_BYTES: usize = if cfg!(test) { 1 << 10 } else { 1 << 20 };

/// The units of a checkpoint that were read last.
#[derive(Debug, Default)]
pub(super) struct UnitCache {
    /// The one that was asked for last stands last.
    units: Mutex<Vec<Unit>>,
    /// A unit is no longer in use.
    released: Condvar,
}

#[derive(Clone, Debug)]
struct Unit {
    tensor: String,
    index: usize,
    parts: Arc<Parts>,
}

/// The parts of a unit, once they are read; whoever comes while they are waits.
#[derive(Debug, Default)]
struct Parts {
    reading: Mutex<()>,
    read: OnceLock<Vec<Vec<u8>>>,
}

/// A unit in use, which stays in memory.
struct Lease<'a> {
    cache: &'a UnitCache,
    parts: Option<Arc<Parts>>,
}

impl UnitCache {
    /// Lets `decode` see the parts of unit `index` of `tensor`, which `read` reads where they are not in memory. Waits
    /// while others use as many other units as there may be; `decode` must ask for none itself.
    pub fn with<T>(
        &self,
        (tensor, index): (&str, usize),
        read: impl FnOnce() -> Result<Vec<Vec<u8>>, CheckpointError>,
        decode: impl FnOnce(&[Vec<u8>]) -> T,
    ) -> Result<T, CheckpointError> {
        let lease = self.lease(tensor, index);
        let Some(parts) = &lease.parts else { unreachable!("a lease has its parts until it ends") };
        if let Some(parts) = parts.read.get() {
            return Ok(decode(parts));
        }
        let reading = parts.reading.lock().unwrap_or_else(PoisonError::into_inner);
        if parts.read.get().is_none() {
            parts.read.set(read()?).ok();
        }
        drop(reading);
        let Some(parts) = parts.read.get() else { unreachable!("read just now") };
        Ok(decode(parts))
    }

    fn lease(&self, tensor: &str, index: usize) -> Lease<'_> {
        let mut units = self.lock();
        loop {
            if let Some(at) = units.iter().position(|unit| unit.index == index && unit.tensor == tensor) {
                let unit = units.remove(at);
                units.push(unit.clone());
                return Lease { cache: self, parts: Some(unit.parts) };
            }
            if units.len() == MAX_UNITS
                && let Some(unused) = units.iter().position(|unit| Arc::strong_count(&unit.parts) == 1)
            {
                units.remove(unused);
            }
            if units.len() < MAX_UNITS {
                units.push(Unit { tensor: tensor.to_owned(), index, parts: Arc::default() });
            } else {
                units = self.released.wait(units).unwrap_or_else(PoisonError::into_inner);
            }
        }
    }

    fn lock(&self) -> MutexGuard<'_, Vec<Unit>> {
        self.units.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Drop for Lease<'_> {
    fn drop(&mut self) {
        self.parts = None;
        // Whoever waits has either counted without this one, or holds no lock and hears it.
        drop(self.cache.lock());
        self.cache.released.notify_all();
    }
}

impl Bytes {
    /// Reads columns `columns` (in bytes) of a matrix with rows of `row_byte_count`, which begins `start` bytes into
    /// these and has `rows` rows.
    pub fn read_columns(
        &self,
        start: usize,
        (rows, row_byte_count): (usize, usize),
        columns: std::ops::Range<usize>,
    ) -> Result<Vec<u8>, IoError> {
        if columns.len() == row_byte_count {
            return self.read_vec(start..start + rows * row_byte_count);
        }
        let mut kept = Vec::with_capacity(rows * columns.len());
        let rows_at_once = (CHUNK_BYTES / row_byte_count.max(1)).max(1);
        let mut chunk = vec![0; rows_at_once.min(rows) * row_byte_count];
        for first in (0..rows).step_by(rows_at_once) {
            let count = rows_at_once.min(rows - first);
            let from = start + first * row_byte_count;
            self.read(from..from + count * row_byte_count, &mut chunk)?;
            for row in chunk[..count * row_byte_count].chunks_exact(row_byte_count) {
                kept.extend_from_slice(&row[columns.clone()]);
            }
        }
        Ok(kept)
    }
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::{AtomicUsize, Ordering};

    use super::*;

    /// A unit of one byte; `reads` counts how often it was read.
    fn byte(cache: &UnitCache, reads: &AtomicUsize, index: usize) -> u8 {
        let read = || {
            reads.fetch_add(1, Ordering::Relaxed);
            Ok(vec![vec![index.to_le_bytes()[0]]])
        };
        cache.with(("w", index), read, |parts| parts[0][0]).unwrap()
    }

    #[test]
    fn the_last_units_stay_and_older_ones_are_read_again() {
        let (cache, reads) = (UnitCache::default(), AtomicUsize::new(0));
        for (index, expected) in [(0, 1), (0, 1), (1, 2), (0, 2), (2, 3), (0, 3), (1, 4)] {
            assert_eq!(usize::from(byte(&cache, &reads, index)), index);
            assert_eq!(reads.load(Ordering::Relaxed), expected, "after unit {index}");
            assert!(cache.lock().len() <= MAX_UNITS);
        }
    }

    #[test]
    fn units_of_several_tensors_are_told_apart() {
        let cache = UnitCache::default();
        let read = |tensor: &str, value: u8| cache.with((tensor, 0), || Ok(vec![vec![value]]), |parts| parts[0][0]);
        assert_eq!((read("a", 1).unwrap(), read("b", 2).unwrap(), read("a", 3).unwrap()), (1, 2, 1));
    }

    #[test]
    fn a_failed_read_is_tried_again() {
        let cache = UnitCache::default();
        let failed = || {
            let problem = super::super::PackedError::Scattered { tensor: "w".to_owned() };
            Err(CheckpointError::Packed { problem, path: std::path::PathBuf::new() })
        };
        assert!(cache.with(("w", 0), failed, |_| ()).is_err());
        assert_eq!(byte(&cache, &AtomicUsize::new(0), 0), 0);
    }

    /// Threads that want more units than there may be: each gets its own, none is read twice at once, none waits forever.
    #[test]
    fn many_threads_share_few_units() {
        let (cache, reads, in_use) = (UnitCache::default(), AtomicUsize::new(0), AtomicUsize::new(0));
        std::thread::scope(|scope| {
            for thread in 0..8 {
                let (cache, reads, in_use) = (&cache, &reads, &in_use);
                scope.spawn(move || {
                    for round in 0..200 {
                        let index = (thread / 2 + round / 50) % 4;
                        assert_eq!(usize::from(byte(cache, reads, index)), index);
                        let decode = |parts: &[Vec<u8>]| {
                            let others: Vec<usize> = cache.lock().iter().map(|unit| unit.index).collect();
                            in_use.fetch_max(others.len(), Ordering::Relaxed);
                            assert!(others.contains(&usize::from(parts[0][0])), "a unit in use is kept");
                        };
                        cache.with(("w", index), || Ok(vec![vec![index.to_le_bytes()[0]]]), decode).unwrap();
                    }
                });
            }
        });
        assert!(in_use.into_inner() <= MAX_UNITS);
    }
}
