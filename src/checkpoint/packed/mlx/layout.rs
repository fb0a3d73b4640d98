//! What `quantization` in `config.json` says of a model that mlx-lm packed.

use std::{collections::BTreeMap, fmt};

use serde_json::Value;

use super::super::PackedError;
use crate::{checkpoint::ModelConfig, numeric::Dtype};

/// The two keys under which mlx-lm writes the same.
const KEYS: [&str; 2] = ["quantization", "quantization_config"];

/// How codes and scales are to be read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Mode {
    Affine,
    Mxfp4,
    Mxfp8,
    Nvfp4,
}

/// How the weights of a module are packed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Layout {
    pub mode: Mode,
    /// Bits of a code.
    pub bits: usize,
    /// Elements that share a scale.
    pub group: usize,
}

/// What the config says.
#[derive(Debug)]
pub(super) struct Said {
    /// What holds for modules that are not named.
    pub usual: Layout,
    /// Modules that are named; `None` for those that are not packed.
    pub named: BTreeMap<String, Option<Layout>>,
}

impl Mode {
    const ALL: [Self; 4] = [Self::Affine, Self::Mxfp4, Self::Mxfp8, Self::Nvfp4];

    fn name(self) -> &'static str {
        match self {
            Self::Affine => "affine",
            Self::Mxfp4 => "mxfp4",
            Self::Mxfp8 => "mxfp8",
            Self::Nvfp4 => "nvfp4",
        }
    }

    /// Bits and group that MLX takes where nothing is said; a float format has no others.
    fn own(self) -> Layout {
        let (bits, group) = match self {
            Self::Affine => (4, 64),
            Self::Mxfp4 => (4, 32),
            Self::Mxfp8 => (8, 32),
            Self::Nvfp4 => (4, 16),
        };
        Layout { mode: self, bits, group }
    }

    /// The dtypes that its scales have.
    pub fn scale_dtypes(self) -> &'static [Dtype] {
        match self {
            Self::Affine => &[Dtype::F16, Dtype::BF16, Dtype::F32],
            Self::Mxfp4 | Self::Mxfp8 | Self::Nvfp4 => &[Dtype::U8],
        }
    }
}

impl Layout {
    /// Whether MLX packs so.
    pub fn is_known(self) -> bool {
        match self.mode {
            Mode::Affine => matches!(self.bits, 1..=6 | 8) && matches!(self.group, 32 | 64 | 128),
            mode => self == mode.own(),
        }
    }

    /// The layout of codes of `bits` with scales of `dtype` for each `group`, where there is one.
    pub fn of(dtype: Dtype, bits: usize, group: usize) -> Option<Self> {
        let layouts = Mode::ALL.into_iter().filter(|mode| mode.scale_dtypes().contains(&dtype));
        layouts.map(|mode| Self { mode, bits, group }).find(|layout| layout.is_known())
    }

    fn read(said: &Value) -> Result<Self, PackedError> {
        let bad = |key: &'static str| PackedError::BadConfig { key, said: said[key].to_string() };
        let mode = match said.get("mode") {
            None | Some(Value::Null) => Mode::Affine,
            Some(name) => Mode::ALL.into_iter().find(|mode| name == mode.name()).ok_or_else(|| bad("mode"))?,
        };
        let own = mode.own();
        let number = |key, own: usize| match said.get(key) {
            None | Some(Value::Null) => Ok(own),
            Some(number) => number.as_u64().and_then(|number| usize::try_from(number).ok()).ok_or_else(|| bad(key)),
        };
        let layout = Self { mode, bits: number("bits", own.bits)?, group: number("group_size", own.group)? };
        if layout.is_known() {
            return Ok(layout);
        }
        let key = if (Self { group: own.group, ..layout }).is_known() { "group_size" } else { "bits" };
        Err(bad(key))
    }
}

/// As `config.json` has it.
impl fmt::Display for Layout {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { mode, bits, group } = self;
        write!(formatter, r#"{{"group_size": {group}, "bits": {bits}, "mode": "{}"}}"#, mode.name())
    }
}

impl Said {
    /// Reads it from `config`; `None` where that speaks of no weights that mlx-lm packed.
    ///
    /// # Errors
    /// Both keys, and they disagree; a mode, bits or a group that MLX does not have.
    pub fn of(config: &ModelConfig) -> Result<Option<Self>, PackedError> {
        let is_mlx = |said: &&Value| said.get("group_size").is_some() && said.get("bits").is_some();
        let [first, second] = KEYS.map(|key| config.get(key));
        let Some(said) = first.filter(is_mlx).or_else(|| second.filter(is_mlx)) else { return Ok(None) };
        if let (Some(first), Some(second)) = (first, second)
            && first != second
        {
            return Err(PackedError::BadConfig {
                key: "quantization ≠ quantization_config",
                said: apart(first, second),
            });
        }
        let usual = Layout::read(said)?;
        let mut named = BTreeMap::new();
        for (module, own) in said.as_object().into_iter().flatten() {
            match own {
                Value::Bool(false) => named.insert(module.clone(), None),
                Value::Bool(true) => named.insert(module.clone(), Some(usual)),
                Value::Object(_) => named.insert(module.clone(), Some(Layout::read(own)?)),
                _ => None,
            };
        }
        Ok(Some(Self { usual, named }))
    }
}

/// The first entry in which the two differ.
fn apart(first: &Value, second: &Value) -> String {
    let keys = [first, second].into_iter().filter_map(Value::as_object).flat_map(serde_json::Map::keys);
    let differing = keys.into_iter().find(|key| first.get(key) != second.get(key));
    differing.map_or_else(
        || format!("{first} ≠ {second}"),
        |key| {
            let [first, second] = [first, second].map(|said| said.get(key).unwrap_or(&Value::Null));
            format!("{key}: {first} ≠ {second}")
        },
    )
}
