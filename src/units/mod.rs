//! Numbers as people read them: bytes, counts, shapes, durations. Powers of ten, one space before the unit. And texts:
//! names from strangers' files, fit to be read, and phrases as sentences begin.

pub mod path;
pub mod quantity;
pub mod scale;

/// `19.5 MB`, `2.47 GB`: three significant digits, powers of ten.
#[must_use]
pub fn bytes(byte_count: u64) -> String {
    const UNITS: [&str; 6] = ["kB", "MB", "GB", "TB", "PB", "EB"];
    if byte_count < 1000 {
        return format!("{byte_count} B");
    }
    #[expect(clippy::cast_precision_loss, reason = "three digits are shown")]
    let mut value = byte_count as f64 / 1000.0;
    let mut unit = 0;
    // 999.5 would print as 1000.
    while value >= 999.5 && unit + 1 < UNITS.len() {
        value /= 1000.0;
        unit += 1;
    }
    let decimals = if value < 9.995 { 2 } else { usize::from(value < 99.95) };
    format!("{value:.decimals$} {}", UNITS[unit])
}

/// `4,868,352`: exact, with thousands separated.
#[must_use]
pub fn count(value: u64) -> String {
    let digits = value.to_string();
    let mut out = String::with_capacity(digits.len() + digits.len() / 3);
    for (index, digit) in digits.chars().enumerate() {
        if index > 0 && (digits.len() - index).is_multiple_of(3) {
            out.push(',');
        }
        out.push(digit);
    }
    out
}

/// `2`, `0.125`: four decimals at most, and no zeros at their end.
#[must_use]
pub fn trimmed(value: f64) -> String {
    let text = format!("{value:.4}");
    text.trim_end_matches('0').trim_end_matches('.').to_owned()
}

/// `688 × 256`; a scalar is `1`.
#[must_use]
pub fn shape(shape: &[usize]) -> String {
    if shape.is_empty() {
        return "1".to_owned();
    }
    shape.iter().map(usize::to_string).collect::<Vec<_>>().join(" × ")
}

/// `0.42 s`, `12.3 s`, `3 min 05 s`, `1 h 02 min`.
#[must_use]
pub fn duration(duration_secs: f64) -> String {
    if duration_secs < 10.0 {
        return format!("{duration_secs:.2} s");
    }
    if duration_secs < 59.95 {
        return format!("{duration_secs:.1} s");
    }
    #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "positive and far below 2^63 seconds")]
    let seconds = duration_secs.round() as u64;
    if seconds < 3600 {
        format!("{} min {:02} s", seconds / 60, seconds % 60)
    } else {
        format!("{} h {:02} min", seconds / 3600, seconds % 3600 / 60)
    }
}

/// A guess at a duration, as coarse as people say it: `3 s`, `40 s`, `2 min`, `1 h 10 min`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, serde::Serialize)]
pub enum RoughDuration {
    /// Single ones below ten, tens above.
    Seconds(u64),
    /// From a minute and a half on.
    Minutes(u64),
    /// From an hour and a half on, with tens of minutes.
    Hours {
        /// Whole hours.
        hours: u64,
        /// Tens of minutes beyond them.
        minutes: u64,
    },
}

impl RoughDuration {
    /// Of this many seconds, never less than will pass, and a second at least.
    #[must_use]
    pub fn of(duration_secs: f64) -> Self {
        #[expect(
            clippy::cast_possible_truncation,
            clippy::cast_sign_loss,
            reason = "positive and far below 2^63 seconds"
        )]
        let seconds = duration_secs.max(1.0).round() as u64;
        match seconds {
            0..10 => Self::Seconds(seconds),
            10..90 => Self::Seconds(seconds.div_ceil(10) * 10),
            90..5400 => Self::Minutes(seconds.div_ceil(60)),
            _ => Self::Hours { hours: seconds.div_ceil(600) / 6, minutes: seconds.div_ceil(600) % 6 * 10 },
        }
    }
}

/// How long ago something was, as coarse as people say it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, serde::Serialize)]
pub enum Age {
    /// Within the minute.
    JustNow,
    /// Whole minutes.
    Minutes(u64),
    /// Whole hours.
    Hours(u64),
    /// Whole days.
    Days(u64),
}

impl Age {
    /// Of something that was `seconds` ago.
    #[must_use]
    pub fn of(seconds: u64) -> Self {
        match seconds {
            0..60 => Self::JustNow,
            60..3_600 => Self::Minutes(seconds / 60),
            3_600..86_400 => Self::Hours(seconds / 3_600),
            _ => Self::Days(seconds / 86_400),
        }
    }
}

/// `28 tensors`, `1 tensor`.
#[must_use]
pub fn plural(count: usize, noun: &str) -> String {
    if count == 1 { format!("1 {noun}") } else { format!("{} {noun}s", self::count(count as u64)) }
}

/// Characters of a name that a message shows.
const SHOWN_CHARACTERS: usize = 160;

/// A name from a stranger's file, fit for a message: cut where it is endless, and without characters that would steer a
/// terminal.
#[must_use]
pub fn shortened(name: &str) -> String {
    let readable = |character: char| if character.is_control() { char::REPLACEMENT_CHARACTER } else { character };
    let mut shown: String = name.chars().take(SHOWN_CHARACTERS).map(readable).collect();
    if name.chars().nth(SHOWN_CHARACTERS).is_some() {
        shown.push('…');
    }
    shown
}

/// `0.1432`, `3.2e-10`, `0`: a divergence in nats, or the difference of two, with a true minus.
#[must_use]
pub fn nats(value: f64) -> String {
    if value == 0.0 {
        "0".to_owned()
    } else if value < 0.0 {
        format!("−{}", nats(-value))
    } else if value < 0.001 {
        format!("{value:.1e}")
    } else {
        format!("{value:.4}")
    }
}

/// `98.4 %`: a share of all; only all of them are 100 %.
#[must_use]
pub fn share(value: f64) -> String {
    let tenths = (1000.0 * value).floor() / 10.0;
    format!("{tenths:.1} %")
}

/// `41 %`, `3.1 %`, `0.02 %`: the size of a relative change, without its sign; `None` for one that is less than 0.01 %
/// and not nothing.
#[must_use]
pub fn change(ratio: f64) -> Option<String> {
    let percent = 100.0 * ratio.abs();
    let decimals = if percent >= 9.95 { 0 } else { 1 + usize::from(percent < 0.095) };
    let is_tiny = percent > 0.0 && percent < 0.005;
    (!is_tiny).then(|| format!("{percent:.decimals$} %"))
}

/// A phrase as a sentence begins.
#[must_use]
pub fn upper_first(text: &str) -> String {
    let mut chars = text.chars();
    chars.next().map_or_else(String::new, |first| first.to_uppercase().chain(chars).collect())
}

/// A sentence in which no line breaks between a number and its unit.
#[must_use]
pub fn unbroken(text: &str) -> String {
    const UNITS: [&str; 7] = ["B", "kB", "MB", "GB", "TB", "%", "s"];
    let mut words = text.split(' ').peekable();
    let mut out = String::with_capacity(text.len());
    while let Some(word) = words.next() {
        out.push_str(word);
        if let Some(next) = words.peek() {
            let unit = next.trim_end_matches([')', '.', ',', ';', ':']);
            let is_number = word.chars().next_back().is_some_and(|last| last.is_ascii_digit());
            out.push(if is_number && UNITS.contains(&unit) { '\u{a0}' } else { ' ' });
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_keep_their_units() {
        assert_eq!(
            unbroken("half (19.5 MB → 9.74 MB); 0 bytes, 43 %."),
            "half (19.5\u{a0}MB → 9.74\u{a0}MB); 0 bytes, 43\u{a0}%."
        );
    }

    #[test]
    fn bytes_have_three_digits() {
        let cases = [
            (0, "0 B"),
            (999, "999 B"),
            (1000, "1.00 kB"),
            (19_473_408, "19.5 MB"),
            (999_950, "1.00 MB"),
            (32_672_595_968, "32.7 GB"),
            (123_456_789, "123 MB"),
            (1 << 60, "1.15 EB"),
        ];
        for (byte_count, text) in cases {
            assert_eq!(bytes(byte_count), text);
        }
    }

    #[test]
    fn counts_and_durations_read_well() {
        assert_eq!(count(4_868_352), "4,868,352");
        assert_eq!(count(12), "12");
        assert_eq!(duration(0.416), "0.42 s");
        assert_eq!(duration(185.0), "3 min 05 s");
        assert_eq!(duration(3_720.0), "1 h 02 min");
        assert_eq!(shape(&[688, 256]), "688 × 256");
        assert_eq!(plural(1, "shard"), "1 shard");
    }

    #[test]
    fn small_numbers_keep_their_size() {
        assert_eq!([0.0, 3.24e-10, 0.001, 0.143_21, 2.0].map(nats), ["0", "3.2e-10", "0.0010", "0.1432", "2.0000"]);
        let changes = [-0.406, 0.031, 0.0002, 1e-6, 0.0].map(change);
        assert_eq!(
            changes.each_ref().map(Option::as_deref),
            [Some("41 %"), Some("3.1 %"), Some("0.02 %"), None, Some("0.00 %")]
        );
        assert_eq!([1.0, 0.9999, 0.5].map(share), ["100.0 %", "99.9 %", "50.0 %"]);
    }

    #[test]
    fn guesses_are_round() {
        let said = [0.2, 9.4, 12.0, 61.0, 95.0, 3_000.0, 7_100.0].map(|secs| RoughDuration::of(secs).to_string());
        assert_eq!(said, ["1 s", "9 s", "20 s", "70 s", "2 min", "50 min", "2 h"]);
    }

    #[test]
    fn names_from_strangers_are_cut_and_cannot_steer_a_terminal() {
        assert_eq!(shortened("model.\x1b[31mred\n"), "model.\u{fffd}[31mred\u{fffd}");
        assert_eq!(shortened(&"é".repeat(10_000)), format!("{}…", "é".repeat(160)));
        assert_eq!(shortened("model.layers.0"), "model.layers.0");
    }
}
