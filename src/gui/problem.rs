//! A failure as the window shows it: what happened, what to do next, the path last.

use super::view::upper_first;
use crate::error::Hint;

/// One failure.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Problem {
    /// What happened.
    pub what: String,
    /// What to do next.
    pub hint: Option<String>,
    /// Where.
    pub path: Option<String>,
}

impl Problem {
    /// Takes an error of any room apart; house errors end in `: <path>`.
    #[must_use]
    pub fn of(error: &(impl std::error::Error + Hint)) -> Self {
        let text = error.to_string();
        let (what, path) = match text.rsplit_once(": ") {
            Some((what, path)) if std::path::Path::new(path).is_absolute() => (what.to_owned(), Some(path.to_owned())),
            _ => (text, None),
        };
        let what = upper_first(&what);
        Self { what, hint: error.hint().map(|hint| upper_first(&hint)), path }
    }

    /// What happened, for a line in which nothing is set in mono.
    #[must_use]
    pub fn line(&self) -> String {
        self.what.replace('`', "")
    }

    /// A worker that stopped without a result: a fault of ours, whose log is where.
    #[must_use]
    pub fn lost_worker(words: &super::Words) -> Self {
        let log = crate::fault::last_log();
        Self { path: log.map(|log| log.to_string_lossy().into_owned()), ..Self::new(words.worker_lost) }
    }

    /// A failure that only has a description.
    #[must_use]
    pub fn new(what: impl Into<String>) -> Self {
        Self { what: what.into(), hint: None, path: None }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::checkpoint::CheckpointError;

    #[test]
    fn the_path_comes_last_and_apart() {
        let error = CheckpointError::Missing { path: "/models/없음".into() };
        let problem = Problem::of(&error);
        assert_eq!(problem.what, "There is no such folder");
        assert_eq!(problem.hint.as_deref(), Some("Check the path"));
        assert_eq!(problem.path.as_deref(), Some("/models/없음"));
    }
}
