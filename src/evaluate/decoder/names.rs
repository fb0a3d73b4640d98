//! Where the tensors of a decoder are.

use super::LearnedPositions;
use crate::adapter::Orientation;

/// How a family names its tensors, below a root that a bare model lacks.
#[derive(Clone, Debug)]
pub(in crate::evaluate) struct TensorNames {
    /// `model.` in `LlamaForCausalLM`; empty in a checkpoint saved without its head (`LlamaModel`).
    root: &'static str,
    /// The embedding's module.
    embedding: &'static str,
    /// The list of layers.
    layers: &'static str,
    /// The output head's module, which is never below the root.
    pub head: &'static str,
}

impl TensorNames {
    /// The names in a checkpoint in which `has_tensor` holds; `roots` are tried from the longest to the shortest.
    pub fn new(
        roots: &[&'static str],
        [embedding, layers, head]: [&'static str; 3],
        has_tensor: impl Fn(&str) -> bool,
    ) -> Self {
        let has_embedding = |root: &&&str| has_tensor(&format!("{root}{embedding}.weight"));
        let root = roots.iter().find(has_embedding).or(roots.first()).copied().unwrap_or_default();
        Self { root, embedding, layers, head }
    }

    pub fn root(&self) -> &'static str {
        self.root
    }

    pub fn embedding(&self) -> String {
        format!("{}{}.weight", self.root, self.embedding)
    }

    pub fn positions(&self, positions: &LearnedPositions) -> String {
        format!("{}{}.weight", self.root, positions.part)
    }

    /// What comes before the name of each part of a layer (`model.layers.3.`).
    pub fn layer(&self, layer: usize) -> String {
        format!("{}{}.{layer}.", self.root, self.layers)
    }
}

/// A tensor that a decoder needs.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(in crate::evaluate) struct TensorSpec {
    pub name: String,
    pub shape: Vec<usize>,
    /// For the weight of a linear layer, how it is stored: beside such a weight an adapter can be computed.
    pub linear: Option<Orientation>,
}

impl TensorSpec {
    /// A tensor that is no linear layer's weight.
    pub fn other(name: String, shape: Vec<usize>) -> Self {
        Self { name, shape, linear: None }
    }
}
