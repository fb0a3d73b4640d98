//! The built-in sample: a small real model and a real LoRA adapter for it.

use std::path::{Path, PathBuf};

use crate::error::Hint;

/// Where the sample lies.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Sample {
    /// `assets/sample`.
    pub root: PathBuf,
}

/// The sample is not where it is installed.
#[derive(Debug, thiserror::Error)]
#[error("the built-in sample was not found (looked in {})", looked.iter().map(|path| path.display().to_string()).collect::<Vec<_>>().join(", "))]
pub struct SampleMissing {
    /// Folders that were tried.
    pub looked: Vec<PathBuf>,
}

impl Hint for SampleMissing {
    fn hint(&self) -> Option<String> {
        Some("set LORAFUSE_ASSETS to the folder `assets` of the repository, or install the program again".to_owned())
    }
}

impl Sample {
    /// Looks in `$LORAFUSE_ASSETS`, beside the binary, in `share/lorafuse` of its prefix, and in the repository.
    ///
    /// # Errors
    /// [`SampleMissing`] with the folders that were tried.
    pub fn find() -> Result<Self, SampleMissing> {
        let mut looked = Vec::new();
        for assets in asset_folders() {
            let root = assets.join("sample");
            if root.join("base/config.json").is_file() {
                return Ok(Self { root });
            }
            looked.push(root);
        }
        Err(SampleMissing { looked })
    }

    /// The base model.
    #[must_use]
    pub fn base(&self) -> PathBuf {
        self.root.join("base")
    }

    /// The adapter.
    #[must_use]
    pub fn adapter(&self) -> PathBuf {
        self.root.join("adapter")
    }

    /// The texts, held out of both trainings.
    #[must_use]
    pub fn texts(&self) -> PathBuf {
        self.root.join("texts")
    }
}

fn asset_folders() -> Vec<PathBuf> {
    let beside_binary = std::env::current_exe().ok().and_then(|exe| exe.canonicalize().ok());
    let beside_binary = beside_binary.as_deref().and_then(Path::parent).map(Path::to_owned);
    let mut folders: Vec<PathBuf> = std::env::var_os("LORAFUSE_ASSETS").map(PathBuf::from).into_iter().collect();
    if let Some(folder) = beside_binary {
        folders.push(folder.join("assets"));
        folders.push(folder.join("../share/lorafuse"));
        folders.push(folder.join("../Resources"));
        // `target/<profile>` of the repository, wherever it was moved after the build.
        folders.push(folder.join("../../assets"));
    }
    folders.push(Path::new(env!("CARGO_MANIFEST_DIR")).join("assets"));
    folders
}
