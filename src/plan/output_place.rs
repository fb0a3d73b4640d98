//! Where a merged model goes when nobody said where, and where else when that place takes none.

use std::path::{Path, PathBuf};

use super::MergePlan;
use crate::checkpoint::{folder_name, hub_cache};

impl MergePlan {
    /// A place for a plan whose output takes none: the same name with a number, beside the base, or in the user's folder: the first that takes the merge.
    #[must_use]
    pub fn other_place(&mut self, home: Option<&Path>) -> Option<PathBuf> {
        let (output, passed) = (self.output.clone(), self.checks.clone());
        let name = output.file_name().unwrap_or("merged".as_ref());
        let mut places = vec![free_name(&output), proposed_output(self.base.root(), home)];
        places.extend(home.map(|home| free_name(&home.join(name))));
        let found = places.into_iter().filter(|place| *place != output).find(|place| {
            self.output.clone_from(place);
            self.check_output().is_ok()
        });
        (self.output, self.checks) = (output, passed);
        found
    }
}

/// `<base>-merged` beside the base, numbered where that exists. The cache of the Hub is no place for it: a base that
/// lies there has its output in the user's folder.
#[must_use]
pub fn proposed_output(base: &Path, home: Option<&Path>) -> PathBuf {
    let absolute = std::path::absolute(base).unwrap_or_else(|_| base.to_owned());
    if let Some(home) = home.filter(|_| hub_cache::is_snapshot(&absolute)) {
        let id = folder_name(&absolute);
        let name = id.rsplit('/').next().unwrap_or(&id);
        return free_name(&home.join(format!("{name}-merged")));
    }
    let name = absolute.file_name().map_or_else(|| "model".into(), |name| name.to_string_lossy().into_owned());
    // A GGUF file is a model of its own.
    let name = name.strip_suffix(".gguf").unwrap_or(&name);
    free_name(&absolute.with_file_name(format!("{name}-merged")))
}

/// `path`, or the first of `path-2`, `path-3` … that nothing has.
#[must_use]
pub fn free_name(path: &Path) -> PathBuf {
    let name = path.file_name().map(|name| name.to_string_lossy().into_owned()).unwrap_or_default();
    let numbered = (2..1000).map(|number| path.with_file_name(format!("{name}-{number}")));
    let mut candidates = std::iter::once(path.to_owned()).chain(numbered);
    candidates.find(|candidate| candidate.symlink_metadata().is_err()).unwrap_or_else(|| path.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_output_is_proposed_beside_the_base_and_never_taken() {
        let root = tempfile::tempdir().unwrap();
        let base = root.path().join("한국어-모델");
        assert_eq!(proposed_output(&base, None), root.path().join("한국어-모델-merged"));
        std::fs::create_dir(root.path().join("한국어-모델-merged")).unwrap();
        assert_eq!(proposed_output(&base, None), root.path().join("한국어-모델-merged-2"));
        assert_eq!(proposed_output(&root.path().join("m-Q8_0.gguf"), None), root.path().join("m-Q8_0-merged"));
        let snapshot = root.path().join("models--org--name/snapshots/0a1b2c");
        assert_eq!(proposed_output(&snapshot, Some(root.path())), root.path().join("name-merged"));
    }
}
