//! What went wrong and what to do next, in Korean, from the errors of the rooms: one file for each.

mod adapter;
mod checkpoint;
mod evaluate;
mod foreign;
mod header;
mod io;
mod merge;
mod pickle;
mod plan;
mod refused;
mod verify;

use std::path::{Path, PathBuf};

/// An error, said in Korean.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Told {
    /// What happened, without the path.
    pub what: String,
    /// What to do next, where there is something to say.
    pub hint: Option<String>,
    /// Where.
    pub path: Option<PathBuf>,
}

/// An error that the window can say in Korean; matched on, never read out of its English text.
pub trait InKorean {
    /// What happened, what to do next, and where.
    fn in_korean(&self) -> Told;
}

impl Told {
    fn new(what: impl Into<String>) -> Self {
        Self { what: what.into(), hint: None, path: None }
    }

    fn hint(self, hint: impl Into<String>) -> Self {
        Self { hint: Some(hint.into()), ..self }
    }

    fn at(self, path: &Path) -> Self {
        Self { path: Some(path.to_owned()), ..self }
    }

    /// The same after `before`, which says what could not be done because of it.
    fn after(self, before: &str) -> Self {
        Self { what: format!("{before}: {}", self.what), ..self }
    }
}

impl InKorean for crate::job::Cancelled {
    fn in_korean(&self) -> Told {
        Told::new("취소했습니다")
    }
}

impl InKorean for crate::sample::SampleMissing {
    fn in_korean(&self) -> Told {
        let looked: Vec<String> = self.looked.iter().map(|path| path.display().to_string()).collect();
        Told::new(format!("내장 샘플을 찾지 못했습니다(찾아본 곳: {})", looked.join(", ")))
            .hint("LORAFUSE_ASSETS에 저장소의 `assets` 폴더를 지정하거나 프로그램을 다시 설치하세요")
    }
}

/// Names that a sentence shows.
const NAMES_SHOWN: usize = 4;

fn listed(names: &[String]) -> String {
    super::listed(names, NAMES_SHOWN)
}

/// Fails unless `error` is said in Korean with all of `parts`, has a hint exactly where English has one, and keeps its
/// path apart in both languages.
#[cfg(test)]
fn assert_told(error: &(impl std::error::Error + crate::error::Hint + InKorean), parts: &[&str]) {
    use super::speaks_korean;

    let (told, english) = (error.in_korean(), error.to_string());
    speaks_korean(&told.what, &english, parts);
    assert_eq!(told.hint.is_some(), error.hint().is_some(), "{english}");
    if let (Some(korean), Some(english)) = (&told.hint, error.hint()) {
        speaks_korean(korean, &english, &[]);
    }
    if let Some(path) = &told.path {
        let path = path.display().to_string();
        assert!(english.ends_with(&format!(": {path}")) && !told.what.contains(&path), "{english}\n{}", told.what);
    }
    let ends_in_a_path = english.ends_with("/data/x");
    assert!(told.path.is_some() || !ends_in_a_path || told.what.contains("/data/x"), "{english}");
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_comes_from_no_room_is_said_too() {
        assert_eq!(crate::job::Cancelled.in_korean(), Told::new("취소했습니다"));
        let missing = crate::sample::SampleMissing { looked: vec!["/opt/a".into(), "/opt/b".into()] };
        assert_told(&missing, &["/opt/a, /opt/b"]);
    }
}
