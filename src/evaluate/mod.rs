//! What models make of texts: perplexity, bits per byte, paired differences and divergences, in f32, with bounded memory.
//!
//! Models are read as stored, cast, or as a base with adapters at run time. The pass streams: layers outside, windows of
//! text inside, the output heads of all models side by side in chunks, so that memory is one layer and the hidden states
//! of a group of windows. This is the only room that knows candle.

mod adapters;
mod cohort;
mod decoder;
mod divergence;
mod embedding;
mod error;
mod family;
mod head;
mod log_sum_exp;
mod merge_choice;
mod open_model;
mod report;
mod request;
mod resident;
mod spare;
mod speed;
mod statistics;
mod stream;
mod text;
mod text_file;
mod tokens;
mod values;
mod weights;
mod window;

use std::fmt::Debug;

use self::{
    cohort::Cohort, divergence::PositionDivergence, open_model::OpenModel, stream::StreamOptions,
    tokens::TokenizedTexts, weights::ModelWeights,
};
pub use self::{
    divergence::{Divergence, KlSummary},
    error::{EvalError, Expected},
    merge_choice::{Closeness, MergeChoice, MergeDifference, TokenMean},
    report::{EvalReport, ModelKind, ModelReport, PairedDifference, Protocol, TextScore},
    request::{DEFAULT_MEMORY_BUDGET_BYTES, EvalRequest, ModelSource},
    resident::{Answer, Continuation, ResidentModel},
    speed::{
        DEFAULT_SPEED_RUNS, MeasuredSpeed, ModelSpeed, RESIDENT_COMMAND, SpeedReport, SpeedRequest, Spread,
        TimedAnswer, measure, serve,
    },
    statistics::{Interval, Share},
    text::{EvalText, TextContent},
    window::DEFAULT_WINDOW,
};
use crate::{
    checkpoint::Checkpoint,
    job::{JobContext, JobEvent, JobWarning, Stage},
};

/// Scores every text with every model.
///
/// # Errors
/// A model that cannot be opened or is not covered, a tensor that is missing or does not fit the config, an adapter that
/// is no plain LoRA, a text without tokens to score or with tokens outside of the vocabulary: all of these before
/// anything runs. Then a read that fails, a probability that is no number, or a cancelled job.
pub fn run(request: &EvalRequest, job: &JobContext) -> Result<EvalReport, EvalError> {
    let models = open(request)?;
    let tokens = tokenize(request, &models)?;
    let window = window_of(request, &models)?;
    check_positions(request, &models, &tokens, window)?;
    let other_tokens: Vec<usize> = (1..models.len()).filter(|model| tokens[*model].ids != tokens[0].ids).collect();
    warn(&models, window, job);
    warn_of_other_tokens(&models, &other_tokens, job);
    let options = StreamOptions { window, memory_budget_bytes: request.memory_budget_bytes };
    let cohorts = Cohort::all(&request.models, request.choice, &models, &tokens);
    let members = |cohort: &Cohort| cohort.models.iter().map(|model| &models[*model]).collect::<Vec<_>>();
    let ids = |cohort: &Cohort| &tokens[cohort.models[0]].ids;
    let bytes_to_read = |cohort: &Cohort| stream::bytes_to_read(&members(cohort), ids(cohort), options);
    let byte_count: u64 = cohorts.iter().map(bytes_to_read).sum();
    job.start_stage(Stage::Evaluating, byte_count);
    job.send(scoring_cost(&tokens));
    let mut reports: Vec<Option<ModelReport>> = vec![None; models.len()];
    let mut divergences = Vec::new();
    let mut kl_of_choice = [None, None];
    for cohort in &cohorts {
        let scores = stream::score(&members(cohort), &cohort.pairs, ids(cohort), options, job)?;
        for (model, nll) in cohort.models.iter().zip(scores.nll) {
            reports[*model] = Some(model_report(&request.models[*model], &models[*model], &request.texts, nll)?);
        }
        for ((reference, model), documents) in cohort.pairs.iter().zip(scores.divergences) {
            let pair = (cohort.models[*reference], cohort.models[*model]);
            let merge =
                request.choice.and_then(|choice| choice.pairs().iter().position(|of_choice| *of_choice == pair));
            if let Some(merge) = merge {
                kl_of_choice[merge] = Some(kl_by_text(&request.texts, &documents));
            }
            divergences.extend(divergences_of(pair, &request.texts, documents));
        }
    }
    let reports: Vec<ModelReport> = reports.into_iter().flatten().collect();
    let protocol = Protocol { window, stride: window::stride_of(window) };
    let paired = paired(&reports, &other_tokens);
    let closeness = match (request.choice, &kl_of_choice) {
        (Some(choice), [Some(own), Some(other)]) => Some(Closeness::new(choice, [own, other], &reports)),
        _ => None,
    };
    Ok(EvalReport { protocol, models: reports, paired, divergences, closeness, other_tokens, prompt: None })
}

/// The part of a decoder that the configs of two models describe differently, `None` where there is none or one of the
/// two is not covered. What a config leaves out counts with its class's default; vocabulary, length and ties are not
/// asked.
#[must_use]
pub fn differing_part(first: &Checkpoint, second: &Checkpoint) -> Option<&'static str> {
    let (first, second) = (family::decoder_config(first).ok()?, family::decoder_config(second).ok()?);
    // Descriptions are plain values all the way down, so what they print tells them apart.
    let differs = |first: &dyn Debug, second: &dyn Debug| format!("{first:?}") != format!("{second:?}");
    let parts: [(&'static str, &dyn Debug, &dyn Debug); 5] = [
        ("rotations", &first.ropes, &second.ropes),
        ("layers", &first.layers, &second.layers),
        ("embedding", &first.embedding, &second.embedding),
        ("final-norm", &first.final_norm, &second.final_norm),
        ("logits", &first.logit_cap, &second.logit_cap),
    ];
    parts.into_iter().find(|(_, first, second)| differs(first, second)).map(|(part, ..)| part)
}

/// Tensors in `folder` that its own config has no place for; every tensor that the config asks for is there, in shape.
///
/// # Errors
/// A folder that cannot be opened, a config that is not covered, a tensor that is missing or does not fit the config.
pub fn unread_tensors(folder: &std::path::Path) -> Result<Vec<String>, EvalError> {
    let (weights, config) = ModelWeights::open(&ModelSource::Stored(folder.to_owned()))?;
    Ok(weights.unread(&config))
}

fn open(request: &EvalRequest) -> Result<Vec<OpenModel>, EvalError> {
    if request.models.is_empty() {
        return Err(EvalError::NoModel);
    }
    if request.texts.is_empty() {
        return Err(EvalError::NoText);
    }
    let open = |source| ModelWeights::open(source).map(|(weights, config)| OpenModel { weights, config });
    request.models.iter().map(open).collect()
}

/// Each model's token ids, all within its vocabulary.
fn tokenize(request: &EvalRequest, models: &[OpenModel]) -> Result<Vec<TokenizedTexts>, EvalError> {
    let mut tokenized: Vec<TokenizedTexts> = Vec::with_capacity(models.len());
    for model in models {
        let root = model.weights.side_root();
        let texts = TokenizedTexts::new(root, &request.texts, &tokenized)?;
        let parts = request.texts.iter().flat_map(|text| (0..text.parts().len()).map(move |part| (text, part)));
        for ((text, part), ids) in parts.zip(&texts.ids) {
            let (text, vocab_size) = (|| text.part_name(part), model.config.vocab_size);
            if ids.len() < 2 {
                return Err(EvalError::NothingToScore { text: text(), token_count: ids.len() });
            }
            if let Some(id) = ids.iter().copied().find(|id| *id as usize >= vocab_size) {
                return Err(EvalError::TokenOutsideVocab { text: text(), id, vocab_size, path: root.to_owned() });
            }
        }
        tokenized.push(texts);
    }
    Ok(tokenized)
}

/// The same window for every model, or their numbers could not be compared.
fn window_of(request: &EvalRequest, models: &[OpenModel]) -> Result<usize, EvalError> {
    let shortest_context = models.iter().map(|model| model.config.context_length).min();
    let window = request.window.unwrap_or_else(|| shortest_context.unwrap_or(DEFAULT_WINDOW).min(DEFAULT_WINDOW));
    if window < 2 { Err(EvalError::WindowTooSmall { window }) } else { Ok(window) }
}

/// Refuses windows for whose last tokens a model has no position.
fn check_positions(
    request: &EvalRequest,
    models: &[OpenModel],
    texts: &[TokenizedTexts],
    window: usize,
) -> Result<(), EvalError> {
    for (model, texts) in models.iter().zip(texts) {
        let parts = request.texts.iter().flat_map(|text| (0..text.parts().len()).map(move |part| text.part_name(part)));
        for (name, ids) in parts.zip(&texts.ids) {
            model.config.check_positions(&name, ids.len().min(window), model.weights.root())?;
        }
    }
    Ok(())
}

/// What is about to be done; how long it takes follows from the first layers.
fn scoring_cost(tokens: &[TokenizedTexts]) -> JobEvent {
    let scored = |texts: &TokenizedTexts| texts.ids.iter().map(|ids| ids.len() - 1).sum::<usize>() as u64;
    JobEvent::ScoringCost { token_count: tokens.iter().map(scored).sum(), model_count: tokens.len() }
}

fn warn(models: &[OpenModel], window: usize, job: &JobContext) {
    for OpenModel { weights, config } in models {
        let name = weights.name();
        if window > config.context_length {
            let (model, context) = (name.clone(), config.context_length);
            job.send(JobEvent::Warning(JobWarning::WindowOverContext { model, window, context }));
        }
        let unread = weights.unread(config);
        if !unread.is_empty() {
            job.send(JobEvent::Warning(JobWarning::UnreadTensors { model: name, names: unread }));
        }
    }
}

fn warn_of_other_tokens(models: &[OpenModel], other_tokens: &[usize], job: &JobContext) {
    for model in other_tokens {
        let (model, first) = (models[*model].weights.name(), models[0].weights.name());
        job.send(JobEvent::Warning(JobWarning::OtherTokens { model, first }));
    }
}

/// `documents` holds what belongs to each document of each text, in order.
fn by_text<T>(texts: &[EvalText], documents: Vec<Vec<T>>) -> impl Iterator<Item = Vec<Vec<T>>> {
    let mut documents = documents.into_iter();
    texts.iter().map(move |text| documents.by_ref().take(text.parts().len()).collect())
}

fn model_report(
    source: &ModelSource,
    model: &OpenModel,
    texts: &[EvalText],
    nll: Vec<Vec<f64>>,
) -> Result<ModelReport, EvalError> {
    let mut scores = Vec::with_capacity(texts.len());
    for (text, documents) in texts.iter().zip(by_text(texts, nll)) {
        for (part, nll) in documents.iter().enumerate() {
            if let Some(index) = nll.iter().position(|nll| !nll.is_finite()) {
                let (text, path) = (text.part_name(part), model.weights.root().to_owned());
                return Err(EvalError::NotFinite { text, position: index as u64 + 2, path });
            }
        }
        scores.push(TextScore {
            name: text.name.clone(),
            utf8_bytes: text.utf8_byte_count(),
            document_lengths: documents.iter().map(Vec::len).collect(),
            nll: documents.concat(),
        });
    }
    Ok(ModelReport {
        name: model.weights.name(),
        kind: match source {
            ModelSource::Stored(_) => ModelKind::Stored,
            ModelSource::WithAdapters { .. } => ModelKind::WithAdapters,
            ModelSource::Cast { .. } => ModelKind::Cast,
            ModelSource::InMemory(_) => ModelKind::InMemory,
        },
        dtype: model.weights.dtype(),
        bytes: model.weights.byte_count(),
        parameters: model.weights.parameter_count(),
        texts: scores,
        speed: None,
    })
}

/// KL of every scored token of each text.
fn kl_by_text(texts: &[EvalText], documents: &[Vec<PositionDivergence>]) -> Vec<Vec<f64>> {
    let kl = |document: &Vec<PositionDivergence>| document.iter().map(|position| position.kl).collect();
    let documents: Vec<Vec<f64>> = documents.iter().map(kl).collect();
    by_text(texts, documents).map(|documents| documents.concat()).collect()
}

fn divergences_of(
    (reference, model): (usize, usize),
    texts: &[EvalText],
    documents: Vec<Vec<PositionDivergence>>,
) -> Vec<Divergence> {
    let of_text = |(text, documents): (usize, Vec<Vec<PositionDivergence>>)| {
        Divergence::new((reference, model, text), &documents.concat())
    };
    by_text(texts, documents).enumerate().map(of_text).collect()
}

fn paired(reports: &[ModelReport], other_tokens: &[usize]) -> Vec<PairedDifference> {
    let Some(first) = reports.first() else { return Vec::new() };
    let others = reports.iter().enumerate().skip(1).filter(|(model, _)| !other_tokens.contains(model));
    let of_model = |(model, report): (usize, &ModelReport)| {
        let texts = report.texts.iter().zip(&first.texts).enumerate();
        let pairs = texts.map(|(text, (score, first))| PairedDifference::new((model, text), first, score));
        pairs.collect::<Vec<_>>()
    };
    others.flat_map(of_model).collect()
}
