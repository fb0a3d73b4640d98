//! What is wrong or worth knowing, one thing each, as values that any language can say.

use std::sync::Arc;

use serde::Serialize;

use super::audit::Misjudged;
use crate::{
    checkpoint::{CheckpointError, QuantizationNote},
    error::Reported,
    evaluate::EvalError,
    message::{self, said_in_english},
    plan::SurvivalAdvice,
};

/// One thing that a check found; a message.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[expect(missing_docs, reason = "every sentence says what its fields are")]
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
    // Complete, of a GGUF file: keys, tensors and their types.
    OtherKeys {
        names: Vec<String>,
    },
    AbsentTensors {
        names: Vec<String>,
    },
    UnknownTensors {
        names: Vec<String>,
    },
    OtherBlockType {
        tensor: String,
        held: &'static str,
        expected: &'static str,
    },
    // ChangedTargets, of a GGUF file.
    OtherBlocks {
        tensor: String,
        wrong_count: u64,
        block_count: u64,
    },
    FartherBlocks {
        tensor: String,
        wrong_count: u64,
        block_count: u64,
    },
    UnusedWeights {
        file: String,
        byte_count: u64,
    },
    // Complete: how weights are stored.
    StillPacked {
        method: &'static str,
        tensor_count: usize,
    },
    PackingNote {
        note: QuantizationNote,
    },
    MixedPacking {
        format_count: usize,
    },
    PackedPlain {
        names: Vec<String>,
    },
    PlainPacked {
        names: Vec<String>,
    },
    NoPackingConfig,
    OtherPackingConfig,
    // Complete: the config.
    UnreadTensors {
        names: Vec<String>,
    },
    ConfigMismatch(ConfigFault),
    OtherDecoder {
        part: &'static str,
    },
    OtherConfig {
        key: String,
        base: String,
        merged: String,
    },
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
    LostByPacking {
        gain: f64,
    },
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

/// A target that holds other values than base and adapter give; a message.
#[derive(Clone, Debug, PartialEq, Serialize)]
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

/// Why a decoder does not take the weights, said as its error is; the same in two folders where nothing but the path
/// differs.
#[derive(Clone, Debug, Serialize)]
#[serde(transparent)]
pub struct ConfigFault {
    /// The decoder's error.
    #[serde(serialize_with = "message::pointed")]
    pub error: Arc<EvalError>,
}

impl ConfigFault {
    pub(crate) fn new(error: EvalError) -> Self {
        Self { error: Arc::new(error) }
    }
}

impl PartialEq for ConfigFault {
    fn eq(&self, other: &Self) -> bool {
        message::english(&*self.error) == message::english(&*other.error)
    }
}

/// What is wrong with `tokenizer.json`; a message.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
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

said_in_english!(Detail, WrongValues, TokenizerFault);

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        checkpoint::CheckpointError, error::Reported, evaluate::EvalError, message::assert_said, numeric::FloatDtype,
        plan::SurvivalAdvice,
    };

    fn text(text: &str) -> String {
        text.to_owned()
    }

    #[test]
    fn what_is_wrong_with_weights_is_said_with_its_names_and_numbers() {
        let names = || (0..5).map(|layer| format!("layers.{layer}.up_proj")).collect::<Vec<String>>();
        let wrong = |is_neighbour| {
            Detail::WrongValues(WrongValues {
                tensor: "lm_head".to_owned(),
                odd_count: 1_234,
                element_count: 1_000_000,
                max_error: 0.25,
                is_neighbour,
            })
        };
        let config = EvalError::MissingTensor { tensor: text("wte"), is_unmerged: false, path: "/data/x".into() };
        let advice = SurvivalAdvice { dtype: FloatDtype::BF16, gain: 0.24, better: vec![FloatDtype::F32] };
        let tensor = || "lm_head".to_owned();
        let cases: Vec<(Detail, &[&str])> = vec![
            (Detail::TotalSize { stated: 1_234, held: 1_235 }, &["1,234", "1,235"]),
            (Detail::NotInIndex { names: names() }, &["5개", "layers.2.up_proj 외 2개"]),
            (Detail::AdapterTensors { names: names() }, &["5개", "layers.2.up_proj 외 2개"]),
            (
                Detail::OtherShape { tensor: tensor(), held: vec![2, 3], expected: vec![4, 5] },
                &["lm_head", "2 × 3", "4 × 5"],
            ),
            (Detail::UnreadTensors { names: names() }, &["5개", "layers.2.up_proj 외 2개"]),
            (Detail::ConfigMismatch(ConfigFault::new(config)), &["wte 텐서가 없습니다"]),
            (
                Detail::OtherConfig { key: text("rope_theta"), base: text("500000"), merged: text("10000") },
                &["rope_theta", "500000", "10000"],
            ),
            (Detail::OtherDecoder { part: "rotations" }, &["회전"]),
            (Detail::OtherDecoder { part: "logits" }, &["로짓"]),
            (Detail::LayerCount { configured: 4, held: 3 }, &["4개", "3개"]),
            (
                Detail::VocabularySize { configured: 1_234, tensor: tensor(), rows: 1_235 },
                &["lm_head", "1,234", "1,235"],
            ),
            (
                Detail::MissingParameters { class: text("ToyModel"), names: names() },
                &["ToyModel", "5개", "layers.2.up_proj 외 2개"],
            ),
            (Detail::IgnoredTensors { class: text("ToyModel"), names: names() }, &["ToyModel", "5개", "외 2개"]),
            (Detail::UnequalTie { tensor: tensor(), other: text("wte") }, &["lm_head", "wte"]),
            (Detail::UntiedAndGone { tensor: tensor() }, &["lm_head"]),
            (Detail::Misjudged(Misjudged::OtherOrder { tensor: tensor() }), &["lm_head"]),
            (Detail::OpenExperts { names: names() }, &["transformers 4", "외 2개"]),
            (Detail::UndecidedOrientation { names: names() }, &["5개", "fan_in_fan_out", "외 2개"]),
            (Detail::TurnedOver { names: names() }, &["5개", "외 2개"]),
            (
                Detail::OtherTask {
                    adapter: text("chat-lora"),
                    task: text("SEQ_CLS"),
                    class: text("AForTokenClassification"),
                },
                &["chat-lora", "SEQ_CLS", "AForTokenClassification"],
            ),
            (Detail::LabelCount { configured: 2, tensor: tensor(), rows: 3 }, &["2개", "3행", "lm_head"]),
            (Detail::Missing { tensor: tensor() }, &["lm_head"]),
            (Detail::LeftOut { file: text("vit.bin"), names: names() }, &["vit.bin", "5개", "외 2개"]),
            (Detail::FullModelBeside { file: text("model.bin") }, &["model.bin"]),
            (Detail::UnreadWeights { file: text("vit.bin") }, &["vit.bin"]),
            (Detail::Extra { tensor: tensor() }, &["lm_head"]),
            (Detail::ChangedWithoutReason { tensor: tensor() }, &["lm_head"]),
            (
                Detail::Unmerged { file: text("a.safetensors"), names: names() },
                &["a.safetensors", "대상 5개", "외 2개"],
            ),
            (
                Detail::OtherStrength {
                    factor: text("0.5"),
                    strength: Some(text("0.25")),
                    names: names(),
                    wrong_count: 7,
                },
                &["7개 중 5개", "0.5배", "세기 0.25", "외 2개"],
            ),
            (
                Detail::OtherStrength { factor: text("0.5"), strength: None, names: names(), wrong_count: 7 },
                &["7개 중 5개", "0.5배", "외 2개"],
            ),
            (Detail::IdenticalToBase, &["베이스와 똑같습니다"]),
            (wrong(true), &["lm_head", "1,234", "1,000,000", "2.500e-1", "시드"]),
            (wrong(false), &["lm_head", "1,234", "1,000,000", "2.500e-1"]),
            (Detail::Lost { tensor: tensor() }, &["lm_head"]),
            (Detail::Survival(advice), &["24 %", "float32"]),
            (Detail::LostByPacking { gain: 0.24 }, &["24 %", "NF4"]),
            (Detail::NonFinite { tensor: tensor(), count: 1_234 }, &["lm_head", "1,234"]),
        ];
        for (value, parts) in cases {
            assert_said(&value, parts);
        }
    }

    #[test]
    fn what_is_wrong_with_files_is_said_with_its_names_and_numbers() {
        let (file, place) = (|| "a.json".to_owned(), || "config.json: x".to_owned());
        let tokenizer = |fault| Detail::BadTokenizer { fault };
        let ids =
            |is_as_in_base| Detail::IdsBeyondRows { id: 1_234, tensor: "wte".to_owned(), rows: 64, is_as_in_base };
        let error = Reported::new(CheckpointError::Missing { path: "/data/x".into() });
        let cases: Vec<(Detail, &[&str])> = vec![
            (Detail::AdapterFile { file: file() }, &["a.json"]),
            (Detail::OtherKeys { names: vec![text("llama.rope.freq_base")] }, &["llama.rope.freq_base"]),
            (Detail::AbsentTensors { names: vec![text("blk.0")] }, &["blk.0"]),
            (Detail::UnknownTensors { names: vec![text("blk.0")] }, &["blk.0"]),
            (
                Detail::OtherBlockType { tensor: text("blk.0"), held: "Q4_K", expected: "Q6_K" },
                &["blk.0", "Q4_K", "Q6_K"],
            ),
            (Detail::OtherBlocks { tensor: text("blk.0"), wrong_count: 3, block_count: 70 }, &["blk.0", "3", "70"]),
            (Detail::FartherBlocks { tensor: text("blk.0"), wrong_count: 3, block_count: 70 }, &["blk.0", "3", "70"]),
            (Detail::StillPacked { method: "GPTQ", tensor_count: 3 }, &["GPTQ", "3개"]),
            (Detail::PackingNote { note: QuantizationNote::WideStates { tensor_count: 3 } }, &["3개"]),
            (Detail::MixedPacking { format_count: 2 }, &["2가지"]),
            (Detail::PackedPlain { names: vec!["lm_head.weight".to_owned()] }, &["1개", "lm_head.weight"]),
            (Detail::PlainPacked { names: vec!["q.weight".to_owned()] }, &["1개", "q.weight"]),
            (Detail::NoPackingConfig, &["quantization_config"]),
            (Detail::OtherPackingConfig, &["load_in_4bit"]),
            (Detail::UnusedWeights { file: file(), byte_count: 2_000_000 }, &["a.json", "2.00"]),
            (Detail::NoTokenizer, &["토크나이저"]),
            (Detail::NoMerges, &["vocab.json", "merges.txt"]),
            (
                Detail::Truncated { file: file(), held_bytes: 1_000_000, whole_bytes: 2_000_000 },
                &["a.json", "1.00", "2.00"],
            ),
            (tokenizer(TokenizerFault::Unreadable { said: text("P1") }), &["tokenizer.json", "P1"]),
            (tokenizer(TokenizerFault::Broken { said: text("P1") }), &["tokenizer.json", "P1"]),
            (tokenizer(TokenizerFault::NoVocabulary), &["tokenizer.json", "어휘"]),
            (ids(true), &["1,234", "wte", "64행", "베이스도"]),
            (ids(false), &["1,234", "wte", "64행"]),
            (Detail::UnreadableConfig { file: file() }, &["a.json"]),
            (Detail::BadJson { file: file(), problem: text("P1") }, &["a.json", "P1"]),
            (Detail::NamesBase { place: place(), text: text("../b") }, &["config.json: x", "`../b`"]),
            (Detail::IsPath { place: place(), text: text("/data") }, &["config.json: x", "`/data`"]),
            (Detail::StillNames { place: place(), text: text("org/b") }, &["config.json: x", "`org/b`"]),
            (Detail::RemoteCode { place: place(), repository: text("org/b") }, &["config.json: x", "`org/b`"]),
            (Detail::MissingCode { place: place(), module: text("model") }, &["config.json: x", "model.py"]),
            (Detail::TextNames { file: file(), path: text("/data") }, &["a.json", "`/data`"]),
            (Detail::LinkOutside { name: text("a") }, &["a 링크"]),
            (Detail::LinkNowhere { name: text("a") }, &["a 링크"]),
            (Detail::BadSeal { line: text("zz") }, &["`zz`", "sha256sum"]),
            (Detail::SealedAndGone { file: file() }, &["a.json"]),
            (Detail::SealedAndOther { file: file() }, &["a.json"]),
            (Detail::CameAfterSeal { file: file() }, &["a.json"]),
            (Detail::LoadFailed { problem: text("P1") }, &["P1"]),
            (Detail::OpenedOutside { path: text("/data") }, &["/data"]),
            (Detail::OnlyNan, &["NaN"]),
            (Detail::Hint { error }, &["경로"]),
        ];
        for (value, parts) in cases {
            assert_said(&value, parts);
        }
    }
}
