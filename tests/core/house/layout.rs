//! Screens are laid out by egui: the numbers that a layout is made of are tokens of `gui/design`.

use super::architecture::code;
use crate::support::{repository, rust_files};

/// Nothing, a half, one, both, and a percentage: what arithmetic needs that is no size.
const ARITHMETIC: [&str; 5] = ["0.0", "0.5", "1.0", "2.0", "100.0"];

/// The float literals of a line of code, outside of texts.
fn float_literals(line: &str) -> Vec<String> {
    let mut literals = Vec::new();
    let mut is_text = false;
    let mut word = String::new();
    for character in line.chars().chain(std::iter::once(' ')) {
        is_text ^= character == '"';
        if character.is_alphanumeric() || character == '_' || character == '.' {
            word.push(character);
            continue;
        }
        let number = std::mem::take(&mut word);
        let is_float =
            number.starts_with(|first: char| first.is_ascii_digit()) && number.contains('.') && !number.contains("..");
        if is_float && !is_text {
            literals.push(number);
        }
    }
    literals
}

#[test]
fn float_literals_are_found_and_texts_are_not_read() {
    assert_eq!(float_literals("vec2(12.0, size.y + 0.5) * 1.5_f32"), ["12.0", "0.5", "1.5_f32"]);
    assert_eq!(float_literals("let row = 0..10; text(\"2.5 px\"); rect.0.x"), [""; 0]);
}

#[test]
fn no_screen_has_a_size_of_its_own() {
    let gui = repository().join("src/gui");
    let mut found = Vec::new();
    for path in ["screens", "frame"].iter().flat_map(|folder| rust_files(&gui.join(folder))) {
        for line in code(&path).lines() {
            let literals = float_literals(line);
            let sizes: Vec<&String> =
                literals.iter().filter(|literal| !ARITHMETIC.contains(&literal.as_str())).collect();
            if !sizes.is_empty() {
                found.push(format!("{}: {sizes:?} in {}", path.strip_prefix(&gui).unwrap().display(), line.trim()));
            }
        }
    }
    assert!(found.is_empty(), "sizes that are no tokens:\n{}", found.join("\n"));
}
