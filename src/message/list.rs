//! Several texts as one argument, for which Fluent has no type of its own.

use std::borrow::Cow;

use fluent_bundle::{FluentValue, types::FluentType};

/// Texts in a row; as it stands, with commas.
#[derive(Clone, Debug, PartialEq)]
pub struct List(pub Vec<String>);

impl List {
    /// The list that `value` is.
    pub fn of<'a>(value: &'a FluentValue) -> Option<&'a Self> {
        match value {
            FluentValue::Custom(custom) => custom.as_ref().as_any().downcast_ref(),
            _ => None,
        }
    }

    pub fn joined(&self) -> String {
        self.0.join(", ")
    }
}

impl FluentType for List {
    fn duplicate(&self) -> Box<dyn FluentType + Send> {
        Box::new(self.clone())
    }

    fn as_string(&self, _: &intl_memoizer::IntlLangMemoizer) -> Cow<'static, str> {
        Cow::Owned(self.joined())
    }

    fn as_string_threadsafe(&self, _: &intl_memoizer::concurrent::IntlLangMemoizer) -> Cow<'static, str> {
        Cow::Owned(self.joined())
    }
}
