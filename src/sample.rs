//! The built-in sample: a small real model and a real LoRA adapter for it.

use std::path::{Path, PathBuf};

use serde::{Serialize, Serializer};

use crate::message;

/// Where the sample lies.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Sample {
    /// `assets/sample`.
    pub root: PathBuf,
}

/// The sample is not where it is installed.
#[derive(Debug, Serialize, thiserror::Error)]
#[error("{}", message::english(self))]
pub struct SampleMissing {
    /// Folders that were tried.
    #[serde(serialize_with = "shown")]
    pub looked: Vec<PathBuf>,
}

fn shown<S: Serializer>(paths: &[PathBuf], serializer: S) -> Result<S::Ok, S::Error> {
    serializer.collect_seq(paths.iter().map(|path| path.display().to_string()))
}

impl Sample {
    /// Looks in `$LORAFUSE_ASSETS`, beside the program, in `share/lorafuse` of its prefix, in its bundle, and in the
    /// repository.
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

    /// What its models are asked: the adapter learned to answer that.
    pub const PROMPT: &str = "배고파";

    /// The texts that belong to the model in `base`: those of the sample, where it is the sample's.
    #[must_use]
    pub fn texts_for(base: &Path) -> Vec<PathBuf> {
        let Ok(sample) = Self::find() else { return Vec::new() };
        let is_sample = matches!((sample.base().canonicalize(), base.canonicalize()), (Ok(a), Ok(b)) if a == b);
        if !is_sample {
            return Vec::new();
        }
        let entries = std::fs::read_dir(sample.texts()).into_iter().flatten().flatten();
        let mut texts: Vec<PathBuf> = entries.map(|entry| entry.path()).collect();
        texts.retain(|path| path.extension().is_some_and(|extension| extension == "txt"));
        texts.sort();
        texts
    }

    /// The texts, held out of both trainings.
    #[must_use]
    pub fn texts(&self) -> PathBuf {
        self.root.join("texts")
    }
}

fn asset_folders() -> Vec<PathBuf> {
    let mut folders: Vec<PathBuf> = std::env::var_os("LORAFUSE_ASSETS").map(PathBuf::from).into_iter().collect();
    if let Some(program) = std::env::current_exe().ok().and_then(|program| dunce::canonicalize(program).ok()) {
        folders.extend(folders_of(&program));
    }
    folders.push(Path::new(env!("CARGO_MANIFEST_DIR")).join("assets"));
    folders
}

/// Where the assets of an installed program may lie.
fn folders_of(program: &Path) -> Vec<PathBuf> {
    let Some(folder) = program.parent() else { return Vec::new() };
    let mut folders = vec![
        folder.join("assets"),
        // An installer for Windows puts everything into one folder.
        folder.to_owned(),
    ];
    if let Some(prefix) = folder.parent() {
        // A prefix such as /usr or ~/.local, and a bundle of macOS.
        folders.extend([prefix.join("share/lorafuse"), prefix.join("Resources")]);
        // `target/<profile>` of the repository, wherever it was moved after the build.
        folders.extend(prefix.parent().map(|repository| repository.join("assets")));
    }
    folders
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_sample_is_found_wherever_a_package_puts_it() {
        for (program, assets) in [
            ("/usr/bin/lorafuse", "/usr/share/lorafuse"),
            ("/home/someone/.local/bin/lorafuse", "/home/someone/.local/share/lorafuse"),
            ("/Applications/Lorafuse.app/Contents/MacOS/lorafuse", "/Applications/Lorafuse.app/Contents/Resources"),
            ("/programs/Lorafuse/lorafuse.exe", "/programs/Lorafuse"),
            ("/src/lorafuse/target/release/lorafuse", "/src/lorafuse/assets"),
        ] {
            assert!(folders_of(Path::new(program)).contains(&PathBuf::from(assets)), "{program}");
        }
    }

    #[test]
    fn what_is_missing_names_the_folders() {
        let missing = SampleMissing { looked: vec!["/opt/a".into(), "/opt/b".into()] };
        crate::error::assert_told(&missing, &["/opt/a, /opt/b"]);
        assert_eq!(missing.to_string(), "the built-in sample was not found (looked in /opt/a, /opt/b)");
    }
}
