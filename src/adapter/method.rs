//! What a fine-tuning method must tell the rest of the house.

use std::{collections::BTreeMap, fmt, ops::Range, path::Path, sync::Arc};

use super::{AdapterError, ExpectedShape, MethodSpec, Note, Part, PartTensors, Parts, Placement, Scaling, Target};
use crate::{
    checkpoint::LogicalTensor,
    message::said_in_english,
    numeric::{Element, LowRank, LowRankF64},
};

/// A method (LoRA, DoRA, LoHa …): the keys that it owns and what they do to the base. One file each.
pub trait Method: fmt::Debug + Send + Sync {
    /// The method as people name it.
    fn name(&self) -> &'static str;

    /// What the method is called in configs and files.
    fn spec(&self) -> &'static MethodSpec;

    /// Whether a factor of this kind belongs to the method.
    fn owns(&self, part: Part) -> bool {
        let part = part.declared();
        self.spec().factors.contains(&part) || self.spec().shared_factors.contains(&part)
    }

    /// Checks what no single module tells: that all of them have the factors that some have.
    ///
    /// # Errors
    /// A module that lacks a factor; `path` is the file, for the message.
    fn check(&self, _modules: &BTreeMap<String, PartTensors>, _path: &Path) -> Result<(), AdapterError> {
        Ok(())
    }

    /// Whether a factor of this shape may have no element; otherwise it is a placeholder of a run that saved nothing.
    fn may_be_empty(&self, _shape: &[usize]) -> bool {
        false
    }

    /// Checks the factors of one module and says which parameters of the base they change.
    ///
    /// # Errors
    /// Factors that are missing or do not fit together or the config; `path` is the file, for the message.
    fn targets(&self, module: &str, parts: Parts, path: &Path) -> Result<Vec<Target>, AdapterError>;
}

/// What an adapter does to one parameter, described from headers alone.
pub trait TargetUpdate: fmt::Debug + Send + Sync {
    /// The kind of layer, which decides how its weight may lie on the disk.
    fn layer(&self) -> Layer {
        Layer::Linear
    }

    /// Whether this is for a parameter of `shape`, stored in `orientation`.
    fn fits(&self, shape: &[usize], orientation: Orientation) -> bool;

    /// The shape that it is for, as messages show it.
    fn expected_shape(&self) -> ExpectedShape;

    /// The rank of the update, for methods that have one.
    fn rank(&self) -> Option<usize> {
        None
    }

    /// The factor s and where it comes from, for methods that have one.
    fn scaling(&self) -> Option<Scaling> {
        None
    }

    /// The adapter tensors that this update consumes, in the method's own order (`lora_A` before `lora_B`).
    fn tensors(&self) -> &[LogicalTensor];

    /// Whether Δ is the same whatever W is: then it may be added to a weight that a later adapter replaces.
    fn is_additive(&self) -> bool {
        true
    }

    /// Whether the values seen in [`Self::tensors`] change nothing, as before the first step of training.
    fn is_untrained(&self, contents: &[Content]) -> bool {
        contents.iter().any(|content| content.is_zero)
    }

    /// Experts, rows and columns of the matrices, for updates that may be cut by experts and output rows.
    fn expert_features(&self) -> Option<(usize, usize, usize)> {
        None
    }

    /// Rows of the weight, for updates that have one row for each token where the layer is an embedding or a head.
    fn vocabulary_rows(&self) -> Option<usize> {
        None
    }

    /// The token ids whose rows this replaces, for trainable tokens.
    fn new_token_ids(&self) -> Option<&[usize]> {
        None
    }

    /// The parameter of the same module that it reads in the base, beside the one that it changes
    /// ([`Placement::companion`]).
    fn companion(&self) -> Option<&'static str> {
        None
    }

    /// What was decided about it, for the user to know.
    fn note(&self) -> Option<Note> {
        None
    }

    /// Whether the factors hold values that only loading can find fault with (indices, directions without length), so
    /// that they are loaded once before anything is written.
    fn is_proven_by_loading(&self) -> bool {
        false
    }

    /// What the factors may be for, where only the base can say it.
    fn nested(&self) -> Option<&Nested> {
        None
    }

    /// Reads the factors.
    ///
    /// # Errors
    /// A read that fails, a dtype that is no float, or values without a meaning.
    fn load(&self, placement: &Placement) -> Result<Arc<dyn RowUpdate>, AdapterError>;

    /// Reads the factors for a proof in f64.
    ///
    /// # Errors
    /// As [`Self::load`].
    fn load_f64(&self, placement: &Placement) -> Result<Arc<dyn RowUpdate<f64>>, AdapterError>;
}

/// Factors at one level of PEFT's nesting of the parameters of a module; the file does not name the parameter.
#[derive(Clone, Debug)]
pub struct Nested {
    /// Levels around it: 0 is the outermost, for the parameter that the module registers last.
    pub level: usize,
    /// What they may be for, the likeliest first; never empty.
    pub readings: Vec<Reading>,
}

/// A parameter that factors may be for, and the update that they are then.
#[derive(Clone, Debug)]
pub struct Reading {
    /// The parameter's name.
    pub parameter: String,
    /// The update, with the rank and scale that the config gives this parameter.
    pub update: Arc<dyn TargetUpdate>,
}

/// What a scan saw in a tensor.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Content {
    /// Every element is 0.
    pub is_zero: bool,
    /// Every element is 1.
    pub is_one: bool,
}

/// The kind of layer that an update is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Layer {
    /// `nn.Linear`, or `Conv1D` in models that have it.
    Linear,
    /// The experts of a mixture in one parameter: `(experts, out, in)` or `(experts, in, out)`.
    Experts,
    /// Anything whose parameter has one layout only: embeddings, convolutions, norms, biases.
    Fixed,
}

/// How the base stores the weight of a layer.
#[derive(Clone, Copy, Debug, PartialEq, Eq, serde::Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Orientation {
    /// `(out, in)`, as `nn.Linear` does; also every layout that has no second form.
    OutIn,
    /// `(in, out)`, as GPT-2's `Conv1D` and the experts of gpt-oss do.
    InOut,
}

said_in_english!(Orientation);

impl Orientation {
    /// The stored shape of a layer with these features.
    #[must_use]
    pub fn weight_shape(self, (out_features, in_features): (usize, usize)) -> [usize; 2] {
        match self {
            Self::OutIn => [out_features, in_features],
            Self::InOut => [in_features, out_features],
        }
    }
}

/// A loaded update: transforms row tiles of W, for not every method adds a delta. Merges use f32, proofs f64.
pub trait RowUpdate<T: Element = f32>: Send + Sync {
    /// Passes over all rows of W: the last transforms, any before it only observe (DoRA on an embedding needs two).
    fn passes(&self) -> usize {
        1
    }

    /// Looks at `tile` (`rows` of W) in a pass before the last.
    fn observe_rows(&self, _rows: Range<usize>, _tile: &[T]) {}

    /// Rows that are only transformed together: tiles begin and end with a multiple of it.
    fn row_block(&self) -> usize {
        1
    }

    /// Transforms `tile` (`rows` of W, row-major) in place.
    fn apply_rows(&self, rows: Range<usize>, tile: &mut [T]);

    /// The same where updates of the same layer came before, which left `tile`: what this one looks at is `unmerged`,
    /// the rows as they were beneath all of them.
    fn apply_rows_after(&self, rows: Range<usize>, _unmerged: &[T], tile: &mut [T]) {
        self.apply_rows(rows, tile);
    }

    /// Whether PEFT computes it in the weight's own dtype and rounds on the way, not once.
    fn is_rounded_on_the_way(&self) -> bool {
        false
    }

    /// As [`Self::apply_rows`], with what PEFT rounds on the way rounded by `round`: for proofs of its own merges.
    fn apply_rows_rounding(&self, rows: Range<usize>, tile: &mut [T], _round: &dyn Fn(f64) -> f64) {
        self.apply_rows(rows, tile);
    }

    /// The update as W + s·L·R where it has that form, which GEMM and the GPU take directly.
    fn as_low_rank(&self) -> Option<&LowRank> {
        None
    }

    /// The factor, where the update only multiplies W by one.
    fn factor(&self) -> Option<f64> {
        None
    }

    /// A bound on the terms of which any element of the tile is summed, to which the error of f32 is proportional.
    fn magnitude_bound(&self, before: &[T], after: &[T]) -> f64 {
        largest(before).max(largest(after))
    }
}

/// Rows that all of `blocks` ([`RowUpdate::row_block`]) let a tile begin and end with: their least common multiple.
#[must_use]
pub fn common_row_block(blocks: impl Iterator<Item = usize>) -> usize {
    let gcd = |mut a: usize, mut b: usize| {
        while b != 0 {
            (a, b) = (b, a % b);
        }
        a
    };
    blocks.fold(1, |common, block| common / gcd(common, block.max(1)) * block.max(1))
}

/// The largest magnitude among `values`.
pub(super) fn largest<T: Element>(values: &[T]) -> f64 {
    values.iter().map(|value| value.to_f64().abs()).fold(0.0, f64::max)
}

impl RowUpdate for LowRank {
    fn apply_rows(&self, rows: Range<usize>, tile: &mut [f32]) {
        self.accumulate_rows(rows, 1.0, tile);
    }

    fn as_low_rank(&self) -> Option<&LowRank> {
        Some(self)
    }
}

impl RowUpdate<f64> for LowRankF64 {
    fn apply_rows(&self, rows: Range<usize>, tile: &mut [f64]) {
        self.accumulate_rows(rows, 1.0, tile);
    }

    fn magnitude_bound(&self, _before: &[f64], _after: &[f64]) -> f64 {
        LowRankF64::magnitude_bound(self)
    }
}

/// A precision in which a method computes: low-rank updates have a form of their own in each.
pub(super) trait Precision: Element {
    fn low_rank(update: LowRank) -> Arc<dyn RowUpdate<Self>>;

    /// A low-rank update from factors in f64.
    fn product(
        shape: (usize, usize),
        rank: usize,
        scale: f64,
        left: Vec<f64>,
        right: Vec<f64>,
    ) -> Arc<dyn RowUpdate<Self>>;
}

impl Precision for f32 {
    fn low_rank(update: LowRank) -> Arc<dyn RowUpdate<Self>> {
        Arc::new(update)
    }

    fn product(
        shape: (usize, usize),
        rank: usize,
        scale: f64,
        left: Vec<f64>,
        right: Vec<f64>,
    ) -> Arc<dyn RowUpdate<Self>> {
        let rounded = |factor: Vec<f64>| factor.into_iter().map(Self::rounded).collect();
        Arc::new(LowRank::new(shape, rank, scale, rounded(left), rounded(right)))
    }
}

impl Precision for f64 {
    fn low_rank(update: LowRank) -> Arc<dyn RowUpdate<Self>> {
        Arc::new(update.to_f64())
    }

    fn product(
        shape: (usize, usize),
        rank: usize,
        scale: f64,
        left: Vec<f64>,
        right: Vec<f64>,
    ) -> Arc<dyn RowUpdate<Self>> {
        Arc::new(LowRankF64::new(shape, rank, scale, left, right))
    }
}
