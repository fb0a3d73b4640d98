//! From the name of a tensor in a file to those that the model has for it: the tables of an export, read the other way.

use super::metadata::Metadata;
use crate::{checkpoint::gguf::GgufTensor, gguf::Family};

/// Experts or heads that no stack has.
const MOST_OF_A_STACK: usize = 4096;

/// Tensors of the model, each with its shape.
pub(super) type Named = Vec<(String, Vec<usize>)>;

/// What `tensor` is in a model of `family`; `None` where it has no place there.
pub(super) fn model_tensors(metadata: &Metadata<'_>, family: Family, tensor: &GgufTensor) -> Option<Named> {
    // Factors of rotations follow from the config.
    if tensor.name.starts_with("rope_") {
        return Some(Vec::new());
    }
    let dims: Vec<usize> = tensor.dims.iter().map(|dim| usize::try_from(*dim).ok()).collect::<Option<_>>()?;
    let shape = || dims.iter().rev().copied().collect::<Vec<_>>();
    let (module, suffix) = tensor.name.rsplit_once('.')?;
    let prefix = if matches!(family, Family::Gpt2 | Family::Falcon) { "transformer." } else { "" };
    let Some(inner) = module.strip_prefix("blk.") else {
        let (name, _) = family.top_names().iter().find(|(_, part)| *part == module)?;
        let prefix = if module == "output" { "" } else { prefix };
        return Some(vec![(format!("{prefix}{name}.{suffix}"), shape())]);
    };
    let (layer, part) = inner.split_once('.')?;
    let layer = format!("{prefix}{}{}", family.layer_prefix(), layer.parse::<u32>().ok()?);
    if let Some((module, _)) = family.expert_names().iter().find(|(_, stack)| *stack == part) {
        let &[columns, rows, count] = dims.as_slice() else { return None };
        if count > MOST_OF_A_STACK {
            return None;
        }
        let experts = if family == Family::Mixtral { "block_sparse_moe.experts" } else { "mlp.experts" };
        let name = |expert| format!("{layer}.{experts}.{expert}.{module}.{suffix}");
        return Some((0..count).map(|expert| (name(expert), vec![rows, columns])).collect());
    }
    if family == Family::StableLm
        && let Some(norm) = part.strip_prefix("attn_").filter(|norm| ["q_norm", "k_norm"].contains(norm))
    {
        let &[columns, count] = dims.as_slice() else { return None };
        if count > MOST_OF_A_STACK {
            return None;
        }
        let name = |head| format!("{layer}.self_attn.{}layernorm.norms.{head}.{suffix}", &norm[..2]);
        return Some((0..count).map(|head| (name(head), vec![columns])).collect());
    }
    let mut names = family.layer_names().iter().filter(|(_, known)| *known == part).map(|(name, _)| *name);
    // Of the norms of Falcon, the one for the network alone is called otherwise.
    let has_second = family == Family::Falcon && metadata.has_in_layer("attn_norm_2.weight");
    let name = if has_second { names.next_back()? } else { names.next()? };
    let is_turned = family.is_conv1d(part) && suffix == "weight";
    Some(vec![(format!("{layer}.{name}.{suffix}"), if is_turned { dims.clone() } else { shape() })])
}
