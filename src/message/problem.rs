//! A failure, kept unsaid: what happened, what to do next, the path last. It is said when it is shown, in the
//! language of that moment.

use std::path::Path;

use serde::Serialize;

use super::{Language, Message, message};

/// One failure.
#[derive(Clone, Debug, PartialEq)]
pub struct Problem {
    /// What happened.
    pub what: Message,
    /// What to do next.
    pub hint: Option<Message>,
    /// Where.
    pub path: Option<String>,
}

impl Problem {
    /// An error of any room.
    #[must_use]
    pub fn of(error: &(impl std::error::Error + Serialize)) -> Self {
        let mut what = Message::of(error);
        let path = what.take_path();
        Self { hint: what.hint(), what, path }
    }

    /// A failure that only has a description.
    #[must_use]
    pub fn described(what: Message) -> Self {
        Self { what, hint: None, path: None }
    }

    /// A worker that stopped without a result: a fault of ours, written to `log`.
    #[must_use]
    pub fn lost_worker(log: Option<&Path>) -> Self {
        let path = log.map(|log| log.to_string_lossy().into_owned());
        Self { path, ..Self::described(message!("problem-worker-lost")) }
    }

    /// What happened.
    #[must_use]
    pub fn title(&self, words: Language) -> String {
        words.say(&message!("as-line", said: self.what.clone()))
    }

    /// What to do next.
    #[must_use]
    pub fn advice(&self, words: Language) -> Option<String> {
        self.hint.as_ref().map(|hint| words.say(&message!("as-line", said: hint.clone())))
    }

    /// What happened, for a line in which nothing is set in mono.
    #[must_use]
    pub fn line(&self, words: Language) -> String {
        self.title(words).replace('`', "")
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::checkpoint::CheckpointError;

    #[test]
    fn the_path_comes_last_and_apart_in_every_language() {
        let error = CheckpointError::Missing { path: "/models/없음".into() };
        let problem = Problem::of(&error);
        let said = |language: Language| (problem.title(language), problem.advice(language).unwrap());
        assert_eq!(said(Language::English), ("There is no such folder".to_owned(), "Check the path".to_owned()));
        assert_eq!(said(Language::Korean), ("폴더가 없습니다".to_owned(), "경로를 확인하세요".to_owned()));
        assert_eq!(problem.path.as_deref(), Some("/models/없음"));
    }
}
