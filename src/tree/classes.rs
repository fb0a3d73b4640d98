//! Class names and child order as PyTorch prints them, inferred from tensor names and the config.

use super::{ModuleNode, Parameter};
use crate::checkpoint::{Checkpoint, ModelConfig};

/// Endings of architecture names that say the task and not the family.
const TASKS: [&str; 7] = [
    "ForCausalLM",
    "LMHeadModel",
    "ForConditionalGeneration",
    "ForSequenceClassification",
    "ForTokenClassification",
    "ForMaskedLM",
    "Model",
];

const EMBEDDINGS: [&str; 8] = [
    "embed_tokens",
    "wte",
    "wpe",
    "word_embeddings",
    "embed_in",
    "embed_positions",
    "position_embeddings",
    "token_type_embeddings",
];

/// Names of children in the order in which transformers registers them; others follow, numbers by value.
const ORDER: [&str; 53] = [
    "model",
    "transformer",
    "gpt_neox",
    "language_model",
    "decoder",
    "encoder",
    "embed_tokens",
    "wte",
    "wpe",
    "word_embeddings",
    "embed_in",
    "embed_positions",
    "layers",
    "h",
    "ln_1",
    "attn",
    "self_attn",
    "self_attention",
    "q_proj",
    "k_proj",
    "v_proj",
    "qkv_proj",
    "query_key_value",
    "c_attn",
    "o_proj",
    "out_proj",
    "dense",
    "c_proj",
    "q_norm",
    "k_norm",
    "ln_2",
    "mlp",
    "block_sparse_moe",
    "gate",
    "experts",
    "gate_proj",
    "up_proj",
    "gate_up_proj",
    "down_proj",
    "w1",
    "w2",
    "w3",
    "c_fc",
    "dense_h_to_4h",
    "dense_4h_to_h",
    "attention",
    "input_layernorm",
    "post_attention_layernorm",
    "pre_feedforward_layernorm",
    "post_feedforward_layernorm",
    "norm",
    "ln_f",
    "lm_head",
];

/// Names every module and sorts children, from `root` down.
pub(super) fn name(root: &mut ModuleNode, base: &Checkpoint) {
    let config = base.config();
    let architecture = config.architecture().unwrap_or("Model").to_owned();
    let family = TASKS.iter().find_map(|task| architecture.strip_suffix(task)).unwrap_or(&architecture).to_owned();
    let namer = Namer { family, config, base };
    root.class = architecture;
    for child in &mut root.children {
        namer.name(child, 1, false);
    }
    sort(root);
}

/// The output head that shares the embedding's tensor and so has none of its own on disk.
pub(super) fn add_tied_head(root: &mut ModuleNode, base: &Checkpoint) {
    let config = base.config();
    let is_language_model =
        config.architecture().is_some_and(|name| name.ends_with("ForCausalLM") || name.ends_with("LMHeadModel"));
    let has_head = root.children.iter().any(|child| ["lm_head", "embed_out"].contains(&child.name.as_str()));
    let is_tied = config.has_tied_embeddings() || config.model_type() == "gpt2";
    if !is_language_model || !is_tied || has_head {
        return;
    }
    let embedding = root.walk().find(|node| ["embed_tokens", "wte", "word_embeddings"].contains(&node.name.as_str()));
    let Some(weight) = embedding.and_then(ModuleNode::weight).cloned() else { return };
    let mut head = ModuleNode::empty("lm_head".to_owned(), "lm_head".to_owned());
    head.parameters.push(weight);
    root.children.push(head);
}

struct Namer<'a> {
    family: String,
    config: &'a ModelConfig,
    base: &'a Checkpoint,
}

impl Namer<'_> {
    fn name(&self, node: &mut ModuleNode, depth: usize, is_list_item: bool) {
        let is_list = !node.children.is_empty()
            && node.parameters.is_empty()
            && node.children.iter().all(|child| child.name.parse::<usize>().is_ok());
        for child in &mut node.children {
            self.name(child, depth + 1, is_list);
        }
        node.class = self.class(node, depth, is_list, is_list_item);
    }

    fn class(&self, node: &ModuleNode, depth: usize, is_list: bool, is_list_item: bool) -> String {
        let family = &self.family;
        if let Some(weight) = node.weight() {
            return self.leaf_class(node, weight);
        }
        match node.name.as_str() {
            _ if is_list => "ModuleList".to_owned(),
            "self_attn" | "attn" | "attention" | "self_attention" => format!("{family}Attention"),
            "mlp" | "feed_forward" => format!("{family}MLP"),
            "block_sparse_moe" => format!("{family}SparseMoeBlock"),
            "model" | "transformer" | "gpt_neox" | "language_model" if depth == 1 => format!("{family}Model"),
            _ if is_list_item && node.path.contains("experts.") => format!("{family}MLP"),
            _ if is_list_item => match family.as_str() {
                "GPT2" => "GPT2Block".to_owned(),
                "GPTNeoX" => "GPTNeoXLayer".to_owned(),
                _ => format!("{family}DecoderLayer"),
            },
            _ => "Module".to_owned(),
        }
    }

    fn leaf_class(&self, node: &ModuleNode, weight: &Parameter) -> String {
        let has_bias = node.parameters.iter().any(|parameter| parameter.name == "bias");
        let uses_layer_norm = ["gpt2", "gpt_neox", "falcon", "opt", "bloom", "gptj", "phi", "stablelm"]
            .contains(&self.config.model_type());
        match weight.shape.len() {
            1 if has_bias || uses_layer_norm => "LayerNorm".to_owned(),
            1 => format!("{}RMSNorm", self.family),
            2 if EMBEDDINGS.contains(&node.name.as_str()) => "Embedding".to_owned(),
            2 if self.config.model_type() == "gpt2" && node.name != "lm_head" => "Conv1D".to_owned(),
            2 => self.base.packed_class(&weight.tensor).unwrap_or("Linear").to_owned(),
            3 => "Conv1d".to_owned(),
            4 => "Conv2d".to_owned(),
            _ => "Module".to_owned(),
        }
    }
}

fn sort(node: &mut ModuleNode) {
    let rank = |name: &str| {
        let number = name.parse::<usize>().ok();
        let known = ORDER.iter().position(|known| *known == name).unwrap_or(ORDER.len());
        (known, number, name.to_owned())
    };
    node.children.sort_by_cached_key(|child| rank(&child.name));
    node.children.iter_mut().for_each(sort);
}
