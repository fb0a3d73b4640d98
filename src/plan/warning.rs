//! One thing that a user should know of a plan.

use serde::Serialize;

use super::{Compared, RefusedToken, TokenChange};
use crate::{
    adapter::{Note, Orientation},
    checkpoint::QuantizationNote,
    matching::{NeedsTransformers5, PrefixChange, SetAsideRule},
    message::said_in_english,
    numeric::Dtype,
};

/// Something that stops nothing and should be known; a message. `adapter` is the adapter's name.
#[derive(Clone, Debug, PartialEq, Serialize)]
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
    StaleQuantization {
        method: String,
    },
    UnknownKeys {
        adapter: String,
        keys: Vec<String>,
    },
    Olora {
        adapter: String,
    },
    BaseAdapter,
    Dequantised {
        method: &'static str,
        tensor_count: usize,
        packed_bytes: u64,
        is_packed_again: bool,
        #[serde(serialize_with = "crate::message::shown")]
        dtype: Dtype,
        byte_count: u64,
    },
    Packed {
        note: QuantizationNote,
    },
    PackedAsTrained {
        block: usize,
        is_double: bool,
        is_packed_again: bool,
        tensor_count: usize,
        #[serde(serialize_with = "crate::message::shown")]
        dtype: Dtype,
    },
    Prefix {
        adapter: String,
        #[serde(serialize_with = "PrefixChange::serialize_message")]
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

/// A tensor that the adapter brings whole; a message.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct ReplacedTensor {
    /// Its name in the base.
    pub name: String,
    /// The base's shape, where it is another.
    pub old_shape: Option<Vec<usize>>,
    /// The adapter's.
    pub new_shape: Vec<usize>,
}

said_in_english!(Warning, ReplacedTensor);

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{message::assert_said, plan::TokenRefusal};

    fn text(text: &str) -> String {
        text.to_owned()
    }

    #[test]
    #[expect(clippy::too_many_lines, reason = "a case for each, so that none can be forgotten")]
    fn every_warning_is_said_with_its_names_and_numbers() {
        let adapter = || text("chat-lora");
        let prefix = |from: &str, to: &str| Warning::Prefix {
            adapter: adapter(),
            change: PrefixChange { from: text(from), to: text(to) },
        };
        let noted = |note| Warning::Noted { adapter: adapter(), note };
        let files = || (0..5).map(|index| format!("a{index}.bin")).collect::<Vec<_>>();
        let aside = |rule| Warning::SetAside { tensor: text("x.lora_A"), rule };
        let tensor = |old_shape| ReplacedTensor { name: text("lm_head.weight"), old_shape, new_shape: vec![9, 4] };
        let scale = Note::MlxScale { scale: 2.5, alpha: 20.0, rank: 8 };
        let refused = |reason| Warning::SpecialTokenRefused {
            adapter: adapter(),
            refused: RefusedToken { adapter: 0, key: "pad_token", token: text("<pad>"), reason },
        };
        let missing_code = |repository: Option<&str>| Warning::MissingCode {
            file: "config.json",
            code: text("modeling_x.py"),
            repository: repository.map(text),
        };
        let found = Compared::Revision { trained_on: text("0a1b2c3d"), base: text("4e5f6071") };
        let untied = |needs_transformers_5: Option<NeedsTransformers5>| Warning::Untied {
            shared: text("wte.weight"),
            others: vec![text("lm_head.weight")],
            is_guessed: needs_transformers_5.is_some(),
            head_factor: needs_transformers_5.map(|_| 0.25),
            needs_transformers_5,
        };
        let cases: Vec<(Warning, &[&str])> = vec![
            (
                Warning::Noted {
                    adapter: adapter(),
                    note: Note::ReadFromText { keys: vec![text("r"), text("use_dora")] },
                },
                &["chat-lora", "r, use_dora"],
            ),
            (Warning::Noted { adapter: adapter(), note: scale }, &["chat-lora", "2.5", "20", "랭크 8"]),
            (Warning::Noted { adapter: adapter(), note: Note::MlxAlphaIgnored { scale: 2.5 } }, &["chat-lora", "2.5"]),
            (noted(Note::Float8 { dtype: Dtype::F8_E4M3, tensor_count: 8 }), &["8개", "F8_E4M3"]),
            (noted(Note::AlsoRead { file: text("vit.safetensors"), tensor_count: 3 }), &["vit.safetensors", "3개"]),
            (noted(Note::FullWeights { files: files() }), &["a3.bin 외 1개"]),
            (noted(Note::OtherForm { files: files() }), &["a0.bin"]),
            (noted(Note::NotRead { files: files() }), &["a0.bin"]),
            (noted(Note::OutputProjectionTwice), &["MultiheadAttention", "0.21.2"]),
            (noted(Note::OutputProjectionOnce), &["MultiheadAttention", "0.21.2"]),
            (
                Warning::AlreadyMerged { adapter: adapter(), share: 0.984, tensor_count: 12 },
                &["chat-lora", "12개", "98 %"],
            ),
            (Warning::UnknownKeys { adapter: adapter(), keys: vec![text("a_key"), text("b_key")] }, &["a_key, b_key"]),
            (Warning::BaseAdapter, &["adapter_config.json"]),
            (
                Warning::Dequantised {
                    method: "MLX",
                    tensor_count: 224,
                    packed_bytes: 1_500_000_000,
                    is_packed_again: false,
                    dtype: Dtype::BF16,
                    byte_count: 5_600_000_000,
                },
                &["MLX", "224개", "BF16", "1.50 GB", "5.60 GB"],
            ),
            (
                Warning::Packed { note: QuantizationNote::WrappedZeros { field_count: 12, tensor_count: 3 } },
                &["12개", "3개"],
            ),
            (
                Warning::PackedAsTrained {
                    block: 128,
                    is_double: true,
                    is_packed_again: true,
                    tensor_count: 224,
                    dtype: Dtype::BF16,
                },
                &["NF4", "128, 이중", "224개", "BF16", "다시"],
            ),
            (Warning::StaleQuantization { method: text("bitsandbytes") }, &["bitsandbytes"]),
            (Warning::Olora { adapter: adapter() }, &["chat-lora", "OLoRA"]),
            (prefix("", "model."), &["`model.`", "붙여"]),
            (prefix("model.", ""), &["`model.`", "떼어"]),
            (prefix("transformer.", "h."), &["`transformer.` → `h.`"]),
            (Warning::Renamed { adapter: adapter(), module_count: 12 }, &["chat-lora", "12개"]),
            (
                Warning::Replaced { tensors: vec![tensor(None), tensor(Some(vec![8, 4]))] },
                &["2개", "lm_head.weight (8 × 4 → 9 × 4)"],
            ),
            (Warning::Added { names: (0..5).map(|index| format!("score{index}")).collect() }, &["score3 외 1개"]),
            (untied(None), &["wte.weight", "lm_head.weight", "tie_word_embeddings"]),
            (untied(Some(NeedsTransformers5::Names)), &["wte.weight", "lm_head.weight", "0.250000", "transformers 5"]),
            (untied(Some(NeedsTransformers5::OwnEmbeddings)), &["wte.weight", "lm_head.weight", "transformers 5"]),
            (
                Warning::OpenExperts { adapter: adapter(), tensors: vec![text("experts.down_proj")] },
                &["chat-lora", "experts.down_proj", "transformers 4"],
            ),
            (aside(SetAsideRule::SecondCopy), &["x.lora_A"]),
            (aside(SetAsideRule::UntrainedCopy), &["x.lora_A", "PEFT"]),
            (aside(SetAsideRule::TrainingOnly), &["x.lora_A", "VeLoRA"]),
            (
                Warning::StatedOrientation {
                    adapter: text("chat"),
                    tensors: vec![text("h.0.mix.weight")],
                    orientation: Orientation::InOut,
                },
                &["chat", "h.0.mix.weight", "fan_in_fan_out"],
            ),
            (aside(SetAsideRule::StaysTied), &["x.lora_A"]),
            (aside(SetAsideRule::Recomputed), &["x.lora_A", "버퍼"]),
            (aside(SetAsideRule::ValueHead), &["x.lora_A", "value head"]),
            (aside(SetAsideRule::NeverRun), &["x.lora_A"]),
            (
                Warning::TaskHead {
                    class: text("LlamaForSequenceClassification"),
                    tensors: vec![text("score.weight")],
                    label_count: Some(3),
                    renamed_count: 7,
                },
                &["LlamaForSequenceClassification", "score.weight", "3개", "7개"],
            ),
            (
                Warning::LeftOut { class: text("BertForSequenceClassification"), names: vec![text("cls.bias")] },
                &["BertForSequenceClassification", "cls.bias"],
            ),
            (
                Warning::MadeAnew { class: text("BertForSequenceClassification"), names: vec![text("pooler")] },
                &["BertForSequenceClassification", "pooler", "modules_to_save"],
            ),
            (
                Warning::SpecialTokens { adapter: adapter(), changes: vec![TokenChange::sample()] },
                &["chat-lora", "eos_token", "<a>", "<b>"],
            ),
            (refused(TokenRefusal::NotInVocabulary), &["chat-lora", "pad_token", "<pad>"]),
            (refused(TokenRefusal::BeyondRows { id: 9, row_count: 8 }), &["9", "8"]),
            (refused(TokenRefusal::SaidOtherwise), &["<pad>"]),
            (missing_code(None), &["config.json", "modeling_x.py"]),
            (missing_code(Some("org/x")), &["config.json", "modeling_x.py", "org/x"]),
            (Warning::TokensBeyondRows { token_count: 32_001, row_count: 32_000 }, &["32,001", "32,000"]),
            (Warning::Contradiction { adapter: adapter(), found }, &["chat-lora", "0a1b2c3d", "4e5f6071"]),
        ];
        for (value, parts) in cases {
            assert_said(&value, parts);
        }
    }
}
