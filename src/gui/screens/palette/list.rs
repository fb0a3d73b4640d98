//! The list of all commands: which there are now, and which of them are meant.

use super::search::Search;
use crate::{
    gui::app::{
        command::{Command, face::Face},
        state::AppState,
    },
    message::Language,
};

/// The commands that can be asked for now and match what was typed in any language.
#[must_use]
pub fn matching(search: &Search, state: &AppState) -> Vec<(Command, &'static Face)> {
    let query = search.query.trim().to_lowercase();
    let matches = |face: &Face| {
        let mut texts = Language::ALL.into_iter().map(|language| {
            let words = language;
            format!("{} {}", face.title(words), face.tooltip_text(words)).to_lowercase()
        });
        texts.any(|text| query.split_whitespace().all(|part| text.contains(part)))
    };
    // The list does not offer to close itself.
    let available = Command::listed().filter(|(command, _)| !matches!(command, Command::Palette(_)));
    available.filter(|(_, face)| face.is_available(state) && matches(face)).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::gui::app::machine::Machine;

    fn titles(query: &str) -> Vec<String> {
        let machine = Machine { home: None, program: None, history: None, takes_drops: true, ..Machine::detect() };
        let search = Search { query: query.to_owned(), pointed: 0 };
        let words = Language::English;
        matching(&search, &AppState::new(machine)).iter().map(|(_, face)| face.title(words)).collect()
    }

    #[test]
    fn commands_are_found_in_both_languages_by_any_part() {
        assert_eq!(titles("base bro"), ["Base: Browse…"]);
        assert_eq!(titles("샘플"), ["Try the sample"]);
        assert!(titles("").len() >= 7);
        assert!(titles("merge now nowhere").is_empty());
    }
}
