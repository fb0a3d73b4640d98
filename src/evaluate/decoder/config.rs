//! What a decoder is made of, and which tensors that takes.

use super::RopeConfig;

/// A decoder of the Llama kind.
#[derive(Clone, Debug)]
pub(in crate::evaluate) struct DecoderConfig {
    pub hidden_size: usize,
    pub vocab_size: usize,
    /// Tokens for which positions were trained.
    pub context_length: usize,
    pub norm_eps: f64,
    pub attention: AttentionConfig,
    pub mlp: MlpConfig,
    pub rope: RopeConfig,
    /// For each layer, how many tokens back it sees, itself included; `None` sees all.
    pub sliding_windows: Vec<Option<usize>>,
    /// Whether the embedding is also the output head.
    pub ties_embeddings: bool,
}

/// Grouped-query attention (Ainslie et al. 2023).
#[derive(Clone, Debug)]
pub(in crate::evaluate) struct AttentionConfig {
    pub head_count: usize,
    pub kv_head_count: usize,
    pub head_dim: usize,
    pub has_qkv_bias: bool,
    pub has_output_bias: bool,
    /// RMS norms over each head of q and k.
    pub has_head_norms: bool,
}

/// down(activation(gate(x)) · up(x)) (Shazeer 2020).
#[derive(Clone, Debug)]
pub(in crate::evaluate) struct MlpConfig {
    pub intermediate_size: usize,
    pub activation: Activation,
    pub has_bias: bool,
}

/// The function on the gate.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::evaluate) enum Activation {
    /// x·σ(x).
    Silu,
    /// GELU by its tanh approximation.
    GeluTanh,
    /// GELU by the error function.
    GeluErf,
}

impl Activation {
    /// The names that configs use.
    pub const NAMES: [&str; 5] = ["silu", "swish", "gelu", "gelu_new", "gelu_pytorch_tanh"];

    /// The function that transformers calls `name`.
    pub fn from_name(name: &str) -> Option<Self> {
        match name {
            "silu" | "swish" => Some(Self::Silu),
            "gelu_new" | "gelu_pytorch_tanh" => Some(Self::GeluTanh),
            "gelu" => Some(Self::GeluErf),
            _ => None,
        }
    }
}

/// Where the tensors of a decoder are, below a prefix that a bare model lacks.
#[derive(Clone, Debug)]
pub(in crate::evaluate) struct TensorNames {
    prefix: &'static str,
}

impl TensorNames {
    /// Names for a checkpoint in which `has_tensor` holds.
    pub fn new(has_tensor: impl Fn(&str) -> bool) -> Self {
        // A model saved without its head (`LlamaModel`) has no `model.` before its names.
        let prefix = if has_tensor("embed_tokens.weight") { "" } else { "model." };
        Self { prefix }
    }

    pub fn embedding(&self) -> String {
        format!("{}embed_tokens.weight", self.prefix)
    }

    pub fn final_norm(&self) -> String {
        format!("{}norm.weight", self.prefix)
    }

    /// The output head: the embedding's tensor where both are tied.
    pub fn head(&self, config: &DecoderConfig) -> String {
        if config.ties_embeddings { self.embedding() } else { "lm_head.weight".to_owned() }
    }

    /// A part of a layer (`self_attn.q_proj`).
    pub fn in_layer(&self, layer: usize, part: &str) -> String {
        format!("{}layers.{layer}.{part}", self.prefix)
    }
}

impl DecoderConfig {
    pub fn layer_count(&self) -> usize {
        self.sliding_windows.len()
    }

    /// Every tensor of one layer, with its shape.
    pub fn layer_tensors(&self, names: &TensorNames, layer: usize) -> Vec<(String, Vec<usize>)> {
        let (hidden, attention, mlp) = (self.hidden_size, &self.attention, &self.mlp);
        let query = attention.head_count * attention.head_dim;
        let key = attention.kv_head_count * attention.head_dim;
        let linears = [
            ("self_attn.q_proj", query, hidden, attention.has_qkv_bias),
            ("self_attn.k_proj", key, hidden, attention.has_qkv_bias),
            ("self_attn.v_proj", key, hidden, attention.has_qkv_bias),
            ("self_attn.o_proj", hidden, query, attention.has_output_bias),
            ("mlp.gate_proj", mlp.intermediate_size, hidden, mlp.has_bias),
            ("mlp.up_proj", mlp.intermediate_size, hidden, mlp.has_bias),
            ("mlp.down_proj", hidden, mlp.intermediate_size, mlp.has_bias),
        ];
        let mut tensors = Vec::new();
        for (part, out_features, in_features, has_bias) in linears {
            let module = names.in_layer(layer, part);
            tensors.push((format!("{module}.weight"), vec![out_features, in_features]));
            if has_bias {
                tensors.push((format!("{module}.bias"), vec![out_features]));
            }
        }
        for part in ["input_layernorm.weight", "post_attention_layernorm.weight"] {
            tensors.push((names.in_layer(layer, part), vec![hidden]));
        }
        if attention.has_head_norms {
            for part in ["self_attn.q_norm.weight", "self_attn.k_norm.weight"] {
                tensors.push((names.in_layer(layer, part), vec![attention.head_dim]));
            }
        }
        tensors
    }

    /// Every tensor outside of the layers, with its shape.
    pub fn outer_tensors(&self, names: &TensorNames) -> Vec<(String, Vec<usize>)> {
        let table = vec![self.vocab_size, self.hidden_size];
        let mut tensors = vec![(names.embedding(), table.clone()), (names.final_norm(), vec![self.hidden_size])];
        if !self.ties_embeddings {
            tensors.push((names.head(self), table));
        }
        tensors
    }
}
