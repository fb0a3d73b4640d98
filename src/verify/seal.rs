//! Every file is what it was when the folder was sealed.

use super::{Check, Detail, Evidence, Question, VerifyError};
use crate::{
    checkpoint::Checkpoint,
    job::{JobContext, Stage},
    merge::{MergeError, Seal, sha256_of},
};

/// Hashes every file that the seal names; `None` where the folder has no seal.
pub(super) fn check(merged: &Checkpoint, job: &JobContext) -> Result<Option<Check>, VerifyError> {
    let root = merged.root();
    let seal = match Seal::read(root) {
        Ok(Some(seal)) => seal,
        Ok(None) => return Ok(None),
        Err(MergeError::BadSeal { line, .. }) => {
            return Ok(Some(Check::judged(
                Question::Sealed,
                Evidence::SealBroken,
                vec![Detail::BadSeal { line }],
                Vec::new(),
            )));
        }
        Err(error) => return Err(error.into()),
    };
    let held = Seal::sealable(root)?;
    job.start_stage(Stage::Sealing, held.iter().map(|(_, byte_count)| byte_count).sum());
    let mut problems = Vec::new();
    for file in &seal.files {
        job.set_current(file.name.as_str());
        // A seal may be a stranger's: it names files of its own folder, or none.
        if !held.iter().any(|(name, _)| *name == file.name) {
            problems.push(Detail::SealedAndGone { file: file.name.clone() });
        } else if sha256_of(&root.join(&file.name), job)? != file.sha256 {
            problems.push(Detail::SealedAndOther { file: file.name.clone() });
        }
    }
    let is_new = |name: &&String| !seal.files.iter().any(|file| file.name == **name);
    let warnings = held.iter().map(|(name, _)| name).filter(is_new);
    let warnings = warnings.map(|name| Detail::CameAfterSeal { file: name.clone() }).collect();
    let file_count = seal.files.len();
    let evidence = match problems.len() {
        0 => Evidence::SealHolds { file_count },
        differing_count => Evidence::SealDiffers { differing_count, file_count },
    };
    Ok(Some(Check::judged(Question::Sealed, evidence, problems, warnings)))
}
