//! `lora_A` and `lora_B` of one parameter.

use std::sync::Arc;

use super::form::Form;
use crate::{
    adapter::{
        AdapterError, ExpectedShape, Layer, Note, Orientation, Placement, Precision, RowUpdate, Scaling, TargetUpdate,
        Window,
        methods::factors::{Factors, Reshaped, Stacked, read_matrix},
    },
    checkpoint::LogicalTensor,
    numeric::{LowRank, Matrix},
};

/// Δ = s·B·A for one parameter.
#[derive(Clone, Debug)]
pub(in crate::adapter::methods) struct LoraUpdate {
    pub(super) kind: Kind,
    pub(super) form: Form,
    pub scaling: Scaling,
    /// How often PEFT adds Δ.
    pub(super) times: Times,
    /// A before B.
    pub factors: [LogicalTensor; 2],
}

/// How often PEFT adds an update, in training as in a merge.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) enum Times {
    /// As it should.
    #[default]
    Once,
    /// PEFT 0.15 to 0.21.2 with the output projection of `MultiheadAttention` (spec section 2.7).
    Twice,
    /// As it should, after releases that did not.
    OnceAgain,
}

/// What the factors are for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Kind {
    /// A Linear layer or a `Conv1D`.
    Linear { out: usize, inner: usize },
    /// A projection of PyTorch's `MultiheadAttention`, which is stored `(out, in)` in every model.
    Attention { out: usize, inner: usize },
    /// An embedding `(num, dim)`: Δ = s·(B·A)ᵀ.
    Embedding { num: usize, dim: usize },
    /// A convolution `(out, in, k…)`.
    Convolution { shape: Vec<usize> },
    /// The matrices of a mixture of experts: A is expert-major by rows, B expert-minor by columns (spec section 2.8).
    Experts { count: usize, out: usize, inner: usize },
}

impl Kind {
    /// The convolution behind `lora_A` and `lora_B`; `None` where they do not fit together.
    pub fn of_convolution(a: &LogicalTensor, b: &LogicalTensor) -> Option<Self> {
        match (a.shape(), b.shape()) {
            ([rank, inner @ ..], [out, b_rank, ones @ ..])
                if rank == b_rank && inner.len() >= 2 && ones.len() + 1 == inner.len() =>
            {
                let is_pointwise = ones.iter().all(|size| *size == 1);
                is_pointwise.then(|| Self::Convolution { shape: [&[*out], inner].concat() })
            }
            _ => None,
        }
    }

    /// The groups of the convolution that PEFT adapted with an ungrouped A and a grouped B `(out, r/groups, 1…)`.
    pub fn groups_of(a: &LogicalTensor, b: &LogicalTensor) -> Option<usize> {
        let ([rank, _, _, ..], [_, group_rank, _, ..]) = (a.shape(), b.shape()) else { return None };
        let is_grouped = *group_rank > 0 && rank > group_rank && rank % group_rank == 0;
        is_grouped.then(|| rank / group_rank)
    }

    /// The embedding behind `lora_embedding_A` and `lora_embedding_B`.
    pub fn of_embedding(a: &LogicalTensor, b: &LogicalTensor) -> Option<Self> {
        match (a.shape(), b.shape()) {
            (&[rank, num], &[dim, b_rank]) if rank == b_rank => Some(Self::Embedding { num, dim }),
            _ => None,
        }
    }
}

impl LoraUpdate {
    /// B·A as it stands, of an embedding or of any other layer; `None` where the factors do not fit together.
    pub fn unscaled([a, b]: [&LogicalTensor; 2], is_embedding: bool) -> Option<Self> {
        let kind = match Form::Plain.features(a.shape(), b.shape()) {
            _ if is_embedding => Kind::of_embedding(a, b)?,
            Some((_, out, inner)) => Kind::Linear { out, inner },
            None => Kind::of_convolution(a, b)?,
        };
        let rank = *a.shape().first()?;
        let scaling = Scaling { alpha: rank as f64, rank, is_rank_stabilized: false };
        Some(Self { kind, form: Form::Plain, scaling, times: Times::Once, factors: [a.clone(), b.clone()] })
    }

    /// The shape of the parameter, experts as `(count, out, in)`.
    pub fn shape(&self) -> Vec<usize> {
        match &self.kind {
            Kind::Linear { out, inner } | Kind::Attention { out, inner } => vec![*out, *inner],
            Kind::Embedding { num, dim } => vec![*num, *dim],
            Kind::Convolution { shape } => shape.clone(),
            Kind::Experts { count, out, inner } => vec![*count, *out, *inner],
        }
    }

    /// The factors of a single matrix of so many input features.
    fn factors(&self, inner: usize) -> Result<Factors, AdapterError> {
        let [a, b] = &self.factors;
        let (a_matrix, b_matrix) = (read_matrix(a, a.shape()[0])?, read_matrix(b, b.shape()[0])?);
        let (a, b) = match &self.kind {
            Kind::Embedding { .. } => (b_matrix.transposed(), a_matrix.transposed()),
            _ => self.form.expanded(a_matrix, b_matrix, inner),
        };
        let times = if self.times == Times::Twice { 2.0 } else { 1.0 };
        Ok(Factors { b, a, scale: self.scaling.value() * times })
    }

    /// The factors of one expert: A[e·r.., :] and B[:, j·E + e], of which only the rows `out` are read.
    /// The rows of B are output features, but where PEFT took the dimensions of the parameter the other way round.
    fn expert_factors(&self, expert: usize, out: std::ops::Range<usize>) -> Result<Factors, AdapterError> {
        let Kind::Experts { count, inner, .. } = self.kind else { unreachable!("only experts have single ones") };
        let ([a, b], rank) = (&self.factors, self.scaling.rank);
        let mut a_values = vec![0.0; rank * inner];
        a.read_rows(expert * rank..(expert + 1) * rank, &mut a_values)?;
        let mut rows = vec![0.0; out.len() * rank * count];
        b.read_rows(out.clone(), &mut rows)?;
        let own = rows.iter().skip(expert).step_by(count).copied().collect();
        let (a, b) = (Matrix::new(rank, inner, a_values), Matrix::new(out.len(), rank, own));
        Ok(Factors { b, a, scale: self.scaling.value() })
    }

    /// The update of the rows `out` of one expert's matrix.
    fn expert_block(
        &self,
        expert: usize,
        out: std::ops::Range<usize>,
        orientation: Orientation,
    ) -> Result<LowRank, AdapterError> {
        if orientation == Orientation::OutIn {
            return Ok(self.expert_factors(expert, out)?.low_rank(orientation));
        }
        let rows_of_b = self.factors[1].shape()[0];
        let factors = self.expert_factors(expert, 0..rows_of_b)?;
        let a = factors.a.transposed().row_range(out).transposed();
        Ok(Factors { a, ..factors }.low_rank(orientation))
    }

    /// The update as it lies on the stored tensor.
    pub fn rows<T: Precision>(&self, placement: &Placement) -> Result<Arc<dyn RowUpdate<T>>, AdapterError> {
        match (&self.kind, &placement.window) {
            (Kind::Linear { .. } | Kind::Attention { .. } | Kind::Embedding { .. }, _) => {
                Ok(self.factors(placement.features().1)?.placed(placement))
            }
            (Kind::Convolution { shape }, _) => {
                let columns = shape.iter().skip(1).product();
                Ok(Arc::new(Reshaped {
                    update: T::low_rank(self.factors(columns)?.low_rank(Orientation::OutIn)),
                    columns,
                }))
            }
            (Kind::Experts { .. }, Window::TensorIsPart { expert, out }) => {
                Ok(T::low_rank(self.expert_block(*expert, out.clone(), placement.orientation)?))
            }
            (Kind::Experts { count, out, .. }, _) => {
                let mut parts = Vec::with_capacity(*count);
                for expert in 0..*count {
                    let low_rank = self.expert_factors(expert, 0..*out)?.low_rank(placement.orientation);
                    let first_row = expert * low_rank.shape().0;
                    parts.push((first_row..first_row + low_rank.shape().0, T::low_rank(low_rank)));
                }
                Ok(Arc::new(Stacked { parts }))
            }
        }
    }
}

impl TargetUpdate for LoraUpdate {
    fn layer(&self) -> Layer {
        match self.kind {
            Kind::Linear { .. } => Layer::Linear,
            Kind::Experts { .. } => Layer::Experts,
            Kind::Attention { .. } | Kind::Embedding { .. } | Kind::Convolution { .. } => Layer::Fixed,
        }
    }

    fn fits(&self, shape: &[usize], orientation: Orientation) -> bool {
        match (&self.kind, shape) {
            (Kind::Linear { out, inner }, _) => {
                let fits = |inner: &usize| shape == orientation.weight_shape((*out, *inner));
                fits(inner) || self.form.pooled_features(*inner).is_some_and(|inner| fits(&inner))
            }
            (Kind::Experts { count, out, inner }, [experts, matrix @ ..]) if shape.len() == 3 => {
                experts == count && matrix == orientation.weight_shape((*out, *inner))
            }
            // A matrix among the target parameters is a Linear weight (a router, a fused projection).
            (Kind::Experts { count: 1, out, inner }, _) => orientation == Orientation::OutIn && shape == [*out, *inner],
            _ => orientation == Orientation::OutIn && shape == self.shape(),
        }
    }

    fn expected_shape(&self) -> ExpectedShape {
        ExpectedShape::Exact(self.shape())
    }

    fn rank(&self) -> Option<usize> {
        Some(self.scaling.rank)
    }

    fn scaling(&self) -> Option<Scaling> {
        Some(self.scaling)
    }

    fn tensors(&self) -> &[LogicalTensor] {
        &self.factors
    }

    fn expert_features(&self) -> Option<(usize, usize, usize)> {
        match self.kind {
            Kind::Linear { out, inner } => Some((1, out, inner)),
            Kind::Experts { count, out, inner } => Some((count, out, inner)),
            Kind::Attention { .. } | Kind::Embedding { .. } | Kind::Convolution { .. } => None,
        }
    }

    fn vocabulary_rows(&self) -> Option<usize> {
        match self.kind {
            Kind::Linear { out, .. } => Some(out),
            Kind::Embedding { num, .. } => Some(num),
            Kind::Attention { .. } | Kind::Convolution { .. } | Kind::Experts { .. } => None,
        }
    }

    fn note(&self) -> Option<Note> {
        match self.times {
            Times::Once => None,
            Times::Twice => Some(Note::OutputProjectionTwice),
            Times::OnceAgain => Some(Note::OutputProjectionOnce),
        }
    }

    fn load(&self, placement: &Placement) -> Result<Arc<dyn RowUpdate>, AdapterError> {
        self.rows(placement)
    }

    fn load_f64(&self, placement: &Placement) -> Result<Arc<dyn RowUpdate<f64>>, AdapterError> {
        self.rows(placement)
    }
}
