//! Which well takes what was dropped.

use std::path::{Path, PathBuf};

use super::well::WellKind;
use crate::adapter::{FolderKind, UnknownFolder, recognize};

/// The well of something dropped, and the folder that was meant.
pub type Route = Result<(WellKind, PathBuf), UnknownFolder>;

/// The well that `path` belongs to.
///
/// # Errors
/// No well takes it.
pub fn route(path: &Path) -> Route {
    recognize(path).map(|(kind, folder)| match kind {
        FolderKind::Model => (WellKind::Base, folder),
        FolderKind::Adapter => (WellKind::Adapter, folder),
    })
}
