//! The memory of matrices that are done with, for those that come next: the system clears fresh memory before it hands
//! it out, which took a tenth of a streamed pass.

use std::cell::{Cell, RefCell};

use candle_core::{CpuStorage, Device, InplaceOp1, Layout, Result, Tensor, bail};

use super::EvalError;
use crate::platform::zeros_in_large_pages;

/// Matrices that nobody reads any more.
#[derive(Debug, Default)]
pub(super) struct SpareMatrices(RefCell<Vec<Tensor>>);

impl SpareMatrices {
    /// Takes matrices whose values may be overwritten: no copy of such a tensor is read again.
    pub fn put(&self, matrices: impl IntoIterator<Item = Tensor>) {
        self.0.borrow_mut().extend(matrices);
    }

    /// A contiguous matrix of `shape`, in spare memory where some has this size, whose every value `fill` writes.
    pub fn filled(
        &self,
        shape: (usize, usize),
        fill: impl FnOnce(&mut [f32]) -> std::result::Result<(), EvalError>,
    ) -> std::result::Result<Tensor, EvalError> {
        let len = shape.0 * shape.1;
        let spare = {
            let mut spare = self.0.borrow_mut();
            let fits = |matrix: &Tensor| matrix.elem_count() == len && matrix.is_contiguous();
            spare.iter().position(fits).map(|index| spare.swap_remove(index))
        };
        let matrix = match spare {
            Some(matrix) => matrix.reshape(shape)?,
            None => Tensor::from_vec(zeros_in_large_pages(len), shape, &Device::Cpu)?,
        };
        let fill = Fill { fill: Cell::new(Some(fill)), failure: Cell::new(None) };
        matrix.inplace_op1(&fill)?;
        fill.failure.take().map_or(Ok(matrix), Err)
    }
}

/// Lends a tensor's values to a function that may fail with an error of ours.
struct Fill<F> {
    fill: Cell<Option<F>>,
    failure: Cell<Option<EvalError>>,
}

impl<F: FnOnce(&mut [f32]) -> std::result::Result<(), EvalError>> InplaceOp1 for Fill<F> {
    fn name(&self) -> &'static str {
        "fill"
    }

    fn cpu_fwd(&self, storage: &mut CpuStorage, layout: &Layout) -> Result<()> {
        let (CpuStorage::F32(values), Some((start, end))) = (storage, layout.contiguous_offsets()) else {
            bail!("what is filled is contiguous and f32");
        };
        if let Some(Err(error)) = self.fill.take().map(|fill| fill(&mut values[start..end])) {
            self.failure.set(Some(error));
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn filled(spare: &SpareMatrices, shape: (usize, usize), value: f32) -> Tensor {
        let fill = |values: &mut [f32]| {
            values.fill(value);
            Ok(())
        };
        spare.filled(shape, fill).unwrap()
    }

    #[test]
    fn memory_of_the_same_size_is_used_again_and_other_sizes_are_not() {
        let spare = SpareMatrices::default();
        let (small, large) = (filled(&spare, (2, 2), 1.0), filled(&spare, (2, 3), 2.0));
        assert_eq!(large.to_vec2::<f32>().unwrap(), [[2.0; 3]; 2]);
        spare.put([small.clone()]);
        let other = filled(&spare, (3, 2), 3.0);
        assert_eq!(small.to_vec2::<f32>().unwrap(), [[1.0; 2]; 2], "nothing of this size was asked for");
        let same = filled(&spare, (1, 4), 4.0);
        assert_eq!(same.to_vec2::<f32>().unwrap(), [[4.0; 4]]);
        assert_eq!(small.to_vec2::<f32>().unwrap(), [[4.0; 2]; 2], "its memory is the next matrix now");
        assert_eq!(other.to_vec2::<f32>().unwrap(), [[3.0; 2]; 3]);
    }

    #[test]
    fn an_error_comes_back_as_it_was() {
        let result = SpareMatrices::default().filled((1, 1), |_| Err(EvalError::NoModel));
        assert!(matches!(result, Err(EvalError::NoModel)), "{result:?}");
    }
}
