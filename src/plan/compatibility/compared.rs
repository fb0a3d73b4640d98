//! What adapter and base say, side by side.

use std::fmt;

use crate::{error::listed, numeric::Dtype, units};

/// Names that the evidence shows.
pub(crate) const NAMES_SHOWN: usize = 3;

/// What was compared and what both sides say; says itself in English.
#[derive(Clone, Debug, PartialEq, Eq)]
#[expect(missing_docs, reason = "every sentence says what its fields are")]
pub enum Compared {
    BaseUnnamed,
    BaseNameUntelling { trained_on: String, base: String },
    BaseNamed { trained_on: String },
    BaseDiffers { trained_on: String, base: String, variants: Option<[NameVariant; 2]> },
    Revision { trained_on: String, base: String },
    QuantisedTraining { marker: &'static str, trained_on: String, original: Option<String> },
    Class { trained_on: String, base: String },
    TaskFits { task: String, base: String },
    TaskDiffers { task: String, base: String },
    AllOfItsKinds { kind_count: usize },
    PartOfItsKinds { changed_count: usize, unchanged_count: usize, names: Vec<String> },
    SameTokenizer,
    TokenizerAgrees { token_count: u64, base_count: u64 },
    TokensMoved { tokens: Vec<String> },
    Dtypes { factors: Option<Dtype>, base: Option<Dtype> },
}

/// The words of a name that say a variant of a model ("instruct"); none for the plain model.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NameVariant(pub Vec<String>);

impl Compared {
    /// What was compared, in English.
    #[must_use]
    pub fn title(&self) -> &'static str {
        match self {
            Self::BaseUnnamed | Self::BaseNameUntelling { .. } | Self::BaseNamed { .. } | Self::BaseDiffers { .. } => {
                "Base by name"
            }
            Self::Revision { .. } => "Base revision",
            Self::QuantisedTraining { .. } => "Quantised training",
            Self::Class { .. } => "Architecture",
            Self::TaskFits { .. } | Self::TaskDiffers { .. } => "Task",
            Self::AllOfItsKinds { .. } | Self::PartOfItsKinds { .. } => "Coverage",
            Self::SameTokenizer | Self::TokenizerAgrees { .. } | Self::TokensMoved { .. } => "Tokenizer",
            Self::Dtypes { .. } => "Dtypes",
        }
    }
}

impl fmt::Display for NameVariant {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.0.as_slice() {
            [] => out.write_str("the plain model"),
            words => write!(out, "the {} variant", words.join(" ")),
        }
    }
}

impl fmt::Display for Compared {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::BaseUnnamed => out.write_str("the adapter does not name its base"),
            Self::BaseNameUntelling { trained_on, base } => write!(
                out,
                "the adapter names `{trained_on}`, the base is `{base}`: only shapes tell that they belong together"
            ),
            Self::BaseNamed { trained_on } => write!(out, "the adapter was trained on `{trained_on}`"),
            Self::BaseDiffers { trained_on, base, variants } => {
                write!(out, "the adapter was trained on `{trained_on}`, this base is `{base}`")?;
                match variants {
                    Some([theirs, ours]) => write!(out, ": {theirs} against {ours}, the same shapes but other weights"),
                    None => Ok(()),
                }
            }
            Self::Revision { trained_on, base } => {
                write!(out, "the adapter was trained on revision {trained_on}, this is {base}")
            }
            Self::QuantisedTraining { marker, trained_on, original } => {
                let original = original.as_ref().map(|original| format!(" (`{original}`)")).unwrap_or_default();
                write!(
                    out,
                    "trained on a quantised base ({marker} in `{trained_on}`); merging it into the 16-bit original{original} is common, but not exactly what was trained"
                )
            }
            Self::Class { trained_on, base } => {
                write!(out, "the adapter was trained on a {trained_on}, the base is a {base}")
            }
            Self::TaskFits { task, base } => write!(out, "{task} and {base}"),
            Self::TaskDiffers { task, base } => {
                write!(out, "the adapter was trained for {task}, the base is a {base}: its head is another one")
            }
            Self::AllOfItsKinds { kind_count } => {
                write!(out, "all base tensors of the {kind_count} kinds that it targets change")
            }
            Self::PartOfItsKinds { changed_count, unchanged_count, names } => write!(
                out,
                "{changed_count} changed, but {unchanged_count} of the same kinds not ({}): the adapter was trained on a model with fewer layers, or its file is incomplete",
                listed(names, NAMES_SHOWN),
            ),
            Self::SameTokenizer => out.write_str("the adapter's is the base's, byte for byte"),
            Self::TokenizerAgrees { token_count, base_count } => write!(
                out,
                "{} tokens against the base's {}, no id differs",
                units::count(*token_count),
                units::count(*base_count)
            ),
            Self::TokensMoved { tokens } => {
                match tokens.len() {
                    1 => out.write_str("1 token has")?,
                    count => write!(out, "{} tokens have", units::count(count as u64))?,
                }
                write!(
                    out,
                    " another id than the base gives it ({}): the adapter's tokenizer belongs to another model",
                    listed(tokens, NAMES_SHOWN)
                )
            }
            Self::Dtypes { factors, base } => {
                let name =
                    |dtype: &Option<Dtype>| dtype.map_or_else(|| "nothing".to_owned(), |dtype| dtype.to_string());
                write!(out, "factors {}, base {}; the sum is taken in F32 and rounded once", name(factors), name(base))
            }
        }
    }
}
