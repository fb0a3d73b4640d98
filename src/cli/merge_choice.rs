//! `compare --base ORIGINAL`: into which base an adapter belongs, the packed one that training saw or its original.

use std::path::PathBuf;

use lorafuse::{
    adapter::{Adapter, Twin},
    checkpoint::Checkpoint,
    evaluate::{MergeChoice, ModelSource},
    message::Language,
    report::{choice_models, packed_dtype},
};

use super::{
    Failure,
    args::{CompareArgs, usage_error, with_strengths},
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
    let base = Checkpoint::open(original)?;
    if base.quantization().is_some() {
        usage_error(&format!("{} holds packed weights; give their 16-bit original as --base", original.display()));
    }
    let packed = packed_base(args, &base)?;
    let dtype = packed_dtype(&packed)?.unwrap_or_else(|| {
        usage_error(&format!("{} holds no packed weights; give the packed base as --packed-base", packed.display()))
    });
    let adapters = with_strengths(&args.adapter, &[]).unwrap_or_else(|error| usage_error(&error));
    let (models, choice) = choice_models(&packed, original, &adapters, dtype);
    let (roles, models): (Vec<_>, Vec<_>) = models.into_iter().unzip();
    let titles = roles.into_iter().map(|role| role.name(Language::English, None)).collect();
    Ok(Some(Asked { models, choice, titles }))
}

/// The packed base that was given, or that an adapter names and this machine has.
fn packed_base(args: &CompareArgs, original: &Checkpoint) -> Result<PathBuf, Failure> {
    if let Some(packed) = &args.packed_base {
        return Ok(packed.clone());
    }
    for path in &args.adapter {
        let twin = Twin::of(original, &Adapter::open(path)?).filter(|twin| twin.is_packed);
        if let Some(packed) = twin.and_then(|twin| twin.path) {
            return Ok(packed);
        }
    }
    usage_error("the adapter names no packed base that this machine has; give it as --packed-base")
}
