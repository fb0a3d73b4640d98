//! How a name of Rust reads as the name of a message or of an argument.

/// `AlreadyMerged` and `already_merged` as `already-merged`; a run of capitals or digits stays together (`BF16` is
/// `bf16`). Names are ASCII.
pub fn kebab(name: &str) -> String {
    let letters = name.as_bytes();
    let mut kebab = String::with_capacity(name.len() + 4);
    for (index, letter) in letters.iter().copied().enumerate() {
        if letter == b'_' {
            kebab.push('-');
            continue;
        }
        let before = index.checked_sub(1).and_then(|before| letters.get(before));
        let starts_word = letter.is_ascii_uppercase()
            && before.is_some_and(|before| {
                let is_inside_run = before.is_ascii_uppercase() || before.is_ascii_digit();
                before.is_ascii_lowercase()
                    || is_inside_run && letters.get(index + 1).is_some_and(u8::is_ascii_lowercase)
            });
        if starts_word {
            kebab.push('-');
        }
        kebab.push(char::from(letter.to_ascii_lowercase()));
    }
    kebab
}

#[cfg(test)]
mod tests {
    use super::kebab;

    #[test]
    fn names_become_kebab_case() {
        let names = ["AlreadyMerged", "tensor_count", "BF16", "Bf16Kept", "IoError", "Conv2D", "NeedsTransformers5"];
        let expected =
            ["already-merged", "tensor-count", "bf16", "bf16-kept", "io-error", "conv2d", "needs-transformers5"];
        assert_eq!(names.map(kebab), expected);
    }
}
