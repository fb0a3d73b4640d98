//! C³A: a grid of circulant blocks, one kernel each (Chen et al. 2025; spec section 8).

use std::{ops::Range, path::Path, sync::Arc};

use super::factors::{misshapen, read_matrix, required};
use super::loha::converted;
use crate::{
    adapter::{
        AdapterError, ExpectedShape, Layer, Method, MethodSpec, Orientation, Part, Parts, Placement, Precision,
        RowUpdate, Target, TargetUpdate,
    },
    checkpoint::LogicalTensor,
    numeric::Matrix,
};

/// `c3a_kernel`, `(out/b, in/b, b)`.
const KERNEL: Part = Part::parameter("c3a_kernel");

/// C³A's names.
pub(super) const SPEC: MethodSpec = MethodSpec {
    peft_type: "C3A",
    key_prefix: Some("c3a_"),
    factors: &[KERNEL],
    shared_factors: &[],
    config_keys: &["block_size", "block_size_pattern"],
    build: |_, _| Ok(Box::new(C3a)),
};

/// C³A.
#[derive(Debug)]
struct C3a;

impl Method for C3a {
    fn spec(&self) -> &'static MethodSpec {
        &SPEC
    }

    fn name(&self) -> &'static str {
        "C³A"
    }

    fn targets(&self, module: &str, mut parts: Parts, path: &Path) -> Result<Vec<Target>, AdapterError> {
        let kernel = required(&mut parts, KERNEL, module, path)?;
        let &[out_blocks, in_blocks, size] = kernel.shape() else { return Err(misshapen(module, &[&kernel], path)) };
        let features = out_blocks.checked_mul(size).zip(in_blocks.checked_mul(size));
        let features = features.ok_or_else(|| misshapen(module, &[&kernel], path))?;
        Ok(vec![Target::weight(module, Arc::new(C3aUpdate { features, size, tensors: [kernel] }))])
    }
}

#[derive(Debug)]
struct C3aUpdate {
    /// Output and input features.
    features: (usize, usize),
    /// Side of a block.
    size: usize,
    tensors: [LogicalTensor; 1],
}

impl C3aUpdate {
    fn rows<T: Precision>(&self) -> Result<Arc<dyn RowUpdate<T>>, AdapterError> {
        let (out, inner) = self.features;
        let kernels = converted(read_matrix(&self.tensors[0], out / self.size)?);
        Ok(Arc::new(CirculantRows { kernels, size: self.size, scale: T::rounded(1.0 / inner as f64) }))
    }
}

impl TargetUpdate for C3aUpdate {
    fn layer(&self) -> Layer {
        Layer::Fixed
    }

    fn fits(&self, shape: &[usize], orientation: Orientation) -> bool {
        orientation == Orientation::OutIn && shape == [self.features.0, self.features.1]
    }

    fn expected_shape(&self) -> ExpectedShape {
        ExpectedShape::Exact(vec![self.features.0, self.features.1])
    }

    fn tensors(&self) -> &[LogicalTensor] {
        &self.tensors
    }

    fn load(&self, _placement: &Placement) -> Result<Arc<dyn RowUpdate>, AdapterError> {
        self.rows()
    }

    fn load_f64(&self, _placement: &Placement) -> Result<Arc<dyn RowUpdate<f64>>, AdapterError> {
        self.rows()
    }
}

/// Row p of a block is its kernel, turned by p.
struct CirculantRows<T> {
    /// The kernels of a row of blocks, one after the other.
    kernels: Matrix<T>,
    size: usize,
    /// One part in the number of input features.
    scale: T,
}

impl<T: Precision> CirculantRows<T> {
    /// Adds what `scaled` makes of every entry.
    fn add_entries(&self, rows: Range<usize>, tile: &mut [T], scaled: impl Fn(T) -> T) {
        let columns = self.kernels.columns();
        for (row, values) in rows.zip(tile.chunks_mut(columns.max(1))) {
            let (block, turn) = (row / self.size, row % self.size);
            let kernels = self.kernels.row(block).chunks(self.size);
            for (values, kernel) in values.chunks_mut(self.size).zip(kernels) {
                let (last, first) = kernel.split_at(self.size - turn);
                for (value, entry) in values.iter_mut().zip(first.iter().chain(last)) {
                    *value += scaled(*entry);
                }
            }
        }
    }
}

impl<T: Precision> RowUpdate<T> for CirculantRows<T> {
    fn apply_rows(&self, rows: Range<usize>, tile: &mut [T]) {
        self.add_entries(rows, tile, |entry| entry * self.scale);
    }

    fn is_rounded_on_the_way(&self) -> bool {
        true
    }

    /// PEFT rounds an entry before and after it is divided by the number of input features.
    fn apply_rows_rounding(&self, rows: Range<usize>, tile: &mut [T], round: &dyn Fn(f64) -> f64) {
        let scale = self.scale.to_f64();
        self.add_entries(rows, tile, |entry| T::rounded(round(round(entry.to_f64()) * scale)));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_block_is_the_circulant_of_its_kernel() {
        let kernels: Matrix<f64> = Matrix::new(2, 6, (0..12).map(|index| f64::from(index) + 1.0).collect());
        let update = CirculantRows { kernels: kernels.clone(), size: 3, scale: 0.5 };
        let mut tile = vec![100.0; 4 * 6];
        update.apply_rows(1..5, &mut tile);
        for (index, value) in tile.iter().enumerate() {
            let (row, column) = (1 + index / 6, index % 6);
            let entry = kernels.row(row / 3)[column / 3 * 3 + (column % 3 + 3 - row % 3) % 3];
            assert_eq!(*value, 100.0 + 0.5 * entry, "{row} {column}");
        }
    }
}
