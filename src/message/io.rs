//! Failed file operations as messages, by kind: every system and every language of a system words them differently.

use std::io::{Error, ErrorKind};

use serde::{Serializer, ser::SerializeStructVariant as _};

/// `#[serde(serialize_with = "message::io_error")]`: `io-not-found` and the like, `io-other` for kinds that people do
/// not meet, with the system's own words as `$detail` and its number as `$code`.
///
/// # Errors
/// Those of the serializer.
pub fn io_error<S: Serializer>(error: &Error, serializer: S) -> Result<S::Ok, S::Error> {
    let mut fields = serializer.serialize_struct_variant("Io", 0, kind_name(error.kind()), 2)?;
    fields.serialize_field("detail", &error.to_string())?;
    fields.serialize_field("code", &error.raw_os_error())?;
    fields.end()
}

fn kind_name(kind: ErrorKind) -> &'static str {
    match kind {
        ErrorKind::NotFound => "NotFound",
        ErrorKind::PermissionDenied => "PermissionDenied",
        ErrorKind::StorageFull => "StorageFull",
        ErrorKind::QuotaExceeded => "QuotaExceeded",
        ErrorKind::ReadOnlyFilesystem => "ReadOnlyFilesystem",
        ErrorKind::UnexpectedEof => "UnexpectedEof",
        ErrorKind::InvalidData => "InvalidData",
        ErrorKind::FileTooLarge => "FileTooLarge",
        ErrorKind::AlreadyExists => "AlreadyExists",
        ErrorKind::NotADirectory => "NotADirectory",
        ErrorKind::IsADirectory => "IsADirectory",
        ErrorKind::OutOfMemory => "OutOfMemory",
        ErrorKind::TimedOut => "TimedOut",
        ErrorKind::BrokenPipe => "BrokenPipe",
        ErrorKind::ResourceBusy => "ResourceBusy",
        _ => "Other",
    }
}
