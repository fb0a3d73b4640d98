//! What is wrong or worth knowing, one thing each, as values that any language can say.

use std::{fmt, path::Path, sync::Arc};

use serde::{Serialize, Serializer};

use super::audit::Misjudged;
use crate::{
    checkpoint::CheckpointError,
    error::{Hint as _, Reported, listed},
    evaluate::EvalError,
    plan::SurvivalAdvice,
    units,
};

/// Names that a sentence shows of many.
pub(crate) const NAMES_SHOWN: usize = 3;

/// One thing that a check found.
#[derive(Clone, Debug, PartialEq)]
#[expect(missing_docs, reason = "the English sentence of each, below, says what its fields are")]
pub enum Detail {
    // Complete: index, names and shapes.
    TotalSize {
        stated: u64,
        held: u64,
    },
    NotInIndex {
        names: Vec<String>,
    },
    AdapterTensors {
        names: Vec<String>,
    },
    AdapterFile {
        file: String,
    },
    OtherShape {
        tensor: String,
        held: Vec<usize>,
        expected: Vec<usize>,
    },
    UnusedWeights {
        file: String,
        byte_count: u64,
    },
    // Complete: the config.
    UnreadTensors {
        names: Vec<String>,
    },
    ConfigMismatch(ConfigFault),
    LayerCount {
        configured: u64,
        held: u64,
    },
    VocabularySize {
        configured: u64,
        tensor: String,
        rows: u64,
    },
    // Complete: what a loader looks for.
    MissingParameters {
        class: String,
        names: Vec<String>,
    },
    IgnoredTensors {
        class: String,
        names: Vec<String>,
    },
    UnequalTie {
        tensor: String,
        other: String,
    },
    UntiedAndGone {
        tensor: String,
    },
    OtherTask {
        adapter: String,
        task: String,
        class: String,
    },
    LabelCount {
        configured: u64,
        tensor: String,
        rows: u64,
    },
    // Complete: the tokenizer.
    NoTokenizer,
    NoMerges,
    Truncated {
        file: String,
        held_bytes: u64,
        whole_bytes: u64,
    },
    BadTokenizer {
        fault: TokenizerFault,
    },
    IdsBeyondRows {
        id: u64,
        tensor: String,
        rows: u64,
        is_as_in_base: bool,
    },
    // Independent.
    UnreadableConfig {
        file: String,
    },
    BadJson {
        file: String,
        problem: String,
    },
    NamesBase {
        place: String,
        text: String,
    },
    IsPath {
        place: String,
        text: String,
    },
    StillNames {
        place: String,
        text: String,
    },
    RemoteCode {
        place: String,
        repository: String,
    },
    MissingCode {
        place: String,
        module: String,
    },
    TextNames {
        file: String,
        path: String,
    },
    LinkOutside {
        name: String,
    },
    LinkNowhere {
        name: String,
    },
    // Changed exactly the targets.
    Misjudged(Misjudged),
    OpenExperts {
        names: Vec<String>,
    },
    UndecidedOrientation {
        names: Vec<String>,
    },
    TurnedOver {
        names: Vec<String>,
    },
    Missing {
        tensor: String,
    },
    Extra {
        tensor: String,
    },
    ChangedWithoutReason {
        tensor: String,
    },
    Unmerged {
        file: String,
        names: Vec<String>,
    },
    OtherStrength {
        factor: String,
        strength: Option<String>,
        names: Vec<String>,
        wrong_count: usize,
    },
    WrongValues(WrongValues),
    IdenticalToBase,
    Lost {
        tensor: String,
    },
    Survival(SurvivalAdvice),
    // Nothing trained left out.
    LeftOut {
        file: String,
        names: Vec<String>,
    },
    FullModelBeside {
        file: String,
    },
    UnreadWeights {
        file: String,
    },
    // Finite.
    NonFinite {
        tensor: String,
        count: u64,
    },
    // Sealed.
    BadSeal {
        line: String,
    },
    SealedAndGone {
        file: String,
    },
    SealedAndOther {
        file: String,
    },
    CameAfterSeal {
        file: String,
    },
    // Stands alone.
    LoadFailed {
        problem: String,
    },
    OpenedOutside {
        path: String,
    },
    OnlyNan,
    /// What to do about an error.
    Hint {
        error: Reported<CheckpointError>,
    },
}

/// A target that holds other values than base and adapter give.
#[derive(Clone, Debug, PartialEq)]
pub struct WrongValues {
    /// Its name.
    pub tensor: String,
    /// Values that are not what they should be.
    pub odd_count: u64,
    /// All of them.
    pub element_count: u64,
    /// The largest distance from the exact result.
    pub max_error: f64,
    /// Whether each is one of the two neighbours of the exact result, and chance may have chosen.
    pub is_neighbour: bool,
}

impl fmt::Display for WrongValues {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { tensor, odd_count, element_count, max_error, is_neighbour } = self;
        let (odd, all) = (units::count(*odd_count), units::count(*element_count));
        write!(
            out,
            "{tensor}: {odd} of {all} values are not what base and adapter give (largest error {max_error:.3e})"
        )?;
        if *is_neighbour {
            out.write_str("; each is one of the two neighbours: if it was rounded stochastically, give the seed")?;
        }
        Ok(())
    }
}

impl fmt::Display for Detail {
    #[expect(clippy::too_many_lines, reason = "an arm for each, so that none can be forgotten")]
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::TotalSize { stated, held } => {
                let (stated, held) = (units::count(*stated), units::count(*held));
                write!(out, "the index says total_size {stated}, the tensors have {held} bytes")
            }
            Self::NotInIndex { names } => write!(
                out,
                "the index does not name {} of its shards: {}",
                units::plural(names.len(), "tensor"),
                listed(names, NAMES_SHOWN)
            ),
            Self::AdapterTensors { names } => write!(
                out,
                "not merged: {} of an adapter among the weights: {}",
                units::plural(names.len(), "tensor"),
                listed(names, NAMES_SHOWN)
            ),
            Self::AdapterFile { file } => write!(out, "{file} would be loaded again on top of the merge"),
            Self::OtherShape { tensor, held, expected } => {
                let (held, expected) = (units::shape(held), units::shape(expected));
                write!(out, "{tensor}: {held} where base and adapter have {expected}")
            }
            Self::UnusedWeights { file, byte_count } => {
                write!(out, "{file} ({}) is not part of the model", units::bytes(*byte_count))
            }
            Self::UnreadTensors { names } => write!(
                out,
                "{} no part of the model that config.json describes: {}",
                if names.len() == 1 { "1 tensor is".to_owned() } else { format!("{} tensors are", names.len()) },
                listed(names, NAMES_SHOWN)
            ),
            Self::ConfigMismatch(fault) => {
                write!(out, "config.json and the weights do not agree: {}", fault.problem)
            }
            Self::LayerCount { configured, held } => {
                write!(out, "config.json says {configured} layers, the weights have {held}")
            }
            Self::VocabularySize { configured, tensor, rows } => {
                let (configured, rows) = (units::count(*configured), units::count(*rows));
                write!(out, "config.json says vocab_size {configured}, {tensor} has {rows} rows")
            }
            Self::MissingParameters { class, names } => write!(
                out,
                "{class} looks for {} that {} not in the folder: {}",
                units::plural(names.len(), "parameter"),
                if names.len() == 1 { "is" } else { "are" },
                listed(names, NAMES_SHOWN)
            ),
            Self::IgnoredTensors { class, names } => write!(
                out,
                "{class} does not look for {}, which a loader therefore ignores: {}",
                units::plural(names.len(), "tensor"),
                listed(names, NAMES_SHOWN)
            ),
            Self::UnequalTie { tensor, other } => {
                write!(out, "config.json ties {tensor} to {other}, but they hold different values")
            }
            Self::UntiedAndGone { tensor } => {
                write!(out, "config.json gives embedding and output head a tensor each, but {tensor} is missing")
            }
            Self::Misjudged(misjudged) => misjudged.fmt(out),
            Self::OpenExperts { names } => write!(
                out,
                "experts in square matrices, which PEFT takes in another order under transformers 4 than under 5, and the adapter does not say which it was trained with: {}",
                listed(names, NAMES_SHOWN)
            ),
            Self::UndecidedOrientation { names } => write!(
                out,
                "{} square and of an unknown class, so only the adapter's fan_in_fan_out says how {} stored: {}",
                if names.len() == 1 { "1 target is".to_owned() } else { format!("{} targets are", names.len()) },
                if names.len() == 1 { "it is" } else { "they are" },
                listed(names, NAMES_SHOWN)
            ),
            Self::TurnedOver { names } => write!(
                out,
                "{} the change in the other order of dimensions, which nothing known about the class excludes: {}",
                if names.len() == 1 { "1 target holds".to_owned() } else { format!("{} targets hold", names.len()) },
                listed(names, NAMES_SHOWN)
            ),
            Self::OtherTask { adapter, task, class } => {
                write!(out, "config.json says {class}, but {adapter} was trained for {task}")
            }
            Self::LabelCount { configured, tensor, rows } => {
                write!(out, "config.json says {configured} labels, {tensor} has {rows} rows")
            }
            Self::NoTokenizer => out.write_str("there is no tokenizer in the folder, so it does not run by itself"),
            Self::NoMerges => out.write_str("vocab.json has no merges.txt beside it"),
            Self::Truncated { file, held_bytes, whole_bytes } => {
                write!(out, "{file} is truncated: {} of {}", units::bytes(*held_bytes), units::bytes(*whole_bytes))
            }
            Self::IdsBeyondRows { id, tensor, rows, is_as_in_base } => {
                let (id, rows) = (units::count(*id), units::count(*rows));
                let own = if *is_as_in_base { ", as in the base" } else { "" };
                write!(
                    out,
                    "the tokenizer gives ids up to {id}, but {tensor} has {rows} rows: ids beyond them fail{own}"
                )
            }
            Self::BadTokenizer { fault } => fault.fmt(out),
            Self::BadSeal { line } => write!(out, "the seal cannot be read: `{line}` is no line of sha256sum"),
            Self::LoadFailed { problem } => out.write_str(problem),
            Self::UnreadableConfig { file } => write!(out, "{file} cannot be read"),
            Self::BadJson { file, problem } => write!(out, "{file} is not valid JSON: {problem}"),
            Self::NamesBase { place, text } => write!(out, "{place} names the folder of the base, `{text}`"),
            Self::IsPath { place, text } => write!(out, "{place} is the path `{text}`"),
            Self::StillNames { place, text } => write!(out, "{place} still names `{text}`; loaders ignore it"),
            Self::RemoteCode { place, repository } => {
                write!(out, "{place} loads code from the repository `{repository}`")
            }
            Self::MissingCode { place, module } => {
                write!(out, "{place} needs {module}.py, which is not in the folder")
            }
            Self::TextNames { file, path } => write!(out, "{file} names `{path}`"),
            Self::LinkOutside { name } => write!(out, "{name} is a link to outside of the folder"),
            Self::LinkNowhere { name } => write!(out, "{name} is a link to nowhere"),
            Self::Missing { tensor } => write!(out, "{tensor} is missing"),
            Self::Extra { tensor } => write!(out, "{tensor} is not in the base"),
            Self::ChangedWithoutReason { tensor } => write!(out, "{tensor} differs from the base and is no target"),
            Self::Unmerged { file, names } => write!(
                out,
                "{file}: {} not what base and adapter give but the base's values, as if the adapter was never merged: {}",
                if names.len() == 1 { "1 target holds".to_owned() } else { format!("{} targets hold", names.len()) },
                listed(names, NAMES_SHOWN)
            ),
            Self::OtherStrength { factor, strength, names, wrong_count } => write!(
                out,
                "{} of {}: the values are not what base and adapter give but {factor} times their change{}: {}",
                names.len(),
                units::plural(*wrong_count, "wrong target"),
                strength.as_ref().map_or_else(String::new, |strength| format!(", as if merged at strength {strength}")),
                listed(names, NAMES_SHOWN)
            ),
            Self::IdenticalToBase => out.write_str("identical to the base: nothing was merged"),
            Self::WrongValues(values) => values.fmt(out),
            Self::Lost { tensor } => {
                write!(out, "{tensor}: the update is smaller than the dtype can hold, so nothing of it is left")
            }
            Self::LeftOut { file, names } => write!(
                out,
                "{file} holds {} that the merge does not: {}",
                units::plural(names.len(), "trained tensor"),
                listed(names, NAMES_SHOWN)
            ),
            Self::FullModelBeside { file } => {
                write!(out, "{file} in the adapter's folder is a full model's, and nothing of it was looked for")
            }
            Self::UnreadWeights { file } => {
                write!(out, "{file} in the adapter's folder cannot be read, so what it holds was not looked for")
            }
            Self::Survival(advice) => advice.fmt(out),
            Self::NonFinite { tensor, count } => write!(out, "{tensor}: {} NaN or infinite", units::count(*count)),
            Self::SealedAndGone { file } => write!(out, "{file} is sealed, but not in the folder"),
            Self::SealedAndOther { file } => write!(out, "{file} is not what was sealed"),
            Self::CameAfterSeal { file } => write!(out, "{file} came after the seal"),
            Self::OpenedOutside { path } => write!(out, "it opened {path}"),
            Self::OnlyNan => out.write_str("the model predicts nothing but NaN"),
            Self::Hint { error } => out.write_str(&error.hint().unwrap_or_default()),
        }
    }
}

/// Why a decoder does not take the weights; the same in two folders where nothing but the path differs.
#[derive(Clone, Debug)]
pub struct ConfigFault {
    /// In English, without the path.
    problem: String,
    /// The decoder's error.
    pub error: Arc<EvalError>,
}

impl ConfigFault {
    /// Of the folder `root`.
    pub(crate) fn new(error: EvalError, root: &Path) -> Self {
        let text = error.to_string();
        let problem = text.trim_end_matches(&format!(": {}", root.display())).to_owned();
        Self { problem, error: Arc::new(error) }
    }
}

impl PartialEq for ConfigFault {
    fn eq(&self, other: &Self) -> bool {
        self.problem == other.problem
    }
}

/// What is wrong with `tokenizer.json`; says itself in English.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum TokenizerFault {
    /// It cannot be read, for what the system says.
    Unreadable {
        /// The system's words.
        said: String,
    },
    /// It is no JSON, for what the parser says.
    Broken {
        /// The parser's words.
        said: String,
    },
    /// It has no vocabulary.
    NoVocabulary,
}

impl fmt::Display for TokenizerFault {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Unreadable { said } => write!(out, "tokenizer.json: {said}"),
            Self::Broken { said } => write!(out, "tokenizer.json is not whole: {said}"),
            Self::NoVocabulary => out.write_str("tokenizer.json has no vocabulary"),
        }
    }
}

/// As the English sentence, for documents that people read.
impl Serialize for Detail {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}
