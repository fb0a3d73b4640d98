//! One thing that a user should know of a plan.

use std::fmt;

use super::{Compared, RefusedToken, TokenChange, TokenRefusal};
use crate::{
    adapter::{Note, Orientation},
    error::listed,
    matching::{NeedsTransformers5, PrefixChange, SetAsideRule},
    units,
};

/// Names that a warning shows.
pub(crate) const NAMES_SHOWN: usize = 4;

/// Something that stops nothing and should be known; says itself in English. `adapter` is the adapter's name.
#[derive(Clone, Debug, PartialEq)]
#[expect(missing_docs, reason = "every sentence says what its fields are")]
pub enum Warning {
    Noted {
        adapter: String,
        note: Note,
    },
    AlreadyMerged {
        adapter: String,
        share: f64,
        tensor_count: usize,
    },
    UnknownKeys {
        adapter: String,
        keys: Vec<String>,
    },
    Olora {
        adapter: String,
    },
    BaseAdapter,
    Prefix {
        adapter: String,
        change: PrefixChange,
    },
    Renamed {
        adapter: String,
        module_count: usize,
    },
    Replaced {
        tensors: Vec<ReplacedTensor>,
    },
    Added {
        names: Vec<String>,
    },
    Untied {
        shared: String,
        others: Vec<String>,
        is_guessed: bool,
        needs_transformers_5: Option<NeedsTransformers5>,
        head_factor: Option<f64>,
    },
    StatedOrientation {
        adapter: String,
        tensors: Vec<String>,
        orientation: Orientation,
    },
    OpenExperts {
        adapter: String,
        tensors: Vec<String>,
    },
    SetAside {
        tensor: String,
        rule: SetAsideRule,
    },
    TaskHead {
        class: String,
        tensors: Vec<String>,
        label_count: Option<usize>,
        renamed_count: usize,
    },
    LeftOut {
        class: String,
        names: Vec<String>,
    },
    MadeAnew {
        class: String,
        names: Vec<String>,
    },
    SpecialTokens {
        adapter: String,
        changes: Vec<TokenChange>,
    },
    SpecialTokenRefused {
        adapter: String,
        refused: RefusedToken,
    },
    MissingCode {
        file: &'static str,
        code: String,
        repository: Option<String>,
    },
    TokensBeyondRows {
        token_count: u64,
        row_count: u64,
    },
    Contradiction {
        adapter: String,
        found: Compared,
    },
}

/// A tensor that the adapter brings whole.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ReplacedTensor {
    /// Its name in the base.
    pub name: String,
    /// The base's shape.
    pub old_shape: Vec<usize>,
    /// The adapter's.
    pub new_shape: Vec<usize>,
}

impl fmt::Display for ReplacedTensor {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { name, old_shape, new_shape } = self;
        if old_shape == new_shape {
            return out.write_str(name);
        }
        write!(out, "{name} ({} becomes {})", units::shape(old_shape), units::shape(new_shape))
    }
}

impl fmt::Display for Warning {
    #[expect(clippy::too_many_lines, reason = "an arm for each, so that none can be forgotten")]
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Noted { adapter, note } => write!(out, "{adapter}: {note}"),
            Self::AlreadyMerged { adapter, share, tensor_count } => write!(
                out,
                "{adapter}: the base holds this adapter's change already, {:.0} % of it in all {} that were looked at: it seems to be a merge of this very adapter, and another merge would add the change again",
                100.0 * share,
                units::plural(*tensor_count, "tensor"),
            ),
            Self::UnknownKeys { adapter, keys } => write!(
                out,
                "{adapter}: adapter_config.json has {} that no PEFT release up to 0.21 writes ({}); a newer option may want another merge",
                if keys.len() == 1 { "a key" } else { "keys" },
                keys.join(", "),
            ),
            Self::Olora { adapter } => write!(
                out,
                "{adapter}: OLoRA trained on a base that its init had changed; that base is computed anew from this one, which must be the original"
            ),
            Self::BaseAdapter => out.write_str(
                "the base's folder holds an adapter of its own (adapter_config.json), which transformers loads with the base; it stays out of the merge, unless the folder is given as an adapter too",
            ),
            Self::Prefix { adapter, change } => write!(out, "{adapter}: {change} to find its tensors in the base"),
            Self::Renamed { adapter, module_count } => write!(
                out,
                "{adapter}: {} found under the names that the base has on disk (transformers' table of names)",
                units::plural(*module_count, "module"),
            ),
            Self::Replaced { tensors } => {
                let names: Vec<String> = tensors.iter().map(ReplacedTensor::to_string).collect();
                write!(
                    out,
                    "the adapter brings {} whole, in the place of the base's: {}",
                    units::plural(names.len(), "tensor"),
                    listed(&names, NAMES_SHOWN)
                )
            }
            Self::Added { names } => write!(
                out,
                "the base has no {}; the adapter's is added, and only a class with such a layer loads it",
                listed(names, NAMES_SHOWN),
            ),
            Self::Untied { shared, others, is_guessed, needs_transformers_5, head_factor } => {
                let others = others.join(" and ");
                write!(
                    out,
                    "{shared} and {others} share one tensor in the base, but training took them apart; each gets its own, and tie_word_embeddings becomes false"
                )?;
                if let Some(factor) = head_factor {
                    write!(
                        out,
                        "; the class scales what goes into the head by {factor:.6} only while they are tied, so the head is written times that"
                    )?;
                }
                if *is_guessed {
                    out.write_str(
                        "; transformers does not know the model's class, so the names are those of its like",
                    )?;
                }
                out.write_str(match needs_transformers_5 {
                    Some(NeedsTransformers5::Names) => "; with these names, only transformers 5 or later loads both",
                    Some(NeedsTransformers5::OwnEmbeddings) => {
                        "; load the merged model with transformers 5 or later: releases before it build encoder and decoder on one embedding, and without a word they load another model than was trained"
                    }
                    None => "",
                })
            }
            Self::StatedOrientation { adapter, tensors, orientation } => write!(
                out,
                "{adapter}: transformers does not know the model's class, so fan_in_fan_out alone says how square weights are stored, {}: {}",
                match orientation {
                    Orientation::OutIn => "(out, in)",
                    Orientation::InOut => "(in, out)",
                },
                listed(tensors, NAMES_SHOWN),
            ),
            Self::OpenExperts { adapter, tensors } => write!(
                out,
                "{adapter}: PEFT takes the dimensions of these experts in another order under transformers 4 than under transformers 5, their matrices are square, and the adapter does not say which it was trained with; merged as one of transformers 5, so that one of transformers 4 would come out wrong: {}",
                listed(tensors, NAMES_SHOWN),
            ),
            Self::SetAside { tensor, rule } => write!(out, "{tensor} is not merged: {rule}"),
            Self::TaskHead { class, tensors, label_count, renamed_count } => {
                let labels =
                    label_count.map_or_else(String::new, |count| format!(" with {}", units::plural(count, "label")));
                write!(
                    out,
                    "the adapter brings a head ({}), so the merged model is a {class}{labels}",
                    listed(tensors, NAMES_SHOWN)
                )?;
                if *renamed_count > 0 {
                    write!(out, "; {} get the names that this class has", units::plural(*renamed_count, "tensor"))?;
                }
                Ok(())
            }
            Self::LeftOut { class, names } => {
                write!(out, "{} of the base is left out, because {class} has no such layer", listed(names, NAMES_SHOWN))
            }
            Self::MadeAnew { class, names } => write!(
                out,
                "{} of {class} is in neither the base nor the adapter: every load makes it anew at random, and predictions differ from training's; train with it in `modules_to_save`",
                listed(names, NAMES_SHOWN)
            ),
            Self::SpecialTokens { adapter, changes } => {
                let changes: Vec<String> = changes.iter().map(TokenChange::to_string).collect();
                write!(
                    out,
                    "{adapter}: training changed {}; tokenizer_config.json and the ids in generation_config.json and config.json take it over",
                    changes.join(", ")
                )
            }
            Self::SpecialTokenRefused { adapter, refused: RefusedToken { key, token, reason, .. } } => {
                write!(out, "{adapter}: its {key} `{token}` is not taken over: {reason}")
            }
            Self::MissingCode { file, code, repository: None } => {
                write!(
                    out,
                    "{file} needs {code} (auto_map), which is not in the base's folder; put it into the merged one"
                )
            }
            Self::MissingCode { file, code, repository: Some(repository) } => {
                write!(
                    out,
                    "{file} needs {code} of the repository `{repository}` (auto_map), so the merged folder does not stand alone"
                )
            }
            Self::TokensBeyondRows { token_count, row_count } => write!(
                out,
                "the tokenizer has {} tokens, the embedding {} rows: ids beyond it will fail",
                units::count(*token_count),
                units::count(*row_count),
            ),
            Self::Contradiction { adapter, found } => write!(out, "{adapter}: {found}"),
        }
    }
}

impl fmt::Display for TokenChange {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.old {
            Some(old) => write!(out, "{} from `{old}` to `{}`", self.key, self.new),
            None => write!(out, "{} to `{}`", self.key, self.new),
        }
    }
}

impl fmt::Display for TokenRefusal {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::NotInVocabulary => out.write_str("the merged model's vocabulary has no such token"),
            Self::BeyondRows { id, row_count } => write!(
                out,
                "its id {} has no row in the embedding, which has {}",
                units::count(*id),
                units::count(*row_count)
            ),
            Self::SaidOtherwise => out.write_str("an adapter before it names another"),
        }
    }
}

impl serde::Serialize for Warning {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}
