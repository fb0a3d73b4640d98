//! Paths as people read them: composed Hangul, `~` for the user's folder, the middle left out where space is short.

use std::path::{Component, Path, PathBuf};

use unicode_normalization::UnicodeNormalization as _;

/// Text with Hangul syllables and accents composed; macOS hands out names in pieces.
#[must_use]
pub fn composed(text: &str) -> String {
    // Most paths are plain, and are shown in every frame.
    if text.is_ascii() { text.to_owned() } else { text.nfc().collect() }
}

/// A path for display.
#[must_use]
pub fn display_path(path: &Path, home: Option<&Path>) -> String {
    let shortened = home
        .filter(|home| !home.as_os_str().is_empty())
        .and_then(|home| path.strip_prefix(home).ok())
        .map(|rest| Path::new("~").join(rest));
    composed(&shortened.as_deref().unwrap_or(path).to_string_lossy())
}

/// A file that was written, for display; a report has its JSON beside it.
#[must_use]
pub fn written_path(path: &Path, home: Option<&Path>) -> String {
    let json = if path.extension().is_some_and(|extension| extension == "md") { ", .json" } else { "" };
    display_path(path, home) + json
}

/// A path without `.` and without `..` where a folder stands before it, for a path in which no folder is a link.
#[must_use]
pub fn lexically_normal(path: &Path) -> PathBuf {
    let mut normal = PathBuf::new();
    for component in path.components() {
        match (component, normal.components().next_back()) {
            (Component::CurDir, _) => {}
            (Component::ParentDir, Some(Component::Normal(_))) => {
                normal.pop();
            }
            _ => normal.push(component),
        }
    }
    normal
}

/// At most `most_chars` characters of `text`: the beginning, an ellipsis, and more of the end.
#[must_use]
pub fn elide_middle(text: &str, most_chars: usize) -> String {
    let chars: Vec<char> = text.chars().collect();
    if chars.len() <= most_chars {
        return text.to_owned();
    }
    let kept = most_chars.saturating_sub(1);
    let head = kept / 3;
    let tail = kept - head;
    chars[..head].iter().chain(std::iter::once(&'…')).chain(&chars[chars.len() - tail..]).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn long_paths_lose_their_middle_and_never_their_end() {
        assert_eq!(elide_middle("/data/models/base", 40), "/data/models/base");
        let elided = elide_middle("/data/very/long/path/to/some/checkpoint-1800", 21);
        assert_eq!(elided, "/data/…heckpoint-1800");
        assert_eq!(elided.chars().count(), 21);
    }

    #[test]
    fn decomposed_hangul_is_shown_composed() {
        assert_eq!(composed("\u{1112}\u{1161}\u{11ab}\u{1100}\u{1173}\u{11af}"), "한글");
    }

    #[test]
    fn a_path_is_shown_without_ways_back() {
        let normal = |path: &str| lexically_normal(Path::new(path));
        assert_eq!(normal("/opt/bin/../share/./lorafuse"), Path::new("/opt/share/lorafuse"));
        assert_eq!(normal("../models/base"), Path::new("../models/base"));
    }

    #[test]
    fn a_report_is_two_files() {
        let written = |path: &str| written_path(Path::new(path), Some(Path::new("/home/kim")));
        assert_eq!(written("/home/kim/base-report.md"), "~/base-report.md, .json");
        assert_eq!(written("/home/kim/base-report.png"), "~/base-report.png");
    }

    #[test]
    fn the_home_folder_is_a_tilde() {
        let home = Path::new("/home/kim");
        assert_eq!(display_path(Path::new("/home/kim/models/base"), Some(home)), "~/models/base");
        assert_eq!(display_path(Path::new("/data/base"), Some(home)), "/data/base");
    }
}
