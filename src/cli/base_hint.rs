//! When the base is missing or is not one: where the base that the adapter names lies on this machine.

use std::path::{Path, PathBuf};

use lorafuse::{
    adapter::{Adapter, suggested_base},
    checkpoint::CheckpointError,
    plan::PlanError,
};

use super::Failure;

/// `error` as a failure; where the base is the trouble and the adapter's own base is at hand, the hint says where.
pub fn with_suggestion(error: PlanError, adapters: &[PathBuf]) -> Failure {
    let is_about_base = matches!(
        &error,
        PlanError::Base(CheckpointError::Missing { .. } | CheckpointError::IsAdapter { .. })
            | PlanError::DoesNotFit { .. }
            | PlanError::QuantizedBase { .. }
    );
    let suggestion = adapters.iter().filter(|_| is_about_base).find_map(|path| suggestion(path));
    Failure::from(error).with_hint(suggestion)
}

fn suggestion(adapter: &Path) -> Option<String> {
    let base = suggested_base(&Adapter::open(adapter).ok()?)?;
    Some(format!("the adapter names `{}`, which is in {}: {}", base.name, base.found_in, base.path.display()))
}
