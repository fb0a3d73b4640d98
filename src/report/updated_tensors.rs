//! What a merge did to each target, the largest change first.

use crate::merge::{MergeReceipt, TensorRecord};

/// One updated tensor.
#[derive(Clone, Debug, PartialEq)]
pub struct UpdatedTensor {
    /// Its module.
    pub module: String,
    /// ‖Δ‖/‖W‖; `None` where W is zero.
    pub change: Option<f64>,
    /// Elements that differ from the base.
    pub changed_count: u64,
    /// All of its elements.
    pub element_count: u64,
    /// The part of Δ that survived rounding; `None` where there was no Δ.
    pub gain: Option<f64>,
}

/// The updated tensors of `receipt`.
#[must_use]
pub fn updated_tensors(receipt: &MergeReceipt) -> Vec<UpdatedTensor> {
    sorted_rows(receipt.updated())
}

fn sorted_rows<'a>(records: impl Iterator<Item = &'a TensorRecord>) -> Vec<UpdatedTensor> {
    let mut rows: Vec<UpdatedTensor> = records.filter_map(row).collect();
    rows.sort_by(|a, b| b.change.unwrap_or(0.0).total_cmp(&a.change.unwrap_or(0.0)));
    rows
}

fn row(record: &TensorRecord) -> Option<UpdatedTensor> {
    let stats = record.stats.as_ref()?;
    Some(UpdatedTensor {
        module: record.name.rsplit_once('.').map_or(record.name.as_str(), |(module, _)| module).to_owned(),
        change: stats.relative_change(),
        changed_count: stats.changed_count,
        element_count: stats.element_count,
        gain: stats.gain(),
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::numeric::TileStats;

    fn record(name: &str, delta_square_sum: f64) -> TensorRecord {
        let stats = TileStats {
            element_count: 2_000,
            changed_count: 1_500,
            weight_square_sum: 1.0,
            delta_square_sum,
            effect_delta_sum: delta_square_sum * 0.999,
            ..TileStats::default()
        };
        TensorRecord { name: name.to_owned(), action: "updated".into(), device: None, blake3: None, stats: Some(stats) }
    }

    #[test]
    fn the_largest_change_comes_first() {
        let records = [record("a.weight", 0.01), record("b.weight", 0.04)];
        let rows = sorted_rows(records.iter());
        assert_eq!(rows.iter().map(|row| row.module.as_str()).collect::<Vec<_>>(), ["b", "a"]);
        assert_eq!((rows[0].changed_count, rows[0].element_count), (1_500, 2_000));
        assert!((rows[0].gain.unwrap() - 0.999).abs() < 1e-12);
        assert!((rows[0].change.unwrap() - 0.2).abs() < 1e-12);
    }
}
