//! The one command for each program, quoted as the shell of the system wants it.

use std::path::Path;

use serde::Serialize;

/// What Ollama reads.
pub const MODELFILE: &str = "Modelfile";

/// Bytes of the longest name that Ollama takes.
const MAX_NAME_BYTES: usize = 80;

/// Who LM Studio is told that a model comes from; it wants a name.
const PUBLISHER: &str = "local";

/// What to type to run a file.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct RunCommands {
    /// Ollama: makes the model known under a name and talks to it; `None` where it takes a `Modelfile` that is not there.
    pub ollama: Option<String>,
    /// llama.cpp: talks to the file.
    pub llama_cpp: String,
    /// LM Studio: takes a copy of the file in.
    pub lm_studio: String,
}

impl RunCommands {
    /// For a file that stands alone.
    #[must_use]
    pub fn of_file(path: &Path) -> Self {
        let stem = path.file_stem().map(|stem| stem.to_string_lossy().into_owned()).unwrap_or_default();
        let name = ollama_name(&stem);
        // The file that Ollama reads is given through a pipe, so that none is written.
        let from = std::path::absolute(path).ok().and_then(|path| path.to_str().map(str::to_owned));
        let from = from.filter(|from| !cfg!(windows) && !from.contains(['\n', '\r']));
        let ollama = from.map(|from| {
            let from = quoted(&from);
            format!("printf 'FROM %s\\n' {from} | ollama create {name} -f /dev/stdin && ollama run {name}")
        });
        Self { ollama, ..Self::of(path, &stem) }
    }

    /// For `file` in a `folder` with a `Modelfile`; the model is called `name`.
    #[must_use]
    pub fn of_folder(folder: &Path, name: &str, file: &str) -> Self {
        let (own_name, modelfile) = (ollama_name(name), quoted_path(&folder.join(MODELFILE)));
        let ollama = format!("ollama create {own_name} -f {modelfile} && ollama run {own_name}");
        Self { ollama: Some(ollama), ..Self::of(&folder.join(file), name) }
    }

    fn of(file: &Path, name: &str) -> Self {
        let (file, name) = (quoted_path(file), ollama_name(name));
        Self {
            ollama: None,
            llama_cpp: format!("llama-cli -m {file}"),
            lm_studio: format!("lms import {file} --user-repo {PUBLISHER}/{name} --copy --yes"),
        }
    }
}

/// What to type to run a base's file with the LoRA file at `path`.
#[must_use]
pub fn lora_command(path: &Path) -> String {
    format!("llama-cli -m BASE.gguf --lora {}", quoted_path(path))
}

/// `name` as Ollama takes it: small letters, digits, `-`, `_` and `.`, the first of them a letter or a digit.
pub(super) fn ollama_name(name: &str) -> String {
    let allowed = |letter: char| letter.is_ascii_alphanumeric() || matches!(letter, '-' | '_' | '.');
    let name = name.rsplit(['/', '\\']).next().unwrap_or(name).to_ascii_lowercase();
    let mut out = String::new();
    for letter in name.chars().map(|letter| if allowed(letter) { letter } else { '-' }) {
        if !(letter == '-' && out.ends_with('-')) && out.len() < MAX_NAME_BYTES {
            out.push(letter);
        }
    }
    let out = out.trim_start_matches(|letter: char| !letter.is_ascii_alphanumeric()).trim_end_matches(['-', '.']);
    if out.is_empty() { "model".to_owned() } else { out.to_owned() }
}

fn quoted_path(path: &Path) -> String {
    let text = path.to_string_lossy();
    // What begins with a dash would be an option.
    if text.starts_with('-') { quoted(&format!("./{text}")) } else { quoted(&text) }
}

/// `text` as one word of a shell: POSIX, or what both shells of Windows take.
pub(super) fn quoted(text: &str) -> String {
    if cfg!(windows) {
        let is_plain = |letter: char| letter.is_alphanumeric() || matches!(letter, '-' | '_' | '.' | '\\' | '/' | ':');
        return if !text.is_empty() && text.chars().all(is_plain) { text.to_owned() } else { format!("\"{text}\"") };
    }
    shlex::try_quote(text).map_or_else(|_| text.to_owned(), std::borrow::Cow::into_owned)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_what_ollama_takes() {
        for (name, expected) in [
            ("Qwen2.5-0.5B-Instruct", "qwen2.5-0.5b-instruct"),
            ("org/My Model (v2)", "my-model-v2"),
            ("한국어 모델", "model"),
            ("모델-7B", "7b"),
            ("...", "model"),
        ] {
            assert_eq!(ollama_name(name), expected);
        }
        assert!(ollama_name(&"x".repeat(300)).len() <= MAX_NAME_BYTES);
    }

    #[cfg(unix)]
    #[test]
    fn a_shell_reads_back_every_path() {
        for name in ["plain.gguf", "with space.gguf", "it's.gguf", "$(rm -rf x).gguf", "-dash.gguf", "한글.gguf"] {
            let commands = RunCommands::of_file(Path::new(name));
            let words = shlex::split(&commands.llama_cpp).unwrap();
            let dashed = format!("./{name}");
            assert_eq!(words, ["llama-cli", "-m", if name.starts_with('-') { &dashed } else { name }]);
            assert_eq!(shlex::split(&commands.lm_studio).unwrap().len(), 7, "{}", commands.lm_studio);
            let ollama = shlex::split(&commands.ollama.unwrap()).unwrap();
            let absolute = std::path::absolute(name).unwrap();
            assert_eq!(ollama[2], absolute.to_str().unwrap(), "Ollama takes a path from the file's place");
            let folder = RunCommands::of_folder(Path::new("a b"), "M", name);
            let words = shlex::split(folder.ollama.as_deref().unwrap()).unwrap();
            assert_eq!(words, ["ollama", "create", "m", "-f", "a b/Modelfile", "&&", "ollama", "run", "m"]);
        }
    }
}
