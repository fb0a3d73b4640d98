//! Why an adapter is not merged, as values: what it is, the reason and the way out.

use serde::Serialize;

use crate::message::said_in_english;

/// What is not merged; a message.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[expect(missing_docs, reason = "the message of each says what its fields are")]
pub enum Feature {
    Method {
        name: &'static str,
        peft_type: &'static str,
    },
    Option {
        name: &'static str,
        key: &'static str,
    },
    Init {
        name: &'static str,
        init: String,
    },
    UnknownMethod {
        name: String,
    },
    /// A method with a value of a key that is not known.
    Setting {
        name: &'static str,
        key: &'static str,
        value: String,
    },
    DoraOnOlora,
    OldOft,
    Mlx,
    MlxNumpy,
    MlxRun {
        kind: String,
    },
    MlxFactor {
        tensor: String,
        shape: Vec<usize>,
    },
    ExtraVocabulary {
        file: String,
    },
    ScaledFactors {
        tensor: String,
    },
    GroupedConvolution {
        module: String,
        group_count: usize,
    },
}

/// Why something is not merged; a message.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[expect(missing_docs, reason = "the message of each says what it is")]
pub enum RefusalReason {
    Prompts,
    ProjectionNotSaved,
    IndicesNotSaved,
    ModuleOrder,
    UnknownFunction,
    WeighedPerToken,
    RoutedTasks,
    RoutedInputs,
    SecondNetwork,
    UnsavedSigns,
    UnsavedClusters,
    NeedsDecomposition,
    NeedsJointDecomposition,
    SingularValues,
    RepeatedLayers,
    AcrossGroups,
    PromptDependent,
    InputDependent,
    WithoutLargestComponents,
    CalibratedBase,
    ApproximatedBase,
    GradientBase,
    ForeignMagnitudes,
    OwnKeysAndScale,
    WholeWeights,
    NoSuchFactor,
    SafetensorsSince2024,
    NotInPeft,
    RowsBehindVocabulary,
    OwnScales,
    OldBlocks,
}

/// What to do with it instead; a message.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[expect(missing_docs, reason = "the message of each says what it is")]
pub enum WayOut {
    MergeOrConvert,
    SaveAsPlainLora,
    KeepAsAdapter,
    BuildDeeperBase,
    MergeWithPeft,
    MergeWithPeft015,
    MergeWithOwnLibrary,
    FuseOrConvert,
    FuseWholeModel,
    FuseWithOwnVersion,
    SaveResized,
    SaveInFloat,
    SaveAsSafetensors,
}

said_in_english!(Feature, RefusalReason, WayOut);

#[cfg(test)]
mod tests {
    use super::*;
    use crate::message::{Language, Message, assert_said};

    #[test]
    fn every_refusal_is_said_in_korean() {
        for (named, reason, way_out) in crate::adapter::all_refusals() {
            let key = match &named {
                Feature::Method { peft_type, .. } => *peft_type,
                Feature::Option { key, .. } => *key,
                Feature::Init { name, .. } => *name,
                other => panic!("{other} stands in no table"),
            };
            assert_said(&named, &[key]);
            assert_said(&reason, &[]);
            assert_said(&way_out, &[]);
            let korean = Language::Korean.say(&Message::of(&way_out));
            assert!(korean.ends_with("요") || korean.ends_with("니다"), "no whole sentence: {korean}");
            if let Feature::Method { name, .. } | Feature::Option { name, .. } = named {
                let is_own_name = name.starts_with(|letter: char| letter.is_uppercase()) && !name.contains(" routing");
                let korean = Language::Korean.say(&Message::of(&named));
                assert!(is_own_name || !korean.contains(name), "{name} is left in English");
            }
        }
    }

    #[test]
    fn what_stands_in_no_table_is_said_too() {
        let text = str::to_owned;
        let cases: Vec<(Feature, &[&str])> = vec![
            (Feature::UnknownMethod { name: text("NEW") }, &["NEW"]),
            (
                Feature::Setting { name: "PEANuT", key: "act_fn", value: text("mish") },
                &["PEANuT", "act_fn", "\"mish\""],
            ),
            (Feature::DoraOnOlora, &["OLoRA", "DoRA"]),
            (Feature::OldOft, &["0.16", "oft_r"]),
            (Feature::Mlx, &["mlx-lm"]),
            (Feature::MlxNumpy, &["adapters.npz"]),
            (Feature::MlxRun { kind: text("full") }, &["\"full\""]),
            (Feature::GroupedConvolution { module: text("stem.conv"), group_count: 4 }, &["stem.conv", "4개"]),
            (Feature::MlxFactor { tensor: text("w.lora_a"), shape: vec![2, 3] }, &["w.lora_a", "2 × 3"]),
            (Feature::ExtraVocabulary { file: text("new_embeddings.bin") }, &["new_embeddings.bin"]),
            (Feature::ScaledFactors { tensor: text("w.scale") }, &["w.scale"]),
        ];
        for (named, parts) in cases {
            assert_said(&named, parts);
        }
    }
}
