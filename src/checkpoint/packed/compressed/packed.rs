//! `pack-quantized`: integers of 1 to 8 bits in 32-bit words, with a scale for each group or row.

use super::config::{Format, Groups, Scheme};
use crate::{
    checkpoint::packed::{
        PackedError, QuantizationMethod,
        scaled::{GroupIndex, ScaledRows},
        scales::{ScaleRange, Scales},
        store::{Bytes, Store},
        zero_points::ZeroPoints,
    },
    numeric::{
        Dtype, FloatDtype,
        codec::{BlockGrid, RowCode},
    },
};

/// Takes the packed weight of `module`.
pub fn take(store: &mut Store<'_>, groups: &Groups, module: &str) -> Result<(), PackedError> {
    let [packed, scale, shape_name] =
        ["weight_packed", "weight_scale", "weight_shape"].map(|part| format!("{module}.{part}"));
    let (shape, count) = read_shape(store, &packed, &shape_name)?;
    let codes = store.take_codes(&packed, count)?.typed(&[Dtype::I32])?;
    let scale = store.take_table(&packed, &scale)?;
    let scheme = groups.of(module, |scheme| {
        let fits = layout(scheme.bits, &shape, &codes).is_ok() && scheme.spread.fits(&shape, &scale.shape);
        scheme.format == Format::Packed && fits
    })?;
    if scheme.format != Format::Packed {
        return Err(PackedError::NoGroup { tensor: module.to_owned() });
    }
    let code = layout(scheme.bits, &shape, &codes)?;
    let table = scheme.spread.checked(&shape, scale)?;
    let scales = Scales::new(table, &Scales::FLOATS, ScaleRange::Finite)?;
    let grid = scheme.spread.grid(&shape);
    let zero_points = zero_points(store, module, scheme, (code, &grid))?;
    let group_index = group_index(store, module, shape[1])?;
    let dtype = store.config_dtype().or(scales.float_dtype()).unwrap_or(FloatDtype::BF16);
    let rows = ScaledRows { dtype, code, codes, grid, scales, zero_points, group_index };
    let method = QuantizationMethod::CompressedPacked;
    store.make(method, (&packed, &format!("{module}.weight")), shape, dtype, rows);
    Ok(())
}

/// Rows and columns of the weight, as the file has them.
fn read_shape(store: &mut Store<'_>, packed: &str, name: &str) -> Result<(Vec<usize>, u64), PackedError> {
    let table = store.take_table(packed, name)?.typed(&[Dtype::I64, Dtype::I32])?;
    let size = table.dtype.bitsize() / 8;
    let table = table.sized(2 * size as u64)?;
    let bytes = table.read_all()?;
    let mut values = bytes.chunks_exact(size).map(|bytes| {
        let mut wide = [if bytes[size - 1] < 128 { 0 } else { 255 }; 8];
        wide[..size].copy_from_slice(bytes);
        i64::from_le_bytes(wide)
    });
    let (rows, columns) = (values.next().unwrap_or_default(), values.next().unwrap_or_default());
    let sizes = [rows, columns].map(|value| usize::try_from(value).unwrap_or_default());
    match sizes[0].checked_mul(sizes[1]) {
        Some(count) if count > 0 => Ok((sizes.to_vec(), count as u64)),
        _ => Err(PackedError::StateSays {
            tensor: name.to_owned(),
            key: "weight_shape",
            said: format!("[{rows}, {columns}]"),
        }),
    }
}

/// How the codes of a row lie in its words: one after the other, or, in older files, as many as a word holds whole.
fn layout(bits: usize, shape: &[usize], codes: &Bytes) -> Result<RowCode, PackedError> {
    let known = |is_straddling| RowCode::Words { bits, is_straddling };
    let (rows, columns) = (shape[0], shape[1]);
    let words = match codes.shape[..] {
        // No more codes than bits: nothing below overflows.
        [held, words] if held == rows && columns / 32 <= words => words,
        _ => {
            let expected = vec![rows, columns.div_ceil(32 / bits)];
            return Err(PackedError::WrongShape { tensor: codes.name.clone(), shape: codes.shape.clone(), expected });
        }
    };
    let fits = |code: RowCode| code.row_byte_count(columns) == words * 4;
    let is_same = 32 % bits == 0 || columns <= 32 / bits;
    match (fits(known(true)), fits(known(false))) {
        (true, true) if !is_same => {
            let (tensor, said) = (codes.name.clone(), bits.to_string());
            Err(PackedError::StateSays { tensor, key: "num_bits", said })
        }
        (true, _) => Ok(known(true)),
        (false, true) => Ok(known(false)),
        (false, false) => {
            let expected = vec![rows, known(true).row_byte_count(columns) / 4];
            Err(PackedError::WrongShape { tensor: codes.name.clone(), shape: codes.shape.clone(), expected })
        }
    }
}

fn zero_points(
    store: &mut Store<'_>,
    module: &str,
    scheme: Scheme,
    (code, grid): (RowCode, &BlockGrid),
) -> Result<Option<ZeroPoints>, PackedError> {
    let name = format!("{module}.weight_zero_point");
    if scheme.is_symmetric && store.get(&name).is_none() {
        return Ok(None);
    }
    let table = store.take_table(&format!("{module}.weight_packed"), &name)?.typed(&[Dtype::I32, Dtype::I8])?;
    let zero_points = if table.dtype == Dtype::I8 {
        ZeroPoints::Bytes(table.shaped(&[grid.down(), grid.across()])?)
    } else {
        // They lie as the codes do: one release wrote both.
        let RowCode::Words { bits, is_straddling } = code else { unreachable!("a layout of words") };
        let table = table.shaped(&[ZeroPoints::word_rows(bits, is_straddling, grid.down()), grid.across()])?;
        ZeroPoints::Words { table, bits, is_straddling }
    };
    if scheme.is_symmetric {
        zero_points.refuse_asymmetric(grid)?;
    }
    Ok(Some(zero_points))
}

fn group_index(store: &mut Store<'_>, module: &str, columns: usize) -> Result<Option<GroupIndex>, PackedError> {
    let name = format!("{module}.weight_g_idx");
    if store.get(&name).is_none() {
        return Ok(None);
    }
    let table = store.take_table(&format!("{module}.weight_packed"), &name)?;
    Ok(Some(GroupIndex(table.typed(&[Dtype::I32])?.shaped(&[columns])?)))
}
