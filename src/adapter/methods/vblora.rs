//! VB-LoRA: factors of which every piece is a mixture of a few vectors out of a bank that all modules share (Li et al.
//! 2024; spec section 8).

use std::{path::Path, sync::Arc};

use serde_json::Value;

use super::{
    factors::{Factors, misshapen, required},
    indices::{may_hold_indices, read_indices},
    product::{InputFeatures, Product, ProductUpdate},
};
use crate::{
    adapter::{AdapterError, CONFIG_FILE, Content, Method, MethodSpec, Part, Parts, PeftConfig, Target},
    checkpoint::LogicalTensor,
    numeric::Matrix,
};

/// `vblora_logits_A`, `(r, in/v, vectors)`.
const A: Part = Part::parameter("vblora_logits_A");
/// `vblora_logits_B`, `(out/v, r, vectors)`.
const B: Part = Part::parameter("vblora_logits_B");
/// What `save_only_topk_weights` leaves of `vblora_logits_A`: which vectors, `(r, in/v, k)`.
const A_INDICES: Part = Part::parameter("vblora_logits_A_topk_indices");
/// And their shares but the last, `(r, in/v, k − 1)`.
const A_WEIGHTS: Part = Part::parameter("vblora_logits_A_topk_weights");
/// The same of `vblora_logits_B`, `(out/v, r, k)`.
const B_INDICES: Part = Part::parameter("vblora_logits_B_topk_indices");
/// And the shares but the last, `(out/v, r, k − 1)`.
const B_WEIGHTS: Part = Part::parameter("vblora_logits_B_topk_weights");
/// `base_model.vblora_vector_bank`, `(vectors, v)`.
const BANK: Part = Part::parameter("vblora_vector_bank");

/// VB-LoRA's names.
pub(super) const SPEC: MethodSpec = MethodSpec {
    peft_type: "VBLORA",
    key_prefix: Some("vblora_"),
    factors: &[A, B, A_INDICES, A_WEIGHTS, B_INDICES, B_WEIGHTS],
    shared_factors: &[BANK],
    config_keys: &[
        "init_logits_std",
        "init_vector_bank_bound",
        "num_vectors",
        "r",
        "save_only_topk_weights",
        "topk",
        "vblora_dropout",
        "vector_length",
    ],
    build: |config, _| Ok(Box::new(VbLora { config })),
};

/// VB-LoRA.
#[derive(Debug)]
struct VbLora {
    config: PeftConfig,
}

impl Method for VbLora {
    fn spec(&self) -> &'static MethodSpec {
        &SPEC
    }

    fn name(&self) -> &'static str {
        "VB-LoRA"
    }

    /// Of a single vector no share is saved.
    fn may_be_empty(&self, shape: &[usize]) -> bool {
        self.config.flag("save_only_topk_weights") && matches!(shape, [rows, columns, 0] if *rows > 0 && *columns > 0)
    }

    fn targets(&self, module: &str, mut parts: Parts, path: &Path) -> Result<Vec<Target>, AdapterError> {
        let bank = parts.shared(BANK).ok_or_else(|| AdapterError::Unpaired {
            module: module.to_owned(),
            absent: BANK.name(),
            path: path.to_owned(),
        })?;
        bank.float_dtype()?;
        let a = self.mixture([A, A_INDICES, A_WEIGHTS], &mut parts, module, path)?;
        let b = self.mixture([B, B_INDICES, B_WEIGHTS], &mut parts, module, path)?;
        let tensors: Vec<LogicalTensor> = a.tensors().chain(b.tensors()).chain([&bank]).cloned().collect();
        let fits = match bank.shape() {
            &[vectors, length] => {
                let has_vectors = |mixture: &Mixture| mixture.fits_bank(vectors);
                length > 0 && has_vectors(&a) && has_vectors(&b) && a.grid()[0] == b.grid()[1]
            }
            _ => false,
        };
        if !fits {
            return Err(misshapen(module, &tensors.iter().collect::<Vec<_>>(), path));
        }
        Ok(vec![Target::weight(module, Arc::new(ProductUpdate(VbLoraProduct { a, b, bank, tensors })))])
    }
}

impl VbLora {
    /// One factor, in whichever form it was saved.
    fn mixture(
        &self,
        [logits, indices, weights]: [Part; 3],
        parts: &mut Parts,
        module: &str,
        path: &Path,
    ) -> Result<Mixture, AdapterError> {
        if !parts.contains(indices) {
            let logits = required(parts, logits, module, path)?;
            let count = self.config.get("topk").and_then(Value::as_u64).and_then(|count| usize::try_from(count).ok());
            let missing = || AdapterError::MissingKey { key: "topk", path: path.with_file_name(CONFIG_FILE) };
            let count = count.filter(|count| *count > 0).ok_or_else(missing)?;
            return Ok(Mixture::Logits { logits, count });
        }
        let unpaired =
            || AdapterError::Unpaired { module: module.to_owned(), absent: indices.name(), path: path.to_owned() };
        let indices = parts.remove(indices).ok_or_else(unpaired)?;
        let weights = required(parts, weights, module, path)?;
        Ok(Mixture::Top { indices, weights })
    }
}

/// The shares of the bank's vectors in every piece of a factor.
#[derive(Debug)]
enum Mixture {
    /// The softmax of the `count` largest logits.
    Logits { logits: LogicalTensor, count: usize },
    /// The vectors and their shares, of which the last is what the others leave.
    Top { indices: LogicalTensor, weights: LogicalTensor },
}

/// One vector of the bank and its share.
type Share = (usize, f64);

impl Mixture {
    fn tensors(&self) -> impl Iterator<Item = &LogicalTensor> {
        match self {
            Self::Logits { logits, .. } => [Some(logits), None],
            Self::Top { indices, weights } => [Some(indices), Some(weights)],
        }
        .into_iter()
        .flatten()
    }

    /// Pieces along both sides of the factor.
    fn grid(&self) -> [usize; 2] {
        let (Self::Logits { logits: tensor, .. } | Self::Top { indices: tensor, .. }) = self;
        [0, 1].map(|axis| tensor.shape().get(axis).copied().unwrap_or(0))
    }

    /// Whether it is for a bank of so many vectors.
    fn fits_bank(&self, vectors: usize) -> bool {
        match self {
            Self::Logits { logits, count } => {
                logits.shape().len() == 3 && logits.shape()[2] == vectors && *count <= vectors
            }
            Self::Top { indices, weights } => {
                let has_shares = |indices: &[usize], weights: &[usize]| {
                    indices.len() == 3
                        && weights.len() == 3
                        && indices[..2] == weights[..2]
                        && indices[2] == weights[2] + 1
                };
                may_hold_indices(indices) && has_shares(indices.shape(), weights.shape())
            }
        }
    }

    /// The shares of every piece, row by row of the grid.
    fn shares(&self, vectors: usize) -> Result<Vec<Vec<Share>>, AdapterError> {
        match self {
            Self::Logits { logits, count } => {
                let values = logits.read_all()?;
                Ok(values.chunks(vectors.max(1)).map(|logits| largest_shares(logits, *count)).collect())
            }
            Self::Top { indices, weights } => {
                let count = indices.shape()[2];
                let chosen = read_indices(indices, vectors)?;
                let weights = weights.read_all()?;
                let pieces = chosen.chunks(count.max(1)).enumerate();
                Ok(pieces
                    .map(|(piece, chosen)| listed_shares(chosen, &weights[piece * (count - 1)..][..count - 1]))
                    .collect())
            }
        }
    }
}

/// The softmax of the `count` largest of `logits`; of equal ones the first is taken.
fn largest_shares(logits: &[f32], count: usize) -> Vec<Share> {
    let mut order: Vec<usize> = (0..logits.len()).collect();
    order.sort_by(|a, b| logits[*b].total_cmp(&logits[*a]));
    order.truncate(count);
    let largest = order.first().map_or(0.0, |index| f64::from(logits[*index]));
    let powers: Vec<f64> = order.iter().map(|index| (f64::from(logits[*index]) - largest).exp()).collect();
    let sum: f64 = powers.iter().sum();
    order.into_iter().zip(powers).map(|(index, power)| (index, power / sum)).collect()
}

/// The shares that were saved, and the last of them.
fn listed_shares(chosen: &[usize], weights: &[f32]) -> Vec<Share> {
    let rest = 1.0 - weights.iter().copied().map(f64::from).sum::<f64>();
    chosen.iter().copied().zip(weights.iter().copied().map(f64::from).chain([rest])).collect()
}

#[derive(Debug)]
struct VbLoraProduct {
    a: Mixture,
    b: Mixture,
    bank: LogicalTensor,
    tensors: Vec<LogicalTensor>,
}

impl VbLoraProduct {
    /// Elements of a vector.
    fn length(&self) -> usize {
        self.bank.tile_shape().columns
    }
}

impl Product for VbLoraProduct {
    fn output_features(&self) -> usize {
        self.b.grid()[0].saturating_mul(self.length())
    }

    fn input_features(&self) -> InputFeatures {
        InputFeatures::Exactly(self.a.grid()[1].saturating_mul(self.length()))
    }

    fn rank(&self) -> usize {
        self.a.grid()[0]
    }

    fn tensors(&self) -> &[LogicalTensor] {
        &self.tensors
    }

    fn is_untrained(&self, contents: &[Content]) -> bool {
        contents.last().is_some_and(|bank| bank.is_zero)
    }

    fn is_proven_by_loading(&self) -> bool {
        matches!(self.a, Mixture::Top { .. }) || matches!(self.b, Mixture::Top { .. })
    }

    fn factors(&self, input_features: usize) -> Result<Factors, AdapterError> {
        let bank = self.bank.read_all()?;
        let (length, rank) = (self.length(), self.rank());
        let vectors = bank.len() / length.max(1);
        let piece = |shares: &[Share]| -> Vec<f32> {
            let element = |at: usize| -> f64 {
                shares.iter().map(|(vector, share)| share * f64::from(bank[vector * length + at])).sum()
            };
            #[expect(clippy::cast_possible_truncation, reason = "factors are f32")]
            (0..length).map(|at| element(at) as f32).collect()
        };
        let a = self.a.shares(vectors)?.iter().flat_map(|shares| piece(shares)).collect();
        // The pieces of B lie along its columns.
        let mut b = Matrix::zeros(self.output_features(), rank);
        for (index, shares) in self.b.shares(vectors)?.iter().enumerate() {
            let (tile, column) = (index / rank.max(1), index % rank.max(1));
            for (at, value) in piece(shares).into_iter().enumerate() {
                b.values_mut()[(tile * length + at) * rank + column] = value;
            }
        }
        Ok(Factors { b, a: Matrix::new(rank, input_features, a), scale: 1.0 })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_largest_logits_share_by_their_softmax() {
        let shares = largest_shares(&[0.0, 2.0, -1.0, 1.0], 2);
        assert_eq!(shares.iter().map(|(vector, _)| *vector).collect::<Vec<_>>(), [1, 3]);
        let expected = 1.0 / (1.0 + (-1.0_f64).exp());
        assert!((shares[0].1 - expected).abs() < 1e-12 && (shares[0].1 + shares[1].1 - 1.0).abs() < 1e-12);
        assert_eq!(largest_shares(&[1.0, 1.0, 1.0], 1)[0].0, 0, "of equal ones the first");
    }

    #[test]
    fn the_last_share_is_what_the_others_leave() {
        assert_eq!(listed_shares(&[4, 0, 2], &[0.5, 0.25]), [(4, 0.5), (0, 0.25), (2, 0.25)]);
        assert_eq!(listed_shares(&[3], &[]), [(3, 1.0)]);
    }
}
