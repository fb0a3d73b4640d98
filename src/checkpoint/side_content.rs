//! What the files beside the weights hold: read from a model's folder, or made for a model that no folder holds.

use std::{
    collections::BTreeMap,
    path::{Path, PathBuf},
    sync::Arc,
};

use super::text_file::{decoded, read_text_bytes};
use crate::error::{IoAction, IoContext as _, IoError};

/// The contents of a model's side files.
#[derive(Clone, Debug)]
pub struct SideContent {
    root: PathBuf,
    made: Option<Arc<BTreeMap<String, Vec<u8>>>>,
}

impl SideContent {
    /// Those that lie in the folder `root`.
    #[must_use]
    pub fn of_folder(root: &Path) -> Self {
        Self { root: root.to_owned(), made: None }
    }

    /// These `files`, by their path below a folder that the errors name, and no others.
    #[must_use]
    pub fn made(root: &Path, files: BTreeMap<String, Vec<u8>>) -> Self {
        Self { root: root.to_owned(), made: Some(Arc::new(files)) }
    }

    /// The folder that the files lie in, or are said to lie in.
    #[must_use]
    pub fn root(&self) -> &Path {
        &self.root
    }

    /// The names of what lies in `folder` below the root, sorted.
    #[must_use]
    pub fn names_in(&self, folder: &str) -> Vec<String> {
        let mut names: Vec<String> = if let Some(made) = &self.made {
            let inside = |path: &String| Some(path.strip_prefix(folder)?.strip_prefix('/')?.to_owned());
            made.keys().filter_map(inside).filter(|name| !name.contains('/')).collect()
        } else {
            let entries = self.root.join(folder).read_dir().into_iter().flatten().flatten();
            entries.filter_map(|entry| entry.file_name().to_str().map(str::to_owned)).collect()
        };
        names.sort();
        names
    }

    /// The bytes of the file `name`; `None` where there is none.
    ///
    /// # Errors
    /// Something of that name that cannot be read: a pipe, a link to nothing, a file larger than any that is read whole.
    pub fn bytes(&self, name: &str, action: IoAction) -> Result<Option<Vec<u8>>, IoError> {
        if let Some(made) = &self.made {
            return Ok(made.get(name).cloned());
        }
        let path = self.root.join(name);
        let is_there = path.symlink_metadata().is_ok();
        is_there.then(|| read_text_bytes(&path, action)).transpose()
    }

    /// The text of the file `name`; `None` where there is none.
    ///
    /// # Errors
    /// As [`Self::bytes`]; a file that is no text.
    pub fn text(&self, name: &str, action: IoAction) -> Result<Option<String>, IoError> {
        let Some(bytes) = self.bytes(name, action)? else { return Ok(None) };
        decoded(bytes).map(Some).map_err(std::io::Error::from).at(action, &self.root.join(name))
    }
}

#[cfg(test)]
#[expect(clippy::disallowed_methods, reason = "fixtures in temporary folders")]
mod tests {
    use super::*;

    #[test]
    fn made_files_stand_in_for_those_of_the_folder() {
        let folder = tempfile::tempdir().unwrap();
        std::fs::write(folder.path().join("a.json"), "{}").unwrap();
        let text = |content: &SideContent, name: &str| content.text(name, IoAction::ReadTokenizer).unwrap();
        let in_folder = SideContent::of_folder(folder.path());
        assert_eq!(text(&in_folder, "a.json").as_deref(), Some("{}"));
        assert_eq!(text(&in_folder, "b.json"), None);
        let files = BTreeMap::from(["b.json", "t/c.json"].map(|name| (name.to_owned(), b"[]".to_vec())));
        let made = SideContent::made(folder.path(), files);
        assert_eq!(text(&made, "a.json"), None);
        assert_eq!(text(&made, "b.json").as_deref(), Some("[]"));
        assert_eq!(made.names_in("t"), ["c.json"]);
        std::fs::create_dir(folder.path().join("t")).unwrap();
        std::fs::write(folder.path().join("t/d.json"), "{}").unwrap();
        assert_eq!(in_folder.names_in("t"), ["d.json"]);
    }
}
