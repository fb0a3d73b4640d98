//! What the config of compressed-tensors says: which weights were packed in which way.

use fancy_regex::Regex;
use serde_json::Value;

use crate::checkpoint::packed::{PackedError, spread::Spread};

/// How a group of weights was packed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Scheme {
    pub format: Format,
    /// Bits of a code.
    pub bits: usize,
    /// Which weights share a scale.
    pub spread: Spread,
    /// Whether zero is the code in the middle.
    pub is_symmetric: bool,
}

/// The layouts that are read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Format {
    /// Integers of a few bits in 32-bit words.
    Packed,
    /// Integers in a byte each.
    Int,
    /// 8-bit floats.
    Float,
    Nvfp4,
    Mxfp4,
}

/// The groups of a config.
pub struct Groups {
    groups: Vec<Group>,
    /// What is not packed.
    ignored: Targets,
}

struct Group {
    scheme: Scheme,
    targets: Targets,
}

/// Names of modules or of classes of layers, and patterns.
struct Targets {
    names: Vec<String>,
    patterns: Vec<Regex>,
}

impl Groups {
    /// Reads a `quantization_config`; `None` where it holds a layout that is not read, or weights in another basis.
    pub fn read(config: &Value) -> Result<Option<Self>, PackedError> {
        let is_plain = |format: &Value| matches!(format.as_str(), None | Some("dense"));
        if is_set(&config["transform_config"]) || !is_plain(&config["sparsity_config"]["format"]) {
            return Ok(None);
        }
        let Some(groups) = config["config_groups"].as_object() else {
            return Err(bad("config_groups", &config["config_groups"]));
        };
        let mut read = Vec::new();
        for group in groups.values().filter(|group| is_set(&group["weights"])) {
            let format = Some(&group["format"]).filter(|format| format.is_string()).unwrap_or(&config["format"]);
            let Some(scheme) = Scheme::read(&group["weights"], format)? else { return Ok(None) };
            read.push(Group { scheme, targets: Targets::read("targets", &group["targets"])? });
        }
        let is_own = |group: &Value| group["format"].is_string();
        let layouts = || read.iter().map(|group| group.scheme.format);
        // Groups that name a format need no word of the whole, but it must not be one that none of them has.
        if groups.values().any(is_own)
            && let Some(said) = config["format"].as_str().and_then(Format::named)
            && !layouts().any(|format| said.contains(&format))
        {
            return Err(bad("format", &config["format"]));
        }
        let ignored = match &config["ignore"] {
            Value::Null => Targets { names: Vec::new(), patterns: Vec::new() },
            ignored => Targets::read("ignore", ignored)?,
        };
        Ok(Some(Self { groups: read, ignored }))
    }

    /// Refuses `tensor`, the codes of `module`, where the config says that it is not packed: the library makes plain
    /// weights there, and finds none.
    pub fn refuse_ignored(&self, module: &str, tensor: &str) -> Result<(), PackedError> {
        let named = self.ignored.names.iter().find(|name| *name == module).cloned();
        let matched = || self.ignored.patterns.iter().find(|pattern| pattern.is_match(module).unwrap_or(false));
        match named.or_else(|| matched().map(ToString::to_string)) {
            Some(said) => Err(PackedError::Contradicted { tensor: tensor.to_owned(), key: "ignore", said }),
            None => Ok(()),
        }
    }

    /// The scheme of `module`: of the groups that name it, else of those whose patterns match it, else of those of a
    /// class of layers, else of all, that with which its tensors go (`fits`).
    pub fn of(&self, module: &str, fits: impl Fn(&Scheme) -> bool) -> Result<Scheme, PackedError> {
        let is_named = |group: &&Group| group.targets.names.iter().any(|name| name == module);
        let is_matched =
            |group: &&Group| group.targets.patterns.iter().any(|pattern| pattern.is_match(module).unwrap_or(false));
        // Which class a layer has is not known here; a name with no dot in it is one of a class.
        let is_of_class = |group: &&Group| group.targets.names.iter().any(|name| !name.contains('.'));
        let mut found: Vec<&Group> = self.groups.iter().filter(is_named).collect();
        if found.is_empty() {
            found = self.groups.iter().filter(is_matched).collect();
        }
        if found.is_empty() {
            found = self.groups.iter().filter(is_of_class).collect();
        }
        if found.is_empty() {
            found = self.groups.iter().collect();
        }
        let mut schemes: Vec<Scheme> = found.into_iter().map(|group| group.scheme).collect();
        schemes.dedup();
        // One alone is told by its own faults.
        if schemes.len() > 1 {
            schemes.retain(fits);
        }
        match schemes[..] {
            [scheme] => Ok(scheme),
            _ => Err(PackedError::NoGroup { tensor: module.to_owned() }),
        }
    }
}

impl Targets {
    fn read(key: &'static str, said: &Value) -> Result<Self, PackedError> {
        let targets = said.as_array().ok_or_else(|| bad(key, said))?;
        let targets = targets.iter().filter_map(Value::as_str);
        let (patterns, names): (Vec<&str>, Vec<&str>) = targets.partition(|target| target.starts_with("re:"));
        // As `re.match` has it: from the beginning, not to the end.
        let compiled = |target: &str| {
            let pattern = format!("^(?:{})", &target["re:".len()..]);
            Regex::new(&pattern).map_err(|_| bad(key, &target.into()))
        };
        Ok(Self {
            names: names.into_iter().map(str::to_owned).collect(),
            patterns: patterns.into_iter().map(compiled).collect::<Result<_, _>>()?,
        })
    }
}

impl Format {
    /// The layouts that a format of this name may be; `None` where it names no one.
    fn named(name: &str) -> Option<&'static [Self]> {
        match name {
            "pack-quantized" => Some(&[Self::Packed]),
            "int-quantized" => Some(&[Self::Int]),
            "float-quantized" => Some(&[Self::Float]),
            "naive-quantized" => Some(&[Self::Int, Self::Float]),
            "nvfp4-pack-quantized" => Some(&[Self::Nvfp4]),
            "mxfp4-pack-quantized" => Some(&[Self::Mxfp4]),
            _ => None,
        }
    }
}

impl Scheme {
    /// Reads the `weights` of a group; `None` where their layout is not read.
    fn read(weights: &Value, format: &Value) -> Result<Option<Self>, PackedError> {
        let is_float = match weights["type"].as_str() {
            Some("float") => true,
            Some("int") | None => false,
            Some(_) => return Err(bad("type", &weights["type"])),
        };
        let eight_bit = if is_float { Format::Float } else { Format::Int };
        let format = match format.as_str() {
            Some("pack-quantized") if !is_float => Format::Packed,
            Some("int-quantized") if !is_float => Format::Int,
            Some("float-quantized") if is_float => Format::Float,
            Some("naive-quantized") => eight_bit,
            Some("nvfp4-pack-quantized") if is_float => Format::Nvfp4,
            Some("mxfp4-pack-quantized") if is_float => Format::Mxfp4,
            // The layout is known, and holds numbers of the other kind.
            Some(
                "pack-quantized"
                | "int-quantized"
                | "float-quantized"
                | "nvfp4-pack-quantized"
                | "mxfp4-pack-quantized",
            ) => return Err(bad("type", &weights["type"])),
            _ => return Ok(None),
        };
        let legal = match format {
            Format::Packed | Format::Int => 1..=8,
            Format::Float => 8..=8,
            Format::Nvfp4 | Format::Mxfp4 => 4..=4,
        };
        let bits = size(&weights["num_bits"]).filter(|bits| legal.contains(bits));
        let bits = bits.ok_or_else(|| bad("num_bits", &weights["num_bits"]))?;
        let spread = spread(weights)?;
        let is_symmetric = weights["symmetric"].as_bool().unwrap_or(true);
        Ok(Some(Self { format, bits, spread, is_symmetric }))
    }
}

/// Which weights share a scale, by the strategy, or by the size of groups where none is named.
fn spread(weights: &Value) -> Result<Spread, PackedError> {
    let group = || {
        let group = size(&weights["group_size"]).filter(|group| *group > 0);
        group.map(Spread::Group).ok_or_else(|| bad("group_size", &weights["group_size"]))
    };
    match weights["strategy"].as_str() {
        Some("tensor") => Ok(Spread::Tensor),
        Some("channel") => Ok(Spread::Row),
        Some("block") => {
            let said = &weights["block_structure"];
            let side = |index: usize| size(&said[index]).filter(|side| *side > 0);
            match (side(0), side(1)) {
                (Some(rows), Some(columns)) => Ok(Spread::Block(rows, columns)),
                _ => Err(bad("block_structure", said)),
            }
        }
        None if weights["group_size"].as_i64() == Some(-1) => Ok(Spread::Row),
        None if weights["group_size"].is_null() => Ok(Spread::Tensor),
        Some("group" | "tensor_group") | None => group(),
        Some(_) => Err(bad("strategy", &weights["strategy"])),
    }
}

fn size(value: &Value) -> Option<usize> {
    usize::try_from(value.as_u64()?).ok()
}

/// Whether a part of the config says anything.
fn is_set(value: &Value) -> bool {
    match value {
        Value::Null => false,
        Value::Object(keys) => keys.values().any(is_set),
        _ => true,
    }
}

fn bad(key: &'static str, said: &Value) -> PackedError {
    PackedError::BadConfig { key, said: said.to_string() }
}
