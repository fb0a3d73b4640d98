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
    /// Gemma 2.
    Gemma2,
    /// Gemma 3, also the text part of its multimodal models.
    Gemma3,
    /// Phi-3 and Phi-3.5.
    Phi3,
    /// GPT-NeoX and Pythia.
    GptNeoX,
    /// GPT-2.
    Gpt2,
}

/// Classes of transformers, and the family of each.
const CLASSES: [(&str, Family); 12] = [
    ("LlamaForCausalLM", Family::Llama),
    ("MistralForCausalLM", Family::Llama),
    ("MixtralForCausalLM", Family::Mixtral),
    ("Qwen2ForCausalLM", Family::Qwen2),
    ("Qwen3ForCausalLM", Family::Qwen3),
    ("Qwen3MoeForCausalLM", Family::Qwen3Moe),
    ("Gemma2ForCausalLM", Family::Gemma2),
    ("Gemma3ForCausalLM", Family::Gemma3),
    ("Gemma3ForConditionalGeneration", Family::Gemma3),
    ("Phi3ForCausalLM", Family::Phi3),
    ("GPTNeoXForCausalLM", Family::GptNeoX),
    ("GPT2LMHeadModel", Family::Gpt2),
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

    /// `general.architecture`.
    #[must_use]
    pub const fn architecture(self) -> &'static str {
        match self {
            Self::Llama | Self::Mixtral => "llama",
            Self::Qwen2 => "qwen2",
            Self::Qwen3 => "qwen3",
            Self::Qwen3Moe => "qwen3moe",
            Self::Gemma2 => "gemma2",
            Self::Gemma3 => "gemma3",
            Self::Phi3 => "phi3",
            Self::GptNeoX => "gptneox",
            Self::Gpt2 => "gpt2",
        }
    }

    /// Whether it is a Gemma: norms are stored less 1, and the head is the embedding.
    #[must_use]
    pub const fn is_gemma(self) -> bool {
        matches!(self, Self::Gemma2 | Self::Gemma3)
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
            _ => &[("model.embed_tokens", "token_embd"), ("model.norm", "output_norm"), ("lm_head", "output")],
        }
    }

    /// What stands before the number of a layer.
    pub(super) const fn layer_prefix(self) -> &'static str {
        match self {
            Self::GptNeoX => "gpt_neox.layers.",
            Self::Gpt2 => "h.",
            _ => "model.layers.",
        }
    }

    /// The modules of a layer.
    pub(super) const fn layer_names(self) -> &'static [(&'static str, &'static str)] {
        match self {
            Self::Llama | Self::Qwen2 => DECODER,
            Self::Qwen3 => DECODER_WITH_HEAD_NORMS,
            Self::Mixtral => DECODER_WITH_EXPERTS,
            Self::Qwen3Moe => DECODER_WITH_BOTH,
            Self::Gemma2 => GEMMA2,
            Self::Gemma3 => GEMMA3,
            Self::Phi3 => PHI3,
            Self::GptNeoX => GPT_NEOX,
            Self::Gpt2 => GPT2,
        }
    }

    /// The modules of a layer that may have a bias in llama.cpp.
    pub(super) const fn biased_parts(self) -> &'static [&'static str] {
        match self {
            Self::Llama => &["attn_q", "attn_k", "attn_v", "attn_output", "ffn_gate", "ffn_up", "ffn_down"],
            Self::Mixtral => &["attn_q", "attn_k", "attn_v", "attn_output"],
            Self::Qwen2 => &["attn_q", "attn_k", "attn_v"],
            Self::Qwen3 | Self::Qwen3Moe | Self::Gemma2 | Self::Gemma3 | Self::Phi3 => &[],
            Self::GptNeoX | Self::Gpt2 => &["attn_norm", "attn_qkv", "attn_output", "ffn_norm", "ffn_up", "ffn_down"],
        }
    }
}

const DECODER: &[(&str, &str)] = &[
    ("input_layernorm", "attn_norm"),
    ("self_attn.q_proj", "attn_q"),
    ("self_attn.k_proj", "attn_k"),
    ("self_attn.v_proj", "attn_v"),
    ("self_attn.o_proj", "attn_output"),
    ("post_attention_layernorm", "ffn_norm"),
    ("mlp.gate_proj", "ffn_gate"),
    ("mlp.up_proj", "ffn_up"),
    ("mlp.down_proj", "ffn_down"),
];

const DECODER_WITH_HEAD_NORMS: &[(&str, &str)] = &[
    ("input_layernorm", "attn_norm"),
    ("self_attn.q_proj", "attn_q"),
    ("self_attn.k_proj", "attn_k"),
    ("self_attn.v_proj", "attn_v"),
    ("self_attn.q_norm", "attn_q_norm"),
    ("self_attn.k_norm", "attn_k_norm"),
    ("self_attn.o_proj", "attn_output"),
    ("post_attention_layernorm", "ffn_norm"),
    ("mlp.gate_proj", "ffn_gate"),
    ("mlp.up_proj", "ffn_up"),
    ("mlp.down_proj", "ffn_down"),
];

const DECODER_WITH_EXPERTS: &[(&str, &str)] = &[
    ("input_layernorm", "attn_norm"),
    ("self_attn.q_proj", "attn_q"),
    ("self_attn.k_proj", "attn_k"),
    ("self_attn.v_proj", "attn_v"),
    ("self_attn.o_proj", "attn_output"),
    ("post_attention_layernorm", "ffn_norm"),
    ("block_sparse_moe.gate", "ffn_gate_inp"),
    ("mlp.gate", "ffn_gate_inp"),
];

const DECODER_WITH_BOTH: &[(&str, &str)] = &[
    ("input_layernorm", "attn_norm"),
    ("self_attn.q_proj", "attn_q"),
    ("self_attn.k_proj", "attn_k"),
    ("self_attn.v_proj", "attn_v"),
    ("self_attn.q_norm", "attn_q_norm"),
    ("self_attn.k_norm", "attn_k_norm"),
    ("self_attn.o_proj", "attn_output"),
    ("post_attention_layernorm", "ffn_norm"),
    ("mlp.gate", "ffn_gate_inp"),
];

const GEMMA2: &[(&str, &str)] = &[
    ("input_layernorm", "attn_norm"),
    ("self_attn.q_proj", "attn_q"),
    ("self_attn.k_proj", "attn_k"),
    ("self_attn.v_proj", "attn_v"),
    ("self_attn.o_proj", "attn_output"),
    ("post_attention_layernorm", "post_attention_norm"),
    ("pre_feedforward_layernorm", "ffn_norm"),
    ("mlp.gate_proj", "ffn_gate"),
    ("mlp.up_proj", "ffn_up"),
    ("mlp.down_proj", "ffn_down"),
    ("post_feedforward_layernorm", "post_ffw_norm"),
];

const GEMMA3: &[(&str, &str)] = &[
    ("input_layernorm", "attn_norm"),
    ("self_attn.q_proj", "attn_q"),
    ("self_attn.k_proj", "attn_k"),
    ("self_attn.v_proj", "attn_v"),
    ("self_attn.q_norm", "attn_q_norm"),
    ("self_attn.k_norm", "attn_k_norm"),
    ("self_attn.o_proj", "attn_output"),
    ("post_attention_layernorm", "post_attention_norm"),
    ("pre_feedforward_layernorm", "ffn_norm"),
    ("mlp.gate_proj", "ffn_gate"),
    ("mlp.up_proj", "ffn_up"),
    ("mlp.down_proj", "ffn_down"),
    ("post_feedforward_layernorm", "post_ffw_norm"),
];

const PHI3: &[(&str, &str)] = &[
    ("input_layernorm", "attn_norm"),
    ("self_attn.qkv_proj", "attn_qkv"),
    ("self_attn.o_proj", "attn_output"),
    ("post_attention_layernorm", "ffn_norm"),
    ("mlp.gate_up_proj", "ffn_up"),
    ("mlp.down_proj", "ffn_down"),
];

const GPT_NEOX: &[(&str, &str)] = &[
    ("input_layernorm", "attn_norm"),
    ("attention.query_key_value", "attn_qkv"),
    ("attention.dense", "attn_output"),
    ("post_attention_layernorm", "ffn_norm"),
    ("mlp.dense_h_to_4h", "ffn_up"),
    ("mlp.dense_4h_to_h", "ffn_down"),
];

const GPT2: &[(&str, &str)] = &[
    ("ln_1", "attn_norm"),
    ("attn.c_attn", "attn_qkv"),
    ("attn.c_proj", "attn_output"),
    ("ln_2", "ffn_norm"),
    ("mlp.c_fc", "ffn_up"),
    ("mlp.c_proj", "ffn_down"),
];
