//! A decision of a matching that the facts contradict.

use std::fmt;

use super::super::detail::NAMES_SHOWN;
use crate::{adapter::Orientation, error::listed, units};

/// A decision that is wrong; says itself in English.
#[derive(Clone, Debug, PartialEq)]
#[expect(missing_docs, reason = "the English sentence of each, below, says what its fields are")]
pub enum Misjudged {
    /// Adapter tensors that nothing applies and no rule leaves out.
    LeftOut { adapter: String, names: Vec<String> },
    /// A rule that leaves out a tensor which it does not hold for.
    SetAside { adapter: String, tensor: String },
    /// An update on a tensor that is not its module's.
    OtherPlace { module: String, tensor: String, expected: Option<String> },
    /// The order of the dimensions.
    OtherOrientation { tensor: String, taken: Orientation },
    /// The part of a tensor that an expert's update is for.
    OtherExpert { module: String, tensor: String },
    /// Experts of an update that have no place.
    ExpertsLeftOut { module: String, placed_count: usize, expert_count: usize },
    /// Updates of several adapters that do not follow each other as the adapters do.
    OtherOrder { tensor: String },
    /// One update on one part of a tensor more than once.
    AppliedTwice { tensor: String },
    /// The output head under a name that the class does not have.
    OtherHead { tensor: String, head: String },
    /// An embedding or a head that changed alone and is tied still.
    LeftTied { changed: String, other: String },
    /// Values for a tied head that are not those of the embedding that it shares.
    OtherEmbedding { tensor: String, embedding: String },
    /// New rows of tokens that hold for all who share the embedding's weight, and are missing in one of them.
    RowsLeftOut { tensor: String, embedding: String },
    /// A factor that the class does not ask for, or the lack of one that it does.
    OtherFactor { tensor: String, taken: f64, expected: f64 },
}

impl fmt::Display for Misjudged {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::LeftOut { adapter, names } => write!(
                out,
                "{} of {adapter} {} not merged, and no rule leaves them out: {}",
                units::plural(names.len(), "tensor"),
                if names.len() == 1 { "is" } else { "are" },
                listed(names, NAMES_SHOWN)
            ),
            Self::SetAside { adapter, tensor } => {
                write!(out, "{tensor} of {adapter} is left out by a rule that does not hold for it")
            }
            Self::OtherPlace { module, tensor, expected: Some(expected) } => {
                write!(
                    out,
                    "the update of {module} is taken to be for {tensor}, but that module's tensor is {expected}"
                )
            }
            Self::OtherPlace { module, tensor, expected: None } => {
                write!(out, "the update of {module} is taken to be for {tensor}, which is another module's")
            }
            Self::OtherOrientation { tensor, taken } => {
                let (taken, held) = match taken {
                    Orientation::OutIn => ("(out, in)", "(in, out)"),
                    Orientation::InOut => ("(in, out)", "(out, in)"),
                };
                write!(out, "{tensor} is taken as {taken}, but its class stores it as {held}")
            }
            Self::OtherExpert { module, tensor } => {
                write!(out, "the update of {module} is laid on the wrong expert or rows of {tensor}")
            }
            Self::ExpertsLeftOut { module, placed_count, expert_count } => {
                write!(
                    out,
                    "the update of {module} is for {expert_count} experts, of which {placed_count} have a place"
                )
            }
            Self::OtherOrder { tensor } => {
                write!(out, "{tensor}: the adapters' updates do not follow each other in the order of the adapters")
            }
            Self::AppliedTwice { tensor } => write!(out, "{tensor}: one update is applied more than once"),
            Self::OtherHead { tensor, head } => {
                write!(out, "the output head is taken to be {tensor}, but a loader looks for {head}")
            }
            Self::LeftTied { changed, other } => write!(
                out,
                "{changed} changed and {other} did not, but the config still ties them, so that a loader gives both the same"
            ),
            Self::OtherEmbedding { tensor, embedding } => {
                write!(out, "{tensor} shares {embedding} in the base, but its values are taken from elsewhere")
            }
            Self::RowsLeftOut { tensor, embedding } => write!(
                out,
                "{tensor} shares {embedding} in the base, whose new rows of tokens lie beneath what training changed of it, but they are left out there"
            ),
            Self::OtherFactor { tensor, taken, expected } => write!(
                out,
                "{tensor} is taken times {taken:.6}, but between the base's config and the merged one its class makes of it {expected:.6} times what it was"
            ),
        }
    }
}
