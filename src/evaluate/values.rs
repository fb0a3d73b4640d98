//! A tensor's values where they are: copies of logits would be a pass through memory each.

use std::ops::Deref;

use candle_core::{CpuStorage, Layout, Result, Storage, Tensor, bail};

/// The values of a contiguous f32 tensor on the CPU, borrowed.
pub(super) struct Values<'a, S> {
    /// candle's lock on them, whose type has no name here.
    storage: S,
    layout: &'a Layout,
}

/// Borrows the values of `tensor`.
pub(super) fn values_of(tensor: &Tensor) -> Values<'_, impl Deref<Target = Storage>> {
    let (storage, layout) = tensor.storage_and_layout();
    Values { storage, layout }
}

impl<S: Deref<Target = Storage>> Values<'_, S> {
    /// Row by row, from the first to the last.
    ///
    /// # Errors
    /// A tensor of another dtype, or one that is seen across.
    pub fn as_slice(&self) -> Result<&[f32]> {
        match (&*self.storage, self.layout.contiguous_offsets()) {
            (Storage::Cpu(CpuStorage::F32(values)), Some((start, end))) => Ok(&values[start..end]),
            _ => bail!("values that are borrowed are contiguous and f32"),
        }
    }
}

#[cfg(test)]
mod tests {
    use candle_core::Device;

    use super::*;

    #[test]
    fn a_part_is_its_own_values_and_a_view_across_is_none() {
        let table = Tensor::new(&[[1_f32, 2.0], [3.0, 4.0], [5.0, 6.0]], &Device::Cpu).unwrap();
        let part = table.narrow(0, 1, 2).unwrap();
        assert_eq!(values_of(&part).as_slice().unwrap(), [3.0, 4.0, 5.0, 6.0]);
        assert!(values_of(&table.t().unwrap()).as_slice().is_err());
        assert!(values_of(&Tensor::new(&[1_u32], &Device::Cpu).unwrap()).as_slice().is_err());
    }
}
