//! The modules of the families whose printed form is known in full: their order, and those without tensors, of which a
//! checkpoint shows no trace (transformers 5.23: `modeling_llama.py`, `modeling_qwen2.py`, `modeling_gpt_neox.py`,
//! `modeling_gpt2.py`).

use serde_json::Value;

use super::{ModuleNode, python_float::python_float};
use crate::checkpoint::ModelConfig;

/// A child in the order in which its parent registers it.
#[derive(Clone, Copy)]
enum Child {
    /// A module with tensors.
    Module(&'static str),
    /// An activation function under this name, chosen by this key of the config.
    Activation(&'static str, &'static str),
    /// The rotary embedding of the family.
    Rotary,
    /// A dropout layer under this name; key of its probability, and the class's default.
    Dropout(&'static str, &'static str, f64),
}

use Child::{Activation, Dropout, Module, Rotary};

/// Classes of a family, without the family's name, with their children.
type Classes = &'static [(&'static str, &'static [Child])];

const LLAMA: Classes = &[
    ("ForCausalLM", &[Module("model"), Module("lm_head")]),
    ("Model", &[Module("embed_tokens"), Module("layers"), Module("norm"), Rotary]),
    (
        "DecoderLayer",
        &[Module("self_attn"), Module("mlp"), Module("input_layernorm"), Module("post_attention_layernorm")],
    ),
    ("Attention", &[Module("q_proj"), Module("k_proj"), Module("v_proj"), Module("o_proj")]),
    ("MLP", &[Module("gate_proj"), Module("up_proj"), Module("down_proj"), Activation("act_fn", "hidden_act")]),
];

const GPT_NEOX: Classes = &[
    ("ForCausalLM", &[Module("gpt_neox"), Module("lm_head")]),
    (
        "Model",
        &[
            Module("embed_in"),
            Dropout("emb_dropout", "hidden_dropout", 0.0),
            Module("layers"),
            Module("final_layer_norm"),
            Rotary,
        ],
    ),
    (
        "Layer",
        &[
            Module("input_layernorm"),
            Module("post_attention_layernorm"),
            Dropout("post_attention_dropout", "hidden_dropout", 0.0),
            Dropout("post_mlp_dropout", "hidden_dropout", 0.0),
            Module("attention"),
            Module("mlp"),
        ],
    ),
    ("Attention", &[Module("query_key_value"), Module("dense")]),
    ("MLP", &[Module("dense_h_to_4h"), Module("dense_4h_to_h"), Activation("act", "hidden_act")]),
];

const GPT2: Classes = &[
    ("LMHeadModel", &[Module("transformer"), Module("lm_head")]),
    ("Model", &[Module("wte"), Module("wpe"), Dropout("drop", "embd_pdrop", 0.1), Module("h"), Module("ln_f")]),
    ("Block", &[Module("ln_1"), Module("attn"), Module("ln_2"), Module("mlp")]),
    (
        "Attention",
        &[
            Module("c_attn"),
            Module("c_proj"),
            Dropout("attn_dropout", "attn_pdrop", 0.1),
            Dropout("resid_dropout", "resid_pdrop", 0.1),
        ],
    ),
    (
        "MLP",
        &[
            Module("c_fc"),
            Module("c_proj"),
            Activation("act", "activation_function"),
            Dropout("dropout", "resid_pdrop", 0.1),
        ],
    ),
];

/// Families by model type, with the name that their classes begin with.
const FAMILIES: [(&str, &str, Classes); 4] =
    [("llama", "Llama", LLAMA), ("qwen2", "Qwen2", LLAMA), ("gpt_neox", "GPTNeoX", GPT_NEOX), ("gpt2", "GPT2", GPT2)];

/// `root` as transformers builds it: every module, in its order; `None` where the family, or a module in it, is not
/// known in full.
pub(super) fn completed(root: &ModuleNode, config: &ModelConfig) -> Option<ModuleNode> {
    let (_, name, classes) = FAMILIES.iter().find(|(model_type, ..)| *model_type == config.model_type())?;
    let family = Family { name, classes, config };
    let mut root = root.clone();
    if config.model_type() == "gpt2" {
        wrap_bare_model(&mut root);
    }
    if let Some(head) = root.children.iter_mut().find(|child| child.name == "embed_out") {
        "lm_head".clone_into(&mut head.name);
    }
    family.complete(root)
}

/// GPT-2's weights on the Hub are those of the bare model; the language model holds it as `transformer`.
fn wrap_bare_model(root: &mut ModuleNode) {
    if root.class != "GPT2LMHeadModel" || root.children.iter().any(|child| child.name == "transformer") {
        return;
    }
    let mut bare = ModuleNode::empty("transformer".to_owned(), String::new());
    "GPT2Model".clone_into(&mut bare.class);
    let (head, rest) = std::mem::take(&mut root.children).into_iter().partition(|child| child.name == "lm_head");
    bare.children = rest;
    root.children = head;
    root.children.push(bare);
}

struct Family<'a> {
    name: &'a str,
    classes: Classes,
    config: &'a ModelConfig,
}

impl Family<'_> {
    fn complete(&self, mut node: ModuleNode) -> Option<ModuleNode> {
        let mut children = std::mem::take(&mut node.children);
        if node.class == "ModuleList" {
            node.children = children.into_iter().map(|child| self.complete(child)).collect::<Option<_>>()?;
            return Some(node);
        }
        let class = node.class.strip_prefix(self.name).unwrap_or_default();
        let Some((_, order)) = self.classes.iter().find(|(known, _)| *known == class) else {
            return children.is_empty().then_some(node);
        };
        for child in *order {
            node.children.push(match child {
                Module(name) => {
                    let at = children.iter().position(|child| child.name == *name)?;
                    self.complete(children.swap_remove(at))?
                }
                Activation(name, key) => leaf(name, activation(self.config.get(key)?.as_str()?)?.to_owned()),
                Rotary => leaf("rotary_emb", format!("{}RotaryEmbedding()", self.name)),
                Dropout(name, key, default) => {
                    let p = self.config.get(key).and_then(Value::as_f64).unwrap_or(*default);
                    leaf(name, format!("Dropout(p={}, inplace=False)", python_float(p)))
                }
            });
        }
        children.is_empty().then_some(node)
    }
}

/// A module without tensors, its class as it prints itself.
fn leaf(name: &str, printed: String) -> ModuleNode {
    ModuleNode { class: printed, ..ModuleNode::empty(name.to_owned(), String::new()) }
}

/// The module behind a name of an activation function (`ACT2FN`), as it prints itself.
fn activation(name: &str) -> Option<&'static str> {
    Some(match name {
        "gelu" | "gelu_python" => "GELUActivation()",
        "gelu_new" => "NewGELUActivation()",
        "gelu_fast" => "FastGELUActivation()",
        "gelu_pytorch_tanh" | "gelu_python_tanh" => "GELUTanh()",
        "quick_gelu" => "QuickGELUActivation()",
        "silu" => "SiLUActivation()",
        "swish" => "SiLU()",
        "relu" => "ReLU()",
        "relu2" => "ReLUSquaredActivation()",
        "tanh" => "Tanh()",
        "sigmoid" => "Sigmoid()",
        _ => return None,
    })
}
