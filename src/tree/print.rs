//! `print(model)`: both trees as PyTorch and PEFT print them, repeated modules folded.

use serde_json::Value;

use super::{LoraLayer, ModuleNode, ParameterChange, python_float::python_float, registered};
use crate::{adapter::Adapter, checkpoint::ModelConfig};

/// One line of the printed model.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PrintedLine {
    /// The text, indented.
    pub text: String,
    /// Whether the line exists or differs because of an adapter.
    pub is_changed: bool,
}

/// Whether [`print_model`] gives transformers' own text for this model, to the letter (5.23 and PEFT 0.21; llama, qwen2,
/// `gpt_neox` and gpt2); other trees are built from tensor names alone and lack the modules that have none.
#[must_use]
pub fn is_transformers_text(root: &ModuleNode, config: &ModelConfig) -> bool {
    registered::completed(root, config).is_some()
}

/// The model as PyTorch prints it; with `adapter`, as PEFT wraps it (its layers among [`ModuleNode::lora`]).
#[must_use]
pub fn print_model(root: &ModuleNode, config: &ModelConfig, adapter: Option<(usize, &Adapter)>) -> Vec<PrintedLine> {
    let printer = Printer { config, adapter };
    let mut lines = Vec::new();
    let completed = registered::completed(root, config);
    let root = completed.as_ref().unwrap_or(root);
    let Some((_, wrapper)) = adapter else {
        printer.module(root, "", 0, &mut lines);
        return lines;
    };
    let class = wrapper_class(wrapper.config().get("task_type").and_then(Value::as_str));
    push(&mut lines, 0, &format!("{class}("), true);
    push(&mut lines, 1, "(base_model): LoraModel(", true);
    printer.module(root, "(model): ", 2, &mut lines);
    push(&mut lines, 1, ")", true);
    push(&mut lines, 0, ")", true);
    lines
}

/// The class in which PEFT wraps a model, by its `task_type`.
fn wrapper_class(task_type: Option<&str>) -> &'static str {
    match task_type {
        Some("CAUSAL_LM") => "PeftModelForCausalLM",
        Some("SEQ_2_SEQ_LM") => "PeftModelForSeq2SeqLM",
        Some("SEQ_CLS") => "PeftModelForSequenceClassification",
        Some("TOKEN_CLS") => "PeftModelForTokenClassification",
        Some("QUESTION_ANS") => "PeftModelForQuestionAnswering",
        Some("FEATURE_EXTRACTION") => "PeftModelForFeatureExtraction",
        _ => "PeftModel",
    }
}

struct Printer<'a> {
    config: &'a ModelConfig,
    adapter: Option<(usize, &'a Adapter)>,
}

impl Printer<'_> {
    fn module(&self, node: &ModuleNode, label: &str, indent: usize, lines: &mut Vec<PrintedLine>) {
        if let Some(layer) = self.layer(node).filter(|_| self.is_lora_linear(node)) {
            self.lora_module(node, layer, label, indent, lines);
        } else if let Some(note) = self.note(node) {
            push(lines, indent, &format!("{label}{}  # {note}", self.leaf(node)), true);
        } else if node.children.is_empty() {
            push(lines, indent, &format!("{label}{}", self.leaf(node)), false);
        } else {
            push(lines, indent, &format!("{label}{}(", node.class), false);
            self.children(node, indent + 1, lines);
            push(lines, indent, ")", false);
        }
    }

    /// Children, consecutive equal ones under one label, as `ModuleList` prints them.
    fn children(&self, node: &ModuleNode, indent: usize, lines: &mut Vec<PrintedLine>) {
        let printed: Vec<Vec<PrintedLine>> = node
            .children
            .iter()
            .map(|child| {
                let mut lines = Vec::new();
                self.module(child, "", indent, &mut lines);
                lines
            })
            .collect();
        let mut start = 0;
        while start < printed.len() {
            let folds = node.class == "ModuleList";
            let run = printed[start..].iter().take_while(|other| folds && **other == printed[start]).count().max(1);
            let (first, last) = (&node.children[start], &node.children[start + run - 1]);
            let label = if run == 1 {
                format!("({}): ", first.name)
            } else {
                format!("({}-{}): {run} x ", first.name, last.name)
            };
            let pad = "  ".repeat(indent);
            for (index, line) in printed[start].iter().enumerate() {
                let text = match line.text.strip_prefix(&pad) {
                    Some(rest) if index == 0 => format!("{pad}{label}{rest}"),
                    _ => line.text.clone(),
                };
                lines.push(PrintedLine { text, is_changed: line.is_changed });
            }
            start += run;
        }
    }

    fn layer<'n>(&self, node: &'n ModuleNode) -> Option<&'n LoraLayer> {
        let (index, _) = self.adapter?;
        node.lora.iter().find(|layer| layer.adapter == index)
    }

    /// Whether PEFT shows the layer as `lora.Linear` with two Linear factors.
    fn is_lora_linear(&self, node: &ModuleNode) -> bool {
        let is_lora = self.adapter.is_some_and(|(_, adapter)| ["LoRA", "rsLoRA"].contains(&adapter.method_name()));
        is_lora && (is_linear(&node.class) || node.class == "Conv1D")
    }

    /// What becomes of a module that is changed in another way than by `lora.Linear`.
    fn note(&self, node: &ModuleNode) -> Option<String> {
        let (_, adapter) = self.adapter.filter(|_| node.children.is_empty())?;
        let change = node.parameters.iter().find_map(|parameter| parameter.change)?;
        Some(match change {
            ParameterChange::Replaced => "replaced".to_owned(),
            ParameterChange::Added => "added".to_owned(),
            ParameterChange::Updated => adapter.method_name().to_owned(),
        })
    }

    fn lora_module(
        &self,
        node: &ModuleNode,
        layer: &LoraLayer,
        label: &str,
        indent: usize,
        lines: &mut Vec<PrintedLine>,
    ) {
        let dropout =
            self.adapter.and_then(|(_, adapter)| adapter.config().get("lora_dropout")).and_then(Value::as_f64);
        let dropout = match dropout {
            Some(p) if p > 0.0 => format!("Dropout(p={}, inplace=False)", python_float(p)),
            _ => "Identity()".to_owned(),
        };
        let factor = |shape: &[usize]| match shape {
            [out_features, in_features] => linear("Linear", *out_features, *in_features, false),
            _ => "Module()".to_owned(),
        };
        // PEFT's layer is of the class of what it wraps where that is packed, and `lora.Linear` around a Conv1D.
        let class = if node.class == "Conv1D" { "Linear" } else { &node.class };
        push(lines, indent, &format!("{label}lora.{class}("), true);
        push(lines, indent + 1, &format!("(base_layer): {}", self.leaf(node)), true);
        for (name, inner) in
            [("lora_dropout", dropout), ("lora_A", factor(&layer.a_shape)), ("lora_B", factor(&layer.b_shape))]
        {
            push(lines, indent + 1, &format!("({name}): ModuleDict("), true);
            push(lines, indent + 2, &format!("(default): {inner}"), true);
            push(lines, indent + 1, ")", true);
        }
        for (name, container) in [
            ("lora_embedding_A", "ParameterDict()"),
            ("lora_embedding_B", "ParameterDict()"),
            ("lora_magnitude_vector", "ModuleDict()"),
        ] {
            push(lines, indent + 1, &format!("({name}): {container}"), true);
        }
        push(lines, indent, ")", true);
    }

    fn leaf(&self, node: &ModuleNode) -> String {
        let class = &node.class;
        let shape = node.weight().map_or(&[][..], |weight| &weight.shape);
        let has_bias = node.parameters.iter().any(|parameter| parameter.name == "bias");
        match (class.as_str(), shape) {
            (class, &[out_features, in_features]) if is_linear(class) => {
                linear(class, out_features, in_features, has_bias)
            }
            ("Conv1D", &[in_features, out_features]) => format!("Conv1D(nf={out_features}, nx={in_features})"),
            ("Embedding", &[rows, columns]) => match self.config.integer("pad_token_id") {
                Some(padding) if node.name == "embed_tokens" => {
                    format!("Embedding({rows}, {columns}, padding_idx={padding})")
                }
                _ => format!("Embedding({rows}, {columns})"),
            },
            ("LayerNorm", &[size]) => {
                let bias = if has_bias { "True" } else { "False" };
                format!("LayerNorm(({size},), eps={}, elementwise_affine=True, bias={bias})", self.epsilon())
            }
            (_, &[size]) if class.ends_with("RMSNorm") => format!("{class}(({size},), eps={})", self.epsilon()),
            _ if class.ends_with(')') => class.clone(),
            _ => format!("{class}()"),
        }
    }

    /// The norm's epsilon as Python prints it.
    fn epsilon(&self) -> String {
        const KEYS: [&str; 4] = ["rms_norm_eps", "layer_norm_eps", "layer_norm_epsilon", "norm_eps"];
        let value = KEYS.iter().find_map(|key| self.config.get(key)).and_then(Value::as_f64).unwrap_or(1e-5);
        python_float(value)
    }
}

/// Whether a class prints itself as `Linear` does.
fn is_linear(class: &str) -> bool {
    ["Linear", "Linear4bit", "Linear8bitLt", "FP8Linear", "FbgemmFp8Linear"].contains(&class)
}

fn linear(class: &str, out_features: usize, in_features: usize, has_bias: bool) -> String {
    let bias = if has_bias { "True" } else { "False" };
    format!("{class}(in_features={in_features}, out_features={out_features}, bias={bias})")
}

fn push(lines: &mut Vec<PrintedLine>, indent: usize, text: &str, is_changed: bool) {
    lines.push(PrintedLine { text: format!("{}{text}", "  ".repeat(indent)), is_changed });
}
