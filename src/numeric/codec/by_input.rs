//! Integers that are stored by input, the codes of all outputs side by side, with a scale and a zero point for each output
//! and group of inputs: GPTQ and AWQ. What comes out has a row for each output.

#![expect(clippy::inline_always, reason = "only what is inlined is compiled with the instructions of a level")]

use std::{fmt, ops::Range};

use super::turned::{DEPTH, LANES, turn};
use crate::numeric::{
    CpuLevel, FloatDtype,
    lanes::{Element, Lanes, with_element},
    level::LaneLoop,
};

/// Outputs that a word may hold, between which no run may begin.
const ALIGNED: usize = 8;

/// How a format packs what it stores by input. Outputs are counted from one whose codes begin a word in every row, and
/// runs of them are asked for that begin with a multiple of eight.
pub trait ByInput: fmt::Debug + Send + Sync {
    /// Rows of codes for so many inputs.
    fn code_rows(&self, inputs: usize) -> usize;

    /// Bytes of a row of codes that hold those of the first `outputs`.
    fn code_bytes(&self, outputs: usize) -> usize;

    /// Bytes of a row of zero points that hold those of the first `outputs`.
    fn zero_bytes(&self, outputs: usize) -> usize;

    /// Writes the codes of `input` for `outputs`, of `rows` that are `row_byte_count` long.
    fn codes(&self, rows: &[u8], row_byte_count: usize, input: usize, outputs: Range<usize>, codes: &mut [u8]);

    /// Writes the zero points for `outputs`, of their `row`.
    fn zeros(&self, row: &[u8], outputs: Range<usize>, zeros: &mut [u8]);

    /// Whether a zero point of 0 is a sum that went over the last code, which other programs read as one more than it.
    fn wraps_zeros(&self) -> bool {
        false
    }
}

/// What is stored of neighbouring outputs, row by row.
#[derive(Clone, Copy, Debug)]
pub struct Strip<'a> {
    /// The codes.
    pub codes: &'a [u8],
    /// A row of zero points for each group.
    pub zeros: &'a [u8],
    /// A row of scales for each group, in the dtype of the weights.
    pub scales: &'a [u8],
    /// How many outputs there are.
    pub outputs: usize,
    /// The group of each input.
    pub groups: &'a [u32],
}

/// Decodes the rows of `outputs` from `strip`: `round(scale · (code - zero point))`, a product that f32 holds exactly.
/// `dtype` is one of 16 bits.
///
/// # Panics
/// If a slice is shorter than the numbers of outputs, inputs and groups ask for, or `bytes` has another length than the rows.
pub fn decode_by_input(
    packing: &impl ByInput,
    dtype: FloatDtype,
    strip: &Strip<'_>,
    outputs: Range<usize>,
    bytes: &mut [u8],
) {
    let columns = strip.groups.len();
    assert_eq!(bytes.len(), outputs.len() * columns * 2, "bytes and rows must agree");
    CpuLevel::detected().run(Decode { packing, dtype, strip, outputs, bytes });
}

struct Decode<'a, P> {
    packing: &'a P,
    dtype: FloatDtype,
    strip: &'a Strip<'a>,
    outputs: Range<usize>,
    bytes: &'a mut [u8],
}

impl<P: ByInput> LaneLoop for Decode<'_, P> {
    type Output = ();

    #[inline(always)]
    fn run<L: Lanes>(self, lanes: L) {
        with_element!(self.dtype, E => decode::<P, E, L>(lanes, self));
    }
}

#[inline(always)]
fn decode<P: ByInput, E: Element, L: Lanes>(lanes: L, work: Decode<'_, P>) {
    let Decode { packing, strip, outputs, bytes, .. } = work;
    let columns = strip.groups.len();
    let (code_row, zero_row, scale_row) =
        (packing.code_bytes(strip.outputs), packing.zero_bytes(strip.outputs), strip.outputs * 2);
    let group_count = strip.scales.len() / scale_row.max(1);
    let (mut scales, mut zeros) = (vec![[0.0_f32; LANES]; group_count], vec![[0_u8; LANES]; group_count]);
    let (mut values, mut lines) = ([[0.0_f32; LANES]; DEPTH], [[[0; 2]; LANES]; DEPTH]);
    let mut rest = bytes;
    for first in (outputs.start / ALIGNED * ALIGNED..outputs.end).step_by(LANES) {
        let taken = first..(first + LANES).min(strip.outputs);
        for (group, (scales, zeros)) in scales.iter_mut().zip(&mut zeros).enumerate() {
            let row = &strip.scales[group * scale_row..];
            E::widen_all(lanes, &row[taken.start * 2..taken.end * 2], &mut scales[..taken.len()]);
            packing.zeros(&strip.zeros[group * zero_row..(group + 1) * zero_row], taken.clone(), zeros);
        }
        let wanted = outputs.start.max(first) - first..outputs.end.min(taken.end) - first;
        let (rows, later) = rest.split_at_mut(wanted.len() * columns * 2);
        let mut codes = [0; LANES];
        for (index, groups) in strip.groups.chunks(DEPTH).enumerate() {
            for (input, (values, group)) in values.iter_mut().zip(groups).enumerate() {
                packing.codes(strip.codes, code_row, index * DEPTH + input, taken.clone(), &mut codes);
                let (scales, zeros) = (&scales[*group as usize], &zeros[*group as usize]);
                for lane in 0..LANES {
                    values[lane] = scales[lane] * (f32::from(codes[lane]) - f32::from(zeros[lane]));
                }
            }
            let lines = &mut lines[..groups.len()];
            E::narrow_all(lanes, values[..groups.len()].as_flattened(), lines.as_flattened_mut().as_flattened_mut());
            turn(lines, wanted.clone(), index * DEPTH, columns, rows);
        }
        rest = later;
    }
}
