//! English sentences that are made of values, as [`sentences_ko`](super::sentences_ko) makes the Korean ones.

use crate::{
    gui::screens::{compare::perplexity_table::PerplexityTable, merge::run_event::RunEvent},
    merge::device::tile_sentence,
};

/// An entry of the list of events.
pub(in crate::gui) fn run_event(event: &RunEvent) -> String {
    match event {
        RunEvent::TensorDone(name) => name.clone(),
        RunEvent::Warned(warning) => warning.to_string(),
        RunEvent::DeviceChosen(reason) => reason.to_string(),
        RunEvent::TilesCounted { gpu_count, cpu_count } => tile_sentence(*gpu_count, *cpu_count),
    }
}

/// How the merged model does against the base, and whether the merge itself cost anything.
pub(in crate::gui) fn perplexity_story(table: &PerplexityTable) -> String {
    let changes = table.changes("to", "too short for an interval");
    changes.map_or_else(String::new, |changes| {
        format!("Merged against base on the same tokens, with the 95 % interval: {changes}.")
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        evaluate::{Interval, Protocol},
        gui::screens::compare::perplexity_table::{Pair, Score, TextRow},
    };

    #[test]
    fn a_comparison_has_its_interval() {
        let score = |perplexity| Score { perplexity, interval: None };
        let interval = Some(Interval { low: 0.57, high: 0.62, block_count: 46 });
        let text = TextRow {
            name: "korean_chat".to_owned(),
            token_count: 5_912,
            scores: vec![score(363.1), score(215.5), score(215.6)],
            pair: Some(Pair { ratio: 0.594, interval }),
        };
        let table =
            PerplexityTable { protocol: Protocol { window: 512, stride: 256 }, roles: Vec::new(), texts: vec![text] };
        assert_eq!(
            perplexity_story(&table),
            "Merged against base on the same tokens, with the 95 % interval: korean_chat −40.6\u{a0}% (−43.0\u{a0}% \
             to −38.0\u{a0}%)."
        );
    }
}

/// How large the merged folder is beside its base.
pub fn size_change(ratio: f64) -> String {
    let percent = 100.0 * (ratio - 1.0).abs();
    match ratio {
        0.495..0.505 => "Half the size of the base.".to_owned(),
        0.995..1.005 => "As large as the base.".to_owned(),
        ..1.0 => format!("{percent:.0} % smaller than the base."),
        _ => format!("{percent:.0} % larger than the base."),
    }
}
