//! `resident`: the hidden half of `compare`, in a process of its own that holds one model.

use std::{
    io::{stdin, stdout},
    process::ExitCode,
};

use lorafuse::{
    evaluate::{self, ModelSource},
    platform::keep_freed_memory,
};

use super::{
    Failure, Outcome,
    args::{ResidentArgs, usage_error, with_strengths},
};

/// Loads the model and answers the process that started this one.
pub fn run(args: &ResidentArgs) -> Outcome {
    keep_freed_memory();
    let model = args.model.clone();
    let source = match args.cast {
        Some(dtype) => ModelSource::Cast { model, dtype },
        None if args.adapter.is_empty() => ModelSource::Stored(model),
        None => {
            let adapters = with_strengths(&args.adapter, &args.strength).unwrap_or_else(|error| usage_error(&error));
            ModelSource::WithAdapters { base: model, trained_quantization: args.as_trained, adapters }
        }
    };
    evaluate::serve(&source, stdin().lock(), stdout().lock()).map_err(|error| Failure::plain(&error))?;
    Ok(ExitCode::SUCCESS)
}
