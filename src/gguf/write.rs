//! Writing a file: its header first, then tiles of rows on all cores, each at its place; the name comes last.

use std::{
    fs::{File, OpenOptions},
    io::Read as _,
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

impl GgufExport {
    /// Writes the file to `path`, which must not be there. A failed or cancelled run leaves nothing; one that was killed
    /// leaves a file that ends in `.part`, which the next run of the same export takes over.
    ///
    /// # Errors
    /// A file in the way, a read or a write that fails, a value that its type cannot hold, a cancelled job.
    pub fn write(&self, path: &Path, job: &JobContext) -> Result<(), ExportError> {
        if path.symlink_metadata().is_ok() {
            return Err(ExportError::Exists { path: path.to_owned() });
        }
        let mut part = path.as_os_str().to_owned();
        part.push(PART_SUFFIX);
        let part = PathBuf::from(part);
        let header = self.header.to_bytes();
        let file = open_part(&part, &header)?;
        let written = self.write_to(&file, &part, &header, job).and_then(|()| {
            drop(file);
            platform::rename_into_place(&part, path).at(IoAction::NameOutput, path)?;
            let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."));
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
        platform::write_all_at(file, header, 0).at(IoAction::WriteWeights, part)?;
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
        Ok(file.sync_all().at(IoAction::SyncWeights, part)?)
    }
}

/// A new file, or what a killed run of the same export left.
fn open_part(part: &Path, header: &[u8]) -> Result<File, ExportError> {
    match OpenOptions::new().write(true).create_new(true).open(part) {
        Err(error) if error.kind() == std::io::ErrorKind::AlreadyExists => {
            let mut start = Vec::new();
            let file = File::open(part).at(IoAction::OpenFile, part)?;
            file.take(header.len() as u64).read_to_end(&mut start).at(IoAction::ReadFile, part)?;
            if start != header {
                return Err(ExportError::Exists { path: part.to_owned() });
            }
            let file = OpenOptions::new().write(true).truncate(true).open(part).at(IoAction::OpenFile, part)?;
            Ok(file)
        }
        opened => Ok(opened.at(IoAction::CreateFile, part)?),
    }
}
