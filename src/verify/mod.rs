//! Is this folder the merge that it claims to be? Judged from the files alone, for anybody's merge.
//!
//! Every target is recomputed from base and adapter in f64 and compared with what is stored; everything else must be
//! the base, converted at most. A receipt is never trusted.

mod agreement;
mod alone;
mod audit;
mod change;
mod check;
mod config_change;
mod config_fit;
mod detail;
mod diagnosis;
mod error;
mod evidence;
mod exact;
mod exact_tile;
mod gguf;
mod left_out;
mod links;
mod loader;
mod nested_scales;
mod packed;
mod packing_fit;
mod policy;
mod question;
mod references;
mod seal;
mod standing;
mod structure;
mod task_fit;
mod tokenizer;
mod trained_on;
mod verdict;
mod weights;

use std::path::PathBuf;

pub use self::{
    agreement::Agreement,
    alone::{ALONE_COMMAND, AloneMessage, AloneReport},
    audit::Misjudged,
    change::ChangeSums,
    check::{Check, Outcome, VerifyReport},
    detail::{ConfigFault, Detail, TokenizerFault, WrongValues},
    diagnosis::Diagnosis,
    error::VerifyError,
    evidence::{Evidence, Predicted, Recomputed},
    policy::RoundingPolicy,
    question::Question,
    standing::{Proof, Standing},
    verdict::{ChangedSet, TensorVerdict},
};
use crate::{
    adapter::Adapter,
    architecture::{Architecture, Recast, TaskFamily, packed_while_loading},
    checkpoint::{Checkpoint, LogicalTensor},
    gguf::open_model,
    job::JobContext,
    matching::Matching,
    merge::GgufPlace,
    numeric::codec::Nf4Format,
    plan::{AdapterRequest, Rounding},
};

/// What to verify, and against what.
#[derive(Clone, Debug, PartialEq)]
pub struct VerifyRequest {
    /// The merged folder, or a GGUF file.
    pub merged: PathBuf,
    /// The base that it was made from, where it is at hand.
    pub base: Option<PathBuf>,
    /// The adapters that went into it, with their strengths.
    pub adapters: Vec<AdapterRequest>,
}

/// What else is known about a merge, from whoever made it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct VerifyOptions {
    /// How its updated tensors were rounded.
    pub rounding: Rounding,
    /// How the base was packed before, as the adapters' trainer had it.
    pub trained_quantization: Option<Nf4Format>,
    /// A program that knows [`ALONE_COMMAND`], to load the folder in a process that has nothing else; `None` leaves that
    /// check out.
    pub program: Option<PathBuf>,
}

/// The inputs that a merge is judged against.
struct Reference {
    base: Checkpoint,
    adapters: Vec<Adapter>,
    strengths: Vec<f64>,
    matching: Matching,
}

impl Reference {
    /// Where the values of `tensor` come from; `None` where base and adapters have none of its shape.
    fn source_of(&self, tensor: &LogicalTensor) -> Option<&LogicalTensor> {
        let source = match self.matching.applied_to(tensor.name()) {
            Some(applied) => applied.source(&self.base, &self.adapters),
            None => self.base.tensor(tensor.name()),
        };
        source.filter(|source| source.shape() == tensor.shape())
    }
}

/// Runs every check that the inputs allow, on a merge that was rounded to nearest.
///
/// # Errors
/// As [`run_with`].
pub fn run(request: &VerifyRequest, job: &JobContext) -> Result<VerifyReport, VerifyError> {
    run_with(request, &VerifyOptions::default(), job)
}

/// Runs every check that the inputs allow.
///
/// # Errors
/// Base or adapters that cannot be opened or do not fit together, a read that fails, a cancelled job.
pub fn run_with(
    request: &VerifyRequest,
    options: &VerifyOptions,
    job: &JobContext,
) -> Result<VerifyReport, VerifyError> {
    let inputs = open_reference(request, options)?;
    if GgufPlace::of(request.merged.clone()).is_file() {
        return gguf::judge(request, inputs.ok_or(VerifyError::GgufWithoutBase)?, options, job);
    }
    judge(request, inputs, None, options, job)
}

/// The same with a matching that is given and not found anew. It is audited like any other, so that a wrong one fails
/// even where the merge was made from it.
///
/// # Errors
/// As [`run_with`].
pub fn run_with_matching(
    request: &VerifyRequest,
    matching: Matching,
    options: &VerifyOptions,
    job: &JobContext,
) -> Result<VerifyReport, VerifyError> {
    judge(request, open_reference(request, options)?, Some(matching), options, job)
}

fn judge(
    request: &VerifyRequest,
    inputs: Option<Inputs>,
    matching: Option<Matching>,
    options: &VerifyOptions,
    job: &JobContext,
) -> Result<VerifyReport, VerifyError> {
    let merged = match Checkpoint::open(&request.merged) {
        Ok(merged) => merged,
        Err(error) => return Ok(VerifyReport::unreadable(error)),
    };
    let mut reference = inputs.map(|inputs| inputs.matched(&merged)).transpose()?;
    if let (Some(reference), Some(matching)) = (&mut reference, matching) {
        reference.matching = matching;
    }
    let mut report = VerifyReport::default();
    report.checks.push(structure::check(&merged, reference.as_ref())?);
    report.checks.push(references::check(&merged, request));
    let audit = reference.as_ref().map(|reference| audit::audit(&merged, reference)).transpose()?.unwrap_or_default();
    let (checks, changed_set) = weights::check(&merged, reference.as_ref(), audit, options, job)?;
    report.checks.extend(checks);
    report.changed_set = changed_set;
    if let Some(reference) = &reference {
        report.checks.extend(left_out::check(&merged, reference, job)?);
    }
    if let Some(check) = seal::check(&merged, job)? {
        report.checks.push(check);
    }
    if let Some(program) = &options.program {
        let (check, alone) = alone::check(merged.root(), program, job)?;
        report.checks.push(check);
        report.alone = Some(alone);
    }
    let strengths = reference.as_ref().map_or(&[][..], |reference| &reference.strengths);
    report.diagnosis = Diagnosis::of(&report.checks, report.changed_set.as_ref(), strengths);
    if report.diagnosis.as_ref().is_some_and(Diagnosis::may_be_of_another_base)
        && let (Some(reference), Some(set)) = (&mut reference, &report.changed_set)
        && let Some(quantization) = trained_on::find(&merged, reference, set, options, job)?
    {
        report.diagnosis = Some(Diagnosis::TrainedOn { quantization: quantization.to_string() });
    }
    Ok(report)
}

/// Opens base and adapters; how they fit together is asked of the class that the merged model is.
fn open_reference(request: &VerifyRequest, options: &VerifyOptions) -> Result<Option<Inputs>, VerifyError> {
    let Some(base) = &request.base else {
        return if request.adapters.is_empty() { Ok(None) } else { Err(VerifyError::AdapterWithoutBase) };
    };
    let path = base;
    let base = open_model(path).map_err(VerifyError::Base)?;
    if let Some(method) = Architecture::of(&base).unread_quantization() {
        return Err(VerifyError::PackedBase { method, path: path.to_owned() });
    }
    let base = match options.trained_quantization {
        Some(quantization) => packed_while_loading(base, quantization)?,
        None => base,
    };
    let adapters = request
        .adapters
        .iter()
        .map(|adapter| Adapter::open_for(&adapter.path, &base))
        .collect::<Result<Vec<_>, _>>()?;
    let strengths = request.adapters.iter().map(|adapter| adapter.strength).collect();
    Ok(Some(Inputs { base, adapters, strengths }))
}

/// Base and adapters as they were given.
struct Inputs {
    base: Checkpoint,
    adapters: Vec<Adapter>,
    strengths: Vec<f64>,
}

impl Inputs {
    /// Matches the adapters with the base as the class of `merged` has it: with a head of its own, a merged model may be
    /// of another class, which calls tensors otherwise and lacks some.
    fn matched(self, merged: &Checkpoint) -> Result<Reference, VerifyError> {
        let Self { base, adapters, strengths } = self;
        let family = TaskFamily::of(base.config().model_type(), base.config().architecture());
        let class = merged.config().architecture().filter(|name| base.config().architecture() != Some(*name));
        let base = match family.and_then(|family| Some((family, family.class(class?)?))) {
            Some((family, class)) => Recast::of(&base, family, class).map_err(VerifyError::Base)?.0,
            None => base,
        };
        let matching = Matching::new(&base, &adapters);
        if !adapters.is_empty() && !matching.is_complete() {
            return Err(VerifyError::DoesNotFit { misplaced: matching.misplaced_modules().next() });
        }
        Ok(Reference { base, adapters, strengths, matching })
    }
}
