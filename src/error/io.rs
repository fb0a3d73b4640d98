//! Failed file operations: what was tried, what the system said, and where.

use std::{
    io,
    path::{Path, PathBuf},
};

use serde::{Serialize, Serializer};

use super::IoAction;
use crate::message::{self, said_in_english};

/// A file operation that failed, with the path that the operating system's message lacks.
#[derive(Debug, Serialize, thiserror::Error)]
#[error("{}", message::english(self))]
pub struct IoError {
    /// What was tried.
    pub action: IoAction,
    /// What the operating system said, or a [`TextFault`].
    #[serde(serialize_with = "cause")]
    pub source: io::Error,
    /// Where.
    #[serde(serialize_with = "message::path")]
    pub path: PathBuf,
}

/// What is wrong with a file that should be a text, as the source of an [`IoError`]; a message.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[expect(missing_docs, reason = "the message of each says what its fields are")]
pub enum TextFault {
    LfsPointer,
    NotUtf8 { valid_byte_count: usize },
    NotUtf16,
    TooLong { byte_count: u64, limit: u64 },
}

said_in_english!(TextFault);

impl std::error::Error for TextFault {}

impl From<TextFault> for io::Error {
    fn from(fault: TextFault) -> Self {
        let kind = match fault {
            TextFault::LfsPointer | TextFault::NotUtf8 { .. } | TextFault::NotUtf16 => io::ErrorKind::InvalidData,
            TextFault::TooLong { .. } => io::ErrorKind::FileTooLarge,
        };
        Self::new(kind, fault)
    }
}

fn cause<S: Serializer>(source: &io::Error, serializer: S) -> Result<S::Ok, S::Error> {
    match source.get_ref().and_then(|inner| inner.downcast_ref::<TextFault>()) {
        Some(fault) => fault.serialize(serializer),
        None => message::io_error(source, serializer),
    }
}

/// Attaches action and path to a raw I/O result.
pub trait IoContext<T> {
    /// Wraps the error.
    ///
    /// # Errors
    /// The same error, with action and path.
    fn at(self, action: IoAction, path: &Path) -> Result<T, IoError>;
}

impl<T> IoContext<T> for io::Result<T> {
    fn at(self, action: IoAction, path: &Path) -> Result<T, IoError> {
        self.map_err(|source| IoError { action, source, path: path.to_owned() })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        error::{Hint as _, assert_told},
        message::{Language, Message},
    };

    #[test]
    fn the_system_is_quoted_and_its_kinds_have_hints() {
        let error = |source| IoError { action: IoAction::ReadHeader, source, path: "/data/x".into() };
        let denied = error(io::ErrorKind::PermissionDenied.into());
        assert_eq!(denied.to_string(), "cannot read the header: permission denied: /data/x");
        assert!(denied.hint().is_some_and(|hint| hint.starts_with("check that you may read")));
        assert_eq!(error(io::ErrorKind::Interrupted.into()).hint(), None);
        let long = error(TextFault::TooLong { byte_count: 2_000_000_000, limit: 1_000 }.into());
        assert_eq!(long.to_string(), "cannot read the header: 2.00 GB where at most 1.00 kB are read: /data/x");
        assert!(long.hint().is_some_and(|hint| hint.starts_with("check that it is the right file")));
    }

    #[test]
    fn what_the_system_says_is_said_in_korean() {
        use io::ErrorKind;
        let error = |source| IoError { action: IoAction::ReadHeader, source, path: "/data/x".into() };
        let kinds = [
            ErrorKind::NotFound,
            ErrorKind::PermissionDenied,
            ErrorKind::StorageFull,
            ErrorKind::QuotaExceeded,
            ErrorKind::ReadOnlyFilesystem,
            ErrorKind::UnexpectedEof,
            ErrorKind::InvalidData,
            ErrorKind::FileTooLarge,
            ErrorKind::AlreadyExists,
            ErrorKind::NotADirectory,
            ErrorKind::IsADirectory,
            ErrorKind::OutOfMemory,
            ErrorKind::TimedOut,
            ErrorKind::BrokenPipe,
            ErrorKind::ResourceBusy,
        ];
        for kind in kinds {
            assert_told(&error(ErrorKind::into(kind)), &["헤더를 읽지 못했습니다", "니다"]);
        }
        let faults = [
            TextFault::LfsPointer,
            TextFault::NotUtf8 { valid_byte_count: 7 },
            TextFault::NotUtf16,
            TextFault::TooLong { byte_count: 2_000_000_000, limit: 1_000 },
        ];
        for fault in faults {
            assert_told(&error(fault.into()), &["니다"]);
        }
        let mut said = Message::of(&error(io::Error::from_raw_os_error(2)));
        assert_eq!(said.take_path().as_deref(), Some("/data/x"));
        let korean = Language::Korean.say(&said);
        assert_eq!(korean, "헤더를 읽지 못했습니다: 파일이나 폴더가 없습니다 (os error 2)");
    }

    #[cfg(unix)]
    #[test]
    fn a_path_that_is_no_text_is_shown_all_the_same() {
        use std::{ffi::OsStr, os::unix::ffi::OsStrExt as _};
        let path = PathBuf::from(OsStr::from_bytes(b"/data/\xb0\xa1"));
        let error = IoError { action: IoAction::ReadHeader, source: io::ErrorKind::NotFound.into(), path };
        assert!(error.to_string().ends_with(": /data/\u{fffd}\u{fffd}"), "{error}");
    }
}
