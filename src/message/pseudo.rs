//! A language to test layouts with: English with every vowel accented and doubled (and every n, which makes it a third longer).

use std::borrow::Cow;

/// Of a text between placeables, which stay as they are.
pub fn lengthened(text: &str) -> Cow<'_, str> {
    let mut longer = String::with_capacity(text.len() * 2);
    for letter in text.chars() {
        let accented = match letter {
            'a' => 'á',
            'e' => 'é',
            'i' => 'í',
            'o' => 'ó',
            'u' => 'ú',
            'n' => 'ñ',
            'A' => 'Á',
            'E' => 'É',
            'I' => 'Í',
            'O' => 'Ó',
            'U' => 'Ú',
            _ => {
                longer.push(letter);
                continue;
            }
        };
        longer.extend([accented, accented]);
    }
    Cow::Owned(longer)
}

#[cfg(test)]
mod tests {
    use super::lengthened;

    #[test]
    fn texts_grow_by_a_third_and_stay_readable() {
        assert_eq!(lengthened("Open the sample"), "ÓÓpééññ théé sáámpléé");
        let english = include_str!("../../assets/lang/en.ftl");
        let texts: Vec<&str> =
            english.lines().filter_map(|line| line.split_once(" = ")).map(|(_, text)| text).collect();
        let count = |text: &str| text.chars().count();
        let (before, after) =
            texts.iter().fold((0, 0), |(before, after), text| (before + count(text), after + count(&lengthened(text))));
        assert!(before > 0 && after * 4 > before * 5, "{before} became {after}");
    }
}
