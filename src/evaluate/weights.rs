//! A model's tensors, checked against its config and read as f32 on demand.

use std::{collections::BTreeSet, ops::Range, path::Path, sync::Arc};

use candle_core::{Device, Tensor};
use rayon::prelude::*;
use serde_json::Value;

use super::{
    EvalError, ModelSource,
    adapters::RuntimeAdapters,
    decoder::{DecoderConfig, Linear, LinearSpec, LowRankBranch, Norm, NormSpec, TensorSpec},
    family,
    spare::SpareMatrices,
};
use crate::{
    adapter::{Adapter, Orientation},
    architecture::packed_while_loading,
    checkpoint::{Checkpoint, LogicalTensor, read_text},
    error::IoAction,
    gguf::open_model,
    merge,
    numeric::{FloatDtype, narrow, read_turned, widen},
    plan::MergePlan,
    platform::zeros_in_large_pages,
};

/// Elements that one thread reads at once: 1 MB as f32, so that bytes and values stay in its cache.
const TILE_ELEMENTS: usize = 1 << 18;

/// Endings of tensors that older versions of transformers stored and that hold nothing learned: frequencies of rotary
/// positions and causal masks.
const BUFFERS: [&str; 5] =
    ["rotary_emb.inv_freq", ".attn.bias", ".attn.masked_bias", ".attention.bias", ".attention.masked_bias"];

/// A model folder, and adapters beside it, opened but not loaded.
#[derive(Debug)]
pub(super) struct ModelWeights {
    checkpoint: Checkpoint,
    adapters: RuntimeAdapters,
    /// What every weight of the folder is rounded to.
    cast: Option<FloatDtype>,
    /// The names of the adapters that are merged as weights are read.
    merged_from: Vec<String>,
}

/// The tensors below a name (`model.layers.3.`).
#[derive(Debug)]
pub(super) struct ModuleWeights<'a> {
    weights: &'a ModelWeights,
    prefix: String,
    spare: &'a SpareMatrices,
}

impl ModelWeights {
    /// Opens `source` and checks that every tensor of its decoder is there, floating and of the right shape.
    pub fn open(source: &ModelSource) -> Result<(Self, DecoderConfig), EvalError> {
        let (checkpoint, merged_from) = match source {
            ModelSource::InMemory(request) => {
                let plan = Arc::new(MergePlan::resolved(request)?);
                (merge::in_memory(&plan)?, plan.adapters.iter().map(Adapter::name).collect())
            }
            ModelSource::WithAdapters { base, trained_quantization: Some(quantization), .. } => {
                (packed_while_loading(open_model(base)?, *quantization)?, Vec::new())
            }
            _ => (open_model(source.path())?, Vec::new()),
        };
        let config = family::decoder_config(&checkpoint)?;
        let cast = if let ModelSource::Cast { dtype, .. } = source { Some(*dtype) } else { None };
        let adapters = RuntimeAdapters::open(source, &checkpoint)?;
        let weights = Self { checkpoint, adapters, cast, merged_from };
        weights.check_tensors(&config)?;
        weights.adapters.check(weights.root(), &config)?;
        Ok((weights, config))
    }

    pub fn root(&self) -> &Path {
        self.checkpoint.root()
    }

    /// The model without its adapters.
    pub fn into_checkpoint(self) -> Checkpoint {
        self.checkpoint
    }

    /// The folder of its tokenizer.
    pub fn side_root(&self) -> &Path {
        self.checkpoint.side_root()
    }

    /// The folder's name, with the dtype of a cast and the names of its adapters.
    pub fn name(&self) -> String {
        let adapters = self.adapters.names().chain(self.merged_from.iter().cloned());
        let name = std::iter::once(self.checkpoint.name()).chain(adapters).collect::<Vec<_>>().join(" + ");
        match self.cast {
            Some(dtype) => format!("{name} as {dtype}"),
            None if self.merged_from.is_empty() => name,
            None => format!("{name}, merged in memory"),
        }
    }

    /// The dtype of most bytes of the weights, as cast; `None` where that is none of f32, f16 and bf16.
    pub fn dtype(&self) -> Option<FloatDtype> {
        self.cast.or_else(|| FloatDtype::of(self.checkpoint.dtypes_by_bytes().first()?.0))
    }

    /// Bytes of all tensors, adapters included, as cast.
    pub fn byte_count(&self) -> u64 {
        let cast_byte_count = |tensor: &LogicalTensor| match (self.cast, tensor.float_dtype()) {
            (Some(dtype), Ok(_)) => (tensor.element_count() * dtype.byte_count()) as u64,
            // What a GGUF file holds as codes is small there, and made in float32.
            _ if self.checkpoint.gguf().is_some() => self.checkpoint.stored_byte_count(tensor),
            _ => tensor.byte_count(),
        };
        self.checkpoint.tensors().values().map(cast_byte_count).sum::<u64>() + self.adapters.byte_count()
    }

    /// Elements of all tensors, adapters included.
    pub fn parameter_count(&self) -> u64 {
        self.checkpoint.parameter_count() + self.adapters.parameter_count()
    }

    /// Tensors that the decoder does not read, as transformers would not.
    pub fn unread(&self, config: &DecoderConfig) -> Vec<String> {
        let read: BTreeSet<String> = required(config).map(|tensor| tensor.name).collect();
        let is_known = |name: &str| BUFFERS.iter().any(|end| name.ends_with(end));
        let unread = self.checkpoint.tensors().keys().filter(|name| !read.contains(*name) && !is_known(name));
        unread.cloned().collect()
    }

    /// The tokens that end an answer: `eos_token_id` of the generation config, else of the config.
    pub fn stop_ids(&self) -> Vec<u32> {
        let generation =
            read_text(&self.side_root().join("generation_config.json"), IoAction::ReadGenerationConfig).ok();
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
        let tensors = config.layer_tensors(layer);
        tensors.iter().filter_map(|spec| self.checkpoint.tensor(&spec.name)).map(LogicalTensor::byte_count).sum()
    }

    /// Bytes of the output head on disk.
    pub fn head_byte_count(&self, config: &DecoderConfig) -> u64 {
        self.checkpoint.tensor(&config.head()).map_or(0, LogicalTensor::byte_count)
    }

    /// The tensors whose names begin with `prefix`, whose matrices are put into `spare` memory.
    pub fn module<'a>(&'a self, prefix: impl Into<String>, spare: &'a SpareMatrices) -> ModuleWeights<'a> {
        ModuleWeights { weights: self, prefix: prefix.into(), spare }
    }

    /// A whole tensor; for norms, biases and the matrices of one layer.
    pub fn all(&self, name: &str) -> Result<Tensor, EvalError> {
        let tensor = self.tensor(name)?;
        Ok(tensor_of(self.read(tensor, 0..tensor.tile_shape().rows)?, tensor.shape())?)
    }

    /// Rows of a matrix, or of the matrices of a tensor with more dimensions, one below the other.
    pub fn rows(&self, name: &str, rows: Range<usize>) -> Result<Tensor, EvalError> {
        let tensor = self.tensor(name)?;
        let shape = [rows.len(), tensor.tile_shape().columns];
        Ok(tensor_of(self.read(tensor, rows)?, &shape)?)
    }

    /// Rows of a matrix as columns: `columns × rows`, the way in which products read it.
    pub fn turned_rows(&self, name: &str, rows: Range<usize>, spare: &SpareMatrices) -> Result<Tensor, EvalError> {
        let tensor = self.tensor(name)?;
        let columns = tensor.tile_shape().columns;
        spare.filled((columns, rows.len()), |turned| {
            read_turned((rows.len(), columns), turned, |strip, panel| {
                tensor.read_rows(rows.start + strip.start..rows.start + strip.end, panel)?;
                self.round(panel);
                Ok(())
            })
        })
    }

    /// The rows of the table `name` for `ids`, and nothing else of it.
    pub fn gathered(&self, name: &str, ids: &[u32]) -> Result<Tensor, EvalError> {
        let tensor = self.tensor(name)?;
        let width = tensor.tile_shape().columns;
        let mut values = vec![0.0; ids.len() * width];
        for (id, row) in ids.iter().zip(values.chunks_mut(width)) {
            let id = *id as usize;
            tensor.read_rows(id..id + 1, row)?;
            self.round(row);
        }
        Ok(tensor_of(values, &[ids.len(), width])?)
    }

    /// What the adapters add to the linear layer with this weight.
    pub fn branches(&self, weight: &str) -> Result<Vec<LowRankBranch>, EvalError> {
        self.adapters.branches(weight)
    }

    fn read(&self, tensor: &LogicalTensor, rows: Range<usize>) -> Result<Vec<f32>, EvalError> {
        let mut values = zeros_in_large_pages(rows.len() * tensor.tile_shape().columns);
        self.read_into(tensor, rows.start, &mut values)?;
        Ok(values)
    }

    /// Rows from `first` on as f32, by tiles so that the bytes beside them stay small.
    fn read_into(&self, tensor: &LogicalTensor, first: usize, values: &mut [f32]) -> Result<(), EvalError> {
        let columns = tensor.tile_shape().columns.max(1);
        let tile_rows = (TILE_ELEMENTS / columns).max(1);
        // Side by side: while one core reads and widens, the others would wait.
        values.par_chunks_mut(tile_rows * columns).enumerate().try_for_each(|(index, part)| {
            let start = first + index * tile_rows;
            tensor.read_rows(start..start + part.len() / columns, part)?;
            self.round(part);
            Ok(())
        })
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

    fn check_tensors(&self, config: &DecoderConfig) -> Result<(), EvalError> {
        for TensorSpec { name, shape: configured, .. } in required(config) {
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
}

impl ModuleWeights<'_> {
    /// A linear layer, with its share of the adapters.
    pub fn linear(&self, spec: &LinearSpec) -> Result<Linear, EvalError> {
        let module = format!("{}{}", self.prefix, spec.part);
        let name = format!("{module}.weight");
        let weight = match spec.orientation {
            Orientation::OutIn => self.weights.turned_rows(&name, 0..spec.out_features, self.spare)?,
            Orientation::InOut => self.weights.all(&name)?,
        };
        let bias = spec.has_bias.then(|| self.weights.all(&format!("{module}.bias"))).transpose()?;
        Ok(Linear { weight, bias, branches: self.weights.branches(&name)? })
    }

    pub fn norm(&self, spec: &NormSpec) -> Result<Norm, EvalError> {
        let tensor = |last: &str| self.tensor(&format!("{}.{last}", spec.part));
        let bias = spec.has_bias().then(|| tensor("bias")).transpose()?;
        Ok(Norm::new(spec, tensor("weight")?, bias)?)
    }

    /// A whole tensor.
    pub fn tensor(&self, part: &str) -> Result<Tensor, EvalError> {
        self.weights.all(&format!("{}{part}", self.prefix))
    }

    /// As [`ModelWeights::turned_rows`].
    pub fn turned_rows(&self, part: &str, rows: Range<usize>) -> Result<Tensor, EvalError> {
        self.weights.turned_rows(&format!("{}{part}", self.prefix), rows, self.spare)
    }
}

/// Every tensor of the decoder, those outside of the layers first, one layer's list after the other.
fn required(config: &DecoderConfig) -> impl Iterator<Item = TensorSpec> {
    let layers = (0..config.layers.len()).flat_map(|layer| config.layer_tensors(layer));
    config.outer_tensors().into_iter().chain(layers)
}

fn tensor_of(values: Vec<f32>, shape: &[usize]) -> candle_core::Result<Tensor> {
    Tensor::from_vec(values, shape, &Device::Cpu)
}
