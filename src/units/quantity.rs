//! Quantities as key figures show them.

/// `19.5 MB` as number and unit, for key figures.
#[must_use]
pub fn split_unit(text: &str) -> (&str, &str) {
    text.split_once(' ').unwrap_or((text, ""))
}

/// `2.05`, `20.5`, `205`: a number in three digits.
#[must_use]
pub fn three_digits(number: f64) -> String {
    let decimals = match number {
        ..10.0 => 2,
        10.0..100.0 => 1,
        _ => 0,
    };
    format!("{number:.decimals$}")
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

/// `0:31`, `12:05`, `1:02:05`.
#[must_use]
pub fn clock(duration_secs: f64) -> String {
    #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "positive, far below 2^63 seconds")]
    let seconds = duration_secs.max(0.0).round() as u64;
    let (hours, minutes, seconds) = (seconds / 3600, seconds % 3600 / 60, seconds % 60);
    if hours > 0 { format!("{hours}:{minutes:02}:{seconds:02}") } else { format!("{minutes}:{seconds:02}") }
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

    #[test]
    fn times_read_as_clocks() {
        assert_eq!(clock(31.4), "0:31");
        assert_eq!(clock(3725.0), "1:02:05");
    }
}
