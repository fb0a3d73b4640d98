//! The tensors of a file and where their values come from, for a whole model.

use std::collections::BTreeMap;

use super::{
    ExportError, Family, FileType, MixtureModel, Part, RowMap, Source,
    names::{Destination, destination},
    rope,
    settings::Settings,
    shapes::{Shapes, Switch, needed, switches},
};
use crate::checkpoint::{Checkpoint, LogicalTensor, gguf::GgufTensor};

/// A tensor of the file.
#[derive(Clone, Debug)]
pub struct OutputTensor {
    /// Name, dimensions and type.
    pub stored: GgufTensor,
    /// Its values.
    pub source: Source,
}

/// Where a tensor stands in a file: before the layers, in one, or behind them.
type Order = (usize, String);

/// What is known of an output before its type.
struct Draft {
    dims: Vec<u64>,
    source: Source,
}

/// Experts and norms of heads on their own, until all of a stack are there.
type Stacks = BTreeMap<(usize, &'static str), BTreeMap<usize, LogicalTensor>>;

/// Every tensor of the file, in its order.
pub(super) struct Tensors<'a> {
    checkpoint: &'a Checkpoint,
    family: Family,
    heads: usize,
    key_heads: usize,
    experts: usize,
    layers: usize,
    drafts: BTreeMap<Order, Draft>,
    stacks: Stacks,
}

impl<'a> Tensors<'a> {
    /// Finds the place of every tensor of `checkpoint`.
    pub(super) fn of(checkpoint: &'a Checkpoint, family: Family, settings: &Settings<'_>) -> Result<Self, ExportError> {
        let mut tensors = Self {
            checkpoint,
            family,
            heads: settings.heads()? as usize,
            key_heads: settings.key_heads()? as usize,
            experts: settings.experts()? as usize,
            layers: settings.layers()? as usize,
            drafts: BTreeMap::new(),
            stacks: Stacks::new(),
        };
        for tensor in checkpoint.tensors().values() {
            tensors.place(tensor)?;
        }
        tensors.stack()?;
        for (name, values) in rope::rope_tensors(family, settings)? {
            let draft = Draft { dims: vec![values.len() as u64], source: Source::Values(values) };
            tensors.drafts.insert((0, name.to_owned()), draft);
        }
        tensors.check_layers()?;
        tensors.settle_head(settings)?;
        tensors.check_shapes(settings)?;
        Ok(tensors)
    }

    /// Rows of the embedding.
    pub(super) fn token_rows(&self) -> Result<usize, ExportError> {
        let embedding = self.drafts.get(&(0, "token_embd.weight".to_owned()));
        let rows = embedding.and_then(|draft| draft.dims.get(1)).ok_or_else(|| self.absent("token_embd.weight"))?;
        usize::try_from(*rows).map_err(|_| self.absent("token_embd.weight"))
    }

    /// The tensors with their types in a file of `file_type`.
    pub(super) fn typed(&self, file_type: FileType) -> Result<Vec<OutputTensor>, ExportError> {
        let model = MixtureModel {
            architecture: self.family.architecture(),
            layers: self.layers,
            experts: self.experts,
            has_grouped_heads: self.key_heads != self.heads,
            has_output: self.drafts.contains_key(&self.order("output.weight", None)),
        };
        let typed = |((_, name), draft): (&Order, &Draft)| {
            let ggml_type = file_type.tensor_type(name, &draft.dims, &model);
            let stored = GgufTensor::new(name.clone(), draft.dims.clone(), ggml_type)
                .map_err(|problem| ExportError::Header { problem, path: self.checkpoint.root().to_owned() })?;
            Ok(OutputTensor { stored, source: draft.source.clone() })
        };
        self.drafts.iter().map(typed).collect()
    }

    fn absent(&self, tensor: &str) -> ExportError {
        ExportError::NoTensor { tensor: tensor.to_owned(), path: self.checkpoint.root().to_owned() }
    }

    fn unfit(&self, tensor: &LogicalTensor) -> ExportError {
        ExportError::UnfitTensor {
            tensor: tensor.name().to_owned(),
            shape: tensor.shape().to_vec(),
            path: self.checkpoint.root().to_owned(),
        }
    }

    fn order(&self, name: &str, layer: Option<usize>) -> Order {
        let place = match layer {
            Some(layer) => layer + 1,
            None if name.starts_with("output") => self.layers + 1,
            None => 0,
        };
        (place, name.to_owned())
    }

    fn insert(
        &mut self,
        name: &str,
        layer: Option<usize>,
        draft: Draft,
        of: &LogicalTensor,
    ) -> Result<(), ExportError> {
        match self.drafts.insert(self.order(name, layer), draft) {
            None => Ok(()),
            // Two names of one tensor, of which no rule says which counts.
            Some(_) => Err(self.unplaced(of)),
        }
    }

    fn unplaced(&self, tensor: &LogicalTensor) -> ExportError {
        ExportError::UnplacedTensor {
            tensor: tensor.name().to_owned(),
            architecture: self.family.architecture(),
            path: self.checkpoint.root().to_owned(),
        }
    }

    fn place(&mut self, tensor: &LogicalTensor) -> Result<(), ExportError> {
        let place = destination(self.family, tensor.name()).ok_or_else(|| self.unplaced(tensor))?;
        match place {
            Destination::Skipped => Ok(()),
            Destination::Whole { layer: Some(layer), .. }
            | Destination::Stacked { layer, .. }
            | Destination::GatesAndUps { layer }
            | Destination::Downs { layer }
                if layer >= self.layers =>
            {
                Err(self.unplaced(tensor))
            }
            Destination::Whole { name, layer, part, is_bias } => {
                let draft = self.whole(tensor, part, is_bias, &name)?;
                self.insert(&name, layer, draft, tensor)
            }
            Destination::Stacked { layer, part, index } => {
                self.stacks.entry((layer, part)).or_default().insert(index, tensor.clone());
                Ok(())
            }
            Destination::GatesAndUps { layer } => {
                for (part, is_second) in [("ffn_gate_exps", false), ("ffn_up_exps", true)] {
                    let draft = self.half(tensor, is_second)?;
                    self.insert(&format!("blk.{layer}.{part}.weight"), Some(layer), draft, tensor)?;
                }
                Ok(())
            }
            Destination::Downs { layer } => {
                let draft = self.mapped(tensor, RowMap::Same)?;
                self.insert(&format!("blk.{layer}.ffn_down_exps.weight"), Some(layer), draft, tensor)
            }
        }
    }

    /// A tensor that becomes one of its own; whether its rows are those of whole heads is seen when all shapes are.
    fn whole(
        &self,
        tensor: &LogicalTensor,
        part: &'static str,
        is_bias: bool,
        name: &str,
    ) -> Result<Draft, ExportError> {
        let rows = tensor.tile_shape().rows;
        let map = RowMap::of_part(self.family, part, rows, self.heads, self.key_heads);
        let map = map.ok_or_else(|| self.unfit(tensor))?;
        if self.family.is_conv1d(part) && !is_bias {
            let &[inputs, outputs] = tensor.shape() else { return Err(self.unfit(tensor)) };
            return Ok(Draft { dims: vec![inputs as u64, outputs as u64], source: Source::Turned(tensor.clone()) });
        }
        let mut draft = self.mapped(tensor, map)?;
        if let Source::Rows { added, .. } = &mut draft.source
            && self.family.is_gemma()
            && name.ends_with("norm.weight")
        {
            *added = 1.0;
        }
        Ok(draft)
    }

    /// The rows of `tensor`, in the order of `map`.
    fn mapped(&self, tensor: &LogicalTensor, map: RowMap) -> Result<Draft, ExportError> {
        if tensor.shape().is_empty() {
            return Err(self.unfit(tensor));
        }
        let part = Part { tensor: tensor.clone(), map, rows: tensor.tile_shape().rows };
        let dims = tensor.shape().iter().rev().map(|dim| *dim as u64).collect();
        Ok(Draft { dims, source: Source::Rows { parts: vec![part], added: 0.0 } })
    }

    /// The gates or the other halves of stacked experts.
    fn half(&self, tensor: &LogicalTensor, is_second: bool) -> Result<Draft, ExportError> {
        match tensor.shape() {
            &[experts, both, columns] if experts == self.experts && both % 2 == 0 && both > 0 => {
                let rows = both / 2;
                let map = RowMap::Half { rows, is_second };
                let part = Part { tensor: tensor.clone(), map, rows: experts * rows };
                let dims = vec![columns as u64, rows as u64, experts as u64];
                Ok(Draft { dims, source: Source::Rows { parts: vec![part], added: 0.0 } })
            }
            _ => Err(self.unfit(tensor)),
        }
    }

    /// Makes one tensor of those that lie on their own.
    fn stack(&mut self) -> Result<(), ExportError> {
        for ((layer, part), tensors) in std::mem::take(&mut self.stacks) {
            let name = format!("blk.{layer}.{part}.weight");
            let count = match part {
                "attn_q_norm" => self.heads,
                "attn_k_norm" => self.key_heads,
                _ => self.experts,
            };
            let Some((_, first)) = tensors.first_key_value() else { continue };
            if !tensors.keys().copied().eq(0..count) {
                return Err(self.absent(&name));
            }
            let mut dims: Vec<u64> = first.shape().iter().rev().map(|dim| *dim as u64).collect();
            // A vector becomes a row.
            let rows = match (first.shape(), part) {
                ([_], "attn_q_norm" | "attn_k_norm") => 1,
                ([rows, _], _) => *rows,
                _ => return Err(self.unfit(first)),
            };
            if let Some(other) = tensors.values().find(|tensor| tensor.shape() != first.shape()) {
                return Err(self.unfit(other));
            }
            dims.push(count as u64);
            let first = first.clone();
            let parts = tensors.into_values().map(|tensor| Part { tensor, map: RowMap::Same, rows }).collect();
            self.insert(&name, Some(layer), Draft { dims, source: Source::Rows { parts, added: 0.0 } }, &first)?;
        }
        Ok(())
    }

    /// Every tensor that is needed is there, and every one has the shape that the config says.
    fn check_shapes(&self, settings: &Settings<'_>) -> Result<(), ExportError> {
        let has = |name: &str| self.drafts.keys().any(|(_, own)| own == name);
        if let Some(name) = needed(self.family).iter().find(|name| !has(name)) {
            return Err(self.absent(name));
        }
        // What the config does not ask for is left out by transformers, what it asks for is not zero.
        for Switch { key: (key, value), is_on, names } in switches(self.family, settings)? {
            let in_layer = |name: &&str| has(&format!("blk.0.{name}"));
            match (is_on, names.iter().find(|name| in_layer(name) != is_on)) {
                (_, None) => {}
                (true, Some(name)) => return Err(self.absent(&format!("blk.0.{name}"))),
                (false, Some(_)) => return Err(settings.bad(key, &value)),
            }
        }
        let shapes = Shapes::of(self.family, settings)?;
        let vocabulary = match settings.count("vocab_size")? {
            Some(count) => u64::from(count),
            None => self.token_rows()? as u64,
        };
        for ((_, name), draft) in &self.drafts {
            if shapes.dims(name, vocabulary).is_some_and(|dims| dims != draft.dims)
                && let Some(tensor) = draft.source.tensors().next()
            {
                return Err(self.unfit(tensor));
            }
        }
        Ok(())
    }

    /// Sees to it that llama.cpp takes the head that transformers takes: a stored one that differs from the embedding,
    /// whatever the config says of ties, else the embedding.
    fn settle_head(&mut self, settings: &Settings<'_>) -> Result<(), ExportError> {
        let is_tied = settings.is_tied()?;
        let is_head = |name: &str| ["lm_head.weight", "embed_out.weight"].iter().any(|head| name.ends_with(head));
        let head = self.checkpoint.tensors().values().find(|tensor| is_head(tensor.name()));
        let embedding = self.drafts.get(&(0, "token_embd.weight".to_owned()));
        let Some(embedding) = embedding else { return Err(self.absent("token_embd.weight")) };
        match head {
            None if !is_tied => return Err(self.absent("output.weight")),
            None if self.family.needs_head() => {
                let copy = Draft { dims: embedding.dims.clone(), source: embedding.source.clone() };
                self.drafts.insert(self.order("output.weight", None), copy);
            }
            Some(head) if self.family.ignores_head() && !self.is_embedding(head)? => {
                return Err(settings.bad("tie_word_embeddings", &is_tied.into()));
            }
            _ => {}
        }
        Ok(())
    }

    /// Whether `head` has the values of the embedding.
    fn is_embedding(&self, head: &LogicalTensor) -> Result<bool, ExportError> {
        let embedding = self.drafts.get(&(0, "token_embd.weight".to_owned()));
        let Some(embedding) = embedding.and_then(|draft| draft.source.tensors().next()) else { return Ok(false) };
        if head.shape() != embedding.shape() {
            return Err(self.unfit(head));
        }
        Ok(head.has_values_of(embedding)?)
    }

    /// Every layer has what the first one has: a reader looks for it.
    fn check_layers(&self) -> Result<(), ExportError> {
        let parts = |layer: usize| {
            let prefix = format!("blk.{layer}.");
            let inside = self.drafts.range((layer + 1, String::new())..(layer + 2, String::new()));
            inside.filter_map(move |((_, name), _)| name.strip_prefix(&prefix).map(str::to_owned)).collect::<Vec<_>>()
        };
        let stacks: &[&str] =
            if self.family.has_experts() { &["ffn_gate_exps", "ffn_up_exps", "ffn_down_exps"] } else { &[] };
        let first = parts(0);
        let is_needed = |part: &&&str| !self.family.optional_parts().contains(*part);
        for part in self.family.layer_names().iter().map(|(_, part)| part).filter(is_needed).chain(stacks) {
            if !first.contains(&format!("{part}.weight")) {
                return Err(self.absent(&format!("blk.0.{part}.weight")));
            }
        }
        for layer in 1..self.layers {
            let these = parts(layer);
            if let Some(part) = first.iter().find(|part| !these.contains(part)) {
                return Err(self.absent(&format!("blk.{layer}.{part}")));
            }
            if let Some(part) = these.iter().find(|part| !first.contains(part)) {
                return Err(self.absent(&format!("blk.0.{part}")));
            }
        }
        Ok(())
    }
}
