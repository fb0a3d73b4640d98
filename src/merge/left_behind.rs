//! What lies where a merge would have gone, once it failed.

use std::{io::ErrorKind, path::PathBuf};

use crate::plan::MergePlan;

/// What is there under the names that `plan` works with, the output's first; empty where nothing was left behind, `None`
/// where the system does not say.
#[must_use]
pub fn left_behind(plan: &MergePlan) -> Option<Vec<PathBuf>> {
    let mut there = Vec::new();
    for path in [plan.output.clone(), plan.partial_path()] {
        match path.symlink_metadata() {
            Ok(_) => there.push(path),
            Err(error) if error.kind() == ErrorKind::NotFound => {}
            Err(_) => return None,
        }
    }
    Some(there)
}

#[cfg(test)]
#[expect(clippy::disallowed_methods, reason = "fixtures in temporary folders")]
mod tests {
    use super::*;
    use crate::{plan::MergeRequest, sample::Sample};

    #[test]
    fn whatever_lies_there_is_named() {
        let sample = Sample::find().unwrap();
        let folder = tempfile::tempdir().unwrap();
        let request = MergeRequest::new(sample.base(), sample.adapter(), folder.path().join("merged"));
        let plan = MergePlan::resolved(&request).unwrap();
        assert_eq!(left_behind(&plan), Some(Vec::new()));
        std::fs::create_dir(plan.partial_path()).unwrap();
        assert_eq!(left_behind(&plan), Some(vec![plan.partial_path()]));
        std::fs::write(&plan.output, "").unwrap();
        assert_eq!(left_behind(&plan), Some(vec![plan.output.clone(), plan.partial_path()]));
    }
}
