//! bitsandbytes' LLM.int8: an integer for each weight, one scale for each row.

use std::{ops::Range, sync::Arc};

use serde_json::Value;

use super::{
    PackedError, QuantizationMethod,
    bitsandbytes::differs,
    store::{Bytes, Store},
};
use crate::{
    checkpoint::{CheckpointError, ComputedRows, WeightFile},
    numeric::{Dtype, FloatDtype, TileShape, narrow},
};

/// What tables are called, behind the name of their module or of their weight.
pub(super) const TABLES: [&str; 2] = [".SCB", ".weight_format"];

/// 1 / 127, as the library rounds it.
const STEP: f32 = 7.874_016e-3;

#[derive(Debug)]
struct Rows {
    dtype: FloatDtype,
    columns: usize,
    codes: Bytes,
    scales: Bytes,
}

/// Takes every 8-bit weight with its scales, where those of 4 bits are taken; `said` is what the config says of both.
pub(super) fn unpack(store: &mut Store<'_>, said: Option<&Value>) -> Result<(), PackedError> {
    for module in store.names_before(".SCB") {
        let tensor = format!("{module}.weight");
        let codes = store.get(&tensor).map_or(0, |codes| codes.element_count() as u64);
        let codes = store.take_codes(&tensor, codes)?.typed(&[Dtype::I8])?;
        let TileShape { rows, columns } = TileShape::of(&codes.shape);
        let scales = store.take_table(&tensor, &format!("{module}.SCB"))?;
        let scales = scales.typed(&[Dtype::F32])?.sized(rows as u64 * 4)?;
        let format_name = format!("{module}.weight_format");
        if store.get(&format_name).is_some() {
            let format = store.take_table(&tensor, &format_name)?.typed(&[Dtype::U8])?.sized(1)?.read_all()?;
            // Anything else is an order of tiles that is gone from the library.
            if format != [0] {
                return Err(PackedError::StateSays {
                    tensor: format_name,
                    key: "weight_format",
                    said: format[0].to_string(),
                });
            }
        }
        let dtype = store.config_dtype().filter(|dtype| *dtype != FloatDtype::F32).unwrap_or(FloatDtype::BF16);
        let shape = codes.shape.clone();
        store.make(QuantizationMethod::Int8, (&tensor, &tensor), shape, dtype, Rows { dtype, columns, codes, scales });
    }
    let found = [QuantizationMethod::Nf4, QuantizationMethod::Fp4, QuantizationMethod::Int8];
    let found: Vec<&str> = found.into_iter().filter(|it| store.has_made(*it)).map(QuantizationMethod::name).collect();
    let is_eight_bit = store.has_made(QuantizationMethod::Int8);
    let is_four_bit = found.len() > usize::from(is_eight_bit);
    for (key, is_found) in [("load_in_8bit", is_eight_bit), ("load_in_4bit", is_four_bit)] {
        let is_said = said.and_then(|said| said[key].as_bool());
        if let Some(is_said) = is_said.filter(|is_said| !found.is_empty() && *is_said != is_found) {
            store.note(differs(key, &is_said.to_string(), found.join(", ")));
        }
    }
    Ok(())
}

impl ComputedRows for Rows {
    fn file(&self) -> &Arc<dyn WeightFile> {
        &self.codes.file
    }

    fn read_row_bytes(&self, rows: Range<usize>, bytes: &mut [u8]) -> Result<(), CheckpointError> {
        let codes = self.codes.read_vec(rows.start * self.columns..rows.end * self.columns)?;
        let scales = self.scales.read_f32(rows)?;
        let mut values = vec![0.0; self.columns];
        let row_byte_count = self.columns * self.dtype.byte_count();
        for ((codes, scale), row) in
            codes.chunks_exact(self.columns).zip(scales).zip(bytes.chunks_exact_mut(row_byte_count))
        {
            for (value, code) in values.iter_mut().zip(codes) {
                *value = f32::from(code.cast_signed()) * scale * STEP;
            }
            narrow(self.dtype, &values, row);
        }
        Ok(())
    }

    fn check(&self) -> Result<(), CheckpointError> {
        let scales = self.scales.read_f32(0..usize::try_from(self.scales.byte_count / 4).unwrap_or(usize::MAX))?;
        let Some(bad) = scales.into_iter().find(|scale| !scale.is_finite() || *scale < 0.0) else { return Ok(()) };
        let problem = PackedError::BadScale { tensor: self.scales.name.clone(), value: bad.into() };
        Err(CheckpointError::Packed { problem, path: self.scales.file.path().to_owned() })
    }
}
