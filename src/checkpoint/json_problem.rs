//! What is wrong with a JSON file, in words that help whoever has to mend it.

use serde::Serialize;

use crate::{error::shortened, message::said_in_english};

/// Why a text is not the JSON object that it should be; a message.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub enum JsonProblem {
    /// Nothing is in it.
    Empty,
    /// The text breaks off inside of the object.
    EndsEarly {
        /// Lines of it.
        line: usize,
    },
    /// It is JSON, but no object.
    NotAnObject,
    /// What the parser says, with line and column.
    Syntax {
        /// Its words.
        said: String,
    },
}

impl JsonProblem {
    /// What `error` says of `text`.
    #[must_use]
    pub fn new(text: &str, error: &serde_json::Error) -> Self {
        let start = text.trim_start();
        match error.classify() {
            _ if start.is_empty() => Self::Empty,
            serde_json::error::Category::Eof => Self::EndsEarly { line: error.line() },
            _ if !start.starts_with('{') && serde_json::from_str::<serde::de::IgnoredAny>(text).is_ok() => {
                Self::NotAnObject
            }
            _ => Self::Syntax { said: shortened(&error.to_string()) },
        }
    }
}

said_in_english!(JsonProblem);

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_fault_is_told_apart() {
        let problem = |text: &str| {
            let error = serde_json::from_str::<serde_json::Map<String, serde_json::Value>>(text).unwrap_err();
            JsonProblem::new(text, &error)
        };
        assert_eq!(problem(" \n"), JsonProblem::Empty);
        assert_eq!(problem("{\n\"a\": [1,"), JsonProblem::EndsEarly { line: 2 });
        assert_eq!(problem("[1, 2]"), JsonProblem::NotAnObject);
        let JsonProblem::Syntax { said } = problem("{\"a\": 1,}") else { panic!("a trailing comma") };
        assert_eq!(said, "trailing comma at line 1 column 9");
    }
}
