//! Writing what a plan holds: proven inputs, a work folder with a journal, tiles on all cores, and the names last.

use std::{
    path::PathBuf,
    sync::{Mutex, PoisonError},
    time::Instant,
};

use serde::Serialize;

use super::{
    GgufPlace, GgufPlan,
    tiles::{OpenFile, Scratch, TileClaim, Tiles},
};
use crate::{
    checkpoint::Storage,
    error::{IoAction, IoContext as _},
    job::{JobContext, Stage},
    merge::{
        MergeError, OutputFolder, WrittenFile,
        journal::{Fingerprint, Journal},
        run::{explained, keep, prove_inputs},
    },
    message, platform,
};

/// What computes; part of what a journal is bound to.
const KERNEL: &str = "gguf";

/// Bytes that make a file GGUF; they are written last, so that nobody reads half of a file.
const MAGIC_LEN: usize = 4;

/// Files that were written.
#[derive(Clone, Debug, Serialize)]
pub struct GgufReceipt {
    /// The file or the folder.
    #[serde(serialize_with = "message::path")]
    pub output: PathBuf,
    /// From the first read to the last name.
    pub duration_secs: f64,
    /// The part of it spent on forcing bytes to the disk.
    pub sync_duration_secs: f64,
    /// Bytes that an interrupted run had written and this one kept.
    pub resumed_byte_count: u64,
    /// Every file of weights.
    pub files: Vec<WrittenFile>,
    /// The names of what lies beside them: how they are run, and licences.
    pub beside: Vec<String>,
}

impl GgufPlan {
    /// Writes the files, from where an interrupted run of the same plan ended.
    ///
    /// # Errors
    /// As a merge: an adapter with NaN or without effect, a failed read or write, a full disk, a value that a type
    /// cannot hold: what was written is removed then. A cancelled job: what is finished is kept for the next run. The
    /// output does not exist either way.
    pub fn run(&self, job: &JobContext) -> Result<GgufReceipt, MergeError> {
        let started = Instant::now();
        job.start_stage(Stage::Converting, self.weight_byte_count());
        self.prove(job)?;
        let fingerprint = self.fingerprint(job)?;
        let folder = OutputFolder::create(self.place.path(), &fingerprint)?;
        let journal = Journal::open(folder.partial(), &fingerprint)?;
        let mut kept_byte_count = 0;
        let written = match self.write(&folder, journal, &mut kept_byte_count, job) {
            Ok(written) => written,
            Err(error) if error.is_cancelled() => return Err(keep(folder, kept_byte_count).unwrap_or(error)),
            Err(error) => {
                let largest = self.files.iter().map(|file| file.export.header.file_byte_count()).max();
                return Err(explained(error, self.place.path(), self.byte_count(), largest.unwrap_or(0), job));
            }
        };
        match (&self.place, self.files.as_slice()) {
            (GgufPlace::File(_), [file]) => folder.commit_file(&file.name)?,
            _ => folder.commit_files()?,
        }
        let files = self
            .files
            .iter()
            .map(|file| WrittenFile { name: file.name.clone(), byte_count: file.export.header.file_byte_count() });
        Ok(GgufReceipt {
            output: self.place.path().to_owned(),
            duration_secs: started.elapsed().as_secs_f64(),
            sync_duration_secs: written.sync_duration_secs,
            resumed_byte_count: written.resumed_byte_count,
            files: files.collect(),
            beside: written.beside,
        })
    }

    /// Finds what only looking at the inputs' values can find, before anything is written.
    fn prove(&self, job: &JobContext) -> Result<(), MergeError> {
        if let Some(plan) = &self.merge {
            return prove_inputs(plan, job);
        }
        for tensor in self.model.tensors().values() {
            if let Storage::Computed(rows) = tensor.storage() {
                job.check_cancelled()?;
                rows.check()?;
            }
        }
        Ok(())
    }

    fn fingerprint(&self, job: &JobContext) -> Result<String, MergeError> {
        let mut parts = Fingerprint::new(KERNEL);
        match &self.merge {
            Some(plan) => parts.add_inputs(plan, job)?,
            None => parts.add_model(&self.model)?,
        }
        for file in &self.files {
            parts.add(file.name.as_bytes());
            parts.add(&file.export.header.to_bytes());
        }
        Ok(parts.finish())
    }

    /// Everything but the name of the output; `kept_byte_count` says, when it fails, what the next run need not do.
    fn write(
        &self,
        folder: &OutputFolder,
        journal: Journal<TileClaim>,
        kept_byte_count: &mut u64,
        job: &JobContext,
    ) -> Result<Written, MergeError> {
        let files = self.files.iter().map(|file| {
            let (handle, is_resumed) = folder.open_shard(&file.name, file.export.header.file_byte_count())?;
            let path = folder.part_path(&file.name);
            Ok(OpenFile { name: &file.name, export: &file.export, file: handle, path, is_resumed })
        });
        let files = files.collect::<Result<Vec<_>, MergeError>>()?;
        for OpenFile { export, file, path, .. } in &files {
            let mut header = export.header.to_bytes();
            header[..MAGIC_LEN].fill(0);
            platform::write_all_at(file, &header, 0).at(IoAction::WriteWeights, path)?;
        }
        let tiles = Tiles::new(&files, journal);
        let outcome = on_all_cores(&tiles, job);
        *kept_byte_count = job.sample().bytes_done;
        outcome?;
        let sync_started = Instant::now();
        job.start_stage(Stage::Syncing, self.byte_count());
        for OpenFile { export, file, path, name, .. } in &files {
            job.check_cancelled()?;
            job.set_current(*name);
            file.sync_all().at(IoAction::SyncWeights, path)?;
            platform::write_all_at(file, &export.header.to_bytes()[..MAGIC_LEN], 0).at(IoAction::WriteWeights, path)?;
            file.sync_all().at(IoAction::SyncWeights, path)?;
            job.advance(export.header.file_byte_count());
        }
        let resumed_byte_count = tiles.kept_byte_count();
        drop(tiles);
        // Windows renames no open file.
        drop(files);
        for file in &self.files {
            folder.name_shard(&file.name)?;
        }
        let beside = self.write_beside(folder)?;
        Ok(Written { beside, resumed_byte_count, sync_duration_secs: sync_started.elapsed().as_secs_f64() })
    }
}

/// What a run says of itself.
struct Written {
    beside: Vec<String>,
    resumed_byte_count: u64,
    sync_duration_secs: f64,
}

/// Writes every tile; the first failure ends all threads.
fn on_all_cores(tiles: &Tiles<'_>, job: &JobContext) -> Result<(), MergeError> {
    let waiting = Mutex::new(tiles.all());
    let failure = Mutex::new(None);
    let work = || {
        let mut scratch = Scratch::default();
        loop {
            let next = waiting.lock().unwrap_or_else(PoisonError::into_inner).next();
            let Some((index, rows)) = next else { break };
            if let Err(error) = tiles.write(index, &rows, &mut scratch, job) {
                // No other thread begins another tile.
                waiting.lock().unwrap_or_else(PoisonError::into_inner).by_ref().for_each(drop);
                failure.lock().unwrap_or_else(PoisonError::into_inner).get_or_insert(error);
                break;
            }
        }
    };
    // One more than there are cores: while one waits for the disk, the others compute. Not the pool: a tile may wait for
    // the pool itself.
    std::thread::scope(|scope| {
        for _ in 0..=rayon::current_num_threads() {
            scope.spawn(work);
        }
    });
    failure.into_inner().unwrap_or_else(PoisonError::into_inner).map_or(Ok(()), Err)
}
