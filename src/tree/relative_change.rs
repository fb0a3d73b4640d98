//! ‖Δ‖/‖W‖ before any merge: W from as many of its rows as can be read in a moment.

use super::norms::{ChangeMap, delta_norms};
use crate::{
    adapter::Adapter,
    checkpoint::{Checkpoint, LogicalTensor},
    matching::{Matching, module_of},
};

/// Elements read of one weight: all of a small model, 64 rows of a large one.
const SAMPLE_ELEMENTS: usize = 1 << 18;

/// Runs of neighbouring rows that a sample is made of, for a disk that turns.
const RUNS: usize = 4;

/// What a look at some of the base says.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct RelativeChanges {
    /// ‖Δ‖/‖W‖ by module.
    pub by_module: ChangeMap,
    /// ‖Δ‖ by module.
    pub delta_norms: ChangeMap,
    /// Whether every row of every weight was read.
    pub is_exact: bool,
}

impl RelativeChanges {
    /// Reads the targets of `base`; one that cannot be read leaves a gap, for the merge will name it.
    #[must_use]
    pub fn measure(base: &Checkpoint, matching: &Matching, adapters: &[Adapter], strengths: &[f64]) -> Self {
        let delta_norms = delta_norms(matching, adapters, strengths);
        let mut changes = Self { by_module: ChangeMap::new(), delta_norms: ChangeMap::new(), is_exact: true };
        for applied in &matching.applied {
            let module = module_of(&applied.tensor);
            let (Some(delta_norm), Some(tensor)) = (delta_norms.get(module), base.tensor(&applied.tensor)) else {
                continue;
            };
            let runs = sampled_rows(tensor.tile_shape().rows, tensor.tile_shape().columns);
            let Some(weight_norm) = weight_norm(tensor, &runs) else { continue };
            changes.is_exact &= runs.len() == 1;
            changes.by_module.insert(module.to_owned(), delta_norm / weight_norm);
        }
        Self { delta_norms, ..changes }
    }
}

/// Runs of rows spread over a matrix; one run with all of them where that is little enough.
fn sampled_rows(rows: usize, columns: usize) -> Vec<std::ops::Range<usize>> {
    let affordable = SAMPLE_ELEMENTS / columns.max(1);
    if affordable >= rows {
        return std::iter::once(0..rows).collect();
    }
    let run_rows = (affordable / RUNS).max(1);
    (0..RUNS).map(|run| rows * run / RUNS).map(|start| start..(start + run_rows).min(rows)).collect()
}

/// ‖W‖ from the mean square of the rows that are read; `None` where it is zero or cannot be read.
fn weight_norm(tensor: &LogicalTensor, runs: &[std::ops::Range<usize>]) -> Option<f64> {
    let columns = tensor.tile_shape().columns;
    let (mut square_sum, mut count) = (0.0, 0);
    for run in runs {
        let mut values = vec![0.0_f32; run.len() * columns];
        tensor.read_rows(run.clone(), &mut values).ok()?;
        square_sum += values.iter().map(|value| f64::from(*value).powi(2)).sum::<f64>();
        count += values.len();
    }
    let norm = (square_sum / count.max(1) as f64 * tensor.element_count() as f64).sqrt();
    (norm > 0.0 && norm.is_finite()).then_some(norm)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        plan::{MergePlan, MergeRequest},
        sample::Sample,
    };

    #[test]
    fn small_weights_are_read_whole_and_large_ones_in_spread_runs() {
        assert_eq!(sampled_rows(688, 256), std::iter::once(0..688).collect::<Vec<_>>());
        assert_eq!(sampled_rows(4096, 4096), [0..16, 1024..1040, 2048..2064, 3072..3088]);
        assert_eq!(sampled_rows(4, 1 << 20), [0..1, 1..2, 2..3, 3..4]);
    }

    #[test]
    fn the_sample_gives_the_changes_that_its_merge_measures() {
        let sample = Sample::find().unwrap();
        let folder = tempfile::tempdir().unwrap();
        let request = MergeRequest::new(sample.base(), sample.adapter(), folder.path().join("merged"));
        let plan = MergePlan::new(&request).unwrap();
        let module = "model.layers.0.mlp.gate_proj";
        let changes = RelativeChanges::measure(&plan.base, &plan.matching, &plan.adapters, &plan.strengths);
        assert!(changes.is_exact);
        assert_eq!((changes.by_module.len(), changes.delta_norms.len()), (28, 28));
        assert!((changes.by_module[module] - 0.4218).abs() < 1e-3, "{changes:?}");
    }
}
