//! Base modules whose names come closest to one that has no place.

use crate::checkpoint::Checkpoint;

/// Names offered for one orphan.
const OFFERED: usize = 3;

/// Orphans for which names are looked up; beyond that the list says nothing new and costs time.
const LOOKED_UP: usize = 16;

/// Below this similarity a name explains nothing.
const MIN_SIMILARITY: f64 = 0.8;

/// The nearest base modules to `module`, best first; none for orphans late in the list.
pub(super) fn modules(base: &Checkpoint, module: &str, orphan_index: usize) -> Vec<String> {
    if orphan_index >= LOOKED_UP {
        return Vec::new();
    }
    let candidates = base.tensors().keys().filter_map(|name| name.strip_suffix(".weight"));
    let mut scored: Vec<(f64, &str)> = candidates
        .map(|candidate| (similarity(module, candidate), candidate))
        .filter(|(score, _)| *score >= MIN_SIMILARITY)
        .collect();
    scored.sort_by(|a, b| b.0.total_cmp(&a.0).then(a.1.cmp(b.1)));
    scored.into_iter().take(OFFERED).map(|(_, name)| name.to_owned()).collect()
}

/// Paths differ at the front between tools and at the end between layers, so both ends count.
fn similarity(a: &str, b: &str) -> f64 {
    let reversed = |text: &str| text.chars().rev().collect::<String>();
    f64::midpoint(strsim::jaro_winkler(a, b), strsim::jaro_winkler(&reversed(a), &reversed(b)))
}
