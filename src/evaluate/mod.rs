//! What models make of texts: perplexity, bits per byte and paired differences, in f32, with bounded memory.
//!
//! Models are read as stored, or as a base with adapters at run time. The pass streams: layers outside, windows of text
//! inside, the output head in chunks, so that memory is one layer and the hidden states of a group of windows. This is
//! the only room that knows candle.

mod decoder;
mod error;
mod family;
mod head;
mod log_sum_exp;
mod report;
mod request;
mod resident;
mod statistics;
mod stream;
mod tokens;
mod weights;
mod window;

pub use self::{
    error::EvalError,
    report::{EvalReport, ModelReport, PairedDifference, Protocol, TextScore},
    request::{DEFAULT_MEMORY_BUDGET_BYTES, EvalRequest, EvalText, ModelSource, TextContent},
    resident::{Answer, ResidentModel},
    statistics::Interval,
    window::DEFAULT_WINDOW,
};
use self::{
    stream::{OpenModel, StreamOptions},
    tokens::TokenizedTexts,
    weights::ModelWeights,
};
use crate::{
    error::listed,
    job::{JobContext, JobEvent, Stage},
    units,
};

/// Scores every text with every model.
///
/// # Errors
/// A model that cannot be opened or is not covered, a tensor that is missing or does not fit the config, an adapter that
/// is no plain LoRA, a text without tokens to score or with tokens outside of the vocabulary: all of these before
/// anything runs. Then a read that fails, a probability that is no number, or a cancelled job.
pub fn run(request: &EvalRequest, job: &JobContext) -> Result<EvalReport, EvalError> {
    let models = open(request)?;
    let texts = tokenize(request, &models)?;
    let window = window_of(request, &models)?;
    warn(&models, window, job);
    let options = StreamOptions { window, memory_budget_bytes: request.memory_budget_bytes };
    let byte_counts = models.iter().zip(&texts).map(|(model, texts)| stream::bytes_to_read(model, &texts.ids, options));
    job.start_stage(Stage::Evaluating, byte_counts.sum());
    let mut reports = Vec::with_capacity(models.len());
    for (model, texts) in models.iter().zip(&texts) {
        let nll = stream::score(model, &texts.ids, options, job)?;
        reports.push(model_report(model, &request.texts, nll)?);
    }
    let protocol = Protocol { window, stride: window::stride_of(window) };
    let paired = paired(&reports, &texts);
    Ok(EvalReport { protocol, models: reports, paired })
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
        let root = model.weights.root();
        let texts = TokenizedTexts::new(root, &request.texts, &tokenized)?;
        for (text, ids) in request.texts.iter().zip(&texts.ids) {
            let (text, vocab_size) = (text.name.clone(), model.config.vocab_size);
            if ids.len() < 2 {
                return Err(EvalError::NothingToScore { text, token_count: ids.len() });
            }
            if let Some(id) = ids.iter().copied().find(|id| *id as usize >= vocab_size) {
                return Err(EvalError::TokenOutsideVocab { text, id, vocab_size, path: root.to_owned() });
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

fn warn(models: &[OpenModel], window: usize, job: &JobContext) {
    for OpenModel { weights, config } in models {
        let name = weights.name();
        if window > config.context_length {
            let (window, context) = (units::count(window as u64), units::count(config.context_length as u64));
            job.send(JobEvent::Warning(format!(
                "{name}: the window of {window} tokens is longer than the context of {context} that the model knows"
            )));
        }
        let unread = weights.unread(config);
        if !unread.is_empty() {
            let (count, names) = (units::plural(unread.len(), "tensor"), listed(&unread, 3));
            job.send(JobEvent::Warning(format!("{name}: {count} of the folder are not part of the model ({names})")));
        }
    }
}

fn model_report(model: &OpenModel, texts: &[EvalText], nll: Vec<Vec<f64>>) -> Result<ModelReport, EvalError> {
    let mut scores = Vec::with_capacity(texts.len());
    for (text, nll) in texts.iter().zip(nll) {
        if let Some(index) = nll.iter().position(|nll| !nll.is_finite()) {
            let (text, path) = (text.name.clone(), model.weights.root().to_owned());
            return Err(EvalError::NotFinite { text, position: index as u64 + 2, path });
        }
        let utf8_bytes = match &text.content {
            TextContent::Text(content) => Some(content.len() as u64),
            TextContent::Tokens(_) => None,
        };
        scores.push(TextScore { name: text.name.clone(), utf8_bytes, nll });
    }
    Ok(ModelReport {
        name: model.weights.name(),
        bytes: model.weights.byte_count(),
        parameters: model.weights.parameter_count(),
        texts: scores,
    })
}

fn paired(reports: &[ModelReport], texts: &[TokenizedTexts]) -> Vec<PairedDifference> {
    let (Some(first), Some(first_texts)) = (reports.first(), texts.first()) else { return Vec::new() };
    let mut paired = Vec::new();
    for (model, (report, texts)) in reports.iter().zip(texts).enumerate().skip(1) {
        for (text, (score, first_score)) in report.texts.iter().zip(&first.texts).enumerate() {
            if texts.ids[text] == first_texts.ids[text] {
                paired.push(PairedDifference::new((model, text), first_score, score));
            }
        }
    }
    paired
}
