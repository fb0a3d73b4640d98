//! Values of a pickle: numbers, text, containers, and the few kinds of objects that a state dict consists of.
//!
//! Everything compound lies in one arena and is named by its index, so that a value is copied like a number, and
//! neither nesting nor cycles of a hostile file can overflow the stack.

use super::PickledValue;
use std::collections::HashMap;

use crate::numeric::Dtype;

/// One value on the stack or in a container.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Value {
    None,
    Bool(bool),
    Int(i64),
    Float,
    /// Index into [`Arena::texts`].
    Text(usize),
    /// Index into [`Arena::sequences`]; a tuple, list or set.
    Sequence(usize),
    /// Index into [`Arena::dicts`].
    Dict(usize),
    Global(Global),
    /// Index into [`Arena::storages`].
    Storage(usize),
    /// Index into [`Arena::tensors`].
    Tensor(usize),
    /// An object of a class that is never built; index of its name in [`Arena::texts`].
    Opaque(usize),
}

/// What a pickle may name of Python's modules: all that a state dict needs, none of it called.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Global {
    /// `collections.OrderedDict`, `builtins.dict`.
    Dict,
    /// `torch.Size`, `builtins.tuple`, `list` and `set`.
    Sequence,
    /// `torch._utils._rebuild_tensor`, of PyTorch before 0.4.
    RebuildTensor,
    /// `torch._utils._rebuild_tensor_v2`.
    RebuildTensorV2,
    /// `torch._utils._rebuild_tensor_v3`, for dtypes that have no storage class.
    RebuildTensorV3,
    /// `torch._utils._rebuild_parameter`.
    RebuildParameter,
    /// `torch.FloatStorage` and its like.
    TypedStorage(Dtype),
    /// `torch.storage.UntypedStorage`: bytes.
    UntypedStorage,
    /// `torch.float32` and its like.
    DtypeName(Dtype),
    /// Anything else; index of its name in [`Arena::texts`].
    Foreign(usize),
}

impl Global {
    /// The global `module.name`, `None` when no state dict needs it.
    pub(super) fn known(module: &str, name: &str) -> Option<Self> {
        let global = match (module, name) {
            ("collections", "OrderedDict") | ("builtins" | "__builtin__", "dict") => Self::Dict,
            ("torch", "Size") | ("builtins" | "__builtin__", "tuple" | "list" | "set") => Self::Sequence,
            ("torch._utils", "_rebuild_tensor") => Self::RebuildTensor,
            ("torch._utils", "_rebuild_tensor_v2") => Self::RebuildTensorV2,
            ("torch._utils", "_rebuild_tensor_v3") => Self::RebuildTensorV3,
            ("torch._utils", "_rebuild_parameter") => Self::RebuildParameter,
            ("torch.storage" | "torch", "UntypedStorage") => Self::UntypedStorage,
            ("torch" | "torch.storage" | "torch.cuda", _) if name.ends_with("Storage") => {
                Self::TypedStorage(storage_dtype(name.strip_suffix("Storage")?)?)
            }
            ("torch", _) => Self::DtypeName(dtype_named(name)?),
            _ => return None,
        };
        Some(global)
    }
}

/// The dtype of `torch.<class>Storage`.
fn storage_dtype(class: &str) -> Option<Dtype> {
    Some(match class {
        "Double" => Dtype::F64,
        "Float" => Dtype::F32,
        "Half" => Dtype::F16,
        "BFloat16" => Dtype::BF16,
        "Long" => Dtype::I64,
        "Int" => Dtype::I32,
        "Short" => Dtype::I16,
        "Char" => Dtype::I8,
        "Byte" => Dtype::U8,
        "Bool" => Dtype::BOOL,
        "ComplexFloat" => Dtype::C64,
        _ => return None,
    })
}

/// The dtype `torch.<name>`.
fn dtype_named(name: &str) -> Option<Dtype> {
    Some(match name {
        "float64" | "double" => Dtype::F64,
        "float32" | "float" => Dtype::F32,
        "float16" | "half" => Dtype::F16,
        "bfloat16" => Dtype::BF16,
        "float8_e4m3fn" => Dtype::F8_E4M3,
        "float8_e5m2" => Dtype::F8_E5M2,
        "float8_e4m3fnuz" => Dtype::F8_E4M3FNUZ,
        "float8_e5m2fnuz" => Dtype::F8_E5M2FNUZ,
        "float8_e8m0fnu" => Dtype::F8_E8M0,
        "complex64" => Dtype::C64,
        "int64" | "long" => Dtype::I64,
        "int32" | "int" => Dtype::I32,
        "int16" | "short" => Dtype::I16,
        "int8" => Dtype::I8,
        "uint64" => Dtype::U64,
        "uint32" => Dtype::U32,
        "uint16" => Dtype::U16,
        "uint8" => Dtype::U8,
        "bool" => Dtype::BOOL,
        _ => return None,
    })
}

/// A record of the archive that tensors are views of.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct PickledStorage {
    /// Element type; `None` for bytes.
    pub dtype: Option<Dtype>,
    /// Its record: `data/<key>`.
    pub key: String,
    /// Elements (bytes where there is no dtype).
    pub element_count: u64,
}

/// A tensor as a pickle describes it, unchecked against its record.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct PickledTensor {
    /// Index into [`Arena::storages`].
    pub storage: usize,
    pub dtype: Dtype,
    /// Elements from the start of the storage.
    pub offset: u64,
    pub shape: Vec<u64>,
    /// Elements between neighbours, by dimension.
    pub strides: Vec<u64>,
}

/// All compound values of one pickle.
#[derive(Debug, Default)]
pub(super) struct Arena {
    pub texts: Vec<String>,
    pub sequences: Vec<Vec<Value>>,
    pub dicts: Vec<Vec<(Value, Value)>>,
    pub storages: Vec<PickledStorage>,
    pub tensors: Vec<PickledTensor>,
    /// Pairs that dictionaries took over from lists.
    pub copied_pairs: usize,
    interned: HashMap<String, usize>,
}

impl Arena {
    pub(super) fn text(&mut self, text: &str) -> usize {
        if let Some(index) = self.interned.get(text) {
            return *index;
        }
        self.texts.push(text.to_owned());
        self.interned.insert(text.to_owned(), self.texts.len() - 1);
        self.texts.len() - 1
    }

    pub(super) fn sequence(&mut self, values: Vec<Value>) -> Value {
        self.sequences.push(values);
        Value::Sequence(self.sequences.len() - 1)
    }

    pub(super) fn dict(&mut self) -> Value {
        self.dicts.push(Vec::new());
        Value::Dict(self.dicts.len() - 1)
    }

    /// The value in words, for messages.
    pub(super) fn described(&self, value: Value) -> PickledValue {
        let text = |index: usize| self.texts.get(index).map_or("", String::as_str);
        match value {
            Value::None => PickledValue::None,
            Value::Bool(_) => PickledValue::Truth,
            Value::Int(_) | Value::Float => PickledValue::Number,
            Value::Text(_) => PickledValue::Text,
            Value::Sequence(_) => PickledValue::List,
            Value::Dict(_) => PickledValue::Dictionary,
            Value::Tensor(_) => PickledValue::Tensor,
            Value::Storage(_) => PickledValue::Storage,
            Value::Global(Global::Foreign(name)) => PickledValue::ForeignName(text(name).to_owned()),
            Value::Global(_) => PickledValue::TorchName,
            Value::Opaque(name) => PickledValue::Object(text(name).to_owned()),
        }
    }
}
