//! Files beside the weights as a loader can read them: no Git LFS pointer in the place of a tokenizer, no byte order mark
//! in front of JSON.

use std::path::Path;

use super::{PlanError, SideFileContent, SideFileStep};
use crate::{
    checkpoint::{CheckpointError, FileRole, ForeignFormat, read_text, read_text_bytes},
    error::{IoAction, IoError},
};

/// Refuses a pointer, and takes a text with a byte order mark as plain UTF-8; any other file stays as it is.
pub(super) fn readable(step: SideFileStep) -> Result<SideFileStep, PlanError> {
    let SideFileContent::CopyOf { source, .. } = &step.content else { return Ok(step) };
    let is_needed = matches!(step.role, FileRole::Tokenizer | FileRole::ChatTemplate | FileRole::Support);
    if is_needed && ForeignFormat::of_content(source) == Some(ForeignFormat::LfsPointer) {
        let (format, path) = (ForeignFormat::LfsPointer, source.clone());
        return Err(CheckpointError::Foreign { format, path }.into());
    }
    let extension = Path::new(&step.relative_path).extension();
    let is_json = extension.is_some_and(|extension| extension.eq_ignore_ascii_case("json"));
    if !is_json || !has_mark(source)? {
        return Ok(step);
    }
    let content = SideFileContent::Text(read_text(source, IoAction::ReadSideText)?);
    Ok(SideFileStep { content, ..step })
}

/// Whether the file begins with a byte order mark.
fn has_mark(path: &Path) -> Result<bool, IoError> {
    const MARKS: [&[u8]; 3] = [&[0xef, 0xbb, 0xbf], &[0xff, 0xfe], &[0xfe, 0xff]];
    let bytes = read_text_bytes(path, IoAction::ReadSideText)?;
    Ok(MARKS.iter().any(|mark| bytes.starts_with(mark)))
}
