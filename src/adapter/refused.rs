//! Why an adapter is not merged, as values: what it is, the reason and the way out.

use std::fmt;

use crate::units;

/// What is not merged; says itself in English.
#[derive(Clone, Debug, PartialEq, Eq)]
#[expect(missing_docs, reason = "every sentence says what its fields are")]
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

impl fmt::Display for Feature {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Method { name, peft_type } => write!(out, "{name} (peft_type {peft_type})"),
            Self::Option { name, key } => write!(out, "{name} ({key})"),
            Self::Init { name, init } => write!(out, "{name} initialisation (init_lora_weights {init:?})"),
            Self::UnknownMethod { name } => write!(out, "the method {name}"),
            Self::Setting { name, key, value } => write!(out, "{name} with {key} {value:?}"),
            Self::DoraOnOlora => out.write_str("DoRA on OLoRA initialisation"),
            Self::OldOft => out.write_str("OFT from before PEFT 0.16 (oft_r)"),
            Self::Mlx => out.write_str("an mlx-lm adapter"),
            Self::MlxNumpy => out.write_str("an mlx-lm adapter in NumPy's format (adapters.npz)"),
            Self::MlxRun { kind } => write!(out, "an mlx-lm run of fine_tune_type {kind:?}"),
            Self::GroupedConvolution { module, group_count } => {
                write!(out, "an adapter of the convolution {module}, which has {group_count} groups,")
            }
            Self::MlxFactor { tensor, shape } => {
                write!(out, "the mlx-lm factor {tensor} of shape {}", units::shape(shape))
            }
            Self::ExtraVocabulary { file } => write!(out, "{file}, an adapter with a vocabulary of its own,"),
            Self::ScaledFactors { tensor } => write!(out, "an adapter that is quantised itself ({tensor})"),
        }
    }
}

/// An enum of sentences, each of which is said once.
macro_rules! sentences {
    ($(#[$meta:meta])* $name:ident { $($variant:ident: $english:literal,)+ }) => {
        $(#[$meta])*
        #[derive(Clone, Copy, Debug, PartialEq, Eq)]
        #[expect(missing_docs, reason = "the sentence of each says what it is")]
        pub enum $name {
            $($variant,)+
        }

        impl $name {
            /// The sentence in English.
            #[must_use]
            pub fn english(self) -> &'static str {
                match self {
                    $(Self::$variant => $english,)+
                }
            }

            /// All of them.
            #[cfg(all(test, feature = "gui"))]
            pub(crate) const ALL: &[Self] = &[$(Self::$variant,)+];
        }

        impl fmt::Display for $name {
            fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
                out.write_str(self.english())
            }
        }
    };
}

sentences! {
    /// Why something is not merged.
    RefusalReason {
        Prompts: "it adds learned vectors to the input or to the attention's cache, and no weight can hold them",
        ProjectionNotSaved: "its file does not hold the projections that PyTorch's random generator drew (save_projection was false)",
        IndicesNotSaved: "its file does not hold the indices that say which values go where",
        ModuleOrder: "which of its vectors serves which module follows from the order of the model's modules, which its file does not hold",
        UnknownFunction: "the function of that name is not known here",
        WeighedPerToken: "it weighs several LoRAs anew for every token",
        RoutedTasks: "it routes every task through another mixture of LoRAs",
        RoutedInputs: "it routes every input through another mixture of its factors",
        SecondNetwork: "it runs a second network beside the base",
        UnsavedSigns: "it turns singular vectors of the base, whose signs are those of the library that computed them and are not in its file",
        UnsavedClusters: "which outputs its blocks are for was found by clustering and is not in its file",
        NeedsDecomposition: "it replaces singular vectors of the base, whose decomposition is not computed here",
        NeedsJointDecomposition: "it rebuilds whole weights from a decomposition of the base, which is not computed here",
        SingularValues: "it drops the smallest singular components of the base, whose decomposition is not computed here",
        RepeatedLayers: "it makes a deeper model out of repeated layers",
        AcrossGroups: "its factors go across the groups, and the base's weight has no place for that",
        PromptDependent: "its effect depends on the prompt",
        InputDependent: "its effect depends on the input",
        WithoutLargestComponents: "training began from a base without its largest singular components",
        CalibratedBase: "training began from a base changed by what its calibration texts showed",
        ApproximatedBase: "training began from a quantised approximation of the base",
        GradientBase: "training began from a base changed by its first gradients",
        ForeignMagnitudes: "its magnitudes were taken from a base that the init had changed",
        OwnKeysAndScale: "it has its own key names and scale",
        WholeWeights: "its file holds whole weights in place of low-rank factors",
        NoSuchFactor: "no layer of mlx-lm 0.32 has such a factor",
        SafetensorsSince2024: "mlx-lm has written safetensors since 2024",
        NotInPeft: "no PEFT release up to 0.21 has it",
        RowsBehindVocabulary: "its rows stand behind those of the base's vocabulary, as vLLM alone read them",
        OwnScales: "its factors are numbers only together with scales, whose layout is not known here",
        OldBlocks: "its blocks are stored and composed in another way, which current PEFT does not read either",
    }
}

sentences! {
    /// What to do with it instead.
    WayOut {
        MergeOrConvert: "merge it with PEFT's `merge_and_unload`, or turn it into a LoRA with PEFT's `convert_to_lora`",
        SaveAsPlainLora: "save it again in PEFT with `path_initial_model_for_weight_conversion`, which makes it a plain LoRA",
        KeepAsAdapter: "keep it as an adapter at run time; it has no merged form",
        BuildDeeperBase: "build the deeper base first and merge into that",
        MergeWithPeft: "merge it with PEFT's `merge_and_unload`",
        MergeWithPeft015: "merge it with PEFT 0.15's `merge_and_unload`",
        MergeWithOwnLibrary: "merge it with the library that trained it",
        FuseOrConvert: "fuse it with mlx-lm's `fuse`, or convert it to PEFT's format",
        FuseWholeModel: "save the whole model with mlx-lm's `fuse`, which puts these weights into it",
        FuseWithOwnVersion: "fuse it with the version of mlx-lm that made it",
        SaveResized: "resize the base's embeddings in transformers, put these rows at their end, and save that model as the base; take the file out of the adapter's folder then",
        SaveInFloat: "save the adapter in float16, bfloat16 or float32, without quantising it",
        SaveAsSafetensors: "load it with a newer mlx-lm and save it again as adapters.safetensors",
    }
}
