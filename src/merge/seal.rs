//! `SHA256SUMS`: the hash of every file of a folder, in the form that `sha256sum -c` checks.

use std::{
    fmt::Write as _,
    fs::{File, OpenOptions},
    io::Write as _,
    path::{Path, PathBuf},
};

use rayon::iter::{IntoParallelRefIterator as _, ParallelIterator as _};
use serde::Serialize;
use sha2::{Digest as _, Sha256};

use super::MergeError;
use crate::{
    error::{IoAction, IoContext as _},
    job::{JobContext, Stage},
    platform,
};

/// The name of the file.
pub const SEAL_FILE: &str = "SHA256SUMS";

/// The name under which it is written.
const PART_FILE: &str = "SHA256SUMS.part";

/// Bytes hashed between two looks at the cancel flag.
const STEP_BYTES: usize = 4 << 20;

/// Hexadecimal digits of a hash.
const HASH_LEN: usize = 64;

/// The hashes of a folder's files.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Seal {
    /// Sorted by name.
    pub files: Vec<SealedFile>,
}

/// One file.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct SealedFile {
    /// Path below the folder, with `/` between components.
    pub name: String,
    /// SHA-256 of its bytes, in hexadecimal digits.
    pub sha256: String,
}

/// Hashes every file below `folder` and writes [`SEAL_FILE`] beside them.
///
/// # Errors
/// A folder that has a seal, a file that cannot be read or written, a cancelled job: no seal is there then.
pub fn seal(folder: &Path, job: &JobContext) -> Result<Seal, MergeError> {
    let path = folder.join(SEAL_FILE);
    if path.symlink_metadata().is_ok() {
        return Err(MergeError::AlreadySealed { path });
    }
    let names = Seal::sealable(folder)?;
    job.start_stage(Stage::Sealing, names.iter().map(|(_, byte_count)| byte_count).sum());
    let hash = |(name, _): &(String, u64)| {
        job.set_current(name.as_str());
        Ok(SealedFile { name: name.clone(), sha256: sha256_of(&folder.join(name), job)? })
    };
    let files = names.par_iter().map(hash).collect::<Result<Vec<_>, MergeError>>()?;
    let seal = Seal { files };
    write(folder, &seal.text())?;
    Ok(seal)
}

/// SHA-256 of a file, in hexadecimal digits; its bytes count as progress.
///
/// # Errors
/// A file that cannot be read, or a cancelled job.
pub fn sha256_of(path: &Path, job: &JobContext) -> Result<String, MergeError> {
    let file = File::open(path).at(IoAction::OpenFile, path)?;
    let byte_count = file.metadata().at(IoAction::ReadSize, path)?.len();
    let mut hasher = Sha256::new();
    let mut buffer = Vec::new();
    let mut offset = 0;
    while offset < byte_count {
        job.check_cancelled()?;
        let step = usize::try_from(byte_count - offset).map_or(STEP_BYTES, |left| left.min(STEP_BYTES));
        buffer.resize(step, 0);
        platform::read_exact_at(&file, &mut buffer, offset).at(IoAction::ReadFile, path)?;
        hasher.update(&buffer);
        offset += step as u64;
        job.advance(step as u64);
    }
    let mut text = String::with_capacity(HASH_LEN);
    for byte in hasher.finalize() {
        write!(text, "{byte:02x}").ok();
    }
    Ok(text)
}

impl Seal {
    /// Reads the seal of `folder`; `None` where it has none.
    ///
    /// # Errors
    /// A file that cannot be read, or a line of another form.
    pub fn read(folder: &Path) -> Result<Option<Self>, MergeError> {
        let path = folder.join(SEAL_FILE);
        if !path.is_file() {
            return Ok(None);
        }
        let text = crate::checkpoint::read_text(&path, IoAction::ReadSeal)?;
        let parsed = text.lines().filter(|line| !line.is_empty()).map(|line| {
            parse(line).ok_or_else(|| MergeError::BadSeal { line: crate::error::shortened(line), path: path.clone() })
        });
        Ok(Some(Self { files: parsed.collect::<Result<_, _>>()? }))
    }

    /// Every file below `folder` that a seal covers, sorted, with its size.
    ///
    /// # Errors
    /// A folder that cannot be listed.
    pub fn sealable(folder: &Path) -> Result<Vec<(String, u64)>, MergeError> {
        let mut names = Vec::new();
        list(folder, folder, &mut names)?;
        names.sort();
        Ok(names)
    }

    /// The lines of `sha256sum`: two spaces, and a backslash in front where a name needs escapes.
    #[must_use]
    fn text(&self) -> String {
        let mut text = String::new();
        for SealedFile { name, sha256 } in &self.files {
            let escaped = name.replace('\\', "\\\\").replace('\n', "\\n").replace('\r', "\\r");
            let mark = if escaped == *name { "" } else { "\\" };
            writeln!(text, "{mark}{sha256}  {escaped}").ok();
        }
        text
    }
}

fn parse(line: &str) -> Option<SealedFile> {
    let (is_escaped, line) = line.strip_prefix('\\').map_or((false, line), |line| (true, line));
    let (sha256, name) = line.split_at_checked(HASH_LEN)?;
    let name = name.strip_prefix("  ").or_else(|| name.strip_prefix(" *"))?;
    if !sha256.bytes().all(|digit| digit.is_ascii_hexdigit()) || name.is_empty() {
        return None;
    }
    let name = if is_escaped { unescaped(name) } else { name.to_owned() };
    Some(SealedFile { name, sha256: sha256.to_ascii_lowercase() })
}

fn unescaped(name: &str) -> String {
    let mut out = String::with_capacity(name.len());
    let mut characters = name.chars();
    while let Some(character) = characters.next() {
        out.push(match (character, character == '\\') {
            (_, false) => character,
            (_, true) => match characters.next() {
                Some('n') => '\n',
                Some('r') => '\r',
                Some(other) => other,
                None => '\\',
            },
        });
    }
    out
}

fn list(root: &Path, folder: &Path, names: &mut Vec<(String, u64)>) -> Result<(), MergeError> {
    for entry in std::fs::read_dir(folder).at(IoAction::ListFolder, folder)? {
        let path = entry.at(IoAction::ListFolder, folder)?.path();
        let metadata = std::fs::metadata(&path).at(IoAction::ReadSize, &path)?;
        if metadata.is_dir() {
            list(root, &path, names)?;
            continue;
        }
        let below: PathBuf = path.strip_prefix(root).unwrap_or(&path).components().collect();
        let segments: Vec<_> = below.iter().map(|segment| segment.to_string_lossy().into_owned()).collect();
        let name = segments.join("/");
        if ![SEAL_FILE, PART_FILE].contains(&name.as_str()) {
            names.push((name, metadata.len()));
        }
    }
    Ok(())
}

/// Under another name first, so that a seal is whole or not there.
fn write(folder: &Path, text: &str) -> Result<(), MergeError> {
    let (part, path) = (folder.join(PART_FILE), folder.join(SEAL_FILE));
    let mut file =
        OpenOptions::new().write(true).create(true).truncate(true).open(&part).at(IoAction::CreateSeal, &part)?;
    file.write_all(text.as_bytes()).at(IoAction::WriteSeal, &part)?;
    file.sync_all().at(IoAction::SyncSeal, &part)?;
    drop(file);
    platform::rename_into_place(&part, &path).at(IoAction::NameSeal, &path)?;
    platform::sync_folder(folder).at(IoAction::SyncFolder, folder)?;
    Ok(())
}

#[cfg(test)]
#[expect(clippy::disallowed_methods, reason = "fixtures in temporary folders")]
mod tests {
    use super::*;

    #[test]
    fn a_seal_is_read_as_it_was_written() {
        let folder = tempfile::tempdir().unwrap();
        std::fs::create_dir(folder.path().join("sub")).unwrap();
        for (name, content) in [("b.txt", "abc"), ("a.txt", ""), ("sub/c d.txt", "x")] {
            std::fs::write(folder.path().join(name), content).unwrap();
        }
        let job = JobContext::unwatched();
        let sealed = seal(folder.path(), &job).unwrap();
        let names: Vec<&str> = sealed.files.iter().map(|file| file.name.as_str()).collect();
        assert_eq!(names, ["a.txt", "b.txt", "sub/c d.txt"]);
        // FIPS 180-2, appendix B.1.
        assert_eq!(sealed.files[1].sha256, "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
        assert_eq!(Seal::read(folder.path()).unwrap(), Some(sealed));
        assert!(matches!(seal(folder.path(), &job), Err(MergeError::AlreadySealed { .. })));
    }

    #[test]
    fn a_cancelled_seal_is_not_there() {
        let folder = tempfile::tempdir().unwrap();
        std::fs::write(folder.path().join("weights"), "x").unwrap();
        let (job, watch) = JobContext::new(|| {});
        watch.cancel();
        assert!(seal(folder.path(), &job).unwrap_err().is_cancelled());
        assert_eq!(std::fs::read_dir(folder.path()).unwrap().count(), 1);
    }

    #[test]
    fn odd_names_are_escaped_as_sha256sum_does() {
        let name = "back\\slash\nline".to_owned();
        let seal = Seal { files: vec![SealedFile { name: name.clone(), sha256: "0".repeat(64) }] };
        let text = seal.text();
        assert_eq!(text, format!("\\{}  back\\\\slash\\nline\n", "0".repeat(64)));
        assert_eq!(parse(text.trim_end_matches('\n')).unwrap().name, name);
        for line in ["", "00  a", "zz", &format!("{} a", "0".repeat(64)), &format!("{}  ", "0".repeat(64))] {
            assert_eq!(parse(line), None, "{line}");
        }
    }
}
