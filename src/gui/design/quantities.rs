//! Quantities as key figures show them.

/// `19.5 MB` as number and unit, for key figures.
#[must_use]
pub fn split_unit(text: &str) -> (&str, &str) {
    text.split_once(' ').unwrap_or((text, ""))
}

/// `4.87 M`, `287.7 k`: a parameter count in three or four digits.
#[must_use]
pub fn parameter_count(count: u64) -> String {
    let (value, unit) = match count {
        0..1_000 => return count.to_string(),
        1_000..1_000_000 => (count as f64 / 1e3, "k"),
        1_000_000..1_000_000_000 => (count as f64 / 1e6, "M"),
        _ => (count as f64 / 1e9, "B"),
    };
    let decimals = if value < 100.0 { 2 } else { 1 };
    format!("{value:.decimals$} {unit}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn parameter_counts_are_short() {
        assert_eq!(parameter_count(4_868_352), "4.87 M");
        assert_eq!(parameter_count(287_744), "287.7 k");
        assert_eq!(parameter_count(8_170_000_000), "8.17 B");
    }
}
