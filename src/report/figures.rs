//! Small numbers as tables and sentences show them.

/// `0.1432`, `3.2e-10`, `0`: a divergence in nats.
#[must_use]
pub fn nats(value: f64) -> String {
    if value == 0.0 {
        "0".to_owned()
    } else if value < 0.001 {
        format!("{value:.1e}")
    } else {
        format!("{value:.4}")
    }
}

/// `41 %`, `3.1 %`, `0.02 %`: the size of a relative change, without its sign; anything but nothing is shown.
#[must_use]
pub fn percent(ratio: f64) -> String {
    let percent = 100.0 * ratio.abs();
    let decimals = if percent >= 9.95 { 0 } else { 1 + usize::from(percent < 0.095) };
    if percent > 0.0 && percent < 0.005 { "less than 0.01 %".to_owned() } else { format!("{percent:.decimals$} %") }
}

/// `98.4 %`: a share of all; only all of them are 100 %.
#[must_use]
pub fn share(value: f64) -> String {
    let tenths = (1000.0 * value).floor() / 10.0;
    format!("{tenths:.1} %")
}

/// `a`, `a and b`, `a, b and c`.
#[must_use]
pub fn joined(parts: &[String]) -> String {
    match parts {
        [] => String::new(),
        [part] => part.clone(),
        [parts @ .., last] => format!("{} and {last}", parts.join(", ")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn small_numbers_keep_their_size() {
        assert_eq!([0.0, 3.24e-10, 0.001, 0.143_21, 2.0].map(nats), ["0", "3.2e-10", "0.0010", "0.1432", "2.0000"]);
        assert_eq!(
            [-0.406, 0.031, 0.0002, 1e-6, 0.0].map(percent),
            ["41 %", "3.1 %", "0.02 %", "less than 0.01 %", "0.00 %"]
        );
        assert_eq!([1.0, 0.9999, 0.5].map(share), ["100.0 %", "99.9 %", "50.0 %"]);
    }

    #[test]
    fn parts_are_joined_as_in_a_sentence() {
        let parts: Vec<String> = ["a", "b", "c"].map(str::to_owned).to_vec();
        assert_eq!([1, 2, 3].map(|count| joined(&parts[..count])), ["a", "a and b", "a, b and c"]);
    }
}
