//! Links: a file that lies elsewhere is gone with the place where it lies.

use std::path::Path;

use super::Detail;

/// Folders are entered this deep.
const MAX_DEPTH: usize = 8;

/// Every link below `root` that leads out of it or nowhere, and the number of entries looked at.
pub(super) fn leading_outside(root: &Path) -> (Vec<Detail>, usize) {
    let (mut problems, mut entry_count) = (Vec::new(), 0);
    let resolved = root.canonicalize().unwrap_or_else(|_| root.to_owned());
    walk(root, "", 0, &mut |path, name| {
        entry_count += 1;
        if !path.is_symlink() {
            return;
        }
        match path.canonicalize() {
            Ok(target) if target.starts_with(&resolved) => {}
            Ok(_) => problems.push(Detail::LinkOutside { name: name.to_owned() }),
            Err(_) => problems.push(Detail::LinkNowhere { name: name.to_owned() }),
        }
    });
    problems.sort_by_cached_key(ToString::to_string);
    (problems, entry_count)
}

fn walk(folder: &Path, prefix: &str, depth: usize, visit: &mut impl FnMut(&Path, &str)) {
    for entry in std::fs::read_dir(folder).into_iter().flatten().flatten() {
        let (path, name) = (entry.path(), format!("{prefix}{}", entry.file_name().to_string_lossy()));
        visit(&path, &name);
        let is_folder = path.is_dir() && !path.is_symlink();
        if is_folder && depth < MAX_DEPTH {
            walk(&path, &format!("{name}/"), depth + 1, visit);
        }
    }
}
