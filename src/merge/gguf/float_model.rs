//! The model that a merge gives, before its one rounding.

use std::{collections::BTreeMap, sync::Arc};

use super::super::in_memory::in_float32;
use crate::{
    checkpoint::{Checkpoint, FileRole, read_text_bytes},
    error::IoAction,
    merge::MergeError,
    plan::{MergePlan, SideFileContent},
};

/// The model of `plan`: what the merge changes in float32, everything else as the base has it, with the tokenizer and
/// the templates that the merged folder would have.
///
/// # Errors
/// A side file that cannot be read, a config of the plan that is no JSON object.
pub(super) fn float_model(plan: &Arc<MergePlan>) -> Result<Checkpoint, MergeError> {
    let mut files = BTreeMap::new();
    for step in &plan.side_files {
        if !matches!(step.role, FileRole::Tokenizer | FileRole::ChatTemplate | FileRole::Support) {
            continue;
        }
        let bytes = match &step.content {
            SideFileContent::CopyOf { source, .. } => read_text_bytes(source, IoAction::ReadTokenizer)?,
            SideFileContent::Text(text) => text.as_bytes().to_vec(),
        };
        files.insert(step.relative_path.clone(), bytes);
    }
    let name = plan.base.name();
    let name = name.rsplit('/').next().unwrap_or(&name);
    Ok(in_float32(plan)?.with_side_files(format!("{name}-merged"), files))
}
