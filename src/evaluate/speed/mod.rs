//! Seconds and memory of models: a process for each, the whole model in memory, all of them taking turns.
//!
//! What a pass over streamed layers takes says little about a model in use, and models in one process disturb each
//! other. So each is loaded by a process of its own, warmed up once, and asked in turn with the others (ABAB): a slower
//! minute of the machine slows all of them. Where not all of them fit in memory, they follow one another, twice.

mod child;
mod process;
mod report;

use std::path::{Path, PathBuf};

pub use self::{
    child::{RESIDENT_COMMAND, serve},
    report::{MeasuredSpeed, ModelSpeed, SpeedReport, Spread, TimedAnswer},
};
use self::{process::ResidentProcess, report::Samples};
use super::{EvalError, EvalText, ModelSource, ResidentModel, tokens, tokens::TokenizedTexts};
use crate::{
    checkpoint::Checkpoint,
    gguf::open_model,
    job::{JobContext, JobEvent, Stage},
    platform,
};

/// Runs of each measurement unless told otherwise.
pub const DEFAULT_SPEED_RUNS: usize = 10;

/// Tokens that a forward pass reads at most.
const FORWARD_TOKENS: usize = 512;

/// Tokens of the text before a continuation, where no prompt was given.
const PROMPT_TOKENS: usize = 32;

/// Tokens of a continuation: enough to judge an answer by.
const ANSWER_TOKENS: usize = 64;

/// Runs of a continuation at most: each of them times many tokens.
const ANSWER_RUNS: usize = 3;

/// Rounds of models that follow one another in memory.
const SHARED_ROUNDS: usize = 2;

/// Share of the free memory that models may take, the rest being for what they compute.
const MEMORY_SHARE: f64 = 0.85;

/// What is measured, and with what.
#[derive(Clone, Debug)]
pub struct SpeedRequest {
    /// The models.
    pub models: Vec<ModelSource>,
    /// The text whose first tokens a forward pass reads.
    pub text: EvalText,
    /// What the models continue; `None` takes the beginning of the text.
    pub prompt: Option<String>,
    /// Forward passes of each model, after one to warm up.
    pub runs: usize,
    /// A program that knows [`RESIDENT_COMMAND`].
    pub program: PathBuf,
    /// Bytes that models may take at once; `None` asks the system.
    pub memory_bytes: Option<u64>,
}

/// Measures every model that fits in memory; the others are told with what they need.
///
/// # Errors
/// A model or a text that cannot be opened, a process that cannot be started or fails, a cancelled job.
pub fn measure(request: &SpeedRequest, job: &JobContext) -> Result<SpeedReport, EvalError> {
    let needs = request.models.iter().map(ResidentModel::needs).collect::<Result<Vec<_>, _>>()?;
    let needed: Vec<u64> = needs.iter().map(|needs| needs.byte_count).collect();
    // Every model reads as many tokens, or their seconds could not be compared.
    let fewest_positions = needs.iter().filter_map(|needs| needs.position_count).min();
    // Kept: the side files of a model that no folder holds go with it.
    let opened = request.models.iter().map(|source| open_model(source.path())).collect::<Result<Vec<_>, _>>()?;
    let roots: Vec<&Path> = opened.iter().map(Checkpoint::side_root).collect();
    let inputs = inputs(request, &roots, fewest_positions.unwrap_or(FORWARD_TOKENS).min(FORWARD_TOKENS))?;
    #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "a share of a count of bytes")]
    let share = |free: u64| (free as f64 * MEMORY_SHARE) as u64;
    let available = request.memory_bytes.or_else(|| platform::available_memory_bytes().map(share)).unwrap_or(u64::MAX);
    let is_timed = |model: usize| !matches!(request.models[model], ModelSource::InMemory(_));
    let fitting: Vec<usize> =
        (0..needed.len()).filter(|model| is_timed(*model) && needed[*model] <= available).collect();
    let fits_together = fitting.iter().map(|model| needed[*model]).sum::<u64>() <= available;
    let (rounds, runs_of_round) =
        if fits_together { (request.runs, 1) } else { (SHARED_ROUNDS, request.runs.div_ceil(SHARED_ROUNDS)) };
    job.start_stage(Stage::Measuring, (fitting.len() * rounds * runs_of_round) as u64);
    let mut samples = vec![Samples::default(); request.models.len()];
    let mut processes: Vec<Option<ResidentProcess>> = request.models.iter().map(|_| None).collect();
    for round in 0..rounds {
        for model in fitting.iter().copied() {
            let samples = &mut samples[model];
            let mut process = match processes[model].take() {
                Some(process) => process,
                None => started(request, model, &inputs[model], samples, job)?,
            };
            job.set_current(process.name());
            for _ in 0..runs_of_round {
                samples.forward_secs.push(process.forward_secs(&inputs[model].text, job)?);
                job.advance(1);
            }
            if round < ANSWER_RUNS {
                samples.continuations.push(process.continuation(&inputs[model].prompt, ANSWER_TOKENS, job)?);
            }
            if fits_together && round + 1 < rounds {
                processes[model] = Some(process);
            } else {
                samples.peak_memory_bytes.push(process.finish(job)?);
            }
        }
    }
    let models = samples.into_iter().enumerate().map(|(model, samples)| {
        if !is_timed(model) {
            return Ok(None);
        }
        if samples.forward_secs.is_empty() {
            return Ok(Some(ModelSpeed::too_large(needed[model], available)));
        }
        let text = |ids: &[u32]| request.prompt.is_some().then(|| tokens::decode(roots[model], ids)).transpose();
        samples.summary(inputs[model].text.len(), text).map(Some)
    });
    Ok(SpeedReport { prompt: request.prompt.clone(), fits_together, models: models.collect::<Result<_, _>>()? })
}

/// The tokens that one model reads.
struct ModelInput {
    text: Vec<u32>,
    prompt: Vec<u32>,
}

/// What each model reads, by the tokenizer in its folder of `roots`.
fn inputs(request: &SpeedRequest, roots: &[&Path], most_tokens: usize) -> Result<Vec<ModelInput>, EvalError> {
    let texts = [request.text.clone()];
    let of_model = |root: &&Path| {
        let tokenized = TokenizedTexts::new(root, &texts, &[])?;
        let mut text = tokenized.ids.concat();
        text.truncate(most_tokens);
        let prompt = match &request.prompt {
            Some(prompt) => tokens::encode(&tokens::open(root)?, prompt, &root.join(tokens::TOKENIZER_FILE))?,
            None => text[..text.len().min(PROMPT_TOKENS)].to_vec(),
        };
        Ok(ModelInput { text, prompt })
    };
    roots.iter().map(of_model).collect()
}

/// A process that has loaded its model and passed once over what it will be asked.
fn started(
    request: &SpeedRequest,
    model: usize,
    question: &ModelInput,
    samples: &mut Samples,
    job: &JobContext,
) -> Result<ResidentProcess, EvalError> {
    let source = &request.models[model];
    job.set_current(source.path().file_name().unwrap_or_default().to_string_lossy());
    let mut process = ResidentProcess::start(&request.program, source)?;
    let load_secs = process.load(job)?;
    samples.load_secs.push(load_secs);
    process.forward_secs(&question.text, job)?;
    job.send(JobEvent::Loaded { model: process.name().to_owned(), load_secs });
    Ok(process)
}
