//! Where the base that an adapter names lies on this machine, and the twin of the one at hand.

use std::path::{Path, PathBuf};

use lorafuse::{
    adapter::{Adapter, FoundIn, Twin, suggested_bases},
    checkpoint::CheckpointError,
    plan::PlanError,
};

use super::Failure;

/// `error` as a failure; where the base is the trouble and the adapter's own base is at hand, and another than `base`,
/// the hint says where.
pub fn with_suggestion(error: PlanError, base: &Path, adapters: &[PathBuf]) -> Failure {
    let is_about_base = match &error {
        PlanError::Base(CheckpointError::Missing { .. } | CheckpointError::IsAdapter { .. })
        | PlanError::QuantizedBase { .. } => true,
        PlanError::DoesNotFit { mismatch } => mismatch.advice.asks_for_another_base(),
        _ => false,
    };
    let suggestion = adapters.iter().filter(|_| is_about_base).find_map(|path| suggestion(path, base));
    Failure::from(error).with_hint(suggestion)
}

fn suggestion(adapter: &Path, given: &Path) -> Option<String> {
    let is_given =
        |path: &Path| given.canonicalize().is_ok_and(|given| path.canonicalize().is_ok_and(|it| it == given));
    let bases = suggested_bases(&Adapter::open(adapter).ok()?);
    let base = bases.into_iter().find(|base| !is_given(&base.path))?;
    let path = base.path.display();
    Some(match base.found_in {
        FoundIn::NamedPath => format!("the base that the adapter names is on this machine: {path}"),
        FoundIn::Neighbour | FoundIn::HubCache => {
            format!("the adapter names `{}`, which is in {}: {path}", base.name, base.found_in)
        }
    })
}

/// The twin of a base, and its folder where this machine has it.
pub fn twin_line(twin: &Twin) -> String {
    match &twin.path {
        Some(path) => format!("{twin}: {}", path.display()),
        None => twin.to_string(),
    }
}
