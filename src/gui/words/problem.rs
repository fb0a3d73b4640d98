//! A failure as the window shows it: what happened, what to do next, the path last.

use super::{
    Words,
    said::Said,
    sentences_ko::errors::{InKorean, Told},
};
use crate::{error::Hint, gui::design::path_text::upper_first};

/// One failure, in both languages.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Problem {
    /// What happened.
    pub what: Said,
    /// What to do next.
    pub hint: Option<Said>,
    /// Where.
    pub path: Option<String>,
}

impl Problem {
    /// An error of any room; in English, house errors end in `: <path>`, which is taken off.
    #[must_use]
    pub fn of(error: &(impl std::error::Error + Hint + InKorean)) -> Self {
        let Told { what, hint, path } = error.in_korean();
        let path = path.map(|path| path.to_string_lossy().into_owned());
        let mut english = error.to_string();
        if let Some(path) = &path
            && let Some(rest) = english.strip_suffix(path.as_str()).and_then(|rest| rest.strip_suffix(": "))
        {
            english = rest.to_owned();
        }
        let hints = error.hint().zip(hint);
        Self {
            what: Said { english: upper_first(&english), korean: what },
            hint: hints.map(|(english, korean)| Said { english: upper_first(&english), korean }),
            path,
        }
    }

    /// What happened, for a line in which nothing is set in mono.
    #[must_use]
    pub fn line(&self, words: &Words) -> String {
        self.what.text(words).replace('`', "")
    }

    /// A worker that stopped without a result: a fault of ours, whose log is where.
    #[must_use]
    pub fn lost_worker() -> Self {
        let log = crate::fault::last_log();
        let path = log.map(|log| log.to_string_lossy().into_owned());
        Self { path, ..Self::of_words(|words| words.worker_lost.to_owned()) }
    }

    /// A failure that only has a description, from the words of the window.
    #[must_use]
    pub fn of_words(what: impl Fn(&Words) -> String) -> Self {
        Self { what: Said::of_words(what), hint: None, path: None }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{checkpoint::CheckpointError, gui::words::Language};

    #[test]
    fn the_path_comes_last_and_apart_in_both_languages() {
        let error = CheckpointError::Missing { path: "/models/없음".into() };
        let problem = Problem::of(&error);
        let hint = problem.hint.as_ref().unwrap();
        let said = |language: Language| {
            let words = language.words();
            (problem.what.text(words).to_owned(), hint.text(words).to_owned())
        };
        assert_eq!(said(Language::English), ("There is no such folder".to_owned(), "Check the path".to_owned()));
        assert_eq!(said(Language::Korean), ("폴더가 없습니다".to_owned(), "경로를 확인하세요".to_owned()));
        assert_eq!(problem.path.as_deref(), Some("/models/없음"));
    }
}
