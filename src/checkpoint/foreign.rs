//! What lies where weights are looked for and is none that are read here: told by its first bytes, then by its name.

use std::{
    io,
    path::{Path, PathBuf},
};

use serde::Serialize;

use crate::{message::said_in_english, platform};

/// Bytes that a look at the beginning of a file takes.
const START_BYTES: usize = 64;

/// Bytes in which the general part of GGUF's metadata lies.
const METADATA_BYTES: usize = 1 << 14;

/// The first bytes of files that are no weights, or weights of another format.
const STARTS: [(&[u8], ForeignFormat); 9] = [
    (b"GGUF", ForeignFormat::Gguf),
    // The formats before it, as their magic numbers lie on the disk.
    (b"lmgg", ForeignFormat::Ggml),
    (b"fmgg", ForeignFormat::Ggml),
    (b"tjgg", ForeignFormat::Ggml),
    (b"algg", ForeignFormat::Ggml),
    (b"version https://git-lfs", ForeignFormat::LfsPointer),
    (b"<!DOCTYPE", ForeignFormat::WebPage),
    (b"<!doctype", ForeignFormat::WebPage),
    (b"<html", ForeignFormat::WebPage),
];

/// Something that stands in the place of weights; a message.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[expect(missing_docs, reason = "the message of each says what it is")]
pub enum ForeignFormat {
    Gguf,
    Ggml,
    LfsPointer,
    WebPage,
    Diffusers,
    Consolidated,
    TensorFlow,
    Flax,
    Onnx,
}

said_in_english!(ForeignFormat);

impl ForeignFormat {
    /// What the file at `path` is by its first bytes; `None` for everything else, whatever its name.
    #[must_use]
    pub fn of_content(path: &Path) -> Option<Self> {
        let start = start_of(path, START_BYTES).ok()?;
        STARTS.iter().find(|(known, _)| start.starts_with(known)).map(|(_, format)| *format)
    }

    /// What the file at `path` is, by its first bytes or its name.
    #[must_use]
    pub fn of_file(path: &Path) -> Option<Self> {
        Self::of_content(path).or_else(|| Self::of_name(path))
    }

    /// What stands in the place of weights in the folder `root`, and where; for a folder that has none.
    #[must_use]
    pub fn in_folder(root: &Path) -> Option<(Self, PathBuf)> {
        if root.join("model_index.json").is_file() {
            return Some((Self::Diffusers, root.to_owned()));
        }
        let entries = std::fs::read_dir(root).ok()?.flatten().map(|entry| entry.path());
        let mut files: Vec<PathBuf> = entries.filter(|path| path.is_file()).collect();
        files.sort();
        files.into_iter().find_map(|path| Some((Self::of_file(&path)?, path)))
    }

    /// Whether the file at `path`, of another format, holds an adapter: GGUF says so in its metadata, else its name.
    #[must_use]
    pub fn is_adapter(path: &Path) -> bool {
        // The key, the type of its value (8: text), the text's length and the text.
        const GGUF_TYPE: &[u8] = b"general.type\x08\0\0\0\x07\0\0\0\0\0\0\0adapter";
        let name = path.file_name().unwrap_or_default().to_string_lossy().to_ascii_lowercase();
        let start = start_of(path, METADATA_BYTES).unwrap_or_default();
        name.contains("lora") || start.windows(GGUF_TYPE.len()).any(|window| window == GGUF_TYPE)
    }

    fn of_name(path: &Path) -> Option<Self> {
        let name = path.file_name()?.to_str()?.to_ascii_lowercase();
        match name.rsplit_once('.')?.1 {
            "gguf" => Some(Self::Gguf),
            "onnx" => Some(Self::Onnx),
            "h5" => Some(Self::TensorFlow),
            "msgpack" => Some(Self::Flax),
            "safetensors" | "bin" | "json" if name.starts_with("diffusion_pytorch_model") => Some(Self::Diffusers),
            "pth" | "safetensors" if name.starts_with("consolidated") => Some(Self::Consolidated),
            _ => None,
        }
    }
}

/// Whether a file that begins with `start` is a Git LFS pointer.
pub(super) fn is_lfs_pointer(start: &[u8]) -> bool {
    STARTS.iter().any(|(known, format)| *format == ForeignFormat::LfsPointer && start.starts_with(known))
}

fn start_of(path: &Path, most: usize) -> io::Result<Vec<u8>> {
    let file = platform::open_for_reading(path)?;
    let byte_count = usize::try_from(file.metadata()?.len()).unwrap_or(most).min(most);
    let mut start = vec![0; byte_count];
    platform::read_exact_at(&file, &mut start, 0)?;
    Ok(start)
}

#[cfg(test)]
#[expect(clippy::disallowed_methods, reason = "fixtures in temporary folders")]
mod tests {
    use super::*;

    #[test]
    fn content_decides_before_the_name() {
        let folder = tempfile::tempdir().unwrap();
        let of = |name: &str, content: &[u8]| {
            let path = folder.path().join(name);
            std::fs::write(&path, content).unwrap();
            ForeignFormat::of_file(&path)
        };
        let lfs = b"version https://git-lfs.github.com/spec/v1\noid sha256:aa\nsize 5\n";
        assert_eq!(of("model.safetensors", lfs), Some(ForeignFormat::LfsPointer));
        assert_eq!(of("model-q4.gguf", lfs), Some(ForeignFormat::LfsPointer));
        assert_eq!(of("pytorch_model.bin", b"GGUF\x03\0\0\0"), Some(ForeignFormat::Gguf));
        assert_eq!(of("ggml-model-q4_0.bin", b"tjgg\x03\0\0\0"), Some(ForeignFormat::Ggml));
        assert_eq!(of("a.safetensors", b"<!DOCTYPE html>"), Some(ForeignFormat::WebPage));
        assert_eq!(of("broken.gguf", b""), Some(ForeignFormat::Gguf));
        assert_eq!(of("consolidated.00.pth", b"PK"), Some(ForeignFormat::Consolidated));
        assert_eq!(of("diffusion_pytorch_model.fp16.safetensors", b"{}"), Some(ForeignFormat::Diffusers));
        assert_eq!(of("tf_model.h5", b"\x89HDF"), Some(ForeignFormat::TensorFlow));
        for name in ["model.safetensors", "pytorch_model.bin", "README.md", "config.json", "vocab.txt"] {
            assert_eq!(of(name, b"\x10\0\0\0\0\0\0\0{}"), None, "{name}");
        }
    }

    #[test]
    fn a_pipeline_is_known_by_its_index() {
        let folder = tempfile::tempdir().unwrap();
        assert_eq!(ForeignFormat::in_folder(folder.path()), None);
        std::fs::write(folder.path().join("b.gguf"), "GGUF").unwrap();
        let (format, path) = ForeignFormat::in_folder(folder.path()).unwrap();
        assert_eq!((format, path.ends_with("b.gguf")), (ForeignFormat::Gguf, true));
        std::fs::write(folder.path().join("model_index.json"), "{}").unwrap();
        assert_eq!(ForeignFormat::in_folder(folder.path()).unwrap().0, ForeignFormat::Diffusers);
    }
}
