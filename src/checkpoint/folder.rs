//! What the other files of a model folder are: tokenizer, template, licence, code, or left over from elsewhere.

use std::{
    io,
    path::{Path, PathBuf},
};

use super::{INDEX_FILE, SINGLE_FILE};

/// Folders below a model are entered this deep (`1_Pooling/config.json` is depth 1).
const MAX_DEPTH: usize = 3;

/// What a file is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, serde::Serialize)]
#[serde(rename_all = "snake_case")]
pub enum FileRole {
    /// `config.json`.
    Config,
    /// The vocabulary and how to use it.
    Tokenizer,
    /// The chat template in a file of its own.
    ChatTemplate,
    /// Generation defaults, image processors, code of the architecture and other files that a loader may want.
    Support,
    /// Licence and notices, which must travel with the weights.
    Licence,
    /// `README.md` of the model: it describes the base, not the merge.
    ModelCard,
    /// Weights in any format, and their indices.
    Weights,
    /// `adapter_*`, which transformers would load again on top of a merge.
    Adapter,
    /// Optimizer state, logs, hidden files and anything unknown.
    Leftover,
}

/// A file below a model folder.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SideFile {
    /// Path from the folder, with `/` between components.
    pub relative_path: String,
    /// What it is for.
    pub role: FileRole,
    /// Its size.
    pub byte_count: u64,
}

impl SideFile {
    /// The file of `byte_count` bytes at `relative_path`.
    #[must_use]
    pub fn new(relative_path: &str, byte_count: u64) -> Self {
        Self { relative_path: relative_path.to_owned(), role: role_of(relative_path), byte_count }
    }

    /// The file's place below `root`.
    #[must_use]
    pub fn path_below(&self, root: &Path) -> PathBuf {
        root.join(&self.relative_path)
    }
}

/// Every file below `root`, sorted by path; links are followed (a Hugging Face cache consists of links).
///
/// # Errors
/// A folder that cannot be listed.
pub fn side_files(root: &Path) -> io::Result<Vec<SideFile>> {
    let mut files = Vec::new();
    list(root, "", 0, &mut files)?;
    files.sort_by(|a, b| a.relative_path.cmp(&b.relative_path));
    Ok(files)
}

fn list(folder: &Path, prefix: &str, depth: usize, files: &mut Vec<SideFile>) -> io::Result<()> {
    for entry in std::fs::read_dir(folder)? {
        let entry = entry?;
        let Ok(name) = entry.file_name().into_string() else { continue };
        let relative_path = format!("{prefix}{name}");
        // A dangling link is nobody's file.
        let Ok(metadata) = std::fs::metadata(entry.path()) else { continue };
        if metadata.is_file() {
            files.push(SideFile::new(&relative_path, metadata.len()));
        } else if metadata.is_dir() && depth < MAX_DEPTH && !is_foreign_folder(&name) {
            list(&entry.path(), &format!("{relative_path}/"), depth + 1, files)?;
        }
    }
    Ok(())
}

/// Folders that belong to trainers, to other formats or to tools.
fn is_foreign_folder(name: &str) -> bool {
    const NAMES: [&str; 7] = ["original", "onnx", "gguf", "openvino", "runs", "logs", "wandb"];
    const PREFIXES: [&str; 4] = ["checkpoint-", "global_step", "pytorch_model_fsdp", "."];
    NAMES.contains(&name) || PREFIXES.iter().any(|prefix| name.starts_with(prefix))
}

fn role_of(relative_path: &str) -> FileRole {
    const TOKENIZER: [&str; 11] = [
        "tokenizer.json",
        "tokenizer_config.json",
        "special_tokens_map.json",
        "added_tokens.json",
        "tokenizer.model",
        "spiece.model",
        "sentencepiece.bpe.model",
        "vocab.json",
        "vocab.txt",
        "merges.txt",
        "tekken.json",
    ];
    const TRAINER: [&str; 5] =
        ["trainer_state.json", "training_args.bin", "all_results.json", "train_results.json", "eval_results.json"];
    // How weights were packed: a merged model's are not, and a loader that finds one of these would unpack them.
    const PACKER: [&str; 5] = [
        "quantize_config.json",
        "quant_config.json",
        "hf_quant_config.json",
        "quantization_config.json",
        "recipe.yaml",
    ];
    const WEIGHTS: [&str; 11] =
        ["safetensors", "bin", "pt", "pth", "gguf", "onnx", "h5", "msgpack", "npz", "ot", "ckpt"];
    let name = relative_path.rsplit('/').next().unwrap_or(relative_path);
    let lower = name.to_ascii_lowercase();
    let stem_is = |stems: &[&str]| stems.iter().any(|stem| lower.starts_with(stem));
    let extension = lower.rsplit_once('.').map_or("", |(_, extension)| extension);
    if name == "config.json" && relative_path == name {
        FileRole::Config
    } else if name.starts_with('.') || TRAINER.contains(&name) || PACKER.contains(&name) {
        FileRole::Leftover
    } else if stem_is(&["adapter_config", "adapter_model"]) {
        FileRole::Adapter
    } else if stem_is(&["license", "licence", "notice", "use_policy", "copying"]) {
        FileRole::Licence
    } else if TOKENIZER.contains(&name) || extension == "tiktoken" {
        FileRole::Tokenizer
    } else if name.starts_with("chat_template.") || relative_path.starts_with("additional_chat_templates/") {
        FileRole::ChatTemplate
    } else if [SINGLE_FILE, INDEX_FILE].contains(&name)
        || lower.ends_with(".index.json")
        || WEIGHTS.contains(&extension)
    {
        FileRole::Weights
    } else if lower == "readme.md" {
        FileRole::ModelCard
    } else if ["json", "jinja", "py", "txt", "model", "yaml"].contains(&extension) {
        FileRole::Support
    } else {
        FileRole::Leftover
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn files_are_known_by_name() {
        let cases = [
            ("config.json", FileRole::Config),
            ("1_Pooling/config.json", FileRole::Support),
            ("generation_config.json", FileRole::Support),
            ("modeling_custom.py", FileRole::Support),
            ("tokenizer.model", FileRole::Tokenizer),
            ("qwen.tiktoken", FileRole::Tokenizer),
            ("chat_template.jinja", FileRole::ChatTemplate),
            ("additional_chat_templates/tool_use.jinja", FileRole::ChatTemplate),
            ("LICENSE", FileRole::Licence),
            ("Notice.txt", FileRole::Licence),
            ("USE_POLICY.md", FileRole::Licence),
            ("README.md", FileRole::ModelCard),
            ("model-00001-of-00002.safetensors", FileRole::Weights),
            ("pytorch_model.bin.index.json", FileRole::Weights),
            ("adapter_config.json", FileRole::Adapter),
            ("adapter_model.safetensors", FileRole::Adapter),
            ("optimizer.pt", FileRole::Weights),
            ("trainer_state.json", FileRole::Leftover),
            ("quantize_config.json", FileRole::Leftover),
            (".gitattributes", FileRole::Leftover),
            ("figure.png", FileRole::Leftover),
        ];
        for (path, role) in cases {
            assert_eq!(role_of(path), role, "{path}");
        }
    }
}
