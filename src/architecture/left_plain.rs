//! Which weights bitsandbytes packs while transformers loads a model: those of every `Linear` but the output head, what is
//! tied to the embedding, the module that comes last and what stays in float32.
//!
//! The table is written by `tests/tools/make_nf4_table.py` from transformers 5.24.

use std::{
    collections::{BTreeSet, HashMap},
    sync::{Arc, LazyLock},
};

use serde::{Deserialize, Serialize};

use super::{Architecture, StackedNames};
use crate::{
    checkpoint::{Checkpoint, TrainedQuantization},
    message,
    numeric::{Dtype, FloatDtype},
};

/// Classes with the same matrices beside those of their `Linear` modules, `*` in the place of an index.
#[derive(Clone, Deserialize)]
struct Group {
    classes: Vec<String>,
    plain: BTreeSet<String>,
    /// Packed by some releases, or otherwise than they lie on the disk.
    #[serde(default)]
    unsure: BTreeSet<String>,
}

static TABLE: LazyLock<HashMap<String, Arc<Group>>> = LazyLock::new(|| {
    #[derive(Deserialize)]
    struct Table {
        groups: Vec<Group>,
    }
    let table: Table = serde_json::from_str(include_str!("left_plain.json"))
        .unwrap_or_else(|error| unreachable!("left_plain.json: {error}"));
    let by_class = |group: Group| {
        let group = Arc::new(group);
        group.classes.clone().into_iter().map(move |class| (class, Arc::clone(&group)))
    };
    table.groups.into_iter().flat_map(by_class).collect()
});

/// Why it is not known what a trainer saw that packed the base while it loaded it.
#[derive(Debug, Serialize, thiserror::Error)]
#[error("{}", message::english(self))]
#[expect(missing_docs, reason = "the message of each says what its fields are")]
pub enum TrainedError {
    AlreadyPacked { method: String },
    UnknownClass { class: Option<String> },
    UnknownTensor { tensor: String, class: String },
    OwnKind { tensor: String },
    Experts { parameter: String },
    OtherDtype { tensor: String, dtype: Dtype },
}

/// `base` as a trainer saw it that packed it while it loaded it. What files and tables do not decide is refused.
///
/// # Errors
/// A base that is packed already or has other dtypes than those of 16 bits; a class or a tensor of which it is unknown
/// whether bitsandbytes packs it.
pub fn packed_while_loading(base: Checkpoint, quantization: TrainedQuantization) -> Result<Checkpoint, TrainedError> {
    let names = trained_names(&base)?;
    Ok(base.packed_as(quantization, &names))
}

/// The weights of `base` that bitsandbytes packs while transformers loads it, as the disk names them.
///
/// # Errors
/// As [`packed_while_loading`].
pub fn trained_names(base: &Checkpoint) -> Result<BTreeSet<String>, TrainedError> {
    Architecture::of(base).packed_while_loading()
}

impl Architecture<'_> {
    fn packed_while_loading(&self) -> Result<BTreeSet<String>, TrainedError> {
        let base = self.checkpoint();
        if let Some(quantization) = base.quantization() {
            return Err(TrainedError::AlreadyPacked { method: quantization.method.name().to_owned() });
        }
        let class = base.config().architecture();
        let unknown_class = || TrainedError::UnknownClass { class: class.map(str::to_owned) };
        let class = class.ok_or_else(unknown_class)?;
        let Group { plain, unsure, .. } = &**TABLE.get(class).ok_or_else(unknown_class)?;
        let ignored: BTreeSet<String> = self.loading().ok_or_else(unknown_class)?.ignored.into_iter().collect();
        // transformers 4 has a Linear for each expert, which is packed; transformers 5 one parameter, which is not.
        if let Some(parameter) = StackedNames::new(base, self.names()).names().next() {
            return Err(TrainedError::Experts { parameter: parameter.to_owned() });
        }
        let ties = self.tie_groups();
        let head = self.output_head().map(|module| format!("{module}.weight"));
        let mut packed = BTreeSet::new();
        for (name, tensor) in base.tensors().iter().filter(|(_, tensor)| tensor.shape().len() == 2) {
            let Some(module) = name.strip_suffix(".weight") else { continue };
            let in_memory = self.names().names_in_memory(name);
            let is_any = |patterns: &BTreeSet<String>| {
                let mut modules =
                    std::iter::once(name).chain(&in_memory).filter_map(|name| name.strip_suffix(".weight"));
                modules.any(|module| patterns.contains(&pattern(module)))
            };
            let tensor_name = || name.to_owned();
            if is_any(unsure) || self.is_conv1d(module) != Some(false) {
                return Err(TrainedError::OwnKind { tensor: tensor_name() });
            }
            if is_any(plain) || ties.iter().any(|group| group.holds(name)) || head.as_ref() == Some(name) {
                continue;
            }
            if ignored.contains(name) {
                return Err(TrainedError::UnknownTensor { tensor: tensor_name(), class: class.to_owned() });
            }
            if !matches!(FloatDtype::of(tensor.dtype()), Some(FloatDtype::F16 | FloatDtype::BF16)) {
                return Err(TrainedError::OtherDtype { tensor: tensor_name(), dtype: tensor.dtype() });
            }
            packed.insert(tensor_name());
        }
        Ok(packed)
    }
}

/// `module` with `*` in the place of every index.
fn pattern(module: &str) -> String {
    let segment = |segment| if is_index(segment) { "*" } else { segment };
    module.split('.').map(segment).collect::<Vec<_>>().join(".")
}

fn is_index(segment: &str) -> bool {
    segment.bytes().all(|byte| byte.is_ascii_digit())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::error::assert_told;

    #[test]
    fn the_table_knows_what_stays_plain() {
        let plain = |class: &str| TABLE[class].plain.iter().map(String::as_str).collect::<Vec<_>>();
        assert_eq!(plain("LlamaForCausalLM"), ["lm_head", "model.embed_tokens"]);
        assert_eq!(plain("LlamaForSequenceClassification"), ["model.embed_tokens", "score"], "the module that is last");
        assert!(plain("T5ForConditionalGeneration").contains(&"encoder.block.*.layer.*.DenseReluDense.wo"), "float32");
        assert!(TABLE["GPT2LMHeadModel"].unsure.contains("transformer.h.*.attn.c_attn"), "Conv1D");
        assert!(TABLE["FalconForCausalLM"].unsure.contains("transformer.h.*.self_attention.dense"), "made from Linear");
        assert_eq!(pattern("model.layers.12.mlp.up_proj"), "model.layers.*.mlp.up_proj");
    }

    #[test]
    fn every_reason_is_said_in_korean() {
        let tensor = || "a.weight".to_owned();
        let cases: [(TrainedError, &[&str]); 6] = [
            (TrainedError::AlreadyPacked { method: "GPTQ".to_owned() }, &["GPTQ"]),
            (TrainedError::UnknownClass { class: Some("MyModel".to_owned()) }, &["MyModel"]),
            (TrainedError::UnknownTensor { tensor: tensor(), class: "MyModel".to_owned() }, &["a.weight", "MyModel"]),
            (TrainedError::OwnKind { tensor: tensor() }, &["a.weight", "Conv1D"]),
            (TrainedError::Experts { parameter: "experts.up".to_owned() }, &["experts.up", "transformers 4"]),
            (TrainedError::OtherDtype { tensor: tensor(), dtype: Dtype::F32 }, &["a.weight", "F32"]),
        ];
        for (error, parts) in cases {
            assert_told(&error, parts);
        }
    }
}
