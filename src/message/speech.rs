//! How what the rooms found out is said: alone, as a line, or as a sentence.

use serde::Serialize;

use super::{Language, Message, message};

impl Language {
    /// What is a message of its own.
    #[must_use]
    pub fn said(self, value: &impl Serialize) -> String {
        self.say(&Message::of(value))
    }

    /// The same as a line of its own.
    #[must_use]
    pub fn as_line(self, value: &impl Serialize) -> String {
        self.say(&message!("as-line", said: Message::of(value)))
    }

    /// The same as a sentence of its own.
    #[must_use]
    pub fn as_sentence(self, value: &impl Serialize) -> String {
        self.say(&message!("as-sentence", said: Message::of(value)))
    }

    /// The same with its period.
    #[must_use]
    pub fn with_period(self, value: &impl Serialize) -> String {
        self.say(&message!("with-period", said: Message::of(value)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        job::Current,
        units::{Age, RoughDuration},
    };

    #[test]
    fn work_under_way_is_told_in_korean() {
        let left = [3.0, 40.0, 170.0, 7_100.0, 7_300.0].map(RoughDuration::of);
        let told = |left| message!("and-time-left", moved: "1 MB", left: Message::of(&left));
        let said = left.map(|left| Language::Korean.say(&told(left)));
        let expected = ["3초", "40초", "3분", "2시간", "2시간 10분"].map(|left| format!("1 MB · 약 {left} 남음"));
        assert_eq!(said, expected);
        let layer = Current::Layer { model: "base".to_owned(), number: 3, count: 4 };
        assert_eq!(Language::Korean.said(&layer), "base: 레이어 4개 중 3번째");
        assert_eq!(layer.to_string(), "base: layer 3 of 4");
    }

    #[test]
    fn ages_are_as_coarse_as_people_say_them() {
        let ages = [59, 60, 7_300, 86_400, 180_000].map(Age::of);
        let english = ["just now", "1 min ago", "2 h ago", "1 day ago", "2 days ago"];
        assert_eq!(ages.map(|age| Language::English.said(&age)), english);
        assert_eq!(ages.map(|age| Language::Korean.said(&age)), ["방금", "1분 전", "2시간 전", "1일 전", "2일 전"]);
    }

    #[test]
    fn names_of_models_begin_a_sentence() {
        let said = |names: &[&str]| Language::English.say(&message!("measuring-note", names: names.to_vec()));
        assert_eq!(said(&["base"]), "The window stays usable.");
        let three =
            "Base, base + adapter and merged read the same tokens, one model after the other. The window stays usable.";
        assert_eq!(said(&["base", "base + adapter", "merged"]), three);
    }
}
