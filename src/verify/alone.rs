//! Stands alone, shown by doing it: the folder is loaded in a process of its own that the kernel lets open nothing else.

use std::{
    path::{Path, PathBuf},
    process::{Child, Command, Output, Stdio},
    thread,
    time::Duration,
};

use serde::{Deserialize, Serialize};

use super::{Check, ConfigFault, Detail, Evidence, Predicted, Question, VerifyError};
use crate::{
    checkpoint::{Checkpoint, LogicalTensor},
    error::{IoAction, IoContext as _},
    evaluate::{self, EvalError, EvalRequest, EvalText, ModelSource},
    job::{Current, JobContext, Stage},
    message,
    platform::{self, Confinement, Unconfined},
};

/// The hidden command of the program that does the work in its own process.
pub const ALONE_COMMAND: &str = "alone";

/// What the model reads: two languages, so that most of a tokenizer has a part in it.
const PROBE: &str = "The merged model stands alone. 합쳐진 모델은 혼자서도 작동합니다.";

/// Token ids that any vocabulary has, for a folder without a tokenizer.
const PROBE_TOKENS: u32 = 8;

/// How often the parent looks whether the child is done, or whether it should stop.
const POLL_INTERVAL: Duration = Duration::from_millis(20);

/// What a process found that had only the folder.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct AloneReport {
    /// Why the kernel did not confine the process; `None` where it did.
    #[serde(serialize_with = "message::any_shown", skip_deserializing)]
    pub unconfined: Option<Unconfined>,
    /// Every file that was opened, by its path below the folder; a path that does not lie there is whole.
    pub opened: Vec<String>,
    /// Tensors that were read, in whole or in part.
    pub tensors_read: usize,
    /// Tokens that the model predicted.
    pub tokens_scored: usize,
    /// Mean negative log likelihood of them, in nats.
    pub mean_nll: Option<f64>,
    /// Why no token was predicted, where the weights could only be read.
    pub unpredicted: Option<String>,
    /// Tokens that the tokenizer makes of the probe, where they are too few for one to be predicted.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub probe_tokens: Option<usize>,
    /// What went wrong.
    pub error: Option<String>,
}

/// What the process that loads the folder tells the one that started it: the report, and as values what it only says.
#[derive(Debug, Serialize, Deserialize)]
pub struct AloneMessage {
    report: AloneReport,
    unconfined: Option<Unconfined>,
}

impl AloneMessage {
    /// Tells all of `report`.
    #[must_use]
    pub fn new(report: AloneReport) -> Self {
        Self { unconfined: report.unconfined.clone(), report }
    }

    fn into_report(self) -> AloneReport {
        AloneReport { unconfined: self.unconfined, ..self.report }
    }
}

impl AloneReport {
    /// Confines this process to `folder`, loads the model in it and lets it predict a few tokens.
    ///
    /// To be called by a process that has no other thread and nothing else to do: it can open no other file afterwards.
    #[must_use]
    pub fn of_this_process(folder: &Path) -> Self {
        let mut report = Self::default();
        if let Confinement::Nothing { reason } = platform::confine_to(folder) {
            report.unconfined = Some(reason);
        }
        platform::record_opened();
        if let Err(error) = report.load(folder) {
            report.error = Some(without_path(&error, folder));
        }
        let relative = |path: PathBuf| {
            path.strip_prefix(folder).map_or_else(|_| path.display().to_string(), |below| below.display().to_string())
        };
        report.opened = platform::opened().into_iter().map(relative).collect();
        report
    }

    fn load(&mut self, folder: &Path) -> Result<(), VerifyError> {
        let model = Checkpoint::open(folder)?;
        let has_tokenizer = folder.join("tokenizer.json").exists();
        let text = if has_tokenizer {
            EvalText::text("probe", PROBE)
        } else {
            EvalText::tokens("probe", (0..PROBE_TOKENS).collect())
        };
        let request = EvalRequest::new(vec![ModelSource::Stored(folder.to_owned())], vec![text]);
        match evaluate::run(&request, &JobContext::unwatched()) {
            Ok(report) => {
                let score = report.models.first().and_then(|model| model.texts.first());
                self.tokens_scored = score.map_or(0, |score| score.nll.len());
                self.mean_nll = score.map(|score| score.nll.iter().sum::<f64>() / score.nll.len().max(1) as f64);
                self.tensors_read = model.tensors().len();
                Ok(())
            }
            Err(error) if is_not_covered(&error, has_tokenizer) => {
                if let EvalError::NothingToScore { token_count, .. } = error {
                    self.probe_tokens = Some(token_count);
                }
                self.unpredicted = Some(without_path(&error, folder));
                model.tensors().values().try_for_each(read_ends)?;
                self.tensors_read = model.tensors().len();
                Ok(())
            }
            Err(error) => Err(VerifyError::Unpredictable(Box::new(error))),
        }
    }

    /// The check that this makes.
    fn check(&self, folder: &Path) -> Check {
        let failed = self.error.iter().map(|problem| Detail::LoadFailed { problem: problem.clone() });
        let outside = self.opened.iter().filter(|path| Path::new(path).is_absolute());
        let outside = outside.map(|path| Detail::OpenedOutside { path: path.clone() });
        let mut problems: Vec<Detail> = failed.chain(outside).collect();
        let predicted = match (&self.unpredicted, self.mean_nll) {
            (Some(_), _) if self.probe_tokens.is_some() => {
                Predicted::ProbeTooShort { token_count: self.probe_tokens.unwrap_or_default() }
            }
            (Some(reason), _) => Predicted::OnlyRead { reason: reason.clone(), fault: fault_of(folder, reason) },
            (None, Some(mean_nll)) => Predicted::Tokens { count: self.tokens_scored, mean_nll },
            (None, None) => Predicted::Nothing,
        };
        let unconfined = self.unconfined.clone();
        let evidence = if problems.is_empty() {
            let (file_count, tensor_count) = (self.opened.len(), self.tensors_read);
            Evidence::Loaded { unconfined, file_count, tensor_count, predicted }
        } else {
            Evidence::NotLoaded { unconfined }
        };
        let is_odd = self.mean_nll.is_some_and(|nll| !nll.is_finite());
        problems.extend(is_odd.then_some(Detail::OnlyNan));
        Check::judged(Question::Alone, evidence, problems, Vec::new())
    }
}

/// Loads `merged` in a child process of `program`, which knows [`ALONE_COMMAND`].
///
/// # Errors
/// A program that cannot be started or says nothing, a cancelled job.
pub(super) fn check(merged: &Path, program: &Path, job: &JobContext) -> Result<(Check, AloneReport), VerifyError> {
    job.start_stage(Stage::Evaluating, 0);
    job.set_current(Current::Alone);
    let folder = merged.canonicalize().at(IoAction::ResolvePath, merged)?;
    let mut command = Command::new(program);
    // Nothing of the caller's place or settings may help the model.
    command.arg(ALONE_COMMAND).arg(&folder).current_dir(&folder);
    for variable in ["HF_HOME", "HF_HUB_CACHE", "HUGGINGFACE_HUB_CACHE", "TRANSFORMERS_CACHE", "LORAFUSE_ASSETS"] {
        command.env_remove(variable);
    }
    command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped());
    let child = command.spawn().at(IoAction::StartProcess, program)?;
    let output = wait(child, program, job)?;
    let message: AloneMessage = serde_json::from_slice(&output.stdout).map_err(|_| {
        let words = String::from_utf8_lossy(&output.stderr);
        let last = words.lines().last().unwrap_or("it said nothing").to_owned();
        VerifyError::ChildFailed { said: last, path: program.to_owned() }
    })?;
    let report = message.into_report();
    Ok((report.check(&folder), report))
}

/// Waits for `child`; a cancelled job ends it.
fn wait(mut child: Child, program: &Path, job: &JobContext) -> Result<Output, VerifyError> {
    while child.try_wait().at(IoAction::WaitForProcess, program)?.is_none() {
        if let Err(cancelled) = job.check_cancelled() {
            child.kill().at(IoAction::EndProcess, program)?;
            child.wait().at(IoAction::WaitForProcess, program)?;
            return Err(cancelled.into());
        }
        thread::sleep(POLL_INTERVAL);
    }
    Ok(child.wait_with_output().at(IoAction::ReadProcess, program)?)
}

/// The decoder's error that the process in `folder` gave as its `reason`, found again here: it lies in the config alone.
fn fault_of(folder: &Path, reason: &str) -> Option<ConfigFault> {
    let error = evaluate::unread_tensors(folder).err()?;
    (without_path(&error, folder) == reason).then(|| ConfigFault::new(error))
}

/// Whether the model may be sound and only our decoder or our probe does not suit it.
fn is_not_covered(error: &EvalError, has_tokenizer: bool) -> bool {
    match error {
        EvalError::Architecture { .. }
        | EvalError::UnsupportedValue { .. }
        | EvalError::Quantized { .. }
        | EvalError::MissingKey { .. }
        | EvalError::NothingToScore { .. }
        | EvalError::TooFewPositions { .. } => true,
        // Ids of ours, which a small vocabulary need not have.
        EvalError::TokenOutsideVocab { .. } => !has_tokenizer,
        _ => false,
    }
}

/// Reads the first and the last row, which shows that all of it is within reach.
fn read_ends(tensor: &LogicalTensor) -> Result<(), VerifyError> {
    let shape = tensor.tile_shape();
    let Some(last) = shape.rows.checked_sub(1) else { return Ok(()) };
    let mut bytes = vec![0; shape.columns * tensor.dtype().bitsize() / 8];
    for row in [0, last] {
        tensor.read_row_bytes(row..row + 1, &mut bytes)?;
    }
    Ok(())
}

/// An error's message without the folder, which every message names last, and with its hint.
fn without_path(error: &(impl std::fmt::Display + crate::error::Hint), folder: &Path) -> String {
    let text = error.to_string().replace(&format!("{}{}", folder.display(), std::path::MAIN_SEPARATOR), "");
    let text = text.trim_end_matches(&format!(": {}", folder.display())).to_owned();
    match error.hint() {
        Some(hint) => format!("{text} ({hint})"),
        None => text,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_outside_of_the_folder_fails() {
        let inside = AloneReport { opened: vec!["config.json".to_owned()], tensors_read: 3, ..AloneReport::default() };
        assert_eq!(inside.check(Path::new("folder")).outcome, super::super::Outcome::Passed);
        let outside = std::env::temp_dir().join("base/model.safetensors").display().to_string();
        let report = AloneReport { opened: vec![outside.clone()], ..inside };
        let check = report.check(Path::new("folder"));
        assert_eq!(check.outcome, super::super::Outcome::Failed);
        assert!(check.details[0].to_string().contains(&outside), "{check:?}");
    }

    #[test]
    fn a_probe_of_one_token_is_not_evaluated_and_no_fault() {
        let report = AloneReport {
            unpredicted: Some("probe has 1 token, so nothing can be scored".to_owned()),
            probe_tokens: Some(1),
            ..AloneReport::default()
        };
        let check = report.check(Path::new("folder"));
        assert_eq!(check.outcome, super::super::Outcome::Passed);
        assert!(
            check.evidence.to_string().contains("not evaluated: the tokenizer makes 1 token of the text"),
            "{check:?}"
        );
        let error = EvalError::NothingToScore { text: "probe".to_owned(), token_count: 1 };
        assert!(is_not_covered(&error, true));
    }

    #[test]
    fn messages_name_files_below_the_folder() {
        let folder = Path::new("folder");
        let error = crate::error::IoError {
            action: IoAction::OpenWeights,
            source: std::io::Error::from(std::io::ErrorKind::PermissionDenied),
            path: folder.join("model.safetensors"),
        };
        let text = without_path(&error, folder);
        assert!(text.starts_with("cannot open the weights: permission denied: model.safetensors"), "{text}");
    }
}
