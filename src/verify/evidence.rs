//! What the answers rest on, as numbers that any language can say.

use std::fmt;

use serde::{Serialize, Serializer};

use super::{ConfigFault, RoundingPolicy};
use crate::{checkpoint::CheckpointError, error::Reported, merge::SEAL_FILE, platform::Unconfined, units};

/// What a check found.
#[derive(Clone, Debug, PartialEq)]
pub enum Evidence {
    /// No loader could open the folder.
    Unreadable {
        /// Why.
        error: Reported<CheckpointError>,
    },
    /// What the folder holds.
    Held {
        /// Tensors.
        tensor_count: usize,
        /// Their elements.
        parameter_count: u64,
        /// Their bytes.
        byte_count: u64,
        /// Weight files.
        file_count: usize,
        /// The class, where nothing is known of the parameters that it looks for.
        unlisted_class: Option<String>,
    },
    /// Nothing points outside.
    Inside {
        /// Texts in configs that were looked at.
        value_count: usize,
        /// The configs.
        config_count: usize,
        /// All files.
        file_count: usize,
    },
    /// Something points outside; the details say what.
    Outside,
    /// Tensors that differ from the base, where no adapter says which of them should.
    Differing {
        /// Those that differ.
        changed_count: usize,
        /// All of them.
        tensor_count: usize,
    },
    /// Every tensor compared with what base and adapters give.
    Recomputed(Recomputed),
    /// Whole tensors of the adapters' folders, looked for by their values.
    WholeTensors {
        /// How many.
        tensor_count: usize,
    },
    /// Base and adapter are needed and were not given.
    NeedsReference,
    /// Values that were looked at.
    ValuesRead {
        /// How many.
        value_count: u64,
    },
    /// Every file has its hash.
    SealHolds {
        /// Files that are sealed.
        file_count: usize,
    },
    /// Some have another.
    SealDiffers {
        /// Files that differ or are gone.
        differing_count: usize,
        /// Files that are sealed.
        file_count: usize,
    },
    /// The seal itself cannot be read.
    SealBroken,
    /// The folder was loaded by a process that has nothing else.
    Loaded {
        /// Why the kernel did not confine it; `None` where it did.
        unconfined: Option<Unconfined>,
        /// Files that it opened.
        file_count: usize,
        /// Tensors that it read.
        tensor_count: usize,
        /// What the model made of a text.
        predicted: Predicted,
    },
    /// It does not load.
    NotLoaded {
        /// Why the kernel did not confine the process; `None` where it did.
        unconfined: Option<Unconfined>,
    },
}

/// All tensors in a few numbers.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Recomputed {
    /// Targets that hold what they should.
    pub equal_count: usize,
    /// All targets.
    pub target_count: usize,
    /// Values of those that hold what they should.
    pub value_count: u64,
    /// The part of them that is equal to the bit.
    pub exact_share: f64,
    /// The roundings that explain them, with the number of targets each.
    pub policies: Vec<(RoundingPolicy, usize)>,
    /// The part of the change asked for that is stored, where one was asked for.
    pub gain: Option<f64>,
    /// Tensors that are no targets and equal the base.
    pub unchanged_count: usize,
    /// All that are no targets.
    pub other_count: usize,
}

/// What a model made of a few tokens.
#[derive(Clone, Debug, PartialEq)]
pub enum Predicted {
    /// It predicted them.
    Tokens {
        /// How many.
        count: usize,
        /// Mean negative log likelihood of them, in nats.
        mean_nll: f64,
    },
    /// It could only be read.
    OnlyRead {
        /// Why.
        reason: String,
        /// The same as a value, where it can be found again.
        fault: Option<ConfigFault>,
    },
    /// The tokenizer makes too few tokens of the text for one to be predicted.
    ProbeTooShort {
        /// How many it makes.
        token_count: usize,
    },
    /// It predicted none.
    Nothing,
}

impl fmt::Display for Evidence {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Unreadable { error } => error.fmt(out),
            Self::Held { tensor_count, parameter_count, byte_count, file_count, unlisted_class } => {
                write!(
                    out,
                    "{}, {} parameters, {} in {}",
                    units::plural(*tensor_count, "tensor"),
                    units::count(*parameter_count),
                    units::bytes(*byte_count),
                    units::plural(*file_count, "file"),
                )?;
                let Some(class) = unlisted_class else { return Ok(()) };
                write!(out, "; not evaluated: the names that {class} looks for, of which there is no list")
            }
            Self::Inside { value_count, config_count, file_count } => write!(
                out,
                "{} in {} and {}: nothing points outside",
                units::plural(*value_count, "value"),
                units::plural(*config_count, "config"),
                units::plural(*file_count, "file"),
            ),
            Self::Outside => out.write_str("something points outside"),
            Self::Differing { changed_count, tensor_count } => write!(
                out,
                "{} of {} differ from the base; which of them should, only the adapter can tell",
                units::count(*changed_count as u64),
                units::plural(*tensor_count, "tensor"),
            ),
            Self::Recomputed(recomputed) => recomputed.fmt(out),
            Self::WholeTensors { tensor_count } => write!(
                out,
                "{} of the adapter's folder looked for by value",
                units::plural(*tensor_count, "whole tensor"),
            ),
            Self::NeedsReference => out.write_str("needs base and adapter to compare with"),
            Self::ValuesRead { value_count } => write!(out, "{} values read", units::count(*value_count)),
            Self::SealHolds { file_count } => {
                write!(out, "{} with the SHA-256 of {SEAL_FILE}", units::plural(*file_count, "file"))
            }
            Self::SealDiffers { differing_count, file_count } => {
                write!(out, "{differing_count} of {} differ", units::plural(*file_count, "sealed file"))
            }
            Self::SealBroken => out.write_str("the seal is broken"),
            Self::Loaded { unconfined, file_count, tensor_count, predicted } => write!(
                out,
                "loaded {}: {} opened, {} read, {predicted}",
                place(unconfined.as_ref()),
                units::plural(*file_count, "file"),
                units::plural(*tensor_count, "tensor"),
            ),
            Self::NotLoaded { unconfined } => write!(out, "it does not load {}", place(unconfined.as_ref())),
        }
    }
}

fn place(unconfined: Option<&Unconfined>) -> String {
    match unconfined {
        None => "in a process that the kernel lets open this folder and nothing else (Landlock)".to_owned(),
        Some(reason) => format!("in a process of its own, watched but not confined ({reason})"),
    }
}

impl fmt::Display for Recomputed {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        let policies: Vec<String> = match self.policies.as_slice() {
            [(policy, _)] => vec![policy.label().to_owned()],
            policies => policies.iter().map(|(policy, count)| format!("{} ({count})", policy.label())).collect(),
        };
        write!(
            out,
            "{} of {} targets recomputed and equal ({:.3} % of {} values bit-exact, the rest by the last bit",
            self.equal_count,
            self.target_count,
            100.0 * self.exact_share,
            units::count(self.value_count),
        )?;
        if !policies.is_empty() {
            write!(out, "; {}", policies.join(", "))?;
        }
        out.write_str(")")?;
        if let Some(gain) = self.gain {
            write!(out, "; {:.1} % of the change asked for is stored", 100.0 * gain)?;
        }
        write!(out, "; {} of {} others equal the base", self.unchanged_count, self.other_count)
    }
}

impl fmt::Display for Predicted {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Tokens { count, mean_nll } => {
                write!(out, "{} predicted, {mean_nll:.3} nats each", units::plural(*count, "token"))
            }
            Self::OnlyRead { reason, .. } => write!(out, "not evaluated: {reason}"),
            Self::ProbeTooShort { token_count } => write!(
                out,
                "not evaluated: the tokenizer makes {} of the text that it is tried with",
                units::plural(*token_count, "token")
            ),
            Self::Nothing => out.write_str("nothing predicted"),
        }
    }
}

/// As the English sentence, for documents that people read.
impl Serialize for Evidence {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}
