//! Positions that an adapter keeps beside its values.

use crate::{adapter::AdapterError, checkpoint::LogicalTensor, numeric::Dtype};

/// Whether `tensor` may hold indices: integers, or the floats that PEFT writes in their place on Windows.
pub(super) fn may_hold_indices(tensor: &LogicalTensor) -> bool {
    [Dtype::U8, Dtype::I16, Dtype::I32, Dtype::I64, Dtype::F32].contains(&tensor.dtype())
}

/// Reads a tensor of indices, each of them below `limit`.
///
/// # Errors
/// A read that fails, or an index that is none of a position.
pub(super) fn read_indices(tensor: &LogicalTensor, limit: usize) -> Result<Vec<usize>, AdapterError> {
    let width = tensor.dtype().bitsize() / 8;
    let mut bytes = vec![0; tensor.element_count() * width];
    tensor.read_row_bytes(0..tensor.tile_shape().rows, &mut bytes)?;
    let position = |index: i64| {
        usize::try_from(index).ok().filter(|index| *index < limit).ok_or_else(|| AdapterError::IndexOutside {
            tensor: tensor.name().to_owned(),
            index,
            limit,
            path: tensor.file().path().to_owned(),
        })
    };
    bytes.chunks_exact(width.max(1)).map(|bytes| position(integer(tensor.dtype(), bytes))).collect()
}

/// One little-endian number; −1 where it is none, which is an index of nothing.
fn integer(dtype: Dtype, bytes: &[u8]) -> i64 {
    match bytes {
        &[byte] => i64::from(byte),
        _ => match (bytes.as_array(), bytes.as_array(), bytes.as_array()) {
            (Some(bytes), _, _) => i64::from(i16::from_le_bytes(*bytes)),
            (_, Some(bytes), _) if dtype == Dtype::F32 => {
                let value = f32::from_le_bytes(*bytes);
                #[expect(clippy::cast_possible_truncation, reason = "a whole number, checked")]
                if value.fract() == 0.0 { value as i64 } else { -1 }
            }
            (_, Some(bytes), _) => i64::from(i32::from_le_bytes(*bytes)),
            (_, _, Some(bytes)) => i64::from_le_bytes(*bytes),
            _ => -1,
        },
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn indices_of_every_width_are_read() {
        assert_eq!(integer(Dtype::U8, &[200]), 200);
        assert_eq!(integer(Dtype::I16, &300_i16.to_le_bytes()), 300);
        assert_eq!(integer(Dtype::I32, &(-2_i32).to_le_bytes()), -2);
        assert_eq!(integer(Dtype::I64, &(1_i64 << 40).to_le_bytes()), 1 << 40);
        assert_eq!(integer(Dtype::F32, &7.0_f32.to_le_bytes()), 7);
        for no_index in [0.5, f32::NAN, f32::INFINITY] {
            assert!(integer(Dtype::F32, &no_index.to_le_bytes()) != 0, "{no_index}");
        }
    }
}
