//! A model's tensors, checked against its config and read as f32 on demand.

use std::{ops::Range, path::Path};

use candle_core::{Device, Tensor};
use serde_json::Value;

use super::{
    EvalError, ModelSource,
    decoder::{DecoderConfig, Linear, LowRankBranch, TensorNames},
    family,
};
use crate::{
    adapter::{Adapter, Orientation, Target, Window},
    checkpoint::{Checkpoint, LogicalTensor, read_text},
    matching::{Applied, Matching, Origin},
    numeric::{FloatDtype, TileShape, narrow, row_tiles, widen},
};

/// Elements read at once: 4 MB as f32.
const TILE_ELEMENTS: usize = 1 << 20;

/// A model folder, and adapters beside it, opened but not loaded.
#[derive(Debug)]
pub(super) struct ModelWeights {
    checkpoint: Checkpoint,
    names: TensorNames,
    adapters: Vec<Adapter>,
    strengths: Vec<f64>,
    matching: Matching,
    /// What every weight of the folder is rounded to.
    cast: Option<FloatDtype>,
}

impl ModelWeights {
    /// Opens `source` and checks that every tensor of its decoder is there, floating and of the right shape.
    pub fn open(source: &ModelSource) -> Result<(Self, DecoderConfig), EvalError> {
        let checkpoint = Checkpoint::open(source.path())?;
        let config = family::decoder_config(&checkpoint)?;
        let requests = match source {
            ModelSource::Stored(_) | ModelSource::Cast { .. } => &[][..],
            ModelSource::WithAdapters { adapters, .. } => adapters,
        };
        let cast = if let ModelSource::Cast { dtype, .. } = source { Some(*dtype) } else { None };
        let adapters = requests.iter().map(|request| Adapter::open(&request.path)).collect::<Result<Vec<_>, _>>()?;
        let weights = Self {
            names: TensorNames::new(|name| checkpoint.tensor(name).is_some()),
            strengths: requests.iter().map(|request| request.strength).collect(),
            matching: Matching::new(&checkpoint, &adapters),
            checkpoint,
            adapters,
            cast,
        };
        weights.check_tensors(&config)?;
        weights.check_adapters(&config)?;
        Ok((weights, config))
    }

    pub fn root(&self) -> &Path {
        self.checkpoint.root()
    }

    pub fn names(&self) -> &TensorNames {
        &self.names
    }

    /// The folder's name, with the dtype of a cast and the names of its adapters.
    pub fn name(&self) -> String {
        let adapters = self.adapters.iter().map(Adapter::name);
        let name = std::iter::once(self.checkpoint.name()).chain(adapters).collect::<Vec<_>>().join(" + ");
        match self.cast {
            Some(dtype) => format!("{name} as {dtype}"),
            None => name,
        }
    }

    /// The dtype of most bytes of the weights, as cast; `None` where that is none of f32, f16 and bf16.
    pub fn dtype(&self) -> Option<FloatDtype> {
        self.cast.or_else(|| FloatDtype::of(self.checkpoint.dtypes_by_bytes().first()?.0))
    }

    /// Bytes of all tensors, adapters included, as cast.
    pub fn byte_count(&self) -> u64 {
        let factors = self.adapters.iter().flat_map(|adapter| {
            let factors = adapter.targets().iter().flat_map(Target::tensors);
            factors.chain(adapter.strays().iter().map(|stray| &stray.tensor))
        });
        let cast_byte_count = |tensor: &LogicalTensor| match (self.cast, tensor.float_dtype()) {
            (Some(dtype), Ok(_)) => (tensor.element_count() * dtype.byte_count()) as u64,
            _ => tensor.byte_count(),
        };
        let weights = self.checkpoint.tensors().values().map(cast_byte_count);
        weights.sum::<u64>() + factors.map(LogicalTensor::byte_count).sum::<u64>()
    }

    /// Elements of all tensors, adapters included.
    pub fn parameter_count(&self) -> u64 {
        self.checkpoint.parameter_count() + self.adapters.iter().map(Adapter::parameter_count).sum::<u64>()
    }

    /// Tensors that the decoder does not read, as transformers would not.
    pub fn unread(&self, config: &DecoderConfig) -> Vec<String> {
        let read: std::collections::BTreeSet<String> =
            self.required(config).into_iter().map(|(name, _)| name).collect();
        let is_known = |name: &str| name.ends_with("rotary_emb.inv_freq") || name == "lm_head.weight";
        let unread = self.checkpoint.tensors().keys().filter(|name| !read.contains(*name) && !is_known(name));
        unread.cloned().collect()
    }

    /// The tokens that end an answer: `eos_token_id` of the generation config, else of the config.
    pub fn stop_ids(&self) -> Vec<u32> {
        let generation = read_text(&self.root().join("generation_config.json"), "read the generation config").ok();
        let generation = generation.and_then(|text| serde_json::from_str::<Value>(&text).ok()).unwrap_or_default();
        let ids = generation.get("eos_token_id").filter(|ids| !ids.is_null());
        let ids = ids.or_else(|| self.checkpoint.config().get("eos_token_id"));
        let list =
            ids.and_then(Value::as_array).map_or_else(|| ids.into_iter().collect(), |list| list.iter().collect());
        let list: Vec<&Value> = list;
        list.into_iter().filter_map(Value::as_u64).filter_map(|id| u32::try_from(id).ok()).collect()
    }

    /// Bytes of one layer's tensors on disk.
    pub fn layer_byte_count(&self, config: &DecoderConfig, layer: usize) -> u64 {
        let tensors = config.layer_tensors(&self.names, layer);
        tensors.iter().filter_map(|(name, _)| self.checkpoint.tensor(name)).map(LogicalTensor::byte_count).sum()
    }

    /// Bytes of the output head on disk.
    pub fn head_byte_count(&self, config: &DecoderConfig) -> u64 {
        self.checkpoint.tensor(&self.names.head(config)).map_or(0, LogicalTensor::byte_count)
    }

    /// A whole tensor; for norms, biases and the matrices of one layer.
    pub fn all(&self, name: &str) -> Result<Tensor, EvalError> {
        let tensor = self.tensor(name)?;
        Ok(tensor_of(self.read(tensor, 0..tensor.tile_shape().rows)?, tensor.shape())?)
    }

    /// Rows of a matrix.
    pub fn rows(&self, name: &str, rows: Range<usize>) -> Result<Tensor, EvalError> {
        let tensor = self.tensor(name)?;
        let shape = [rows.len(), tensor.tile_shape().columns];
        Ok(tensor_of(self.read(tensor, rows)?, &shape)?)
    }

    /// The rows of the embedding for `ids`, and nothing else of it.
    pub fn embedded(&self, ids: &[u32]) -> Result<Tensor, EvalError> {
        let tensor = self.tensor(&self.names.embedding())?;
        let width = tensor.tile_shape().columns;
        let mut values = vec![0.0; ids.len() * width];
        for (id, row) in ids.iter().zip(values.chunks_mut(width)) {
            let id = *id as usize;
            tensor.read_rows(id..id + 1, row)?;
            self.round(row);
        }
        Ok(tensor_of(values, &[ids.len(), width])?)
    }

    /// The linear layer `module`, with its share of the adapters.
    pub fn linear(&self, module: &str, has_bias: bool) -> Result<Linear, EvalError> {
        let name = format!("{module}.weight");
        let bias = if has_bias { Some(self.all(&format!("{module}.bias"))?) } else { None };
        Ok(Linear { weight: self.all(&name)?, bias, branches: self.branches(&name)? })
    }

    /// What the adapters add to the linear layer with this weight.
    pub fn branches(&self, name: &str) -> Result<Vec<LowRankBranch>, EvalError> {
        let Some(applied) = self.matching.applied_to(name) else { return Ok(Vec::new()) };
        let mut branches = Vec::with_capacity(applied.updates.len());
        for update in &applied.updates {
            let target = update.target_in(&self.adapters);
            let [a, b] = target.tensors() else { return Err(self.adapter_method(applied)) };
            let scaling = target.scaling().ok_or_else(|| self.adapter_method(applied))?;
            branches.push(LowRankBranch {
                a: tensor_of(a.read_all()?, a.shape())?,
                b: tensor_of(b.read_all()?, b.shape())?,
                scale: scaling.value() * self.strengths[update.adapter],
            });
        }
        Ok(branches)
    }

    /// Rows as f32, by tiles so that the bytes beside them stay small.
    fn read(&self, tensor: &LogicalTensor, rows: Range<usize>) -> Result<Vec<f32>, EvalError> {
        let columns = tensor.tile_shape().columns;
        let shape = TileShape { rows: rows.len(), columns };
        let mut values = vec![0.0; rows.len() * columns];
        for tile in row_tiles(shape, TILE_ELEMENTS) {
            let part = &mut values[tile.start * columns..tile.end * columns];
            tensor.read_rows(rows.start + tile.start..rows.start + tile.end, part)?;
            self.round(part);
        }
        Ok(values)
    }

    /// Rounds `values` to the dtype of a cast, once and to nearest even, as a merge would store them.
    fn round(&self, values: &mut [f32]) {
        let Some(dtype) = self.cast else { return };
        let mut bytes = vec![0; values.len() * dtype.byte_count()];
        narrow(dtype, values, &mut bytes);
        widen(dtype, &bytes, values);
    }

    fn tensor(&self, name: &str) -> Result<&LogicalTensor, EvalError> {
        let unmerged = || name.rsplit_once('.').map(|(module, last)| format!("{module}.base_layer.{last}"));
        self.checkpoint.tensor(name).ok_or_else(|| EvalError::MissingTensor {
            tensor: name.to_owned(),
            is_unmerged: unmerged().is_some_and(|name| self.checkpoint.tensor(&name).is_some()),
            path: self.root().to_owned(),
        })
    }

    fn required(&self, config: &DecoderConfig) -> Vec<(String, Vec<usize>)> {
        let layers = (0..config.layer_count()).flat_map(|layer| config.layer_tensors(&self.names, layer));
        config.outer_tensors(&self.names).into_iter().chain(layers).collect()
    }

    fn check_tensors(&self, config: &DecoderConfig) -> Result<(), EvalError> {
        for (name, configured) in self.required(config) {
            let tensor = self.tensor(&name)?;
            let path = || self.root().to_owned();
            if tensor.shape() != configured {
                let stored = tensor.shape().to_vec();
                return Err(EvalError::TensorShape { tensor: name, stored, configured, path: path() });
            }
            if tensor.float_dtype().is_err() {
                return Err(EvalError::TensorDtype { tensor: name, dtype: tensor.dtype(), path: path() });
            }
        }
        Ok(())
    }

    /// Every adapter tensor has a place, and all of them are plain LoRA on linear layers of the decoder.
    fn check_adapters(&self, config: &DecoderConfig) -> Result<(), EvalError> {
        if self.adapters.is_empty() {
            return Ok(());
        }
        let Matching { set_aside, orphaned, clashing, .. } = &self.matching;
        let total: usize = self.adapters.iter().map(Adapter::tensor_count).sum();
        let placed = self.matching.applied_tensor_count(&self.adapters);
        if placed + set_aside.len() != total || !self.matching.is_complete() {
            let orphans = orphaned.iter().map(|orphan| format!("{}: {}", orphan.module, orphan.reason));
            let clashes = clashing.iter().map(|clash| format!("{}: {}", clash.module, clash.reason));
            let problems = orphans.chain(clashes).collect();
            return Err(EvalError::AdapterDoesNotFit { placed, total, problems, path: self.root().to_owned() });
        }
        let linears = self.linear_weights(config);
        for applied in &self.matching.applied {
            let is_plain = applied.updates.iter().all(|update| {
                let target = update.target_in(&self.adapters);
                let factors = target.tensors().iter().map(|factor| factor.shape().len()).collect::<Vec<_>>();
                let is_whole = update.placement.window == Window::Whole;
                let is_linear = is_whole && update.placement.orientation == Orientation::OutIn;
                is_linear && target.scaling().is_some() && factors == [2, 2]
            });
            if !is_plain || applied.origin != Origin::Base || !linears.contains(&applied.tensor) {
                return Err(self.adapter_method(applied));
            }
        }
        for adapter in &self.adapters {
            if !["LoRA", "rsLoRA"].contains(&adapter.method_name())
                && let Some(applied) = self.matching.applied.first()
            {
                return Err(self.adapter_method(applied));
            }
        }
        Ok(())
    }

    /// The weights that a branch can stand beside: all matrices of the layers, and an untied head.
    fn linear_weights(&self, config: &DecoderConfig) -> Vec<String> {
        let is_linear = |(name, shape): (String, Vec<usize>)| (shape.len() == 2).then_some(name);
        let head = (!config.ties_embeddings).then(|| self.names.head(config));
        let layers = (0..config.layer_count()).flat_map(|layer| config.layer_tensors(&self.names, layer));
        layers.filter_map(is_linear).chain(head).collect()
    }

    fn adapter_method(&self, applied: &Applied) -> EvalError {
        let adapter = applied.updates.first().and_then(|update| self.adapters.get(update.adapter));
        EvalError::AdapterMethod {
            method: adapter.map_or("this adapter", Adapter::method_name),
            tensor: applied.tensor.clone(),
            path: adapter.map_or_else(|| self.root().to_owned(), |adapter| adapter.root().to_owned()),
        }
    }
}

fn tensor_of(values: Vec<f32>, shape: &[usize]) -> candle_core::Result<Tensor> {
    Tensor::from_vec(values, shape, &Device::Cpu)
}
