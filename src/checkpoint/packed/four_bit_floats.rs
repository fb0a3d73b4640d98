//! Weights in 4-bit floats, two to a byte: NVFP4 (groups of 16, scales in E4M3, themselves scaled) and MXFP4 (groups of
//! 32, scales that are powers of two).

use super::{
    PackedError, QuantizationMethod,
    scaled::ScaledRows,
    scales::{Global, ScaleRange, Scales},
    spread::Spread,
    store::{Bytes, Store},
};
use crate::numeric::{Dtype, FloatDtype, codec::RowCode};

/// Weights of a group of NVFP4.
pub(super) const NVFP4_GROUP: usize = 16;

/// Weights of a group of MXFP4.
pub(super) const MXFP4_GROUP: usize = 32;

/// A weight as its files name it.
pub(super) struct Names<'a> {
    /// Its codes.
    pub codes: &'a str,
    /// Its scales.
    pub scales: &'a str,
    /// What the model calls it.
    pub weight: &'a str,
}

/// Takes a weight of NVFP4, whose scales are scaled by `global`: which of the two ways, and the tensor.
pub(super) fn take_nvfp4(
    store: &mut Store<'_>,
    method: QuantizationMethod,
    names: &Names<'_>,
    (scaled_by, global): (fn(Bytes) -> Global, &str),
) -> Result<(), PackedError> {
    let (codes, shape) = take_codes(store, names.codes)?;
    let spread = Spread::Group(NVFP4_GROUP);
    let table = spread.checked(&shape, store.take_table(names.codes, names.scales)?)?;
    let global = scaled_by(store.take_table(names.codes, global)?);
    let scales = Scales::new(table, &[Dtype::F8_E4M3], ScaleRange::NotNegative)?.scaled_by(global)?;
    make(store, method, names, shape, spread, codes, scales);
    Ok(())
}

/// Takes a weight of MXFP4.
pub(super) fn take_mxfp4(
    store: &mut Store<'_>,
    method: QuantizationMethod,
    names: &Names<'_>,
) -> Result<(), PackedError> {
    let (codes, shape) = take_codes(store, names.codes)?;
    let spread = Spread::Group(MXFP4_GROUP);
    let table = spread.checked(&shape, store.take_table(names.codes, names.scales)?)?;
    let scales = Scales::new(table, &Scales::POWERS, ScaleRange::Positive)?;
    make(store, method, names, shape, spread, codes, scales);
    Ok(())
}

/// The codes, and the shape of the weights that they are.
fn take_codes(store: &mut Store<'_>, name: &str) -> Result<(Bytes, Vec<usize>), PackedError> {
    let count = store.get(name).map_or(0, |stored| stored.element_count() as u64 * 2);
    let codes = store.take_codes(name, count)?.typed(&[Dtype::U8])?;
    let mut shape = codes.shape.clone();
    match &mut shape[..] {
        [.., _, columns] if count > 0 => *columns *= 2,
        _ => return Err(PackedError::WrongShape { tensor: codes.name, shape, expected: vec![1, 1] }),
    }
    Ok((codes, shape))
}

fn make(
    store: &mut Store<'_>,
    method: QuantizationMethod,
    names: &Names<'_>,
    shape: Vec<usize>,
    spread: Spread,
    codes: Bytes,
    scales: Scales,
) {
    // Both are decoded to it, whatever the rest of the model has.
    let dtype = FloatDtype::BF16;
    let grid = spread.grid(&shape);
    let rows = ScaledRows { dtype, code: RowCode::E2M1, codes, grid, scales, zero_points: None, group_index: None };
    store.make(method, (names.codes, names.weight), shape, dtype, rows);
}
