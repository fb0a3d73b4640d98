//! Every decision of a matching, held against facts that are found without it: the architecture table, the names and
//! shapes of base and adapters, and what the merged folder's config says.
//!
//! The values of the targets are recomputed from the matching; a wrong one would therefore agree with a merge that was
//! made from it. Here it is asked whether the matching itself can be right.

mod coverage;
mod experts;
mod misjudged;
mod nesting;
mod order;
mod orientation;
mod place;
mod ties;

use std::collections::BTreeSet;

pub use self::misjudged::Misjudged;
pub(super) use self::ties::folded_scales;
use super::{Detail, Reference, VerifyError};
use crate::{architecture::Architecture, checkpoint::Checkpoint};

/// What speaks against a matching, and what only cannot be decided.
#[derive(Debug, Default)]
pub(super) struct Audit {
    /// Decisions that are wrong.
    pub problems: Vec<Detail>,
    /// Decisions that no fact confirms.
    pub warnings: Vec<Detail>,
    /// Square weights of which neither table nor shape says how they are stored.
    pub open_orientations: BTreeSet<String>,
}

/// Audits the matching of `reference`, of which `merged` is said to be the result.
///
/// # Errors
/// A read that fails.
pub(super) fn audit(merged: &Checkpoint, reference: &Reference) -> Result<Audit, VerifyError> {
    let architecture = Architecture::of(&reference.base);
    let facts = Facts { reference, architecture: &architecture };
    let mut found = coverage::misjudged(&facts);
    found.extend(place::misjudged(&facts));
    found.extend(order::misjudged(&facts));
    found.extend(experts::misjudged(&facts));
    found.extend(nesting::misjudged(&facts));
    found.extend(orientation::misjudged(&facts));
    found.extend(ties::misjudged(&facts, merged)?);
    found.dedup();
    let undecided = orientation::undecided(&facts);
    let undecided = (!undecided.is_empty()).then_some(Detail::UndecidedOrientation { names: undecided });
    let open_experts = orientation::open_experts(&facts);
    let open_experts = (!open_experts.is_empty()).then_some(Detail::OpenExperts { names: open_experts });
    Ok(Audit {
        problems: found.into_iter().map(Detail::Misjudged).collect(),
        warnings: undecided.into_iter().chain(open_experts).collect(),
        open_orientations: orientation::open(&facts).map(|(tensor, _)| tensor.to_owned()).collect(),
    })
}

/// What the audits look at.
struct Facts<'a> {
    reference: &'a Reference,
    /// Of the base.
    architecture: &'a Architecture<'a>,
}
