//! `float-quantized`, `int-quantized` and `naive-quantized`: a byte for each weight, with scales of any spread.

use super::config::{Format, Groups};
use crate::{
    checkpoint::packed::{
        PackedError, QuantizationMethod,
        scaled::ScaledRows,
        scales::{ScaleRange, Scales},
        store::Store,
        zero_points::ZeroPoints,
    },
    numeric::{Dtype, FloatDtype, codec::RowCode},
};

/// Takes the weight of `module`, whose scales are there.
pub fn take(store: &mut Store<'_>, groups: &Groups, module: &str) -> Result<(), PackedError> {
    let [weight, scale, zero_point] =
        ["weight", "weight_scale", "weight_zero_point"].map(|part| format!("{module}.{part}"));
    let Some(stored) = store.get(&weight) else { return Err(PackedError::LoneTable { table: scale }) };
    let count = stored.element_count() as u64;
    let codes = store.take_codes(&weight, count)?.typed(&[Dtype::F8_E4M3, Dtype::I8])?;
    let is_float = codes.dtype == Dtype::F8_E4M3;
    let format = if is_float { Format::Float } else { Format::Int };
    if count == 0 || codes.shape.len() < 2 {
        let expected = vec![1, codes.shape.iter().product::<usize>().max(1)];
        return Err(PackedError::WrongShape { tensor: codes.name, shape: codes.shape, expected });
    }
    let scale = store.take_table(&weight, &scale)?;
    let fits = |spread: crate::checkpoint::packed::spread::Spread| spread.fits(&codes.shape, &scale.shape);
    let scheme = groups.of(module, |scheme| scheme.format == format && fits(scheme.spread))?;
    if scheme.format != format {
        return Err(PackedError::NoGroup { tensor: module.to_owned() });
    }
    let table = scheme.spread.checked(&codes.shape, scale)?;
    let range = if is_float { ScaleRange::Positive } else { ScaleRange::Finite };
    let scales = Scales::new(table, &Scales::FLOATS, range)?;
    let has_zero_points = !is_float && (!scheme.is_symmetric || store.get(&zero_point).is_some());
    let zero_points = if has_zero_points {
        let table = store.take_table(&weight, &zero_point)?.typed(&[Dtype::I8])?;
        let zero_points = ZeroPoints::Bytes(scheme.spread.checked(&codes.shape, table)?);
        if scheme.is_symmetric {
            zero_points.refuse_asymmetric(&scheme.spread.grid(&codes.shape))?;
        }
        Some(zero_points)
    } else {
        None
    };
    let (code, method) = if is_float {
        (RowCode::E4M3, QuantizationMethod::CompressedFloat)
    } else {
        (RowCode::Int8, QuantizationMethod::CompressedInt)
    };
    let dtype = store.config_dtype().or(scales.float_dtype()).unwrap_or(FloatDtype::BF16);
    let (shape, grid) = (codes.shape.clone(), scheme.spread.grid(&codes.shape));
    let rows = ScaledRows { dtype, code, codes, grid, scales, zero_points, group_index: None };
    store.make(method, (&weight, &weight), shape, dtype, rows);
    Ok(())
}
