//! One look at every value of an adapter before a merge writes anything.

use std::{collections::BTreeMap, path::Path};

use super::{Adapter, AdapterError, Content, Target};
use crate::{
    checkpoint::LogicalTensor,
    job::{JobContext, JobEvent, JobWarning},
    numeric::{FloatDtype, row_tiles},
};

/// Elements read at once.
const SCAN_ELEMENTS: usize = 1 << 20;

impl Adapter {
    /// Reads every tensor once: all finite, and not every update without effect. Updates without effect beside others
    /// are a warning.
    ///
    /// # Errors
    /// The names of tensors with NaN or infinity; an adapter that changes nothing; a cancelled job.
    pub fn scan(&self, job: &JobContext) -> Result<(), AdapterError> {
        let mut non_finite = Vec::new();
        let mut contents = Contents::new();
        for tensor in self.tensors().into_iter().filter(|tensor| FloatDtype::of(tensor.dtype()).is_some()) {
            let seen = look_at(tensor, job)?;
            if !seen.is_finite {
                non_finite.push(tensor);
            }
            contents.insert(place(tensor), seen.content);
        }
        if let Some(first) = non_finite.first() {
            let path = first.file().path().to_owned();
            let tensors = non_finite.iter().map(|tensor| tensor.name().to_owned()).collect();
            return Err(AdapterError::NonFinite { tensors, path });
        }
        self.judge_effect(&contents, job)
    }

    fn judge_effect(&self, contents: &Contents<'_>, job: &JobContext) -> Result<(), AdapterError> {
        let is_untrained = |target: &&Target| {
            let seen: Vec<Content> = target
                .tensors()
                .iter()
                .map(|tensor| contents.get(&place(tensor)).copied().unwrap_or_default())
                .collect();
            target.update().is_some_and(|update| update.is_untrained(&seen))
        };
        let untrained: Vec<String> =
            self.targets.iter().filter(is_untrained).map(|target| target.module.clone()).collect();
        if untrained.len() == self.targets.len() && !untrained.is_empty() {
            let path = match self.files.as_slice() {
                [only] => only.path().to_owned(),
                _ => self.root.clone(),
            };
            return Err(AdapterError::NoEffect { path });
        }
        if !untrained.is_empty() {
            job.send(JobEvent::Warning(JobWarning::Untrained {
                adapter: self.name(),
                modules: untrained,
                target_count: self.targets.len(),
            }));
        }
        Ok(())
    }
}

/// What was seen in each tensor, by the file and the name.
type Contents<'a> = BTreeMap<(&'a Path, &'a str), Content>;

fn place(tensor: &LogicalTensor) -> (&Path, &str) {
    (tensor.file().path(), tensor.name())
}

struct Seen {
    is_finite: bool,
    content: Content,
}

fn look_at(tensor: &LogicalTensor, job: &JobContext) -> Result<Seen, AdapterError> {
    let mut seen = Seen { is_finite: true, content: Content { is_zero: true, is_one: true } };
    let shape = tensor.tile_shape();
    for rows in row_tiles(shape, SCAN_ELEMENTS) {
        job.check_cancelled()?;
        let mut values = vec![0.0; rows.len() * shape.columns];
        tensor.read_rows(rows, &mut values)?;
        seen.is_finite &= values.iter().all(|value| value.is_finite());
        seen.content.is_zero &= values.iter().all(|value| *value == 0.0);
        seen.content.is_one &= values.iter().all(|value| *value == 1.0);
    }
    Ok(seen)
}
