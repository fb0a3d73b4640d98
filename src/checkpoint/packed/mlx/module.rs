//! How the weights of one module lie in the file: from its tensors, held against the config.

use super::{
    super::{PackedError, store::Store},
    layout::{Layout, Said},
};
use crate::{
    checkpoint::{LogicalTensor, ModelConfig},
    numeric::Dtype,
};

/// A module with packed weights.
#[derive(Debug)]
pub(super) struct Module {
    pub name: String,
    pub layout: Layout,
    /// The shape of its weights once they are unpacked.
    pub shape: Vec<usize>,
    /// What the layout of a module that the config does not name would ask for, where it has another.
    pub unusual: Option<PackedError>,
    /// Whether the config names it.
    pub is_named: bool,
}

/// The shapes of its codes and scales.
struct Stored<'a> {
    module: &'a str,
    codes: &'a LogicalTensor,
    scales: &'a LogicalTensor,
    /// The dimensions before the last one.
    leading: &'a [usize],
    words: usize,
    scale_columns: usize,
    /// Inputs of the module as the config tells them.
    inputs: Option<usize>,
}

impl Module {
    /// Finds out how `module` is packed, of which the scales are there.
    ///
    /// # Errors
    /// Codes that are missing or no words; shapes that do not go with each other, with what the config says of this
    /// module, or with the sizes of the model.
    pub fn find(store: &Store<'_>, config: &ModelConfig, said: &Said, module: &str) -> Result<Self, PackedError> {
        let stored = Stored::of(store, config, module)?;
        let named = said.named.get(module);
        let layout = match named {
            Some(None) => return Err(contradicts(module, "false")),
            Some(Some(layout)) => stored.fits(*layout).then_some(*layout).ok_or_else(|| stored.misfit(*layout))?,
            None => stored.layout(said.usual).ok_or_else(|| stored.misfit(said.usual))?,
        };
        let shape = [stored.leading, &[stored.scale_columns * layout.group]].concat();
        Ok(Self {
            name: module.to_owned(),
            layout,
            shape,
            unusual: (layout != said.usual).then(|| stored.misfit(said.usual)),
            is_named: named.is_some(),
        })
    }
}

/// The config says of `module` what its tensors do not.
pub(super) fn contradicts(module: &str, said: &str) -> PackedError {
    PackedError::StateSays {
        tensor: "config.json".to_owned(),
        key: "quantization",
        said: format!("\"{module}\": {said}"),
    }
}

impl<'a> Stored<'a> {
    fn of(store: &Store<'a>, config: &ModelConfig, module: &'a str) -> Result<Self, PackedError> {
        let [weight, table] = ["weight", "scales"].map(|part| format!("{module}.{part}"));
        let lone = || PackedError::LoneTable { table: table.clone() };
        let scales = store.get(&table).ok_or_else(lone)?;
        let codes = store.get(&weight).ok_or_else(lone)?;
        if codes.dtype() != Dtype::U32 {
            return Err(wrong_dtype(codes, &[Dtype::U32]));
        }
        let shape = codes.shape();
        let (&[ref leading @ .., words], false) = (shape, !matches!(shape.len(), 2 | 3) || shape.contains(&0)) else {
            let [rows, words] = [shape.first(), shape.last()].map(|length| length.copied().unwrap_or_default().max(1));
            return Err(wrong_shape(codes, vec![rows, words]));
        };
        let scale_columns = scales.shape().last().copied().unwrap_or_default();
        if scale_columns == 0 || scales.shape() != [leading, &[scale_columns]].concat() {
            return Err(wrong_shape(scales, [leading, &[scale_columns.max(1)]].concat()));
        }
        let inputs = inputs(store, config, module);
        Ok(Self { module, codes, scales, leading, words, scale_columns, inputs })
    }

    fn fits(&self, layout: Layout) -> bool {
        let columns = self.scale_columns * layout.group;
        layout.mode.scale_dtypes().contains(&self.scales.dtype())
            && columns * layout.bits == self.words * 32
            && self.inputs.is_none_or(|inputs| inputs == columns)
    }

    /// The layout of a module that the config does not name, as mlx-lm finds it: from the tensors and its inputs.
    fn layout(&self, usual: Layout) -> Option<Layout> {
        let Some(inputs) = self.inputs else { return self.fits(usual).then_some(usual) };
        let exact = |whole: usize, part: usize| whole.is_multiple_of(part).then(|| whole / part);
        let group = exact(inputs, self.scale_columns)?;
        Layout::of(self.scales.dtype(), exact(self.words * 32, inputs)?, group)
    }

    /// What is wrong with it where it should have `layout`.
    fn misfit(&self, layout: Layout) -> PackedError {
        let dtypes = layout.mode.scale_dtypes();
        if !dtypes.contains(&self.scales.dtype()) {
            return wrong_dtype(self.scales, dtypes);
        }
        let inputs = self.inputs.unwrap_or(self.scale_columns * layout.group);
        let [groups, words] = [inputs / layout.group, inputs * layout.bits / 32];
        if groups * layout.group == inputs && words * 32 == inputs * layout.bits {
            if self.scale_columns != groups {
                return wrong_shape(self.scales, [self.leading, &[groups]].concat());
            }
            if self.words != words {
                return wrong_shape(self.codes, [self.leading, &[words]].concat());
            }
        }
        contradicts(self.module, &layout.to_string())
    }
}

/// The inputs of a Linear layer or the width of an embedding, by what the config says of the model; `None` where a
/// module of this name is not known.
fn inputs(store: &Store<'_>, config: &ModelConfig, module: &str) -> Option<usize> {
    let size = |key| config.integer(key).and_then(|size| u32::try_from(size).ok()).map(|size| size as usize);
    let (parent, own) = module.rsplit_once('.').unwrap_or(("", module));
    match own {
        "embed_tokens" | "lm_head" | "q_proj" | "k_proj" | "v_proj" | "qkv_proj" | "gate_proj" | "up_proj"
        | "gate_up_proj" | "c_fc" => size("hidden_size"),
        "down_proj" | "c_proj" => size("intermediate_size"),
        // All heads; their width has another default in each family, and as many outputs has the query.
        "o_proj" => {
            let heads = || size("num_attention_heads")?.checked_mul(size("head_dim")?);
            let query = || store.get(&format!("{parent}.q_proj.weight"))?.shape().first().copied();
            heads().or_else(query).or_else(|| size("hidden_size")).filter(|inputs| u32::try_from(*inputs).is_ok())
        }
        _ => None,
    }
}

fn wrong_dtype(tensor: &LogicalTensor, expected: &[Dtype]) -> PackedError {
    let expected = expected.iter().map(Dtype::to_string).collect::<Vec<_>>().join(", ");
    PackedError::WrongDtype { tensor: tensor.name().to_owned(), dtype: tensor.dtype(), expected }
}

fn wrong_shape(tensor: &LogicalTensor, expected: Vec<usize>) -> PackedError {
    PackedError::WrongShape { tensor: tensor.name().to_owned(), shape: tensor.shape().to_vec(), expected }
}
