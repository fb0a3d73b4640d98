//! activation(gate) · up, by all cores in one pass.

use candle_core::{CpuStorage, CustomOp2, Layout, Result, Shape, bail};
use rayon::prelude::*;

use super::Activation;
use crate::platform::zeros_in_large_pages;

/// activation(gate) · up for two matrices of the same shape, which may be halves of one.
#[derive(Clone, Copy, Debug)]
pub(super) struct Gating(pub Activation);

/// A matrix whose rows are contiguous.
struct Rows<'a> {
    values: &'a [f32],
    width: usize,
    stride: usize,
}

impl<'a> Rows<'a> {
    fn new(storage: &'a CpuStorage, layout: &Layout) -> Result<Self> {
        let CpuStorage::F32(values) = storage else { bail!("both halves of a gate are f32") };
        let (_, width) = layout.shape().dims2()?;
        match layout.stride() {
            [stride, 1] => Ok(Self { values: &values[layout.start_offset()..], width, stride: *stride }),
            _ => bail!("the rows of both halves of a gate are contiguous"),
        }
    }

    fn row(&self, index: usize) -> &'a [f32] {
        &self.values[index * self.stride..][..self.width]
    }
}

impl CustomOp2 for Gating {
    fn name(&self) -> &'static str {
        "gating"
    }

    fn cpu_fwd(&self, gate: &CpuStorage, l1: &Layout, up: &CpuStorage, l2: &Layout) -> Result<(CpuStorage, Shape)> {
        let shape = l1.shape().clone();
        let (gate, up) = (Rows::new(gate, l1)?, Rows::new(up, l2)?);
        let mut gated = zeros_in_large_pages(shape.elem_count());
        let rows = gated.par_chunks_mut(gate.width.max(1)).enumerate();
        rows.for_each(|(index, row)| {
            let halves = gate.row(index).iter().zip(up.row(index));
            row.iter_mut().zip(halves).for_each(|(gated, (gate, up))| *gated = self.0.of(*gate) * up);
        });
        Ok((CpuStorage::F32(gated), shape))
    }
}

#[cfg(test)]
mod tests {
    use candle_core::{DType, Device, Tensor};

    use super::*;

    #[test]
    fn halves_of_one_matrix_are_gated_as_two_matrices_are() -> Result<()> {
        let both = Tensor::arange(-6_f32, 6.0, &Device::Cpu)?.reshape((2, 6))?;
        let [gate, up] = [both.narrow(1, 0, 3)?, both.narrow(1, 3, 3)?];
        let gating = Gating(Activation::Silu);
        let expected = (Activation::Silu.forward(&gate.contiguous()?)? * up.contiguous()?)?;
        assert_eq!(gate.apply_op2_no_bwd(&up, &gating)?.to_vec2::<f32>()?, expected.to_vec2::<f32>()?);
        let first = [both.narrow(0, 0, 1)?.narrow(1, 0, 3)?, both.narrow(0, 0, 1)?.narrow(1, 3, 3)?];
        let gated = first[0].apply_op2_no_bwd(&first[1], &gating)?;
        assert_eq!(gated.to_vec2::<f32>()?, expected.narrow(0, 0, 1)?.to_vec2::<f32>()?);
        Ok(())
    }

    #[test]
    fn columns_and_other_dtypes_are_refused() -> Result<()> {
        let matrix = Tensor::zeros((2, 2), DType::F32, &Device::Cpu)?;
        let gating = Gating(Activation::Relu);
        assert!(matrix.t()?.apply_op2_no_bwd(&matrix, &gating).is_err());
        assert!(matrix.to_dtype(DType::F64)?.apply_op2_no_bwd(&matrix, &gating).is_err());
        Ok(())
    }
}
