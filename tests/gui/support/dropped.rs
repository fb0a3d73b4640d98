//! A folder as the system drops it on the window.

use std::path::{Path, PathBuf};

#[derive(Debug)]
pub struct Dropped(pub PathBuf);

impl egui::DroppedFile for Dropped {
    fn path(&self) -> &Path {
        &self.0
    }

    fn bytes(&self) -> Result<Vec<u8>, String> {
        Err("a checkpoint is never read whole".to_owned())
    }
}
