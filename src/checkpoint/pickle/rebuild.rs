//! What `REDUCE` and persistent ids mean in a state dict: PyTorch's own few functions, described instead of called.

use super::value::{Arena, Global, PickledStorage, PickledTensor, Value};
use crate::numeric::Dtype;

/// Dimensions of a tensor at most, as in PyTorch.
const MAX_DIMENSIONS: usize = 64;

/// One more than any function of a state dict takes.
const MAX_ARGUMENTS: usize = 9;

/// Pairs that dictionaries may take over from lists in all, so that a list that is taken over again and again ends.
const MAX_COPIED_PAIRS: usize = 1 << 22;

type Problem = &'static str;

/// `callable(*arguments)` for the callables of a state dict; anything else gives an opaque value.
pub(super) fn reduced(callable: Value, arguments: Value, arena: &mut Arena) -> Result<Value, Problem> {
    let global = match callable {
        Value::Global(global) => global,
        Value::Opaque(_) => return Ok(callable),
        _ => return Err("a call of something that is no function"),
    };
    let Value::Sequence(index) = arguments else { return Err("a call without arguments") };
    let arguments: Vec<Value> = arena.sequences[index].iter().take(MAX_ARGUMENTS).copied().collect();
    match global {
        Global::Dict => dict(&arguments, arena),
        Global::Sequence => match arguments[..] {
            [] => Ok(arena.sequence(Vec::new())),
            [items @ Value::Sequence(_)] => Ok(items),
            _ => Err("a sequence of something that is none"),
        },
        Global::RebuildTensor => match arguments[..] {
            [storage, offset, shape, strides] => tensor([storage, offset, shape, strides], None, arena),
            _ => Err("a tensor with other arguments than PyTorch writes"),
        },
        // (storage, offset, size, stride, requires_grad, backward_hooks[, metadata])
        Global::RebuildTensorV2 => match arguments[..] {
            [storage, offset, shape, strides, _, _] | [storage, offset, shape, strides, _, _, Value::None] => {
                tensor([storage, offset, shape, strides], None, arena)
            }
            [_, _, _, _, _, _, _] => Ok(Value::Opaque(arena.text("a conjugated or negated view"))),
            _ => Err("a tensor with other arguments than PyTorch writes"),
        },
        // (storage, offset, size, stride, requires_grad, backward_hooks, dtype[, metadata])
        Global::RebuildTensorV3 => match arguments[..] {
            [storage, offset, shape, strides, _, _, Value::Global(Global::DtypeName(dtype))]
            | [storage, offset, shape, strides, _, _, Value::Global(Global::DtypeName(dtype)), Value::None] => {
                tensor([storage, offset, shape, strides], Some(dtype), arena)
            }
            [_, _, _, _, _, _, Value::Global(Global::Foreign(name)), ..] => Ok(Value::Opaque(name)),
            _ => Err("a tensor with other arguments than PyTorch writes"),
        },
        // (data, requires_grad, backward_hooks)
        Global::RebuildParameter => match arguments[..] {
            [data @ (Value::Tensor(_) | Value::Opaque(_)), _, _] => Ok(data),
            _ => Err("a parameter with other arguments than PyTorch writes"),
        },
        Global::Foreign(name) => Ok(Value::Opaque(name)),
        Global::TypedStorage(_) | Global::UntypedStorage | Global::DtypeName(_) => {
            Err("a call of something that is no function")
        }
    }
}

/// `OrderedDict()`, or one from a list of pairs.
fn dict(arguments: &[Value], arena: &mut Arena) -> Result<Value, Problem> {
    let items = match arguments {
        [] => Vec::new(),
        [Value::Dict(items)] => return Ok(Value::Dict(*items)),
        [Value::Sequence(items)] => {
            arena.copied_pairs += arena.sequences[*items].len();
            if arena.copied_pairs > MAX_COPIED_PAIRS {
                return Err("more entries than any state dict has");
            }
            arena.sequences[*items].clone()
        }
        _ => return Err("a dictionary of something that is none"),
    };
    let pair = |item: &Value| match item {
        Value::Sequence(index) => match arena.sequences[*index][..] {
            [key, value] => Ok((key, value)),
            _ => Err("a dictionary of something else than pairs"),
        },
        _ => Err("a dictionary of something else than pairs"),
    };
    let pairs = items.iter().map(pair).collect::<Result<Vec<_>, _>>()?;
    let dict = arena.dict();
    if let Value::Dict(index) = dict {
        arena.dicts[index] = pairs;
    }
    Ok(dict)
}

/// The storage that a persistent id `("storage", class, key, device, element_count)` names.
pub(super) fn storage(id: Value, arena: &mut Arena) -> Result<Value, Problem> {
    let Value::Sequence(index) = id else { return Err("a storage that is not described") };
    let [Value::Text(kind), Value::Global(class), Value::Text(key), _, Value::Int(element_count)] =
        arena.sequences[index][..]
    else {
        return Err("a storage that is described otherwise than PyTorch does");
    };
    if arena.texts[kind] != "storage" {
        return Err("a persistent object that is no storage");
    }
    let dtype = match class {
        Global::TypedStorage(dtype) => Some(dtype),
        Global::UntypedStorage => None,
        Global::Foreign(name) => return Ok(Value::Opaque(name)),
        _ => return Err("a storage without a class"),
    };
    let element_count = u64::try_from(element_count).map_err(|_| "a storage of negative size")?;
    arena.storages.push(PickledStorage { dtype, key: arena.texts[key].clone(), element_count });
    Ok(Value::Storage(arena.storages.len() - 1))
}

fn tensor(parts: [Value; 4], dtype: Option<Dtype>, arena: &mut Arena) -> Result<Value, Problem> {
    let [storage, offset, shape, strides] = parts;
    let storage = match storage {
        Value::Storage(storage) => storage,
        Value::Opaque(_) => return Ok(storage),
        _ => return Err("a tensor without a storage"),
    };
    let dtype = dtype.or(arena.storages[storage].dtype).ok_or("a tensor without a dtype")?;
    let offset = unsigned(offset)?;
    let (shape, strides) = (numbers(shape, arena)?, numbers(strides, arena)?);
    if shape.len() != strides.len() || shape.len() > MAX_DIMENSIONS {
        return Err("a tensor whose shape and strides disagree");
    }
    arena.tensors.push(PickledTensor { storage, dtype, offset, shape, strides });
    Ok(Value::Tensor(arena.tensors.len() - 1))
}

fn numbers(value: Value, arena: &Arena) -> Result<Vec<u64>, Problem> {
    let Value::Sequence(index) = value else { return Err("a shape that is no tuple") };
    let items = &arena.sequences[index];
    items.iter().take(MAX_DIMENSIONS + 1).map(|item| unsigned(*item)).collect()
}

fn unsigned(value: Value) -> Result<u64, Problem> {
    match value {
        Value::Int(number) => u64::try_from(number).map_err(|_| "a negative size, stride or offset"),
        _ => Err("a size, stride or offset that is no whole number"),
    }
}
