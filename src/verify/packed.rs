//! A target that is packed as NF4: right where its codes and scales are what packing the recomputed weights gives.
//!
//! The exact sum in f64 is rounded to the dtype that the weight is unpacked to and packed by the merge's own encoder. A
//! code may be its neighbour only where the value lies within the error of an f32 product, or of the f32 scale, of the
//! middle between the two; a scale may be another only where the largest value of its block may round otherwise. Scales
//! that are packed too are judged in `nested_scales.rs`. Everything else is wrong.

use std::ops::Range;

use rayon::iter::{IntoParallelRefIterator as _, ParallelIterator as _};

use super::{
    Agreement, ChangeSums, RoundingPolicy, TensorVerdict, VerifyError,
    agreement::PRODUCT_TOLERANCE,
    exact::{Exact, read_f64},
    nested_scales,
};
use crate::{
    checkpoint::{Checkpoint, LogicalTensor},
    error::{IoAction, IoContext as _},
    job::JobContext,
    numeric::{
        FloatDtype,
        codec::{DYNAMIC_MAP, FourBit, NF4, NestedScales, Nf4Encoder, Nf4Format},
        narrow, widen,
    },
    plan::{ABSMAX, NESTED_ABSMAX, NESTED_QUANT_MAP, Nf4Tables, QUANT_MAP, STATE},
    platform,
};

/// Elements judged at once: whole blocks, whatever their size.
const CHUNK_ELEMENTS: usize = 1 << 18;

/// f32 arithmetic between a value and its code: the inverse of a scale, and a product with it.
const SCALE_TOLERANCE: f64 = 1.0 / (1 << 21) as f64;

/// A weight of the merged folder that is packed as NF4, with what lies in the files.
pub(super) struct PackedWeight<'a> {
    tensor: &'a LogicalTensor,
    format: Nf4Format,
    dtype: FloatDtype,
    codes: &'a LogicalTensor,
    merged: &'a Checkpoint,
}

/// What one chunk says.
struct ChunkVerdict {
    agreement: Agreement,
    change: ChangeSums,
    /// The scale of each block, as packing the recomputed weights gives it.
    absmax: Vec<f32>,
    /// The least and the largest that it may be; asked for scales that are packed too.
    ranges: Vec<(f64, f64)>,
}

impl<'a> PackedWeight<'a> {
    /// `tensor`, where the merged folder holds it so.
    pub fn of(tensor: &'a LogicalTensor, merged: &'a Checkpoint) -> Option<Self> {
        let stored = merged.stored_tensors();
        let state = read(stored.get(&format!("{}{STATE}", tensor.stored_name()))?).ok()?;
        let state: serde_json::Value = serde_json::from_slice(&state).ok()?;
        let block = usize::try_from(state["blocksize"].as_u64()?).ok()?;
        let is_double = stored.contains_key(&format!("{}{NESTED_ABSMAX}", tensor.stored_name()));
        let (dtype, codes) = (FloatDtype::of(tensor.dtype())?, stored.get(tensor.stored_name())?);
        let is_known = Nf4Encoder::BLOCKS.contains(&block);
        is_known.then_some(Self { tensor, format: Nf4Format { block, is_double }, dtype, codes, merged })
    }

    /// How it is packed.
    pub fn format(&self) -> Nf4Format {
        self.format
    }

    /// Holds it against what `exact` gives.
    pub fn judge(&self, exact: &Exact, job: &JobContext) -> Result<TensorVerdict, VerifyError> {
        let count = self.tensor.element_count();
        let chunks = self.chunks();
        let scales = if self.format.is_double { None } else { Some(self.floats(ABSMAX)?) };
        let judge = |elements: &Range<usize>| {
            job.check_cancelled()?;
            self.judge_chunk(elements.clone(), exact, scales.as_deref())
        };
        let mut verdict = TensorVerdict { policy: RoundingPolicy::Packed, ..TensorVerdict::new(self.tensor.name()) };
        let (mut absmax, mut ranges) = (Vec::new(), Vec::new());
        for chunk in chunks.par_iter().map(judge).collect::<Result<Vec<_>, VerifyError>>()? {
            verdict.agreement = verdict.agreement.merge(chunk.agreement);
            verdict.change = verdict.change.merge(chunk.change);
            absmax.extend(chunk.absmax);
            ranges.extend(chunk.ranges);
        }
        let wrong_count = &mut verdict.agreement.wrong_count;
        *wrong_count = (*wrong_count + self.wrong_tables(&absmax, &ranges)?).min(count as u64);
        if !exact.is_updated() {
            // Of a weight that is only packed, what is not due is a change, and nothing else.
            verdict.agreement.changed_count = *wrong_count;
        }
        if exact.is_target {
            let mut hasher = blake3::Hasher::new();
            for output in self.tables().outputs() {
                hasher.update(&self.part(&output.name)?);
            }
            verdict.blake3 = Some(hasher.finalize().to_hex().to_string());
        }
        Ok(verdict)
    }

    /// Whether its codes are those of `whole`, a tensor of the same shape.
    pub fn holds(&self, whole: &LogicalTensor) -> Result<bool, VerifyError> {
        let Some(dtype) = FloatDtype::of(whole.dtype()).filter(|_| whole.shape() == self.tensor.shape()) else {
            return Ok(false);
        };
        let encoder = Nf4Encoder { block: self.format.block, dtype: self.dtype };
        for elements in self.chunks() {
            let values = read_elements(whole, dtype, &elements)?;
            let (codes, _) = packed(encoder, &round_all(self.dtype, values.into_iter()));
            if codes != self.codes(FourBit::code_bytes(&elements))? {
                return Ok(false);
            }
        }
        Ok(true)
    }

    fn chunks(&self) -> Vec<Range<usize>> {
        let count = self.tensor.element_count();
        (0..count).step_by(CHUNK_ELEMENTS).map(|start| start..(start + CHUNK_ELEMENTS).min(count)).collect()
    }

    fn tables(&self) -> Nf4Tables<'_> {
        let (name, shape) = (self.tensor.stored_name(), self.tensor.shape());
        Nf4Tables { name, shape, dtype: self.dtype, format: self.format }
    }

    /// The bytes of a stored tensor; none where it is not there.
    fn part(&self, name: &str) -> Result<Vec<u8>, VerifyError> {
        self.merged.stored_tensors().get(name).map_or_else(|| Ok(Vec::new()), read)
    }

    fn table(&self, ending: &str) -> Result<Vec<u8>, VerifyError> {
        self.part(&format!("{}{ending}", self.tensor.stored_name()))
    }

    /// A run of the bytes that hold the codes, under whatever dtype they stand in the file.
    fn codes(&self, bytes: Range<usize>) -> Result<Vec<u8>, VerifyError> {
        let Some((file, offset)) = self.codes.span() else { unreachable!("packed weights are opened as spans") };
        let mut codes = vec![0; bytes.len()];
        platform::read_exact_at(file.handle(), &mut codes, offset + bytes.start as u64)
            .at(IoAction::ReadWeights, file.path())?;
        Ok(codes)
    }

    fn floats(&self, ending: &str) -> Result<Vec<f32>, VerifyError> {
        let bytes = self.table(ending)?;
        Ok(bytes.as_chunks().0.iter().map(|bytes| f32::from_le_bytes(*bytes)).collect())
    }

    fn judge_chunk(
        &self,
        elements: Range<usize>,
        exact: &Exact,
        scales: Option<&[f32]>,
    ) -> Result<ChunkVerdict, VerifyError> {
        let recomputed = RecomputedRun::of(&elements, exact)?;
        let encoder = Nf4Encoder { block: self.format.block, dtype: self.dtype };
        let codec = FourBit { table: NF4, block: self.format.block, dtype: self.dtype };
        let (expected, absmax) = packed(encoder, &round_all(self.dtype, recomputed.values.iter().copied()));
        let (base_codes, base_absmax) = packed(encoder, &round_all(self.dtype, recomputed.source.iter().copied()));
        let unpacked_base = unpacked(&codec, &base_codes, &base_absmax, elements.len());
        let codes = &self.codes(FourBit::code_bytes(&elements))?;
        // What packing the scales moves is no part of the change: those of the base would move alike.
        let stored = match scales {
            Some(_) => read_elements(self.tensor, self.dtype, &elements)?,
            None => unpacked(&codec, codes, &absmax, elements.len()),
        };
        let blocks = codec.blocks(&elements);
        let scales = scales.map(|scales| &scales[blocks]);
        let mut agreement = Agreement { element_count: elements.len() as u64, ..Agreement::default() };
        let mut change = ChangeSums::default();
        // Scales within which the block's may lie; looked for only where something differs.
        let mut range = (usize::MAX, (0.0, 0.0));
        for index in 0..elements.len() {
            let (source, value, stored) = (recomputed.source[index], recomputed.values[index], stored[index]);
            let base = unpacked_base[index];
            change.observe(source, value, source + (stored - base));
            agreement.changed_count += u64::from(stored != base);
            agreement.max_error = agreement.max_error.max((stored - value).abs());
            let block = index / self.format.block;
            let (code, due) = (code_at(codes, index), code_at(&expected, index));
            let is_scale_due = scales.is_none_or(|scales| scales[block].to_bits() == absmax[block].to_bits());
            if is_scale_due && code == due {
                agreement.exact_count += 1;
                continue;
            }
            if range.0 != block {
                range = (block, recomputed.scale_range(block, self.format.block, self.dtype));
            }
            let (least, largest) = range.1;
            let scale = match scales.map(|scales| f64::from(scales[block])) {
                Some(scale) if is_scale_due || (least..=largest).contains(&scale) => (scale, scale),
                Some(_) => {
                    agreement.wrong_count += 1;
                    continue;
                }
                None => (least, largest),
            };
            if code.abs_diff(due) <= 1 && may_be(code, recomputed.value_range(index, self.dtype), scale) {
                agreement.near_count += 1;
            } else {
                agreement.wrong_count += 1;
            }
        }
        let range = |block| recomputed.scale_range(block, self.format.block, self.dtype);
        let ranges = if self.format.is_double { (0..absmax.len()).map(range).collect() } else { Vec::new() };
        Ok(ChunkVerdict { agreement, change, absmax, ranges })
    }

    /// Values whose tables are not those that go with the scales of all blocks.
    fn wrong_tables(&self, absmax: &[f32], ranges: &[(f64, f64)]) -> Result<u64, VerifyError> {
        let known = self.table(QUANT_MAP)? == le_bytes(&NF4);
        let everything = self.tensor.element_count() as u64;
        if !self.format.is_double {
            return Ok(if known { 0 } else { everything });
        }
        if self.table(NESTED_QUANT_MAP)? != le_bytes(&*DYNAMIC_MAP) || !known {
            return Ok(everything);
        }
        let (codes, nested) = (self.table(ABSMAX)?, self.floats(NESTED_ABSMAX)?);
        let state: serde_json::Value = serde_json::from_slice(&self.table(STATE)?).unwrap_or_default();
        // A number in JSON may be read half a unit off; it stands for a float32.
        #[expect(clippy::cast_possible_truncation, reason = "a float32, written as JSON writes numbers")]
        let Some(offset) = state["nested_offset"].as_f64().map(|offset| offset as f32) else { return Ok(everything) };
        let due = NestedScales::of(absmax);
        if offset.to_bits() == due.offset.to_bits() && nested == due.absmax && codes == due.codes {
            return Ok(0);
        }
        let wrong = nested_scales::wrong_count(&codes, &nested, offset.into(), ranges);
        Ok(wrong.map_or(everything, |count| (count * self.format.block) as u64))
    }
}

/// A run of the exact result.
struct RecomputedRun {
    source: Vec<f64>,
    values: Vec<f64>,
    /// How far a merge in f32 may be away.
    tolerance: f64,
}

impl RecomputedRun {
    fn of(elements: &Range<usize>, exact: &Exact) -> Result<Self, VerifyError> {
        let shape = exact.source.tile_shape();
        let (columns, together) = (shape.columns, exact.row_block());
        let first = elements.start / columns / together * together;
        let end = elements.end.div_ceil(columns).next_multiple_of(together).min(shape.rows);
        let tile = exact.rows(first..end, RoundingPolicy::Once)?;
        let skipped = elements.start - first * columns;
        let run = |values: Vec<f64>| values[skipped..skipped + elements.len()].to_vec();
        let tolerance = PRODUCT_TOLERANCE * tile.magnitude_bound;
        Ok(Self { source: run(tile.source), values: run(tile.values), tolerance })
    }

    /// The least and the largest value in the dtype that a merge in f32 may have rounded to.
    fn value_range(&self, index: usize, dtype: FloatDtype) -> (f64, f64) {
        let round = |shift| dtype.round_to_nearest(self.values[index] + shift);
        (round(-self.tolerance), round(self.tolerance))
    }

    /// The least and the largest scale that a block may have.
    fn scale_range(&self, block: usize, block_len: usize, dtype: FloatDtype) -> (f64, f64) {
        let elements = block * block_len..((block + 1) * block_len).min(self.values.len());
        elements.fold((0.0, 0.0), |(least, largest): (f64, f64), index| {
            let (low, high) = self.value_range(index, dtype);
            let spans_zero = low <= 0.0 && high >= 0.0;
            let smaller = if spans_zero { 0.0 } else { low.abs().min(high.abs()) };
            (least.max(smaller), largest.max(low.abs().max(high.abs())))
        })
    }
}

/// Whether a value of that range, divided by a scale of that range, may get `code`.
fn may_be(code: u8, (low, high): (f64, f64), (least_scale, largest_scale): (f64, f64)) -> bool {
    let scales = [least_scale, largest_scale].map(|scale| scale.max(f64::from(f32::MIN_POSITIVE)));
    let quotients = || [low, high].into_iter().flat_map(|value| scales.map(|scale| value / scale));
    let least = quotients().fold(f64::INFINITY, f64::min) - SCALE_TOLERANCE;
    let largest = quotients().fold(f64::NEG_INFINITY, f64::max) + SCALE_TOLERANCE;
    let value = |code: u8| f64::from(NF4[usize::from(code)]);
    let below = if code == 0 { f64::NEG_INFINITY } else { f64::midpoint(value(code - 1), value(code)) };
    let above = if code == 15 { f64::INFINITY } else { f64::midpoint(value(code), value(code + 1)) };
    least <= above && largest >= below
}

fn round_all(dtype: FloatDtype, values: impl Iterator<Item = f64>) -> Vec<f32> {
    #[expect(clippy::cast_possible_truncation, reason = "numbers of a dtype that f32 holds")]
    values.map(|value| dtype.round_to_nearest(value) as f32).collect()
}

/// Codes and scales of values that have the encoder's dtype; those of values that are no numbers have no meaning, and
/// equal none that is stored.
fn packed(encoder: Nf4Encoder, values: &[f32]) -> (Vec<u8>, Vec<f32>) {
    let mut bytes = vec![0; values.len() * encoder.dtype.byte_count()];
    narrow(encoder.dtype, values, &mut bytes);
    let mut codes = vec![0; values.len().div_ceil(2)];
    let mut absmax = vec![0.0; values.len().div_ceil(encoder.block)];
    if encoder.encode(&bytes, &mut codes, &mut absmax).is_err() {
        absmax.fill(f32::NAN);
    }
    (codes, absmax)
}

fn unpacked(codec: &FourBit, codes: &[u8], absmax: &[f32], count: usize) -> Vec<f64> {
    let mut bytes = vec![0; count * codec.dtype.byte_count()];
    codec.decode(&(0..count), codes, absmax, &mut bytes);
    let mut values = vec![0.0; count];
    widen(codec.dtype, &bytes, &mut values);
    values.into_iter().map(f64::from).collect()
}

/// A run of elements, widened.
fn read_elements(tensor: &LogicalTensor, dtype: FloatDtype, elements: &Range<usize>) -> Result<Vec<f64>, VerifyError> {
    let columns = tensor.tile_shape().columns;
    let rows = elements.start / columns..elements.end.div_ceil(columns);
    let skipped = elements.start - rows.start * columns;
    let values = read_f64(tensor, dtype, rows)?;
    Ok(values[skipped..skipped + elements.len()].to_vec())
}

fn code_at(codes: &[u8], index: usize) -> u8 {
    let byte = codes[index / 2];
    if index.is_multiple_of(2) { byte >> 4 } else { byte & 15 }
}

fn le_bytes(values: &[f32]) -> Vec<u8> {
    values.iter().flat_map(|value| value.to_le_bytes()).collect()
}

/// All bytes of a stored tensor.
fn read(tensor: &LogicalTensor) -> Result<Vec<u8>, VerifyError> {
    let mut bytes = vec![0; usize::try_from(tensor.byte_count()).unwrap_or(usize::MAX)];
    tensor.read_row_bytes(0..tensor.tile_shape().rows, &mut bytes)?;
    Ok(bytes)
}
