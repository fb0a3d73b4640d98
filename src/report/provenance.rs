//! What a merged folder was made from, by which it is judged.

use std::{path::PathBuf, time::Instant};

use super::ModelRole;
use crate::{
    evaluate::ModelSource,
    job::JobContext,
    message::{Problem, message},
    numeric::codec::Nf4Format,
    plan::{AdapterRequest, Rounding},
    verify::{self, VerifyError, VerifyOptions, VerifyReport, VerifyRequest},
};

/// A merged folder and what it was made from, as far as that is known.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Provenance {
    /// The folder.
    pub merged: PathBuf,
    /// The base.
    pub base: Option<PathBuf>,
    /// The adapters and their strengths.
    pub adapters: Vec<AdapterRequest>,
    /// How updated tensors were rounded.
    pub rounding: Rounding,
    /// How the base was packed before, as the adapters' trainer had it.
    pub trained_quantization: Option<Nf4Format>,
}

/// Checks with their duration in seconds.
pub type Verified = (Result<VerifyReport, Problem>, f64);

impl Provenance {
    /// The strength that all adapters were added with, where they share one.
    #[must_use]
    pub fn shared_strength(&self) -> Option<f64> {
        let (AdapterRequest { strength, .. }, others) = self.adapters.split_first()?;
        others.iter().all(|other| (other.strength - strength).abs() < f64::EPSILON).then_some(*strength)
    }

    /// Recomputes what the merge had to be and compares it with what lies on disk, then loads the folder in a process of
    /// its own where `program` knows how.
    pub fn verify(&self, program: Option<PathBuf>, job: &JobContext) -> Verified {
        let started = Instant::now();
        // Adapters say nothing without the base that they change.
        let adapters = if self.base.is_some() { self.adapters.clone() } else { Vec::new() };
        let request = VerifyRequest { merged: self.merged.clone(), base: self.base.clone(), adapters };
        let options =
            VerifyOptions { rounding: self.rounding, trained_quantization: self.trained_quantization, program };
        let report = verify::run_with(&request, &options, job).map_err(|error| match error {
            VerifyError::Cancelled(_) => Problem::described(message!("problem-check-cancelled")),
            error => Problem::of(&error),
        });
        (report, started.elapsed().as_secs_f64())
    }

    /// Base as stored, base + adapter at run time, merged: those that are there.
    #[must_use]
    pub fn models(&self) -> Vec<(ModelRole, ModelSource)> {
        let mut models = Vec::new();
        if let Some(base) = &self.base {
            models.push((ModelRole::Base, ModelSource::Stored(base.clone())));
            if !self.adapters.is_empty() {
                let source = ModelSource::WithAdapters {
                    base: base.clone(),
                    trained_quantization: self.trained_quantization,
                    adapters: self.adapters.clone(),
                };
                models.push((ModelRole::RunTime, source));
            }
        }
        models.push((ModelRole::Merged, ModelSource::Stored(self.merged.clone())));
        models
    }
}
