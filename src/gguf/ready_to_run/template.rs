//! A chat template in the language of Ollama, made of the pieces that the model's own template puts around messages, and
//! proven by rendering conversations with both.

use std::fmt::Write as _;

use super::{
    chat::{Chat, DATE, Message},
    keys::Keys,
};

/// What was found of a model's chat.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Found {
    /// The model has no template: it continues text.
    Missing,
    /// It has one that is not these pieces, or that nobody but transformers can render.
    Unknown,
    /// It is these pieces.
    Proven(ChatTemplate),
}

/// The pieces around messages.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct ChatTemplate {
    /// Before what a user says first, where there is no system message.
    first: String,
    /// Before and behind a system message, up to what a user says first; `None` where the model takes none.
    system: Option<(String, String)>,
    /// From what a user says to the answer.
    answer: String,
    /// From an answer to what the user says next.
    next: String,
}

/// Texts that no template has in it.
const TEXTS: [&str; 7] = ["\u{2}s", "\u{2}a", "\u{2}b", "\u{2}c", "\u{2}d", "\u{2}e", "\u{2}f"];

impl ChatTemplate {
    /// The pieces of the template that `keys` hold.
    pub(super) fn found(keys: &Keys<'_>) -> Found {
        let Some(template) = keys.text("tokenizer.chat_template") else { return Found::Missing };
        let (bos, eos) = (keys.token("bos").unwrap_or_default(), keys.token("eos").unwrap_or_default());
        // What llama.cpp puts before a text must not stand in it too.
        let added = if keys.adds_bos() { bos } else { "" };
        let chat = Chat::compiled(template, bos, eos);
        chat.and_then(|chat| Self::proven(&chat, added)).map_or(Found::Unknown, Found::Proven)
    }

    fn proven(chat: &Chat, added: &str) -> Option<Self> {
        let rendered = |messages: &[Message<'_>]| {
            let text = chat.render(messages)?;
            Some(text.strip_prefix(added).map_or_else(|| text.clone(), str::to_owned))
        };
        let [s, a, b, c, ..] = TEXTS;
        let cut = |text: &str, around: &[&str]| -> Option<Vec<String>> {
            let mut pieces = Vec::new();
            let mut rest = text;
            for part in around {
                let (before, behind) = rest.split_once(part)?;
                pieces.push(before.to_owned());
                rest = behind;
            }
            pieces.push(rest.to_owned());
            Some(pieces)
        };
        let pieces = cut(&rendered(&conversation(false, &[a, b, c]))?, &[a, b, c])?;
        let [first, answer, next, last] = <[String; 4]>::try_from(pieces).ok()?;
        if last != answer {
            return None;
        }
        let with_system = match rendered(&conversation(true, &[a])) {
            Some(text) => {
                let [before, behind, _] = <[String; 3]>::try_from(cut(&text, &[s, a])?).ok()?;
                Some((before, behind))
            }
            None => None,
        };
        let found = Self { first, system: with_system, answer, next };
        let is_literal = |piece: &String| !["{{", "}}", "\"\"\"", DATE, "\u{2}"].iter().any(|odd| piece.contains(odd));
        if !found.pieces().all(is_literal) {
            return None;
        }
        let agree = |has_system: bool, turns: &[&str]| {
            let messages = conversation(has_system, turns);
            rendered(&messages).as_ref() == Some(&found.render(&messages))
        };
        let (_, turns) = TEXTS.split_first()?;
        for count in [1, 3, 5] {
            let words: Vec<String> = turns[..count].iter().map(|text| format!("Say \"{text}\",\nplease.")).collect();
            let words: Vec<&str> = words.iter().map(String::as_str).collect();
            if !agree(false, &words) || found.system.is_some() && !agree(true, &words) {
                return None;
            }
        }
        Some(found)
    }

    fn pieces(&self) -> impl Iterator<Item = &String> {
        let system = self.system.iter().flat_map(|(before, behind)| [before, behind]);
        [&self.first, &self.answer, &self.next].into_iter().chain(system)
    }

    /// Whether the model takes system messages.
    pub(super) fn takes_system(&self) -> bool {
        self.system.is_some()
    }

    /// What Ollama makes of `messages` with [`Self::go`].
    fn render(&self, messages: &[Message<'_>]) -> String {
        let system = messages.iter().find(|message| message.role == "system").map(|message| message.content);
        let mut out = String::new();
        let mut is_first = true;
        for message in messages {
            match message.role {
                "user" => {
                    match (is_first, system, &self.system) {
                        (false, ..) => out.push_str(&self.next),
                        (true, Some(text), Some((before, behind))) => {
                            out.extend([before.as_str(), text, behind.as_str()]);
                        }
                        (true, ..) => out.push_str(&self.first),
                    }
                    out.extend([message.content, &self.answer]);
                    is_first = false;
                }
                "assistant" => out.push_str(message.content),
                _ => {}
            }
        }
        out
    }

    /// The template in Go's language.
    pub(super) fn go(&self) -> String {
        let Self { first, system, answer, next } = self;
        let mut out = String::from("{{ $first := true }}{{ range .Messages }}{{ if eq .Role \"user\" }}");
        write!(out, "{{{{ if not $first }}}}{next}").ok();
        if let Some((before, behind)) = system {
            write!(out, "{{{{ else if $.System }}}}{before}{{{{ $.System }}}}{behind}").ok();
        }
        write!(out, "{{{{ else }}}}{first}{{{{ end }}}}{{{{ .Content }}}}{answer}").ok();
        out.push_str("{{ $first = false }}{{ else if eq .Role \"assistant\" }}{{ .Content }}{{ end }}{{ end }}");
        out
    }
}

/// Turns of a user and an assistant, the user's first.
fn conversation<'a>(has_system: bool, turns: &[&'a str]) -> Vec<Message<'a>> {
    let system = has_system.then_some(Message { role: "system", content: TEXTS[0] });
    let turn = |(index, content): (usize, &&'a str)| {
        let role = if index % 2 == 0 { "user" } else { "assistant" };
        Message { role, content }
    };
    system.into_iter().chain(turns.iter().enumerate().map(turn)).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::checkpoint::gguf::{GgufArray, GgufValue};

    const CHATML: &str = "{% for message in messages %}{{'<|im_start|>' + message['role'] + '\n' + message['content'] + '<|im_end|>' + '\n'}}{% endfor %}{% if add_generation_prompt %}{{ '<|im_start|>assistant\n' }}{% endif %}";

    const QWEN: &str = "{%- if messages[0]['role'] == 'system' %}\n    {{- '<|im_start|>system\\n' + messages[0]['content'] + '<|im_end|>\\n' }}\n{%- else %}\n    {{- '<|im_start|>system\\nYou are helpful.<|im_end|>\\n' }}\n{%- endif %}\n{%- for message in messages %}\n    {%- if (message.role == \"user\") or (message.role == \"system\" and not loop.first) or (message.role == \"assistant\" and not message.tool_calls) %}\n        {{- '<|im_start|>' + message.role + '\\n' + message.content + '<|im_end|>' + '\\n' }}\n    {%- endif %}\n{%- endfor %}\n{%- if add_generation_prompt %}\n    {{- '<|im_start|>assistant\\n' }}\n{%- endif %}\n";

    const GEMMA: &str = "{{ bos_token }}{% if messages[0]['role'] == 'system' %}{{ raise_exception('System role not supported') }}{% endif %}{% for message in messages %}{% if (message['role'] == 'assistant') %}{% set role = 'model' %}{% else %}{% set role = message['role'] %}{% endif %}{{ '<start_of_turn>' + role + '\n' + message['content'] | trim + '<end_of_turn>\n' }}{% endfor %}{% if add_generation_prompt %}{{'<start_of_turn>model\n'}}{% endif %}";

    const DATED: &str = "{{ 'Today is ' + strftime_now('%d %b %Y') }}{% for message in messages %}{{ message['role'] + ': ' + message['content'] + '\n' }}{% endfor %}assistant: ";

    /// The system message goes before what the user says last.
    const LAST: &str = "{{ bos_token }}{% if messages[0]['role'] == 'system' %}{% set system = messages[0]['content'] + '\n\n' %}{% set loop_messages = messages[1:] %}{% else %}{% set system = '' %}{% set loop_messages = messages %}{% endif %}{% for message in loop_messages %}{% if message['role'] == 'user' %}{% if loop.last %}{{ '[INST] ' + system + message['content'] + '[/INST]' }}{% else %}{{ '[INST] ' + message['content'] + '[/INST]' }}{% endif %}{% else %}{{ ' ' + message['content'] + eos_token }}{% endif %}{% endfor %}";

    fn found(template: &str, adds_bos: bool) -> Found {
        let tokens = ["<s>", "</s>"].map(str::to_owned).to_vec();
        let metadata = [
            ("tokenizer.chat_template", GgufValue::from(template)),
            ("tokenizer.ggml.tokens", GgufValue::Array(GgufArray::String(tokens))),
            ("tokenizer.ggml.bos_token_id", GgufValue::U32(0)),
            ("tokenizer.ggml.eos_token_id", GgufValue::U32(1)),
            ("tokenizer.ggml.add_bos_token", GgufValue::Bool(adds_bos)),
        ]
        .map(|(key, value)| (key.to_owned(), value));
        ChatTemplate::found(&Keys(&metadata))
    }

    fn pieces(found: Found) -> ChatTemplate {
        match found {
            Found::Proven(template) => template,
            other => panic!("{other:?}"),
        }
    }

    #[test]
    fn pieces_are_those_of_the_template() {
        let chatml = pieces(found(CHATML, true));
        assert_eq!(chatml.first, "<|im_start|>user\n");
        assert_eq!(chatml.answer, "<|im_end|>\n<|im_start|>assistant\n");
        assert_eq!(chatml.next, "<|im_end|>\n<|im_start|>user\n");
        let system = ("<|im_start|>system\n".to_owned(), "<|im_end|>\n<|im_start|>user\n".to_owned());
        assert_eq!(chatml.system, Some(system));
        let qwen = pieces(found(QWEN, false));
        assert!(qwen.first.starts_with("<|im_start|>system\nYou are helpful.<|im_end|>\n"), "{qwen:?}");
        assert_eq!(ChatTemplate { first: chatml.first.clone(), ..qwen }, chatml);
    }

    #[test]
    fn the_beginning_is_written_once_and_a_system_message_only_where_there_is_a_place_for_it() {
        let gemma = pieces(found(GEMMA, true));
        assert_eq!((gemma.first.as_str(), gemma.takes_system()), ("<start_of_turn>user\n", false));
        assert!(!gemma.go().contains("System"));
        assert_eq!(pieces(found(GEMMA, false)).first, "<s><start_of_turn>user\n");
    }

    #[test]
    fn what_is_not_proven_is_not_written() {
        for template in
            [DATED, LAST, "{% generation %}", "{{ messages[0]", "{% for x in range(9999999) %}{% endfor %}", ""]
        {
            assert_eq!(found(template, true), Found::Unknown, "{template}");
        }
        assert_eq!(ChatTemplate::found(&Keys(&[])), Found::Missing);
    }

    #[test]
    fn go_has_the_pieces_where_the_emulation_puts_them() {
        let go = pieces(found(CHATML, true)).go();
        let expected = "{{ $first := true }}{{ range .Messages }}{{ if eq .Role \"user\" }}{{ if not $first }}<|im_end|>\n\
                        <|im_start|>user\n{{ else if $.System }}<|im_start|>system\n{{ $.System }}<|im_end|>\n\
                        <|im_start|>user\n{{ else }}<|im_start|>user\n{{ end }}{{ .Content }}<|im_end|>\n\
                        <|im_start|>assistant\n{{ $first = false }}{{ else if eq .Role \"assistant\" }}{{ .Content }}\
                        {{ end }}{{ end }}";
        assert_eq!(go, expected);
    }
}
