//! What can be wrong with an adapter folder.

use std::path::PathBuf;

use serde::{Serialize, Serializer};

use super::{Feature, ForeignAdapter, RefusalReason, WayOut};
use crate::{
    checkpoint::{CheckpointError, ForeignFormat, JsonProblem, gguf::GgufModelError},
    error::IoError,
    job::Cancelled,
    message::{self, said_in_english},
    numeric::Dtype,
    units,
};

/// An adapter that cannot be merged as it is.
#[derive(Debug, Serialize, thiserror::Error)]
#[error("{}", message::english(self))]
#[expect(missing_docs, reason = "the message of each says what its fields are")]
pub enum AdapterError {
    Missing {
        #[serde(serialize_with = "message::path")]
        path: PathBuf,
    },
    NotAFolder {
        #[serde(serialize_with = "message::path")]
        path: PathBuf,
    },
    IsModel {
        #[serde(serialize_with = "message::path")]
        path: PathBuf,
    },
    Gguf {
        problem: GgufModelError,
        #[serde(serialize_with = "message::path")]
        path: PathBuf,
    },
    NoConfig {
        subfolders: Vec<String>,
        #[serde(serialize_with = "message::path")]
        path: PathBuf,
    },
    NoWeights {
        #[serde(serialize_with = "message::path")]
        path: PathBuf,
    },
    OnlyFullWeights {
        file: &'static str,
        #[serde(serialize_with = "message::path")]
        path: PathBuf,
    },
    ShardsMissing {
        missing: Vec<String>,
        #[serde(serialize_with = "message::path")]
        path: PathBuf,
    },
    UnreadBeside {
        file: String,
        problem: Box<CheckpointError>,
    },
    Foreign {
        origin: ForeignAdapter,
        tensor: String,
        #[serde(serialize_with = "message::path")]
        path: PathBuf,
    },
    WeightsWithoutConfig {
        peft_type: &'static str,
        #[serde(serialize_with = "message::path")]
        path: PathBuf,
    },
    BadConfig {
        problem: JsonProblem,
        #[serde(serialize_with = "message::path")]
        path: PathBuf,
    },
    NoMethod {
        peft_type: Option<&'static str>,
        #[serde(serialize_with = "message::path")]
        path: PathBuf,
    },
    MissingKey {
        key: &'static str,
        #[serde(serialize_with = "message::path")]
        path: PathBuf,
    },
    Unsupported {
        feature: Feature,
        reason: RefusalReason,
        way_out: WayOut,
        #[serde(serialize_with = "message::path")]
        path: PathBuf,
    },
    BadPattern {
        key: &'static str,
        pattern: String,
        #[serde(serialize_with = "message::path")]
        path: PathBuf,
    },
    Unpaired {
        module: String,
        absent: &'static str,
        #[serde(serialize_with = "message::path")]
        path: PathBuf,
    },
    FactorShapes {
        module: String,
        #[serde(serialize_with = "shapes")]
        factors: Vec<(String, Vec<usize>)>,
        #[serde(serialize_with = "message::path")]
        path: PathBuf,
    },
    Contradiction {
        problem: Contradiction,
        #[serde(serialize_with = "message::path")]
        path: PathBuf,
    },
    RankMismatch {
        module: String,
        stored: usize,
        configured: usize,
        #[serde(serialize_with = "message::path")]
        path: PathBuf,
    },
    SeveralAdapters {
        names: [String; 2],
        #[serde(serialize_with = "message::path")]
        path: PathBuf,
    },
    SavedTwice {
        tensor: String,
        files: [String; 2],
        #[serde(serialize_with = "message::path")]
        path: PathBuf,
    },
    EmptyTensors {
        tensors: Vec<String>,
        #[serde(serialize_with = "message::path")]
        path: PathBuf,
    },
    Empty {
        #[serde(serialize_with = "message::path")]
        path: PathBuf,
    },
    NonFinite {
        tensors: Vec<String>,
        #[serde(serialize_with = "message::path")]
        path: PathBuf,
    },
    IndexOutside {
        tensor: String,
        index: i64,
        limit: usize,
        #[serde(serialize_with = "message::path")]
        path: PathBuf,
    },
    NoDirection {
        tensor: String,
        #[serde(serialize_with = "message::path")]
        path: PathBuf,
    },
    NoEffect {
        #[serde(serialize_with = "message::path")]
        path: PathBuf,
    },
    /// What lies in the place of the adapter's weights.
    ForeignWeights {
        format: ForeignFormat,
        #[serde(serialize_with = "message::path")]
        path: PathBuf,
    },
    /// Factors that are themselves packed.
    PackedWeights {
        tensor: String,
        dtype: Dtype,
        #[serde(serialize_with = "message::path")]
        path: PathBuf,
    },
    #[error(transparent)]
    Weights(CheckpointError),
    #[error(transparent)]
    Io(#[from] IoError),
    #[error(transparent)]
    Cancelled(#[from] Cancelled),
}

impl AdapterError {
    /// Whether the folder holds no adapter itself but several below it.
    #[must_use]
    pub fn lists_adapters(&self) -> bool {
        matches!(self, Self::NoConfig { subfolders, .. } if !subfolders.is_empty())
    }
}

impl From<CheckpointError> for AdapterError {
    /// What asks for something else of an adapter than of a base is an error of its own.
    fn from(error: CheckpointError) -> Self {
        match error {
            CheckpointError::Foreign { format, path } => Self::ForeignWeights { format, path },
            CheckpointError::NotFloat { tensor, dtype, path } => Self::PackedWeights { tensor, dtype, path },
            error => Self::Weights(error),
        }
    }
}

/// What config and weights say differently; a message.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[expect(missing_docs, reason = "the message of each says what its fields are")]
pub enum Contradiction {
    TokenRows { module: String, id_count: usize, row_count: usize },
    TooManyParameters { module: String, level: usize, named_count: usize },
}

said_in_english!(Contradiction);

/// Each factor's own name with its shape.
fn shapes<S: Serializer>(factors: &[(String, Vec<usize>)], serializer: S) -> Result<S::Ok, S::Error> {
    let own_name =
        |name: &str| name.rsplit('.').take(2).collect::<Vec<_>>().into_iter().rev().collect::<Vec<_>>().join(".");
    let shape = |(name, shape): &(String, Vec<usize>)| format!("{} {}", own_name(name), units::shape(shape));
    serializer.serialize_str(&factors.iter().map(shape).collect::<Vec<_>>().join(", "))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        checkpoint::CheckpointError,
        error::{Hint as _, IoAction, IoError, assert_told},
        message::{Language, Message},
    };

    #[test]
    fn every_fault_of_an_adapter_is_said_in_korean() {
        let path = || PathBuf::from("/data/x");
        let text = str::to_owned;
        let names = || vec!["a.up".to_owned(), "b.up".to_owned()];
        let rows = Contradiction::TokenRows { module: text("wte"), id_count: 3, row_count: 4 };
        let parameters = Contradiction::TooManyParameters { module: text("mlp"), level: 3, named_count: 2 };
        let vera = Feature::Method { name: "VeRA", peft_type: "VERA" };
        let io = IoError { action: IoAction::ListFolder, source: std::io::ErrorKind::NotFound.into(), path: path() };
        let factors = vec![(text("a.lora_A.weight"), vec![2, 8]), (text("a.lora_B.weight"), vec![8, 3])];
        let cases: Vec<(AdapterError, &[&str])> = vec![
            (AdapterError::Missing { path: path() }, &["폴더"]),
            (AdapterError::NotAFolder { path: path() }, &["파일"]),
            (AdapterError::IsModel { path: path() }, &["모델"]),
            (AdapterError::NoConfig { subfolders: Vec::new(), path: path() }, &["adapter_config.json"]),
            (AdapterError::NoConfig { subfolders: names(), path: path() }, &["adapter_config.json"]),
            (AdapterError::NoWeights { path: path() }, &["adapter_model.safetensors"]),
            (AdapterError::OnlyFullWeights { file: "model.safetensors", path: path() }, &["model.safetensors"]),
            (AdapterError::ShardsMissing { missing: names(), path: path() }, &["2개", "a.up, b.up"]),
            (
                AdapterError::UnreadBeside {
                    file: text("extra.bin"),
                    problem: Box::new(CheckpointError::Empty { path: path() }),
                },
                &["extra.bin", "텐서"],
            ),
            (
                AdapterError::SavedTwice { tensor: text("a.up"), files: [text("x.bin"), text("y.bin")], path: path() },
                &["a.up", "x.bin, y.bin"],
            ),
            (AdapterError::BadConfig { problem: JsonProblem::EndsEarly { line: 3 }, path: path() }, &["3번째"]),
            (
                AdapterError::Foreign { origin: ForeignAdapter::Kohya, tensor: text("lora_unet_x"), path: path() },
                &["kohya", "`lora_unet_x`"],
            ),
            (AdapterError::WeightsWithoutConfig { peft_type: "LOHA", path: path() }, &["LOHA", "adapter_config.json"]),
            (AdapterError::NoMethod { peft_type: None, path: path() }, &["peft_type"]),
            (AdapterError::NoMethod { peft_type: Some("IA3"), path: path() }, &["peft_type", "IA3"]),
            (CheckpointError::Foreign { format: ForeignFormat::Gguf, path: path() }.into(), &["GGUF"]),
            (CheckpointError::NotFloat { tensor: text("w"), dtype: Dtype::U8, path: path() }.into(), &["w의", "U8"]),
            (AdapterError::MissingKey { key: "lora_alpha", path: path() }, &["lora_alpha"]),
            (
                AdapterError::Unsupported {
                    feature: vera,
                    reason: RefusalReason::ProjectionNotSaved,
                    way_out: WayOut::MergeOrConvert,
                    path: path(),
                },
                &["VeRA 방식(peft_type VERA)은", "난수"],
            ),
            (
                AdapterError::BadPattern { key: "rank_pattern", pattern: text("[a"), path: path() },
                &["rank_pattern", "\"[a\""],
            ),
            (AdapterError::Unpaired { module: text("a.up"), absent: "lora_B", path: path() }, &["a.up", "lora_B"]),
            (
                AdapterError::FactorShapes { module: text("a"), factors, path: path() },
                &["a의", "lora_A.weight 2 × 8", "lora_B.weight 8 × 3"],
            ),
            (AdapterError::Contradiction { problem: rows, path: path() }, &["wte", "3개", "4행"]),
            (AdapterError::Contradiction { problem: parameters, path: path() }, &["mlp", "3개", "2개"]),
            (
                AdapterError::RankMismatch { module: text("a.up"), stored: 4, configured: 8, path: path() },
                &["a.up", "4", "8"],
            ),
            (
                AdapterError::SeveralAdapters { names: [text("default"), text("second")], path: path() },
                &["default, second"],
            ),
            (AdapterError::EmptyTensors { tensors: names(), path: path() }, &["2개", "a.up, b.up"]),
            (AdapterError::Empty { path: path() }, &["텐서"]),
            (AdapterError::NonFinite { tensors: names(), path: path() }, &["2개", "a.up, b.up"]),
            (
                AdapterError::IndexOutside { tensor: text("a.shira_indices"), index: 40, limit: 32, path: path() },
                &["a.shira_indices", "40", "32"],
            ),
            (AdapterError::NoDirection { tensor: text("a.hra_u"), path: path() }, &["a.hra_u"]),
            (AdapterError::NoEffect { path: path() }, &["0"]),
            (AdapterError::Weights(CheckpointError::Empty { path: path() }), &["텐서"]),
            (AdapterError::Io(io), &["목록"]),
            (AdapterError::Cancelled(Cancelled), &["취소"]),
        ];
        for (error, parts) in cases {
            assert_told(&error, parts);
        }
        let below = Message::of(&AdapterError::NoConfig { subfolders: names(), path: path() }).hint().unwrap();
        assert!(Language::Korean.say(&below).contains("a.up, b.up"));
        assert_eq!(Language::English.say(&below), "adapters lie below it, name one: a.up, b.up");
    }

    #[test]
    fn an_adapter_needs_another_file_than_a_base() {
        let gguf = || CheckpointError::Foreign { format: ForeignFormat::Gguf, path: "/data/x".into() };
        let adapter = AdapterError::from(gguf());
        assert_eq!(adapter.to_string(), gguf().to_string());
        assert!(adapter.hint().is_some_and(|hint| hint.starts_with("give PEFT's own folder")));
        assert!(gguf().hint().is_some_and(|hint| hint.starts_with("give the original model")));
        let problem = Box::new(CheckpointError::Missing { path: "/data/x".into() });
        let beside = AdapterError::UnreadBeside { file: "extra.bin".to_owned(), problem };
        let hint = beside.hint().unwrap();
        assert_eq!(hint, "check the path; or take it out of the adapter's folder to merge without it");
    }
}
