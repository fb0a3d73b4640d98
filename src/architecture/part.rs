//! The parts of a composite model: `text_config`, `vision_config`, `encoder`, `decoder` and the like, each with a
//! model type of its own and a place in the tree of modules.

use serde_json::Value;

use crate::checkpoint::ModelConfig;

/// Segments of module paths that lie in a part, where that is not the part's own name.
const SEGMENTS: [(&str, &[&str]); 5] = [
    ("text", &["text_model", "language_model", "text_encoder", "text_decoder", "text_backbone", "lm_backbone"]),
    ("vision", &["vision_model", "vision_tower", "visual", "vision_encoder", "image_encoder"]),
    ("audio", &["audio_tower", "audio_model", "audio_encoder"]),
    ("decoder", &["speech_decoder_model", "decoder_model"]),
    ("encoder", &["encoder_model"]),
];

/// One config: the outermost, or one nested in it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Part {
    /// Keys from the outermost object of config.json inwards; empty for the model itself.
    pub config_path: Vec<String>,
    /// Its `model_type`.
    pub model_type: String,
    /// Its `architectures[0]`.
    pub class: Option<String>,
}

impl Part {
    /// Whether the disk or memory path `module` lies in this part, by its segments.
    #[must_use]
    pub fn holds(&self, module: &str) -> bool {
        let Some(key) = self.config_path.last() else { return true };
        let stem = key.strip_suffix("_config").unwrap_or(key);
        let others = SEGMENTS.iter().find(|(name, _)| *name == stem).map_or(&[][..], |(_, others)| others);
        module.split('.').any(|segment| segment == stem || others.contains(&segment))
    }
}

/// The nested configs that have a model type, in the order of the file.
pub(super) fn nested(config: &ModelConfig) -> Vec<Part> {
    let value = config.text().value();
    let paths = config.text().object_paths().into_iter().filter(|path| !path.is_empty());
    paths
        .filter_map(|config_path| {
            let object = config_path.iter().fold(&value, |value, key| &value[key.as_str()]);
            let model_type = object.get("model_type").and_then(Value::as_str)?.to_owned();
            let class = object["architectures"][0].as_str().map(str::to_owned);
            Some(Part { config_path, model_type, class })
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_part_holds_the_modules_below_its_name() {
        let part = |key: &str| Part { config_path: vec![key.to_owned()], model_type: "gpt2".to_owned(), class: None };
        assert!(part("decoder").holds("decoder.transformer.h.0.attn.c_attn"));
        assert!(!part("decoder").holds("encoder.layers.0.attention.q_proj"));
        assert!(part("text_config").holds("language_model.model.layers.0.mlp.up_proj"));
        assert!(part("vision_config").holds("model.visual.blocks.0.attn.qkv"));
        assert!(part("qformer_config").holds("qformer.encoder.layer.0.attention.attention.query"));
    }
}
