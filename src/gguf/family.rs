//! Which families of models are exported, what llama.cpp calls them, and how their tensors are called in both worlds.

use super::ExportError;
use crate::checkpoint::Checkpoint;

/// A family: classes with one layout of tensors.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Family {
    /// Llama and Mistral.
    Llama,
    /// Mixtral, which llama.cpp takes for a Llama with experts.
    Mixtral,
    /// Qwen 2 and 2.5.
    Qwen2,
    /// Qwen 3.
    Qwen3,
    /// Qwen 3 with experts.
    Qwen3Moe,
    /// The first Gemma.
    Gemma,
    /// Gemma 2.
    Gemma2,
    /// Gemma 3, also the text part of its multimodal models.
    Gemma3,
    /// Phi-3 and Phi-3.5.
    Phi3,
    /// OLMo 2.
    Olmo2,
    /// StableLM.
    StableLm,
    /// GPT-NeoX and Pythia.
    GptNeoX,
    /// GPT-2.
    Gpt2,
    /// Falcon with rotations: 7B, 40B and what followed.
    Falcon,
}

/// What a module is called in transformers, and in GGUF.
type Name = (&'static str, &'static str);

/// Classes of transformers, and the family of each.
const CLASSES: [(&str, Family); 16] = [
    ("LlamaForCausalLM", Family::Llama),
    ("MistralForCausalLM", Family::Llama),
    ("MixtralForCausalLM", Family::Mixtral),
    ("Qwen2ForCausalLM", Family::Qwen2),
    ("Qwen3ForCausalLM", Family::Qwen3),
    ("Qwen3MoeForCausalLM", Family::Qwen3Moe),
    ("GemmaForCausalLM", Family::Gemma),
    ("Gemma2ForCausalLM", Family::Gemma2),
    ("Gemma3ForCausalLM", Family::Gemma3),
    ("Gemma3ForConditionalGeneration", Family::Gemma3),
    ("Phi3ForCausalLM", Family::Phi3),
    ("Olmo2ForCausalLM", Family::Olmo2),
    ("StableLmForCausalLM", Family::StableLm),
    ("GPTNeoXForCausalLM", Family::GptNeoX),
    ("GPT2LMHeadModel", Family::Gpt2),
    ("FalconForCausalLM", Family::Falcon),
];

impl Family {
    /// The family of `checkpoint`.
    ///
    /// # Errors
    /// A class that is not covered, by its name.
    pub fn of(checkpoint: &Checkpoint) -> Result<Self, ExportError> {
        let class = checkpoint.config().architecture().unwrap_or_default();
        CLASSES.into_iter().find(|(known, _)| *known == class).map(|(_, family)| family).ok_or_else(|| {
            ExportError::UnknownClass {
                class: class.to_owned(),
                covered: CLASSES.map(|(known, _)| known).to_vec(),
                path: checkpoint.root().to_owned(),
            }
        })
    }

    /// Every family.
    pub(super) const ALL: [Self; 14] = [
        Self::Llama,
        Self::Mixtral,
        Self::Qwen2,
        Self::Qwen3,
        Self::Qwen3Moe,
        Self::Gemma,
        Self::Gemma2,
        Self::Gemma3,
        Self::Phi3,
        Self::Olmo2,
        Self::StableLm,
        Self::GptNeoX,
        Self::Gpt2,
        Self::Falcon,
    ];

    /// The class that transformers has for a file of this family, and its `model_type`.
    pub(super) const fn class(self) -> (&'static str, &'static str) {
        match self {
            Self::Llama => ("LlamaForCausalLM", "llama"),
            Self::Mixtral => ("MixtralForCausalLM", "mixtral"),
            Self::Qwen2 => ("Qwen2ForCausalLM", "qwen2"),
            Self::Qwen3 => ("Qwen3ForCausalLM", "qwen3"),
            Self::Qwen3Moe => ("Qwen3MoeForCausalLM", "qwen3_moe"),
            Self::Gemma => ("GemmaForCausalLM", "gemma"),
            Self::Gemma2 => ("Gemma2ForCausalLM", "gemma2"),
            Self::Gemma3 => ("Gemma3ForCausalLM", "gemma3_text"),
            Self::Phi3 => ("Phi3ForCausalLM", "phi3"),
            Self::Olmo2 => ("Olmo2ForCausalLM", "olmo2"),
            Self::StableLm => ("StableLmForCausalLM", "stablelm"),
            Self::GptNeoX => ("GPTNeoXForCausalLM", "gpt_neox"),
            Self::Gpt2 => ("GPT2LMHeadModel", "gpt2"),
            Self::Falcon => ("FalconForCausalLM", "falcon"),
        }
    }

    /// `general.architecture`.
    #[must_use]
    pub const fn architecture(self) -> &'static str {
        match self {
            Self::Llama | Self::Mixtral => "llama",
            Self::Qwen2 => "qwen2",
            Self::Qwen3 => "qwen3",
            Self::Qwen3Moe => "qwen3moe",
            Self::Gemma => "gemma",
            Self::Gemma2 => "gemma2",
            Self::Gemma3 => "gemma3",
            Self::Phi3 => "phi3",
            Self::Olmo2 => "olmo2",
            Self::StableLm => "stablelm",
            Self::GptNeoX => "gptneox",
            Self::Gpt2 => "gpt2",
            Self::Falcon => "falcon",
        }
    }

    /// Whether it is a Gemma: norms are stored less 1, and the head is the embedding.
    #[must_use]
    pub const fn is_gemma(self) -> bool {
        matches!(self, Self::Gemma | Self::Gemma2 | Self::Gemma3)
    }

    /// Whether norms take the mean off and may add a bias, as layer norms do.
    #[must_use]
    pub const fn has_layer_norms(self) -> bool {
        matches!(self, Self::GptNeoX | Self::Gpt2 | Self::StableLm | Self::Falcon)
    }

    /// Whether llama.cpp looks for an output head even where the embedding is the head.
    #[must_use]
    pub const fn needs_head(self) -> bool {
        matches!(self, Self::GptNeoX | Self::StableLm | Self::Olmo2)
    }

    /// Whether llama.cpp takes the embedding for the head even where there is another one.
    #[must_use]
    pub const fn ignores_head(self) -> bool {
        matches!(self, Self::Gemma | Self::Gemma2)
    }

    /// Whether layers have experts in place of one feed-forward network.
    #[must_use]
    pub const fn has_experts(self) -> bool {
        matches!(self, Self::Mixtral | Self::Qwen3Moe)
    }

    /// The modules outside of layers.
    pub(super) const fn top_names(self) -> &'static [(&'static str, &'static str)] {
        match self {
            Self::GptNeoX => &[
                ("gpt_neox.embed_in", "token_embd"),
                ("gpt_neox.final_layer_norm", "output_norm"),
                ("embed_out", "output"),
                ("lm_head", "output"),
            ],
            Self::Gpt2 => {
                &[("wte", "token_embd"), ("wpe", "position_embd"), ("ln_f", "output_norm"), ("lm_head", "output")]
            }
            Self::Falcon => &[("word_embeddings", "token_embd"), ("ln_f", "output_norm"), ("lm_head", "output")],
            _ => &[("model.embed_tokens", "token_embd"), ("model.norm", "output_norm"), ("lm_head", "output")],
        }
    }

    /// What stands before the number of a layer.
    pub(super) const fn layer_prefix(self) -> &'static str {
        match self {
            Self::GptNeoX => "gpt_neox.layers.",
            Self::Gpt2 | Self::Falcon => "h.",
            _ => "model.layers.",
        }
    }

    /// The modules of a layer.
    pub(super) const fn layer_names(self) -> &'static [(&'static str, &'static str)] {
        match self {
            Self::Llama | Self::Qwen2 | Self::Gemma | Self::StableLm => DECODER,
            Self::Qwen3 => QWEN3,
            Self::Mixtral => MIXTRAL,
            Self::Qwen3Moe => QWEN3_MOE,
            Self::Gemma2 => GEMMA2,
            Self::Gemma3 => GEMMA3,
            Self::Phi3 => PHI3,
            Self::Olmo2 => OLMO2,
            Self::GptNeoX => GPT_NEOX,
            Self::Gpt2 => GPT2,
            Self::Falcon => FALCON,
        }
    }

    /// The modules of an expert, each with the stack that it is in.
    pub(super) const fn expert_names(self) -> &'static [Name] {
        match self {
            Self::Mixtral => &[("w1", "ffn_gate_exps"), ("w3", "ffn_up_exps"), ("w2", "ffn_down_exps")],
            Self::Qwen3Moe => {
                &[("gate_proj", "ffn_gate_exps"), ("up_proj", "ffn_up_exps"), ("down_proj", "ffn_down_exps")]
            }
            _ => &[],
        }
    }

    /// Whether the weight of `part` has a row for each input in transformers.
    pub(super) fn is_conv1d(self, part: &str) -> bool {
        self == Self::Gpt2 && ["attn_qkv", "attn_output", "ffn_up", "ffn_down"].contains(&part)
    }

    /// The modules of a layer that are there in some of the family's models only.
    pub(super) const fn optional_parts(self) -> &'static [&'static str] {
        match self {
            Self::StableLm => &["ffn_norm"],
            Self::Falcon => &["attn_norm_2"],
            _ => &[],
        }
    }

    /// The modules of a layer that may have a bias in llama.cpp.
    pub(super) const fn biased_parts(self) -> &'static [&'static str] {
        match self {
            Self::Llama => &["attn_q", "attn_k", "attn_v", "attn_output", "ffn_gate", "ffn_up", "ffn_down"],
            Self::Mixtral => &["attn_q", "attn_k", "attn_v", "attn_output"],
            Self::Qwen2 => &["attn_q", "attn_k", "attn_v"],
            Self::Qwen3 | Self::Qwen3Moe | Self::Gemma | Self::Gemma2 | Self::Gemma3 | Self::Phi3 | Self::Olmo2 => &[],
            Self::StableLm => &["attn_q", "attn_k", "attn_v", "attn_norm", "ffn_norm"],
            Self::GptNeoX | Self::Gpt2 => &["attn_norm", "attn_qkv", "attn_output", "ffn_norm", "ffn_up", "ffn_down"],
            Self::Falcon => &["attn_norm", "attn_norm_2"],
        }
    }
}

/// One table of several.
const fn joined<const N: usize>(parts: &[&[Name]]) -> [Name; N] {
    let mut all = [("", ""); N];
    let (mut part, mut at) = (0, 0);
    while part < parts.len() {
        let mut index = 0;
        while index < parts[part].len() {
            all[at] = parts[part][index];
            (index, at) = (index + 1, at + 1);
        }
        part += 1;
    }
    assert!(at == N, "a table has as many names as its parts");
    all
}

const INPUT_NORM: &[Name] = &[("input_layernorm", "attn_norm")];

const NORM_BETWEEN: &[Name] = &[("post_attention_layernorm", "ffn_norm")];

const NORMS: &[Name] = &joined::<2>(&[INPUT_NORM, NORM_BETWEEN]);

const ATTENTION: &[Name] = &[
    ("self_attn.q_proj", "attn_q"),
    ("self_attn.k_proj", "attn_k"),
    ("self_attn.v_proj", "attn_v"),
    ("self_attn.o_proj", "attn_output"),
];

/// Norms of queries and keys.
const QUERY_NORMS: &[Name] = &[("self_attn.q_norm", "attn_q_norm"), ("self_attn.k_norm", "attn_k_norm")];

const GATED_MLP: &[Name] = &[("mlp.gate_proj", "ffn_gate"), ("mlp.up_proj", "ffn_up"), ("mlp.down_proj", "ffn_down")];

/// Norms of what attention and the network give.
const NORMS_AFTER: &[Name] =
    &[("post_attention_layernorm", "post_attention_norm"), ("post_feedforward_layernorm", "post_ffw_norm")];

const DECODER: &[Name] = &joined::<9>(&[NORMS, ATTENTION, GATED_MLP]);

const QWEN3: &[Name] = &joined::<11>(&[DECODER, QUERY_NORMS]);

const MIXTRAL: &[Name] =
    &joined::<8>(&[NORMS, ATTENTION, &[("block_sparse_moe.gate", "ffn_gate_inp"), ("mlp.gate", "ffn_gate_inp")]]);

const QWEN3_MOE: &[Name] = &joined::<9>(&[NORMS, ATTENTION, QUERY_NORMS, &[("mlp.gate", "ffn_gate_inp")]]);

const GEMMA2: &[Name] =
    &joined::<11>(&[INPUT_NORM, ATTENTION, &[("pre_feedforward_layernorm", "ffn_norm")], GATED_MLP, NORMS_AFTER]);

const GEMMA3: &[Name] = &joined::<13>(&[GEMMA2, QUERY_NORMS]);

const OLMO2: &[Name] = &joined::<11>(&[ATTENTION, QUERY_NORMS, GATED_MLP, NORMS_AFTER]);

const PHI3: &[Name] = &joined::<6>(&[
    NORMS,
    &[("self_attn.qkv_proj", "attn_qkv"), ("self_attn.o_proj", "attn_output")],
    &[("mlp.gate_up_proj", "ffn_up"), ("mlp.down_proj", "ffn_down")],
]);

const PLAIN_MLP: &[Name] = &[("mlp.dense_h_to_4h", "ffn_up"), ("mlp.dense_4h_to_h", "ffn_down")];

const GPT_NEOX: &[Name] =
    &joined::<6>(&[NORMS, &[("attention.query_key_value", "attn_qkv"), ("attention.dense", "attn_output")], PLAIN_MLP]);

/// The 7B has one norm, the 40B one for attention and one for the network.
const FALCON: &[Name] = &joined::<7>(&[
    INPUT_NORM,
    &[("ln_mlp", "attn_norm"), ("ln_attn", "attn_norm_2")],
    &[("self_attention.query_key_value", "attn_qkv"), ("self_attention.dense", "attn_output")],
    PLAIN_MLP,
]);

const GPT2: &[Name] = &[
    ("ln_1", "attn_norm"),
    ("attn.c_attn", "attn_qkv"),
    ("attn.c_proj", "attn_output"),
    ("ln_2", "ffn_norm"),
    ("mlp.c_fc", "ffn_up"),
    ("mlp.c_proj", "ffn_down"),
];
