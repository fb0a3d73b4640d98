//! One decoder layer: attention and MLP with their norms, added to the stream.

use candle_core::{Result, Tensor};

use super::{
    Arrangement, DecoderConfig, Norm, NormsAround, Rotation,
    attention::{Attention, KvCache},
    mlp::Mlp,
};
use crate::evaluate::{EvalError, spare::SpareMatrices, weights::ModelWeights};

/// A layer, loaded.
#[derive(Debug)]
pub(in crate::evaluate) struct Layer {
    attention: Attention,
    mlp: Mlp,
    arrangement: Arrangement<Norm>,
}

impl Layer {
    /// Loads layer `index` as f32, into `spare` memory where there is some.
    pub fn load(
        config: &DecoderConfig,
        weights: &ModelWeights,
        index: usize,
        spare: &SpareMatrices,
    ) -> std::result::Result<Self, EvalError> {
        let (spec, module) = (&config.layers[index], weights.module(config.names.layer(index), spare));
        Ok(Self {
            attention: Attention::load(&spec.attention, &module)?,
            mlp: Mlp::load(&spec.mlp, &module)?,
            arrangement: spec.arrangement.try_map(|norm| module.norm(norm))?,
        })
    }

    /// The matrices of a layer that is done with.
    pub fn into_matrices(self) -> impl Iterator<Item = Tensor> {
        let linears = self.attention.into_linears().into_iter().chain(self.mlp.into_linears());
        linears.map(|linear| linear.weight)
    }

    /// `hidden` (`tokens × hidden`) holds windows of `lengths`, one after another.
    pub fn forward(&self, hidden: &Tensor, lengths: &[usize], rotations: &[Rotation]) -> Result<Tensor> {
        self.around(hidden, |inputs| self.attention.forward(inputs, lengths, rotations))
    }

    /// `hidden` continues the tokens in `cache`, which takes them in.
    pub fn forward_cached(&self, hidden: &Tensor, rotations: &[Rotation], cache: &mut KvCache) -> Result<Tensor> {
        self.around(hidden, |inputs| self.attention.forward_cached(inputs, rotations, cache))
    }

    fn around(&self, hidden: &Tensor, attend: impl FnOnce(&Tensor) -> Result<Tensor>) -> Result<Tensor> {
        match &self.arrangement {
            Arrangement::Sequential { attention, mlp } => {
                let hidden = (hidden + attention.around(hidden, attend)?)?;
                let change = mlp.around(&hidden, |inputs| self.mlp.forward(inputs))?;
                hidden + change
            }
            Arrangement::Parallel { attention, mlp } => {
                let inputs = attention.forward(hidden)?;
                let own_inputs = mlp.as_ref().map(|norm| norm.forward(hidden)).transpose()?;
                let change = self.mlp.forward(own_inputs.as_ref().unwrap_or(&inputs))?;
                (hidden + attend(&inputs)?)? + change
            }
        }
    }
}

impl NormsAround<Norm> {
    fn around(&self, hidden: &Tensor, block: impl FnOnce(&Tensor) -> Result<Tensor>) -> Result<Tensor> {
        let inputs = self.before.as_ref().map(|norm| norm.forward(hidden)).transpose()?;
        let outputs = block(inputs.as_ref().unwrap_or(hidden))?;
        self.after.as_ref().map_or(Ok(outputs.clone()), |norm| norm.forward(&outputs))
    }
}
