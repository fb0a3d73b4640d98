//! Whose file of weights this is, told by the names of its tensors: an adapter of PEFT, or of a library whose adapters
//! are not for the models that are merged here.

use std::{collections::BTreeSet, path::Path};

use serde::Serialize;

use super::{AdapterError, AdapterKey, MethodSpec, Part, methods::METHODS, own_weights::OwnWeights};
use crate::{
    checkpoint::{CheckpointError, LogicalTensor, WeightFile, open_weights},
    message::said_in_english,
};

/// A library whose adapter files are known by their keys; a message that says what such a file is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[expect(missing_docs, reason = "the message of each says what it is")]
pub enum ForeignAdapter {
    Kohya,
    ComfyUi,
    Diffusers,
    LoraDownUp,
    TextualInversion,
    Torchtune,
    Megatron,
}

said_in_english!(ForeignAdapter);

/// A part of a tensor's name that only files of one library have.
#[derive(Clone, Copy)]
enum Sign {
    Begins(&'static str),
    Segment(&'static str),
    Ends(&'static str),
}

use Sign::{Begins, Ends, Segment};

/// Signs, the more telling ones first. Names are compared without PEFT's `base_model.model.`.
const SIGNS: [(Sign, ForeignAdapter); 27] = [
    (Begins("lora_unet_"), ForeignAdapter::Kohya),
    (Begins("lora_te_"), ForeignAdapter::Kohya),
    (Begins("lora_te1_"), ForeignAdapter::Kohya),
    (Begins("lora_te2_"), ForeignAdapter::Kohya),
    (Begins("lora_te3_"), ForeignAdapter::Kohya),
    (Begins("lora_transformer_"), ForeignAdapter::Kohya),
    (Begins("lora_prior_"), ForeignAdapter::Kohya),
    (Begins("lycoris_"), ForeignAdapter::Kohya),
    (Begins("diffusion_model."), ForeignAdapter::ComfyUi),
    (Segment("double_blocks"), ForeignAdapter::ComfyUi),
    (Segment("single_blocks"), ForeignAdapter::ComfyUi),
    (Segment("input_blocks"), ForeignAdapter::ComfyUi),
    (Segment("output_blocks"), ForeignAdapter::ComfyUi),
    (Begins("unet."), ForeignAdapter::Diffusers),
    (Begins("text_encoder.text_model."), ForeignAdapter::Diffusers),
    (Begins("text_encoder_2."), ForeignAdapter::Diffusers),
    (Segment("single_transformer_blocks"), ForeignAdapter::Diffusers),
    (Segment("transformer_blocks"), ForeignAdapter::Diffusers),
    (Segment("down_blocks"), ForeignAdapter::Diffusers),
    (Segment("up_blocks"), ForeignAdapter::Diffusers),
    (Segment("mid_block"), ForeignAdapter::Diffusers),
    (Ends(".lora_down.weight"), ForeignAdapter::LoraDownUp),
    (Ends(".lora_up.weight"), ForeignAdapter::LoraDownUp),
    (Begins("emb_params"), ForeignAdapter::TextualInversion),
    (Ends(".lora_a.weight"), ForeignAdapter::Torchtune),
    (Ends(".adapter.linear_in.weight"), ForeignAdapter::Megatron),
    (Ends(".linear_in.weight"), ForeignAdapter::Megatron),
];

impl ForeignAdapter {
    /// The library, and the name that shows it.
    #[must_use]
    pub fn of_names<'a>(names: &[&'a str]) -> Option<(Self, &'a str)> {
        SIGNS.iter().find_map(|(sign, origin)| {
            let name = names.iter().find(|name| sign.is_in(name))?;
            Some((*origin, *name))
        })
    }

    /// Whether the model that it is for makes images, video or sound.
    #[must_use]
    pub fn is_for_diffusion(self) -> bool {
        matches!(self, Self::Kohya | Self::ComfyUi | Self::Diffusers | Self::TextualInversion)
    }
}

impl Sign {
    fn is_in(self, name: &str) -> bool {
        let name = name.strip_prefix("base_model.model.").unwrap_or(name);
        match self {
            Begins(start) => name.starts_with(start),
            Segment(segment) => name.split('.').any(|part| part == segment),
            Ends(end) => name.ends_with(end),
        }
    }
}

/// The `peft_type` of the method that has all the factors among `names`.
pub(super) fn peft_type_of(names: &[&str]) -> Option<&'static str> {
    let part = |name: &&str| match AdapterKey::parse(name) {
        AdapterKey::Factor { part, .. } | AdapterKey::Shared { part } => Some(part),
        AdapterKey::Full { .. } => None,
    };
    let parts: BTreeSet<Part> = names.iter().filter_map(part).collect();
    let has_all =
        |spec: &&MethodSpec| parts.iter().all(|part| spec.factors.contains(part) || spec.shared_factors.contains(part));
    METHODS.into_iter().filter(|_| !parts.is_empty()).find(has_all).map(|spec| spec.peft_type)
}

/// Why the weights in `path`, which have no `adapter_config.json` beside them, are no adapter that can be merged;
/// `None` where their names say nothing.
///
/// # Errors
/// A file of weights that cannot be read, for a reason that its bytes name.
pub(super) fn without_config(path: &Path) -> Result<Option<AdapterError>, AdapterError> {
    let file = match open_weights(path) {
        Ok(file) => file,
        Err(error @ CheckpointError::Foreign { .. }) => return Err(error.into()),
        // Optimizer states and the like are no weights; nobody asked about them.
        Err(_) => return Ok(None),
    };
    let tensors = file.tensors();
    let names: Vec<&str> = tensors.iter().map(LogicalTensor::name).collect();
    if let Some((origin, name)) = ForeignAdapter::of_names(&names) {
        return Ok(Some(AdapterError::Foreign { origin, tensor: name.to_owned(), path: path.to_owned() }));
    }
    let peft_type = peft_type_of(&names);
    Ok(peft_type.map(|peft_type| AdapterError::WeightsWithoutConfig { peft_type, path: path.to_owned() }))
}

/// `error`, with the method that the weights in `root` seem to have where their config names none.
pub(super) fn with_seen_method(error: AdapterError, weights: &OwnWeights, root: &Path) -> AdapterError {
    match error {
        AdapterError::NoMethod { path, .. } => {
            let files = weights.open(root).unwrap_or_default();
            let tensors: Vec<LogicalTensor> = files.into_iter().flat_map(<dyn WeightFile>::tensors).collect();
            let names: Vec<&str> = tensors.iter().map(LogicalTensor::name).collect();
            AdapterError::NoMethod { peft_type: peft_type_of(&names), path }
        }
        other => other,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn libraries_are_known_by_their_names() {
        let cases = [
            ("lora_unet_input_blocks_4_1_proj_in.alpha", Some(ForeignAdapter::Kohya)),
            ("lora_te1_text_model_encoder_layers_0_mlp_fc1.lora_down.weight", Some(ForeignAdapter::Kohya)),
            ("transformer.single_transformer_blocks.0.attn.to_k.lora_A.weight", Some(ForeignAdapter::Diffusers)),
            ("unet.down_blocks.0.attentions.0.proj_in.lora.down.weight", Some(ForeignAdapter::Diffusers)),
            ("base_model.model.mid_block.attentions.0.to_q.lora_A.weight", Some(ForeignAdapter::Diffusers)),
            ("diffusion_model.layers.0.attention.to_q.lora_A.weight", Some(ForeignAdapter::ComfyUi)),
            ("double_blocks.0.img_attn.qkv.lora_A.weight", Some(ForeignAdapter::ComfyUi)),
            ("model.layers.0.q_proj.lora_down.weight", Some(ForeignAdapter::LoraDownUp)),
            ("layers.0.attn.q_proj.lora_a.weight", Some(ForeignAdapter::Torchtune)),
            ("decoder.layers.0.self_attention.linear_qkv.adapter.linear_in.weight", Some(ForeignAdapter::Megatron)),
            ("base_model.model.model.layers.0.self_attn.q_proj.lora_A.weight", None),
            ("base_model.model.transformer.h.0.attn.c_attn.lora_A.weight", None),
            ("model.layers.0.self_attn.q_proj.lora_a", None),
        ];
        for (name, expected) in cases {
            assert_eq!(ForeignAdapter::of_names(&[name]).map(|found| found.0), expected, "{name}");
        }
    }

    #[test]
    fn methods_are_known_by_their_factors() {
        assert_eq!(peft_type_of(&["a.lora_A.weight", "a.lora_B.weight"]), Some("LORA"));
        assert_eq!(peft_type_of(&["a.lora_A", "a.lora_B", "a.lora_E"]), Some("ADALORA"));
        assert_eq!(peft_type_of(&["a.hada_w1_a"]), Some("LOHA"));
        assert_eq!(peft_type_of(&["model.norm.weight"]), None);
    }
}
