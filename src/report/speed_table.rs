//! Seconds, memory and answers, as rows for people.

use crate::{
    evaluate::{EvalReport, ModelSpeed, Spread},
    units,
};

/// One line for each model.
#[derive(Clone, Debug, PartialEq)]
pub struct SpeedTable {
    /// Titles of the columns.
    pub header: Vec<String>,
    /// A cell for each title.
    pub rows: Vec<Vec<String>>,
    /// How it was measured.
    pub note: String,
    /// What each model answered, with its name and its seconds; empty where nothing was asked.
    pub answers: Vec<String>,
}

impl SpeedTable {
    /// The rows of `report`, models titled `names`; `None` where nothing was timed.
    #[must_use]
    pub fn new(report: &EvalReport, names: &[String]) -> Option<Self> {
        let speeds: Vec<(&String, &ModelSpeed)> =
            names.iter().zip(&report.models).filter_map(|(name, model)| Some((name, model.speed.as_ref()?))).collect();
        let first = speeds.iter().find_map(|(_, speed)| speed.measured());
        if speeds.is_empty() {
            return None;
        }
        let header = ["time and memory", "load", "reads", "a pass", "writes", "peak memory"];
        let note = first.map_or_else(String::new, |speed| {
            format!(
                "float32 on the CPU, each model whole in a process of its own, in turn with the others: {} of {}, \
                 one more before to warm up; ± is the standard deviation. As many weights cost as much time, in whatever dtype they are stored.",
                passes(speed.forward_secs.runs),
                units::plural(speed.forward_tokens, "token"),
            )
        });
        let answers = report.prompt.iter().flat_map(|prompt| {
            std::iter::once(format!("> {prompt}")).chain(speeds.iter().filter_map(|(name, speed)| answer(name, speed)))
        });
        Some(Self {
            header: header.map(str::to_owned).to_vec(),
            rows: speeds.iter().map(|(name, speed)| row(name, speed)).collect(),
            note,
            answers: answers.collect(),
        })
    }
}

fn passes(count: usize) -> String {
    if count == 1 { "1 pass".to_owned() } else { format!("{count} passes") }
}

fn row(name: &str, speed: &ModelSpeed) -> Vec<String> {
    let mut cells = vec![name.to_owned()];
    match speed {
        ModelSpeed::Measured(speed) => cells.extend([
            units::duration(speed.load_secs),
            tokens_per_sec(speed.forward_tokens_per_sec()),
            seconds(speed.forward_secs),
            speed.decode_tokens_per_sec().map_or_else(|| "—".to_owned(), tokens_per_sec),
            speed.peak_memory_bytes.map_or_else(|| "—".to_owned(), units::bytes),
        ]),
        ModelSpeed::TooLarge { needed_bytes, .. } => {
            let dash = || "—".to_owned();
            let needs = format!("not measured: needs {}", units::bytes(*needed_bytes));
            cells.extend([dash(), dash(), dash(), dash(), needs]);
        }
    }
    cells
}

fn answer(name: &str, speed: &ModelSpeed) -> Option<String> {
    let answer = speed.measured()?.answer.as_ref()?;
    let (tokens, secs) = (units::plural(answer.tokens, "token"), units::duration(answer.duration_secs));
    Some(format!("{name} ({tokens} in {secs}):\n{}", answer.text.trim()))
}

/// `119 tokens/s`, `4.1 tokens/s`.
#[must_use]
pub fn tokens_per_sec(rate: f64) -> String {
    format!("{} tokens/s", short_number(rate))
}

/// `161 ± 52`, `8.1 ± 0.5`: a mean with its deviation.
#[must_use]
pub fn mean_and_deviation(spread: Spread) -> String {
    let decimals = usize::from(spread.mean < 10.0);
    format!("{:.decimals$} ± {:.decimals$}", spread.mean, spread.std)
}

/// `119`, `4.1`: without a decimal from ten on.
#[must_use]
pub fn short_number(value: f64) -> String {
    let decimals = usize::from(value < 10.0);
    format!("{value:.decimals$}")
}

/// `4.30 ± 0.05 s`.
fn seconds(spread: Spread) -> String {
    let decimals = match spread.mean {
        mean if mean < 0.1 => 4,
        mean if mean < 10.0 => 2,
        _ => 1,
    };
    format!("{:.decimals$} ± {:.decimals$} s", spread.mean, spread.std)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rates_and_seconds_keep_their_size() {
        assert_eq!([4.12, 119.4].map(tokens_per_sec), ["4.1 tokens/s", "119 tokens/s"]);
        let pass = Spread { mean: 0.161, std: 0.052, runs: 10 }.in_milliseconds();
        assert_eq!(mean_and_deviation(pass), "161 ± 52");
        assert_eq!(mean_and_deviation(Spread { mean: 8.1, std: 0.5, runs: 10 }), "8.1 ± 0.5");
        assert_eq!(seconds(Spread { mean: 4.3, std: 0.051, runs: 10 }), "4.30 ± 0.05 s");
        assert_eq!(seconds(Spread { mean: 0.0123, std: 0.0004, runs: 10 }), "0.0123 ± 0.0004 s");
    }
}
