//! SHiRA: single elements of a weight, listed by row and column, to which trained values are added (Bhardwaj et al. 2024;
//! spec section 8).

use std::{ops::Range, path::Path, sync::Arc};

use super::{
    factors::{misshapen, required},
    indices::{may_hold_indices, read_indices},
};
use crate::{
    adapter::{
        AdapterError, Content, ExpectedShape, Layer, Method, MethodSpec, Orientation, Part, Parts, PeftConfig,
        Placement, Precision, RowUpdate, Target, TargetUpdate,
    },
    checkpoint::LogicalTensor,
};

/// `shira_weight`, `(n,)`.
const VALUES: Part = Part::parameter("shira_weight");
/// `shira_indices`, `(2, n)`: rows and columns.
const INDICES: Part = Part::parameter("shira_indices");

/// SHiRA's names.
pub(super) const SPEC: MethodSpec = MethodSpec {
    peft_type: "SHIRA",
    key_prefix: Some("shira_"),
    factors: &[VALUES, INDICES],
    shared_factors: &[],
    config_keys: &["mask_type", "r", "random_seed"],
    build: |config, _| Ok(Box::new(Shira { config })),
};

/// SHiRA.
#[derive(Debug)]
struct Shira {
    config: PeftConfig,
}

impl Method for Shira {
    fn spec(&self) -> &'static MethodSpec {
        &SPEC
    }

    fn name(&self) -> &'static str {
        "SHiRA"
    }

    fn targets(&self, module: &str, mut parts: Parts, path: &Path) -> Result<Vec<Target>, AdapterError> {
        let values = required(&mut parts, VALUES, module, path)?;
        let indices = parts.remove(INDICES).ok_or_else(|| AdapterError::Unpaired {
            module: module.to_owned(),
            absent: INDICES.name(),
            path: path.to_owned(),
        })?;
        let rank = self.config.rank_of(module, path)?;
        let count = values.element_count();
        let is_paired = values.shape() == [count] && indices.shape() == [2, count] && may_hold_indices(&indices);
        if !is_paired || !count.is_multiple_of(rank) {
            return Err(misshapen(module, &[&values, &indices], path));
        }
        // PEFT trains r · (in + out) elements, so that an adapter is as large as a LoRA.
        let update = Elements { side_sum: count / rank, tensors: [values, indices] };
        Ok(vec![Target::weight(module, Arc::new(update))])
    }
}

#[derive(Debug)]
struct Elements {
    /// Output and input features together.
    side_sum: usize,
    /// Values and indices.
    tensors: [LogicalTensor; 2],
}

impl Elements {
    fn rows<T: Precision>(&self, placement: &Placement) -> Result<Arc<dyn RowUpdate<T>>, AdapterError> {
        let [values, indices] = &self.tensors;
        let sides = [0, 1].map(|axis| placement.shape.get(axis).copied().unwrap_or(0));
        let positions = read_indices(indices, sides[0].max(sides[1]))?;
        let (rows, columns) = positions.split_at(positions.len() / 2);
        for (positions, limit) in [rows, columns].into_iter().zip(sides) {
            if let Some(outside) = positions.iter().find(|position| **position >= limit) {
                return Err(AdapterError::IndexOutside {
                    tensor: indices.name().to_owned(),
                    index: i64::try_from(*outside).unwrap_or(i64::MAX),
                    limit,
                    path: indices.file().path().to_owned(),
                });
            }
        }
        let values = T::all_of(values.read_all()?);
        let positions = rows.iter().copied().zip(columns.iter().copied());
        let mut elements: Vec<_> =
            positions.zip(values).map(|((row, column), value)| Element { row, column, value }).collect();
        elements.sort_by_key(|element| (element.row, element.column));
        Ok(Arc::new(AddedElements { elements }))
    }
}

impl TargetUpdate for Elements {
    fn layer(&self) -> Layer {
        Layer::Fixed
    }

    fn fits(&self, shape: &[usize], orientation: Orientation) -> bool {
        let &[rows, columns] = shape else { return false };
        orientation == Orientation::OutIn && rows.checked_add(columns) == Some(self.side_sum)
    }

    fn expected_shape(&self) -> ExpectedShape {
        ExpectedShape::MatrixSides(self.side_sum)
    }

    fn tensors(&self) -> &[LogicalTensor] {
        &self.tensors
    }

    fn is_untrained(&self, contents: &[Content]) -> bool {
        contents.first().is_some_and(|values| values.is_zero)
    }

    fn is_proven_by_loading(&self) -> bool {
        true
    }

    fn load(&self, placement: &Placement) -> Result<Arc<dyn RowUpdate>, AdapterError> {
        self.rows(placement)
    }

    fn load_f64(&self, placement: &Placement) -> Result<Arc<dyn RowUpdate<f64>>, AdapterError> {
        self.rows(placement)
    }
}

struct Element<T> {
    row: usize,
    column: usize,
    value: T,
}

/// Elements in the order of the weight; one that is listed twice is added twice, as a sparse tensor adds it.
struct AddedElements<T> {
    elements: Vec<Element<T>>,
}

impl<T: Precision> RowUpdate<T> for AddedElements<T> {
    fn apply_rows(&self, rows: Range<usize>, tile: &mut [T]) {
        let columns = tile.len() / rows.len().max(1);
        let first = self.elements.partition_point(|element| element.row < rows.start);
        for element in self.elements[first..].iter().take_while(|element| element.row < rows.end) {
            tile[(element.row - rows.start) * columns + element.column] += element.value;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn elements_of_the_rows_of_a_tile_are_added_and_doubles_twice() {
        let element = |row, column, value| Element { row, column, value };
        let elements =
            vec![element(0, 1, 1.0), element(1, 0, 2.0), element(1, 2, 4.0), element(1, 2, 8.0), element(3, 0, 16.0)];
        let update = AddedElements { elements };
        let mut tile = vec![0.5; 2 * 3];
        update.apply_rows(1..3, &mut tile);
        assert_eq!(tile, [2.5, 0.5, 12.5, 0.5, 0.5, 0.5]);
    }
}
