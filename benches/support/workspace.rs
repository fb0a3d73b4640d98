//! The folder that inputs and outputs live in: checked for room, never filled with anything that is not cleared away.

use std::{
    fs::{File, OpenOptions},
    io,
    path::{Path, PathBuf},
};

use lorafuse::{platform, units};

use super::synthetic::Synthetic;

/// Written last, so that inputs that an interrupted run left are made again. Only folders that hold it, or its
/// beginning, are ever removed.
const MARK: &str = "lorafuse-bench.complete";
const MARK_BEGUN: &str = "lorafuse-bench.begun";

/// Left free for whatever else the machine writes.
const SPARE_BYTES: u64 = 256 << 20;

/// Generated inputs, and a place for outputs beside them.
pub struct Workspace {
    folder: PathBuf,
    is_kept: bool,
}

impl Workspace {
    /// Generates the inputs below `root`, or finds them there.
    pub fn prepare(root: &Path, synthetic: &Synthetic, is_kept: bool) -> io::Result<Self> {
        let Synthetic { shape, dtype, rank, saves_embedding, .. } = synthetic;
        let saved = if *saves_embedding { "-saved" } else { "" };
        let folder = root.join(format!("{}-{dtype}-r{rank}{saved}", shape.name));
        let workspace = Self { folder, is_kept };
        std::fs::create_dir_all(root)?;
        workspace.remove_output()?;
        let is_complete = workspace.folder.join(MARK).is_file();
        let inputs = if is_complete { 0 } else { synthetic.base_byte_count() + synthetic.adapter_byte_count() };
        let needed = inputs + synthetic.base_byte_count() + SPARE_BYTES;
        if let Some(free) = platform::free_bytes(root).filter(|free| *free < needed) {
            let (needed, free) = (units::bytes(needed), units::bytes(free));
            return Err(io::Error::other(format!("{needed} needed, {free} free: {}", root.display())));
        }
        if !is_complete {
            workspace.generate(synthetic)?;
        }
        Ok(workspace)
    }

    fn generate(&self, synthetic: &Synthetic) -> io::Result<()> {
        if self.folder.exists() {
            self.remove()?;
        }
        std::fs::create_dir(&self.folder)?;
        let begun = self.folder.join(MARK_BEGUN);
        OpenOptions::new().write(true).create_new(true).open(&begun)?;
        synthetic.write(&self.folder)?;
        std::fs::rename(begun, self.folder.join(MARK))
    }

    pub fn base(&self) -> PathBuf {
        self.folder.join("base")
    }

    pub fn adapter(&self) -> PathBuf {
        self.folder.join("adapter")
    }

    /// Where a program is to write.
    pub fn output(&self) -> PathBuf {
        self.folder.join("output")
    }

    /// Clears the place for outputs.
    pub fn remove_output(&self) -> io::Result<()> {
        for path in [self.output(), self.folder.join("output.partial")] {
            match std::fs::remove_dir_all(&path) {
                Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(error),
                _ => {}
            }
        }
        Ok(())
    }

    /// Makes the next run read its inputs from the disk.
    pub fn drop_from_cache(&self) -> io::Result<()> {
        for folder in [self.base(), self.adapter()] {
            for entry in std::fs::read_dir(folder)? {
                forget(&File::open(entry?.path())?)?;
            }
        }
        Ok(())
    }

    /// Clears everything away, or leaves the inputs for the next time.
    pub fn finish(self) -> io::Result<()> {
        self.remove_output()?;
        if self.is_kept { Ok(()) } else { self.remove() }
    }

    fn remove(&self) -> io::Result<()> {
        if [MARK, MARK_BEGUN].iter().any(|mark| self.folder.join(mark).is_file()) {
            return std::fs::remove_dir_all(&self.folder);
        }
        Err(io::Error::other(format!("this folder is not the benchmark's: {}", self.folder.display())))
    }
}

#[cfg(target_os = "linux")]
fn forget(file: &File) -> io::Result<()> {
    file.sync_all()?;
    Ok(rustix::fs::fadvise(file, 0, None, rustix::fs::Advice::DontNeed)?)
}

#[cfg(not(target_os = "linux"))]
fn forget(_file: &File) -> io::Result<()> {
    Err(io::Error::other("--cold needs Linux"))
}
