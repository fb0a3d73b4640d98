//! A weight as bitsandbytes stores it: its codes, and the tables behind them, in the order in which they are written.
//!
//! What is known before the codes are (their number, hence every size) decides the file's header; what is known only
//! after the last of them (the scales) fills the tables.

use serde_json::json;

use crate::numeric::{
    Dtype, FloatDtype,
    codec::{DYNAMIC_MAP, NESTED_BLOCK, NF4, NestedScales, Nf4Format},
};

/// Scales of the blocks: float32, or a code each where they are packed again.
pub const ABSMAX: &str = ".absmax";

/// The values of the codes.
pub const QUANT_MAP: &str = ".quant_map";

/// Shape, dtype and block, in JSON.
pub const STATE: &str = ".quant_state.bitsandbytes__nf4";

/// Scales of the packed scales.
pub const NESTED_ABSMAX: &str = ".nested_absmax";

/// The values of the packed scales.
pub const NESTED_QUANT_MAP: &str = ".nested_quant_map";

/// As many characters as a number in JSON may have.
const NUMBER_LEN: usize = 24;

/// Weights end at a multiple of this, so that what follows is aligned whatever its dtype.
const ALIGNMENT: usize = 8;

/// One entry of an output file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct OutputTensor {
    /// Its name there.
    pub name: String,
    /// The dtype that the file gives it.
    pub dtype: Dtype,
    /// The shape that the file gives it.
    pub shape: Vec<usize>,
    /// Its bytes.
    pub byte_count: u64,
}

/// The layout of one packed weight.
#[derive(Clone, Copy, Debug)]
pub struct Nf4Tables<'a> {
    /// The weight's name.
    pub name: &'a str,
    /// Its shape as the model has it.
    pub shape: &'a [usize],
    /// The dtype of what was packed, which it is unpacked to.
    pub dtype: FloatDtype,
    /// How it is packed.
    pub format: Nf4Format,
}

impl Nf4Tables<'_> {
    /// Every entry of the file, the codes first.
    ///
    /// The state stands behind what is made of bytes, and is filled up with spaces as far as the alignment of the rest
    /// asks for: JSON allows them, and the length of a packed state's `nested_offset` is not known beforehand.
    #[must_use]
    pub fn outputs(&self) -> Vec<OutputTensor> {
        let bytes = self.codes_len();
        let codes = OutputTensor {
            name: self.name.to_owned(),
            dtype: Dtype::U8,
            shape: vec![bytes, 1],
            byte_count: bytes as u64,
        };
        let table = |(ending, dtype, len): (&str, Dtype, usize)| OutputTensor {
            name: format!("{}{ending}", self.name),
            dtype,
            shape: vec![len],
            byte_count: (len * dtype.bitsize() / 8) as u64,
        };
        std::iter::once(codes).chain(self.tables().into_iter().map(table)).collect()
    }

    /// The bytes of all tables, from the scales of all blocks.
    #[must_use]
    pub fn bytes(&self, absmax: &[f32]) -> Vec<u8> {
        let mut bytes = Vec::new();
        let nested = self.format.is_double.then(|| NestedScales::of(absmax));
        for (ending, _, len) in self.tables() {
            match (ending, &nested) {
                (ABSMAX, Some(nested)) => bytes.extend_from_slice(&nested.codes),
                (ABSMAX, None) => bytes.extend(absmax.iter().flat_map(|scale| scale.to_le_bytes())),
                (NESTED_ABSMAX, Some(nested)) => bytes.extend(nested.absmax.iter().flat_map(|one| one.to_le_bytes())),
                (NESTED_QUANT_MAP, _) => bytes.extend(DYNAMIC_MAP.iter().flat_map(|value| value.to_le_bytes())),
                (QUANT_MAP, _) => bytes.extend(NF4.iter().flat_map(|value| value.to_le_bytes())),
                _ => {
                    let state = self.state(nested.as_ref().map(|nested| nested.offset));
                    bytes.extend_from_slice(state.as_bytes());
                    bytes.resize(bytes.len() + len - state.len(), b' ');
                }
            }
        }
        bytes
    }

    fn element_count(&self) -> usize {
        self.shape.iter().product()
    }

    fn codes_len(&self) -> usize {
        self.element_count().div_ceil(2)
    }

    /// Endings, dtypes and lengths of the tables, in their order in the file.
    fn tables(&self) -> Vec<(&'static str, Dtype, usize)> {
        let blocks = self.element_count().div_ceil(self.format.block);
        let (of_bytes, of_floats) = if self.format.is_double {
            let nested = (NESTED_ABSMAX, Dtype::F32, blocks.div_ceil(NESTED_BLOCK));
            (vec![(ABSMAX, Dtype::U8, blocks)], vec![nested, (NESTED_QUANT_MAP, Dtype::F32, DYNAMIC_MAP.len())])
        } else {
            (Vec::new(), vec![(ABSMAX, Dtype::F32, blocks)])
        };
        let of_floats: Vec<_> = of_floats.into_iter().chain([(QUANT_MAP, Dtype::F32, NF4.len())]).collect();
        let len = |tables: &[(_, Dtype, usize)]| -> usize {
            tables.iter().map(|(_, dtype, len)| len * dtype.bitsize() / 8).sum()
        };
        let others = self.codes_len() + len(&of_bytes) + len(&of_floats);
        let needed =
            if self.format.is_double { self.state(Some(0.0)).len() + NUMBER_LEN } else { self.state(None).len() };
        let state = (others + needed).next_multiple_of(ALIGNMENT) - others;
        of_bytes.into_iter().chain([(STATE, Dtype::U8, state)]).chain(of_floats).collect()
    }

    /// The state, as Python's `json.dumps` spells it.
    fn state(&self, nested_offset: Option<f32>) -> String {
        let Self { shape, dtype, format, .. } = self;
        let shape = shape.iter().map(usize::to_string).collect::<Vec<_>>().join(", ");
        let (block, dtype) = (format.block, dtype.config_name());
        let nested = nested_offset.map_or_else(String::new, |offset| {
            let offset = json!(f64::from(offset));
            format!(r#", "nested_blocksize": {NESTED_BLOCK}, "nested_dtype": "float32", "nested_offset": {offset}"#)
        });
        format!(r#"{{"quant_type": "nf4", "blocksize": {block}, "dtype": "{dtype}", "shape": [{shape}]{nested}}}"#)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_table_is_as_long_as_it_was_announced_and_aligned() {
        for shape in [&[64, 96][..], &[3, 5], &[1, 1], &[7, 4096], &[129, 130]] {
            for (block, is_double) in [(64, false), (64, true), (4096, true), (32, false)] {
                let format = Nf4Format { block, is_double };
                let tables = Nf4Tables { name: "w", shape, dtype: FloatDtype::BF16, format };
                let absmax = vec![1e-30_f32; shape.iter().product::<usize>().div_ceil(block)];
                let outputs = tables.outputs();
                let total: u64 = outputs.iter().map(|output| output.byte_count).sum();
                assert_eq!(tables.bytes(&absmax).len() as u64 + outputs[0].byte_count, total, "{shape:?}");
                let mut offset = 0;
                for output in &outputs {
                    assert_eq!(offset % (output.dtype.bitsize() as u64 / 8), 0, "{shape:?} {output:?}");
                    offset += output.byte_count;
                }
                assert_eq!(offset % ALIGNMENT as u64, 0);
            }
        }
    }

    #[test]
    fn a_state_is_spelled_as_bitsandbytes_spells_it() {
        let format = Nf4Format { block: 64, is_double: true };
        let tables = Nf4Tables { name: "w", shape: &[64, 96], dtype: FloatDtype::BF16, format };
        let expected = concat!(
            r#"{"quant_type": "nf4", "blocksize": 64, "dtype": "bfloat16", "shape": [64, 96], "#,
            r#""nested_blocksize": 256, "nested_dtype": "float32", "nested_offset": 0.0515645332634449}"#
        );
        assert_eq!(tables.state(Some(0.051_564_533)), expected);
    }
}
