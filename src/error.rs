//! How every error of the house speaks: the problem first, the path last, and a hint about what to do next.

pub use crate::units::shortened;

/// How to get what a Git LFS pointer stands for.
pub(crate) const LFS_HINT: &str = "run `git lfs pull` in its folder, or download the file itself from the Hub";

/// An error that may know what to do next.
pub trait Hint {
    /// One sentence for the user, without a trailing period; `None` where there is nothing useful to say.
    fn hint(&self) -> Option<String>;
}

/// A file operation that failed, with the path that the operating system's message lacks.
#[derive(Debug, thiserror::Error)]
#[error("cannot {action}: {source}: {}", path.display())]
pub struct IoError {
    /// What was tried, as a verb phrase ("read the header").
    pub action: &'static str,
    /// What the operating system said.
    pub source: std::io::Error,
    /// Where.
    pub path: std::path::PathBuf,
}

/// What is wrong with a file that should be a text; the source of an [`IoError`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[expect(missing_docs, reason = "every message says what its fields are")]
pub enum TextFault {
    #[error("it is a Git LFS pointer, not the file itself")]
    LfsPointer,
    #[error("it is not UTF-8 from byte {valid_byte_count} on")]
    NotUtf8 { valid_byte_count: usize },
    #[error("it begins like UTF-16 and is not")]
    NotUtf16,
}

impl IoError {
    /// What is wrong with the text, where the file could be read but is none.
    #[must_use]
    pub fn text_fault(&self) -> Option<TextFault> {
        self.source.get_ref()?.downcast_ref().copied()
    }
}

impl Hint for IoError {
    fn hint(&self) -> Option<String> {
        use std::io::ErrorKind;
        match self.text_fault() {
            Some(TextFault::LfsPointer) => return Some(LFS_HINT.to_owned()),
            Some(TextFault::NotUtf8 { .. } | TextFault::NotUtf16) => {
                return Some("save it as UTF-8 if it was edited, else fetch this file again".to_owned());
            }
            None => {}
        }
        let hint = match self.source.kind() {
            ErrorKind::NotFound => "check the path",
            ErrorKind::PermissionDenied => "check that you may read the input and write the output folder",
            ErrorKind::StorageFull => "free some space, or write to another disk",
            ErrorKind::UnexpectedEof => "the file is shorter than its header says; download it again",
            ErrorKind::InvalidData => "the file is damaged; download it again",
            ErrorKind::FileTooLarge => "check that it is the right file; of a longer text, give a part",
            _ => return None,
        };
        Some(hint.to_owned())
    }
}

/// An error that a report holds: shared, and compared by what it says.
#[derive(Debug)]
pub struct Reported<E>(std::sync::Arc<E>);

impl<E> Clone for Reported<E> {
    fn clone(&self) -> Self {
        Self(std::sync::Arc::clone(&self.0))
    }
}

impl<E> Reported<E> {
    /// Takes `error` into a report.
    pub fn new(error: E) -> Self {
        Self(std::sync::Arc::new(error))
    }
}

impl<E> std::ops::Deref for Reported<E> {
    type Target = E;

    fn deref(&self) -> &E {
        &self.0
    }
}

impl<E: std::fmt::Display> PartialEq for Reported<E> {
    fn eq(&self, other: &Self) -> bool {
        self.0.to_string() == other.0.to_string()
    }
}

/// Attaches action and path to a raw I/O result.
pub trait IoContext<T> {
    /// Wraps the error; `action` is a verb phrase ("read the header").
    ///
    /// # Errors
    /// The same error, with action and path.
    fn at(self, action: &'static str, path: &std::path::Path) -> Result<T, IoError>;
}

impl<T> IoContext<T> for std::io::Result<T> {
    fn at(self, action: &'static str, path: &std::path::Path) -> Result<T, IoError> {
        self.map_err(|source| IoError { action, source, path: path.to_owned() })
    }
}

/// What a library says of a stranger's file, which may quote all of it, as [`shortened`].
#[must_use]
pub fn brief(error: &impl std::fmt::Display) -> String {
    shortened(&error.to_string())
}

/// `a, b, c and 4 more`: names in a message, never an endless list.
#[must_use]
pub fn listed<S: AsRef<str>>(names: &[S], most: usize) -> String {
    let shown: Vec<String> = names.iter().take(most).map(|name| shortened(name.as_ref())).collect();
    match names.len().checked_sub(shown.len()) {
        Some(0) | None => shown.join(", "),
        Some(more) => format!("{} and {more} more", shown.join(", ")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn long_lists_say_how_many_more() {
        assert_eq!(listed(&["a", "b"], 3), "a, b");
        assert_eq!(listed(&["a", "b", "c", "d"], 2), "a, b and 2 more");
    }
}
