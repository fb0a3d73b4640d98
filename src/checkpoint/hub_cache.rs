//! The Hugging Face cache on this machine: `models--org--name/{refs,snapshots,blobs}`. It is read, never filled.

use std::{
    env,
    ffi::OsString,
    path::{Path, PathBuf},
};

use super::CheckpointError;

/// Folders of the cache, best first: `$HF_HUB_CACHE`, `$HUGGINGFACE_HUB_CACHE`, `$HF_HOME/hub`,
/// `$XDG_CACHE_HOME/huggingface/hub`, `~/.cache/huggingface/hub`.
#[must_use]
pub fn cache_folders() -> Vec<PathBuf> {
    folders_from(|name| env::var_os(name), env::home_dir())
}

fn folders_from(variable: impl Fn(&str) -> Option<OsString>, home: Option<PathBuf>) -> Vec<PathBuf> {
    let named = |name: &str| variable(name).filter(|value| !value.is_empty()).map(PathBuf::from);
    let candidates = [
        named("HF_HUB_CACHE"),
        named("HUGGINGFACE_HUB_CACHE"),
        named("HF_HOME").map(|home| home.join("hub")),
        named("XDG_CACHE_HOME").map(|cache| cache.join("huggingface").join("hub")),
        home.map(|home| home.join(".cache").join("huggingface").join("hub")),
    ];
    let mut folders: Vec<PathBuf> = Vec::new();
    for folder in candidates.into_iter().flatten() {
        if !folders.contains(&folder) {
            folders.push(folder);
        }
    }
    folders
}

/// Addresses under which the Hub shows a model's page.
const HUB_HOSTS: [&str; 2] = ["huggingface.co/", "hf.co/"];

/// Longest part of a name on the Hub.
const LONGEST_PART: usize = 96;

/// The model that `text` names on the Hub, as `org/name` or by the address of its page. A path may read the same, so
/// this is asked where nothing lies at it.
#[must_use]
pub fn id_of(text: &str) -> Option<&str> {
    let address = text.strip_prefix("https://").or_else(|| text.strip_prefix("http://"));
    let id = match HUB_HOSTS.iter().find_map(|host| address.unwrap_or(text).strip_prefix(host)) {
        // Behind the name follow a branch, a file or a tab of its page.
        Some(rest) => {
            let end = rest.match_indices(['/', '?', '#']).nth(1).map_or(rest.len(), |(at, _)| at);
            rest[..end].trim_end_matches(['/', '?', '#'])
        }
        None => text,
    };
    let is_name = |part: &str| {
        let is_allowed = |letter: char| letter.is_ascii_alphanumeric() || "-_.".contains(letter);
        (1..=LONGEST_PART).contains(&part.len())
            && part.chars().all(is_allowed)
            && !part.starts_with(['-', '.'])
            && !part.ends_with(['-', '.'])
    };
    let (owner, name) = id.split_once('/')?;
    (is_name(owner) && is_name(name)).then_some(id)
}

/// What is meant by `path` where nothing lies: the cached snapshot of the model of that name.
///
/// # Errors
/// A name on the Hub that no cache has, or no name at all.
pub fn named(path: &Path) -> Result<PathBuf, CheckpointError> {
    named_in(&cache_folders(), path)
}

fn named_in(caches: &[PathBuf], path: &Path) -> Result<PathBuf, CheckpointError> {
    let Some(id) = path.to_str().and_then(id_of) else {
        return Err(CheckpointError::Missing { path: path.to_owned() });
    };
    cached_model(caches, id, None).ok_or_else(|| CheckpointError::NotCached { id: id.to_owned() })
}

/// Whether `path` is a snapshot, whose folder has the name of a commit and belongs to the cache.
#[must_use]
pub fn is_snapshot(path: &Path) -> bool {
    path.parent().is_some_and(|parent| parent.ends_with("snapshots"))
}

/// The snapshot of the model `id` (`org/name`) in one of `caches`, at `revision` (`main` where none is asked for).
#[must_use]
pub fn cached_model(caches: &[PathBuf], id: &str, revision: Option<&str>) -> Option<PathBuf> {
    let is_plain = id.split('/').count() <= 2
        && id.split('/').all(|part| !part.is_empty() && !part.starts_with('.') && !part.contains(['\\', ':']));
    if !is_plain {
        return None;
    }
    let folder = format!("models--{}", id.replace('/', "--"));
    let entries = caches.iter().filter_map(|cache| entry_of(cache, &folder));
    entries.into_iter().find_map(|entry| match revision {
        Some(revision) => revision_of(&entry, revision),
        None => snapshot(&entry).ok(),
    })
}

/// The entry of `cache` with the name `folder`, in whatever case: the Hub takes names as people write them.
fn entry_of(cache: &Path, folder: &str) -> Option<PathBuf> {
    let exact = cache.join(folder);
    if exact.is_dir() {
        return Some(exact);
    }
    let entries = std::fs::read_dir(cache).into_iter().flatten().flatten();
    let is_it = |entry: &std::fs::DirEntry| entry.file_name().eq_ignore_ascii_case(folder) && entry.path().is_dir();
    entries.filter(is_it).map(|entry| entry.path()).min()
}

/// `path`, or the snapshot inside where `path` is an entry of the cache or its `snapshots` folder.
///
/// # Errors
/// An entry without a snapshot, or with several and no main revision to choose by.
pub fn entered(path: &Path) -> Result<PathBuf, CheckpointError> {
    let is_model = ["config.json", "adapter_config.json"].iter().any(|name| path.join(name).is_file());
    if is_model {
        Ok(path.to_owned())
    } else if path.join("snapshots").is_dir() {
        snapshot(path)
    } else if path.file_name().is_some_and(|name| name == "snapshots")
        && let Some(entry) = path.parent().filter(|entry| entry.join("blobs").is_dir())
    {
        snapshot(entry)
    } else {
        Ok(path.to_owned())
    }
}

/// The snapshot that `refs/main` names, or the only one.
fn snapshot(entry: &Path) -> Result<PathBuf, CheckpointError> {
    if let Some(main) = revision_of(entry, "main") {
        return Ok(main);
    }
    let folders = std::fs::read_dir(entry.join("snapshots")).into_iter().flatten().flatten();
    let mut snapshots: Vec<PathBuf> = folders.map(|folder| folder.path()).filter(|path| path.is_dir()).collect();
    snapshots.sort();
    match snapshots.as_slice() {
        [only] => Ok(only.clone()),
        [] => Err(CheckpointError::NoSnapshot { path: entry.to_owned() }),
        _ => {
            let name = |path: &PathBuf| path.file_name().unwrap_or_default().to_string_lossy().into_owned();
            let snapshots = snapshots.iter().map(name).collect();
            Err(CheckpointError::SeveralSnapshots { snapshots, path: entry.to_owned() })
        }
    }
}

/// The snapshot of a branch, tag or commit.
fn revision_of(entry: &Path, revision: &str) -> Option<PathBuf> {
    let is_plain = |name: &str| !name.is_empty() && !name.contains(['/', '\\', ':']) && !name.starts_with('.');
    // A revision is a file name here; `refs/pr/1` and the like are folders deeper and rarely used.
    let commit = is_plain(revision)
        .then(|| std::fs::read_to_string(entry.join("refs").join(revision)).ok())
        .flatten()
        .map_or_else(|| revision.to_owned(), |commit| commit.trim().to_owned());
    let folder = is_plain(&commit).then(|| entry.join("snapshots").join(commit))?;
    folder.is_dir().then_some(folder)
}

/// Files of a snapshot whose content never arrived: links to blobs that are not there.
#[must_use]
pub fn missing_blobs(root: &Path) -> Vec<String> {
    let entries = std::fs::read_dir(root).into_iter().flatten().flatten().filter(|_| is_snapshot(root));
    let dangling = entries.filter(|entry| std::fs::metadata(entry.path()).is_err());
    let mut names: Vec<String> = dangling.map(|entry| entry.file_name().to_string_lossy().into_owned()).collect();
    names.sort();
    names
}

/// Downloads into the entry of `root` (a snapshot) that were broken off.
#[must_use]
pub fn partial_download_count(root: &Path) -> usize {
    let Some(snapshots) = root.parent().filter(|parent| parent.ends_with("snapshots")) else { return 0 };
    let blobs = std::fs::read_dir(snapshots.with_file_name("blobs")).into_iter().flatten().flatten();
    blobs.filter(|blob| blob.path().extension().is_some_and(|extension| extension == "incomplete")).count()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_environment_names_the_cache() {
        let variables = [("HF_HOME", "/data/hf"), ("XDG_CACHE_HOME", "/home/me/.cache"), ("HF_HUB_CACHE", "")];
        let variable =
            |name: &str| variables.iter().find(|(known, _)| *known == name).map(|(_, value)| OsString::from(value));
        let folders = folders_from(variable, Some(PathBuf::from("/home/me")));
        assert_eq!(folders, [Path::new("/data/hf/hub"), Path::new("/home/me/.cache/huggingface/hub")]);
    }

    #[test]
    fn a_name_on_the_hub_is_known_bare_and_by_the_address_of_its_page() {
        for text in [
            "Qwen/Qwen2.5-0.5B",
            "https://huggingface.co/Qwen/Qwen2.5-0.5B",
            "https://huggingface.co/Qwen/Qwen2.5-0.5B/tree/main",
            "hf.co/Qwen/Qwen2.5-0.5B?library=transformers",
            "https://huggingface.co/Qwen/Qwen2.5-0.5B/",
        ] {
            assert_eq!(id_of(text), Some("Qwen/Qwen2.5-0.5B"), "{text}");
        }
        for text in
            ["gpt2", "/models/base", "./models/base", "a/b/c", "models/base/", "모델/베이스", "https://huggingface.co"]
        {
            assert_eq!(id_of(text), None, "{text}");
        }
    }

    #[test]
    fn a_name_is_found_in_the_cache_or_said_to_be_one() {
        let root = tempfile::tempdir().unwrap();
        std::fs::create_dir_all(root.path().join("models--a--b/snapshots/1")).unwrap();
        let caches = [root.path().to_owned()];
        assert!(named_in(&caches, Path::new("a/b")).unwrap().ends_with("models--a--b/snapshots/1"));
        let is_not_cached =
            |path| matches!(named_in(&caches, Path::new(path)), Err(CheckpointError::NotCached { id }) if id == path);
        assert!(is_not_cached("a/c"));
        assert!(matches!(named_in(&caches, Path::new("/a/b")), Err(CheckpointError::Missing { .. })));
    }

    #[test]
    fn a_name_that_leaves_the_cache_finds_nothing() {
        let root = tempfile::tempdir().unwrap();
        std::fs::create_dir_all(root.path().join("models--a--b/snapshots/1")).unwrap();
        let caches = [root.path().to_owned()];
        assert!(cached_model(&caches, "a/b", None).unwrap().ends_with("snapshots/1"));
        assert!(cached_model(&caches, "A/B", None).unwrap().ends_with("snapshots/1"), "in whatever case");
        for id in ["../a/b", "/a", "a/b/c", "", "a//b", "c:\\x"] {
            assert_eq!(cached_model(&caches, id, None), None, "{id}");
        }
        assert_eq!(cached_model(&caches, "a/b", Some("../..")), None);
    }
}
