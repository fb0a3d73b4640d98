//! A chat template as transformers renders it.

use minijinja::{Environment, Error, ErrorKind, context};
use serde::Serialize;

/// Steps that a template may take: thousands of times what the longest ones need for a few turns.
const FUEL: u64 = 1_000_000;

/// What stands for a date; a text with it in it is right on one day only.
pub(super) const DATE: &str = "\u{1}date\u{1}";

/// One message.
#[derive(Clone, Copy, Debug, Serialize)]
pub(super) struct Message<'a> {
    pub(super) role: &'static str,
    pub(super) content: &'a str,
}

/// A template, compiled.
pub(super) struct Chat {
    environment: Environment<'static>,
    bos: String,
    eos: String,
}

impl Chat {
    /// Compiles `template`; `None` where it is none, or uses what only transformers has.
    pub(super) fn compiled(template: &str, bos: &str, eos: &str) -> Option<Self> {
        let mut environment = Environment::new();
        environment.set_trim_blocks(true);
        environment.set_lstrip_blocks(true);
        environment.set_keep_trailing_newline(false);
        environment.set_fuel(Some(FUEL));
        environment.set_unknown_method_callback(minijinja_contrib::pycompat::unknown_method_callback);
        environment.add_function("raise_exception", |text: String| -> Result<String, Error> {
            Err(Error::new(ErrorKind::InvalidOperation, text))
        });
        environment.add_function("strftime_now", |_: String| DATE);
        environment.add_template_owned("chat", template.to_owned()).ok()?;
        Some(Self { environment, bos: bos.to_owned(), eos: eos.to_owned() })
    }

    /// The text of `messages` up to where an answer begins; `None` where the template takes no such messages.
    pub(super) fn render(&self, messages: &[Message<'_>]) -> Option<String> {
        let template = self.environment.get_template("chat").ok()?;
        let (bos_token, eos_token) = (&self.bos, &self.eos);
        template.render(context! { messages, bos_token, eos_token, add_generation_prompt => true }).ok()
    }
}
