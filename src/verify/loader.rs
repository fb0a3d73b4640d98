//! What transformers would find in the folder: every parameter of the class under a name that it looks for, none that
//! it ignores, and every tie of the config held by the weights.

use super::{Detail, Reference, VerifyError, config_fit::integer, exact::read_f64, tokenizer::embedding_rows};
use crate::{
    architecture::{Architecture, Loading, TieGroup, UnevenRows},
    checkpoint::{Checkpoint, LogicalTensor},
    numeric::{FloatDtype, row_tiles},
};

/// Elements compared at once.
const COMPARED_ELEMENTS: usize = 1 << 20;

/// What a loader would trip over.
#[derive(Debug, Default)]
pub(super) struct Found {
    pub problems: Vec<Detail>,
    /// What the base has wrong already.
    pub warnings: Vec<Detail>,
    /// The class, where there is no list of its parameters.
    pub unlisted_class: Option<String>,
}

/// Asks what a loader would.
pub(super) fn judge(merged: &Checkpoint, reference: Option<&Reference>) -> Result<Found, VerifyError> {
    let architecture = Architecture::of(merged);
    let base = reference.map(|reference| Architecture::of(&reference.base));
    let mut found = Found::default();
    if let Some(loading) = architecture.loading() {
        let of_base = base.as_ref().and_then(|base| loading_of_base(base, &architecture));
        found.compare_names(&architecture, loading, of_base.as_ref(), base.is_some());
    } else {
        let class = merged.config().architecture().or(Some(merged.config().model_type()));
        found.unlisted_class = class.filter(|class| !class.is_empty()).map(str::to_owned);
        let uneven = vocabulary(&architecture);
        let is_old = base.as_ref().is_some_and(|base| vocabulary(base) == uneven);
        let list = if is_old { &mut found.warnings } else { &mut found.problems };
        list.extend(uneven);
    }
    let broken = broken_ties(&architecture, merged)?;
    let own = match (&base, reference) {
        (Some(base), Some(reference)) if !broken.is_empty() => broken_ties(base, &reference.base)?,
        _ => Vec::new(),
    };
    let (warnings, problems): (Vec<_>, Vec<_>) = broken.into_iter().partition(|detail| own.contains(detail));
    found.problems.extend(problems);
    found.warnings.extend(warnings);
    Ok(found)
}

/// What the base has wrong already. Where the merge is of another class, as a head for another task makes it, the class
/// is asked what it would have found in the base: what belongs to the old head is of no use to the new one.
fn loading_of_base(base: &Architecture<'_>, merged: &Architecture<'_>) -> Option<Loading> {
    let class = |architecture: &Architecture<'_>| architecture.checkpoint().config().architecture().map(str::to_owned);
    let own = base.loading();
    if class(base) == class(merged) {
        return own;
    }
    let uneven = own.map(|own| own.uneven).unwrap_or_default();
    Some(Loading { uneven, ..merged.loading_of(base.checkpoint())? })
}

impl Found {
    fn compare_names(
        &mut self,
        architecture: &Architecture<'_>,
        loading: Loading,
        of_base: Option<&Loading>,
        has_base: bool,
    ) {
        let class = architecture.checkpoint().config().architecture().unwrap_or_default().to_owned();
        let own = of_base.cloned().unwrap_or_default();
        let (old, new) = parted(loading.missing, &own.missing);
        let missing =
            |names: Vec<String>| (!names.is_empty()).then(|| Detail::MissingParameters { class: class.clone(), names });
        self.problems.extend(missing(new));
        self.warnings.extend(missing(old));
        let (old, new) = parted(loading.ignored, &own.ignored);
        let ignored =
            |names: Vec<String>| (!names.is_empty()).then(|| Detail::IgnoredTensors { class: class.clone(), names });
        self.warnings.extend(ignored(old));
        // Without the base it cannot be told whether its maker left them there.
        let list = if has_base { &mut self.problems } else { &mut self.warnings };
        list.extend(ignored(new));
        for UnevenRows { tensor, rows, configured } in loading.uneven {
            let is_old = own.uneven.iter().any(|other| (other.rows, other.configured) == (rows, configured));
            let list = if is_old { &mut self.warnings } else { &mut self.problems };
            list.push(Detail::VocabularySize { configured, tensor, rows });
        }
    }
}

/// The input embedding against the config's number, for a class without a list.
fn vocabulary(architecture: &Architecture<'_>) -> Option<Detail> {
    let configured = integer(architecture.checkpoint().config(), "vocab_size")?;
    let (tensor, rows) = embedding_rows(architecture)?;
    (rows != configured).then_some(Detail::VocabularySize { configured, tensor, rows })
}

/// Those that are among `own`, and the others.
fn parted(names: Vec<String>, own: &[String]) -> (Vec<String>, Vec<String>) {
    names.into_iter().partition(|name| own.contains(name))
}

/// Ties of the config that the weights do not hold.
fn broken_ties(architecture: &Architecture<'_>, model: &Checkpoint) -> Result<Vec<Detail>, VerifyError> {
    let mut found = Vec::new();
    for group in architecture.tie_groups() {
        if group.is_tied {
            found.extend(unequal_copy(&group, model)?);
        } else {
            found.extend(missing_end(architecture, &group, model));
        }
    }
    Ok(found)
}

/// Parameters that are tied and differ on the disk: a loader keeps one of them for both.
fn unequal_copy(group: &TieGroup, model: &Checkpoint) -> Result<Option<Detail>, VerifyError> {
    let mut held = group.disk_names().filter_map(|name| model.tensor(name));
    let Some(first) = held.next() else { return Ok(None) };
    for other in held {
        if !are_equal(first, other)? {
            let (tensor, other) = (other.name().to_owned(), first.name().to_owned());
            return Ok(Some(Detail::UnequalTie { tensor, other }));
        }
    }
    Ok(None)
}

/// The embedding or the head, where the config takes them apart and one is not there.
fn missing_end(architecture: &Architecture<'_>, group: &TieGroup, model: &Checkpoint) -> Option<Detail> {
    let ends = [architecture.input_embedding()?, architecture.output_head()?].map(|module| format!("{module}.weight"));
    if !ends.iter().all(|end| group.holds(end)) {
        return None;
    }
    let missing = ends.iter().find(|end| model.tensor(end).is_none())?;
    Some(Detail::UntiedAndGone { tensor: missing.clone() })
}

/// Whether two tensors hold the same numbers.
pub(super) fn are_equal(first: &LogicalTensor, second: &LogicalTensor) -> Result<bool, VerifyError> {
    let dtypes = (FloatDtype::of(first.dtype()), FloatDtype::of(second.dtype()));
    let (Some(first_dtype), Some(second_dtype)) = dtypes else { return Ok(true) };
    if first.shape() != second.shape() {
        return Ok(false);
    }
    for rows in row_tiles(first.tile_shape(), COMPARED_ELEMENTS) {
        if read_f64(first, first_dtype, rows.clone())? != read_f64(second, second_dtype, rows)? {
            return Ok(false);
        }
    }
    Ok(true)
}

#[cfg(test)]
#[expect(clippy::disallowed_methods, reason = "fixtures in temporary folders")]
mod tests {
    use serde_json::{Value, json};

    use super::*;

    /// A Llama of one layer; `change` makes of its tensors (by name, with their first value) what is written.
    fn llama(ties: bool, change: impl Fn(&mut Vec<(String, f32)>)) -> (tempfile::TempDir, Checkpoint) {
        let parts = ["self_attn.q_proj", "self_attn.k_proj", "self_attn.v_proj", "self_attn.o_proj"];
        let parts = parts.into_iter().chain(["mlp.gate_proj", "mlp.up_proj", "mlp.down_proj"]);
        let parts = parts.chain(["input_layernorm", "post_attention_layernorm"]);
        let mut tensors: Vec<(String, f32)> =
            parts.map(|part| (format!("model.layers.0.{part}.weight"), 1.0)).collect();
        tensors.extend(["model.embed_tokens.weight", "model.norm.weight"].map(|name| (name.to_owned(), 1.0)));
        tensors.extend((!ties).then(|| ("lm_head.weight".to_owned(), 2.0)));
        change(&mut tensors);
        let root = tempfile::tempdir().unwrap();
        let config = json!({
            "architectures": ["LlamaForCausalLM"], "model_type": "llama", "num_hidden_layers": 1, "vocab_size": 2,
            "tie_word_embeddings": ties,
        });
        std::fs::write(root.path().join("config.json"), config.to_string()).unwrap();
        let entry = |(index, (name, _)): (usize, &(String, f32))| {
            let offsets = [16 * index, 16 * (index + 1)];
            (name.clone(), json!({"dtype": "F32", "shape": [2, 2], "data_offsets": offsets}))
        };
        let header = Value::Object(tensors.iter().enumerate().map(entry).collect()).to_string();
        let mut file = (header.len() as u64).to_le_bytes().to_vec();
        file.extend(header.bytes());
        file.extend(tensors.iter().flat_map(|(_, value)| [*value, 0.0, 0.0, 0.0]).flat_map(f32::to_le_bytes));
        std::fs::write(root.path().join("model.safetensors"), file).unwrap();
        let model = Checkpoint::open(root.path()).unwrap();
        (root, model)
    }

    fn problems(ties: bool, change: impl Fn(&mut Vec<(String, f32)>)) -> Vec<String> {
        let (_root, model) = llama(ties, change);
        let found = judge(&model, None).unwrap();
        assert_eq!(found.unlisted_class, None);
        found.problems.iter().chain(&found.warnings).map(ToString::to_string).collect()
    }

    #[test]
    fn a_whole_model_is_found_whole_under_every_spelling() {
        assert!(problems(false, |_| {}).is_empty());
        assert!(problems(true, |_| {}).is_empty());
        let rotary = ("model.layers.0.self_attn.rotary_emb.inv_freq".to_owned(), 1.0);
        assert!(problems(true, |tensors| tensors.push(rotary.clone())).is_empty());
        let copy = ("lm_head.weight".to_owned(), 1.0);
        assert!(problems(true, |tensors| tensors.push(copy.clone())).is_empty(), "an equal copy of what is tied");
        let bare = |tensors: &mut Vec<(String, f32)>| {
            for (name, _) in tensors {
                *name = name.trim_start_matches("model.").to_owned();
            }
        };
        assert!(problems(true, bare).is_empty(), "as the bare model saves it");
    }

    #[test]
    fn what_is_missing_is_named() {
        let said = problems(false, |tensors| tensors.retain(|(name, _)| !name.contains("up_proj")));
        assert_eq!(
            said,
            ["LlamaForCausalLM looks for 1 parameter that is not in the folder: model.layers.0.mlp.up_proj.weight"]
        );
        let said = problems(false, |tensors| tensors.retain(|(name, _)| name != "lm_head.weight"));
        assert_eq!(said, ["config.json gives embedding and output head a tensor each, but lm_head.weight is missing"]);
    }

    #[test]
    fn what_is_ignored_is_named() {
        for name in ["head.weight", "model.layers.1.mlp.up_proj.weight", "model.layers.0.mlp.up_proj.bias"] {
            let said = problems(false, |tensors| tensors.push((name.to_owned(), 1.0)));
            let expected =
                format!("LlamaForCausalLM does not look for 1 tensor, which a loader therefore ignores: {name}");
            assert_eq!(said, [expected]);
        }
    }

    #[test]
    fn a_tie_with_different_values_is_named() {
        let said = problems(true, |tensors| tensors.push(("lm_head.weight".to_owned(), 2.0)));
        assert_eq!(
            said,
            ["config.json ties lm_head.weight to model.embed_tokens.weight, but they hold different values"]
        );
    }
}
