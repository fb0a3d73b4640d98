//! Text files of a model folder, read whole: configs, indices, tokenizers.

use std::{
    io::{self, Read as _},
    path::Path,
};

use crate::{
    error::{IoContext as _, IoError},
    platform, units,
};

/// More than any such file has; the index of a model with 100 000 tensors has 10 MB, a large tokenizer 35 MB.
const MAX_TEXT_BYTES: u64 = 256 << 20;

/// Reads the text at `path`; `action` is a verb phrase ("read the config").
///
/// # Errors
/// A file that cannot be read, is not UTF-8, or is larger than any text of a model, so that a file of terabytes without
/// content costs no memory.
pub fn read_text(path: &Path, action: &'static str) -> Result<String, IoError> {
    let bytes = read_at_most(path, MAX_TEXT_BYTES).at(action, path)?;
    let decoded = String::from_utf8(bytes).map_err(|error| {
        let problem = format!("it is not UTF-8 from byte {} on", error.utf8_error().valid_up_to());
        io::Error::new(io::ErrorKind::InvalidData, problem)
    });
    decoded.at(action, path)
}

/// The same in whatever encoding it is.
///
/// # Errors
/// A file that cannot be read, or is larger than any text is that is read whole.
pub fn read_text_bytes(path: &Path, action: &'static str) -> Result<Vec<u8>, IoError> {
    read_at_most(path, MAX_TEXT_BYTES).at(action, path)
}

fn read_at_most(path: &Path, max_byte_count: u64) -> io::Result<Vec<u8>> {
    let file = platform::open_for_reading(path)?;
    let byte_count = file.metadata()?.len();
    if byte_count > max_byte_count {
        let problem = format!("{} where at most {} are read", units::bytes(byte_count), units::bytes(max_byte_count));
        return Err(io::Error::new(io::ErrorKind::FileTooLarge, problem));
    }
    let mut bytes = Vec::new();
    file.take(max_byte_count).read_to_end(&mut bytes)?;
    Ok(bytes)
}

#[cfg(test)]
#[expect(clippy::disallowed_methods, reason = "fixtures in temporary folders")]
mod tests {
    use std::fs::File;

    use super::*;

    #[test]
    fn a_file_beyond_the_limit_is_refused_before_it_is_read() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("config.json");
        std::fs::write(&path, "seven b").unwrap();
        assert_eq!(read_at_most(&path, 7).unwrap(), b"seven b");
        assert_eq!(read_at_most(&path, 6).unwrap_err().kind(), io::ErrorKind::FileTooLarge);

        File::options().write(true).open(&path).unwrap().set_len(1 << 40).unwrap();
        let error = read_text(&path, "read the config").unwrap_err();
        assert!(error.to_string().contains("1.10 TB where at most"), "{error}");
    }
}
