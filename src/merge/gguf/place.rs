//! Where GGUF files go.

use std::path::{Path, PathBuf};

/// One file, or a folder of them.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum GgufPlace {
    /// One file; nothing stands beside it.
    File(PathBuf),
    /// A folder, new or empty, which also says how the files are run.
    Folder(PathBuf),
}

impl GgufPlace {
    /// What a user means by `path`: a file where it ends in `.gguf`, else a folder.
    #[must_use]
    pub fn of(path: PathBuf) -> Self {
        let is_file = path.extension().is_some_and(|extension| extension.eq_ignore_ascii_case("gguf"));
        if is_file { Self::File(path) } else { Self::Folder(path) }
    }

    /// The path of the file or of the folder.
    #[must_use]
    pub fn path(&self) -> &Path {
        let (Self::File(path) | Self::Folder(path)) = self;
        path
    }

    /// Whether it is one file.
    #[must_use]
    pub fn is_file(&self) -> bool {
        matches!(self, Self::File(_))
    }
}
