//! GLoRA: W' = W + W ⊙ A + B and b' = b + b ⊙ D + E + W·C, where each of A to E is a low-rank product, a vector, a number
//! or nothing (Chavan et al. 2023; PEFT 0.21).

use std::{ops::Range, path::Path, sync::Arc};

use super::factors::{misshapen, read_matrix};
use crate::{
    adapter::{
        AdapterError, Companion, Content, ExpectedShape, Layer, Method, MethodSpec, Orientation, Part, Parts,
        Placement, Precision, RowUpdate, Target, TargetUpdate, method::largest,
    },
    checkpoint::LogicalTensor,
    numeric::{Matrix, row_tiles},
};

/// What the change of a bias reads beside it.
const COMPANION: &str = "weight";

/// Elements of that read at once.
const TILE_ELEMENTS: usize = 1 << 18;

/// The five factors.
const NAMES: [&str; 5] = ["glora_A", "glora_B", "glora_C", "glora_D", "glora_E"];

/// What a factor may consist of: a product, a vector or number, or the zeros that PEFT saves for nothing.
const MEMBERS: [&str; 4] = ["Xd", "Xu", "X", "zeros"];

const PARTS: [Part; NAMES.len() * MEMBERS.len()] = {
    let mut parts = [Part::member(NAMES[0], MEMBERS[0]); NAMES.len() * MEMBERS.len()];
    let mut index = 0;
    while index < parts.len() {
        parts[index] = Part::member(NAMES[index / MEMBERS.len()], MEMBERS[index % MEMBERS.len()]);
        index += 1;
    }
    parts
};

/// GLoRA's names.
pub(super) const SPEC: MethodSpec = MethodSpec {
    peft_type: "GLORA",
    key_prefix: Some("glora_"),
    factors: &PARTS,
    shared_factors: &[],
    config_keys: &["config_A_B", "config_C", "config_D_E", "r"],
    build: |_, _| Ok(Box::new(Glora)),
};

/// GLoRA; its file says all of it.
#[derive(Debug)]
struct Glora;

impl Method for Glora {
    fn spec(&self) -> &'static MethodSpec {
        &SPEC
    }

    fn name(&self) -> &'static str {
        "GLoRA"
    }

    fn targets(&self, module: &str, mut parts: Parts, path: &Path) -> Result<Vec<Target>, AdapterError> {
        let mut terms = Vec::with_capacity(NAMES.len());
        for name in NAMES {
            terms.push(Term::take(&mut parts, name, module, path)?);
        }
        let terms = <[Term; 5]>::try_from(terms).unwrap_or_else(|_| unreachable!("one for each name"));
        let [scale, shift, from_weight, bias_scale, bias_shift] = terms;
        let of_bias = [&from_weight, &bias_scale, &bias_shift];
        let has_bias = of_bias.into_iter().any(|term| !term.is_nothing());
        // What stands for nothing has its place with the weight.
        let spare = of_bias.into_iter().flat_map(Term::tensors).filter(|_| !has_bias).cloned().collect();
        let mut targets = vec![Target::weight(module, Arc::new(GloraUpdate::new([scale, shift], None, spare)))];
        if has_bias {
            targets.push(Target::parameter(
                module,
                "bias",
                Arc::new(GloraUpdate::new([bias_scale, bias_shift], Some(from_weight), Vec::new())),
            ));
        }
        Ok(targets)
    }
}

/// One of the five factors.
#[derive(Clone, Debug)]
enum Term {
    /// Nothing, and the zeros that say so.
    Nothing(Option<LogicalTensor>),
    /// A number, or one value for each output feature.
    Values(LogicalTensor),
    /// `Xd` `(rows, r)` times `Xu` `(r, columns)`.
    Product([LogicalTensor; 2]),
}

impl Term {
    fn take(parts: &mut Parts, name: &'static str, module: &str, path: &Path) -> Result<Self, AdapterError> {
        let [down, up, values, zeros] = MEMBERS.map(|member| parts.remove(Part::member(name, member)));
        let term = match (down, up, values) {
            (Some(down), Some(up), None) => {
                let is_chained = matches!((down.shape(), up.shape()), (&[_, rank], &[up_rank, _]) if rank == up_rank);
                if !is_chained {
                    return Err(misshapen(module, &[&down, &up], path));
                }
                Self::Product([down, up])
            }
            (None, None, Some(values)) => Self::Values(values),
            (None, None, None) => Self::Nothing(zeros),
            _ => {
                return Err(AdapterError::Unpaired { module: module.to_owned(), absent: name, path: path.to_owned() });
            }
        };
        for tensor in term.tensors() {
            tensor.float_dtype()?;
        }
        Ok(term)
    }

    fn is_nothing(&self) -> bool {
        matches!(self, Self::Nothing(_))
    }

    fn tensors(&self) -> impl Iterator<Item = &LogicalTensor> {
        let tensors: Vec<&LogicalTensor> = match self {
            Self::Nothing(zeros) => zeros.iter().collect(),
            Self::Values(values) => vec![values],
            Self::Product(factors) => factors.iter().collect(),
        };
        tensors.into_iter()
    }

    /// Whether this can be a term of a matrix `(rows, columns)`, or of a vector of so many rows.
    fn fits(&self, rows: usize, columns: usize) -> bool {
        match self {
            Self::Nothing(_) => true,
            Self::Values(values) => [1, rows].contains(&values.element_count()),
            Self::Product([down, up]) => down.shape()[0] == rows && up.shape()[1] == columns,
        }
    }

    /// Whether the contents of its tensors make it zero.
    fn is_zero(&self, contents: &[Content]) -> bool {
        self.is_nothing() || contents.iter().any(|content| content.is_zero)
    }

    fn read<T: Precision>(&self) -> Result<Loaded<T>, AdapterError> {
        Ok(match self {
            Self::Nothing(_) => Loaded::Values(vec![T::ZERO]),
            Self::Values(values) => Loaded::Values(T::all_of(values.read_all()?)),
            Self::Product([down, up]) => {
                let matrix = |tensor: &LogicalTensor| {
                    let matrix = read_matrix(tensor, tensor.shape()[0])?;
                    let (rows, columns) = (matrix.rows(), matrix.columns());
                    Ok::<_, AdapterError>(Matrix::new(rows, columns, T::all_of(matrix.into_values())))
                };
                Loaded::Product(matrix(down)?, matrix(up)?)
            }
        })
    }
}

/// X' = X + X ⊙ first + second, and of a bias also + W·third.
#[derive(Debug)]
struct GloraUpdate {
    terms: [Term; 2],
    /// C, where this is for a bias.
    of_weight: Option<Term>,
    /// Those of the terms in order, and what stands for nothing.
    tensors: Vec<LogicalTensor>,
}

impl GloraUpdate {
    fn new(terms: [Term; 2], of_weight: Option<Term>, spare: Vec<LogicalTensor>) -> Self {
        let tensors = terms.iter().chain(&of_weight).flat_map(Term::tensors).cloned().chain(spare).collect();
        Self { terms, of_weight, tensors }
    }

    /// W·C, one value for each output feature.
    fn projected_weight(&self, placement: &Placement) -> Result<Option<Vec<f64>>, AdapterError> {
        let Some(term) = self.of_weight.as_ref().filter(|term| !term.is_nothing()) else { return Ok(None) };
        let features = placement.features().0;
        let absent = || AdapterError::Unpaired {
            module: self.tensors[0].name().to_owned(),
            absent: COMPANION,
            path: self.tensors[0].file().path().to_owned(),
        };
        let weight = placement.companion.as_ref().map(Companion::tensor).ok_or_else(absent)?;
        let &[rows, columns] = weight.shape() else { return Err(absent()) };
        if rows != features || !term.fits(columns, 1) {
            return Err(misshapen(weight.name(), &self.tensors.iter().collect::<Vec<_>>(), weight.file().path()));
        }
        let direction = term.read::<f64>()?.on(0..columns, 1);
        let mut projected = Vec::with_capacity(rows);
        for rows in row_tiles(weight.tile_shape(), TILE_ELEMENTS) {
            let mut tile = vec![0.0; rows.len() * columns];
            weight.read_rows(rows, &mut tile)?;
            let dot = |row: &[f32]| row.iter().zip(&direction).map(|(a, b)| f64::from(*a) * b).sum::<f64>();
            projected.extend(tile.chunks(columns.max(1)).map(dot));
        }
        Ok(Some(projected))
    }

    fn rows<T: Precision>(&self, placement: &Placement) -> Result<Arc<dyn RowUpdate<T>>, AdapterError> {
        let [factor, shift] = &self.terms;
        let projected = self.projected_weight(placement)?.map(|values| values.into_iter().map(T::rounded).collect());
        Ok(Arc::new(ShiftedRows { factor: factor.read()?, shift: shift.read()?, projected }))
    }
}

impl TargetUpdate for GloraUpdate {
    fn layer(&self) -> Layer {
        Layer::Fixed
    }

    fn fits(&self, shape: &[usize], orientation: Orientation) -> bool {
        let (rows, columns) = match (&self.of_weight, shape) {
            (None, &[rows, columns]) => (rows, columns),
            (Some(_), &[rows]) => (rows, 1),
            _ => return false,
        };
        orientation == Orientation::OutIn && self.terms.iter().all(|term| term.fits(rows, columns))
    }

    fn expected_shape(&self) -> ExpectedShape {
        let rows = |term: &Term| term.tensors().next().map(|tensor| tensor.shape()[0]).filter(|rows| *rows > 1);
        match self.terms.iter().find_map(rows) {
            Some(rows) => ExpectedShape::OutputFeatures(rows),
            None => ExpectedShape::MatrixFrom(1),
        }
    }

    fn tensors(&self) -> &[LogicalTensor] {
        &self.tensors
    }

    fn is_additive(&self) -> bool {
        self.terms[0].is_nothing()
    }

    fn is_untrained(&self, contents: &[Content]) -> bool {
        let mut rest = contents;
        self.terms.iter().chain(&self.of_weight).all(|term| {
            let (own, others) = rest.split_at(term.tensors().count().min(rest.len()));
            rest = others;
            term.is_zero(own)
        })
    }

    fn companion(&self) -> Option<&'static str> {
        self.of_weight.as_ref().filter(|term| !term.is_nothing()).map(|_| COMPANION)
    }

    fn load(&self, placement: &Placement) -> Result<Arc<dyn RowUpdate>, AdapterError> {
        self.rows(placement)
    }

    fn load_f64(&self, placement: &Placement) -> Result<Arc<dyn RowUpdate<f64>>, AdapterError> {
        self.rows(placement)
    }
}

/// A term, read.
enum Loaded<T> {
    /// One value for each row, or one for all.
    Values(Vec<T>),
    Product(Matrix<T>, Matrix<T>),
}

impl<T: Precision> Loaded<T> {
    /// Its values on `rows` of `columns` elements.
    fn on(&self, rows: Range<usize>, columns: usize) -> Vec<T> {
        match self {
            Self::Values(values) => {
                rows.flat_map(|row| std::iter::repeat_n(values[row % values.len()], columns)).collect()
            }
            Self::Product(down, up) => {
                let mut out = vec![T::ZERO; rows.len() * columns];
                down.add_product(rows, up, T::ONE, &mut out);
                out
            }
        }
    }

    /// A bound on the terms that a value is summed of.
    fn bound(&self) -> f64 {
        match self {
            Self::Values(values) => largest(values),
            Self::Product(down, up) => down.columns() as f64 * largest(down.values()) * largest(up.values()),
        }
    }
}

struct ShiftedRows<T> {
    factor: Loaded<T>,
    shift: Loaded<T>,
    /// W·C of a bias.
    projected: Option<Vec<T>>,
}

impl<T: Precision> RowUpdate<T> for ShiftedRows<T> {
    fn apply_rows(&self, rows: Range<usize>, tile: &mut [T]) {
        let unmerged = tile.to_vec();
        self.apply_rows_after(rows, &unmerged, tile);
    }

    /// PEFT takes the unmerged weight times the factor of each adapter, and sums what comes of it.
    fn apply_rows_after(&self, rows: Range<usize>, unmerged: &[T], tile: &mut [T]) {
        let columns = tile.len() / rows.len().max(1);
        let factors = self.factor.on(rows.clone(), columns);
        let shifts = self.shift.on(rows.clone(), columns);
        for (((value, unmerged), factor), shift) in tile.iter_mut().zip(unmerged).zip(factors).zip(shifts) {
            *value += *unmerged * factor + shift;
        }
        for (value, projected) in tile.iter_mut().zip(self.projected.iter().flat_map(|all| &all[rows.clone()])) {
            *value += *projected;
        }
    }

    fn magnitude_bound(&self, before: &[T], after: &[T]) -> f64 {
        let projected = self.projected.as_ref().map_or(0.0, |values| largest(values));
        largest(before) * (1.0 + self.factor.bound()) + self.shift.bound() + projected + largest(after)
    }
}
