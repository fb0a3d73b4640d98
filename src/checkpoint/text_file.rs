//! Text files of a model folder, read whole: configs, indices, tokenizers.

use std::{
    io::{self, Read as _},
    path::Path,
};

use super::foreign::is_lfs_pointer;
use crate::{
    error::{IoAction, IoContext as _, IoError, TextFault},
    platform,
};

/// More than any such file has; the index of a model with 100 000 tensors has 10 MB, a large tokenizer 35 MB.
const MAX_TEXT_BYTES: u64 = 256 << 20;

/// Reads the text at `path`, in UTF-8 or, with a byte order mark, in UTF-16; the mark is no part of it. `action` says for
/// an error what was tried.
///
/// # Errors
/// A file that cannot be read, is a Git LFS pointer or in another encoding, or is larger than any text of a model, so that a file of terabytes without
/// content costs no memory.
pub fn read_text(path: &Path, action: IoAction) -> Result<String, IoError> {
    let bytes = read_at_most(path, MAX_TEXT_BYTES).at(action, path)?;
    decoded(bytes).map_err(io::Error::from).at(action, path)
}

/// The text in `bytes`; editors on Windows put a byte order mark before it, or write UTF-16.
pub(super) fn decoded(bytes: Vec<u8>) -> Result<String, TextFault> {
    if is_lfs_pointer(&bytes) {
        return Err(TextFault::LfsPointer);
    }
    match bytes.as_slice() {
        [0xef, 0xbb, 0xbf, text @ ..] => utf8(text.to_vec()),
        [0xff, 0xfe, text @ ..] => utf16(text, u16::from_le_bytes),
        [0xfe, 0xff, text @ ..] => utf16(text, u16::from_be_bytes),
        _ => utf8(bytes),
    }
}

fn utf8(bytes: Vec<u8>) -> Result<String, TextFault> {
    String::from_utf8(bytes).map_err(|error| TextFault::NotUtf8 { valid_byte_count: error.utf8_error().valid_up_to() })
}

fn utf16(bytes: &[u8], unit: fn([u8; 2]) -> u16) -> Result<String, TextFault> {
    let (pairs, odd) = bytes.as_chunks::<2>();
    let text = char::decode_utf16(pairs.iter().map(|pair| unit(*pair))).collect::<Result<String, _>>();
    text.ok().filter(|_| odd.is_empty()).ok_or(TextFault::NotUtf16)
}

/// The same in whatever encoding it is.
///
/// # Errors
/// A file that cannot be read, or is larger than any text is that is read whole.
pub fn read_text_bytes(path: &Path, action: IoAction) -> Result<Vec<u8>, IoError> {
    read_at_most(path, MAX_TEXT_BYTES).at(action, path)
}

fn read_at_most(path: &Path, max_byte_count: u64) -> io::Result<Vec<u8>> {
    let file = platform::open_for_reading(path)?;
    let byte_count = file.metadata()?.len();
    if byte_count > max_byte_count {
        return Err(TextFault::TooLong { byte_count, limit: max_byte_count }.into());
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
    fn byte_order_marks_and_utf_16_are_read() {
        let utf16 = |unit: fn(u16) -> [u8; 2]| "\u{feff}{\"값\": 1}".encode_utf16().flat_map(unit).collect::<Vec<u8>>();
        let with_mark = "\u{feff}{\"값\": 1}".as_bytes().to_vec();
        for bytes in [with_mark, utf16(u16::to_le_bytes), utf16(u16::to_be_bytes), "{\"값\": 1}".into()] {
            assert_eq!(decoded(bytes).unwrap(), "{\"값\": 1}");
        }
        assert!(matches!(decoded(vec![0xff, 0xfe, b'a']), Err(TextFault::NotUtf16)));
        assert!(matches!(decoded(vec![b'a', 0xb0]), Err(TextFault::NotUtf8 { valid_byte_count: 1 })));
        let pointer = b"version https://git-lfs.github.com/spec/v1\n".to_vec();
        assert!(matches!(decoded(pointer), Err(TextFault::LfsPointer)));
    }

    #[test]
    fn a_file_beyond_the_limit_is_refused_before_it_is_read() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("config.json");
        std::fs::write(&path, "seven b").unwrap();
        assert_eq!(read_at_most(&path, 7).unwrap(), b"seven b");
        assert_eq!(read_at_most(&path, 6).unwrap_err().kind(), io::ErrorKind::FileTooLarge);

        File::options().write(true).open(&path).unwrap().set_len(1 << 40).unwrap();
        let error = read_text(&path, IoAction::ReadConfig).unwrap_err();
        assert!(error.to_string().contains("1.10 TB where at most"), "{error}");
    }
}
