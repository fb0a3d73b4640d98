//! Writing a file: its header first, then tiles of rows on all cores, each at its place; the name comes last.

use std::{
    fs::{File, OpenOptions, TryLockError},
    io::Read as _,
    ops::Range,
    path::{Path, PathBuf},
};

use rayon::iter::{ParallelBridge as _, ParallelIterator as _};

use super::{ExportError, GgufExport};
use crate::{
    error::{IoAction, IoContext as _},
    job::{JobContext, Stage},
    platform,
};

/// What is appended to the name until the file is whole.
const PART_SUFFIX: &str = ".part";

/// Bytes that make a file GGUF; they are written last, so that nobody reads half of a file.
const MAGIC_LEN: usize = 4;

impl GgufExport {
    /// Writes the file to `path`, which must not be there. A failed or cancelled run leaves nothing; one that was killed
    /// leaves a file that ends in `.part`, which the next run replaces; one that lives holds a lock on it.
    ///
    /// # Errors
    /// A file in the way, another run for the same file, a missing folder, a read or a write that fails, a value that its type cannot hold, a cancelled job.
    pub fn write(&self, path: &Path, job: &JobContext) -> Result<(), ExportError> {
        if path.symlink_metadata().is_ok() {
            return Err(ExportError::Exists { path: path.to_owned() });
        }
        let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."));
        if !folder.is_dir() {
            return Err(ExportError::NoFolder { path: folder.to_owned() });
        }
        let mut part = path.as_os_str().to_owned();
        part.push(PART_SUFFIX);
        let part = PathBuf::from(part);
        let header = self.header.to_bytes();
        let held = open_part(&part, &header)?;
        // The lock is held until the name is given.
        let written = self.write_to(&held.file, &part, &header, job).and_then(|()| {
            platform::rename_into_place(&part, path).at(IoAction::NameOutput, path)?;
            Ok(platform::sync_folder(folder).at(IoAction::SyncFolder, folder)?)
        });
        if written.is_err() {
            // What stopped the run is told; that its rest could not be removed would only hide it.
            std::fs::remove_file(&part).ok();
        }
        written
    }

    fn write_to(&self, file: &File, part: &Path, header: &[u8], job: &JobContext) -> Result<(), ExportError> {
        job.start_stage(Stage::Converting, self.header.file_byte_count());
        platform::write_all_at(file, &header[MAGIC_LEN..], MAGIC_LEN as u64).at(IoAction::WriteWeights, part)?;
        // Reserved bytes are zeros, as those between tensors must be.
        platform::reserve(file, self.header.file_byte_count()).at(IoAction::WriteWeights, part)?;
        job.advance(header.len() as u64);
        let tiles = self.tensors.iter().flat_map(|tensor| tensor.tiles().map(move |rows| (tensor, rows)));
        tiles.par_bridge().try_for_each(|(tensor, rows)| {
            job.check_cancelled()?;
            job.set_current(tensor.stored.name.as_str());
            let (offset, bytes) = tensor.encoded_rows(rows)?;
            let offset = self.header.data_start + tensor.stored.offset + offset;
            platform::write_all_at(file, &bytes, offset).at(IoAction::WriteWeights, part)?;
            job.advance(bytes.len() as u64);
            Ok::<_, ExportError>(())
        })?;
        job.start_stage(Stage::Syncing, 0);
        file.sync_all().at(IoAction::SyncWeights, part)?;
        platform::write_all_at(file, &header[..MAGIC_LEN], 0).at(IoAction::WriteWeights, part)?;
        Ok(file.sync_all().at(IoAction::SyncWeights, part)?)
    }
}

/// A file that no other process writes.
struct Part {
    file: File,
    /// What a killed run left at its place: held, so that nobody takes that over as well.
    _left_over: Option<File>,
}

/// A new file under a lock, in the place of what a killed run left.
fn open_part(part: &Path, header: &[u8]) -> Result<Part, ExportError> {
    let mut left_over = None;
    if let Ok(metadata) = part.symlink_metadata() {
        if !metadata.is_file() {
            return Err(ExportError::Exists { path: part.to_owned() });
        }
        let file = OpenOptions::new().read(true).write(true).open(part).at(IoAction::OpenFile, part)?;
        lock(&file, part)?;
        if !is_ours(&file, part, header)? {
            return Err(ExportError::LeftOver { path: part.to_owned() });
        }
        std::fs::remove_file(part).at(IoAction::RemoveLeftovers, part)?;
        left_over = Some(file);
    }
    let file = match OpenOptions::new().read(true).write(true).create_new(true).open(part) {
        Err(error) if error.kind() == std::io::ErrorKind::AlreadyExists => {
            return Err(ExportError::InUse { path: part.to_owned() });
        }
        opened => opened.at(IoAction::CreateFile, part)?,
    };
    lock(&file, part)?;
    Ok(Part { file, _left_over: left_over })
}

/// Locks `file`, which must still be what `part` names.
fn lock(file: &File, part: &Path) -> Result<(), ExportError> {
    let in_use = || ExportError::InUse { path: part.to_owned() };
    match file.try_lock() {
        Err(TryLockError::WouldBlock) => return Err(in_use()),
        Err(TryLockError::Error(error)) => Err(error).at(IoAction::CreateLock, part)?,
        Ok(()) => {}
    }
    #[cfg(unix)]
    {
        use std::os::unix::fs::MetadataExt as _;
        let (held, named) = (file.metadata().at(IoAction::OpenFile, part)?, part.symlink_metadata());
        if !named.is_ok_and(|named| (named.dev(), named.ino()) == (held.dev(), held.ino())) {
            return Err(in_use());
        }
    }
    Ok(())
}

/// Whether `file` is what a killed run left: nothing, a header of this program without its magic, or this very header.
fn is_ours(file: &File, part: &Path, header: &[u8]) -> Result<bool, ExportError> {
    let mut start = Vec::new();
    file.take(header.len() as u64).read_to_end(&mut start).at(IoAction::ReadFile, part)?;
    // The version, two counts and the first key are written by every export; only the counts differ.
    let begins_alike =
        |range: Range<usize>| start.get(range.clone()).is_some_and(|bytes| Some(bytes) == header.get(range));
    let has_no_magic = start.starts_with(&[0; MAGIC_LEN]);
    Ok(start.is_empty() || start == header || has_no_magic && begins_alike(4..8) && begins_alike(24..52))
}
