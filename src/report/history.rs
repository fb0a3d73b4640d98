//! What was opened and merged before, the latest first: one file, put in place whole at each change, so that whatever
//! ends the program loses nothing of it.

use std::{
    fs::{self, OpenOptions},
    io::{self, Write as _},
    path::{Path, PathBuf},
    time::{SystemTime, UNIX_EPOCH},
};

use serde::{Deserialize, Serialize};

use crate::{
    message::Problem,
    numeric::codec::Nf4Format,
    plan::{AdapterRequest, DtypePolicy, Rounding},
    verify::VerifyReport,
};

/// Entries kept.
const MOST: usize = 100;

/// How far a merge got.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum RunOutcome {
    /// Base and adapters were opened, and fit.
    Opened,
    /// The merge began; what became of it lies beside its output.
    Started,
    /// The merged folder was written, and not judged.
    Merged,
    /// Every check of it held.
    Verified,
    /// A check of it failed.
    NotVerified,
}

impl RunOutcome {
    /// How far a merge got whose folder was checked with this result, or not at all.
    #[must_use]
    pub fn of(verified: Option<&Result<VerifyReport, Problem>>) -> Self {
        match verified {
            Some(Ok(report)) if report.is_passed() => Self::Verified,
            Some(Ok(_)) => Self::NotVerified,
            Some(Err(_)) | None => Self::Merged,
        }
    }
}

/// One merge, with all that it takes to go on with it or to judge it again.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct HistoryEntry {
    /// The base's folder.
    pub base: PathBuf,
    /// The adapters and their strengths, in their order.
    pub adapters: Vec<AdapterRequest>,
    /// Where it goes; `None` before it began.
    pub output: Option<PathBuf>,
    /// What happens to dtypes.
    pub dtype: DtypePolicy,
    /// How weights were packed again.
    #[serde(default)]
    pub requantize: Option<Nf4Format>,
    /// How updated tensors are rounded.
    pub rounding: Rounding,
    /// How far it got.
    pub outcome: RunOutcome,
    /// When that was, in seconds since 1970.
    pub unix_secs: u64,
}

impl HistoryEntry {
    fn is_of(&self, base: &Path, adapters: &[AdapterRequest]) -> bool {
        let paths = |adapters: &[AdapterRequest]| -> Vec<PathBuf> {
            adapters.iter().map(|adapter| adapter.path.clone()).collect()
        };
        self.base == base && paths(&self.adapters) == paths(adapters)
    }

    fn is_same_pair(&self, other: &Self) -> bool {
        self.is_of(&other.base, &other.adapters)
    }
}

/// All of them, and the file that holds them.
#[derive(Clone, Debug, Default)]
pub struct History {
    path: Option<PathBuf>,
    entries: Vec<HistoryEntry>,
}

impl History {
    /// What the file at `path` holds; one that cannot be read is put aside at the first change, and without a path nothing
    /// is kept.
    #[must_use]
    pub fn open(path: Option<PathBuf>) -> Self {
        let entries = path.as_deref().and_then(|path| stored(path).ok().flatten()).unwrap_or_default();
        Self { path, entries }
    }

    /// The latest first.
    #[must_use]
    pub fn entries(&self) -> &[HistoryEntry] {
        &self.entries
    }

    /// The merge of `base` and `adapters` that made what lies in `output`, as far as it is known.
    #[must_use]
    pub fn made(&self, base: &Path, adapters: &[AdapterRequest], output: &Path) -> Option<&HistoryEntry> {
        self.entries.iter().find(|entry| entry.output.as_deref() == Some(output) && entry.is_of(base, adapters))
    }

    /// Puts `entry` first, at this time, in place of what it follows. A pair that is only opened again keeps what is known
    /// of it.
    ///
    /// # Errors
    /// The file cannot be written; the entry is there until the program ends.
    pub fn note(&mut self, entry: HistoryEntry) -> io::Result<()> {
        self.change(|entries| {
            let is_only_opened = entry.outcome == RunOutcome::Opened;
            let known = entries.iter().position(|known| known.is_same_pair(&entry) && known.output == entry.output);
            let known = known.or_else(|| {
                entries.iter().position(|known| {
                    known.is_same_pair(&entry) && (is_only_opened || known.outcome == RunOutcome::Opened)
                })
            });
            let known = known.map(|index| entries.remove(index)).filter(|_| is_only_opened);
            let output = entry.output.clone().filter(|_| !is_only_opened);
            let entry = known.unwrap_or(HistoryEntry { output, ..entry });
            entries.insert(0, HistoryEntry { unix_secs: now_secs(), ..entry });
        })
    }

    /// Notes what a check of the merged folder found, where the merge is known.
    ///
    /// # Errors
    /// The file cannot be written.
    pub fn conclude(&mut self, merged: &Path, outcome: RunOutcome) -> io::Result<()> {
        if self.entries.iter().all(|entry| entry.output.as_deref() != Some(merged)) {
            return Ok(());
        }
        self.change(|entries| {
            let of_folder = entries.iter_mut().filter(|entry| entry.output.as_deref() == Some(merged));
            of_folder.for_each(|entry| entry.outcome = outcome);
        })
    }

    /// Forgets all of them.
    ///
    /// # Errors
    /// The file cannot be written.
    pub fn clear(&mut self) -> io::Result<()> {
        self.change(Vec::clear)
    }

    fn change(&mut self, change: impl FnOnce(&mut Vec<HistoryEntry>)) -> io::Result<()> {
        // Another window may have written since.
        let found = self.path.as_deref().map(stored);
        let is_readable = !matches!(found, Some(Err(_)));
        if let Some(Ok(Some(entries))) = found {
            self.entries = entries;
        }
        change(&mut self.entries);
        self.entries.truncate(MOST);
        let Some(path) = self.path.as_deref() else { return Ok(()) };
        // It may be a later version's, and it is the user's: never written over.
        if !is_readable {
            fs::rename(path, path.with_extension(format!("{}.json", now_secs())))?;
        }
        write_whole(path, &self.entries)
    }
}

/// What the file holds; `None` where there is none.
fn stored(path: &Path) -> io::Result<Option<Vec<HistoryEntry>>> {
    match fs::read(path) {
        Ok(text) => Ok(Some(serde_json::from_slice(&text)?)),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
        Err(error) => Err(error),
    }
}

/// Writes a new file beside `path` and gives it that name.
fn write_whole(path: &Path, entries: &[HistoryEntry]) -> io::Result<()> {
    if let Some(folder) = path.parent() {
        fs::create_dir_all(folder)?;
    }
    let new_path = path.with_extension(format!("{}.new", std::process::id()));
    let mut file = OpenOptions::new().write(true).create(true).truncate(true).open(&new_path)?;
    file.write_all(serde_json::to_string_pretty(entries)?.as_bytes())?;
    drop(file);
    fs::rename(&new_path, path)
}

/// Now, in seconds since 1970.
#[must_use]
pub fn now_secs() -> u64 {
    SystemTime::now().duration_since(UNIX_EPOCH).map_or(0, |elapsed| elapsed.as_secs())
}

#[cfg(test)]
#[expect(clippy::disallowed_methods, reason = "fixtures in temporary folders")]
mod tests {
    use super::*;

    fn entry(adapter: &str, output: Option<&str>, outcome: RunOutcome) -> HistoryEntry {
        HistoryEntry {
            base: "/base".into(),
            adapters: vec![AdapterRequest { path: adapter.into(), strength: 0.5 }],
            output: output.map(PathBuf::from),
            dtype: DtypePolicy::Keep,
            requantize: None,
            rounding: Rounding::Stochastic { seed: 7 },
            outcome,
            unix_secs: 0,
        }
    }

    fn outcomes(history: &History) -> Vec<(Option<&str>, RunOutcome)> {
        history.entries().iter().map(|entry| (entry.output.as_deref().and_then(Path::to_str), entry.outcome)).collect()
    }

    #[test]
    fn each_change_is_on_the_disk_when_it_is_made() {
        let root = tempfile::tempdir().unwrap();
        let path = root.path().join("state/history.json");
        let mut history = History::open(Some(path.clone()));
        history.note(entry("/a", None, RunOutcome::Opened)).unwrap();
        history.note(entry("/a", Some("/out"), RunOutcome::Started)).unwrap();
        let after_a_signal = History::open(Some(path.clone()));
        assert_eq!(outcomes(&after_a_signal), [(Some("/out"), RunOutcome::Started)]);
        assert_eq!(after_a_signal.entries()[0].adapters, history.entries()[0].adapters);
        assert!(after_a_signal.entries()[0].unix_secs > 0);
        assert_eq!(fs::read_dir(path.parent().unwrap()).unwrap().count(), 1, "nothing else is left there");

        // Two windows write into one file.
        let mut other = after_a_signal;
        other.note(entry("/b", None, RunOutcome::Opened)).unwrap();
        history.conclude(Path::new("/out"), RunOutcome::Verified).unwrap();
        assert_eq!(outcomes(&history), [(None, RunOutcome::Opened), (Some("/out"), RunOutcome::Verified)]);
        history.clear().unwrap();
        assert!(History::open(Some(path)).entries().is_empty());
    }

    #[test]
    fn a_pair_that_is_opened_again_keeps_what_is_known_and_another_output_is_another_merge() {
        let mut history = History::open(None);
        history.note(entry("/a", Some("/one"), RunOutcome::Verified)).unwrap();
        history.note(entry("/b", None, RunOutcome::Opened)).unwrap();
        history.note(entry("/a", Some("/two"), RunOutcome::Opened)).unwrap();
        assert_eq!(outcomes(&history), [(Some("/one"), RunOutcome::Verified), (None, RunOutcome::Opened)]);
        history.note(entry("/a", Some("/two"), RunOutcome::Started)).unwrap();
        history.note(entry("/b", Some("/three"), RunOutcome::Merged)).unwrap();
        let expected = [
            (Some("/three"), RunOutcome::Merged),
            (Some("/two"), RunOutcome::Started),
            (Some("/one"), RunOutcome::Verified),
        ];
        assert_eq!(outcomes(&history), expected);
    }

    #[test]
    fn old_entries_go_and_a_file_that_cannot_be_read_is_put_aside() {
        let mut history = History::open(None);
        for index in 0..MOST + 2 {
            history.note(entry(&format!("/{index}"), None, RunOutcome::Opened)).unwrap();
        }
        assert_eq!(history.entries().len(), MOST);
        let root = tempfile::tempdir().unwrap();
        let path = root.path().join("history.json");
        let of_another_version = "[{\"base\": 7}]";
        fs::write(&path, of_another_version).unwrap();
        let mut history = History::open(Some(path.clone()));
        assert!(history.entries().is_empty());
        history.note(entry("/a", None, RunOutcome::Opened)).unwrap();
        assert_eq!(outcomes(&History::open(Some(path.clone()))), [(None, RunOutcome::Opened)]);
        let kept = fs::read_dir(root.path()).unwrap().map(|file| file.unwrap().path()).find(|other| *other != path);
        assert_eq!(fs::read_to_string(kept.unwrap()).unwrap(), of_another_version);
    }
}
