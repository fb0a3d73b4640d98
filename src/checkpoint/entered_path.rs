//! The path that a person meant by what was typed or pasted: file managers, browsers and shells each write it their way.

use std::path::{Path, PathBuf};

use url::Url;

use super::hub_cache;

/// The path in `text`; `None` where it is empty. A name on the Hub becomes its snapshot in the cache of this machine,
/// and stays as it is where there is none, so that whoever opens it says so.
#[must_use]
pub fn entered_path(text: &str) -> Option<PathBuf> {
    // File managers put one address on a line for each folder; a well takes one.
    let line = text.trim().lines().next()?.trim();
    let path = path_in(line)?;
    let is_named = path.to_str().is_some_and(|text| hub_cache::id_of(text).is_some()) && !path.exists();
    let snapshot = if is_named { hub_cache::named(&path).ok() } else { None };
    Some(snapshot.unwrap_or(path))
}

fn path_in(text: &str) -> Option<PathBuf> {
    if text.is_empty() {
        return None;
    }
    // What lies there under that very name is meant, whatever its name looks like.
    if Path::new(text).exists() {
        return Some(text.into());
    }
    let unquoted = unquoted(text);
    if unquoted.is_empty() {
        return None;
    }
    if let Some(path) = of_file_address(&unquoted) {
        return Some(path);
    }
    match (Path::new(&unquoted).strip_prefix("~"), std::env::home_dir()) {
        (Ok(rest), Some(home)) => Some(home.join(rest)),
        _ => Some(unquoted.into()),
    }
}

/// `file:///data/my%20models` as a path; what no browser would have written is taken as it stands.
fn of_file_address(text: &str) -> Option<PathBuf> {
    let rest = text.strip_prefix("file://")?;
    let decoded = Url::parse(text).ok().and_then(|address| {
        let local = matches!(address.host_str(), None | Some("" | "localhost"));
        let mut address = address;
        if local {
            address.set_host(None).ok()?;
        }
        address.to_file_path().ok()
    });
    Some(decoded.unwrap_or_else(|| rest.into()))
}

/// `text` as a shell would read it, where it is one word to a shell; else without the quotes around it.
fn unquoted(text: &str) -> String {
    // On Windows the backslash parts folders.
    let is_shell_word = cfg!(not(windows)) && text.contains(['\\', '\'', '"']);
    if is_shell_word
        && let Some(words) = shlex::split(text)
        && let [word] = words.as_slice()
    {
        return word.clone();
    }
    text.trim_matches(['"', '\'']).trim().to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pasted_paths_lose_quotes_and_gain_a_home() {
        assert_eq!(entered_path("  \"/data/my models/base\" \n"), Some("/data/my models/base".into()));
        assert_eq!(entered_path("   "), None);
        assert_eq!(entered_path("\"\""), None);
        assert_eq!(entered_path("~/models"), std::env::home_dir().map(|home| home.join("models")));
        assert_eq!(entered_path("/data/o'brien/base"), Some("/data/o'brien/base".into()));
        assert_eq!(entered_path("/data/my models/base"), Some("/data/my models/base".into()));
    }

    #[cfg(not(windows))]
    #[test]
    fn addresses_of_files_and_escaped_blanks_are_read() {
        let cases = [
            ("file:///data/base", "/data/base"),
            ("file:///data/my%20models/%EB%AA%A8%EB%8D%B8", "/data/my models/모델"),
            ("file://localhost/data/base", "/data/base"),
            ("file:///data/100%", "/data/100%"),
            ("file:///data/a\nfile:///data/b", "/data/a"),
            (r"/data/my\ models/base", "/data/my models/base"),
            (r"/data/it\'s\ \(new\)", "/data/it's (new)"),
            ("'/data/my models'/base", "/data/my models/base"),
        ];
        for (text, path) in cases {
            assert_eq!(entered_path(text), Some(path.into()), "{text}");
        }
    }

    #[test]
    fn what_lies_there_is_meant_before_anything_is_read_into_its_name() {
        let root = tempfile::tempdir().unwrap();
        let odd = root.path().join("it's 100%25");
        std::fs::create_dir(&odd).unwrap();
        assert_eq!(entered_path(odd.to_str().unwrap()), Some(odd));
    }

    #[test]
    fn a_name_on_the_hub_stays_one_where_no_cache_has_it() {
        assert_eq!(entered_path("nobody/has-this-model"), Some("nobody/has-this-model".into()));
    }
}
