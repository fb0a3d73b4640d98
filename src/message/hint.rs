//! What the message of an error holds beside its sentence: what to do next, and where it happened.

use super::{Language, Message, Value};

/// The argument that says where; a sentence that does not name it has it last, behind a colon.
pub(super) const PATH: &str = "path";

impl Message {
    /// What to do next: the attribute `.hint`, or the hint of a message inside.
    #[must_use]
    pub fn hint(&self) -> Option<Self> {
        self.first_attribute(&["hint"])
    }

    /// The same for the command line: `.cli-hint` where options have to be named, `.hint` otherwise.
    #[must_use]
    pub fn cli_hint(&self) -> Option<Self> {
        self.first_attribute(&["cli-hint", "hint"])
    }

    /// Takes out where it happened, for whoever shows that apart.
    pub fn take_path(&mut self) -> Option<String> {
        if let Some(index) = self.args.iter().position(|(name, _)| name == PATH)
            && let (_, Value::Text(path)) = self.args.remove(index)
        {
            return Some(path);
        }
        self.args.iter_mut().find_map(|(_, value)| match value {
            Value::Message(inner) => inner.take_path(),
            _ => None,
        })
    }

    /// The first of `names` that the message has, with its arguments.
    fn first_attribute(&self, names: &[&str]) -> Option<Self> {
        let own = names.iter().map(|name| format!("{}.{name}", self.id)).find(|id| Language::English.has(id));
        match own {
            Some(id) => Some(Self { id, args: self.args.clone() }),
            None => self.args.iter().find_map(|(_, value)| match value {
                Value::Message(inner) => inner.first_attribute(names),
                _ => None,
            }),
        }
    }
}
