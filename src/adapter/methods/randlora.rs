//! RandLoRA: Δ is a sum of as many products of random bases as make it of full rank, each scaled by trained vectors
//! (Albert et al. 2025; spec section 8).

use std::{path::Path, sync::Arc};

use super::factors::{matrix_product, misshapen, required};
use crate::{
    adapter::{
        AdapterError, ExpectedShape, Feature, Method, MethodSpec, Orientation, Part, Parts, PeftConfig, Placement,
        Precision, RefusalReason, RowUpdate, Scaling, Target, TargetUpdate, WayOut,
    },
    checkpoint::LogicalTensor,
    numeric::Matrix,
};

/// `randlora_lambda`, `(r, n)`: n is the number of bases.
const LAMBDA: Part = Part::parameter("randlora_lambda");
/// `randlora_gamma`, `(n, shorter side)`.
const GAMMA: Part = Part::parameter("randlora_gamma");
/// `randlora_A`, `(r, 1, longest of the shorter sides)`.
const BASIS_A: Part = Part::parameter("randlora_A");
/// `randlora_B`, `(longest side, most bases, r)`.
const BASIS_B: Part = Part::parameter("randlora_B");

/// RandLoRA's names.
pub(super) const SPEC: MethodSpec = MethodSpec {
    peft_type: "RANDLORA",
    key_prefix: Some("randlora_"),
    factors: &[LAMBDA, GAMMA],
    shared_factors: &[BASIS_A, BASIS_B],
    config_keys: &[
        "projection_prng_key",
        "r",
        "randlora_alpha",
        "randlora_dropout",
        "save_projection",
        "sparse",
        "very_sparse",
    ],
    build: |config, _| Ok(Box::new(RandLora { config })),
};

/// RandLoRA as its config describes it.
#[derive(Debug)]
struct RandLora {
    config: PeftConfig,
}

impl Method for RandLora {
    fn spec(&self) -> &'static MethodSpec {
        &SPEC
    }

    fn name(&self) -> &'static str {
        "RandLoRA"
    }

    fn targets(&self, module: &str, mut parts: Parts, path: &Path) -> Result<Vec<Target>, AdapterError> {
        let lambda = required(&mut parts, LAMBDA, module, path)?;
        let gamma = required(&mut parts, GAMMA, module, path)?;
        // PEFT saves the bases once for all modules and again with each of them.
        let copies = [BASIS_A, BASIS_B].map(|part| [parts.remove(part), parts.shared(part)]);
        let [Some(basis_a), Some(basis_b)] = copies.clone().map(|copies| copies.into_iter().flatten().next()) else {
            return Err(AdapterError::Unsupported {
                feature: Feature::Method { name: self.name(), peft_type: SPEC.peft_type },
                reason: RefusalReason::ProjectionNotSaved,
                way_out: WayOut::MergeWithPeft,
                path: path.to_owned(),
            });
        };
        let scaling = self.config.scaling_by("randlora_alpha", module, path)?;
        let used = [lambda, gamma, basis_a, basis_b];
        let Some(bases) = Bases::of(&used) else {
            return Err(misshapen(module, &used.iter().collect::<Vec<_>>(), path));
        };
        let spare = copies.into_iter().flat_map(|copies| copies.into_iter().flatten().skip(1));
        let tensors: Vec<LogicalTensor> = used.into_iter().chain(spare).collect();
        scaling.check_rank(module, bases.rank, path)?;
        Ok(vec![Target::weight(module, Arc::new(RandLoraUpdate { bases, scaling, tensors }))])
    }
}

/// Tensors that are read; copies of them follow.
const USED: usize = 4;

/// The sizes of one module's bases.
#[derive(Clone, Copy, Debug)]
struct Bases {
    count: usize,
    rank: usize,
    /// The module's shorter side.
    shorter: usize,
    /// The longest side that the shared basis reaches to.
    longest: usize,
}

impl Bases {
    /// `None` where the tensors do not fit together.
    fn of([lambda, gamma, basis_a, basis_b]: &[LogicalTensor; USED]) -> Option<Self> {
        let (&[rank, count], &[gamma_count, shorter]) = (lambda.shape(), gamma.shape()) else { return None };
        let (&[a_rank, _, a_width], &[longest, b_count, b_rank]) = (basis_a.shape(), basis_b.shape()) else {
            return None;
        };
        let fits = gamma_count == count && a_rank == rank && b_rank == rank && a_width >= shorter && b_count >= count;
        fits.then_some(Self { count, rank, shorter, longest })
    }
}

#[derive(Debug)]
struct RandLoraUpdate {
    bases: Bases,
    scaling: Scaling,
    /// λ, γ, the two bases that all modules share, and copies of those.
    tensors: Vec<LogicalTensor>,
}

impl RandLoraUpdate {
    /// A with λ and γ worked in, `(r·n, shorter side)`.
    fn scaled_basis(&self) -> Result<Matrix<f64>, AdapterError> {
        let Bases { count, rank, shorter, .. } = self.bases;
        let [lambda, gamma, basis, ..] = self.tensors.as_slice() else { unreachable!("four tensors are used") };
        let (lambda, gamma, values) = (lambda.read_all()?, gamma.read_all()?, basis.read_all()?);
        let (planes, width) = (basis.shape()[1], basis.shape()[2]);
        let mut out = Vec::with_capacity(rank * count * shorter);
        for row in 0..rank {
            for index in 0..count {
                // One plane serves all bases, as PEFT draws it.
                let first = (row * planes + index % planes) * width;
                let factor = f64::from(lambda[row * count + index]);
                let gamma = &gamma[index * shorter..(index + 1) * shorter];
                let scaled = values[first..first + shorter].iter().zip(gamma);
                out.extend(scaled.map(|(value, gamma)| factor * f64::from(*value) * f64::from(*gamma)));
            }
        }
        Ok(Matrix::new(rank * count, shorter, out))
    }

    /// B, `(longer side, n·r)`. PEFT pairs its columns with the rows of A by position, though one counts bases first
    /// and the other ranks.
    fn basis(&self, longer: usize) -> Result<Matrix<f64>, AdapterError> {
        let Bases { count, rank, .. } = self.bases;
        let basis = &self.tensors[3];
        let stored_count = basis.shape()[1];
        let mut values = vec![0.0; longer * stored_count * rank];
        basis.read_rows(0..longer * stored_count, &mut values)?;
        let kept = values.chunks(stored_count * rank).flat_map(|row| &row[..count * rank]);
        Ok(Matrix::new(longer, count * rank, kept.map(|value| f64::from(*value)).collect()))
    }

    fn rows<T: Precision>(&self, placement: &Placement) -> Result<Arc<dyn RowUpdate<T>>, AdapterError> {
        let (out, inner) = placement.features();
        let (long, short) = (self.basis(out.max(inner))?, self.scaled_basis()?);
        let product = if inner <= out { (long, short) } else { (short.transposed(), long.transposed()) };
        Ok(matrix_product(product, self.scaling.value(), placement.orientation))
    }
}

impl TargetUpdate for RandLoraUpdate {
    fn fits(&self, shape: &[usize], _orientation: Orientation) -> bool {
        let &[rows, columns] = shape else { return false };
        rows.min(columns) == self.bases.shorter && rows.max(columns) <= self.bases.longest
    }

    fn expected_shape(&self) -> ExpectedShape {
        ExpectedShape::MatrixShorterSide(self.bases.shorter)
    }

    fn rank(&self) -> Option<usize> {
        Some(self.bases.rank)
    }

    fn scaling(&self) -> Option<Scaling> {
        Some(self.scaling)
    }

    fn tensors(&self) -> &[LogicalTensor] {
        &self.tensors
    }

    fn load(&self, placement: &Placement) -> Result<Arc<dyn RowUpdate>, AdapterError> {
        self.rows(placement)
    }

    fn load_f64(&self, placement: &Placement) -> Result<Arc<dyn RowUpdate<f64>>, AdapterError> {
        self.rows(placement)
    }
}
