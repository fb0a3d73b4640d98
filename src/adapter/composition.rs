//! Several updates of one tensor: each acts on the weight as those before it leave it, as PEFT merges one adapter after
//! another. An update f of strength s makes W + s·(f(W) − W) of the weight at its turn.

use std::{ops::Range, sync::Arc};

use super::{RowUpdate, common_row_block};
use crate::numeric::Element;

/// A loaded update and the factor on it.
#[derive(Clone)]
pub struct WeightedUpdate<T = f32> {
    /// The update.
    pub update: Arc<dyn RowUpdate<T>>,
    /// The strength that the user gave its adapter.
    pub strength: f64,
    /// Whether PEFT holds it in one layer with the update before it, as it does adapters of one method. Both look at
    /// the weight beneath that layer then: DoRA's norm is that of the unmerged weight (PEFT 0.21; spec section 4).
    pub shares_layer: bool,
}

impl<T> WeightedUpdate<T> {
    /// An update in a layer of its own.
    #[must_use]
    pub fn new(update: Arc<dyn RowUpdate<T>>, strength: f64) -> Self {
        Self { update, strength, shares_layer: false }
    }
}

/// Multiplies W by a factor that a class applies elsewhere while its head is tied.
struct Times(f64);

impl<T: Element> RowUpdate<T> for Times {
    fn apply_rows(&self, _rows: Range<usize>, tile: &mut [T]) {
        for value in tile {
            *value = T::rounded(self.0 * value.to_f64());
        }
    }

    fn factor(&self) -> Option<f64> {
        Some(self.0)
    }

    fn magnitude_bound(&self, _before: &[T], after: &[T]) -> f64 {
        super::method::largest(after)
    }
}

impl<T: Element> WeightedUpdate<T> {
    /// The weight, as the updates before leave it, times `factor`.
    #[must_use]
    pub fn times(factor: f64) -> Self {
        Self::new(Arc::new(Times(factor)), 1.0)
    }
}

/// Runs the passes of `updates` that only look, one update after the other: each sees the weight beneath its layer.
///
/// `read_tiles` goes over W once and hands its tiles, with their rows, to what it is given.
///
/// # Errors
/// Those of `read_tiles`.
pub fn observe<T: Element, E>(
    updates: &[WeightedUpdate<T>],
    mut read_tiles: impl FnMut(&mut dyn FnMut(Range<usize>, Vec<T>)) -> Result<(), E>,
) -> Result<(), E> {
    for (index, weighted) in updates.iter().enumerate() {
        let beneath = &updates[..layer_start(updates, index)];
        for _ in 1..weighted.update.passes() {
            read_tiles(&mut |rows, mut tile| {
                apply(beneath, &rows, &mut tile);
                weighted.update.observe_rows(rows, &tile);
            })?;
        }
    }
    Ok(())
}

/// Makes of `tile`, which is `rows` of W, what all of `updates` make of it.
pub fn apply<T: Element>(updates: &[WeightedUpdate<T>], rows: &Range<usize>, tile: &mut [T]) {
    let mut unmerged = Vec::new();
    for weighted in updates {
        if !weighted.shares_layer {
            unmerged = tile.to_vec();
        }
        let mut transformed = tile.to_vec();
        weighted.update.apply_rows_after(rows.clone(), &unmerged, &mut transformed);
        let strength = T::rounded(weighted.strength);
        for (value, transformed) in tile.iter_mut().zip(transformed) {
            *value += strength * (transformed - *value);
        }
    }
}

/// Rows that tiles for `updates` begin and end with a multiple of.
#[must_use]
pub fn row_block<T: Element>(updates: &[WeightedUpdate<T>]) -> usize {
    common_row_block(updates.iter().map(|weighted| weighted.update.row_block()))
}

/// The first update of the layer that `updates[index]` is in.
fn layer_start(updates: &[WeightedUpdate<impl Sized>], index: usize) -> usize {
    (0..=index).rev().find(|index| !updates[*index].shares_layer).unwrap_or(0)
}

/// The buffers in which a merge forms Δ, reused from tile to tile.
#[derive(Default)]
pub struct DeltaBuffers {
    /// W as the updates before leave it.
    before: Vec<f32>,
    transformed: Vec<f32>,
    /// W beneath the layer.
    unmerged: Vec<f32>,
}

impl DeltaBuffers {
    /// Writes to `delta` what `updates` change of `rows`, each at its turn. Updates that only add are summed without a
    /// look at W; `widen` reads W into its argument for the others.
    ///
    /// Where the last of them is a factor, `delta` holds what the others change, times it, and is to be added to what is
    /// handed back, W times the factor: the difference from W would lose the bits by which W is larger.
    pub fn write(
        &mut self,
        updates: &[WeightedUpdate],
        rows: &Range<usize>,
        widen: &dyn Fn(&mut [f32]),
        delta: &mut [f32],
    ) -> Option<&[f32]> {
        let last = updates.split_last().and_then(|(last, others)| Some((last.update.factor()?, others)));
        let Some((factor, others)) = last else {
            self.write_change(updates, rows, widen, delta);
            return None;
        };
        if others.is_empty() {
            // A factor alone changes all of the weight.
            widen(delta);
            Times(factor).apply_rows(rows.clone(), delta);
            self.unmerged.clear();
            self.unmerged.resize(delta.len(), 0.0);
            return Some(&self.unmerged);
        }
        self.write_change(others, rows, widen, delta);
        self.unmerged.resize(delta.len(), 0.0);
        widen(&mut self.unmerged);
        Times(factor).apply_rows(rows.clone(), delta);
        Times(factor).apply_rows(rows.clone(), &mut self.unmerged);
        Some(&self.unmerged)
    }

    fn write_change(
        &mut self,
        updates: &[WeightedUpdate],
        rows: &Range<usize>,
        widen: &dyn Fn(&mut [f32]),
        delta: &mut [f32],
    ) {
        for (index, weighted) in updates.iter().enumerate() {
            match weighted.update.as_low_rank() {
                Some(low_rank) if index == 0 => low_rank.write_rows(rows.clone(), weighted.strength, delta),
                Some(low_rank) => low_rank.accumulate_rows(rows.clone(), weighted.strength, delta),
                None => {
                    if index == 0 {
                        delta.fill(0.0);
                    }
                    self.add_transformed(updates, index, rows, widen, delta);
                }
            }
        }
    }

    /// Adds what the update at `index` changes of W + Δ.
    fn add_transformed(
        &mut self,
        updates: &[WeightedUpdate],
        index: usize,
        rows: &Range<usize>,
        widen: &dyn Fn(&mut [f32]),
        delta: &mut [f32],
    ) {
        let Self { before, transformed, unmerged } = self;
        let start = layer_start(updates, index);
        unmerged.resize(delta.len(), 0.0);
        widen(unmerged);
        before.clone_from(unmerged);
        for (before, delta) in before.iter_mut().zip(delta.iter()) {
            *before += *delta;
        }
        apply(&updates[..start], rows, unmerged);
        transformed.clone_from(before);
        updates[index].update.apply_rows_after(rows.clone(), unmerged, transformed);
        #[expect(clippy::cast_possible_truncation, reason = "the sum is formed in f32")]
        let strength = updates[index].strength as f32;
        for ((delta, transformed), before) in delta.iter_mut().zip(transformed).zip(before) {
            *delta += strength * (*transformed - *before);
        }
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Mutex;

    use super::*;
    use crate::numeric::LowRank;

    /// Multiplies W by a factor.
    struct Times(f32);
    impl RowUpdate for Times {
        fn apply_rows(&self, _rows: Range<usize>, tile: &mut [f32]) {
            for value in tile.iter_mut() {
                *value *= self.0;
            }
        }
    }

    /// Adds the sum of the whole weight that it saw to every element.
    #[derive(Default)]
    struct AddsSum(Mutex<f32>);
    impl RowUpdate for AddsSum {
        fn passes(&self) -> usize {
            2
        }

        fn observe_rows(&self, _rows: Range<usize>, tile: &[f32]) {
            *self.0.lock().unwrap() += tile.iter().sum::<f32>();
        }

        fn apply_rows(&self, _rows: Range<usize>, tile: &mut [f32]) {
            let sum = *self.0.lock().unwrap();
            for value in tile.iter_mut() {
                *value += sum;
            }
        }
    }

    /// Adds the unmerged weight once more.
    struct AddsUnmerged;
    impl RowUpdate for AddsUnmerged {
        fn apply_rows(&self, _rows: Range<usize>, tile: &mut [f32]) {
            for value in tile.iter_mut() {
                *value *= 2.0;
            }
        }

        fn apply_rows_after(&self, _rows: Range<usize>, unmerged: &[f32], tile: &mut [f32]) {
            tile.iter_mut().zip(unmerged).for_each(|(value, unmerged)| *value += unmerged);
        }
    }

    fn adds_one() -> WeightedUpdate {
        WeightedUpdate::new(Arc::new(LowRank::new((1, 2), 1, 1.0, vec![1.0], vec![1.0, 1.0])), 1.0)
    }

    fn times(factor: f32, strength: f64) -> WeightedUpdate {
        WeightedUpdate::new(Arc::new(Times(factor)), strength)
    }

    /// What becomes of W = (1, 3), by both ways, which must agree.
    fn merged(updates: &[WeightedUpdate]) -> [f32; 2] {
        let weight = [1.0, 3.0];
        let mut tile = weight;
        apply(updates, &(0..1), &mut tile);
        let (mut buffers, mut delta) = (DeltaBuffers::default(), [f32::NAN; 2]);
        let scaled = buffers.write(updates, &(0..1), &|out| out.copy_from_slice(&weight), &mut delta);
        let onto = scaled.unwrap_or(&weight);
        assert_eq!([onto[0] + delta[0], onto[1] + delta[1]], tile);
        tile
    }

    #[test]
    fn each_update_acts_on_what_those_before_it_leave() {
        assert_eq!(merged(&[adds_one(), times(2.0, 1.0)]), [4.0, 8.0]);
        assert_eq!(merged(&[times(2.0, 1.0), adds_one()]), [3.0, 7.0]);
        assert_eq!(merged(&[times(2.0, 1.0), times(3.0, 1.0)]), [6.0, 18.0]);
        assert_eq!(merged(&[adds_one(), adds_one()]), [3.0, 5.0]);
    }

    #[test]
    fn a_factor_multiplies_what_all_others_leave() {
        assert_eq!(merged(&[WeightedUpdate::times(0.25)]), [0.25, 0.75]);
        assert_eq!(merged(&[adds_one(), WeightedUpdate::times(0.25)]), [0.5, 1.0]);
        assert_eq!(merged(&[times(2.0, 1.0), WeightedUpdate::times(-0.5)]), [-1.0, -3.0]);
    }

    #[test]
    fn a_strength_counts_at_the_turn_of_its_update() {
        assert_eq!(merged(&[adds_one(), times(2.0, 0.5)]), [3.0, 6.0]);
        assert_eq!(merged(&[times(2.0, 0.5), times(2.0, 0.5)]), [2.25, 6.75]);
        assert_eq!(merged(&[adds_one(), times(2.0, 0.0)]), [2.0, 4.0]);
    }

    #[test]
    fn what_looks_sees_the_weight_beneath_its_own_layer() {
        for (shares_layer, sum) in [(false, 8.0), (true, 4.0)] {
            let looks = WeightedUpdate { shares_layer, ..WeightedUpdate::new(Arc::new(AddsSum::default()), 1.0) };
            let updates = [times(2.0, 1.0), looks];
            observe(&updates, |see| {
                see(0..1, vec![1.0, 3.0]);
                Ok::<_, ()>(())
            })
            .unwrap();
            assert_eq!(merged(&updates), [2.0 + sum, 6.0 + sum]);
        }
    }

    #[test]
    fn a_layer_that_stands_on_another_begins_with_what_that_leaves() {
        let beside = WeightedUpdate { shares_layer: true, ..WeightedUpdate::new(Arc::new(AddsUnmerged), 1.0) };
        assert_eq!(merged(&[times(2.0, 1.0), adds_one(), beside.clone()]), [5.0, 13.0]);
        assert_eq!(merged(&[adds_one(), beside]), [3.0, 7.0]);
    }
}
