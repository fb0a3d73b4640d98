//! How much of an adapter will survive the rounding, from some rows of each target, and what to do where it is little.
//!
//! A base in 16 bits lies on the grid of its dtype, so an update below half a unit rounds away: a dead zone. The gain
//! ⟨E, Δ⟩ / ⟨Δ, Δ⟩ says how much is left, where Δ is the change asked for and E the one that is stored.

use std::ops::Range;

use serde::Serialize;

use super::{Action, DtypePolicy, MergePlan, PlanError, Rounding, TensorStep, layout, packed_weights::PackedWeights};
use crate::{
    adapter::{
        Adapter, AdapterError, WeightedUpdate,
        composition::{DeltaBuffers, row_block},
    },
    checkpoint::Checkpoint,
    job::JobContext,
    matching::{Matching, load_updates},
    message::said_in_english,
    numeric::{
        CpuLevel, FloatDtype, Noise, PackedSum, TileBytes, TileShape, TileStats,
        codec::{Nf4Encoder, Nf4Format},
        widen,
    },
};

/// Elements sampled of all targets together: 8 MB in 16 bits.
const SAMPLE_ELEMENTS: usize = 1 << 22;

/// Elements sampled of one target at the least, 16 rows of a matrix 4096 wide, and at the most.
const TARGET_ELEMENTS: Range<usize> = 1 << 16..1 << 19;

/// Runs of neighbouring rows that a sample is made of.
const RUNS: usize = 4;

/// A gain from which on rounding costs nothing that anybody would notice.
const GOOD_GAIN: f64 = 0.9;

/// A gain below which weights are packed only where the user says so.
const LEAST_PACKED_GAIN: f64 = 0.5;

/// A gain in bfloat16 from which on float16, with eight times finer units, keeps nine tenths: measured on weights as
/// they are distributed in models, at ‖Δ‖/‖W‖ of 4·10⁻⁴.
const F16_SUFFICES_FROM: f64 = 0.2;

/// What the sampled rows say.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
pub struct SurvivalEstimate {
    /// Each updated tensor that could be sampled.
    pub tensors: Vec<TensorSurvival>,
    /// The sums over all of them, as if all rows had been read.
    pub overall: TileStats,
    /// The part that each dtype would keep of all updates.
    pub gain_by_dtype: Vec<(FloatDtype, f64)>,
    /// How weights are packed again, where the merge packs them: then the sums above are of what packing leaves.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub packed: Option<Nf4Format>,
    /// What packing them as NF4, in blocks as the plan has them or as usual, would leave of all updates; of those that are
    /// not packed, what rounding leaves. `None` where the model's layers are not known.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub if_packed: Option<TileStats>,
    /// What to do, where it is little.
    pub advice: Option<SurvivalAdvice>,
    /// Tensors left out because their method looks at all rows first.
    pub left_out: usize,
}

/// One tensor.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct TensorSurvival {
    /// Its name.
    pub name: String,
    /// The dtype that it is written in.
    pub dtype: FloatDtype,
    /// The sums, as if all rows had been read.
    pub stats: TileStats,
    /// The part of the update that survives.
    pub gain: Option<f64>,
    /// The part of the elements that change.
    pub changed_share: f64,
}

/// What a plan's estimate comes to; a message.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
pub struct SurvivalSentence {
    /// The dtype that most of the updates are written in.
    pub dtype: FloatDtype,
    /// The part of the adapter that it keeps.
    pub gain: f64,
    /// The part of the target values that change.
    pub changed_share: f64,
}

/// What packing leaves of an adapter; a message.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
pub struct PackedSurvival {
    /// The part of its change that is left.
    pub gain: f64,
    /// The part of the target codes that move.
    pub moved_share: f64,
    /// How far packing moves the values, as a multiple of the change.
    pub noise: f64,
}

/// What to do where rounding takes much of an adapter away; a message.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct SurvivalAdvice {
    /// The dtype that is written.
    pub dtype: FloatDtype,
    /// The part of the adapter that it keeps.
    pub gain: f64,
    /// Dtypes that keep nearly all of it, the safest first; stochastic rounding always helps in 16 bits.
    pub better: Vec<FloatDtype>,
}

/// What is merged, and how.
#[derive(Clone, Copy)]
pub struct SurvivalQuestion<'a> {
    /// The base.
    pub base: &'a Checkpoint,
    /// The adapters.
    pub adapters: &'a [Adapter],
    /// How they fit together.
    pub matching: &'a Matching,
    /// A factor for each adapter.
    pub strengths: &'a [f64],
    /// What happens to dtypes.
    pub dtype: DtypePolicy,
    /// How weights are packed again.
    pub requantize: Option<Nf4Format>,
    /// How updated tensors are rounded.
    pub rounding: Rounding,
}

impl MergePlan {
    /// Estimates how much of the adapters this merge will keep; reads some rows of each target.
    ///
    /// # Errors
    /// Factors or weights that cannot be read, or a cancelled job.
    pub fn estimate_survival(&self, job: &JobContext) -> Result<SurvivalEstimate, PlanError> {
        let question = SurvivalQuestion {
            base: &self.base,
            adapters: &self.adapters,
            matching: &self.matching,
            strengths: &self.strengths,
            dtype: self.dtype,
            requantize: self.requantize,
            rounding: self.rounding,
        };
        estimate_survival(question, job)
    }

    /// Estimates what packing leaves, and refuses the merge where that is less than half and the user did not accept it.
    /// Nothing is read of a merge that packs nothing.
    ///
    /// # Errors
    /// As [`Self::estimate_survival`] and [`SurvivalEstimate::refuse_loss`].
    pub fn refuse_loss(&self, job: &JobContext) -> Result<(), PlanError> {
        if self.requantize.is_none() || self.accepts_loss {
            return Ok(());
        }
        self.estimate_survival(job)?.refuse_loss()
    }
}

/// Estimates how much of the adapters a merge would keep; reads some rows of each target.
///
/// # Errors
/// As [`MergePlan::estimate_survival`].
pub fn estimate_survival(question: SurvivalQuestion<'_>, job: &JobContext) -> Result<SurvivalEstimate, PlanError> {
    let SurvivalQuestion { base, adapters, matching, dtype, rounding, .. } = question;
    let inputs = layout::Inputs { base, adapters, matching };
    let format = question.requantize.unwrap_or_default();
    // A model whose layers are not known is refused by the plan; here it has nothing to say of packing.
    let packed = PackedWeights::choose(base, adapters, matching, format).ok();
    let written = layout::Written { dtype, packed: packed.as_ref().filter(|_| question.requantize.is_some()) };
    let steps = layout::steps(inputs, written);
    let mut if_packed = TileStats::default();
    let target_count = steps.iter().flatten().filter(|step| step.action.is_update()).count();
    let budget = (SAMPLE_ELEMENTS / target_count.max(1)).clamp(TARGET_ELEMENTS.start, TARGET_ELEMENTS.end);
    let mut estimate = SurvivalEstimate::default();
    let mut by_dtype = DTYPES.map(|dtype| (dtype, TileStats::default()));
    for step in steps.iter().flatten() {
        job.check_cancelled().map_err(AdapterError::from)?;
        let (Action::Update { updates, factor }, Some(output_dtype)) =
            (&step.action, FloatDtype::of(step.output_dtype))
        else {
            continue;
        };
        let updates = load_updates(updates, *factor, adapters, question.strengths)?;
        if updates.iter().any(|weighted| weighted.update.passes() > 1) {
            estimate.left_out += 1;
            continue;
        }
        let sample = Sample { step, updates: &updates, budget };
        let element_count = step.source.element_count() as u64;
        let rounded = sample.stats(output_dtype, rounding.noise(&step.name))?.extrapolated(element_count);
        let is_packed = packed.as_ref().is_some_and(|packed| packed.encoding_of(&step.name).is_some());
        let in_codes =
            if is_packed { sample.packed(Nf4Encoder { block: format.block, dtype: output_dtype })? } else { None };
        let in_codes = in_codes.map_or(rounded, |stats| stats.extrapolated(element_count));
        if_packed.merge(&in_codes);
        let stats = if question.requantize.is_some() { in_codes } else { rounded };
        for (dtype, sum) in &mut by_dtype {
            sum.merge(&sample.stats(*dtype, None)?.extrapolated(element_count));
        }
        estimate.overall.merge(&stats);
        estimate.tensors.push(TensorSurvival {
            name: step.name.clone(),
            dtype: output_dtype,
            gain: stats.gain(),
            changed_share: stats.changed_share(),
            stats,
        });
    }
    estimate.packed = question.requantize;
    estimate.if_packed = packed.is_some().then_some(if_packed);
    let fits = |stats: &TileStats| stats.output_non_finite_count == 0;
    estimate.gain_by_dtype = by_dtype
        .into_iter()
        .filter(|(_, stats)| fits(stats))
        .filter_map(|(dtype, stats)| Some((dtype, stats.gain()?)))
        .collect();
    estimate.advice = estimate.dtype().filter(|_| question.requantize.is_none()).and_then(|dtype| {
        let keeps = |other: &&(FloatDtype, f64)| other.0 != dtype && other.1 >= GOOD_GAIN;
        let better: Vec<FloatDtype> = estimate.gain_by_dtype.iter().filter(keeps).map(|(dtype, _)| *dtype).collect();
        advice(estimate.overall.gain()?, dtype, &better, rounding)
    });
    Ok(estimate)
}

/// The dtypes that are compared, the safest first.
const DTYPES: [FloatDtype; 3] = [FloatDtype::F32, FloatDtype::F16, FloatDtype::BF16];

impl SurvivalEstimate {
    /// The dtype that most of the updates are written in.
    #[must_use]
    pub fn dtype(&self) -> Option<FloatDtype> {
        let element_count =
            |dtype: FloatDtype| self.tensors.iter().filter(|t| t.dtype == dtype).map(|t| t.stats.element_count).sum();
        DTYPES
            .into_iter()
            .filter(|dtype| element_count(*dtype) > 0)
            .max_by_key(|dtype| -> u64 { element_count(*dtype) })
    }

    /// What it comes to; `None` where nothing was sampled.
    #[must_use]
    pub fn sentence(&self) -> Option<SurvivalSentence> {
        let (dtype, gain) = (self.dtype().filter(|_| self.packed.is_none())?, self.overall.gain()?);
        Some(SurvivalSentence { dtype, gain, changed_share: self.overall.changed_share() })
    }

    /// What packing leaves; `None` where the merge packs nothing.
    #[must_use]
    pub fn packed_survival(&self) -> Option<PackedSurvival> {
        self.packed.and_then(|_| PackedSurvival::of(&self.overall))
    }

    /// Refuses a merge that packs its weights where less than half of the change would be left.
    ///
    /// # Errors
    /// [`PlanError::TooMuchLost`]; [`PlanError::RoundedAway`] where the dtype alone leaves as little.
    pub fn refuse_loss(&self) -> Result<(), PlanError> {
        let Some(PackedSurvival { gain, .. }) = self.packed_survival().filter(PackedSurvival::is_little) else {
            return Ok(());
        };
        let rounded = self.dtype().and_then(|dtype| self.gain_by_dtype.iter().find(|(other, _)| *other == dtype));
        Err(match rounded {
            Some((dtype, rounded_gain)) if *rounded_gain < LEAST_PACKED_GAIN => {
                PlanError::RoundedAway { dtype: *dtype, rounded_gain: *rounded_gain, gain }
            }
            _ => PlanError::TooMuchLost { gain },
        })
    }
}

/// What to do where `gain` of the updates is all that `dtype` keeps; `None` where that is enough.
#[must_use]
pub fn survival_advice(gain: f64, dtype: FloatDtype, rounding: Rounding) -> Option<SurvivalAdvice> {
    let better: &[FloatDtype] = match dtype {
        FloatDtype::BF16 if gain >= F16_SUFFICES_FROM => &[FloatDtype::F32, FloatDtype::F16],
        FloatDtype::BF16 | FloatDtype::F16 => &[FloatDtype::F32],
        FloatDtype::F32 => &[],
    };
    advice(gain, dtype, better, rounding)
}

fn advice(gain: f64, dtype: FloatDtype, better: &[FloatDtype], rounding: Rounding) -> Option<SurvivalAdvice> {
    let is_needed = gain < GOOD_GAIN && !rounding.is_stochastic();
    is_needed.then(|| SurvivalAdvice { dtype, gain, better: better.to_vec() })
}

impl PackedSurvival {
    /// What `stats` of packed targets say; `None` where there is no change.
    #[must_use]
    pub fn of(stats: &TileStats) -> Option<Self> {
        let (gain, noise) = (stats.gain()?, stats.packing_noise()?);
        Some(Self { gain, moved_share: stats.changed_share(), noise })
    }

    /// Whether less than half is left.
    #[must_use]
    pub fn is_little(&self) -> bool {
        self.gain < LEAST_PACKED_GAIN
    }
}

said_in_english!(SurvivalSentence, SurvivalAdvice, PackedSurvival);

/// Some rows of one target.
struct Sample<'a> {
    step: &'a TensorStep,
    updates: &'a [WeightedUpdate],
    budget: usize,
}

impl Sample<'_> {
    /// What rounding to `output_dtype` does to them.
    fn stats(&self, output_dtype: FloatDtype, noise: Option<Noise>) -> Result<TileStats, PlanError> {
        let mut stats = TileStats::default();
        self.each_run(output_dtype, noise, |run| stats.merge(&run.stats))?;
        Ok(stats)
    }

    /// What packing by `encoder` does to them, as if a block began with each run; `None` where a value has no code, which
    /// the merge will say.
    fn packed(&self, encoder: Nf4Encoder) -> Result<Option<TileStats>, PlanError> {
        let (mut stats, mut is_finite) = (TileStats::default(), true);
        self.each_run(FloatDtype::F32, None, |run| {
            let (mut weight, mut sum) = (vec![0.0; run.element_count], vec![0.0; run.element_count]);
            widen(run.input.0, run.input.1, &mut weight);
            widen(FloatDtype::F32, run.output, &mut sum);
            let mut codes = vec![0; sum.len().div_ceil(2)];
            let mut absmax = vec![0.0; sum.len().div_ceil(encoder.block)];
            match (PackedSum { encoder, weight: &weight, sum: &sum }).write(&mut codes, &mut absmax, true) {
                Ok(packing) => stats.merge(&run.stats.packed(&packing)),
                Err(_) => is_finite = false,
            }
        })?;
        Ok(is_finite.then_some(stats))
    }

    /// Computes the sampled runs, rounded to `output_dtype`, and hands each on.
    fn each_run(
        &self,
        output_dtype: FloatDtype,
        noise: Option<Noise>,
        mut take: impl FnMut(Run<'_>),
    ) -> Result<(), PlanError> {
        let source = &self.step.source;
        let (shape, input_dtype) = (source.tile_shape(), source.float_dtype()?);
        let mut buffers = DeltaBuffers::default();
        for rows in sampled_blocks(shape, row_block(self.updates), self.budget) {
            let element_count = rows.len() * shape.columns;
            let mut input = vec![0; element_count * input_dtype.byte_count()];
            source.read_row_bytes(rows.clone(), &mut input)?;
            let mut delta = vec![0.0; element_count];
            let scaled = buffers.write(self.updates, &rows, &|weight| widen(input_dtype, &input, weight), &mut delta);
            let mut output = vec![0; element_count * output_dtype.byte_count()];
            let (summand, summand_dtype) =
                scaled.map_or((&input[..], input_dtype), |scaled| (bytemuck::cast_slice(scaled), FloatDtype::F32));
            let bytes = TileBytes { input: summand, input_dtype: summand_dtype, output: &mut output, output_dtype };
            let first_element = (rows.start * shape.columns) as u64;
            let stats = match noise {
                None => bytes.write_sum(CpuLevel::detected(), &delta),
                Some(noise) => bytes.write_sum_by_chance(CpuLevel::detected(), &delta, noise, first_element),
            };
            take(Run { element_count, input: (input_dtype, &input), output: &output, stats });
        }
        Ok(())
    }
}

/// A computed run of a sample.
struct Run<'a> {
    element_count: usize,
    input: (FloatDtype, &'a [u8]),
    output: &'a [u8],
    stats: TileStats,
}

/// As [`sampled_rows`], in blocks of `block` rows.
fn sampled_blocks(shape: TileShape, block: usize, budget: usize) -> impl Iterator<Item = Range<usize>> {
    let blocks = shape.joined(block);
    let rows_in_block = shape.rows / blocks.rows.max(1);
    sampled_rows(blocks, budget).into_iter().map(move |run| run.start * rows_in_block..run.end * rows_in_block)
}

/// Runs of rows spread over a matrix; one run with all of them where that is little enough.
pub(super) fn sampled_rows(shape: TileShape, budget: usize) -> Vec<Range<usize>> {
    let TileShape { rows, columns } = shape;
    let affordable = budget / columns.max(1);
    if affordable >= rows {
        return std::iter::once(0..rows).filter(|all| !all.is_empty()).collect();
    }
    let run_rows = (affordable / RUNS).max(1);
    (0..RUNS).map(|run| rows * run / RUNS).map(|start| start..(start + run_rows).min(rows)).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn advice_names_what_keeps_the_adapter() {
        let advice = |gain, dtype| survival_advice(gain, dtype, Rounding::Nearest).map(|advice| advice.to_string());
        assert_eq!(
            advice(0.24, FloatDtype::BF16).as_deref(),
            Some("bf16 keeps 24 % of this adapter: write float32 or float16, or round stochastically")
        );
        assert_eq!(
            advice(0.06, FloatDtype::BF16).as_deref(),
            Some("bf16 keeps 6 % of this adapter: write float32, or round stochastically")
        );
        assert_eq!(
            advice(0.45, FloatDtype::F16).as_deref(),
            Some("float16 keeps 45 % of this adapter: write float32, or round stochastically")
        );
        assert_eq!(advice(0.97, FloatDtype::BF16), None);
        assert_eq!(survival_advice(0.06, FloatDtype::BF16, Rounding::Stochastic { seed: 1 }), None);
    }

    #[test]
    fn samples_are_small_and_spread() {
        let runs = |rows, columns| sampled_rows(TileShape { rows, columns }, TARGET_ELEMENTS.start);
        assert_eq!(runs(688, 64), std::iter::once(0..688).collect::<Vec<_>>());
        assert_eq!(runs(4096, 4096), [0..4, 1024..1028, 2048..2052, 3072..3076]);
        assert_eq!(runs(8, 1 << 20), [0..1, 2..3, 4..5, 6..7]);
        assert!(runs(0, 4).is_empty());
    }
}
