//! `compare --base ORIGINAL`: into which base an adapter belongs, the packed one that training saw or its original.

use std::path::Path;

use lorafuse::{
    adapter::{Adapter, Twin},
    checkpoint::Checkpoint,
    evaluate::{MergeChoice, ModelSource},
    gguf::open_model,
    message::Language,
    numeric::FloatDtype,
    plan::{DtypePolicy, MergePlan, Warning},
    report::{TrainedBase, choice_models},
};

use super::{
    Failure,
    args::{CompareArgs, usage_error, with_strengths},
    tell,
};

/// The models of the question, and how tables and sentences name them.
pub struct Asked {
    pub models: Vec<ModelSource>,
    pub choice: MergeChoice,
    pub titles: Vec<String>,
}

/// The question that `args` ask, if they do.
pub fn asked(args: &CompareArgs) -> Result<Option<Asked>, Failure> {
    let Some(original) = &args.base else { return Ok(None) };
    let base = open_model(original)?;
    if base.quantization().is_some() {
        usage_error(&format!("{} holds packed weights; give their 16-bit original as --base", original.display()));
    }
    let trained = trained_base(args, &base)?;
    // Both merges are rounded alike: to what the packed weights stand for, or to the original's own dtype.
    let dtype = match trained.quantization {
        Some(_) => DtypePolicy::Keep,
        None => DtypePolicy::Convert(packed_dtype(&trained.folder)?),
    };
    let adapters = with_strengths(&args.adapter, &[]).unwrap_or_else(|error| usage_error(&error));
    let (models, choice) = choice_models(&trained, original, &adapters, dtype);
    let (roles, models): (Vec<_>, Vec<_>) = models.into_iter().unzip();
    warn_of_merged_bases(&models)?;
    let titles = roles.into_iter().map(|role| role.name(Language::English, None)).collect();
    Ok(Some(Asked { models, choice, titles }))
}

/// Warns, as a merge does, where a base holds an adapter already: then both answers are about another question.
fn warn_of_merged_bases(models: &[ModelSource]) -> Result<(), Failure> {
    for source in models {
        let ModelSource::InMemory(request) = source else { continue };
        let warnings = MergePlan::resolved(request)?.warnings;
        for warning in warnings.iter().filter(|warning| matches!(warning, Warning::AlreadyMerged { .. })) {
            tell(&format!("warning: {}: {warning}", request.base.display()));
        }
    }
    Ok(())
}

/// The base as training saw it: as it was said, or the packed one that an adapter names and this machine has.
fn trained_base(args: &CompareArgs, original: &Checkpoint) -> Result<TrainedBase, Failure> {
    if let quantization @ Some(_) = args.as_trained {
        return Ok(TrainedBase { folder: original.root().to_owned(), quantization });
    }
    if let Some(packed) = &args.packed_base {
        return Ok(TrainedBase { folder: packed.clone(), quantization: None });
    }
    for path in &args.adapter {
        let twin = Twin::of(original, &Adapter::open(path)?).filter(|twin| twin.is_packed);
        if let Some(folder) = twin.and_then(|twin| twin.path) {
            return Ok(TrainedBase { folder, quantization: None });
        }
    }
    usage_error(
        "the adapter names no packed base that this machine has; give it as --packed-base, or say how the trainer packed \
         the original with --as-trained",
    )
}

/// The dtype that the packed weights in `folder` stand for.
fn packed_dtype(folder: &Path) -> Result<FloatDtype, Failure> {
    let packed = open_model(folder)?;
    let dtype = packed.quantization().map(|quantization| quantization.dtype);
    Ok(dtype.unwrap_or_else(|| {
        usage_error(&format!("{} holds no packed weights; give the packed base as --packed-base", folder.display()))
    }))
}
